// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests and fuzzers of this folder share: a medium in memory, and a controller with its
// surroundings.
#pragma once

#include "devices/ide/cdrom.hpp"
#include "devices/ide/controller.hpp"
#include "devices/ide/hard_disk.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace windsor::devices::ide {

class MemoryMedia final : public backend::BlockMedia {
public:
    enum class Answer : std::uint8_t { AtOnce, Deferred };

    explicit MemoryMedia(std::size_t bytes, Answer answer = Answer::AtOnce, bool read_only = false)
        : data(bytes), answer_{answer}, read_only_{read_only}
    {
        std::array<std::uint8_t, kSectorBytes> sector{};
        std::iota(sector.begin(), sector.end(), std::uint8_t{0});
        for (std::size_t i = 0; i < bytes / kSectorBytes; ++i) {
            sector[0] = static_cast<std::uint8_t>(i);
            sector[1] = static_cast<std::uint8_t>(i >> 8);
            std::ranges::copy(sector, data.begin() + static_cast<std::ptrdiff_t>(i * kSectorBytes));
        }
    }

    std::uint64_t size_bytes() const override { return data.size(); }
    bool read_only() const override { return read_only_; }

    void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) override
    {
        ++reads;
        enqueue(std::move(done), [this, offset, buffer]() -> base::Status {
            if (failing || offset > data.size() || buffer.size() > data.size() - offset) {
                return base::fail("cannot read");
            }
            std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(), buffer.begin());
            return {};
        });
    }

    void write(std::uint64_t offset, std::span<const std::uint8_t> buffer, Done done) override
    {
        ++writes;
        enqueue(std::move(done), [this, offset, buffer]() -> base::Status {
            if (failing || read_only_ || offset > data.size() || buffer.size() > data.size() - offset) {
                return base::fail("cannot write");
            }
            std::copy_n(buffer.begin(), buffer.size(), data.begin() + static_cast<std::ptrdiff_t>(offset));
            return {};
        });
    }

    void flush(Done done) override
    {
        ++flushes;
        enqueue(std::move(done), [this]() -> base::Status {
            return failing ? base::Status{base::fail("cannot flush")} : base::Status{};
        });
    }

    // Ends the oldest request; false if there is none.
    bool step()
    {
        if (queue_.empty()) {
            return false;
        }
        auto [work, done] = std::move(queue_.front());
        queue_.pop_front();
        done(work());
        return true;
    }
    void run()
    {
        while (step()) {
        }
    }
    std::size_t waiting() const { return queue_.size(); }

    std::vector<std::uint8_t> data;
    bool failing{false};
    unsigned reads{0};
    unsigned writes{0};
    unsigned flushes{0};

private:
    void enqueue(Done done, std::function<base::Status()> work)
    {
        if (answer_ == Answer::AtOnce) {
            done(work());
        } else {
            queue_.emplace_back(std::move(work), std::move(done));
        }
    }

    Answer answer_;
    bool read_only_;
    std::deque<std::pair<std::function<base::Status()>, Done>> queue_;
};

class RecordingSink final : public bus::IrqSink {
public:
    void set_irq(unsigned input, bool level) override
    {
        levels[input] = level;
        if (level) {
            ++edges[input];
        }
    }
    std::array<bool, 16> levels{};
    std::array<unsigned, 16> edges{};
};

// A controller over 1 MiB of memory.
class Bench {
public:
    Bench() : block_{std::move(*memory::Block::create(kMemoryBytes))}
    {
        memory.map({.start = base::GuestPhysical{0}, .size = kMemoryBytes, .block = block_.get()});
        controller.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
    }

    std::uint8_t in(Register reg, unsigned channel = 0)
    {
        const auto offset = static_cast<std::uint64_t>(reg);
        return static_cast<std::uint8_t>(
            controller.channel(channel).command_ports().read(offset, bus::Width::Byte).value);
    }
    void out(Register reg, unsigned value, unsigned channel = 0)
    {
        controller.channel(channel).command_ports().write(static_cast<std::uint64_t>(reg), bus::Width::Byte, value);
    }
    void command(Command value) { out(Register::StatusCommand, static_cast<unsigned>(value)); }
    std::uint8_t alternate_status()
    {
        return static_cast<std::uint8_t>(controller.channel(0).control_port().read(0, bus::Width::Byte).value);
    }
    void control(unsigned value) { controller.channel(0).control_port().write(0, bus::Width::Byte, value); }

