// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations by somebody who means harm, or whose editor had a bad day: each ends soon, in one sentence or in a
// domain that can be listed.
#include "config/host_config.hpp"
#include "config/keys.hpp"
#include "config/saved_config.hpp"
#include "config/testing.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"
#include "state/testing_structs.hpp"

#include <random>

#include <fmt/format.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

constexpr std::size_t kLongestMessage = 4000;

// nlohmann's dump() throws on texts that are no UTF-8, and print_sxp() nests as deep as what it prints.
void expect_listings(const DomainConfig& config)
{
    const auto list = [&] {
        return xl_form(config).dump() + to_json(config).dump() + print_sxp(xend_form(config, std::nullopt));
    };
    ASSERT_NO_THROW(EXPECT_FALSE(list().empty()));
}

// The error if there is one; and whatever comes of the text can be shown.
std::string outcome_of(const std::string& text, std::vector<std::string> overrides = {})
{
    const auto loaded = load_text(text, "test.cfg", with_overrides(std::move(overrides)));
    if (!loaded) {
        EXPECT_LT(loaded.error().message().size(), kLongestMessage) << text.substr(0, 100);
        EXPECT_EQ(loaded.error().message().find('\0'), std::string::npos);
        return loaded.error().message();
    }
    for (const Warning& warning : loaded->warnings) {
        EXPECT_LT(warning.text().size(), kLongestMessage) << text.substr(0, 100);
    }
    expect_listings(loaded->config);
    return {};
}

std::string repeated(std::string_view piece, std::size_t times)
{
    std::string text;
    for (std::size_t i = 0; i < times; ++i) {
        text += piece;
    }
    return text;
}

TEST(Hostile, EveryKeySurvivesValuesOfEveryKind)
{
    const std::vector<std::string> values{"9223372036854775807",
                                          "-9223372036854775807",
                                          "'9223372036854775808'",
                                          "1e308",
                                          "-1e308",
                                          "'" + std::string(5000, 'x') + "'",
                                          "'" + repeated(",", 5000) + "'",
                                          "'" + repeated("=", 5000) + "'",
                                          "'" + repeated(":", 5000) + "'",
                                          "'" + repeated("[", 5000) + "'",
                                          "'a\\0b'",
                                          "['a\\0b']",
                                          "'\\xff\\xfe\\x80'",
                                          "['\\xff\\xfe']",
                                          "'\\x1b[2J'",
                                          "'%s%n'",
                                          "[[['x']]]",
                                          "{'a': {'b': ['c']}}",
                                          "('a', 1)",
                                          "['']",
                                          "['x'] * 3000"};
    for (const KeyInfo& key : all_keys()) {
        for (const std::string& value : values) {
            SCOPED_TRACE(fmt::format("{} = {}", key.name, value.substr(0, 40)));
            outcome_of(fmt::format("{} = {}\n", key.name, value));
        }
    }
}

TEST(Hostile, EveryKeySurvivesTextsFromTheCommandLine)
{
    for (const KeyInfo& key : all_keys()) {
        for (const char* value : {"", "=", "\x1b]0;title\x07", "[", "'", "((((", "0x", "\xff", "None", "[None]", "-"}) {
            SCOPED_TRACE(fmt::format("{}={}", key.name, value));
            outcome_of("", {fmt::format("{}={}", key.name, value)});
        }
    }
}

