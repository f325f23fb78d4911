// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/firmware_files.hpp"

#include "base/test_folder.hpp"

#include <fstream>
#include <string_view>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace windsor::toolstack {

namespace {

using namespace std::string_view_literals;

class FirmwareFiles : public testing::Test {
protected:
    std::string write(std::string_view bytes)
    {
        std::ofstream{folder_ / "file", std::ios::binary} << bytes;
        return (folder_ / "file").string();
    }
    std::string refusal(const std::string& path)
    {
        config::DomainConfig config;
        config.smbios_firmware = path;
        const auto read = read_firmware_files(config);
        return read ? "it was read" : read.error().message();
    }

    base::TestFolder folder_;
};

TEST_F(FirmwareFiles, AreReadIntoTheConfiguration)
{
    config::DomainConfig config;
    config.acpi_tables = {1, 2, 3};
    ASSERT_TRUE(read_firmware_files(config));
    EXPECT_TRUE(config.acpi_tables.empty()) << "no file is named";
    config.smbios_firmware = write("\x06\0\0\0\x82\x04\0\0\0\0"sv);
    ASSERT_TRUE(read_firmware_files(config));
    EXPECT_EQ(config.smbios_structures.size(), 10u);
}

TEST_F(FirmwareFiles, WhatIsNoneIsRefusedWithItsPath)
{
    const std::string path = (folder_ / "file").string();
    EXPECT_EQ(refusal(path), "cannot read " + path + ": No such file or directory");
    EXPECT_EQ(refusal(folder_.path().string()),
              folder_.path().string() + " is no file; name one that holds the tables");
    EXPECT_EQ(refusal(write("")), path + " is empty; name a file that holds the tables");
    EXPECT_EQ(refusal(write("\x06")), path +
                                          " cannot be used: structure 1 goes beyond the end; each is preceded by its "
                                          "size in 32 bits");
    EXPECT_EQ(refusal(write(std::string(1 << 20, 'x'))),
              path + " cannot be used: it has 16385 bytes; SMBIOS structures have 16384 at the most");
    const std::string pipe = (folder_ / "pipe").string();
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(refusal(pipe), pipe + " is no file; name one that holds the tables") << "nobody is waited for";
}

} // namespace

} // namespace windsor::toolstack
