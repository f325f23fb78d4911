// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/diagnostic.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "config/secrets.hpp"
#include "config/value.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kWidestLine = 160;

std::string_view source_line(std::string_view text, std::uint32_t wanted)
{
    for (std::uint32_t line = 1; line < wanted; ++line) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) {
            return {};
        }
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find_first_of("\r\n"));
}

// Where in the line of that number what may be a password begins: after the name of one, as far as its statement goes
// on. npos if there is none. Where brackets and quotes do not pair, rather too much is taken for one.
std::size_t secret_begin(std::string_view text, std::uint32_t wanted)
{
    int depth = 0;
    bool quoted = false;
    bool continued = false;
    bool secret = false;
    for (std::uint32_t number = 1;; ++number) {
        std::string_view line = source_line(text, 1);
        if (depth <= 0 && !quoted && !continued && line.substr(0, line.find_first_not_of(" \t") + 1).ends_with('#')) {
            line = {}; // a comment, in which quotes need not pair
        }
        secret = secret && (depth > 0 || quoted || continued);
        depth = std::max(depth, 0);
        std::size_t begin = secret ? 0 : std::string_view::npos;
        for (const std::string_view name : {"passwd", "password"}) {
            if (const std::size_t at = line.find(name); at != std::string_view::npos) {
                begin = std::min(begin, at + name.size());
                secret = true;
            }
        }
        if (number == wanted) {
            return begin;
        }
        for (const char c : line) {
            depth += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
        }
        quoted = (std::ranges::count(line, '\'') + std::ranges::count(line, '"')) % 2 == (quoted ? 0 : 1);
        continued = line.ends_with('\\');
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return end;
        }
        text.remove_prefix(end + 1);
    }
}

// What follows the name of a password, in the same number of columns: such lines end in logs, too.
std::string without_password(std::string line, std::size_t begin)
{
    constexpr std::string_view kStays = " \t=,'\"()[]{}#:";
    for (std::size_t i = begin; i < line.size(); ++i) {
        line[i] = kStays.find(line[i]) == std::string_view::npos ? 'X' : line[i];
    }
    return line;
}

// A sentence may quote some of the line. Of several quotation marks any two may belong together.
std::string without_words_of(std::string sentence, std::string_view secret)
{
    for (std::size_t open = 0; (open = sentence.find('\'', open)) != std::string::npos; ++open) {
        for (std::size_t close = sentence.rfind('\''); close > open + 1; close = sentence.rfind('\'', close - 1)) {
            if (secret.find(std::string_view{sentence}.substr(open + 1, close - open - 1)) != std::string_view::npos) {
                sentence.replace(open + 1, close - open - 1, kHidden);
                open += kHidden.size() + 1;
                break;
            }
        }
    }
    return sentence;
}

// A terminal must not take orders from a configuration file.
std::string printable(std::string_view text)
{
    auto result = valid_utf8(text);
    std::ranges::replace_if(
        result, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }, '?');
    return result;
}

// Levenshtein's distance, with a swap of neighbours counted once, since that is the commonest slip of the fingers.
std::size_t edit_distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> previous(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        previous[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({previous[j] + 1, current[j - 1] + 1, changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                current[j] = std::min(current[j], before[j - 2] + 1);
            }
        }
        std::swap(before, previous);
        std::swap(previous, current);
    }
    return previous[b.size()];
}

} // namespace

std::string render(const Location& where, std::string_view sentence)
{
    if (where.source == nullptr) {
        return std::string{sentence};
    }
    const auto name = printable(where.source->name);
    if (where.at.line == 0) {
        return fmt::format("{}: {}", name, printable(sentence));
    }
    if (where.is_secret) {
        return fmt::format("{}:{}:{}: {}", name, where.at.line, where.at.column, printable(sentence));
    }
    const std::string_view text = source_line(where.source->text, where.at.line);
    const std::size_t secret = std::min(secret_begin(where.source->text, where.at.line), text.size());
    const std::string shown = without_password(std::string{text}, secret);
    const std::string said = without_words_of(printable(sentence), text.substr(secret));
    std::string_view line = shown;
    const std::size_t column = std::min<std::size_t>(where.at.column == 0 ? 0 : where.at.column - 1, line.size());
    std::size_t start = 0;
    if (column > kWidestLine) {
        start = column - kWidestLine / 2;
    }
    line = line.substr(start, kWidestLine);

    std::string caret;
    for (const char c : printable(line.substr(0, column - start))) {
        const bool continuation = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
        if (!continuation) {
            caret += c == '\t' ? '\t' : ' ';
        }
    }
    return fmt::format("{}:{}:{}: {}\n    {}\n    {}^", name, where.at.line, where.at.column, said, printable(line),
                       caret);
}

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> candidates)
{
    constexpr std::size_t kLongestWord = 64;
    if (word.size() > kLongestWord) {
        return {};
    }
    std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string_view nearest;
    for (const auto candidate : candidates) {
        const auto distance = edit_distance(word, candidate);
        if (distance < best) {
            best = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

} // namespace windsor::config
