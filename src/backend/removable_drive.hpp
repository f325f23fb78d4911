// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/media.hpp"
#include "bus/machine_lock.hpp"

#include <memory>
#include <string>

namespace windsor::backend {

// What becomes of a medium that the guest has locked in.
enum class LockedMedium : std::uint8_t { Stays, ComesOut };

// A drive whose medium people change.
class RemovableDrive {
public:
    virtual ~RemovableDrive() = default;
    // Such as "fda" or "hdc".
    virtual const std::string& name() const = 0;
    // Whether the guest has locked the medium in.
    virtual bool locked() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Whether the guest has opened the tray with the medium in it, so that it sees none.
    virtual bool tray_open() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // Puts a medium in, in place of the one that may be there; null: takes that out. Fails, with all as it was, if the
    // drive cannot take such a medium, or must not let go of the one that it has.
    virtual base::Status change(std::shared_ptr<BlockMedia> medium, LockedMedium locked = LockedMedium::Stays)
        WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

} // namespace windsor::backend
