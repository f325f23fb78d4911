// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "devices/vga/cirrus/cirrus.hpp"

namespace windsor::devices::vga::cirrus {

// Tells of a change of linear_size() at its end.
class [[nodiscard]] Cirrus::LinearWatch {
public:
    LinearWatch(const Cirrus& chip, const std::function<void()>& changed)
        : chip_{chip}, changed_{changed}, before_{chip.linear_size()}
    {
    }
    LinearWatch(const LinearWatch&) = delete;
    LinearWatch& operator=(const LinearWatch&) = delete;
    ~LinearWatch()
    {
        if (changed_ && chip_.linear_size() != before_) {
            changed_();
        }
    }

private:
    const Cirrus& chip_;
    const std::function<void()>& changed_;
    std::uint64_t before_;
};

} // namespace windsor::devices::vga::cirrus
