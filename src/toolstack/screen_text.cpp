// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/screen_text.hpp"

#include <regex>

namespace windsor::toolstack {

std::string screen_lines(const domain::Json& answer)
{
    std::string text;
    for (const domain::Json& line : answer.value("lines", domain::Json::array())) {
        const std::string content = line.is_string() ? line.get<std::string>() : "";
        text += content.substr(0, content.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

struct TextPattern::Compiled {
    std::regex regex;
};

TextPattern::TextPattern(std::unique_ptr<Compiled> compiled) : compiled_{std::move(compiled)} {}
TextPattern::~TextPattern() = default;
TextPattern::TextPattern(TextPattern&&) noexcept = default;
TextPattern& TextPattern::operator=(TextPattern&&) noexcept = default;

base::Result<TextPattern> TextPattern::compile(const std::string& pattern)
{
    constexpr std::size_t kLongest = 1000; // the library's compiler recurses
    if (pattern.size() > kLongest) {
        return base::fail("the regular expression is longer than {} characters", kLongest);
    }
    try {
        return TextPattern{
            std::make_unique<Compiled>(std::regex{pattern, std::regex::ECMAScript | std::regex::multiline})};
    } catch (const std::regex_error&) {
        return base::fail("'{}' is no regular expression; put a backslash before each of . * + ? ( ) [ ] {{ }} that is "
                          "meant as itself",
                          pattern);
    }
}

std::optional<std::string> TextPattern::find(const std::string& text) const
{
    try {
        std::smatch match;
        return std::regex_search(text, match, compiled_->regex) ? std::optional{match.str()} : std::nullopt;
    } catch (const std::regex_error&) {
        return std::nullopt; // too complex for this text
    }
}

} // namespace windsor::toolstack
