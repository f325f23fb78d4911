// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log_file.hpp"
#include "base/test_folder.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace windsor::base {

namespace {

namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
protected:
    std::string path() const { return (directory_ / "log").string(); }
    std::string contents() const
    {
        std::ifstream file{path()};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    TestFolder directory_;
};

TEST_F(LogFileTest, KeepsTheNewestLinesAndNeverGrowsBeyondItsSize)
{
    LogFile log = LogFile::open(path(), 4096).value();
    for (int i = 0; i < 5000; ++i) {
        log.append("line " + std::to_string(i) + "\n");
        ASSERT_LE(fs::file_size(path()), 4096u + 200u);
    }
    const std::string text = contents();
    EXPECT_TRUE(text.starts_with("(older lines have been removed")) << text.substr(0, 80);
    EXPECT_TRUE(text.ends_with("line 4998\nline 4999\n"));
    // Whole lines, each once, in their order.
    const std::size_t first = text.find("line ");
    int number = std::stoi(text.substr(first + 5));
    for (std::size_t at = first; at < text.size(); at = text.find('\n', at) + 1) {
        EXPECT_EQ(text.substr(at, text.find('\n', at) - at), "line " + std::to_string(number++));
    }
}

TEST_F(LogFileTest, GoesOnInAFileThatThereIs)
{
    LogFile::open(path()).value().append("first\n");
    LogFile::open(path()).value().append("second\n");
    EXPECT_EQ(contents(), "first\nsecond\n");
    EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(LogFileTest, NoLineIsLongerThanAFile)
{
    LogFile log = LogFile::open(path(), 4096).value();
    log.append(std::string(100'000, 'x') + "\n");
    log.append("next\n");
    EXPECT_LE(fs::file_size(path()), 4096u);
}

TEST_F(LogFileTest, SaysWhyItCannotBeWritten)
{
    EXPECT_NE(LogFile::open((directory_ / "none" / "log").string()).error().message().find("cannot write the log"),
              std::string::npos);
}

} // namespace

} // namespace windsor::base
