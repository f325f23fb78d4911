// SPDX-License-Identifier: GPL-2.0-or-later
// Regular expressions in Python's syntax (Library Reference, module re) over bytes. Matching backtracks on an explicit
// stack and is limited by steps, so that no pattern can exhaust the host's stack or time.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windsor::python {

enum RegexFlags : unsigned { kIgnoreCase = 2, kMultiLine = 8, kDotAll = 16 }; // Python's own values

class Regex {
public:
    enum class Anchor { Anywhere, Start, Whole };

    // Captures: pairs of start and end offsets, group 0 first; -1 where a group took no part.
    struct Match {
        std::vector<std::int64_t> slots;
    };

    // The error is one sentence.
    static std::expected<Regex, std::string> compile(std::string_view pattern, unsigned flags);

    // Looks for the first match at or after `from`. Takes what it uses from `steps`; the error says that they ran out.
    std::expected<std::optional<Match>, std::string> find(std::string_view text, std::size_t from, Anchor anchor,
                                                          std::uint64_t& steps) const;

    // The work of compiling it, and the memory that it takes.
    std::size_t instruction_count() const { return program_.size(); }
    std::size_t byte_count() const;

    std::size_t group_count() const { return groups_; } // without group 0
    const std::vector<std::pair<std::string, std::size_t>>& group_names() const { return names_; }

private:
    friend class RegexCompiler;
    friend class RegexMatcher;

    enum class Op : std::uint8_t {
        Character,
        Any,
        Set,
        Split,
        Jump,
        Save,
        LineStart,
        LineEnd,
        TextStart,
        TextEnd,
        WordBoundary,
        NotWordBoundary,
        BackReference,
        LookAhead,
        NotLookAhead,
        Mark,
        SkipIfEmpty,
        Accept
    };
    // Split tries `first`, then `second`. Mark notes the position in a register; SkipIfEmpty goes on to `first` only
    // if the position has moved since. A look-ahead's body follows it and ends in Accept; `first` is behind that.
    struct Instruction {
        Op op;
        unsigned char character = 0;
        std::uint32_t first = 0;
        std::uint32_t second = 0;
    };
    using Set = std::vector<bool>; // 256 of them

    std::vector<Instruction> program_;
    std::vector<Set> sets_;
    std::vector<std::pair<std::string, std::size_t>> names_;
    std::size_t groups_ = 0;
    std::size_t registers_ = 0;
    unsigned flags_ = 0;
};

} // namespace windsor::python
