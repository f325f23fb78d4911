// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: configurations that are given as text.
#pragma once

#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace windsor::config {

inline Options with_overrides(std::vector<std::string> overrides)
{
    Options options;
    options.overrides = std::move(overrides);
    return options;
}

// Of a text without a mistake.
inline Loaded load(const std::string& text, std::vector<std::string> overrides = {})
{
    auto loaded = load_text(text, "test.cfg", with_overrides(std::move(overrides)));
    EXPECT_TRUE(loaded.has_value()) << text << '\n' << (loaded ? "" : loaded.error().message());
    return loaded ? std::move(*loaded) : Loaded{};
}

// What a text is refused with.
inline std::string error_of(const std::string& text, std::vector<std::string> overrides = {})
{
    const auto loaded = load_text(text, "test.cfg", with_overrides(std::move(overrides)));
    EXPECT_FALSE(loaded.has_value()) << text;
    return loaded ? "" : loaded.error().message();
}

// The sentence of an error, with its place but without the line of the file.
inline std::string first_line(const std::string& message)
{
    return message.substr(0, message.find('\n'));
}

inline std::vector<std::string> warnings_of(const Loaded& loaded)
{
    std::vector<std::string> messages;
    for (const auto& warning : loaded.warnings) {
        messages.push_back(warning.message);
    }
    return messages;
}

} // namespace windsor::config
