// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/settings.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace windsor::config {
namespace {

constexpr std::size_t kLargestText = 1 << 20;
constexpr int kDeepestList = 20;
constexpr std::size_t kMostSettings = 2000;

bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

class PlainParser {
public:
    PlainParser(std::shared_ptr<const Source> source, PlainNames names)
        : source_{std::move(source)}, text_{source_->text}, names_{names}
    {
    }

    Settings run()
    {
        if (text_.size() > kLargestText) {
            fail("the configuration is larger than 1 MiB");
        }
        for (;;) {
            skip_blanks(LineEnds::Skip);
            while (take(';')) {
                skip_blanks(LineEnds::Skip);
            }
            if (text_.empty()) {
                return std::move(settings_);
            }
            setting();
        }
    }

private:
    enum class LineEnds { Skip, Stop };

    char peek(std::size_t ahead = 0) const { return ahead < text_.size() ? text_[ahead] : '\0'; }

    [[noreturn]] void fail(std::string message) const { throw Complaint{here(), std::move(message)}; }
    Location here() const { return Location{source_, at_}; }

    void advance(std::size_t count = 1)
    {
        for (; count > 0 && !text_.empty(); --count) {
            at_ = text_.front() == '\n' ? Position{at_.line + 1, 1} : Position{at_.line, at_.column + 1};
            text_.remove_prefix(1);
        }
    }

    bool take(char c)
    {
        const bool found = !text_.empty() && text_.front() == c;
        advance(found ? 1 : 0);
        return found;
    }

    void skip_blanks(LineEnds ends)
    {
        for (;;) {
            const char c = peek();
            if (c == '#') {
                advance(std::min(text_.find('\n'), text_.size()));
            } else if (c == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
                advance(peek(1) == '\n' ? 2 : 3);
            } else if (!text_.empty() &&
                       (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && ends == LineEnds::Skip))) {
                advance();
            } else {
                return;
            }
        }
    }

    std::string name()
    {
        if (!is_name_start(peek())) {
            fail("the name of a key is expected here; a setting is written KEY=VALUE");
        }
        std::string result;
        const auto part = [&](char c) {
            return is_name_start(c) || is_digit(c) || c == '-' || (names_ == PlainNames::Dotted && c == '.');
        };
        while (!text_.empty() && part(peek())) {
            result += peek();
            advance();
        }
        return result;
    }

    void setting()
    {
        Setting entry;
        entry.key_at = here();
        entry.key = name();
        skip_blanks(LineEnds::Stop);
        const bool append = peek() == '+' && peek(1) == '=';
        advance(append ? 1 : 0);
        if (!take('=')) {
            fail(fmt::format("'=' and a value are expected after '{}'", entry.key.substr(0, 60)));
        }
        skip_blanks(LineEnds::Stop);
        entry.value_at = here();
        entry.value = value(0, &entry.items_at);
        skip_blanks(LineEnds::Stop);
        if (!text_.empty() && peek() != '\n' && peek() != ';') {
            fail("the end of the line is expected after the value");
        }
        if (append) {
            append_to(std::move(entry));
        } else {
            settings_.set(std::move(entry));
        }
        if (settings_.entries.size() > kMostSettings) {
            throw Complaint{here(), fmt::format("there are more than {} keys", kMostSettings)};
        }
    }

    void append_to(Setting entry)
    {
        auto* before = settings_.find(entry.key);
        if (before == nullptr) {
            settings_.set(std::move(entry));
        } else if (!before->value.append(std::move(entry.value))) {
            throw Complaint{entry.value_at, "'+=' joins two strings or two lists"};
        } else {
            before->items_at.insert(before->items_at.end(), entry.items_at.begin(), entry.items_at.end());
        }
    }

    Value value(int depth, std::vector<Location>* places)
    {
        const char c = peek();
        if (c == '[') {
            return list(depth, places);
        }
        if (c == '\'' || c == '"') {
            return string();
        }
        if (is_digit(c) || c == '-') {
            return number();
        }
        fail("a value is expected here: a number, a quoted string, or a list in square brackets");
    }

