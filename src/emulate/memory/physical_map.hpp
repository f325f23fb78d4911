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

    const memory::Page& page(std::uint64_t physical)
    {
        Slot& slot = slots_[(physical >> 12) % slots_.size()];
        const std::uint64_t number = physical >> 12;
        if (slot.number != number) [[unlikely]] {
            slot.page = memory_.lookup(base::GuestPhysical{physical & ~memory::kPageMask});
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
