// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "python/regex.hpp"

namespace windsor::python {
namespace {

constexpr std::size_t kLargestProgram = 20'000;
constexpr std::uint32_t kMostRepeats = 1'000;
constexpr int kDeepestGroups = 50;
constexpr std::uint32_t kUnbounded = ~0U;

struct PatternError {
    std::string message;
};

bool is_word(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

unsigned char other_case(unsigned char c)
{
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    return lower || upper ? static_cast<unsigned char>(c ^ 0x20) : c;
}

} // namespace

class RegexCompiler {
public:
    RegexCompiler(std::string_view pattern, unsigned flags) : pattern_{pattern} { regex_.flags_ = flags; }

    Regex run()
    {
        read_global_flags();
        emit({Regex::Op::Save, 0, 0, 0});
        alternatives();
        if (!rest().empty()) {
            throw PatternError{"a ')' in the pattern closes nothing"};
        }
        emit({Regex::Op::Save, 0, 1, 0});
        emit({Regex::Op::Accept});
        return std::move(regex_);
    }

private:
    using Op = Regex::Op;
    using Instruction = Regex::Instruction;

    std::string_view rest() const { return pattern_.substr(index_); }
    char peek() const { return index_ < pattern_.size() ? pattern_[index_] : '\0'; }
    bool at(char c) const { return index_ < pattern_.size() && pattern_[index_] == c; }
    bool take(std::string_view text)
    {
        const bool found = rest().starts_with(text);
        index_ += found ? text.size() : 0;
        return found;
    }
    std::uint32_t here() const { return static_cast<std::uint32_t>(regex_.program_.size()); }

    std::uint32_t emit(Instruction instruction)
    {
        if (regex_.program_.size() >= kLargestProgram) {
            throw PatternError{"the pattern is too large"};
        }
        regex_.program_.push_back(instruction);
        return here() - 1;
    }

    // Puts an instruction before those from `index` on, whose targets move with them.
    void insert(std::uint32_t index, Instruction instruction)
    {
        emit(instruction);
        auto& program = regex_.program_;
        std::rotate(program.begin() + index, program.end() - 1, program.end());
        for (std::size_t i = index + 1; i < program.size(); ++i) {
            shift(program[i], index, 1);
        }
    }

    static bool has_targets(Op op)
    {
        return op == Op::Split || op == Op::Jump || op == Op::LookAhead || op == Op::NotLookAhead ||
               op == Op::SkipIfEmpty;
    }

    // Moves the targets at or behind `from` of one instruction.
    static void shift(Instruction& instruction, std::uint32_t from, std::uint32_t by)
    {
        if (!has_targets(instruction.op)) {
            return;
        }
        instruction.first += instruction.first >= from ? by : 0;
        if (instruction.op == Op::Split) {
            instruction.second += instruction.second >= from ? by : 0;
        }
    }

    void read_global_flags()
    {
        while (rest().starts_with("(?") && rest().size() > 2 &&
               std::string_view{"imsxLua"}.find(rest()[2]) != std::string_view::npos) {
            index_ += 2;
            for (; !at(')'); ++index_) {
                switch (peek()) {
                case 'i': regex_.flags_ |= kIgnoreCase; break;
                case 'm': regex_.flags_ |= kMultiLine; break;
                case 's': regex_.flags_ |= kDotAll; break;
                default: throw PatternError{"only the flags i, m and s are available in a pattern"};
                }
            }
            ++index_;
        }
    }

    void alternatives()
    {
        const auto start = here();
        sequence();
        std::vector<std::uint32_t> exits;
        auto branch = start;
        while (take("|")) {
            exits.push_back(emit({Op::Jump}));
            insert(branch, {Op::Split, 0, branch + 1, here() + 1});
            for (auto& exit : exits) {
                exit += exit >= branch ? 1 : 0;
            }
            branch = here();
            sequence();
        }
        for (const auto exit : exits) {
            regex_.program_[exit].first = here();
        }
    }

