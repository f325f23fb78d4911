// SPDX-License-Identifier: GPL-2.0-or-later
// When the host has refused to run an instruction, this finds the guest instruction that it stands for.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/emit/flag_state.hpp"
#include "translate/emit/progress.hpp"

#include <cstdint>
#include <optional>

namespace windsor::translate {

// This says what the registers of a string instruction hold at a host instruction: the guest's pointers and count, or
// host addresses and a piece of the count.
enum class Pointers : std::uint8_t { Guest, Move, MoveDown, Store, Scan };

class Attribution {
public:
    Attribution(const Emitter& emitter, const FlagState& flags, const Progress& progress)
        : a_{emitter}, flags_{flags}, progress_{progress}
    {
    }

    struct Answer {
        const Instruction* instruction{nullptr};
        Context context;
        KeptFlags flags;
        Pointers pointers{};
    };

    // Must be called before a block is written once more to find what the instruction at a host address stands for.
    void ask(const std::uint8_t* at)
    {
        sought_ = at;
        answer_.reset();
    }
    void stop() { sought_ = nullptr; }
    const std::optional<Answer>& answer() const { return answer_; }

    // Must be called before a host instruction is written that stands for the current guest instruction. It finds all
    // registers as that one does, and changes nothing if it cannot run. If it is a repeated string instruction, its
    // registers hold what `pointers` says.
    void may_be_refused(Pointers pointers = Pointers::Guest)
    {
        if (sought_ != nullptr && a_.address() == sought_) {
            answer_ = Answer{.instruction = progress_.current,
                             .context = progress_.context,
                             .flags = flags_.now(),
                             .pointers = pointers};
        }
    }

private:
    const Emitter& a_;
    const FlagState& flags_;
    const Progress& progress_;
    const std::uint8_t* sought_{nullptr};
    std::optional<Answer> answer_;
};

} // namespace windsor::translate
