// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/fw_debug/debug_port.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace windsor::devices::fw_debug {
namespace {

class DebugPortTest : public testing::Test {
protected:
    void put(std::string_view text)
    {
        for (const char character : text) {
            port.write(0, bus::Width::Byte, static_cast<unsigned char>(character));
        }
    }

    std::vector<std::string> lines;
    DebugPort port{[this](std::string_view line) { lines.emplace_back(line); }};
};

TEST_F(DebugPortTest, ShowsItsPresence)
{
    EXPECT_EQ(port.read(0, bus::Width::Byte).value, 0xe9U);
    EXPECT_EQ(port.read(0, bus::Width::Word).status, bus::AccessStatus::BadWidth);
}

TEST_F(DebugPortTest, HandsOnWholeLines)
{
    put("SeaBIOS (version 1.16)\r\nBUILD");
    EXPECT_EQ(lines, std::vector<std::string>{"SeaBIOS (version 1.16)"});
    put(": gcc\n\n");
    EXPECT_EQ(lines.back(), "BUILD: gcc");
    EXPECT_EQ(lines.size(), 2U);
}

TEST_F(DebugPortTest, DefusesControlCharactersAndCutsEndlessLines)
{
    put("a\x1b[31mb\xff\tc\n");
    EXPECT_EQ(lines.back(), "a[31mb? c");
    put(std::string(10 * kLongestLine + 5, 'x'));
    EXPECT_EQ(lines.size(), 11U);
    EXPECT_EQ(lines.back().size(), kLongestLine);
    port.reset();
    EXPECT_EQ(lines.back(), "xxxxx");
}

} // namespace
} // namespace windsor::devices::fw_debug
