// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests and fuzz targets of USB share: a host controller with memory, time and input devices at its ports, and
// what a driver does with them.
#pragma once

#include "devices/uhci/uhci.hpp"
#include "devices/usb_hid/hid_device.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

namespace windsor::devices {

using Octets = std::vector<std::uint8_t>;

class InterruptPin final : public bus::IrqSink {
public:
    void set_irq(unsigned /*input*/, bool level) override { asserted = level; }
    bool asserted{false};
};

// A controller over 1 MiB of memory, which may use the bus. Its frame list is at kFrameList.
class UsbBench {
public:
    static constexpr std::uint64_t kMemoryBytes = 1024 * 1024;
    static constexpr std::uint32_t kFrameList = 0x1000;
    static constexpr std::uint32_t kQueue = 0x2000; // the queue head that driver() makes
    static constexpr std::uint32_t kTransfers = 0x3000; // and its transfer descriptors, 32 bytes apart
    static constexpr std::uint32_t kBuffers = 0x4000; // and their buffers, 64 bytes apart

    UsbBench() : block_{std::move(*memory::Block::create(kMemoryBytes))}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kMemoryBytes, .block = block_.get()});
        host.connect_interrupt({pin, 0});
        host.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
    }

    std::uint32_t in(unsigned offset, bus::Width width)
    {
        return static_cast<std::uint32_t>(host.read(offset, width).value & bus::all_ones(width));
    }
    std::uint16_t in16(unsigned offset) { return static_cast<std::uint16_t>(in(offset, bus::Width::Word)); }
    void out16(unsigned offset, unsigned value) { host.write(offset, bus::Width::Word, value); }
    void out32(unsigned offset, std::uint32_t value) { host.write(offset, bus::Width::Dword, value); }
    std::uint16_t port(unsigned number) { return in16(uhci::reg::kPort1 + 2 * number); }
    void out_port(unsigned number, unsigned value) { out16(uhci::reg::kPort1 + 2 * number, value); }

    std::span<std::uint8_t> bytes(std::size_t at, std::size_t size) { return block_->bytes().subspan(at, size); }
    void put32(std::size_t at, std::uint32_t value)
    {
        for (unsigned i = 0; i < 4; ++i) {
            bytes(at + i, 1)[0] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    }
    std::uint32_t get32(std::size_t at)
    {
        const auto from = bytes(at, 4);
        return from[0] | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 | std::uint32_t{from[3]} << 24;
    }

    void pass(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }

    // Every frame begins with that link.
    void schedule(std::uint32_t link)
    {
        for (std::uint32_t entry = 0; entry < uhci::kFrameListEntries; ++entry) {
            put32(kFrameList + 4 * entry, link);
        }
    }
    void start()
    {
        schedule(uhci::link::kTerminate);
        out32(uhci::reg::kFrameListLow, kFrameList);
        out16(uhci::reg::kInterruptEnable, uhci::interrupt::kBits);
        out16(uhci::reg::kCommand, uhci::command::kRun | uhci::command::kConfigured);
    }
    // Resets and enables a port, as a driver does.
    void open_port(unsigned number)
    {
        out_port(number, uhci::port::kReset);
        out_port(number, 0);
        out_port(number, uhci::port::kClearByOne | uhci::port::kEnabled);
    }

    static std::uint32_t token(chipset::usb::Token pid, unsigned address, unsigned endpoint, bool data1,
                               std::size_t length)
    {
        return static_cast<std::uint32_t>(pid) | address << uhci::td::kAddressShift |
               endpoint << uhci::td::kEndpointShift | (data1 ? uhci::td::kToggle : 0) |
               static_cast<std::uint32_t>((length - 1) & uhci::td::kNoData) << uhci::td::kLengthShift;
    }
    static constexpr std::uint32_t transfer_at(unsigned number) { return kTransfers + 32 * number; }
    static constexpr std::uint32_t buffer_at(unsigned number) { return kBuffers + 64 * number; }
    std::uint32_t status_of(unsigned number) { return get32(transfer_at(number) + 4); }
    void put_transfer(unsigned number, std::uint32_t link, std::uint32_t status, std::uint32_t token_dword)
    {
        put32(transfer_at(number), link);
        put32(transfer_at(number) + 4, status);
        put32(transfer_at(number) + 8, token_dword);
        put32(transfer_at(number) + 12, buffer_at(number));
    }
    // A queue with those transfers in a row, in every frame.
    static constexpr std::uint32_t kFresh = uhci::td::kActive | 3U << uhci::td::kErrorCountShift;
    void queue(std::initializer_list<std::uint32_t> tokens, std::uint32_t flags = 0)
    {
        unsigned number = 0;
        for (const std::uint32_t each : tokens) {
            const bool last = number + 1 == tokens.size();
            put_transfer(number, last ? uhci::link::kTerminate : transfer_at(number + 1) | uhci::link::kDepthFirst,
                         kFresh | flags | (last ? uhci::td::kInterruptOnComplete : 0), each);
            ++number;
        }
        put32(kQueue, uhci::link::kTerminate);
        put32(kQueue + 4, transfer_at(0));
        schedule(kQueue | uhci::link::kQueue);
    }

    // A control transfer with the device of that address; the data that it gives, or nothing if it stalls.
    std::optional<Octets> control(unsigned address, const std::array<std::uint8_t, 8>& setup, const Octets& out = {})
    {
        using chipset::usb::Token;
        const std::size_t wanted = setup[6] | setup[7] << 8U;
        const bool to_host = (setup[0] & usb_hid::kToHost) != 0;
        std::ranges::copy(setup, bytes(buffer_at(0), 8).begin());
        std::ranges::copy(out, bytes(buffer_at(1), out.size()).begin());
        unsigned number = 0;
        const auto add = [&](Token pid, bool data1, std::size_t length) {
            put_transfer(number, transfer_at(number + 1) | uhci::link::kDepthFirst, kFresh,
                         token(pid, address, 0, data1, length));
            put32(transfer_at(number) + 12, pid == Token::Setup ? buffer_at(0) : buffer_at(1) + 8 * (number - 1));
            ++number;
        };
        add(Token::Setup, false, 8);
        for (std::size_t done = 0; done < wanted; done += 8) {
            add(to_host ? Token::In : Token::Out, number % 2 == 1, std::min<std::size_t>(8, wanted - done));
        }
        add(to_host && wanted != 0 ? Token::Out : Token::In, true, 0);
        put32(transfer_at(number - 1), uhci::link::kTerminate);
        put32(kQueue, uhci::link::kTerminate);
        put32(kQueue + 4, transfer_at(0));
        schedule(kQueue | uhci::link::kQueue);
        pass(60 * base::kMillisecond);
        schedule(uhci::link::kTerminate);
        Octets answer;
        for (unsigned i = 0; i < number; ++i) {
            if ((status_of(i) & (uhci::td::kActive | uhci::td::kStalled)) != 0) {
                return std::nullopt;
            }
            if (to_host && i > 0 && i + 1 < number) {
                const std::size_t length = (status_of(i) + 1) & uhci::td::kActualLength;
                const auto part = bytes(buffer_at(1) + 8 * (i - 1), length);
                answer.insert(answer.end(), part.begin(), part.end());
            }
        }
        return answer;
    }
    // Gives the device at a port that address, and configures it.
    void set_up(unsigned number, std::uint8_t address)
    {
        open_port(number);
        control(0, {0, usb_hid::request::kSetAddress, address, 0, 0, 0, 0, 0});
        control(address, {0, usb_hid::request::kSetConfiguration, 1, 0, 0, 0, 0, 0});
    }
    // Asks for a report until there is one, or for that long.
    std::optional<Octets> report(unsigned address, bool data1, base::Nanoseconds patience = 8 * base::kMillisecond)
    {
        queue({token(chipset::usb::Token::In, address, 1, data1, 8)});
        pass(patience);
        if ((status_of(0) & uhci::td::kActive) != 0) {
            return std::nullopt;
        }
        const auto data = bytes(buffer_at(0), (status_of(0) + 1) & uhci::td::kActualLength);
        return Octets{data.begin(), data.end()};
    }

private:
    std::unique_ptr<memory::Block> block_;

public:
    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    InterruptPin pin;
    uhci::Uhci host{clock, timers, memory};
    std::array<usb_hid::HidDevice, 2> devices{usb_hid::HidDevice{clock, host.port(0)},
                                              usb_hid::HidDevice{clock, host.port(1)}};
};

} // namespace windsor::devices
