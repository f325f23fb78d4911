// SPDX-License-Identifier: GPL-2.0-or-later
// For tests and fuzz targets: a whole board without a processor, with a disk and a CD-ROM, whose time is set by hand.
#pragma once

#include "machine/pc.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace windsor::machine::testing {

constexpr std::uint64_t kDiskBytes = 64 * 1024;
constexpr std::uint8_t kDiskByte = 0x5a; // that it is full of

// Its requests end at once, and none may be beyond its end.
class BenchDisk final : public backend::BlockMedia {
public:
    std::uint64_t size_bytes() const override { return kDiskBytes; }
    bool read_only() const override { return false; }
    void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) override
    {
        std::ranges::fill(buffer, kDiskByte);
        finish(offset, buffer.size(), done);
    }
    void write(std::uint64_t offset, std::span<const std::uint8_t> buffer, Done done) override
    {
        finish(offset, buffer.size(), done);
    }
    void flush(Done done) override { finish(0, 0, done); }

private:
    static void finish(std::uint64_t offset, std::size_t size, const Done& done)
    {
        if (offset > kDiskBytes || size > kDiskBytes - offset) {
            std::abort(); // chips check what guests ask for
        }
        done({});
    }
};

class BenchHost final : public BoardHost {
public:
    bus::MachineLock& lock() { return lock_; }
    const bus::MachineLock& lock() const override { return lock_; }
    vcpu::Signals& signals(unsigned processor) override { return signals_[processor]; }
    void set_a20(bool) override {}
    void request(Event) override {}

private:
    bus::MachineLock lock_;
    std::array<vcpu::Signals, 2> signals_;
};

struct BoardBench {
    // Whether this host has the firmware that a board has in it.
    static bool possible()
    {
        return std::filesystem::exists(MachineSpec{}.bios) && std::filesystem::exists(MachineSpec{}.vga_bios);
    }

    static MachineSpec options()
    {
        const auto medium = [](const Executor&) -> base::Result<std::unique_ptr<backend::BlockMedia>> {
            return std::make_unique<BenchDisk>();
        };
        MachineSpec options;
        options.memory = std::uint64_t{2} << 20;
        options.network_cards = {{.model = NetworkModel::Rtl8139, .mac = {0, 0x16, 0x3e, 1, 2, 3}},
                                 {.model = NetworkModel::E1000, .mac = {0, 0x16, 0x3e, 1, 2, 4}}};
        options.processors = 2;
        options.usb = Usb::Uhci;
        options.usb_devices = {backend::UsbKind::Tablet, backend::UsbKind::Keyboard};
        options.sound_card = SoundCard::Ac97;
        options.drives.push_back({.slot = 0, .open_media = medium});
        options.drives.push_back({.slot = 2, .cdrom = true, .open_media = medium});
        options.drives.push_back({.slot = kFirstFloppySlot, .cdrom = false});
        return options;
    }

    void advance(base::Nanoseconds time)
    {
        clock.advance(time);
        timers.run_due(clock.now());
    }

    base::Log log = base::Log::discard();
    base::ManualClock clock;
    base::TimerQueue timers;
    BenchHost host;
    std::unique_ptr<Board> board = make();
    const chipset::Outlets& outlets{board->outlets()};

private:
    std::unique_ptr<Board> make()
    {
        const bus::MachineGuard guard{host.lock()};
        return make_pc(options(), {.log = log, .clock = clock, .timers = timers, .host = host},
                       [](const std::function<void()>& work) { work(); })
            .value()
            .board;
    }
};

} // namespace windsor::machine::testing
