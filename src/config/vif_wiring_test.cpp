// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/vif_wiring.hpp"

#include "config/devices.hpp"
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text)
{
    std::vector<std::string> warnings;
    const auto vif = parse_vif(text, warnings);
    return vif ? "" : vif.error();
}

TEST(VifWiring, IsAsTheHostAllowsWithoutFurtherWords)
{
    const auto wiring = parse_wiring("mac=00:16:3e:01:02:03, bridge=xenbr0");
    ASSERT_TRUE(wiring);
    EXPECT_EQ(wiring->network, VifNetwork::Auto);
    EXPECT_EQ(wiring->host, network::HostServices::Hidden);
    EXPECT_TRUE(wiring->forwards.empty());
}

TEST(VifWiring, HasWhatItsOptionsSay)
{
    const auto wiring =
        parse_wiring("network=nat, hostfwd=tcp::3389-:3389, hostfwd=udp:0.0.0.0:53-:5353, hostaccess=1, model=e1000");
    ASSERT_TRUE(wiring);
    EXPECT_EQ(wiring->host, network::HostServices::Reachable);
    ASSERT_EQ(wiring->forwards.size(), 2U);
    EXPECT_EQ(to_string(wiring->forwards[0]), "tcp 127.0.0.1:3389 to 10.0.2.15:3389");
    EXPECT_EQ(to_string(wiring->forwards[1]), "udp 0.0.0.0:53 to 10.0.2.15:5353");
    EXPECT_EQ(parse_wiring("network=none")->network, VifNetwork::None);
    EXPECT_EQ(parse_wiring("bootfile=http://10.0.2.2/menu.ipxe")->boot_file, "http://10.0.2.2/menu.ipxe");
}

// What restricts a card is said where it has no effect.
TEST(VifWiring, SaysWhatHasNoEffect)
{
    for (const char* option : {"ip=10.0.0.1", "script=my-own", "backend=driverdomain"}) {
        const auto loaded = load_text(std::string{"builder = 'hvm'\nname = 'a'\nvif = ['"} + option + "']\n", "a", {});
        ASSERT_TRUE(loaded) << option;
        ASSERT_EQ(loaded->warnings.size(), 1U) << option;
        EXPECT_THAT(loaded->warnings[0].text(), HasSubstr("of a network card has no effect yet")) << option;
    }
    EXPECT_TRUE(load_text("builder = 'hvm'\nname = 'a'\nvif = ['script=vif-bridge, backend=0, rate=10Mb/s']\n", "a", {})
                    ->warnings.empty());
}

TEST(VifWiring, IsCheckedWithTheCard)
{
    EXPECT_EQ(error_of("hostfwd=tcp::3389-:3389"), "");
    EXPECT_THAT(error_of("hostfwd=3389"), HasSubstr("'3389' forwards no port"));
    EXPECT_EQ(error_of("hostfwd=tcp::1-:1, hostfwd=tcp::1-:1"), "'tcp::1-:1' is given twice");
    EXPECT_EQ(error_of("network=x"), "'x' is no network; 'auto', 'nat', 'bridge' and 'none' are");
    EXPECT_EQ(error_of("network=bridge"), "network=bridge needs the bridge's name; add bridge=NAME");
    EXPECT_EQ(error_of("network=bridge, bridge=br0"), "");
    EXPECT_EQ(error_of("vifname=abcdefghijklmnop"), "vifname has 15 characters at the most");
    EXPECT_EQ(error_of("hostaccess=yes"), "hostaccess is 0 or 1, and not 'yes'");
    EXPECT_EQ(error_of("model=pcnet"), "'pcnet' is no network card that Windsor has; 'rtl8139' and 'e1000' are");
    EXPECT_EQ(error_of("bootfile=" + std::string(128, 'x')),
              "a network card's bootfile has 127 characters at the most");
    std::string many;
    for (int port = 1; port <= 65; ++port) {
        many += "hostfwd=tcp::" + std::to_string(port) + "-:80,";
    }
    EXPECT_EQ(error_of(many), "a network card has 64 forwarded ports at the most");
}

} // namespace
} // namespace windsor::config
