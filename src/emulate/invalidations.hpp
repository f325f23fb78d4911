// SPDX-License-Identifier: GPL-2.0-or-later
// What other threads want an interpreter to forget, queued until its run loop gets to it.
#pragma once

#include "base/guarded.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/engine.hpp"

#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

namespace windsor::emulate {

class Invalidations final : public memory::MemoryObserver {
public:
    struct Batch {
        bool mappings{false};
        bool dirty_log{false};
        std::vector<const std::uint8_t*> code; // host pages that were written
        std::vector<const std::uint8_t*> held; // host pages whose code another processor holds
    };

    Invalidations(memory::GuestMemory& memory, vcpu::Signals& signals) : memory_{memory}, signals_{signals}
    {
        memory_.add_observer(*this);
    }
    ~Invalidations() override { memory_.remove_observer(*this); }
    Invalidations(const Invalidations&) = delete;
    Invalidations& operator=(const Invalidations&) = delete;

    void mappings_changed() override
    {
        batch_.with([](Batch& batch) { batch.mappings = true; });
        signals_.raise(vcpu::Signal::Attention);
    }
    void code_written(base::GuestPhysical page) override
    {
        if (announcing_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
            return;
        }
        const memory::Page backing = memory_.lookup(page);
        batch_.with([&](Batch& batch) { batch.code.push_back(backing.host); });
        signals_.raise(vcpu::Signal::Attention);
    }
    void code_held(base::GuestPhysical page) override
    {
        if (announcing_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
            return;
        }
        const memory::Page backing = memory_.lookup(page);
        batch_.with([&](Batch& batch) { batch.held.push_back(backing.host); });
        signals_.raise(vcpu::Signal::Attention);
    }
    void dirty_log_cleared() override
    {
        batch_.with([](Batch& batch) { batch.dirty_log = true; });
        signals_.raise(vcpu::Signal::Attention);
    }

    Batch take()
    {
        return batch_.with([](Batch& batch) { return std::exchange(batch, Batch{}); });
    }

    // Tells the other observers of what this processor has done and dealt with itself: a write to a page with code…
    void announce_write(std::uint64_t physical)
    {
        announcing_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        memory_.written(base::GuestPhysical{physical});
        announcing_.store(std::thread::id{}, std::memory_order_relaxed);
    }
    // … or that it has set kPageCode.
    void announce_code(std::uint64_t physical)
    {
        announcing_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        memory_.code_held(base::GuestPhysical{physical});
        announcing_.store(std::thread::id{}, std::memory_order_relaxed);
    }

private:
    memory::GuestMemory& memory_;
    vcpu::Signals& signals_;
    base::Guarded<Batch> batch_;
    std::atomic<std::thread::id> announcing_{};
};

} // namespace windsor::emulate
