// SPDX-License-Identifier: GPL-2.0-or-later
// Another processor, as far as a test's memory is concerned: it does what it does, and hears what it hears, at moments
// of the test's choice.
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

    // Called when it is asked to heed that a page is held.
    std::function<void(std::uint64_t page)> on_held = [](std::uint64_t) {};
    // Called when it is told that so many bytes were written.
    std::function<void(std::uint64_t address, unsigned size)> on_told = [](std::uint64_t, unsigned) {};

    // It begins to hold code of a page: sets the flag, and says so.
    void hold(std::uint64_t page)
    {
        set_flag(page);
        memory_.code_held(base::GuestPhysical{page}, std::make_shared<const int>(0));
    }
    void set_flag(std::uint64_t page) { memory_.lookup(base::GuestPhysical{page}).flags->fetch_or(memory::kPageCode); }
    // It has found nothing left to be held.
    void clear_flag(std::uint64_t page)
    {
        memory_.lookup(base::GuestPhysical{page}).flags->fetch_and(static_cast<std::uint8_t>(~memory::kPageCode));
    }
    // Clear: it heeds what it is asked only from heed() on, and may store without telling until then.
    bool heeds_at_once{true};
    void heed() { askers_.clear(); }

    // Of a page, whether it has been told that bytes of it were written.
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
