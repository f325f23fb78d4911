// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a board with an interpreter on one thread, whose time passes with its accesses only, so that two of them
// that begin alike go on alike.
#pragma once

#include "machine/cpu_bridge.hpp"
#include "machine/pc.hpp"
#include "machine/saved_machine.hpp"
#include "state/testing.hpp"

#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <map>

namespace windsor::machine {

// A disk of which every request ends at once.
class InstantDisk final : public backend::BlockMedia {
public:
    explicit InstantDisk(std::vector<std::uint8_t> bytes) : bytes_{std::move(bytes)} {}
    std::uint64_t size_bytes() const override { return bytes_.size(); }
    bool read_only() const override { return false; }
    void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) override
    {
        std::memcpy(buffer.data(), bytes_.data() + offset, buffer.size());
        done({});
    }
    void write(std::uint64_t, std::span<const std::uint8_t>, Done done) override { done({}); }
    void flush(Done done) override { done({}); }

private:
    std::vector<std::uint8_t> bytes_;
};

class SteppedMachine final : public BoardHost, public vcpu::CpuIo {
public:
    explicit SteppedMachine(const MachineSpec& options)
    {
        const bus::MachineGuard guard{lock_};
        board_ = make_pc(options, {.log = log_, .clock = clock_, .timers = timers_, .host = *this},
                         [](const std::function<void()>&) {})
                     .value()
                     .board;
        bridge_ = std::make_unique<CpuBridge>(
            CpuBridge::Parts{.lock = lock_,
                             .ports = board_->ports(),
                             .mmio = board_->mmio(),
                             .pic = board_->interrupts().pic(),
                             .socket = *board_->interrupts().sockets().front(),
                             .taken = [this] { lock_.assert_held(), board_->interrupt_taken(); },
                             .apic = true});
        const vcpu::EngineParts parts{
            .memory = board_->memory(), .io = *this, .model = cpu_, .clock = clock_, .signals = signals_};
        engine_ = std::move(engines::make(engines::Type::Emulate, std::span{&parts, 1}, {}, log_).value().front());
        engine_->set_state(vcpu::reset_state(cpu_.signature()));
    }

    // Goes on for so many accesses. False if the guest has come to an end.
    bool run(std::uint64_t accesses)
    {
        stop_at_ = accesses_ + accesses;
        while (accesses_ < stop_at_ && !given_up_) {
            switch (engine_->run()) {
            case vcpu::HaltReason::Stopped: break;
            case vcpu::HaltReason::Halted:
                if (!wait_for_signal()) {
                    return false;
                }
                break;
            default: return false;
            }
        }
        return true;
    }

    // From any thread: run() returns soon, also from a guest that never accesses anything.
    void give_up()
    {
        given_up_ = true;
        signals_.raise(vcpu::Signal::Stop);
    }

    void key(std::uint16_t code)
    {
        const bus::MachineGuard guard{lock_};
        board_->outlets().keyboards.front()->key(code, true);
        board_->outlets().keyboards.front()->key(code, false);
    }

