// SPDX-License-Identifier: GPL-2.0-or-later
// Data that can only be reached under its lock.
#pragma once

#include "base/mutex.hpp"

#include <utility>

namespace windsor::base {

template <typename T> class Guarded {
public:
    Guarded() = default;
    template <typename... Args> explicit Guarded(std::in_place_t, Args&&... args) : value_{std::forward<Args>(args)...}
    {
    }

    // Calls `action` with the data, the lock held; gives what it returns.
    template <typename Action> decltype(auto) with(Action&& action)
    {
        const MutexLock lock{mutex_};
        return std::forward<Action>(action)(value_);
    }

    template <typename Action> decltype(auto) with(Action&& action) const
    {
        const MutexLock lock{mutex_};
        return std::forward<Action>(action)(value_);
    }

private:
    mutable Mutex mutex_;
    T value_ WINDSOR_GUARDED_BY(mutex_){};
};

} // namespace windsor::base
