// SPDX-License-Identifier: GPL-2.0-or-later
// A cache of guest-physical page lookups, valid until the mappings change.
#pragma once

#include "memory/guest_memory.hpp"

#include <array>
#include <cstdint>

namespace windsor::emulate {

class PhysicalMap {
public:
    explicit PhysicalMap(const memory::GuestMemory& memory) : memory_{memory} { forget(); }

    const memory::Page& page(base::GuestPhysical physical)
    {
        const std::uint64_t number = physical.raw() >> 12;
        Slot& slot = slots_[number % slots_.size()];
        if (slot.number != number) [[unlikely]] {
            slot.page = memory_.lookup(physical.aligned_down(memory::kPageSize));
            slot.number = number;
        }
        return slot.page;
    }
    void forget()
    {
        for (Slot& slot : slots_) {
            slot.number = ~std::uint64_t{0};
        }
    }

private:
    struct Slot {
        std::uint64_t number;
        memory::Page page;
    };
    const memory::GuestMemory& memory_;
    std::array<Slot, 512> slots_;
};

} // namespace windsor::emulate
