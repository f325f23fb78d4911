// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "python/regex.hpp"

namespace windsor::python {

class RegexMatcher {
public:
    RegexMatcher(const Regex& regex, std::string_view text, bool whole, std::uint64_t& steps)
        : regex_{regex}, text_{text}, whole_{whole}, steps_{steps}, slots_((regex.groups_ + 1) * 2, -1),
          marks_(regex.registers_, -1)
    {
    }

    enum class Verdict { Matched, Failed, OutOfSteps };

    Verdict match_at(std::size_t start)
    {
        slots_.assign(slots_.size(), -1);
        marks_.assign(marks_.size(), -1);
        undo_.clear();
        return run(0, start, false);
    }

    Regex::Match take() { return Regex::Match{slots_}; }

private:
    using Op = Regex::Op;

    // What to do when a path fails: resume elsewhere, or restore an overwritten slot or mark first.
    struct Undo {
        enum class Kind : std::uint8_t { Resume, Slot, Mark } kind;
        std::uint32_t index;
        std::int64_t value;
    };

    static bool word_at(std::string_view text, std::size_t index)
    {
        const char c = index < text.size() ? text[index] : ' ';
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    bool assertion_holds(Op op, std::size_t position) const
    {
        const bool last_newline = position + 1 == text_.size() && text_[position] == '\n';
        const bool multi = (regex_.flags_ & kMultiLine) != 0;
        const bool boundary = (position > 0 && word_at(text_, position - 1)) != word_at(text_, position);
        switch (op) {
        case Op::LineStart: return position == 0 || text_[position - 1] == '\n';
        case Op::LineEnd: return position == text_.size() || last_newline || (multi && text_[position] == '\n');
        case Op::TextStart: return position == 0;
        case Op::TextEnd: return position == text_.size();
        case Op::WordBoundary: return boundary;
        default: return !boundary;
        }
    }

    bool character_matches(const Regex::Instruction& instruction, std::size_t position) const
    {
        if (position >= text_.size()) {
            return false;
        }
        const auto c = static_cast<unsigned char>(text_[position]);
        switch (instruction.op) {
        case Op::Character: return c == instruction.character;
        case Op::Set: return regex_.sets_[instruction.first][c];
        default: return c != '\n' || (regex_.flags_ & kDotAll) != 0;
        }
    }

    // The length of a group's text if it stands at position again, or -1.
    std::int64_t repeated_length(std::size_t group, std::size_t position)
    {
        const auto start = slots_[group * 2];
        const auto end = slots_[group * 2 + 1];
        if (start < 0 || end < start) {
            return -1;
        }
        const auto part = text_.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start));
        steps_ -= std::min<std::uint64_t>(steps_, part.size() / 16);
        const auto there = text_.substr(position, part.size());
        if ((regex_.flags_ & kIgnoreCase) == 0) {
            return there == part ? static_cast<std::int64_t>(part.size()) : -1;
        }
        if (there.size() != part.size()) {
            return -1;
        }
        for (std::size_t i = 0; i < part.size(); ++i) {
            const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
            if (fold(part[i]) != fold(there[i])) {
                return -1;
            }
        }
        return static_cast<std::int64_t>(part.size());
    }

    void save(Undo::Kind kind, std::vector<std::int64_t>& values, std::uint32_t index, std::size_t position)
    {
        undo_.push_back({kind, index, values[index]});
        values[index] = static_cast<std::int64_t>(position);
    }

    // Unwinds to the last alternative above `floor`; false if there is none.
    bool backtrack(std::size_t floor, std::uint32_t& pc, std::size_t& position)
    {
        while (undo_.size() > floor) {
            const auto undo = undo_.back();
            undo_.pop_back();
            switch (undo.kind) {
            case Undo::Kind::Slot: slots_[undo.index] = undo.value; break;
            case Undo::Kind::Mark: marks_[undo.index] = undo.value; break;
            case Undo::Kind::Resume:
                pc = undo.index;
                position = static_cast<std::size_t>(undo.value);
                return true;
            }
        }
        return false;
    }

