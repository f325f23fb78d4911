// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/identity.hpp"

#include "base/test_folder.hpp"
#include "domain/activation.hpp"
#include "domain/windows_volume.hpp"

#include <array>
#include <fstream>
#include <functional>
#include <sys/stat.h>

#include <gtest/gtest.h>

namespace windsor::domain {

namespace {

const std::string kUuid = "5b001f4d-7891-40d8-9f55-96a56e8d07df";

Identity falstaff()
{
    return {.name = "falstaff",
            .configuration = "/etc/xen/falstaff",
            .uuid = kUuid,
            .hal = {.acpi = true, .apic = true, .processors = 2},
            .memory_mb = 512,
            .macs = {"00:16:3e:7e:f3:15", "00:16:3e:00:00:01"},
            .graphics = "standard VGA",
            .cdrom = "IDE CD-ROM drive",
            .disk = "IDE disk, serial number WD01",
            .processor = "GenuineIntel family 6 model 15 stepping 11",
            .volume = "1C2D-3E4F",
            .stage = InstallStage::First};
}

std::string refusal(const std::string& text)
{
    const auto identity = parse_identity(text);
    return identity ? "it was taken" : identity.error().message();
}

std::string without(std::string text, const std::string& part)
{
    return text.replace(text.find(part), part.size(), "");
}

TEST(IdentityTest, ComesBackFromItsText)
{
    EXPECT_EQ(parse_identity(print_identity(falstaff())).value(), falstaff());
    Identity least;
    least.name = "a";
    least.uuid = kUuid;
    least.memory_mb = 1;
    least.processor = "x";
    EXPECT_EQ(parse_identity(print_identity(least)).value(), least);
}

TEST(IdentityTest, DamagedTextsAreRefusedWithTheLine)
{
    const std::string good = print_identity(falstaff());
    EXPECT_EQ(refusal(""), "it is empty");
    EXPECT_EQ(refusal("uuid x\n"), "line 1 is not 'windsor-identity 2'");
    EXPECT_EQ(refusal("windsor-identity 3\n"), "it is of version 3, from a newer Windsor; this one knows them up to 2");
    EXPECT_EQ(refusal(good.substr(0, 60)), "it ends in the middle of line 3");
    EXPECT_EQ(refusal(good + "colour red\n"), "line 17 begins with 'colour', which is no word of it");
    EXPECT_EQ(refusal(good + "name other\n"), "line 17 has 'name' a second time");
    EXPECT_EQ(refusal(without(good, "memory 512\n")), "it has no line 'memory'");
    EXPECT_EQ(refusal(good + "mac 00:16:3e:7e:f3:1g\n"), "line 17 has no value that 'mac' can have");
    for (const std::string line :
         {"memory 0", "memory -1", "memory 99999999999999999999", "vcpus 0", "vcpus 128", "acpi 2", "uuid 5b00",
          "uuid 00000000-0000-0000-0000-000000000000", "install-stage 3", "name", "name ", "name a\tb"}) {
        const auto word = line.substr(0, line.find(' '));
        EXPECT_EQ(refusal("windsor-identity 1\n" + line + '\n'), "line 2 has no value that '" + word + "' can have");
    }
    std::string many = good;
    for (int i = 0; i < 7; ++i) {
        many += "mac 00:16:3e:00:00:01\n";
    }
    EXPECT_EQ(refusal(many), "line 23 has no value that 'mac' can have") << "a machine has eight cards at most";
}

// As the first version of the file was, without a word of SMBIOS.
TEST(IdentityTest, OlderFilesAreRead)
{
    const std::string old =
        "windsor-identity 1\nname a\nuuid " + kUuid + "\nacpi 1\napic 1\nvcpus 1\nmemory 128\nprocessor x\n";
    const Identity identity = parse_identity(old).value();
    EXPECT_EQ(identity.smbios, firmware::SmbiosTexts{});
    EXPECT_EQ(identity.smbios_source, SmbiosSource::Windsor);
    Identity chosen = identity;
    chosen.smbios = firmware::default_smbios_texts(parse_uuid(kUuid));
    EXPECT_TRUE(changes_between(identity, chosen).empty()) << "they were told the same then";
    chosen.smbios[firmware::SmbiosText::BiosVendor] = "ACME";
    EXPECT_EQ(changes_between(identity, chosen).size(), 1u);
}

TEST(IdentityTest, SmbiosTextsStandALineEach)
{
    Identity identity = falstaff();
    identity.smbios[firmware::SmbiosText::BiosVendor] = "ACME = Inc.";
    identity.smbios[firmware::SmbiosText::SystemFamily] = "";
    identity.smbios.oem = {"one", "two"};
    identity.smbios_source = SmbiosSource::Host;
    const std::string text = print_identity(identity);
    for (const std::string line : {"\nsmbios bios_vendor=ACME = Inc.\n", "\nsmbios system_family=\n",
                                   "\nsmbios oem=one\nsmbios oem=two\n", "\nsmbios-source host\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    EXPECT_EQ(parse_identity(text).value(), identity);
    EXPECT_EQ(refusal("windsor-identity 2\nsmbios bios_vendor=a\nsmbios bios_vendor=b\n"),
              "line 3 has no value that 'smbios' can have");
    for (const std::string wrong : {"smbios colour=red", "smbios host", "smbios-source me"}) {
        EXPECT_NE(refusal("windsor-identity 2\n" + wrong + '\n').find("line 2 has no value"), std::string::npos);
    }
}

TEST(IdentityTest, DrivesStandALineEach)
{
    Identity identity = falstaff();
    identity.drives = {
        {.vdev = "hda", .kind = config::DiskKind::Disk, .told = {.model = "A DISK", .firmware = "1.0", .serial = "S1"}},
        {.vdev = "hda", .kind = config::DiskKind::Cdrom, .told = {.model = "CD", .firmware = "2", .serial = "S2"}}};
    identity.firmware_files = "ACPI table SLIC 00";
    const std::string text = print_identity(identity);
    EXPECT_NE(text.find("\ndrive hda:disk S1 1.0 A DISK\ndrive hda:cdrom S2 2 CD\n"), std::string::npos) << text;
    EXPECT_EQ(parse_identity(text).value(), identity);
    EXPECT_EQ(refusal("windsor-identity 2\ndrive hda:disk S 1 M\ndrive hda:disk S 1 M\n"),
              "line 3 has no value that 'drive' can have");
    for (const std::string wrong : {"hda", "hd", "hda:disk", "hda:disk S", "hda:disk S 1", "hda:disk S 1 ",
                                    "hde:disk S 1 M", "hda:floppy S 1 M", "hda:disk S 123456789 M", "sda:disk S 1 M"}) {
        EXPECT_EQ(refusal("windsor-identity 2\ndrive " + wrong + '\n'), "line 2 has no value that 'drive' can have");
    }
}

TEST(IdentityTest, SerialNumbersFollowFromTheUuidAndThePlace)
{
    config::DiskConfig disk;
    disk.vdev = "hda";
    const Uuid uuid = parse_uuid(kUuid);
    const std::string serial = drive_serial(uuid, disk);
    EXPECT_EQ(serial.size(), 16u);
    EXPECT_EQ(serial.substr(0, 2), "WD");
    EXPECT_EQ(drive_serial(uuid, disk), serial);
    EXPECT_NE(drive_serial(Uuid{1}, disk), serial) << "clones differ";
    disk.path = "/other.img";
    EXPECT_EQ(drive_serial(uuid, disk), serial) << "an image may move";
    disk.vdev = "hdb";
    EXPECT_NE(drive_serial(uuid, disk), serial);
}

class IdentityStoreTest : public testing::Test {
protected:
    std::string file() const { return store_.file_of("falstaff", "/etc/xen/falstaff").string(); }

    base::TestFolder folder_;
    IdentityStore store_{folder_.path() / "data"};
};

TEST_F(IdentityStoreTest, FindsWhatItWroteByPlaceAndByUuid)
{
    EXPECT_FALSE(store_.find("falstaff", "/etc/xen/falstaff", kUuid).value());
    ASSERT_TRUE(store_.write(falstaff()));
    struct stat facts{};
    ASSERT_EQ(::stat(file().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    EXPECT_EQ(store_.find("falstaff", "/etc/xen/falstaff", "").value(), falstaff());
    EXPECT_EQ(store_.find("other", "/elsewhere", kUuid).value(), falstaff()) << "moved and renamed";
    EXPECT_FALSE(store_.find("falstaff", "/elsewhere", "").value());
    EXPECT_EQ(store_.named("falstaff").value().size(), 1u);
    EXPECT_EQ(store_.named(kUuid).value().size(), 1u);
    EXPECT_EQ(store_.named("hal").error().message(), "no domain 'hal' has been started here");
}

TEST_F(IdentityStoreTest, CopiesAreNotConsulted)
{
    ASSERT_TRUE(store_.write(falstaff()));
    Identity older = falstaff();
    older.memory_mb = 64;
    for (const char* const name : {"a-copy", "falstaff-copy", "z-copy"}) {
        std::ofstream{folder_.path() / "data" / "identity" / name} << print_identity(older);
    }
    EXPECT_EQ(store_.named("falstaff").value().size(), 1u);
    EXPECT_EQ(store_.find("other", "/elsewhere", kUuid).value(), falstaff());
    Identity twin = falstaff();
    twin.name = "twin";
    twin.configuration = "/etc/xen/twin";
    ASSERT_TRUE(store_.write(twin));
    EXPECT_EQ(store_.find("twin", "", kUuid).value(), twin);
    EXPECT_EQ(store_.find("falstaff", "", kUuid).value(), falstaff());
}

// What comes with a domain from another host is what that says.
TEST_F(IdentityStoreTest, WhatCouldNotBeReadAgainIsNotWritten)
{
    const auto refused = [&](const std::function<void(Identity&)>& damage) {
        Identity identity = falstaff();
        damage(identity);
        return !store_.write(identity);
    };
    EXPECT_TRUE(refused([](Identity& identity) { identity.uuid = "5B001F4D"; }));
    EXPECT_TRUE(refused([](Identity& identity) { identity.uuid = kUuid + "\nname other"; }));
    EXPECT_TRUE(refused([](Identity& identity) { identity.macs = {"any"}; }));
    EXPECT_TRUE(refused([](Identity& identity) { identity.processor = std::string(12, '\0'); }));
    EXPECT_TRUE(refused([](Identity& identity) { identity.name.clear(); }));
    EXPECT_FALSE(store_.find("falstaff", "/etc/xen/falstaff", "").value());
}

TEST(IdentityTest, AProcessorOfAnyMakerCanBeKept)
{
    config::DomainConfig config;
    config.name = "falstaff";
    config.uuid = kUuid;
    for (unsigned reg = 1; reg < 4; ++reg) { // EBX, ECX and EDX of leaf 0
        for (unsigned bit = 0; bit < 32; ++bit) {
            config.cpuid.push_back({.leaf = 0, .subleaf = 0, .reg = reg, .bit = bit, .value = bit == 1});
        }
    }
    const Identity identity = identity_of(config, "/etc/xen/falstaff");
    EXPECT_EQ(identity.processor.substr(0, 12), "????????????");
    EXPECT_EQ(parse_identity(print_identity(identity)).value(), identity);
}

TEST_F(IdentityStoreTest, WhatHasComeWithoutAFileIsFoundByItsName)
{
    Identity moved = falstaff();
    moved.configuration.clear();
    ASSERT_TRUE(store_.write(moved));
    EXPECT_EQ(store_.find("falstaff", "/etc/xen/falstaff", "").value(), moved);
    EXPECT_FALSE(store_.find("falstaff", "/etc/xen/falstaff", "00000000-0000-4000-8000-000000000001").value());
}

TEST_F(IdentityStoreTest, ADamagedFileIsRefusedAndForeignOnesDoNotMatter)
{
    ASSERT_TRUE(store_.write(falstaff()));
    std::ofstream{folder_.path() / "data" / "identity" / "rubbish"} << "\xff\x00 rubbish";
    EXPECT_TRUE(store_.find("falstaff", "/etc/xen/falstaff", "").value());
    EXPECT_TRUE(store_.find("other", "", kUuid).value());
    std::ofstream{file()} << "windsor-identity 1\n";
    const auto damaged = store_.find("falstaff", "/etc/xen/falstaff", "");
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().message(), file() +
                                             " is damaged: it has no line 'name'; put a copy of it back, or move it "
                                             "away, and the guest finds another machine");
    Identity other = falstaff();
    other.name = "hal";
    std::ofstream{file()} << print_identity(other);
    EXPECT_FALSE(store_.find("falstaff", "/etc/xen/falstaff", "")) << "of another domain";
}

TEST(ActivationTest, TheTenHaveTwelveVotesAndTheCardThreeOfThem)
{
    unsigned weighed = 0;
    unsigned votes = 0;
    for (const Component& component : components()) {
        weighed += component.votes != 0 ? 1 : 0;
        votes += component.votes;
    }
    EXPECT_EQ(weighed, 10u);
    EXPECT_EQ(votes, 12u);
    EXPECT_EQ(votes_kept({}), 12u);
}

TEST(ActivationTest, OnlyWhatWindowsTellsApartIsAChange)
{
    Identity now = falstaff();
    now.memory_mb = 1023;
    now.macs.pop_back();
    now.hal.processors = 1;
    now.configuration = "/elsewhere";
    EXPECT_TRUE(changes_between(falstaff(), now).empty());
    now.memory_mb = 1024;
    now.macs.front() = "00:16:3e:00:00:02";
    const auto changes = changes_between(falstaff(), now);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].component->name, "network card's MAC address");
    EXPECT_EQ(changes[0].before, "00:16:3e:7e:f3:15");
    EXPECT_EQ(changes[1].before, "512 to 1023 MiB");
    EXPECT_EQ(changes[1].after, "1024 MiB and more");
    EXPECT_EQ(votes_kept(changes), 8u);
}

TEST(ActivationTest, MemoryHasSevenRanges)
{
    EXPECT_EQ(memory_range(31), "below 32 MiB");
    EXPECT_EQ(memory_range(32), "32 to 63 MiB");
    EXPECT_EQ(memory_range(255), "128 to 255 MiB");
    EXPECT_EQ(memory_range(256), "256 to 511 MiB");
    EXPECT_EQ(memory_range(1 << 20), "1024 MiB and more");
}

using Sector = std::array<std::uint8_t, kSectorSize>;

Sector sector_with(std::size_t at, std::string_view bytes)
{
    Sector sector{};
    std::ranges::copy(bytes, sector.begin() + static_cast<std::ptrdiff_t>(at));
    sector[510] = 0x55;
    sector[511] = 0xaa;
    return sector;
}

TEST(WindowsVolumeTest, ItsPartitionIsActiveAndOfAWindowsType)
{
    Sector record = sector_with(446 + 16, std::string_view{"\x80\0\0\0\x07\0\0\0\x3f\0\0\0", 12});
    EXPECT_EQ(windows_partition(record), 63u * 512);
    record[446 + 16 + 4] = 0x83;
    EXPECT_FALSE(windows_partition(record)) << "Linux";
    record[446 + 16 + 4] = 0x07;
    record[446 + 16] = 0;
    EXPECT_FALSE(windows_partition(record)) << "not active";
    record[446 + 16] = 0x80;
    record[510] = 0;
    EXPECT_FALSE(windows_partition(record)) << "no master boot record";
}

TEST(WindowsVolumeTest, ItsSerialNumberIsAsDirShowsIt)
{
    Sector ntfs = sector_with(3, "NTFS    ");
    ntfs[0x48] = 0x4f, ntfs[0x49] = 0x3e, ntfs[0x4a] = 0x2d, ntfs[0x4b] = 0x1c;
    EXPECT_EQ(volume_serial(ntfs), "1C2D-3E4F");
    Sector fat = sector_with(3, "MSDOS5.0");
    fat[0x43] = 1;
    EXPECT_EQ(volume_serial(fat), "0000-0001") << "FAT32";
    fat[22] = 9, fat[0x27] = 2;
    EXPECT_EQ(volume_serial(fat), "0000-0002") << "FAT16";
    EXPECT_FALSE(volume_serial(sector_with(3, "mkfs.fat")));
    EXPECT_FALSE(windows_volume("/nonexistent"));
    EXPECT_FALSE(windows_volume("/"));
    EXPECT_FALSE(windows_volume("/dev/null"));
}

} // namespace

} // namespace windsor::domain
