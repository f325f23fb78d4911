// SPDX-License-Identifier: GPL-2.0-or-later
// If a group's lookup in the first body fails, a detour leads to the same place in the second body.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"

#include <cstdint>
#include <vector>

namespace windsor::translate {

class Detours {
public:
    void clear();
    bool empty() const { return ways_.empty(); }
    // While this is set, jumps that would lead to a side exit are detours instead.
    void set_taken(bool taken) { taken_ = taken; }
    bool taken() const { return taken_; }
    // Adds a jump in the first body, whose displacement is at `displacement`. It will lead to where the instruction
    // `at` makes its access in the second body.
    void add(std::uint8_t* displacement, const Instruction* at);
    // Notes that at `code` the second body makes an access that may open a group in the first body.
    void land(const Instruction* at, const std::uint8_t* code);
    // Makes all jumps lead to their places. The flags must be in the same place in both bodies.
    void lead(const Emitter& emitter) const;

private:
    struct Way {
        std::uint8_t* displacement{nullptr};
        const Instruction* at{nullptr};
    };
    struct Landing {
        const Instruction* at{nullptr};
        const std::uint8_t* code{nullptr};
    };
    // Both of these are in the order of the instructions.
    std::vector<Way> ways_;
    std::vector<Landing> landings_;
    bool taken_{false};
};

} // namespace windsor::translate
