// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/json_bounds.hpp"

#include <gtest/gtest.h>
#include <string>

namespace windsor::base {

namespace {

std::string nested(std::size_t depth)
{
    return std::string(depth, '[') + std::string(depth, ']');
}

TEST(JsonBounds, DepthIsBounded)
{
    EXPECT_TRUE(within_bounds(nested(64)));
    EXPECT_FALSE(within_bounds(nested(65)));
    EXPECT_FALSE(within_bounds(nested(400'000)));
    std::string objects;
    for (unsigned i = 0; i < 65; ++i) {
        objects += R"({"a":)";
    }
    EXPECT_FALSE(within_bounds(objects));
    EXPECT_TRUE(within_bounds("[[],[],[],[]]", {.depth = 2}));
}

TEST(JsonBounds, SizesAreBounded)
{
    EXPECT_TRUE(within_bounds("[1,2,3]", {.values = 4}));
    EXPECT_FALSE(within_bounds("[1,2,3,4]", {.values = 4}));
    EXPECT_FALSE(within_bounds("[[],[],[]]", {.values = 5}));
    EXPECT_FALSE(within_bounds("\"12345\"", {.bytes = 6}));
}

// Brackets count where a parser sees them.
TEST(JsonBounds, StringsAreSkipped)
{
    EXPECT_TRUE(within_bounds('"' + std::string(1000, '[') + '"'));
    EXPECT_TRUE(within_bounds(R"("\"[[[[[[[[")", {.depth = 1}));
    EXPECT_FALSE(within_bounds(R"("\\"[[)", {.depth = 1}));
    EXPECT_TRUE(within_bounds("\"\\"));
    EXPECT_TRUE(within_bounds("]]]]}}}}"));
    EXPECT_TRUE(within_bounds(""));
}

} // namespace

} // namespace windsor::base