    void sequence()
    {
        while (index_ < pattern_.size() && !at('|') && !at(')')) {
            const auto start = here();
            piece();
            repeat(start);
        }
    }

    // Reads a quantifier, if there is one, and applies it to the instructions from `start` on.
    void repeat(std::uint32_t start)
    {
        std::uint32_t least = 0;
        std::uint32_t most = kUnbounded;
        if (take("*")) {
        } else if (take("+")) {
            least = 1;
        } else if (take("?")) {
            most = 1;
        } else if (!take_bounds(least, most)) {
            return;
        }
        const bool lazy = take("?");
        if (at('+') || at('*') || at('{')) {
            std::uint32_t ignored = 0;
            if (!at('{') || take_bounds(ignored, ignored)) {
                throw PatternError{"a quantifier in the pattern follows another one"};
            }
        }
        apply(start, least, most, lazy);
    }

    bool take_bounds(std::uint32_t& least, std::uint32_t& most)
    {
        const auto end = rest().find('}');
        if (!at('{') || end == std::string_view::npos) {
            return false;
        }
        const auto inside = rest().substr(1, end - 1);
        const auto comma = inside.find(',');
        const auto low = inside.substr(0, comma);
        const auto high = comma == std::string_view::npos ? low : inside.substr(comma + 1);
        const auto digits = [](std::string_view text) {
            return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
        };
        if (!digits(low) || !digits(high) || (low.empty() && (comma == std::string_view::npos || high.empty()))) {
            return false;
        }
        index_ += end + 1;
        least = low.empty() ? 0 : number(low);
        most = high.empty() ? kUnbounded : number(high);
        if (most < least) {
            throw PatternError{"the bounds of a quantifier in the pattern are the wrong way round"};
        }
        return true;
    }

    static std::uint32_t number(std::string_view digits)
    {
        std::uint32_t value = 0;
        for (const char c : digits) {
            value = value * 10 + static_cast<std::uint32_t>(c - '0');
            if (value > kMostRepeats) {
                throw PatternError{
                    fmt::format("a quantifier in the pattern asks for more than {} repetitions", kMostRepeats)};
            }
        }
        return value;
    }

    void apply(std::uint32_t start, std::uint32_t least, std::uint32_t most, bool lazy)
    {
        const std::vector<Instruction> body(regex_.program_.begin() + start, regex_.program_.end());
        regex_.program_.resize(start);
        for (std::uint32_t i = 0; i < least; ++i) {
            append_copy(body, start);
        }
        if (most == kUnbounded) {
            append_loop(body, start, lazy);
            return;
        }
        std::vector<std::uint32_t> splits;
        for (std::uint32_t i = least; i < most; ++i) {
            splits.push_back(emit({Op::Split}));
            append_copy(body, start);
        }
        for (const auto split : splits) {
            set_split(split, split + 1, here(), lazy);
        }
    }

    void append_loop(const std::vector<Instruction>& body, std::uint32_t origin, bool lazy)
    {
        const auto reg = static_cast<std::uint32_t>(regex_.registers_++);
        const auto split = emit({Op::Split});
        emit({Op::Mark, 0, 0, reg});
        append_copy(body, origin);
        emit({Op::SkipIfEmpty, 0, split, reg});
        set_split(split, split + 1, here(), lazy);
    }

    void set_split(std::uint32_t index, std::uint32_t inside, std::uint32_t behind, bool lazy)
    {
        auto& split = regex_.program_[index];
        split.first = lazy ? behind : inside;
        split.second = lazy ? inside : behind;
    }

    void append_copy(const std::vector<Instruction>& body, std::uint32_t origin)
    {
        const auto offset = here() - origin;
        for (auto instruction : body) {
            shift(instruction, origin, offset);
            emit(instruction);
        }
    }

