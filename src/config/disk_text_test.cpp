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
    EXPECT_EQ(parse_disk("/x,raw,hda,rw,size=20G", warnings)->size, std::uint64_t{20} << 30);
}

TEST(Disk, WrongStringsAreRefused)
{
    EXPECT_EQ(disk_of("file:/p,xvde,w"),
              "the drive 'xvde' is not there: the machine has the four drives hda, hdb, hdc and hdd");
    EXPECT_THAT(disk_of("file:/p,hde,w"), HasSubstr("hda, hdb, hdc and hdd"));
    EXPECT_THAT(disk_of("file:/p,hda1,w"), HasSubstr("hda, hdb, hdc and hdd"));
    EXPECT_THAT(disk_of("/p,raw,d0p0,w"), HasSubstr("hda, hdb, hdc and hdd"));
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

// What xl understands by each of these, as far as Windsor has it.
TEST(Disk, MeansWhatItMeansToXl)
{
    struct Spelling {
        const char* text;
        const char* meaning;
    };
    constexpr Spelling kSpellings[] = {
        {"/dev/vg/volume,,hda", "/dev/vg/volume hda w phy"},
        {"/dev/vg/volume,raw,hda,rw", "/dev/vg/volume hda w phy"},
        {"/dev/vg/volume,,hda,,", "/dev/vg/volume hda w phy"},
        {"format=raw, vdev=hda, access=rw, target=/dev/vg/volume", "/dev/vg/volume hda w phy"},
        {"raw:/dev/vg/volume,hda,w", "/dev/vg/volume hda w phy"},
        {"raw:/dev/vg/volume,hda", "/dev/vg/volume hda w phy"},
        {"/cd.iso,,hdc,cdrom", "/cd.iso hdc r cdrom"},
        {"/cd.iso,,hdc,,cdrom", "/cd.iso hdc r cdrom"},
        {"/cd.iso,raw,hdc,devtype=cdrom", "/cd.iso hdc r cdrom"},
        {"/cd.iso,raw,hdc:cdrom,r", "/cd.iso hdc r cdrom"},
        {"/cd.iso,,hdc:cdrom,rw", "/cd.iso hdc r cdrom"},
        {"/x.img,raw,hdb:disk,r", "/x.img hdb r"},
        {"format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/cd.iso", "/cd.iso hdc r cdrom"},
        {"raw:/cd.iso,hdc:cdrom,ro", "/cd.iso hdc r cdrom"},
        {"backendtype=phy,vdev=xvdb,access=w,target=/dev/vg/volume", "/dev/vg/volume hdb w phy"},
        {"devtype=cdrom,,,hdc", " hdc r cdrom"},
        {",,hdc:cdrom,r", " hdc r cdrom"},
        {",hdc:cdrom,r", " hdc r cdrom"},
        {",empty,hdc:cdrom,r", " hdc r cdrom"},
        {"vdev=hdc,access=r,devtype=cdrom,target=", " hdc r cdrom"},
        {"vdev=hdc,access=r,devtype=cdrom,format=empty", " hdc r cdrom"},
        {"vdev=hdc,access=r,devtype=cdrom", " hdc r cdrom"},
        {"discard,vdev=hda,target=/x.raw", "/x.raw hda w"},
        {"cdrom,no-discard,vdev=hda,target=/x.iso", "/x.iso hda r cdrom"},
        {"trusted,vdev=hda,target=/x.raw", "/x.raw hda w"},
        {"untrusted,vdev=hda,target=/x.raw", "/x.raw hda w"},
        {"grant_usage=1,no-colo,vdev=hda,target=/x.raw", "/x.raw hda w"},
        {"/dev/vg/volume,raw,hda,rw,backendtype=phy", "/dev/vg/volume hda w phy"},
        {"/dev/vg/volume,,hda,,backendtype=phy", "/dev/vg/volume hda w phy"},
        {"/boot.iso,raw,hdc,r,backendtype=qdisk,devtype=cdrom", "/boot.iso hdc r cdrom"},
        {"tap2:aio:/some.img,xvda,w", "/some.img hda w"},
        {"file:/boot.iso&more,hdc:cdrom,r", "/boot.iso&more hdc r cdrom"},
        {"a:b.img,raw,hda,r", "a:b.img hda r"},
        {"vdev=hda,target=file:/p", "file:/p hda w"},
    };
    for (const Spelling& spelling : kSpellings) {
        EXPECT_EQ(disk_of(spelling.text), spelling.meaning) << spelling.text;
    }
}

// xl-disk-configuration(5): a parameter with an empty value has its default, blanks may stand before each, and what has
// no "=" is the next positional parameter that has not been given by its name.
TEST(Disk, HasTheDefaultsOfXlForWhatIsEmpty)
{
    struct Spelling {
        const char* text;
        const char* meaning;
    };
    constexpr Spelling kSpellings[] = {
        {"/x.img,,hda,", "/x.img hda w"},
        {"format=,vdev=hda,access=,target=/x.img", "/x.img hda w"},
        {"  /x.img  ,  raw  ,  hda  ,  ro  ", "/x.img hda r"},
        {"\t/x.img,\traw,\thda", "/x.img hda w"},
        {"vdev=hda,/x.img", "/x.img hda w"},
        {"format=raw,/x.img,hda,ro", "/x.img hda r"},
        {"/x.img,vdev=hdb,raw", "/x.img hdb w"},
        {"access=ro,/x.img,raw,hda", "/x.img hda r"},
        {"/x.iso,raw,hdc,rw,cdrom", "/x.iso hdc r cdrom"},
        {"vdev=hda,target=/with, blanks = and commas", "/with, blanks = and commas hda w"},
        {"/x.img,raw,hda,rw,discard,no-discard", "/x.img hda w"},
        {"/x.img,raw,hda,rw,backend=0,script=,specification=xen", "/x.img hda w"},
        {"/x.img,raw,hda,rw,backendtype=tap", "/x.img hda w"},
    };
    for (const Spelling& spelling : kSpellings) {
        EXPECT_EQ(disk_of(spelling.text), spelling.meaning) << spelling.text;
    }
}

TEST(Disk, SizesAreInPowersOf1024)
{
    const auto size = [](const std::string& text) {
        std::vector<std::string> warnings;
        const auto disk = parse_disk("/x,raw,hda,rw,size=" + text, warnings);
        return disk ? disk->size : std::nullopt;
    };
    EXPECT_EQ(size("1"), 1U);
    EXPECT_EQ(size("512k"), std::uint64_t{512} << 10);
    EXPECT_EQ(size("20GiB"), std::uint64_t{20} << 30);
    EXPECT_EQ(size("3MB"), std::uint64_t{3} << 20);
    EXPECT_EQ(size("1T"), std::uint64_t{1} << 40);
    EXPECT_EQ(size("1048576T"), std::uint64_t{1} << 60) << "the largest";
    for (const char* wrong : {"", "0", "-1", "1X", "1GG", "1048577T", "1152921504606846977", "G", "1.5G", "0x10"}) {
        EXPECT_EQ(size(wrong), std::nullopt) << wrong;
    }
}

// Whatever Windsor cannot reach is refused by its name, and never taken for the path of a file.
TEST(Disk, WhatHasNoBackEndIsRefusedByName)
{
    struct Refusal {
        const char* text;
        const char* sentence;
    };
    constexpr Refusal kRefusals[] = {
        {"rbd:pool/image,raw,hda,rw", "'rbd:' disks are not provided yet"},
        {"vdev=hdb,target=rbd:pool/image:mon_host=a", "'rbd:' disks are not provided yet"},
        {"iscsi:iqn.2001-05.com.example:0-8a,xvda,w", "'iscsi:' disks are not provided yet"},
        {"drbd:app01,hda,w", "'drbd:' disks are not provided yet"},
        {"vdev=xvda,access=w,script=block-iscsi,target=iqn.2001-05.com.example", "the disk's script 'block-iscsi'"},
        {"/x,raw,hda,rw,script=block-x", "the disk's script 'block-x' is not run"},
        {"/home.img,qcow2,hdb,rw", "disks in the format 'qcow2' are not provided yet"},
        {"format=qed,vdev=hdb,target=/home.img", "disks in the format 'qed' are not provided yet"},
        {"tap:vmdk:/home.img,hdb,w", "disks in the format 'vmdk' are not provided yet"},
        {"fiel:/x,hda,w", "'fiel:' is no kind of disk; the nearest is 'file:'"},
        {"foo", "the disk's drive is missing"},
        {"/x,raw,hda:floppy,w", "'floppy' is no kind of drive"},
        {"/x,raw,hda,w,target=/y", "the disk has two targets, '/x' and '/y'"},
        {"/x,raw,hda,w,vdev=hdb", "the disk has two drives, 'hda' and 'hdb'"},
        {"/x,raw,hda,w,more", "'more' is no option of a disk"},
        {"/x,raw,hda,w,specification=virtio", "'virtio' disks are not provided"},
        {"/x,raw,hda,w,backendtype=standalone", "'standalone' is no back end"},
        {"/x,raw,hda,w,colo", "'colo' replication is not provided"},
        {"/x,raw,hda,w,backend=storage", "served by the domain 'storage'"},
    };
    for (const Refusal& refusal : kRefusals) {
        EXPECT_THAT(disk_of(refusal.text), HasSubstr(refusal.sentence)) << refusal.text;
    }
}

} // namespace
} // namespace windsor::config
