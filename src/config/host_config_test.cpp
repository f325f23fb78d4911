// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/host_config.hpp"

#include "config/devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(HostConfig, TheClassicFileLoadsAsItStands)
{
    const auto host = load_host_config({.xend = std::string{WINDSOR_CONFIG_TESTDATA} + "/xend-config.sxp", .xl = ""});
    ASSERT_TRUE(host.has_value()) << host.error().message();
    EXPECT_EQ(host->vnc_listen, "0.0.0.0");
    EXPECT_EQ(host->vnc_password, "");
    EXPECT_EQ(host->keymap, "en-us");
    EXPECT_THAT(host->warnings, IsEmpty());
}

TEST(HostConfig, ConsoleSettingsAreChecked)
{
    HostConfig host;
    const auto keymap = read_xend_config(host, "(keymap klingon)", "x.sxp");
    ASSERT_FALSE(keymap);
    EXPECT_THAT(keymap.error().message(), HasSubstr("x.sxp:1:9: there is no keymap \"klingon\""));
    EXPECT_FALSE(read_xl_conf(host, "vnclisten = '1.2.3'\n", "xl.conf"));
    EXPECT_TRUE(read_xend_config(host, "(keymap '') (vnc-listen '') (vncpasswd 'longer than eight')", "x.sxp"));
    ASSERT_EQ(host.warnings.size(), 1U);
    EXPECT_THAT(host.warnings[0].text(), HasSubstr("only the first 8 count"));
}

TEST(HostConfig, MissingFilesAreFine)
{
    const auto host = load_host_config({.xend = "/nowhere/a", .xl = "/nowhere/b"});
    ASSERT_TRUE(host.has_value());
    EXPECT_FALSE(host->vnc_listen.has_value());
}

TEST(HostConfig, XlConfIsRead)
{
    HostConfig host;
    ASSERT_TRUE(
        read_xl_conf(
            host,
            "# comment\nvif.default.bridge=\"xenbr0\"\nautoballoon=\"off\"\nengine='emulate'\n"
            "vnclisten=\"1.2.3.4\"\nlokfile='x'\n",
            "xl.conf")
            .has_value());
    EXPECT_EQ(host.engine, EngineChoice::Emulate);
    EXPECT_EQ(host.vnc_listen, "1.2.3.4");
    ASSERT_EQ(host.warnings.size(), 1U);
    EXPECT_EQ(
        host.warnings[0].text(),
        "xl.conf:6:1: 'lokfile' is no known setting and has no effect; the nearest is 'lockfile'\n"
        "    lokfile='x'\n    ^");
}

TEST(HostConfig, CertificatesForMovingDomainsAreNamedInEitherForm)
{
    HostConfig host;
    ASSERT_TRUE(read_xend_config(host, "(migration_tls /etc/windsor/tls)", "x.sxp").has_value());
    EXPECT_EQ(host.migration_tls, "/etc/windsor/tls");
    ASSERT_TRUE(read_xl_conf(host, "migration_tls = '/etc/pki/qemu'\n", "xl.conf").has_value());
    EXPECT_EQ(host.migration_tls, "/etc/pki/qemu");
    EXPECT_THAT(host.warnings, IsEmpty());
}

std::string sxp_error(std::string_view text)
{
    HostConfig host;
    const auto status = read_xend_config(host, text, "x.sxp");
    return status ? "" : status.error().message();
}

TEST(HostConfig, WrongTextsAreShown)
{
    EXPECT_EQ(sxp_error("(vnc-listen '0.0.0.0'\n"), "x.sxp:1:1: '(' is never closed\n    (vnc-listen '0.0.0.0'\n    ^");
    EXPECT_THAT(sxp_error(")"), HasSubstr("')' closes nothing"));
    EXPECT_THAT(sxp_error("(a 'b"), HasSubstr("no closing quote"));
    EXPECT_THAT(sxp_error("vnc-listen"), HasSubstr("(NAME VALUE)"));
    EXPECT_THAT(sxp_error("(engine fast)"), HasSubstr("'fast' is no engine"));
    EXPECT_THAT(sxp_error("(xend-tcp-xmlrpc-server yes)"), HasSubstr("is refused"));
    EXPECT_EQ(sxp_error("(xend-tcp-xmlrpc-server no)"), "");
    EXPECT_THAT(sxp_error("(vnc-tls 1)"), HasSubstr("x.sxp:1:2: 'vnc-tls' is refused: consoles are not encrypted yet"));
    EXPECT_THAT(sxp_error("(vnc-x509-verify 1)"), HasSubstr("is refused"));
    EXPECT_EQ(sxp_error("(vnc-tls 0)\n(vnc-x509-cert-dir vnc)"), "");
    EXPECT_EQ(sxp_error("(xend-relocation-hosts-allow '') # nothing\n(console-limit 1024)"), "");
    EXPECT_THAT(sxp_error(std::string(1000, '(')), HasSubstr("nested more than"));
}