TEST(Hostile, HugeNumbersAreRefusedByTheirRange)
{
    EXPECT_THAT(outcome_of("memory = 9223372036854775807\n"), HasSubstr("'memory' must be 16777216 or less"));
    EXPECT_THAT(outcome_of("memory = 1 << 62\n"), HasSubstr("'memory' must be 16777216 or less"));
    EXPECT_THAT(outcome_of("memory = 10 ** 30\n"), HasSubstr("test.cfg:1:"));
    EXPECT_THAT(outcome_of("memory = '99999999999999999999'\n"), HasSubstr("'memory' must be an integer"));
    EXPECT_THAT(outcome_of("vcpus = 4294967297\n"), HasSubstr("'vcpus' must be 127 or less"))
        << "and is not cut down to 32 bits, which would be 1";
    EXPECT_THAT(outcome_of("vncdisplay = 4294967296\n"), HasSubstr("'vncdisplay' must be 59635 or less"));
    EXPECT_THAT(outcome_of("rtc_timeoffset = -9223372036854775807\n"), HasSubstr("must be -4000000000 or more"));
    EXPECT_THAT(outcome_of("disk = ['/x,raw,hda,w,size=18446744073709551616G']\n"), HasSubstr("is no size of a disk"));
    EXPECT_THAT(outcome_of("vif = ['rate=18446744073709551616Gb/s']\n"), HasSubstr("is no rate of a network card"));
    EXPECT_THAT(outcome_of("cpuid = ['99999999999:eax=0x0']\n"), HasSubstr("is no leaf of CPUID"));
}

TEST(Hostile, DeepNestingIsRefusedInEitherForm)
{
    for (const std::size_t depth : {std::size_t{100}, std::size_t{10'000}, std::size_t{200'000}}) {
        for (const std::string opening : {"[", "(", "{1:", "-", "not ", "lambda: "}) {
            EXPECT_NE(outcome_of("memory = " + repeated(opening, depth) + "\n"), "") << opening << depth;
            EXPECT_NE(outcome_of("device-model = 1\nmemory = " + repeated(opening, depth) + "\n"), "") << "plain form";
        }
    }
    EXPECT_NE(outcome_of("disk = " + std::string(300, '[') + std::string(300, ']')), "");
}

