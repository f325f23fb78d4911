// SPDX-License-Identifier: GPL-2.0-or-later
// Shoot-downs: what this processor has cached and has to forget since other processors or devices have changed it. They
// are queued until its run loop gets to them.
#pragma once

#include "base/guarded.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/engine.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace windsor::emulate {

class Shootdowns final : public memory::MemoryObserver {
public:
    // The most pages whose stores are listed. If a processor sleeps so long that there are more, it forgets everything.
    static constexpr std::size_t kMost = 1024;
    // The most pages that others hold which are listed while the processor does not run.
    static constexpr std::size_t kMostHolds = 1024;
    // The most stores to one page that are listed. A page with more is probably filled anew, and counts as a whole.
    static constexpr std::size_t kMostInPage = 16;

    struct Range {
        unsigned offset{0}; // in the page
        unsigned size{0}; // bytes
        bool operator==(const Range&) const = default;
    };
    using Written = std::unordered_map<const std::uint8_t*, std::vector<Range>>; // by host page
    struct Batch {
        bool mappings{false};
        bool dirty_log{false};
        bool everything{false}; // there was too much to list
        Written written; // by devices and other processors
    };
    // A page that other processors hold. An asker is owned until its request has been served; who has asked sees by
    // that whether all others have heard.
    struct Hold {
        base::GuestPhysical physical{};
        std::vector<std::shared_ptr<const void>> askers;
    };
    using Holds = std::unordered_map<const std::uint8_t*, Hold>; // by host page

    Shootdowns(memory::GuestMemory& memory, vcpu::Signals& signals) : memory_{memory}, signals_{signals}
    {
        memory_.add_observer(*this);
    }
    ~Shootdowns() override { memory_.remove_observer(*this); }
    Shootdowns(const Shootdowns&) = delete;
    Shootdowns& operator=(const Shootdowns&) = delete;

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
        const auto offset = static_cast<unsigned>(address.offset_in(memory::kPageSize));
        const std::uint8_t* host = memory_.lookup(address).host;
        ask([&](Batch& batch) {
            batch.everything = batch.everything || batch.written.size() > kMost;
            if (!batch.everything) {
                add(batch.written[host], {offset, size});
            }
        });
    }
    void code_held(base::GuestPhysical page, const std::shared_ptr<const void>& asker) override
    {
        if (announces()) {
            return;
        }
        const std::uint8_t* host = memory_.lookup(page).host;
        holds_.with([&](Holds& holds) { running_ ? hold(holds, host, page, asker) : hold_later(holds, host, page); });
    }
    void dirty_log_cleared() override
    {
        ask([](Batch& batch) { batch.dirty_log = true; });
    }

    Batch take()
    {
        return batch_.with([](Batch& batch) { return std::exchange(batch, {}); });
    }
    Holds take_holds()
    {
        return holds_.with([](Holds& holds) { return std::exchange(holds, {}); });
    }

    // Between begin() and end() the processor runs. It serves its queue after begin(), before its first store, and once
    // more before end(). While it does not run it makes no stores, so that nobody has to wait for it.
    void begin()
    {
        holds_.with([&](Holds&) { running_ = true; });
    }
    void end()
    {
        holds_.with([&](Holds& holds) {
            running_ = false;
            for (auto& [host, hold] : holds) {
                hold.askers.clear();
            }
        });
    }

    // Calls `drop` with the pages that this processor holds while some other may still store to them without telling,
    // as it has not heard yet that they are held.
    template <typename Drop> void each_unheard(Drop drop)
    {
        std::erase_if(unheard_, [](const auto& page) { return page.second.use_count() == 1; });
        std::atomic_thread_fence(std::memory_order_seq_cst);
        for (const auto& [host, asker] : unheard_) {
            drop(host);
        }
    }

    // Whether there are other processors. Each of them observes the memory.
    bool has_company() const { return memory_.observers() > 1; }

    // Tells the other processors that this one has written to a page that is held.
    void announce_write(base::GuestPhysical physical, unsigned size)
    {
        announcing_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        memory_.written(physical, size);
        announcing_.store(std::thread::id{}, std::memory_order_relaxed);
    }
    // Tells them that this processor holds a page from now on, which has the flag kPageCode.
    void announce_hold(const std::uint8_t* host_page, base::GuestPhysical physical)
    {
        std::shared_ptr<const void>& asker = unheard_[host_page];
        if (asker == nullptr) {
            asker = std::make_shared<const int>(0);
        }
        announcing_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        memory_.code_held(physical, asker);
        announcing_.store(std::thread::id{}, std::memory_order_relaxed);
        if (asker.use_count() == 1) {
            unheard_.erase(host_page);
        }
    }

private:
    static void add(std::vector<Range>& ranges, const Range& range)
    {
        if (std::ranges::find(ranges, range) != ranges.end()) {
            return;
        }
        if (ranges.size() == kMostInPage) {
            ranges.assign(1, {0, static_cast<unsigned>(memory::kPageSize)});
        } else if (ranges.empty() || ranges.front().size != memory::kPageSize) {
            ranges.push_back(range);
        }
    }
    void hold(Holds& holds, const std::uint8_t* host, base::GuestPhysical page,
              const std::shared_ptr<const void>& asker)
    {
        Hold& hold = holds[host];
        hold.physical = page;
        if (std::ranges::find(hold.askers, asker) == hold.askers.end()) {
            hold.askers.push_back(asker);
        }
        signals_.raise(vcpu::Signal::Attention);
    }
    // The processor does not run, so whoever reads the page later sees all that it has stored: it has nothing to tell.
    // It only has to end its fast path to the page before it stores again. Where there are too many such pages, it
    // drops the whole TLB instead.
    void hold_later(Holds& holds, const std::uint8_t* host, base::GuestPhysical page)
    {
        holds[host].physical = page;
        if (holds.size() > kMostHolds) {
            holds.clear();
            batch_.with([](Batch& batch) { batch.mappings = true; });
        }
        signals_.raise(vcpu::Signal::Attention);
    }
    bool announces() const { return announcing_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
    template <typename Change> void ask(Change change)
    {
        batch_.with(change);
        signals_.raise(vcpu::Signal::Attention);
    }

    memory::GuestMemory& memory_;
    vcpu::Signals& signals_;
    base::Guarded<Batch> batch_;
    base::Guarded<Holds> holds_;
    std::atomic<std::thread::id> announcing_{};
    bool running_{false}; // guarded by the lock of holds_
    // By host page; only the processor's own thread uses it. Those that have not heard yet own the asker, too.
    std::unordered_map<const std::uint8_t*, std::shared_ptr<const void>> unheard_;
};

} // namespace windsor::emulate