    void piece()
    {
        const char c = pattern_[index_++];
        switch (c) {
        case '.': emit({Op::Any}); return;
        case '^': emit({(regex_.flags_ & kMultiLine) != 0 ? Op::LineStart : Op::TextStart}); return;
        case '$': emit({Op::LineEnd}); return;
        case '(': group(); return;
        case '[': set(); return;
        case '\\': escape(); return;
        case '*':
        case '+':
        case '?': throw PatternError{"a quantifier in the pattern has nothing to repeat"};
        default: literal(static_cast<unsigned char>(c)); return;
        }
    }

    void literal(unsigned char c)
    {
        if ((regex_.flags_ & kIgnoreCase) == 0 || other_case(c) == c) {
            emit({Op::Character, c});
            return;
        }
        Regex::Set both(256);
        both[c] = true;
        emit_set(std::move(both), false);
    }

    void emit_set(Regex::Set set, bool negated)
    {
        if ((regex_.flags_ & kIgnoreCase) != 0) {
            for (unsigned c = 'a'; c <= 'z'; ++c) {
                const bool either = set[c] || set[c ^ 0x20];
                set[c] = either;
                set[c ^ 0x20] = either;
            }
        }
        if (negated) {
            set.flip();
        }
        regex_.sets_.push_back(std::move(set));
        emit({Op::Set, 0, static_cast<std::uint32_t>(regex_.sets_.size() - 1), 0});
    }

    void group()
    {
        if (++depth_ > kDeepestGroups) {
            throw PatternError{"the groups of the pattern are nested too deep"};
        }
        if (take("?:")) {
            alternatives();
        } else if (rest().starts_with("?=") || rest().starts_with("?!")) {
            const auto look = emit({at('?') && rest()[1] == '=' ? Op::LookAhead : Op::NotLookAhead});
            index_ += 2;
            alternatives();
            emit({Op::Accept});
            regex_.program_[look].first = here();
        } else if (take("?P=")) {
            back_reference(named_group(take_group_name(')')));
            --depth_;
            return;
        } else {
            if (rest().starts_with("?") && !rest().starts_with("?P<")) {
                throw PatternError{fmt::format("'({}' is not available in a pattern", rest().substr(0, 2))};
            }
            capture();
        }
        if (!take(")")) {
            throw PatternError{"a '(' in the pattern is never closed"};
        }
        --depth_;
    }

    void capture()
    {
        const auto index = static_cast<std::uint32_t>(++regex_.groups_);
        if (regex_.groups_ > 99) {
            throw PatternError{"the pattern has more than 99 groups"};
        }
        if (take("?P<")) {
            regex_.names_.emplace_back(take_group_name('>'), index);
        }
        emit({Op::Save, 0, index * 2, 0});
        alternatives();
        emit({Op::Save, 0, index * 2 + 1, 0});
    }

    std::string take_group_name(char closing)
    {
        const auto end = rest().find(closing);
        const auto name = rest().substr(0, end);
        if (end == std::string_view::npos || name.empty() ||
            !std::ranges::all_of(name, [](char c) { return is_word(static_cast<unsigned char>(c)); })) {
            throw PatternError{"the name of a group in the pattern is not well-formed"};
        }
        index_ += end + 1;
        return std::string{name};
    }

    std::size_t named_group(std::string_view name) const
    {
        const auto found = std::ranges::find_if(regex_.names_, [&](const auto& entry) { return entry.first == name; });
        if (found == regex_.names_.end()) {
            throw PatternError{fmt::format("the pattern has no group '{}'", name)};
        }
        return found->second;
    }

    void back_reference(std::size_t group)
    {
        if (group > regex_.groups_) {
            throw PatternError{fmt::format("the pattern has no group {}", group)};
        }
        emit({Op::BackReference, 0, static_cast<std::uint32_t>(group), 0});
    }

    // Adds what \d, \w, \s and their opposites stand for; false if the letter is none of them.
    static bool add_class(Regex::Set& set, char letter)
    {
        const char kind = static_cast<char>(letter | 0x20);
        if (kind != 'd' && kind != 'w' && kind != 's') {
            return false;
        }
        for (unsigned c = 0; c < 256; ++c) {
            const bool digit = c >= '0' && c <= '9';
            const bool space = c == ' ' || (c >= '\t' && c <= '\r');
            const bool in = kind == 'd' ? digit : kind == 'w' ? is_word(static_cast<unsigned char>(c)) : space;
            set[c] = set[c] || in == (letter == kind);
        }
        return true;
    }

