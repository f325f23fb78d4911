// SPDX-License-Identifier: GPL-2.0-or-later
// A domain's machine stays what it was at its first start.
#include "config/load.hpp"
#include "toolstack/command_testing.hpp"
#include "toolstack/identity_guard.hpp"

#include <array>

namespace windsor::toolstack {

namespace {

class IdentityTest : public Commands {
protected:
    config::DomainConfig config_of(const std::vector<std::string>& lines)
    {
        std::string text = "builder = 'hvm'\nname = 'xp'\n";
        for (const std::string& line : lines) {
            text += line + '\n';
        }
        return config::load_text(text, write("xp", text), {}).value().config;
    }
    // A start that succeeds.
    config::DomainConfig start(config::DomainConfig config, HardwareChange change = HardwareChange::Refuse)
    {
        const auto recognized = recognize(paths_, file(), config, change, host_texts());
        EXPECT_TRUE(recognized) << recognized.error().message();
        EXPECT_TRUE(!recognized || remember(paths_, *recognized));
        warnings_ = recognized ? recognized->warnings : std::vector<std::string>{};
        return config;
    }
    std::string refusal(config::DomainConfig config)
    {
        const auto recognized = recognize(paths_, file(), config, HardwareChange::Refuse, host_texts());
        return recognized ? "it was started" : recognized.error().message();
    }
    std::string file() const { return (directory_ / "xp").string(); }

    // What Setup leaves on the disk, with a volume of that serial number.
    std::string install_windows(char serial)
    {
        std::array<char, 1024> disk{};
        disk[446] = '\x80', disk[450] = 7, disk[454] = 1; // active, NTFS, from the second sector on
        std::ranges::copy(std::string_view{"NTFS    "}, disk.begin() + 512 + 3);
        disk[512 + 0x48] = serial;
        disk[510] = disk[1022] = '\x55', disk[511] = disk[1023] = '\xaa';
        return write("xp.img", std::string{disk.begin(), disk.end()});
    }
    std::string disk() const { return "disk = ['file:" + (directory_ / "xp.img").string() + ",hda,w']"; }

    // Where the host shows its own SMBIOS texts.
    std::filesystem::path host_texts() const { return directory_ / "dmi"; }
    void host_says(const std::string& file, const std::string& text)
    {
        std::filesystem::create_directories(host_texts());
        write("dmi/" + file, text + '\n');
    }

