// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/saved_config.hpp"

#include "config/load.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"
#include "state/testing_structs.hpp"

#include <set>

namespace windsor::config {

namespace {

constexpr const char* kText = R"(
builder = 'hvm'
name = 'falstaff'
memory = 512
disk = [ 'file:/vm/falstaff.img,ioemu:hda,w', 'file:/vm/cd.iso,ioemu:hdc:cdrom,r' ]
boot = 'cd'
vnc = 1
vncdisplay = 7
vncpasswd = 'sack'
serial = 'pty'
localtime = 1
rtc_timeoffset = -3600
on_crash = 'preserve'
)";

// As the version before wrote it.
void forget_version_3(state::Value& config)
{
    const std::set<std::string> later{"smbios",        "smbios_texts", "smbios_structures", "smbios_firmware",
                                      "acpi_firmware", "acpi_tables",  "shutdown_keys",     "soundhw"};
    std::erase_if(config.fields, [&](const state::Field& field) { return later.contains(field.name); });
    for (state::Field& field : config.fields) {
        for (state::Value& disk : field.value.items) {
            std::erase_if(disk.fields, [](const state::Field& each) { return each.name == "told"; });
        }
    }
}

TEST(SavedConfig, AConfigurationComesBackAsItWasEvaluated)
{
    const auto loaded = load_text(kText, "falstaff", {});
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    const DomainConfig& before = loaded->config;
    const auto after = restore(state::through_a_file(save(before)));
    ASSERT_TRUE(after.has_value()) << after.error().message();
    EXPECT_EQ(to_json(*after).dump(), to_json(before).dump());
    EXPECT_EQ(xl_form(*after).dump(), xl_form(before).dump());
    EXPECT_EQ(print_sxp(xend_form(*after, std::nullopt)), print_sxp(xend_form(before, std::nullopt)));
    EXPECT_EQ(after->rtc_timeoffset, -3600);
    EXPECT_EQ(after->graphics.password, "sack");
}

// A saved state may be a stranger's.
TEST(SavedConfig, CannotTakeTheSandboxAway)
{
    DomainConfig before = load_text(kText, "falstaff", {})->config;
    before.sandbox = sandbox::Mode::Off;
    const auto after = restore(state::through_a_file(save(before)));
    ASSERT_TRUE(after.has_value()) << after.error().message();
    EXPECT_EQ(after->sandbox, sandbox::Mode::On);
}

// Nor can it have code run unverified where that is not usual; but who asked for more than usual keeps it.
TEST(SavedConfig, KeepsTheVerifierOnButNotOff)
{
    DomainConfig before = load_text(kText, "falstaff", {})->config;
    before.verify = Switch::On;
    EXPECT_EQ(restore(state::through_a_file(save(before)))->verify, Switch::On);
    before.verify = Switch::Off;
    EXPECT_EQ(restore(state::through_a_file(save(before)))->verify, DomainConfig{}.verify);
}

// Records of the first version had one port, as a number.
TEST(SavedConfig, TheSerialPortOfOlderStatesIsKept)
{
    const DomainConfig before = load_text(kText, "falstaff", {})->config;
    for (const auto& [kind, text] :
         std::vector<std::pair<std::uint64_t, std::vector<std::string>>>{{1, {"pty"}}, {0, {}}}) {
        state::Value old = state::pack(before);
        forget_version_3(old);
        const std::set<std::string> later{"serial_ends", "usb", "usbdevice", "vga", "videoram"};
        std::erase_if(old.fields, [&](const state::Field& field) { return later.contains(field.name); });
        old.fields.push_back({"serial", state::Need::Mandatory, state::Value{state::Type::Number, kind}});
        DomainConfig after;
        ASSERT_TRUE(state::unpack(old, "domain", after, nullptr, 1)) << kind;
        EXPECT_EQ(after.serial, text);
    }
}

TEST(SavedConfig, TheSmbiosTextsOfOlderStatesAreTheFirstOnes)
{
    DomainConfig before = load_text(kText, "falstaff", {})->config;
    before.smbios = {"host"};
    before.smbios_texts = {"bios_vendor=ACME"};
    EXPECT_EQ(restore(state::through_a_file(save(before)))->smbios_texts, before.smbios_texts);
    state::Value old = state::pack(before);
    forget_version_3(old);
    DomainConfig after;
    ASSERT_TRUE(state::unpack(old, "domain", after, nullptr, 2));
    EXPECT_TRUE(after.smbios_texts.empty() && after.smbios.empty());
    EXPECT_FALSE(state::unpack(old, "domain", after, nullptr, 3));
}

TEST(SavedConfig, SmbiosTextsThatNoConfigurationCouldHaveAreRefused)
{
    const DomainConfig good = load_text(kText, "falstaff", {})->config;
    for (const std::string text : {"bios_vendor", "colour=red", "oem=a\nb", "host"}) {
        DomainConfig bad = good;
        bad.smbios_texts = {text};
        EXPECT_FALSE(restore(save(bad)).has_value()) << text;
    }
    DomainConfig bad = good;
    bad.smbios.assign(1000, "host");
    EXPECT_FALSE(restore(save(bad)).has_value());
}

TEST(SavedConfig, DrivesGoOnTellingWhatTheyTold)
{
    DomainConfig before = load_text(kText, "falstaff", {})->config;
    before.disks[0].told = {.model = "Some DISK", .firmware = "2.0", .serial = "S1"};
    EXPECT_EQ(restore(state::through_a_file(save(before)))->disks[0].told, before.disks[0].told);
    const std::vector<DriveTexts> wrong{{.model = std::string(41, 'x')},
                                        {.model = "a\tb"},
                                        {.firmware = "123456789"},
                                        {.firmware = "1 0"},
                                        {.serial = "a b"},
                                        {.serial = std::string(21, 'x')}};
    for (const DriveTexts& told : wrong) {
        DomainConfig bad = before;
        bad.disks[0].told = told;
        EXPECT_FALSE(restore(save(bad)).has_value()) << told.model << told.firmware << told.serial;
    }
}

TEST(SavedConfig, KeysThatNoConfigurationCouldHaveAreRefused)
{
    DomainConfig bad = load_text(kText, "falstaff", {})->config;
    bad.shutdown_keys = {"windows"};
    EXPECT_TRUE(restore(save(bad)).has_value());
    bad.shutdown_keys = {"wait 1000"};
    EXPECT_FALSE(restore(save(bad)).has_value());
}

TEST(SavedConfig, ASerialPortThatNoConfigurationCouldHaveIsRefused)
{
    DomainConfig bad = load_text(kText, "falstaff", {})->config;
    bad.serial = {"stdio"};
    EXPECT_FALSE(restore(save(bad)).has_value());
    bad.serial = {"pty", "pty", "pty", "pty", "pty"};
    EXPECT_FALSE(restore(save(bad)).has_value());
}

TEST(SavedConfig, EveryFieldIsKept)
{
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto before = state::filled<DomainConfig>(seed);
        EXPECT_EQ(state::pack(state::through_a_file(before)), state::pack(before));
    }
}

TEST(SavedConfig, WhatNoDomainCanHaveIsRefused)
{
    const DomainConfig good = load_text(kText, "falstaff", {})->config;
    DomainConfig bad = good;
    bad.disks[0].vdev = "hdz";
    EXPECT_FALSE(restore(save(bad)).has_value());
    bad = good;
    bad.memory_mb = ~std::uint64_t{0};
    EXPECT_FALSE(restore(save(bad)).has_value());
    bad = good;
    bad.graphics.display = -6000;
    EXPECT_FALSE(restore(save(bad)).has_value());
    bad = good;
    bad.cpuid.push_back({.leaf = 1, .reg = 4});
    EXPECT_FALSE(restore(save(bad)).has_value());
    EXPECT_TRUE(restore(save(good)).has_value());
}

} // namespace

} // namespace windsor::config
