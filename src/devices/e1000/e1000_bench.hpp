// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests and the fuzz target of this folder share: a card with memory, a clock, a link and an interrupt.
#pragma once

#include "devices/e1000/e1000.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace windsor::devices::e1000 {

using Frame = std::vector<std::uint8_t>;

constexpr std::uint64_t kBenchMemory = 4 * 1024 * 1024;
constexpr backend::MacAddress kBenchMac{0x52, 0x54, 0x00, 0x12, 0x34, 0x56};
// Where the bench has its rings and buffers.
constexpr std::uint32_t kReceiveRing = 0x1000;
constexpr std::uint32_t kTransmitRing = 0x2000;
constexpr std::uint32_t kReceiveBuffers = 0x10'0000;
constexpr std::uint32_t kTransmitBuffers = 0x20'0000;
constexpr std::uint32_t kBufferStride = 0x8000;
constexpr std::uint32_t kRingSize = 8;
// Longer than the two ends of a cable take.
constexpr base::Nanoseconds kLinkTime = base::kSecond;

class RecordingLink final : public backend::NetworkLink {
public:
    void send(std::span<const std::uint8_t> frame) override
    {
        frames.emplace_back(frame.begin(), frame.end());
        if (on_send) {
            on_send(frame);
        }
    }
    void input_wanted() override
    {
        ++asked;
        if (on_wanted) {
            on_wanted();
        }
    }

    std::vector<Frame> frames{};
    unsigned asked{0};
    std::function<void(std::span<const std::uint8_t>)> on_send{};
    std::function<void()> on_wanted{};
};

class InterruptCounter final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool raised) override
    {
        level = raised;
        rises += raised ? 1 : 0;
    }

    bool level{false};
    unsigned rises{0};
};

// A receive descriptor as the card leaves it.
struct Received {
    unsigned length;
    unsigned checksum;
    unsigned status;
    unsigned errors;
    unsigned special;
};