    Value list(int depth, std::vector<Location>* places)
    {
        if (depth >= kDeepestList) {
            fail(fmt::format("lists are nested more than {} levels deep", kDeepestList));
        }
        const auto opening = here();
        advance();
        Value::List items;
        for (;;) {
            skip_blanks(LineEnds::Skip);
            if (take(']')) {
                return items;
            }
            if (text_.empty()) {
                throw Complaint{opening, "this list is never closed with ']'"};
            }
            if (places != nullptr) {
                places->push_back(here());
            }
            items.push_back(value(depth + 1, nullptr));
            skip_blanks(LineEnds::Skip);
            if (!take(',') && peek() != ']') {
                fail("',' or ']' is expected after an element of a list");
            }
        }
    }

    Value string()
    {
        const auto opening = here();
        const char quote = peek();
        advance();
        std::string result;
        for (;;) {
            if (text_.empty() || peek() == '\n') {
                throw Complaint{opening, "this string has no closing quote"};
            }
            if (take(quote)) {
                return result;
            }
            if (peek() == '\\' && text_.size() > 1) {
                advance();
                result += escaped();
                continue;
            }
            result += peek();
            advance();
        }
    }

    char escaped()
    {
        const char c = peek();
        const auto number_of = [&](std::size_t most, int base) {
            unsigned result = 0;
            const auto digits = text_.substr(0, most);
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result, base);
            if (error != std::errc{}) {
                fail("an escape in a string lacks its digits");
            }
            advance(static_cast<std::size_t>(end - digits.data()));
            return static_cast<char>(static_cast<unsigned char>(result));
        };
        if (c >= '0' && c <= '7') {
            return number_of(3, 8);
        }
        advance();
        if (c == 'x') {
            return number_of(2, 16);
        }
        constexpr std::string_view kLetters = "abfnrtv";
        constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v";
        const auto found = kLetters.find(c);
        return found == std::string_view::npos ? c : kMeanings[found];
    }

    Value number()
    {
        const bool negative = peek() == '-';
        std::size_t length = negative ? 1 : 0;
        while (is_name_start(peek(length)) || is_digit(peek(length))) {
            ++length;
        }
        auto digits = text_.substr(negative ? 1 : 0, length - (negative ? 1 : 0));
        int base = 10;
        if (digits.starts_with("0x") || digits.starts_with("0X")) {
            base = 16;
            digits.remove_prefix(2);
        } else if (digits.size() > 1 && digits[0] == '0') {
            base = 8;
        }
        std::int64_t result = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result, base);
        if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || digits[0] == '-') {
            fail(fmt::format("'{}' is no number in 64 bits", text_.substr(0, std::min<std::size_t>(length, 40))));
        }
        advance(length);
        return negative ? -result : result;
    }

    std::shared_ptr<const Source> source_;
    std::string_view text_;
    PlainNames names_;
    Position at_{1, 1};
    Settings settings_;
};

} // namespace

const Setting* Settings::find(std::string_view key) const
{
    const auto found = std::ranges::find_if(entries, [&](const Setting& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

Setting* Settings::find(std::string_view key)
{
    const auto found = std::ranges::find_if(entries, [&](const Setting& entry) { return entry.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

void Settings::set(Setting setting)
{
    const auto found = std::ranges::find_if(entries, [&](const Setting& entry) { return entry.key == setting.key; });
    if (found == entries.end()) {
        entries.push_back(std::move(setting));
    } else {
        *found = std::move(setting);
    }
}

std::expected<Settings, Complaint> parse_plain(const std::shared_ptr<const Source>& source, PlainNames names)
{
    try {
        return PlainParser{source, names}.run();
    } catch (Complaint& complaint) {
        return std::unexpected{std::move(complaint)};
    }
}

} // namespace windsor::config
