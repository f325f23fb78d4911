// SPDX-License-Identifier: GPL-2.0-or-later
// A port whose written characters go to a log.
#pragma once

#include "bus/access.hpp"
#include "devices/fw_debug/spec.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace windsor::devices::fw_debug {

// One byte-wide port. Characters gather into lines of at most kLongestLine; control characters are left
// out and bytes beyond ASCII become '?', so that a guest cannot forge log lines or terminal sequences.
class DebugPort final : public bus::AccessHandler {
public:
    struct State {
        std::string line; // not handed on yet
    };

    // `sink` is given one line without its end, with the machine lock held. How many lines it keeps is
    // its own choice.
    explicit DebugPort(std::function<void(std::string_view line)> sink) : sink_{std::move(sink)} {}

    // Hands on what has gathered.
    void reset() { flush(); }
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    const State& state() const { return state_; }
    void load(const State& state) { state_.line = state.line.substr(0, kLongestLine - 1); }

private:
    void flush();

    std::function<void(std::string_view)> sink_;
    State state_;
};

} // namespace windsor::devices::fw_debug