    // Moves bytes through the data port in words.
    std::vector<std::uint8_t> read_data(std::size_t bytes)
    {
        std::vector<std::uint8_t> result;
        while (result.size() < bytes) {
            const auto word = controller.channel(0).command_ports().read(0, bus::Width::Word).value;
            result.push_back(static_cast<std::uint8_t>(word));
            result.push_back(static_cast<std::uint8_t>(word >> 8));
        }
        result.resize(bytes);
        return result;
    }
    void write_data(std::span<const std::uint8_t> bytes)
    {
        for (std::size_t i = 0; i < bytes.size(); i += 2) {
            const unsigned high = i + 1 < bytes.size() ? bytes[i + 1] : 0U;
            controller.channel(0).command_ports().write(0, bus::Width::Word, bytes[i] | high << 8);
        }
    }

    // Puts an address of at most 28 bits and a count into the registers; device 0.
    void address(std::uint32_t lba, unsigned count)
    {
        out(Register::SectorCount, count);
        out(Register::LbaLow, lba & 0xFF);
        out(Register::LbaMid, lba >> 8 & 0xFF);
        out(Register::LbaHigh, lba >> 16 & 0xFF);
        out(Register::Device, 0xE0 | lba >> 24);
    }
    void address48(std::uint64_t lba, unsigned count)
    {
        out(Register::SectorCount, count >> 8);
        out(Register::LbaLow, lba >> 24 & 0xFF);
        out(Register::LbaMid, lba >> 32 & 0xFF);
        out(Register::LbaHigh, lba >> 40 & 0xFF);
        out(Register::SectorCount, count & 0xFF);
        out(Register::LbaLow, lba & 0xFF);
        out(Register::LbaMid, lba >> 8 & 0xFF);
        out(Register::LbaHigh, lba >> 16 & 0xFF);
        out(Register::Device, 0xE0);
    }

    // The number of interrupts of channel 0 since the last call.
    unsigned interrupts() { return std::exchange(sink.edges[14], 0U); }

    struct Region {
        std::uint32_t address;
        std::uint32_t bytes;
    };
    static constexpr std::uint32_t kTable = 0x1000;
    // Writes a descriptor table and points channel 0's bus master at it.
    void descriptors(std::span<const Region> regions)
    {
        std::uint32_t at = kTable;
        for (std::size_t i = 0; i < regions.size(); ++i) {
            const std::uint32_t end = i + 1 == regions.size() ? bus_master::kPrdEndOfTable : 0;
            put32(at, regions[i].address);
            put32(at + 4, (regions[i].bytes & 0xFFFF) | end);
            at += 8;
        }
        controller.bus_master_ports().write(4, bus::Width::Dword, kTable);
    }
    void start(DmaDirection direction)
    {
        const unsigned to_memory = direction == DmaDirection::ToMemory ? bus_master::kCommandToMemory : 0U;
        controller.bus_master_ports().write(0, bus::Width::Byte, bus_master::kCommandStart | to_memory);
    }
    void stop() { controller.bus_master_ports().write(0, bus::Width::Byte, 0); }
    std::uint8_t dma_status()
    {
        return static_cast<std::uint8_t>(controller.bus_master_ports().read(2, bus::Width::Byte).value);
    }

    void put32(std::uint32_t address, std::uint32_t value)
    {
        for (unsigned i = 0; i < 4; ++i) {
            bytes()[address + i] = static_cast<std::uint8_t>(value >> (8 * i));
        }
    }
    std::span<std::uint8_t> bytes() { return block_->bytes(); }

    static constexpr std::uint64_t kMemoryBytes = 1024 * 1024;
    memory::GuestMemory memory;
    RecordingSink sink;
    Controller controller{{sink, 14}, {sink, 15}, memory};

private:
    std::unique_ptr<memory::Block> block_;
};

} // namespace windsor::devices::ide
