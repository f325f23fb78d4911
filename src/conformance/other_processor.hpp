// SPDX-License-Identifier: GPL-2.0-or-later
// Another processor, as far as memory is concerned. The test decides at which moment it holds a page, or hears that
// another one does.
#pragma once

#include "memory/guest_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace windsor::conformance {

class OtherProcessor final : public memory::MemoryObserver {
public:
    explicit OtherProcessor(memory::GuestMemory& memory) : memory_{memory} { memory_.add_observer(*this); }
    ~OtherProcessor() override { memory_.remove_observer(*this); }
    OtherProcessor(const OtherProcessor&) = delete;
    OtherProcessor& operator=(const OtherProcessor&) = delete;

    // Called when it is asked to tell its stores to a page from now on, which another processor holds.
    std::function<void(std::uint64_t page)> on_held = [](std::uint64_t) {};
    // Called when it is told that `size` bytes were written.
    std::function<void(std::uint64_t address, unsigned size)> on_told = [](std::uint64_t, unsigned) {};

    // It begins to hold a page: it sets the flag kPageCode, and tells the others.
    void hold(std::uint64_t page)
    {
        set_flag(page);
        memory_.code_held(base::GuestPhysical{page}, std::make_shared<const int>(0));
    }
    void set_flag(std::uint64_t page) { memory_.lookup(base::GuestPhysical{page}).flags->fetch_or(memory::kPageCode); }
    // It has found that nobody holds the page any more.
    void clear_flag(std::uint64_t page)
    {
        memory_.lookup(base::GuestPhysical{page}).flags->fetch_and(static_cast<std::uint8_t>(~memory::kPageCode));
    }
    // If this is false, it only does what it was asked from heed() on, and may store without telling until then.
    bool heeds_at_once{true};
    void heed() { askers_.clear(); }

    // Whether it has been told that bytes of the page were written.
    bool was_told(std::uint64_t page) const { return std::ranges::find(told_, page) != told_.end(); }

    // memory::MemoryObserver
    void mappings_changed() override {}
    void dirty_log_cleared() override {}
    void code_written(base::GuestPhysical address, unsigned size) override
    {
        told_.push_back(address.raw() & ~memory::kPageMask);
        on_told(address.raw(), size);
    }
    void code_held(base::GuestPhysical page, const std::shared_ptr<const void>& asker) override
    {
        if (!heeds_at_once) {
            askers_.push_back(asker);
        }
        on_held(page.raw());
    }

private:
    memory::GuestMemory& memory_;
    std::vector<std::uint64_t> told_;
    std::vector<std::shared_ptr<const void>> askers_;
};

} // namespace windsor::conformance