    void escape()
    {
        if (rest().empty()) {
            throw PatternError{"the pattern ends in a backslash"};
        }
        const char c = peek();
        Regex::Set set(256);
        if (add_class(set, c)) {
            ++index_;
            emit_set(std::move(set), false);
            return;
        }
        switch (c) {
        case 'A':
            ++index_;
            emit({Op::TextStart});
            return;
        case 'Z':
            ++index_;
            emit({Op::TextEnd});
            return;
        case 'b':
            ++index_;
            emit({Op::WordBoundary});
            return;
        case 'B':
            ++index_;
            emit({Op::NotWordBoundary});
            return;
        default: break;
        }
        if (c >= '1' && c <= '9') {
            ++index_;
            std::size_t group = static_cast<std::size_t>(c - '0');
            if (peek() >= '0' && peek() <= '9') {
                group = group * 10 + static_cast<std::size_t>(pattern_[index_++] - '0');
            }
            back_reference(group);
            return;
        }
        literal(escaped_character());
    }

    unsigned char escaped_character()
    {
        const char c = pattern_[index_++];
        constexpr std::string_view kLetters = "abfnrtv0";
        constexpr std::string_view kMeanings{"\a\b\f\n\r\t\v\0", 8};
        if (const auto simple = kLetters.find(c); simple != std::string_view::npos) {
            return static_cast<unsigned char>(kMeanings[simple]);
        }
        if (c == 'x') {
            unsigned value = 0;
            for (int i = 0; i < 2; ++i) {
                const auto digit = std::string_view{"0123456789abcdef"}.find(static_cast<char>(peek() | 0x20));
                if (digit == std::string_view::npos) {
                    throw PatternError{"'\\x' in the pattern must be followed by two hexadecimal digits"};
                }
                value = value * 16 + static_cast<unsigned>(digit);
                ++index_;
            }
            return static_cast<unsigned char>(value);
        }
        if (is_word(static_cast<unsigned char>(c)) && c != '_') {
            throw PatternError{fmt::format("'\\{}' has no meaning in a pattern", c)};
        }
        return static_cast<unsigned char>(c);
    }

    void set()
    {
        Regex::Set set(256);
        const bool negated = take("^");
        bool first = true;
        for (; first || !at(']'); first = false) {
            if (rest().empty()) {
                throw PatternError{"a '[' in the pattern is never closed"};
            }
            if (at('\\') && rest().size() > 1 && add_class(set, rest()[1])) {
                index_ += 2;
                continue;
            }
            const auto low = set_character();
            if (at('-') && rest().size() > 1 && rest()[1] != ']') {
                ++index_;
                const auto high = set_character();
                if (high < low) {
                    throw PatternError{"a range in the pattern is the wrong way round"};
                }
                for (unsigned c = low; c <= high; ++c) {
                    set[c] = true;
                }
            } else {
                set[low] = true;
            }
        }
        ++index_;
        emit_set(std::move(set), negated);
    }

    unsigned char set_character()
    {
        if (rest().empty()) {
            throw PatternError{"a '[' in the pattern is never closed"};
        }
        if (!take("\\")) {
            return static_cast<unsigned char>(pattern_[index_++]);
        }
        if (rest().empty()) {
            throw PatternError{"the pattern ends in a backslash"};
        }
        return take("b") ? static_cast<unsigned char>('\b') : escaped_character();
    }

    std::string_view pattern_;
    std::size_t index_ = 0;
    int depth_ = 0;
    Regex regex_;
};

std::expected<Regex, std::string> Regex::compile(std::string_view pattern, unsigned flags)
{
    try {
        return RegexCompiler{pattern, flags}.run();
    } catch (const PatternError& error) {
        return std::unexpected{error.message};
    }
}

} // namespace windsor::python