class Bench {
public:
    explicit Bench(backend::NetworkLink* other_link = nullptr)
        : block_{std::move(*memory::Block::create(kBenchMemory))},
          card{clock, timers, memory, {.mac = kBenchMac, .link = other_link != nullptr ? other_link : &link}}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kBenchMemory, .block = block_.get()});
        card.connect_interrupt({interrupt, 0});
        card.config_write(offset_of(pci::Register::Command), 2, pci::kCommandMemory | pci::kCommandBusMaster);
    }

    std::uint32_t read(std::uint32_t offset)
    {
        return static_cast<std::uint32_t>(card.memory_registers().read(offset, bus::Width::Dword).value);
    }
    void write(std::uint32_t offset, std::uint32_t value)
    {
        static_cast<void>(card.memory_registers().write(offset, bus::Width::Dword, value));
    }
    void pass(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }
    std::uint16_t phy(unsigned index)
    {
        write(reg::kMdic, mdic::kRead | index << mdic::kRegisterShift | mdic::kPhyAddress << mdic::kPhyShift);
        return static_cast<std::uint16_t>(read(reg::kMdic));
    }
    void set_phy(unsigned index, unsigned value)
    {
        write(reg::kMdic, mdic::kWrite | index << mdic::kRegisterShift | mdic::kPhyAddress << mdic::kPhyShift | value);
    }

    void store(std::uint64_t address, std::span<const std::uint8_t> bytes)
    {
        static_cast<void>(memory.write(base::GuestPhysical{address}, bytes));
    }
    void store32(std::uint64_t address, std::uint32_t value)
    {
        const std::array<std::uint8_t, 4> bytes{static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8),
                                                static_cast<std::uint8_t>(value >> 16),
                                                static_cast<std::uint8_t>(value >> 24)};
        store(address, bytes);
    }
    Frame load(std::uint64_t address, std::size_t size)
    {
        Frame bytes(size);
        static_cast<void>(memory.read(base::GuestPhysical{address}, bytes));
        return bytes;
    }
    std::uint32_t load32(std::uint64_t address)
    {
        const Frame bytes = load(address, 4);
        return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24;
    }

    // A link that is up.
    void bring_up()
    {
        write(reg::kCtrl, read(reg::kCtrl) | ctrl::kSetLinkUp);
        pass(kLinkTime);
        read(reg::kIcr);
    }
    // A ring with buffers of 2 KiB, of which all but one are the card's.
    void start_receiver(std::uint32_t control = rctl::kBroadcast | rctl::kStripCrc)
    {
        for (std::uint32_t i = 0; i < kRingSize; ++i) {
            set_receive_buffer(i, kReceiveBuffers + i * kBufferStride);
        }
        write(reg::kRdbal, kReceiveRing);
        write(reg::kRdlen, kRingSize * kDescriptorSize);
        write(reg::kRdh, 0);
        write(reg::kRdt, kRingSize - 1);
        write(reg::kRctl, control | rctl::kEnable);
    }
    void set_receive_buffer(std::uint32_t index, std::uint32_t address)
    {
        const std::uint64_t at = kReceiveRing + std::uint64_t{index} * kDescriptorSize;
        store32(at, address);
        store32(at + 4, 0);
        store32(at + 8, 0);
        store32(at + 12, 0);
    }
    Received received(std::uint32_t index)
    {
        const std::uint64_t at = kReceiveRing + std::uint64_t{index} * kDescriptorSize;
        const std::uint32_t low = load32(at + 8);
        const std::uint32_t high = load32(at + 12);
        return {low & 0xffff, low >> 16, high & 0xff, high >> 8 & 0xff, high >> 16};
    }
    // What lies in the buffer that the bench gave a descriptor.
    Frame received_data(std::uint32_t index)
    {
        return load(kReceiveBuffers + std::uint64_t{index} * kBufferStride, received(index).length);
    }

    void start_transmitter(std::uint32_t control = 0)
    {
        write(reg::kTdbal, kTransmitRing);
        write(reg::kTdlen, kRingSize * kDescriptorSize);
        write(reg::kTdh, 0);
        write(reg::kTdt, 0);
        write(reg::kTctl, control | tctl::kEnable);
    }
    // Puts a descriptor at the end of the ring, which the card sees at go().
    void put(std::uint64_t address, std::uint32_t lower, std::uint32_t upper)
    {
        const std::uint64_t at = kTransmitRing + std::uint64_t{tail_} * kDescriptorSize;
        store32(at, static_cast<std::uint32_t>(address));
        store32(at + 4, static_cast<std::uint32_t>(address >> 32));
        store32(at + 8, lower);
        store32(at + 12, upper);
        tail_ = (tail_ + 1) % kRingSize;
    }
    // One with data of its own.
    void put_data(std::span<const std::uint8_t> data, std::uint32_t command, std::uint32_t upper = 0)
    {
        const std::uint32_t buffer = kTransmitBuffers + tail_ * kBufferStride * 2;
        store(buffer, data);
        put(buffer, static_cast<std::uint32_t>(data.size()) | command, upper);
    }
    void go() { write(reg::kTdt, tail_); }
    std::uint32_t transmit_status(std::uint32_t index)
    {
        return load32(kTransmitRing + std::uint64_t{index} * kDescriptorSize + 12);
    }
    std::uint32_t tail() const { return tail_; }

private:
    std::unique_ptr<memory::Block> block_;
    std::uint32_t tail_{0};

public:
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    RecordingLink link;
    InterruptCounter interrupt;
    E1000 card;
};

// A frame to the bench's card of `size` bytes, all of them different from their neighbours.
inline Frame frame_to(const backend::MacAddress& destination, std::size_t size = 100)
{
    Frame frame(size);
    for (std::size_t i = 0; i < size; ++i) {
        frame[i] = static_cast<std::uint8_t>(i * 7 + 3);
    }
    std::copy(destination.begin(), destination.end(), frame.begin());
    constexpr backend::MacAddress kSender{0x02, 0x00, 0x00, 0x00, 0x00, 0x01};
    std::copy(kSender.begin(), kSender.end(), frame.begin() + 6);
    frame[kTypeOffset] = 0x88; // local experiments
    frame[kTypeOffset + 1] = 0xb5;
    return frame;
}

inline Frame with_tag(Frame frame, unsigned tag)
{
    const std::array<std::uint8_t, 4> bytes{0x81, 0x00, static_cast<std::uint8_t>(tag >> 8),
                                            static_cast<std::uint8_t>(tag)};
    frame.insert(frame.begin() + kTypeOffset, bytes.begin(), bytes.end());
    return frame;
}

} // namespace windsor::devices::e1000
