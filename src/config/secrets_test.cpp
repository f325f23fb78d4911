// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/secrets.hpp"

#include "config/load.hpp"
#include "config/xl_form.hpp"

#include <gtest/gtest.h>

namespace windsor::config {

namespace {

std::string shown(std::string_view key, const Value& value)
{
    return to_json(without_secrets(key, value)).dump();
}

TEST(Secrets, PasswordsAreHiddenWhereverTheyStand)
{
    EXPECT_EQ(shown("vncpasswd", "secret"), R"("XXXXXXXX")");
    EXPECT_EQ(shown("spicepasswd", "secret"), R"("XXXXXXXX")");
    EXPECT_EQ(shown("vncpasswd", std::int64_t{12345}), R"("XXXXXXXX")");
    EXPECT_EQ(shown("vncpasswd", Value::List{"secret"}), R"("XXXXXXXX")");
    EXPECT_EQ(shown("vfb", Value::List{"vnc=1,vncpasswd=secret,vnclisten=0.0.0.0"}),
              R"(["vnc=1,vncpasswd=XXXXXXXX,vnclisten=0.0.0.0"])");
    EXPECT_EQ(shown("vfb", Value::List{"vncpasswd = a secret"}), R"(["vncpasswd =XXXXXXXX"])");
    EXPECT_EQ(shown("vfb", Value::List{"vncpasswd=one,spicepasswd=two"}),
              R"(["vncpasswd=XXXXXXXX,spicepasswd=XXXXXXXX"])");
    EXPECT_EQ(shown("vfb", Value::List{"vnc=1,password=secret,spicepasswd=two,vnc_password=three"}),
              R"(["vnc=1,password=XXXXXXXX,spicepasswd=XXXXXXXX,vnc_password=XXXXXXXX"])");
    EXPECT_EQ(shown("device_model_args", Value::List{"-spice", "port=5930,password=secret"}),
              R"(["-spice","port=5930,password=XXXXXXXX"])");
    EXPECT_EQ(shown("x", Value::Dict{{"vncpasswd", "secret"}, {"other", "open"}}),
              R"({"vncpasswd":"XXXXXXXX","other":"open"})");
}

TEST(Secrets, EverythingElseStays)
{
    EXPECT_EQ(shown("vncpasswd", ""), R"("")") << "no password";
    EXPECT_EQ(shown("vfb", Value::List{"vnc=1,vncpasswd=,vncdisplay=1"}), R"(["vnc=1,vncpasswd=,vncdisplay=1"])");
    EXPECT_EQ(shown("name", "passwd"), R"("passwd")");
    EXPECT_EQ(shown("memory", std::int64_t{512}), "512");
    EXPECT_EQ(shown("disk", Value::List{"file:/etc/passwd,hda,w"}), R"(["file:/etc/passwd,hda,w"])");
    EXPECT_EQ(shown("device_model_args", Value::List{"-vnc", ":1,password"}), R"(["-vnc",":1,password"])");
}

// Warnings show their line, and go to the domain's log.
TEST(Secrets, NoWarningShowsThem)
{
    const auto loaded =
        load_text("name='x'\nvfb=['vnc=1,vncpasswd=secret!7']\nnonsense_vncpasswd = 'secret!7'\n", "x", {}).value();
    ASSERT_FALSE(loaded.warnings.empty());
    for (const Warning& warning : loaded.warnings) {
        EXPECT_EQ(warning.text().find("secret"), std::string::npos) << warning.text();
        EXPECT_EQ(warning.text().find("!7"), std::string::npos) << warning.text();
    }
}

TEST(Secrets, NoErrorShowsThem)
{
    for (const char* text : {"vncpasswd = hunter2",
                             "vncpasswd = hunter2.upper()",
                             "vncpasswd = 'hunter2",
                             "vncpasswd = 12hunter2",
                             "vncpasswd = (\n 'hunter2' +\n 1)",
                             "vncpasswd = (\n 1 + 1\n + hunter2)",
                             "vncpasswd = 'hunter2' 5",
                             "vncpasswd = ['hunter2']",
                             "vncpasswd = {'x': hunter2}",
                             "vncpasswd = int('hunter2')",
                             "vncpasswd = '%d' % 'hunter2'",
                             "vncpasswd = {}['hunter2']",
                             "vncpasswd = open('hunter2')",
                             "vncpasswd = \\\n hunter2",
                             "vncpasswd = \\\n hunter2.x(",
                             "vncpasswd = \"\"\"x\nhunter2\"\"\" + 1",
                             "vnc_password = hunter2",
                             "password = hunter2",
                             "spicepasswd = hunter2",
                             "vfb = [ 'vnc=1',\n 'vncpasswd=' +\n hunter2 ]",
                             "vfb = [ 'vncpasswd=hunter2' + 5 ]",
                             "vfb = [ 'vnc=maybe,vncpasswd=hunter2' ]",
                             "vncpasswd = 'hunter2'; memory = 'hunter2'",
                             "vncpasswd = 'hunter2' if hunter2 else x",
                             "vncpasswd = -'hunter2'",
                             "vncpasswd='hunter2'.hunter2"}) {
        const auto loaded = load_text(std::string{"name = 'x'\n"} + text + '\n', "x", {});
        std::string said = loaded ? "" : loaded.error().message();
        if (loaded) {
            for (const Warning& warning : loaded->warnings) {
                said += warning.text();
            }
        }
        EXPECT_EQ(said.find("unter2"), std::string::npos) << text << " gives:\n" << said;
    }
}

TEST(Secrets, NoErrorAboutASettingShowsThem)
{
    for (const char* setting :
         {"vncpasswd='hunter2", "vncpasswd=hunter2(", "vncpasswd=['hunter2']", "vncpasswd={'hunter2':1}",
          "spicepasswd=hunter2", "vfb=vncpasswd=hunter2", "vfb=['vncpasswd=hunter2',5]", "vnc_password=[hunter2]"}) {
        Options options;
        options.overrides = {setting};
        const auto loaded = load_text("name = 'x'\n", "x", options);
        std::string said = loaded ? "" : loaded.error().message();
        if (loaded) {
            for (const Warning& warning : loaded->warnings) {
                said += warning.text();
            }
        }
        EXPECT_EQ(said.find("unter2"), std::string::npos) << setting << " gives:\n" << said;
    }
}

// Only what is secret: an error elsewhere says all there is to say.
TEST(Secrets, OtherLinesAreShown)
{
    const auto loaded = load_text("vncpasswd = 'secret'\nmemory = nonsense\n", "x", {});
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().message().find("memory = nonsense"), std::string::npos) << loaded.error().message();
    EXPECT_NE(loaded.error().message().find("'nonsense'"), std::string::npos) << loaded.error().message();
}

TEST(Secrets, NoListingShowsThem)
{
    const auto config =
        load_text("name='x'\nvncpasswd='secret'\nvfb=['vnc=1,vncpasswd=secret']\n", "x", {}).value().config;
    EXPECT_EQ(to_json(config).dump().find("secret"), std::string::npos) << to_json(config).dump();
    EXPECT_EQ(xl_form(config).dump().find("secret"), std::string::npos) << xl_form(config).dump();
    EXPECT_EQ(config.graphics.password, "secret") << "while viewers are still asked for it";
}

} // namespace

} // namespace windsor::config
