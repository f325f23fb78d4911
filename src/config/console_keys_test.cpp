// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of the console: where it listens, on which display, and what each listing shows of it.
#include "config/console_keys.hpp"

#include "config/testing.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"

namespace windsor::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

GraphicsConfig graphics_of(const std::string& text)
{
    return load(text).config.graphics;
}

TEST(VncListen, IsAnAddressOrAHostNameWithOrWithoutADisplay)
{
    struct Row {
        const char* text;
        std::optional<std::string> address;
        std::optional<int> display;
    };
    const Row rows[] = {
        {"127.0.0.1", "127.0.0.1", std::nullopt},
        {"0.0.0.0:0", "0.0.0.0", 0},
        {"1.2.3.4:59635", "1.2.3.4", 59635},
        {"::", "::", std::nullopt},
        {"::1", "::1", std::nullopt},
        {"[::1]", "::1", std::nullopt},
        {"[fe80::1%eth0]:2", "fe80::1%eth0", 2},
        {"console.example.org:12", "console.example.org", 12},
        {"localhost", "localhost", std::nullopt},
        {":5", std::nullopt, 5},
        {"", std::nullopt, std::nullopt},
    };
    for (const Row& row : rows) {
        const auto graphics = graphics_of(std::string{"vnclisten = '"} + row.text + "'\n");
        EXPECT_EQ(graphics.listen, row.address) << row.text;
        EXPECT_EQ(graphics.display, row.display) << row.text;
    }
}

TEST(VncListen, WrongAddressesAndDisplaysHaveTheirPlace)
{
    for (const char* wrong : {"1.2.3.400", "1.2.3", "a b", "-x.org", "[::1", "1:2:3", "x\\ty", "*"}) {
        EXPECT_THAT(error_of(std::string{"vnc = 1\nvnclisten = '"} + wrong + "'\n"),
                    testing::AllOf(testing::StartsWith("test.cfg:2:13: '"),
                                   HasSubstr("is neither an address nor a host name to listen on for VNC")))
            << wrong;
    }
    for (const char* wrong : {"59636", "-1", "x", "", "99999999999999999999", "1.5"}) {
        EXPECT_EQ(first_line(error_of(std::string{"vnclisten = '1.2.3.4:"} + wrong + "'\n")),
                  "test.cfg:1:13: '" + std::string{wrong} +
                      "' behind the colon of 'vnclisten' is no VNC display number");
    }
    EXPECT_THAT(error_of("vnclisten = '" + std::string(254, 'a') + "'\n"), HasSubstr("neither an address nor"))
        << "RFC 1035 has names of 253 characters at most";
}

TEST(VncDisplay, HasTheLastWordWhereverItStands)
{
    EXPECT_EQ(graphics_of("vncdisplay = 3\nvnclisten = '1.2.3.4:5'\n").display, 3);
    EXPECT_EQ(graphics_of("vnclisten = '1.2.3.4:5'\nvncdisplay = 3\n").display, 3);
    EXPECT_EQ(graphics_of("vnclisten = '1.2.3.4:5'\nvncdisplay = None\n").display, 5);
    EXPECT_THAT(error_of("vncdisplay = 3\nvnclisten = '1.2.3.4:x'\n"), HasSubstr("no VNC display number"));
}

// An error when the console starts, such as a display that is taken, names this place.
TEST(VncDisplay, RemembersItsPlace)
{
    EXPECT_EQ(graphics_of("vnc = 1\nvncdisplay = 3\n").display_where.at, (Position{2, 14}));
    EXPECT_EQ(graphics_of("vnclisten = '1.2.3.4:5'\n").display_where.at, (Position{1, 13}));
    EXPECT_EQ(graphics_of("vncdisplay = 3\nvnclisten = '1.2.3.4:5'\n").display_where.at, (Position{1, 14}));
}

TEST(Graphics, NographicOverrulesTheOtherKeysWhereverItStands)
{
    for (const char* text : {"nographic = 1", "nographic = 1\nvnc = 1\nsdl = 0", "vnc = 1\nnographic = 'yes'"}) {
        EXPECT_EQ(graphics_of(text).vnc, Switch::Off) << text;
    }
    EXPECT_EQ(graphics_of("nographic = 0").vnc, Switch::On);
    EXPECT_EQ(graphics_of("nographic = None").vnc, Switch::On);
    EXPECT_EQ(graphics_of("nographic = 1\nsdl = 1").sdl, Switch::Off);
}

