// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

// "path vdev access kind backend", or the error.
std::string disk_of(std::string_view text)
{
    std::vector<std::string> warnings;
    const auto disk = parse_disk(text, warnings);
    if (!disk) {
        return disk.error();
    }
    constexpr const char* kAccess[] = {"r", "w", "w!"};
    return disk->path + " " + disk->vdev + " " + kAccess[static_cast<std::size_t>(disk->access)] +
           (disk->kind == DiskKind::Cdrom ? " cdrom" : "") + (disk->backend == DiskBackend::Physical ? " phy" : "");
}

std::string vif_error(std::string_view text)
{
    std::vector<std::string> warnings;
    const auto vif = parse_vif(text, warnings);
    return vif ? "" : vif.error();
}

TEST(Disk, ClassicStringsAreRead)
{
    EXPECT_EQ(disk_of("file:/p.img,hda,w"), "/p.img hda w");
    EXPECT_EQ(disk_of("file:/p.img,ioemu:hda,w"), "/p.img hda w");
    EXPECT_EQ(disk_of("phy:/dev/cdrom,ioemu:hdc:cdrom,r"), "/dev/cdrom hdc r cdrom phy");
    EXPECT_EQ(disk_of("phy:sdb1,hdb,w!"), "/dev/sdb1 hdb w! phy");
    EXPECT_EQ(disk_of("phy:vg/lv,hdb,r"), "/dev/vg/lv hdb r phy");
    EXPECT_EQ(disk_of("tap:aio:/p.img,hdd,w"), "/p.img hdd w");
    EXPECT_EQ(disk_of("tap2:tapdisk:aio:/p.img,hda,r"), "/p.img hda r");
    EXPECT_EQ(disk_of("file:/p.iso,hdc:cdrom"), "/p.iso hdc r cdrom");
    EXPECT_EQ(disk_of("file:,hdc:cdrom,r"), " hdc r cdrom");
    EXPECT_EQ(disk_of(",hdc:cdrom,r"), " hdc r cdrom");
    EXPECT_EQ(disk_of(",ioemu:hdc:cdrom,r"), " hdc r cdrom");
    EXPECT_EQ(disk_of("file:/with:colon.img,hda,w,0"), "/with:colon.img hda w");
    EXPECT_EQ(disk_of("file:relative.img,/dev/hda,w"), "relative.img hda w");
}

TEST(Disk, NewStringsAreRead)
{
    EXPECT_EQ(disk_of("/p.img,raw,hda,rw"), "/p.img hda w");
    EXPECT_EQ(disk_of("/p.img,,hdb,"), "/p.img hdb w");
    EXPECT_EQ(disk_of("/dev/vg/lv,raw,hda,ro"), "/dev/vg/lv hda r phy");
    EXPECT_EQ(disk_of("format=raw, vdev=hda, access=rw, target=/x.img"), "/x.img hda w");
    EXPECT_EQ(disk_of("vdev=hda,access=w,target=/a,b=c.img"), "/a,b=c.img hda w");
    EXPECT_EQ(disk_of("/x.iso,,hdc,cdrom"), "/x.iso hdc r cdrom");
    EXPECT_EQ(disk_of("/x.iso,raw,hdc,devtype=cdrom"), "/x.iso hdc r cdrom");
    EXPECT_EQ(disk_of(",,hdc,cdrom"), " hdc r cdrom");
    EXPECT_EQ(disk_of("/x,raw,hda,rw,direct-io-safe,discard,backendtype=qdisk"), "/x hda w");
    EXPECT_EQ(disk_of("phy:/dev/vg/lv,xvdb,w"), "/dev/vg/lv hdb w phy");
    std::vector<std::string> warnings;
    EXPECT_EQ(parse_disk("/x,raw,xvda,rw", warnings)->vdev, "hda");
    EXPECT_THAT(warnings, testing::ElementsAre("the drive 'xvda' is the IDE drive hda"));
    warnings.clear();
    EXPECT_EQ(parse_disk("/x,raw,hda,rw,size=20G,script=block-x", warnings)->size, std::uint64_t{20} << 30);
    EXPECT_THAT(warnings, testing::ElementsAre(HasSubstr("'block-x' is accepted without effect")));
}

