// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/media.hpp"

#include "config/saved_config.hpp"
#include "config/testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

TEST(Drives, AreNamedInAllOfXensWays)
{
    for (const char* const text :
         {"hdc", "/dev/hdc", "xvdc", "hdc:cdrom", "ioemu:hdc:cdrom", "d2", "d2p0", "5632", "0x1600"}) {
        EXPECT_EQ(parse_drive(text), "hdc") << text;
    }
    EXPECT_EQ(parse_drive("768"), "hda");
    EXPECT_EQ(parse_drive("5696"), "hdd");
    EXPECT_EQ(parse_drive("fdb"), "fdb");
    EXPECT_EQ(parse_drive("512"), "fda");
    for (const char* const text : {"", "hde", "xvde", "sda", "d4", "d", "dp0", "d0x1", "51712", "0x", "-1", "hdcc",
                                   "5632 ", "99999999999999999999"}) {
        EXPECT_FALSE(parse_drive(text)) << text;
    }
    EXPECT_THAT(parse_drive("sda").error(), HasSubstr("'sda' is no drive; there are hda, hdb, hdc and hdd"));
}

TEST(Drives, HaveLinuxNumbers)
{
    for (const char* const drive : {"hda", "hdb", "hdc", "hdd", "fda", "fdb"}) {
        EXPECT_EQ(parse_drive(std::to_string(drive_number(drive))), drive);
    }
    EXPECT_EQ(drive_number("hdc"), 5632u);
}

TEST(Media, AreNamedAsInDisk)
{
    using enum DiskBackend;
    EXPECT_EQ(parse_medium("/a/b.iso"), (Medium{.path = "/a/b.iso", .backend = File}));
    EXPECT_EQ(parse_medium("b.iso"), (Medium{.path = "b.iso", .backend = File}));
    EXPECT_EQ(parse_medium("file:/a/b.iso,raw"), (Medium{.path = "/a/b.iso", .backend = File}));
    EXPECT_EQ(parse_medium("tap:aio:/a/b.iso"), (Medium{.path = "/a/b.iso", .backend = File}));
    EXPECT_EQ(parse_medium("phy:/dev/cdrom"), (Medium{.path = "/dev/cdrom", .backend = Physical}));
    EXPECT_EQ(parse_medium("phy:cdrom"), (Medium{.path = "/dev/cdrom", .backend = Physical}));
    EXPECT_EQ(parse_medium("/dev/sr0"), (Medium{.path = "/dev/sr0", .backend = Physical}));
    EXPECT_EQ(parse_medium("/a,b.iso"), (Medium{.path = "/a,b.iso", .backend = File}));
    EXPECT_FALSE(parse_medium(""));
    EXPECT_FALSE(parse_medium(",raw"));
    EXPECT_FALSE(parse_medium("file:"));
    EXPECT_FALSE(parse_medium(std::string_view{"a\0b", 3}));
    EXPECT_THAT(parse_medium("nbd:host:1").error(), HasSubstr("'nbd:' disks are not provided yet"));
    EXPECT_THAT(parse_medium("qcow2:/a").error(), HasSubstr("convert the image to raw"));
}

DomainConfig config_with(const std::string& lines)
{
    return load("name = 'a'\nbuilder = 'hvm'\n" + lines).config;
}

nlohmann::ordered_json shown(const DomainConfig& config, const char* key)
{
    return to_json(config)[key];
}

TEST(Media, StandInTheConfigurationWhenTheyWereChanged)
{
    DomainConfig config = config_with("disk = ['file:/a.img,hda,w', 'phy:/dev/cdrom,hdc:cdrom,r']\nfda = '/old.img'\n");
    change_medium(config, "hdc", {.path = "/b.iso", .access = DiskAccess::ReadWrite});
    const DiskConfig& cdrom = *find_drive(config, "hdc");
    EXPECT_EQ(cdrom.path, "/b.iso");
    EXPECT_EQ(cdrom.backend, DiskBackend::File);
    EXPECT_EQ(cdrom.access, DiskAccess::ReadOnly) << "of a CD always";
    EXPECT_EQ(shown(config, "disk"), (nlohmann::json{"file:/a.img,hda,w", "file:/b.iso,hdc:cdrom,r"}));

    change_medium(config, "hdc", {});
    EXPECT_EQ(shown(config, "disk")[1], ",hdc:cdrom,r");
    change_medium(config, "hdc", {.path = "/c,d.iso"});
    EXPECT_EQ(shown(config, "disk")[1], "vdev=hdc, access=ro, devtype=cdrom, target=/c,d.iso");
    EXPECT_EQ(find_drive(config_with("disk = ['" + cdrom.text + "']\n"), "hdc")->path, "/c,d.iso");

    change_medium(config, "fda", {.path = "/new.img", .access = DiskAccess::ReadWrite});
    EXPECT_EQ(shown(config, "fda"), "file:/new.img");
    EXPECT_EQ(find_drive(config, "fda")->access, DiskAccess::ReadWrite);
    change_medium(config, "hdd", {.path = "/none"}); // there is none
    EXPECT_EQ(config.disks.size(), 3u);
}

TEST(Media, OfTheKeyCdromStandThere)
{
    DomainConfig config = config_with("cdrom = '/dev/cdrom'\n");
    for (const char* const path : {"/b.iso", "", "/c.iso"}) {
        change_medium(config, "hdc", {.path = path});
        EXPECT_EQ(shown(config, "cdrom"), *path != '\0' ? std::string{"file:"} + path : std::string{});
        EXPECT_EQ(find_drive(config, "hdc")->path, path);
    }
}

TEST(Media, AreSavedWithTheConfigurationEvenIfThereIsNone)
{
    DomainConfig config = config_with("disk = ['file:/a.img,hda,w', '/b.iso,raw,hdc,r,cdrom']\nfda = '/old.img'\n");
    for (const char* const drive : {"hdc", "fda"}) {
        EXPECT_TRUE(is_removable(*find_drive(config, drive)));
        change_medium(config, drive, {});
    }
    EXPECT_FALSE(is_removable(*find_drive(config, "hda")));
    const auto back = restore(save(config));
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(medium_of(*find_drive(*back, "fda")), (Medium{.access = DiskAccess::ReadOnly}));
    change_medium(config, "hda", {}); // a hard disk without an image is none
    EXPECT_FALSE(restore(save(config)));
}

} // namespace
} // namespace windsor::config