TEST(Graphics, EitherKeyStartsAViewer)
{
    EXPECT_EQ(graphics_of("").viewer, Switch::Off);
    EXPECT_EQ(graphics_of("vncviewer = 1").viewer, Switch::On);
    EXPECT_EQ(graphics_of("vncconsole = 1").viewer, Switch::On);
    EXPECT_EQ(graphics_of("vncconsole = 1\nvncviewer = 0").viewer, Switch::On);
    EXPECT_EQ(graphics_of("vncconsole = 0\nvncviewer = 1").viewer, Switch::On);
    EXPECT_EQ(graphics_of("vncconsole = 0\nvncviewer = 0").viewer, Switch::Off);
}

TEST(Password, IsATextEvenIfItLooksLikeANumber)
{
    EXPECT_EQ(graphics_of("vncpasswd = 123456").password, "123456");
    EXPECT_EQ(graphics_of("vncpasswd = ''").password, "") << "none, whatever the host says";
    EXPECT_FALSE(graphics_of("vncpasswd = ''").has_password());
    EXPECT_EQ(graphics_of("").password, std::nullopt) << "as the host says";
    EXPECT_TRUE(graphics_of("vncpasswd = 'x'").has_password());
}

TEST(Password, OnlyEightCharactersOfItCount)
{
    EXPECT_EQ(password_note("12345678"), std::nullopt);
    EXPECT_EQ(password_note("123456789"), "the VNC password has 9 characters, of which only the first 8 count");
}

TEST(Keymap, IsOneThatViewersCanBeReadWith)
{
    for (const char* name : {"en-us", "de", "fr"}) {
        EXPECT_EQ(graphics_of(std::string{"keymap = '"} + name + "'").keymap, name);
        EXPECT_EQ(check_keymap(name), name);
    }
    EXPECT_EQ(graphics_of("keymap = ''").keymap, std::nullopt);
    EXPECT_FALSE(check_keymap("../../etc/passwd").has_value());
    EXPECT_FALSE(check_keymap(std::string(1000, 'd')).has_value());
    EXPECT_LT(check_keymap(std::string(100'000, 'd')).error().size(), 2000U) << "the name is cut in the message";
}

TEST(Console, IsInBothListingsOfXendWithItsPassword)
{
    const auto config =
        load("vncunused = 0\nvncdisplay = 4\nvnclisten = '0.0.0.0'\nvncpasswd = 'geheim'\nkeymap = 'de'\n").config;
    const auto text =
        print_sxp(xend_form(config, XendState{.letters = "-b----", .vnc = "0.0.0.0:5904", .console = {}}));
    for (const char* entry :
         {"(vncunused 0)", "(vncdisplay 4)", "(vnclisten 0.0.0.0)", "(vncpasswd XXXXXXXX)", "(keymap de)"}) {
        const auto first = text.find(entry);
        ASSERT_NE(first, std::string::npos) << entry;
        EXPECT_NE(text.find(entry, first + 1), std::string::npos) << entry << " once in the image, once in vfb";
    }
    EXPECT_THAT(text, HasSubstr("(location 0.0.0.0:5904)"));
    EXPECT_THAT(text, Not(HasSubstr("geheim")));
}

TEST(Console, IsInXlsListingAsLibxlHasIt)
{
    const auto vnc = [](const std::string& text) {
        return xl_form(load(text).config)["b_info"]["type.hvm"]["vnc"].dump();
    };
    EXPECT_EQ(vnc("vncunused = 0\nvncdisplay = 4\nvnclisten = '::1'\nvncpasswd = 'x'\n"),
              R"({"enable":"True","listen":"::1","passwd":"XXXXXXXX","display":4,"findunused":"False"})");
    EXPECT_EQ(vnc("vncpasswd = ''\n"), R"({"enable":"True","findunused":"True"})");
    EXPECT_EQ(vnc("vnc = 0\nvncdisplay = 4\nvncpasswd = 'x'\n"), R"({"enable":"False"})");
}

TEST(Console, ThatIsOffIsNoDeviceOfXend)
{
    const auto text = print_sxp(xend_form(load("vnc = 0\nvncdisplay = 4\n").config, std::nullopt));
    EXPECT_THAT(text, Not(HasSubstr("(vfb")));
    EXPECT_THAT(text, HasSubstr("(vnc 0)"));
    EXPECT_THAT(text, HasSubstr("(vncdisplay 4)")) << "the image has it all the same";
}

} // namespace
} // namespace windsor::config
