// SPDX-License-Identifier: GPL-2.0-or-later
// Data that can only be reached under its lock.
#pragma once

#include <mutex>
#include <utility>

namespace windsor::base {

template <typename T> class Guarded {
public:
    Guarded() = default;
    template <typename... Args> explicit Guarded(std::in_place_t, Args&&... args) : value_{std::forward<Args>(args)...} {}

    // Calls `action` with the data, the lock held; gives what it returns.
    template <typename Action> decltype(auto) with(Action&& action)
    {
        const std::scoped_lock lock{mutex_};
        return std::forward<Action>(action)(value_);
    }

    template <typename Action> decltype(auto) with(Action&& action) const
    {
        const std::scoped_lock lock{mutex_};
        return std::forward<Action>(action)(value_);
    }

private:
    mutable std::mutex mutex_;
    T value_{};
};

} // namespace windsor::base
