// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "memory/guest_memory.hpp"

#include <utility>

namespace windsor::memory {

// A mapping that lasts as long as this lives. It may be moved; the memory outlives it. Used under the machine lock.
class [[nodiscard]] Placement {
public:
    // No mapping.
    Placement() = default;
    Placement(GuestMemory& memory, const Mapping& mapping) : memory_{&memory}, id_{memory.map(mapping)} {}
    Placement(Placement&& other) noexcept : memory_{std::exchange(other.memory_, nullptr)}, id_{other.id_} {}
    Placement& operator=(Placement&& other) noexcept
    {
        if (this != &other) {
            release();
            memory_ = std::exchange(other.memory_, nullptr);
            id_ = other.id_;
        }
        return *this;
    }
    ~Placement() { release(); }

    void release()
    {
        if (GuestMemory* const memory = std::exchange(memory_, nullptr)) {
            memory->unmap(id_);
        }
    }

private:
    GuestMemory* memory_{nullptr};
    MappingId id_{0};
};

} // namespace windsor::memory
