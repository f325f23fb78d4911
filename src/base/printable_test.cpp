// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/printable.hpp"

#include <gtest/gtest.h>

namespace windsor::base {
namespace {

TEST(PrintableTest, TextStaysAsItIs)
{
    EXPECT_EQ(printable("Zwölf Boxkämpfer\n\tjagen €, ░"), "Zwölf Boxkämpfer\n\tjagen €, ░");
    EXPECT_EQ(printable(""), "");
}

TEST(PrintableTest, OrdersToTerminalsDoNot)
{
    EXPECT_EQ(printable("\x1b]0;title\a\r"), "?]0;title??");
    EXPECT_EQ(printable("a\x7f"
                        "b"),
              "a?b");
    EXPECT_EQ(printable("\xc2\x9b" "31m\xc2\xa0\xc2"), "?31m\xc2\xa0\xc2"); // CSI, a space, half a character
    EXPECT_EQ(printable(std::string_view{"\0", 1}), "?");
}

TEST(PrintableTest, ALineStaysOne)
{
    EXPECT_EQ(printable_line("engine\n[info] forged\tline\r\x1b[2J"), "engine [info] forged line??[2J");
}

} // namespace
} // namespace windsor::base