TEST(Disk, WrongStringsAreRefused)
{
    EXPECT_EQ(disk_of("file:/p,xvde,w"),
              "the drive 'xvde' is not there: the machine has the four drives hda, hdb, hdc and hdd");
    EXPECT_THAT(disk_of("file:/p,hde,w"), HasSubstr("hda, hdb, hdc and hdd"));
    EXPECT_THAT(disk_of("file:/p,hda1,w"), HasSubstr("hda, hdb, hdc and hdd"));
    EXPECT_THAT(disk_of("/p,raw,d0p0,w"), HasSubstr("hda, hdb, hdc and hdd"));
    EXPECT_EQ(disk_of("file:/p,hda"), "the disk's mode is missing: 'r', 'w' or 'w!'");
    EXPECT_THAT(disk_of("file:/p,hda,x"), HasSubstr("'x' is no mode of a disk"));
    EXPECT_EQ(disk_of("file:,hda,w"), "the disk hda has no image or device; only a CD drive can be empty");
    EXPECT_EQ(disk_of("tap:qcow2:/p,hda,w"),
              "disks in the format 'qcow2' are not provided yet; convert the image to raw");
    EXPECT_EQ(disk_of("/p,hda,w"),
              "'hda' stands where the disk's format belongs; write 'PATH,raw,hda,MODE' or 'file:PATH,hda,MODE'");
    EXPECT_EQ(disk_of("/p,qcow3,hda,w"), "'qcow3' is no disk format; the nearest is 'qcow'");
    EXPECT_THAT(disk_of("nbd:server:1,hda,w"), HasSubstr("'nbd:' disks are not provided yet"));
    EXPECT_EQ(disk_of("/p,raw,hda,rw,acces=ro"), "'acces' is no option of a disk; the nearest is 'access'");
    EXPECT_EQ(disk_of("/p"), "the disk's drive is missing: hda, hdb, hdc or hdd");
    EXPECT_EQ(disk_of(""), "this disk's text is empty");
    EXPECT_THAT(disk_of("file:/p,hda,w,dom1"), HasSubstr("driver domains"));
    EXPECT_THAT(disk_of("/x,raw,hda,rw,size=huge"), HasSubstr("write it like 20G"));
    EXPECT_THAT(disk_of("/x,raw,hda,rw,size=99999999T"), HasSubstr("write it like 20G"));
}

TEST(Mac, IsCheckedAndUnified)
{
    EXPECT_EQ(parse_mac("00:16:3E:7e:f3:15"), "00:16:3e:7e:f3:15");
    EXPECT_EQ(parse_mac("00-16-3e-7e-f3-15"), "00:16:3e:7e:f3:15");
    EXPECT_THAT(parse_mac("00:16:3e:7e:f3").error(), HasSubstr("is no MAC address"));
    EXPECT_THAT(parse_mac("00:16:3e:7e:f3:1g").error(), HasSubstr("is no MAC address"));
    EXPECT_THAT(parse_mac("01:16:3e:7e:f3:15").error(), HasSubstr("multicast"));
    EXPECT_THAT(parse_mac("00:00:00:00:00:00").error(), HasSubstr("cannot be"));
}

TEST(Vif, StringsAreRead)
{
    std::vector<std::string> warnings;
    const auto vif = parse_vif("type=ioemu, mac=00:16:3e:01:02:03, bridge=xenbr0, model=e1000, vifname=v0", warnings);
    ASSERT_TRUE(vif.has_value());
    EXPECT_EQ(vif->mac, "00:16:3e:01:02:03");
    EXPECT_EQ(vif->bridge, "xenbr0");
    EXPECT_EQ(vif->model, "e1000");
    EXPECT_EQ(vif->vifname, "v0");
    EXPECT_TRUE(warnings.empty());
    EXPECT_TRUE(parse_vif("", warnings).has_value());
    EXPECT_TRUE(parse_vif("bridgee=x", warnings).has_value());
    EXPECT_THAT(warnings, testing::ElementsAre("'bridgee' is no option of a network card; the nearest is 'bridge'"));
    EXPECT_THAT(vif_error("xenbr0"), HasSubstr("written NAME=VALUE"));
    EXPECT_THAT(vif_error("type=blob"), HasSubstr("no type of network card"));
    EXPECT_THAT(vif_error("mac=zz"), HasSubstr("is no MAC address"));
}

TEST(Uuid, IsCheckedAndUnified)
{
    EXPECT_EQ(parse_uuid("5B001F4D789190D82F5596A56E8D07DF"), "5b001f4d-7891-90d8-2f55-96a56e8d07df");
    EXPECT_THAT(parse_uuid("5b001f4d").error(), HasSubstr("is no UUID"));
}

} // namespace
} // namespace windsor::config
