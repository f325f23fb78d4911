// SPDX-License-Identifier: GPL-2.0-or-later
// The lock of a machine, under which its chips and whatever is wired to them are used.
#pragma once

#include "base/mutex.hpp"

namespace windsor::bus {

// What the analysis of locks asks of whoever reaches a chip. A chip knows no machine, so this stands for the lock of
// whichever it sits in.
class WINDSOR_CAPABILITY("the machine lock") MachineLockRole {};
inline constexpr MachineLockRole kMachineLock{};

// It is taken before any lock of a processor, of the memory map or of the log.
class MachineLock {
public:
    // For callbacks, to which the analysis does not follow.
    void assert_held() const WINDSOR_ASSERT_CAPABILITY(kMachineLock) { mutex_.assert_held(); }

private:
    friend class MachineGuard;
    base::Mutex mutex_;
};

// Holds a machine's lock as long as it lives.
class WINDSOR_SCOPED_CAPABILITY MachineGuard {
public:
    explicit MachineGuard(MachineLock& lock) WINDSOR_ACQUIRE(kMachineLock) : mutex_{lock.mutex_} { mutex_.lock(); }
    ~MachineGuard() WINDSOR_RELEASE() { mutex_.unlock(); }
    MachineGuard(const MachineGuard&) = delete;
    MachineGuard& operator=(const MachineGuard&) = delete;

private:
    base::Mutex& mutex_;
};

} // namespace windsor::bus