TEST(Graphics, TheDomainComesBeforeTheHostAndTheHostBeforeTheDefault)
{
    HostConfig host;
    DomainConfig first;
    resolve_graphics(first, host);
    EXPECT_EQ(first.graphics.listen, "127.0.0.1");
    EXPECT_EQ(first.graphics.password, "");
    EXPECT_EQ(first.graphics.keymap, "en-us");
    host.vnc_listen = "0.0.0.0";
    host.vnc_password = "host";
    host.keymap = "fr";
    DomainConfig second;
    second.graphics.password = "";
    second.graphics.keymap = "de";
    resolve_graphics(second, host);
    EXPECT_EQ(second.graphics.listen, "0.0.0.0");
    EXPECT_EQ(second.graphics.password, "");
    EXPECT_EQ(second.graphics.keymap, "de");
}

// The bridge of a card with that text on a host with that configuration.
std::string bridge_of(const char* card, const char* xend, const char* xl)
{
    HostConfig host;
    EXPECT_TRUE(read_xend_config(host, xend, "xend-config.sxp"));
    EXPECT_TRUE(read_xl_conf(host, xl, "xl.conf"));
    EXPECT_TRUE(host.warnings.empty());
    std::vector<std::string> warnings;
    DomainConfig config;
    config.vifs.push_back(parse_vif(card, warnings).value());
    resolve_bridges(config, host);
    return config.vifs.front().bridge;
}

TEST(Bridges, AreTheHostsForCardsThatNameNone)
{
    EXPECT_EQ(bridge_of("", "", ""), "");
    EXPECT_EQ(bridge_of("", "", "vif.default.bridge = 'xenbr0'"), "xenbr0");
    EXPECT_EQ(bridge_of("", "(network-script network-bridge)(vif-script vif-bridge)", ""), "");
    EXPECT_EQ(bridge_of("", "(network-script 'network-bridge netdev=eth1 bridge=br1')", ""), "br1");
    EXPECT_EQ(bridge_of("", "(vif-script 'vif-bridge bridge=br2')(network-script 'network-bridge bridge=br1')", ""),
              "br2");
    EXPECT_EQ(bridge_of("", "(vif-script 'vif-bridge bridge=br2')", "vif.default.bridge = 'xenbr0'"), "xenbr0");
}

TEST(Bridges, GiveWayToWhatTheCardSays)
{
    constexpr const char* kHost = "vif.default.bridge = 'xenbr0'";
    EXPECT_EQ(bridge_of("bridge=own", "", kHost), "own");
    EXPECT_EQ(bridge_of("network=nat", "", kHost), "");
    EXPECT_EQ(bridge_of("network=none", "", kHost), "");
    EXPECT_EQ(bridge_of("script=vif-nat", "", kHost), "");
    EXPECT_EQ(bridge_of("script=/etc/xen/scripts/vif-bridge", "", kHost), "xenbr0");
}

TEST(Bridges, AreForNoOtherScripts)
{
    EXPECT_EQ(bridge_of("", "", "vif.default.bridge = 'xenbr0'\nvif.default.script = 'vif-openvswitch'"), "");
    EXPECT_EQ(bridge_of("", "", "vif.default.bridge = 'xenbr0'\nvifscript = 'vif-bridge'"), "xenbr0");
    EXPECT_EQ(bridge_of("", "(network-script 'network-bridge bridge=br1')(vif-script vif-nat)", ""), "");
    EXPECT_EQ(bridge_of("", "(network-script 'network-nat bridge=br1')", ""), "");
}

TEST(Bridges, HaveNamesThatInterfacesCanHave)
{
    HostConfig host;
    const auto read = read_xl_conf(host, "vif.default.bridge = '0123456789abcdef'", "xl.conf");
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message(), HasSubstr("a bridge's name has 15 characters at the most"));
}

TEST(Engine, TheDomainComesBeforeTheHost)
{
    HostConfig host;
    DomainConfig config;
    EXPECT_EQ(resolve_engine(config, host), EngineChoice::Auto);
    host.engine = EngineChoice::Emulate;
    EXPECT_EQ(resolve_engine(config, host), EngineChoice::Emulate);
    config.engine = EngineChoice::Auto;
    EXPECT_EQ(resolve_engine(config, host), EngineChoice::Auto);
}

} // namespace
} // namespace windsor::config
