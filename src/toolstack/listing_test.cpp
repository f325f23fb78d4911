// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/listing.hpp"

#include "toolstack/screen_text.hpp"
#include "toolstack/viewer.hpp"

#include <gtest/gtest.h>

namespace windsor::toolstack {
namespace {

using domain::Json;

ShownStatus falstaff()
{
    return {.status = {.id = 7,
                       .name = "falstaff",
                       .uuid = "00000000-0000-4000-8000-000000000001",
                       .memory_mb = 512,
                       .maxmem_mb = 512,
                       .vcpus = 1,
                       .state = "-b----",
                       .cpu_seconds = 12.34,
                       .started = 1000,
                       .uptime_seconds = 60,
                       .engine = "emulate",
                       .vnc = domain::VncStatus{.listen = "0.0.0.0", .port = 5901, .display = 1}}};
}

ShownStatus mute()
{
    return {.status = {.id = 3, .name = "mute"}, .answered = false};
}

TEST(Listing, HasTheColumnsOfXl)
{
    const std::vector<ShownStatus> domains{falstaff()};
    EXPECT_EQ(short_list(domains, Dialect::Xl),
              "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
              "falstaff                                     7   512     1     -b----      12.3\n");
    EXPECT_EQ(short_list(domains, Dialect::Windsor), short_list(domains, Dialect::Xl));
}

TEST(Listing, HasTheColumnsOfXm)
{
    const std::vector<ShownStatus> domains{falstaff()};
    EXPECT_EQ(short_list(domains, Dialect::Xm),
              "Name                                        ID   Mem VCPUs      State   Time(s)\n"
              "falstaff                                     7   512     1     -b----     12.3\n");
}

TEST(Listing, HasTheFurtherColumnsOfXl)
{
    const std::vector<ShownStatus> domains{falstaff()};
    const std::string plain = "falstaff                                     7   512     1     -b----      12.3";
    const auto row = [&](ExtraColumns extra) {
        const std::string text = short_list(domains, Dialect::Xl, extra);
        return text.substr(text.find('\n') + 1);
    };
    EXPECT_EQ(row({.label = true}), plain + "                -\n");
    EXPECT_EQ(row({.pool = true}), plain + "               -\n");
    EXPECT_EQ(row({.nodes = true}), plain + " all\n");
    EXPECT_EQ(row({.verbose = true, .label = true}),
              plain + " 00000000-0000-4000-8000-000000000001        -                -\n");
    EXPECT_EQ(short_list(domains, Dialect::Xm, {.label = true}),
              "Name                                        ID   Mem VCPUs      State   Time(s) Label     \n"
              "falstaff                                     7   512     1     -b----     12.3           \n");
}

TEST(Listing, ShowsADomainThatDoesNotAnswer)
{
    const std::vector<ShownStatus> domains{mute()};
    EXPECT_EQ(short_list(domains, Dialect::Xl),
              "Name                                        ID   Mem VCPUs\tState\tTime(s)\n"
              "mute                                         3     0     0     ------       0.0\n");
}

TEST(Listing, LongFormOfXmIsWhatTheDomainSays)
{
    EXPECT_EQ(long_sxp(falstaff(), Json{{"xm", "(domain\n    (domid 7)\n)"}}), "(domain\n    (domid 7)\n)\n");
    EXPECT_EQ(long_sxp(mute(), Json::object()), "(domain\n    (domid 3)\n    (name mute)\n    (state ------)\n)\n");
}

TEST(Listing, LongFormOfXlIsJsonAsScriptsReadIt)
{
    const auto domain = long_json(falstaff(), Json{{"xl", R"({"c_info":{"type":"hvm","name":"falstaff"},"b_info":{}})"},
                                                   {"json", {{"memory", 512}}}});
    EXPECT_TRUE(domain.dump().starts_with(
        R"({"domid":7,"config":{"c_info":{"type":"hvm","name":"falstaff"},"b_info":{}},"windsor":{"state":"-b----",)"))
        << domain;
    EXPECT_EQ(domain["windsor"]["keys"]["memory"], 512);
    EXPECT_EQ(long_json(mute(), Json::object())["config"]["c_info"]["name"], "mute");
}

TEST(Listing, LongFormOfXlHasNoOrdersToATerminal)
{
    const auto domain =
        long_json(falstaff(), Json{{"xl", R"({"c_info":{"na\u009bme":["\u001b[2J\u009b31m\u007f"]}})"}});
    EXPECT_EQ(domain["config"].dump(), R"({"c_info":{"na?me":["?[2J?31m?"]}})");
}

TEST(Listing, WritesTimesAsXlDoes)
{
    EXPECT_EQ(uptime_text(59, Detail::Verbose), " 0:00:59");
    EXPECT_EQ(uptime_text(86400 + 3661, Detail::Verbose), "1 day,  1:01:01");
    EXPECT_EQ(uptime_text(2 * 86400 + 12 * 3600, Detail::Plain), "2 days, 12:00");
}

TEST(Screen, LosesTheBlanksAtTheEndsOfLines)
{
    EXPECT_EQ(screen_lines(Json{{"mode", "text"}, {"lines", {"Boot  ", "   ", " a b"}}}), "Boot\n\n a b\n");
    EXPECT_EQ(screen_lines(Json{{"mode", "graphics"}}), "");
}

TEST(Screen, FindsTexts)
{
    const auto pattern = TextPattern::compile("Select an? (language|keymap)");
    ASSERT_TRUE(pattern);
    EXPECT_EQ(pattern->find("x\n[ Select a language ]\n"), "Select a language");
    EXPECT_EQ(pattern->find("Select the language"), std::nullopt);
    EXPECT_EQ(TextPattern::compile("^grub> $|^login:").value().find("a\nlogin:\n"), "login:");
    EXPECT_FALSE(TextPattern::compile("[a"));
    EXPECT_FALSE(TextPattern::compile(std::string(5000, '(')));
}

TEST(Viewer, ConnectsToWhereTheConsoleListens)
{
    const auto viewer_at = [](const char* listen, std::uint16_t port) {
        return viewer_address({.vnc = domain::VncStatus{.listen = listen, .port = port, .display = port - 5900}});
    };
    const auto address = [&](const char* listen, std::uint16_t port) { return viewer_at(listen, port).value(); };
    EXPECT_EQ(address("127.0.0.1", 5901), "127.0.0.1:1");
    EXPECT_EQ(address("0.0.0.0", 5900), "127.0.0.1:0");
    EXPECT_EQ(address("192.0.2.1", 6100), "192.0.2.1::6100");
    EXPECT_EQ(address("::1", 5902), "[::1]:2");
    for (const char* option : {"-via=-oProxyCommand=x", "/tmp/viewer.conf", "host -x", "a;b"}) {
        EXPECT_FALSE(viewer_at(option, 5900)) << option;
    }
    EXPECT_EQ(viewer_address({.name = "blind"}).error().message(),
              "domain 'blind' has no VNC console; set vnc=1 in its configuration");
}

TEST(Viewer, IsLookedForInThePath)
{
    EXPECT_FALSE(find_viewer("/nonexistent:/dev"));
    EXPECT_FALSE(find_viewer(""));
}

} // namespace
} // namespace windsor::toolstack
