// SPDX-License-Identifier: GPL-2.0-or-later
// Which files are read as configurations.
#include "config/file.hpp"

#include "base/test_folder.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::EndsWith;

class ConfigFile : public testing::Test {
protected:
    std::string written(const std::string& text) const
    {
        std::ofstream{path_, std::ios::binary} << text;
        return path_;
    }

    std::string error() const
    {
        const auto text = read_config_file(path_, "domain configuration");
        return text ? "" : text.error().message();
    }

    base::TestFolder folder_;
    std::string path_{folder_ / "x.cfg"};
};

TEST_F(ConfigFile, IsReadWhole)
{
    for (const std::string& text :
         {std::string{}, std::string{"memory = 64\n"}, std::string(100'000, 'x'), std::string{"a\0b\n", 4}}) {
        EXPECT_EQ(read_config_file(written(text), "domain configuration"), text);
    }
}

TEST_F(ConfigFile, HasAMebibyteAtMost)
{
    EXPECT_EQ(read_config_file(written(std::string(1 << 20, '#')), "domain configuration")->size(), 1U << 20);
    written(std::string((1 << 20) + 1, '#'));
    EXPECT_EQ(error(), path_ + ": the domain configuration is larger than 1 MiB");
}

TEST_F(ConfigFile, ThatCannotBeOpenedIsNamed)
{
    EXPECT_EQ(error(), path_ + ": the domain configuration cannot be opened: No such file or directory");
    std::filesystem::create_symlink(path_, path_);
    EXPECT_THAT(error(), EndsWith("Too many levels of symbolic links"));
    EXPECT_EQ(read_config_file(folder_ / "none", "host configuration").error().message(),
              (folder_ / "none").string() + ": the host configuration cannot be opened: No such file or directory");
}

TEST_F(ConfigFile, IsNoDirectoryAndNoDevice)
{
    EXPECT_EQ(read_config_file("/dev/zero", "domain configuration").error().message(),
              "/dev/zero: the domain configuration must be a file or a pipe");
    EXPECT_EQ(read_config_file("/", "domain configuration").error().message(),
              "/: the domain configuration must be a file or a pipe");
    EXPECT_EQ(read_config_file("/dev/null", "domain configuration"), "") << "settings of the command line alone";
}

TEST_F(ConfigFile, MayBeAPipe)
{
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    std::thread writer{[&] { std::ofstream{path_} << "memory = 64\n" << std::string(200'000, '#') << std::flush; }};
    const auto text = read_config_file(path_, "domain configuration");
    writer.join();
    ASSERT_TRUE(text.has_value()) << text.error().message();
    EXPECT_EQ(text->size(), 200'012U) << "more than the pipe holds at once";
}

TEST_F(ConfigFile, IsThereEvenIfItCannotBeRead)
{
    EXPECT_FALSE(config_file_exists(path_));
    EXPECT_FALSE(config_file_exists(path_ + "/below/nothing"));
    written("");
    EXPECT_TRUE(config_file_exists(path_));
    EXPECT_FALSE(config_file_exists(path_ + "/below a file"));
    EXPECT_TRUE(config_file_exists(std::string(5000, 'x'))) << "what cannot be looked at counts as there";
}

} // namespace
} // namespace windsor::config
