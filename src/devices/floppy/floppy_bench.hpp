// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests and the fuzzer of this folder share: a medium and a DMA channel in memory, and a controller with its
// surroundings.
#pragma once

#include "devices/floppy/controller.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace windsor::devices::floppy {

constexpr std::size_t k360 = 368'640;
constexpr std::size_t k720 = 737'280;
constexpr std::size_t k1200 = 1'228'800;
constexpr std::size_t k1440 = 1'474'560;
constexpr std::size_t k2880 = 2'949'120;

// Each sector says in its first two bytes which it is.
class MemoryMedia final : public backend::BlockMedia {
public:
    enum class Answer : std::uint8_t { AtOnce, Deferred };

    explicit MemoryMedia(std::size_t bytes, Answer answer = Answer::AtOnce, bool read_only = false)
        : data(bytes), answer_{answer}, read_only_{read_only}
    {
        std::array<std::uint8_t, kSectorBytes> sector{};
        std::iota(sector.begin(), sector.end(), std::uint8_t{0});
        for (std::size_t number = 0; number < bytes / kSectorBytes; ++number) {
            sector[0] = static_cast<std::uint8_t>(number);
            sector[1] = static_cast<std::uint8_t>(number >> 8);
            std::ranges::copy(sector, data.begin() + static_cast<std::ptrdiff_t>(number * kSectorBytes));
        }
    }

    std::uint64_t size_bytes() const override { return data.size(); }
    bool read_only() const override { return read_only_; }
    void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) override
    {
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
        enqueue(std::move(done), [this, offset, buffer]() -> base::Status {
            if (failing || read_only_ || offset > data.size() || buffer.size() > data.size() - offset) {
                return base::fail("cannot write");
            }
            std::ranges::copy(buffer, data.begin() + static_cast<std::ptrdiff_t>(offset));
            return {};
        });
    }
    void flush(Done done) override { done({}); }

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
    std::span<const std::uint8_t> sector(std::size_t number) const
    {
        return std::span{data}.subspan(number * kSectorBytes, kSectorBytes);
    }

    std::vector<std::uint8_t> data;
    bool failing{false};

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

// A channel that is set up for `count` bytes, at `position` of its memory.
class MemoryDma final : public chipset::IsaDma {
public:
    void set_request(unsigned channel, bool level) override
    {
        channel_of_request = channel;
        request = level;
    }
    Transfer read(unsigned, std::span<std::uint8_t> into) override
    {
        return move(into.size(), [&](std::size_t bytes) {
            std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(position), bytes, into.begin());
        });
    }
    Transfer write(unsigned, std::span<const std::uint8_t> from) override
    {
        return move(from.size(), [&](std::size_t bytes) {
            std::copy_n(from.begin(), bytes, memory.begin() + static_cast<std::ptrdiff_t>(position));
        });
    }
    void set_up(std::size_t bytes)
    {
        count = std::min(bytes, memory.size());
        position = 0;
    }

    std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(0x10000);
    std::size_t position{0};
    std::size_t count{0};
    unsigned channel_of_request{0};
    bool request{false};

private:
    template <typename Copy> Transfer move(std::size_t wanted, Copy copy)
    {
        const std::size_t bytes = std::min(wanted, count - position);
        copy(bytes);
        position += bytes;
        return {.bytes = bytes, .terminal_count = bytes != 0 && position == count};
    }
};

class Edges final : public bus::IrqSink {
public:
    void set_irq(unsigned, bool now) override
    {
        level = now;
        count += now ? 1 : 0;
    }
    bool level{false};
    unsigned count{0};
};

// A controller with two drives, the first of them with a disk.
class Bench {
public:
    explicit Bench(std::shared_ptr<MemoryMedia> disk = std::make_shared<MemoryMedia>(k1440)) : medium{std::move(disk)}
    {
        std::vector<std::unique_ptr<FloppyDrive>> made;
        made.push_back(std::make_unique<FloppyDrive>("fda", *drive_for(medium->size_bytes()), medium));
        made.push_back(std::make_unique<FloppyDrive>("fdb", DriveKind::Inch3Mb144, nullptr));
        chip = std::make_unique<Controller>(clock, timers, bus::IrqLine{irq, kInterrupt}, &dma,
                                            Controller::Drives{std::move(made[0]), std::move(made[1])});
    }

    unsigned in(Register from)
    {
        return static_cast<unsigned>(chip->read(static_cast<std::uint64_t>(from), bus::Width::Byte).value);
    }
    void out(Register to, unsigned value)
    {
        static_cast<void>(chip->write(static_cast<std::uint64_t>(to), bus::Width::Byte, value));
    }
    unsigned main_status() { return in(Register::MainStatusDataRate); }
    unsigned digital_input() { return static_cast<unsigned>(chip->digital_input().read(0, bus::Width::Byte).value); }
    void rate(Rate value) { chip->digital_input().write(0, bus::Width::Byte, static_cast<unsigned>(value)); }

    void pass(base::Nanoseconds by)
    {
        clock.advance(by);
        timers.run_due(clock.now());
    }
    // Until nothing is due any more.
    void run()
    {
        for (unsigned turns = 0; turns < 10'000; ++turns) {
            const auto next = timers.next_deadline();
            if (!next) {
                return;
            }
            clock.set(std::max(*next, clock.now()));
            timers.run_due(clock.now());
        }
    }
    void command(std::initializer_list<unsigned> bytes)
    {
        for (const unsigned byte : bytes) {
            out(Register::Data, byte);
        }
    }
    // All bytes of the result phase.
    std::vector<unsigned> result()
    {
        std::vector<unsigned> bytes;
        constexpr unsigned kReading = msr::kRqm | msr::kDio;
        while ((main_status() & kReading) == kReading && bytes.size() < 2 * kLongestResult) {
            bytes.push_back(in(Register::Data));
        }
        return bytes;
    }
    // A command from its first byte to its last result.
    std::vector<unsigned> complete(std::initializer_list<unsigned> bytes)
    {
        command(bytes);
        run();
        return result();
    }
    // As a BIOS begins: reset, four statuses, step rate, DMA, the rate of the disk.
    void begin()
    {
        out(Register::DigitalOutput, 0x00);
        out(Register::DigitalOutput, 0x1c);
        run();
        for (unsigned number = 0; number < kDriveNumbers; ++number) {
            complete({0x08});
        }
        complete({0x03, 0xaf, 0x02});
        rate((*format_of(medium->size_bytes()))->rate);
        complete({0x07, 0x00});
        complete({0x08});
        irq.count = 0;
    }

    std::shared_ptr<MemoryMedia> medium;
    base::ManualClock clock;
    base::TimerQueue timers;
    Edges irq;
    MemoryDma dma;
    std::unique_ptr<Controller> chip;
};

} // namespace windsor::devices::floppy
