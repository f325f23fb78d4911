// SPDX-License-Identifier: GPL-2.0-or-later
// The gate of address line 20, which the keyboard controller and port 0x92 both switch.
#pragma once

#include "chipset/outlets.hpp"

#include <functional>
#include <utility>

namespace windsor::devices::i8042 {

// The last write wins, whichever port it came by, and both ports read back what holds.
class A20Gate final : public chipset::AddressLine20 {
public:
    struct State {
        bool enabled{true};
    };

    // `changed` is told the new state; may be empty. The gate starts open, so that the reset vector is reached.
    explicit A20Gate(std::function<void(bool enabled)> changed = {}) : changed_{std::move(changed)} {}
    A20Gate(const A20Gate&) = delete;
    A20Gate& operator=(const A20Gate&) = delete;

    bool enabled() const override { return enabled_; }

    State state() const { return {enabled_}; }
    void load(const State& state) { set(state.enabled); }

    void set(bool enabled) override
    {
        if (enabled != enabled_) {
            enabled_ = enabled;
            if (changed_) {
                changed_(enabled);
            }
        }
    }

private:
    std::function<void(bool)> changed_;
    bool enabled_{true};
};

} // namespace windsor::devices::i8042