    std::vector<std::uint8_t> save()
    {
        const bus::MachineGuard guard{lock_};
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin().has_value());
        vcpu::Engine* const engine = engine_.get();
        EXPECT_TRUE(write_records(writer, {}, {.now = clock_.now()}, std::span{&engine, 1}, *board_).has_value());
        EXPECT_TRUE(write_memory(writer, board_->saved_memory(), {}).has_value());
        return output.bytes;
    }

    base::Status restore(std::span<const std::uint8_t> bytes)
    {
        const bus::MachineGuard guard{lock_};
        state::MemoryInput input{bytes};
        state::StreamReader reader{input};
        WINDSOR_TRY(reader.begin());
        state::Records records = WINDSOR_TRY(read_records(reader, *board_));
        Needs needs;
        WINDSOR_TRY(records.take(std::string{kNeedsRecord}, needs));
        SavedTime time;
        WINDSOR_TRY(records.take("time", time));
        clock_.set(time.now);
        SavedProcessor processor;
        WINDSOR_TRY(take_saved_processor(records, 0, cpu_, processor));
        give_processor(*engine_, processor);
        WINDSOR_TRY(board_->load(records));
        return records.finish();
    }

    std::string text()
    {
        const bus::MachineGuard guard{lock_};
        backend::TextScreen screen;
        std::string text;
        if (board_->outlets().screens.front()->text(screen)) {
            for (const backend::TextCell& cell : screen.cells) {
                text += static_cast<char>(cell.character);
            }
        }
        return text;
    }

    // BoardHost
    const bus::MachineLock& lock() const override { return lock_; }
    vcpu::Signals& signals(unsigned) override { return signals_; }
    void set_a20(bool open) override
    {
        if (engine_) {
            engine_->set_a20(open);
        }
    }
    void request(Event) override {}

    // vcpu::CpuIo
    std::uint32_t port_read(base::Port port, unsigned size) override
    {
        tick(may_stop_at(port));
        return bridge_->port_read(port, size);
    }
    void port_write(base::Port port, unsigned size, std::uint32_t value) override
    {
        tick(may_stop_at(port));
        bridge_->port_write(port, size, value);
    }
    void port_read_run(base::Port port, unsigned size, std::span<std::uint8_t> data) override
    {
        for (std::size_t done = 0; done < data.size(); done += size) {
            tick(may_stop_at(port));
        }
        bridge_->port_read_run(port, size, data);
    }
    void port_write_run(base::Port port, unsigned size, std::span<const std::uint8_t> data) override
    {
        for (std::size_t done = 0; done < data.size(); done += size) {
            tick(may_stop_at(port));
        }
        bridge_->port_write_run(port, size, data);
    }
    std::uint64_t mmio_read(base::GuestPhysical address, unsigned size) override
    {
        tick(true);
        return bridge_->mmio_read(address, size);
    }
    void mmio_write(base::GuestPhysical address, unsigned size, std::uint64_t value) override
    {
        tick(true);
        bridge_->mmio_write(address, size, value);
    }
    std::optional<base::Vector> acknowledge_interrupt() override { return bridge_->acknowledge_interrupt(); }
    std::uint8_t task_priority() override { return bridge_->task_priority(); }
    void set_task_priority(std::uint8_t priority) override { bridge_->set_task_priority(priority); }
    std::optional<std::uint64_t> read_msr(std::uint32_t number) override { return bridge_->read_msr(number); }
    bool write_msr(std::uint32_t number, std::uint64_t value) override { return bridge_->write_msr(number, value); }

private:
    // Lets time pass until the processor has something to do. False if nothing will ever come.
    bool wait_for_signal()
    {
        const bus::MachineGuard guard{lock_};
        while (!signals_.due()) {
            const auto deadline = timers_.next_deadline();
            if (!deadline) {
                return false;
            }
            clock_.set(std::max(*deadline, clock_.now()));
            timers_.run_due(clock_.now());
        }
        return true;
    }
    // A string instruction that moves a disk's data transfers one element where the TLB does not hold its page, and
    // all of them in one go where it does. Stopped there, two machines that are the same would have got to different
    // places.
    static bool may_stop_at(base::Port port) { return port != base::Port{0x1f0} && port != base::Port{0x170}; }
    void tick(bool may_stop)
    {
        constexpr base::Nanoseconds kAccess = 700;
        clock_.advance(kAccess);
        const bus::MachineGuard guard{lock_};
        timers_.run_due(clock_.now());
        if (++accesses_ >= stop_at_ && may_stop) {
            signals_.raise(vcpu::Signal::Stop);
        }
    }

    base::Log log_{base::Log::discard()};
    bus::MachineLock lock_;
    base::ManualClock clock_;
    base::TimerQueue timers_;
    vcpu::CpuModel cpu_{vcpu::CpuModel::standard()};
    vcpu::Signals signals_;
    std::unique_ptr<Board> board_;
    std::unique_ptr<CpuBridge> bridge_;
    std::unique_ptr<vcpu::Engine> engine_;
    std::uint64_t accesses_{0};
    std::uint64_t stop_at_{0};
    std::atomic<bool> given_up_{false};
};

// Where two saved states differ, by record and field; empty if they are equal.
inline std::string difference(std::span<const std::uint8_t> left, std::span<const std::uint8_t> right)
{
    const auto records = [](std::span<const std::uint8_t> bytes) {
        state::MemoryInput input{bytes};
        state::StreamReader reader{input};
        std::vector<state::Record> all;
        EXPECT_TRUE(reader.begin().has_value());
        for (auto record = reader.next().value(); record; record = reader.next().value()) {
            all.push_back(std::move(*record));
        }
        return all;
    };
    const auto a = records(left);
    const auto b = records(right);
    std::string found;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (a[i].contents == b[i].contents) {
            continue;
        }
        found += a[i].name;
        if (a[i].name == b[i].name && a[i].name != state::kPagesRecord) {
            found += state::difference(state::decode(a[i].contents).value(), state::decode(b[i].contents).value());
        }
        found += '\n';
    }
    return a.size() == b.size() ? found : found + "different numbers of records";
}

} // namespace windsor::machine