    domain::Paths paths_{.runtime = directory_ / "run", .data = directory_ / "data"};
    std::vector<std::string> warnings_;
};

TEST_F(IdentityTest, WhatAConfigurationLeavesOpenIsKept)
{
    const auto first = start(config_of({"vif = ['', '']"}));
    EXPECT_EQ(first.uuid.size(), 36u);
    const auto again = start(config_of({"vif = ['', '', '']", "memory = 256"}));
    EXPECT_EQ(again.uuid, first.uuid);
    EXPECT_EQ(again.vifs[0].mac, first.vifs[0].mac);
    EXPECT_EQ(again.vifs[1].mac, first.vifs[1].mac);
    EXPECT_NE(again.vifs[2].mac, first.vifs[0].mac);
    const auto chosen = start(config_of({"vif = ['mac=00:16:3e:00:00:07']"}));
    EXPECT_EQ(chosen.vifs[0].mac, "00:16:3e:00:00:07") << "the configuration goes before";
}

TEST_F(IdentityTest, ADiskWithoutWindowsMayGetAnyMachine)
{
    write("xp.img", std::string(1024, '\0'));
    start(config_of({disk(), "memory = 512"}));
    start(config_of({disk(), "memory = 2048", "acpi = 0", "vif = ['']"}));
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(IdentityTest, AWindowsGetsNoOtherOneWithoutAWord)
{
    install_windows(1);
    const std::string card = "vif = ['mac=00:16:3e:00:00:07']";
    start(config_of({disk(), "memory = 512", card}));
    start(config_of({disk(), "memory = 600", card}));
    EXPECT_TRUE(warnings_.empty()) << "of the same range";
    EXPECT_EQ(refusal(config_of({disk(), "memory = 1024", "vif = ['mac=00:16:3e:00:00:08']"})),
              "the Windows of 'xp' would find other hardware than before: the network card's MAC address was "
              "00:16:3e:00:00:07 and would be 00:16:3e:00:00:08 (vif); the memory range was 512 to 1023 MiB and would "
              "be 1024 MiB and more (memory). To stay activated Windows XP needs 7 votes, and 8 would be left; put the "
              "old values back, or give --accept-hardware-change");
    start(config_of({disk(), "memory = 512", card}));
    start(config_of({disk(), "memory = 1024", card}), HardwareChange::Accept);
    start(config_of({disk(), "memory = 1024", card}));
    EXPECT_NE(refusal(config_of({disk(), "memory = 512", card})), "it was started");
}

TEST_F(IdentityTest, AnotherWindowsIsAskedNothing)
{
    install_windows(1);
    start(config_of({disk(), "memory = 512"}));
    install_windows(2);
    start(config_of({disk(), "memory = 1024"}));
    EXPECT_NE(refusal(config_of({disk(), "memory = 512"})), "it was started");
}

TEST_F(IdentityTest, AnInstalledHalIsWarnedOf)
{
    install_windows(1);
    start(config_of({disk()}));
    start(config_of({disk(), "acpi = 0"}));
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("stops with 0x000000A5"), std::string::npos) << warnings_[0];
    start(config_of({disk(), "vcpus = 2"}));
    ASSERT_EQ(warnings_.size(), 1u) << "it is the installed one that counts";
    EXPECT_NE(warnings_[0].find("keeps HALAACPI.DLL"), std::string::npos) << warnings_[0];
    start(config_of({disk(), "vcpus = 2"}), HardwareChange::Accept);
    start(config_of({disk(), "vcpus = 2"}));
    EXPECT_TRUE(warnings_.empty());
}

TEST_F(IdentityTest, AMovedFileIsKnownByItsUuid)
{
    const std::string uuid = "uuid = '5b001f4d-7891-40d8-9f55-96a56e8d07df'";
    const auto first = start(config_of({uuid, "vif = ['']"}));
    auto config = config_of({uuid, "vif = ['']"});
    config.vifs[0].mac.clear();
    const std::string elsewhere = write("elsewhere", "");
    const auto recognized = recognize(paths_, elsewhere, config, HardwareChange::Refuse);
    ASSERT_TRUE(recognized);
    EXPECT_EQ(config.vifs[0].mac, first.vifs[0].mac);
    ASSERT_TRUE(remember(paths_, *recognized));
    EXPECT_EQ(domain::IdentityStore{paths_.data}.named("xp").value().size(), 1u);
}

// Who copies a configuration, UUID and all, takes nothing from the first domain.
TEST_F(IdentityTest, ACopyOfAConfigurationIsAnotherDomains)
{
    install_windows(1);
    const std::string uuid = "uuid = '5b001f4d-7891-40d8-9f55-96a56e8d07df'";
    start(config_of({uuid, disk(), "memory = 512"}));
    auto config = config_of({uuid, "memory = 2048"});
    config.name = "copy";
    const auto copy = recognize(paths_, write("copy", ""), config, HardwareChange::Refuse);
    ASSERT_TRUE(copy);
    ASSERT_TRUE(remember(paths_, *copy));
    const domain::IdentityStore store{paths_.data};
    EXPECT_EQ(store.named("xp").value().size(), 1u);
    EXPECT_EQ(store.named("copy").value().size(), 1u);
    EXPECT_NE(refusal(config_of({uuid, disk(), "memory = 2048"})), "it was started");
    // A fresh domain of rename-restart comes without a file.
    auto fresh = recognize(paths_, "/proc/self/fd/0", config, HardwareChange::Refuse);
    ASSERT_TRUE(fresh);
    EXPECT_EQ(fresh->identity.name, "copy");
}

TEST_F(IdentityTest, AGuestThatCameWithItsStateIsKnownByItsName)
{
    auto config = config_of({"vif = ['']"});
    config.uuid = "5b001f4d-7891-40d8-9f55-96a56e8d07df";
    config.vifs[0].mac = "00:16:3e:00:00:07";
    ASSERT_TRUE(remember_guest(paths_, config));
    const auto started = start(config_of({"vif = ['']"}));
    EXPECT_EQ(started.uuid, config.uuid);
    EXPECT_EQ(started.vifs[0].mac, "00:16:3e:00:00:07");
    EXPECT_EQ(domain::IdentityStore{paths_.data}.named("xp").value().size(), 1u);
}

bool says(const config::DomainConfig& config, const std::string& text)
{
    return std::ranges::find(config.smbios_texts, text) != config.smbios_texts.end();
}

TEST_F(IdentityTest, SmbiosTextsAreThoseOfTheFirstStart)
{
    const auto first = start(config_of({"smbios = ['system_manufacturer=ACME', 'oem=one', 'oem=two']"}));
    EXPECT_TRUE(says(first, "system_manufacturer=ACME"));
    EXPECT_TRUE(says(first, "system_product_name=HVM domU")) << "what nobody chooses is kept, too";
    EXPECT_EQ(start(config_of({})).smbios_texts, first.smbios_texts);
    const auto other = start(config_of({"smbios = ['system_manufacturer=Other', 'oem=']"}));
    EXPECT_TRUE(says(other, "system_manufacturer=Other")) << "the configuration goes before";
    EXPECT_TRUE(says(other, "oem="));
    EXPECT_FALSE(says(other, "oem=one"));
}

TEST_F(IdentityTest, SerialNumbersThatFollowFromTheUuidFollowItsChange)
{
    start(config_of({"uuid = '5b001f4d-7891-40d8-9f55-96a56e8d07df'"}));
    const auto other = start(config_of({"uuid = '00112233-4455-6677-8899-aabbccddeeff'"}));
    EXPECT_TRUE(says(other, "system_serial_number=00112233445566778899aabbccddeeff"));
}

TEST_F(IdentityTest, AWindowsGetsNoOtherSmbiosTextsWithoutAWord)
{
    install_windows(1);
    start(config_of({disk(), "smbios = ['system_manufacturer=ACME']"}));
    const std::string other = "smbios = ['system_manufacturer=Other']";
    EXPECT_NE(refusal(config_of({disk(), other})).find("the system by SMBIOS was 'ACME', 'HVM domU', '1.0', "),
              std::string::npos)
        << refusal(config_of({disk(), other}));
    EXPECT_EQ(refusal(config_of({disk(), "smbios = ['system_manufacturer=ACME']"})), "it was started");
    start(config_of({disk(), other}), HardwareChange::Accept);
    EXPECT_EQ(refusal(config_of({disk(), other})), "it was started");
}

TEST_F(IdentityTest, TheHostsTextsAreTakenOnceAndKept)
{
    host_says("sys_vendor", "ACME ");
    host_says("board_name", "B\xe9 1");
    const std::string host = "smbios = ['host', 'system_family=Mine']";
    const auto first = start(config_of({host}));
    EXPECT_TRUE(says(first, "system_manufacturer=ACME")) << "without blanks at its end";
    EXPECT_TRUE(says(first, "baseboard_product_name=B? 1")) << "in ASCII";
    EXPECT_TRUE(says(first, "system_family=Mine"));
    EXPECT_TRUE(says(first, "system_product_name=HVM domU")) << "the host does not show it";
    EXPECT_TRUE(warnings_.empty());
    host_says("sys_vendor", "Other");
    EXPECT_EQ(start(config_of({host})).smbios_texts, first.smbios_texts);
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("goes on finding those: system_manufacturer; --accept-hardware-change"),
              std::string::npos)
        << warnings_[0];
    EXPECT_TRUE(says(start(config_of({host}), HardwareChange::Accept), "system_manufacturer=Other"));
}

TEST_F(IdentityTest, AHostWithoutTextsIsNamed)
{
    EXPECT_NE(refusal(config_of({"smbios = 'host'"})).find("has none that may be read; take 'host' out of it"),
              std::string::npos)
        << refusal(config_of({"smbios = 'host'"}));
    host_says("sys_vendor", "ACME");
    host_says("product_serial", "S1");
    const std::string serial = (host_texts() / "product_serial").string();
    std::filesystem::permissions(serial, std::filesystem::perms::none);
    if (std::ifstream{serial}) {
        GTEST_SKIP() << "root may read all";
    }
    start(config_of({"smbios = 'host'"}));
    ASSERT_EQ(warnings_.size(), 1u);
    EXPECT_NE(warnings_[0].find("only root may read system_serial_number"), std::string::npos) << warnings_[0];
}

// As a file of a version with other models has them.
TEST_F(IdentityTest, DrivesGoOnTellingWhatTheyTold)
{
    write("xp.img", std::string(1024, '\0'));
    const std::string cdrom = ", ',hdc:cdrom,r']";
    const std::string disks = disk().substr(0, disk().size() - 1) + cdrom;
    const auto first = start(config_of({disks}));
    EXPECT_EQ(first.disks[0].told.model, "Windsor HARDDISK");
    EXPECT_EQ(first.disks[1].told.serial, "WC00000000000001");
    const domain::IdentityStore store{paths_.data};
    domain::Identity known = store.named("xp").value().front();
    ASSERT_EQ(known.drives.size(), 2u);
    known.drives[0].told = {.model = "Other DISK", .firmware = "9", .serial = "S1"};
    known.drives[1].told.model = "Other CD";
    ASSERT_TRUE(store.write(known));
    EXPECT_EQ(start(config_of({disk()})).disks[0].told, known.drives[0].told);
    EXPECT_EQ(start(config_of({disks})).disks[1].told.model, "Other CD") << "it was out meanwhile";
    const auto other = start(config_of({disks, "uuid = '00112233-4455-6677-8899-aabbccddeeff'"}));
    EXPECT_EQ(other.disks[0].told.model, "Other DISK");
    EXPECT_NE(other.disks[0].told.serial, "S1") << "which follows from the UUID";
}

TEST_F(IdentityTest, IsShownInTheTermsOfActivation)
{
    EXPECT_EQ(windsor({"identity", "xp"}), 1);
    EXPECT_EQ(err_.str(), "windsor: no domain 'xp' has been started here\n");
    install_windows(1);
    start(config_of({disk(), "memory = 512", "vif = ['mac=00:16:3e:00:00:07']"}));
    EXPECT_EQ(windsor({"identity", "xp"}), 0) << err_.str();
    for (const std::string part :
         {"volume serial number               1  0000-0001\n",
          "network card's MAC address         3  00:16:3e:00:00:07\n", "CD-ROM drive                       1  none\n",
          "memory range                       1  512 to 1023 MiB\n", "stays activated while 7 of the 12 votes",
          "SMBIOS texts:\n  bios_vendor                    Windsor\n"}) {
        EXPECT_NE(out_.str().find(part), std::string::npos) << part << "---\n" << out_.str();
    }
}

TEST_F(IdentityTest, HalSaysWhatSetupChooses)
{
    EXPECT_EQ(windsor({"hal", write("a", "name = 'xp'\nacpi = 0\napic = 0\n")}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "HAL.DLL: Standard PC\nacpi = 0, apic = 0, vcpus = 1: there is neither ACPI nor an APIC, and "
                          "the 8259s have all interrupts.\n");
    EXPECT_EQ(windsor({"hal", write("b", "name = 'xp'\nvcpus = 2\n")}), 0) << err_.str();
    EXPECT_EQ(out_.str().substr(0, 36), "HALMACPI.DLL: ACPI Multiprocessor PC");
    EXPECT_EQ(windsor({"hal", write("c", "name = 'xp'\nvcpus = 2\napic = 0\n")}), 1);
    EXPECT_NE(err_.str().find("need local APICs"), std::string::npos) << err_.str();
}

TEST_F(IdentityTest, InstallRefusesWhatItDoesNotKnow)
{
    const std::string file = write("xp", "builder = 'hvm'\nname = 'xp'\n");
    EXPECT_EQ(windsor({"install", file, "--stage", "3"}), 1);
    EXPECT_NE(err_.str().find("give --stage 1 or --stage 2"), std::string::npos) << err_.str();
    auto known = domain::identity_of(start(config_of({})), file);
    known.stage = domain::InstallStage::Done;
    ASSERT_TRUE(domain::IdentityStore{paths_.data}.write(known));
    EXPECT_EQ(windsor({"install", file}), 1);
    EXPECT_NE(err_.str().find("'xp' has been installed"), std::string::npos) << err_.str();
}

} // namespace

} // namespace windsor::toolstack