TEST(Hostile, LongListsAreReadOrRefusedSoon)
{
    EXPECT_THAT(outcome_of("disk = ['file:/x,hda,w'] * 1000\n"), HasSubstr("the drive hda is given twice"));
    EXPECT_EQ(outcome_of("disk = [''] * 1000\n"), "");
    EXPECT_THAT(outcome_of("vif = [''] * 1000\n"), HasSubstr("8 network cards at the most"));
    EXPECT_THAT(outcome_of("vif = ['mac=00:16:3e:01:02:03'] * 1000\n"), HasSubstr("is given twice"));
    EXPECT_THAT(outcome_of("vif = ['x'] * 10 ** 9\n"), HasSubstr("test.cfg:1:")) << "more than the evaluator's memory";
    EXPECT_EQ(outcome_of("cpuid = 'host" + repeated(",avx=0", 10'000) + "'\n"), "");
    EXPECT_EQ(outcome_of("boot = '" + repeated("cd", 10'000) + "'\n"), "");
    EXPECT_EQ(load("boot = '" + repeated("cd", 10'000) + "'\n").config.boot, "cd");
    EXPECT_THAT(outcome_of("vfb = ['type=sdl'] * 1000\n"), "");
}

TEST(Hostile, ManyUnknownKeysAreManyWarningsAndNoMore)
{
    std::string text;
    for (int i = 0; i < 500; ++i) {
        text += fmt::format("unknown_key_{} = {}\n", i, i);
    }
    const auto loaded = load(text);
    EXPECT_EQ(loaded.warnings.size(), 500U);
    EXPECT_TRUE(loaded.config.evaluated.empty());
}

TEST(Hostile, ANulEndsNoText)
{
    EXPECT_THAT(outcome_of("disk = ['file:/etc/shadow\\0.img,hda,w']\n"), HasSubstr("cannot contain a NUL character"));
    EXPECT_THAT(outcome_of("vif = ['bridge=x\\0y']\n"), HasSubstr("cannot contain a NUL character"));
    EXPECT_THAT(outcome_of("cdrom = '/x\\0y'\n"), HasSubstr("cannot contain a NUL character"));
    EXPECT_THAT(outcome_of("name = 'a\\0b'\n"), HasSubstr("cannot contain a NUL character"));
    EXPECT_THAT(outcome_of("vfb = ['vncpasswd=a\\0b']\n"), HasSubstr("cannot contain a NUL character"));
    EXPECT_NE(outcome_of(std::string{"memory = 64\0\n", 13}), "");
}

TEST(Hostile, NoMessageIsLongerThanItsReader)
{
    const std::string word(900'000, 'x');
    for (const char* key : {"name", "uuid", "keymap", "vnclisten", "serial", "engine", "bios", "timer_mode", "on_crash",
                            "boot", "cpuid", "kernel", "memory", "vcpu_avail", "vga"}) {
        outcome_of(fmt::format("{} = '{}'\n", key, word));
    }
    outcome_of(fmt::format("disk = ['{},hda,w']\n", word));
    outcome_of(fmt::format("disk = ['/x,raw,hda,{}']\n", word));
    outcome_of(fmt::format("vif = ['{}=1', 'mac={}']\n", word, word));
    outcome_of(fmt::format("vfb = ['{}=1']\n", word));
    outcome_of(fmt::format("{} = 1\n", word));
    outcome_of(word);
}

// Whatever a saved state says, it is refused or can be listed.
TEST(Hostile, AStrangersSavedStateIsRefusedOrCanBeListed)
{
    unsigned refused = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        std::mt19937_64 random{seed};
        SavedConfig saved{.config = {}, .evaluated = {}};
        saved.config.memory_mb = saved.config.maxmem_mb = random() % 3 == 0 ? random() : 64;
        saved.config.name = std::string{"\xff\x80 name"}.substr(0, random() % 8);
        saved.config.uuid = random() % 2 == 0 ? "\xc3" : "";
        saved.config.boot = "\xfe\xff";
        saved.config.graphics.listen = "\xf5";
        saved.config.graphics.keymap = std::string(random() % 1000, '\xa0');
        saved.config.graphics.display = static_cast<int>(random() % 100'000);
        DiskConfig& disk = saved.config.disks.emplace_back();
        disk.path = "/\xff";
        disk.vdev = "hda";
        disk.script = "\x80";
        VifConfig& vif = saved.config.vifs.emplace_back();
        vif.mac = vif.bridge = vif.model = vif.vifname = "\xfe";
        saved.evaluated.push_back({"extra", random() % 2 == 0 ? R"({"a":[1,2.5,null,true]})" : "not JSON"});
        saved.evaluated.push_back({"\xff", std::string(500, '[')});
        const auto config = restore(saved);
        if (!config) {
            ++refused;
            continue;
        }
        expect_listings(*config);
    }
    EXPECT_GT(refused, 10U);
    EXPECT_LT(refused, 190U);
}

TEST(Hostile, HostFilesSurviveTheSame)
{
    for (const std::string& text :
         {std::string{"(vnc-listen "} + std::string(500'000, 'x') + ")", repeated("(a b) ", 100'000),
          repeated("(", 1'000'000), repeated("'", 1'000'001), std::string{"(vncpasswd 'a\0b')", 17},
          std::string{"(keymap \"\xff\xfe\")"}, repeated("# comment\n", 90'000)}) {
        HostConfig host;
        const auto status = read_xend_config(host, text, "x.sxp");
        EXPECT_TRUE(status || status.error().message().size() < kLongestMessage);
        const auto plain = read_xl_conf(host, text, "xl.conf");
        EXPECT_TRUE(plain || plain.error().message().size() < kLongestMessage);
    }
    HostConfig host;
    EXPECT_FALSE(read_xend_config(host, std::string{"(vncpasswd 'a\0b')", 17}, "x.sxp").has_value());
    EXPECT_FALSE(read_xend_config(host, std::string((1 << 20) + 1, ' '), "x.sxp").has_value());
}

} // namespace
} // namespace windsor::config
