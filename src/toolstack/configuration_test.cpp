// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "toolstack/configuration.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

namespace windsor::toolstack {

namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class ConfigurationTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        fs::create_directories(directory_ / "one");
        fs::create_directories(directory_ / "two");
    }
    void write(const fs::path& file, const std::string& text) { std::ofstream{directory_ / file} << text; }
    std::string search() const { return (directory_ / "one").string() + ":" + (directory_ / "two").string(); }

    base::TestFolder directory_;
};

TEST_F(ConfigurationTest, IsTheFirstOnTheSearchPath)
{
    write("two/falstaff", "");
    EXPECT_EQ(find_config("falstaff", search()).value(), directory_ / "two/falstaff");
    write("one/falstaff", "");
    EXPECT_EQ(find_config("falstaff", search()).value(), directory_ / "one/falstaff");
}

TEST_F(ConfigurationTest, IsNotSearchedForWithASlash)
{
    write("one/falstaff", "");
    EXPECT_EQ(find_config("./falstaff", search()).value(), "./falstaff");
}

TEST_F(ConfigurationTest, IsMissedByName)
{
    const auto found = find_config("hal", search());
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message(), HasSubstr("no configuration file 'hal' in " + search()));
}

TEST_F(ConfigurationTest, GivesWayToSettings)
{
    write("one/falstaff", "builder = 'hvm'\nname = 'falstaff'\nmemory = 64\n");
    const auto read = read_configuration(directory_ / "one/falstaff", {"memory=96"});
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(read->loaded.config.name, "falstaff");
    EXPECT_EQ(read->loaded.config.memory_mb, 96);
    EXPECT_THAT(read->origin.text, HasSubstr("memory = 64"));
    EXPECT_EQ(read->origin.overrides, std::vector<std::string>{"memory=96"});
}

} // namespace

} // namespace windsor::toolstack
