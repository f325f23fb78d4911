// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"
#include "domain/rpc.hpp"

#include <memory>
#include <optional>
#include <string>

namespace windsor::toolstack {

// The lines of an answer to the method "screen", without the blanks at their ends.
std::string screen_lines(const domain::Json& answer);

// A regular expression (ECMAScript, ^ and $ for the ends of lines) to look for on a screen.
class TextPattern {
public:
    static base::Result<TextPattern> compile(const std::string& pattern);
    ~TextPattern();
    TextPattern(TextPattern&&) noexcept;
    TextPattern& operator=(TextPattern&&) noexcept;

    // What it matches first, if anything.
    std::optional<std::string> find(const std::string& text) const;

private:
    struct Compiled;
    explicit TextPattern(std::unique_ptr<Compiled> compiled);

    std::unique_ptr<Compiled> compiled_;
};

} // namespace windsor::toolstack
