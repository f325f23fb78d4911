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
    static constexpr std::size_t kMost = 1024; // of each kind; a processor that sleeps long has everything to forget

    struct Written {
        const std::uint8_t* host{nullptr}; // page
        unsigned offset{0};                // in it
        unsigned size{0};                  // bytes
    };
    struct Held {
        const std::uint8_t* host{nullptr}; // page
        std::uint64_t physical{0};
    };
    struct Batch {
        bool mappings{false};
        bool dirty_log{false};
        bool everything{false};       // there was too much to list
        std::vector<Written> written; // by devices and other processors
        std::vector<Held> held;       // pages whose code another processor holds
    };

    Invalidations(memory::GuestMemory& memory, vcpu::Signals& signals) : memory_{memory}, signals_{signals}
    {
        memory_.add_observer(*this);
    }
    ~Invalidations() override { memory_.remove_observer(*this); }
    Invalidations(const Invalidations&) = delete;
    Invalidations& operator=(const Invalidations&) = delete;

    // memory::MemoryObserver
    void mappings_changed() override
    {
        ask([](Batch& batch) { batch.mappings = true; });
    }
    void code_written(base::GuestPhysical address, unsigned size) override
    {
        if (announces()) {
            return;
        }
        const auto offset = static_cast<unsigned>(address.raw() & memory::kPageMask);
        const Written written{memory_.lookup(address).host, offset, size};
        ask([&](Batch& batch) {
            batch.everything = batch.everything || batch.written.size() == kMost;
            if (!batch.everything) {
                batch.written.push_back(written);
            }
        });
    }
    void code_held(base::GuestPhysical page) override
    {
        if (announces()) {
            return;
        }
        const Held held{memory_.lookup(page).host, page.raw()};
        ask([&](Batch& batch) {
            batch.everything = batch.everything || batch.held.size() == kMost;
            if (!batch.everything) {
                batch.held.push_back(held);
            }
        });
    }
    void dirty_log_cleared() override
    {
        ask([](Batch& batch) { batch.dirty_log = true; });
    }

    Batch take()
    {
        return batch_.with([](Batch& batch) { return std::exchange(batch, Batch{}); });
    }

    // Whether others listen: other processors.
    bool has_company() const { return memory_.observers() > 1; }

    // Tells the other observers of what this processor has done and dealt with itself: a write to a page with code…
    void announce_write(std::uint64_t physical, unsigned size)
    {
        announcing_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        memory_.written(base::GuestPhysical{physical}, size);
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
    bool announces() const { return announcing_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
    template <typename Change> void ask(Change change)
    {
        batch_.with(change);
        signals_.raise(vcpu::Signal::Attention);
    }

    memory::GuestMemory& memory_;
    vcpu::Signals& signals_;
    base::Guarded<Batch> batch_;
    std::atomic<std::thread::id> announcing_{};
};

} // namespace windsor::emulate
