// SPDX-License-Identifier: GPL-2.0-or-later
// What happens at model-specific registers that the processor does not have.
#pragma once

#include "base/mutex.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <utility>

namespace windsor::vcpu {

enum class MsrAccess : std::uint8_t { Read, Write };

// Used by all processors of a machine, from their threads.
class MsrPolicy {
public:
    enum class Unknown : std::uint8_t {
        Fault, // #GP, as the hardware does
        Zero,  // reads give zero, writes vanish
    };
    using Report = std::function<void(std::uint32_t number, MsrAccess access)>;

    // `report` is called once for each register and kind of access, up to kReports of them.
    explicit MsrPolicy(Unknown unknown = Unknown::Fault, Report report = {})
        : unknown_{unknown}, report_{std::move(report)}
    {
    }

    // Notes an access to an unknown register; true if it is to be tolerated.
    bool tolerate(std::uint32_t number, MsrAccess access)
    {
        const base::MutexLock lock{mutex_};
        if (report_ && reported_.size() < kReports && reported_.emplace(number, access).second) {
            report_(number, access);
        }
        return unknown_ == Unknown::Zero;
    }

private:
    static constexpr std::size_t kReports = 256;

    Unknown unknown_;
    Report report_;
    base::Mutex mutex_;
    std::set<std::pair<std::uint32_t, MsrAccess>> reported_ WINDSOR_GUARDED_BY(mutex_);
};

} // namespace windsor::vcpu