    // Look-aheads call run again, as deep as the pattern nests groups; what they capture stays, what they tried goes.
    Verdict look_ahead(const Regex::Instruction& instruction, std::uint32_t pc, std::size_t position)
    {
        const auto floor = undo_.size();
        const auto verdict = run(pc + 1, position, true);
        if (verdict == Verdict::OutOfSteps) {
            return verdict;
        }
        const bool matched = verdict == Verdict::Matched;
        if (matched) {
            const auto kept = slots_;
            std::uint32_t ignored_pc = 0;
            std::size_t ignored_position = 0;
            while (backtrack(floor, ignored_pc, ignored_position)) {
            }
            if (instruction.op == Op::LookAhead) {
                for (std::uint32_t i = 0; i < slots_.size(); ++i) {
                    if (kept[i] != slots_[i]) {
                        undo_.push_back({Undo::Kind::Slot, i, slots_[i]});
                        slots_[i] = kept[i];
                    }
                }
            }
        }
        return matched == (instruction.op == Op::LookAhead) ? Verdict::Matched : Verdict::Failed;
    }

    // Does what an instruction says, unless run() has to; false if it does not hold at the position.
    bool step(const Regex::Instruction& instruction, std::uint32_t& pc, std::size_t& position)
    {
        const auto at = pc++;
        switch (instruction.op) {
        case Op::Character:
        case Op::Set:
        case Op::Any: return character_matches(instruction, position++);
        case Op::Split:
            undo_.push_back({Undo::Kind::Resume, instruction.second, static_cast<std::int64_t>(position)});
            pc = instruction.first;
            return true;
        case Op::Jump: pc = instruction.first; return true;
        case Op::Save: save(Undo::Kind::Slot, slots_, instruction.first, position); return true;
        case Op::Mark: save(Undo::Kind::Mark, marks_, instruction.second, position); return true;
        case Op::SkipIfEmpty:
            pc = marks_[instruction.second] == static_cast<std::int64_t>(position) ? at + 1 : instruction.first;
            return true;
        case Op::BackReference: {
            const auto length = repeated_length(instruction.first, position);
            position += length >= 0 ? static_cast<std::size_t>(length) : 0;
            return length >= 0;
        }
        default: return assertion_holds(instruction.op, position);
        }
    }

    Verdict run(std::uint32_t pc, std::size_t position, bool inner)
    {
        const auto floor = undo_.size();
        for (;;) {
            if (steps_ == 0) {
                return Verdict::OutOfSteps;
            }
            --steps_;
            const auto& instruction = regex_.program_[pc];
            bool good = true;
            switch (instruction.op) {
            case Op::LookAhead:
            case Op::NotLookAhead: {
                const auto verdict = look_ahead(instruction, pc, position);
                if (verdict == Verdict::OutOfSteps) {
                    return verdict;
                }
                good = verdict == Verdict::Matched;
                pc = instruction.first;
                break;
            }
            case Op::Accept:
                good = inner || !whole_ || position == text_.size();
                if (good) {
                    return Verdict::Matched;
                }
                break;
            default: good = step(instruction, pc, position); break;
            }
            if (!good && !backtrack(floor, pc, position)) {
                return Verdict::Failed;
            }
        }
    }

    const Regex& regex_;
    std::string_view text_;
    bool whole_;
    std::uint64_t& steps_;
    std::vector<std::int64_t> slots_;
    std::vector<std::int64_t> marks_;
    std::vector<Undo> undo_;
};

std::expected<std::optional<Regex::Match>, std::string> Regex::find(std::string_view text, std::size_t from,
                                                                    Anchor anchor, std::uint64_t& steps) const
{
    RegexMatcher matcher{*this, text, anchor == Anchor::Whole, steps};
    for (auto start = from; start <= text.size(); ++start) {
        switch (matcher.match_at(start)) {
        case RegexMatcher::Verdict::Matched: return matcher.take();
        case RegexMatcher::Verdict::OutOfSteps: return std::unexpected{"matching this pattern takes too many steps"};
        case RegexMatcher::Verdict::Failed: break;
        }
        if (anchor != Anchor::Anywhere) {
            break;
        }
    }
    return std::nullopt;
}

std::size_t Regex::byte_count() const
{
    constexpr std::size_t kSetBytes = 256 / 8 + sizeof(Set);
    return program_.size() * sizeof(Instruction) + sets_.size() * kSetBytes;
}

} // namespace windsor::python
