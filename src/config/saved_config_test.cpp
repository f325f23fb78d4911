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
        const std::set<std::string> later{"serial_ends", "soundhw", "usb", "usbdevice", "vga", "videoram"};
        std::erase_if(old.fields, [&](const state::Field& field) { return later.contains(field.name); });
        old.fields.push_back({"serial", state::Need::Mandatory, state::Value{state::Type::Number, kind}});
        DomainConfig after;
        ASSERT_TRUE(state::unpack(old, "domain", after, nullptr, 1)) << kind;
        EXPECT_EQ(after.serial, text);
    }
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
