// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

std::string vif_error(std::string_view text)
{
    std::vector<std::string> warnings;
    const auto vif = parse_vif(text, warnings);
    return vif ? "" : vif.error();
}

TEST(Vif, StringsAreRead)
{
    std::vector<std::string> warnings;
    const auto vif = parse_vif("type=ioemu, mac=00:16:3e:01:02:03, bridge=xenbr0, model=e1000, vifname=v0", warnings);
    ASSERT_TRUE(vif.has_value());
    EXPECT_EQ(vif->mac, "00:16:3e:01:02:03");
    EXPECT_EQ(vif->bridge, "xenbr0");
    EXPECT_EQ(vif->model, "e1000");
    EXPECT_EQ(vif->vifname, "v0");
    EXPECT_TRUE(warnings.empty());
    EXPECT_TRUE(parse_vif("", warnings).has_value());
    EXPECT_TRUE(parse_vif("bridgee=x", warnings).has_value());
    EXPECT_THAT(warnings, testing::ElementsAre("'bridgee' is no option of a network card; the nearest is 'bridge'"));
    EXPECT_THAT(vif_error("xenbr0"), HasSubstr("written NAME=VALUE"));
    EXPECT_THAT(vif_error("type=blob"), HasSubstr("no type of network card"));
    EXPECT_THAT(vif_error("mac=zz"), HasSubstr("is no MAC address"));
}

TEST(Vif, TrustedIsAWordOfXl)
{
    std::vector<std::string> warnings;
    EXPECT_TRUE(parse_vif("bridge=xenbr0,trusted", warnings).has_value());
    EXPECT_TRUE(warnings.empty());
    EXPECT_TRUE(parse_vif("untrusted", warnings).has_value());
    EXPECT_THAT(warnings, testing::ElementsAre(HasSubstr("'untrusted' has no effect")));
    EXPECT_THAT(vif_error("truste"), HasSubstr("written NAME=VALUE"));
}

// What xl understands by each rate: so many bytes an interval.
TEST(Vif, RatesMeanWhatTheyMeanToXl)
{
    struct Spelling {
        const char* text;
        VifRate rate;
    };
    constexpr Spelling kSpellings[] = {
        {"16000000b/s", {100'000, 50'000}},     {"16000000b/s@50ms", {100'000, 50'000}},
        {"2000000B/s", {100'000, 50'000}},      {"16Kb/s", {100, 50'000}},
        {"2KB/s@50ms", {100, 50'000}},          {"16Mb/s", {100'000, 50'000}},
        {"2MB/s", {100'000, 50'000}},           {"8Gb/s@50ms", {50'000'000, 50'000}},
        {"1GB/s", {50'000'000, 50'000}},        {"80Mb/s@1s", {10'000'000, 1'000'000}},
        {"10MB/s@1s", {10'000'000, 1'000'000}}, {"10MB/s@1", {10'000'000, 1'000'000}},
        {"10240KB/s", {512'000, 50'000}},       {"1MB/s@10us", {10, 10}},
    };
    for (const Spelling& spelling : kSpellings) {
        EXPECT_EQ(parse_rate(spelling.text), spelling.rate) << spelling.text;
        EXPECT_EQ(vif_error(std::string{"rate="} + spelling.text), "");
    }
}

TEST(Vif, RatesThatXlRefusesAreRefused)
{
    for (const char* text : {"foo",
                             "10MB",
                             "10MB/m",
                             "10ZB",
                             "10ZB/s",
                             "10ZB/m",
                             "4294967296b/s",
                             "4294967296Kb/s",
                             "4294967296Gb/s",
                             "0B/s",
                             "-1",
                             "-1MB/s",
                             "@",
                             "",
                             "10 MB/s",
                             "4294967295GB/s@5us",
                             "4296MB/s@4294s",
                             "10Mb/s@foo",
                             "10Mb/s@10h",
                             "10MB/s@",
                             "1B/s@4294967296us",
                             "1B/s@4294968ms",
                             "1B/s@4295s",
                             "1B/s@0us"}) {
        EXPECT_THAT(vif_error(std::string{"bridge=b,rate="} + text), HasSubstr("rate")) << text;
    }
    EXPECT_EQ(vif_error("rate=10MB"),
              "'10MB' is no rate of a network card; write it like 10Mb/s (bits) or 2MB/s (bytes)");
}

// The examples of xl-network-configuration(5), with the numbers that it gives for them.
TEST(Vif, TheExamplesOfXlsManualAreRead)
{
    EXPECT_EQ(parse_rate("10Mb/s"), (VifRate{62'500, 50'000})) << "up to 10 megabits every second";
    EXPECT_EQ(parse_rate("250KB/s"), (VifRate{12'500, 50'000})) << "up to 250 kilobytes every second";
    EXPECT_EQ(parse_rate("1MB/s@20ms"), (VifRate{20'000, 20'000})) << "20,000 bytes in every 20 millisecond period";
    for (const char* text : {"mac=00:16:3E:74:3d:76,model=rtl8139,bridge=xenbr0", "mac=00:16:3E:74:34:32", "",
                             "bridge=xenbr0,vlan=10", "vlan=10p/20", "vlan=10p/100+10x4", "gatewaydev=eth0",
                             "netdev=eth0", "type=ioemu", "type=vif", "devid=3", "mtu=9000", "trusted", "backend=0"}) {
        std::vector<std::string> warnings;
        EXPECT_TRUE(parse_vif(text, warnings).has_value()) << text;
        EXPECT_TRUE(warnings.empty()) << text;
    }
}

TEST(Vif, EveryOptionThatIsKeptStandsInItsField)
{
    std::vector<std::string> warnings;
    const auto vif = parse_vif(" type = vif , ip=10.0.0.1 10.0.0.2,script=vif-route,backend=storage,vifname=v,,"
                               "bridge=b,model=e1000,mac=00-16-3E-01-02-03,rate=1MB/s",
                               warnings);
    ASSERT_TRUE(vif.has_value()) << vif.error();
    EXPECT_EQ(vif->type, "vif");
    EXPECT_EQ(vif->ip, "10.0.0.1 10.0.0.2");
    EXPECT_EQ(vif->script, "vif-route");
    EXPECT_EQ(vif->backend, "storage");
    EXPECT_EQ(vif->mac, "00:16:3e:01:02:03");
    EXPECT_EQ(vif->rate, "1MB/s");
    EXPECT_TRUE(warnings.empty());
}

// Options of libvirt's and of distributions' files.
TEST(Vif, OptionsOfOldFilesAreKnown)
{
    for (const char* text : {"mac=00:16:3e:66:92:9c,bridge=xenbr1,script=vif-bridge,model=e1000",
                             "mac=00:16:3e:66:92:9c,bridge=ovsbr0.42,script=vif-openvswitch,model=e1000",
                             "bridge=xenbr1,ip=10.0.0.1 10.1.1.1 2000::1,script=vif-bridge,type=vif",
                             "type=netfront,vifname=v1,backend=0,gatewaydev=eth0,devid=1,mtu=1500,vlan=10"}) {
        std::vector<std::string> warnings;
        EXPECT_TRUE(parse_vif(text, warnings).has_value()) << text;
        EXPECT_TRUE(warnings.empty()) << text;
    }
}

} // namespace
} // namespace windsor::config
