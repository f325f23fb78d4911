// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of a whole domain: what they do, and that they answer as they are described.
#include "domain/base64.hpp"
#include "domain/domain_testing.hpp"
#include "domain/network_cards.hpp"
#include "domain/uuid.hpp"

#include <fcntl.h>
#include <set>

namespace windsor::domain {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DomainMethods : public DomainTest {
protected:
    // The answer, which has to be one that the description allows.
    Json answer(const std::string& method, const Json& params = Json::object(), int descriptor = -1)
    {
        const auto answered = call(method, params, descriptor);
        EXPECT_TRUE(answered) << method << ": " << (answered ? "" : answered.error().message());
        const Json value = answered.value_or(Json{});
        EXPECT_TRUE(fits(find_method(method)->answer, value)) << method << ": " << value.dump().substr(0, 1000);
        return value;
    }
};

TEST_F(DomainMethods, AllThatLookAnswerAsTheyAreDescribed)
{
    settings_.config.serial = {"pty", "null"};
    settings_.warnings = {"a word about the configuration"};
    start();
    std::set<std::string_view> looked;
    for (const Method& method : all_methods()) {
        if (method.permission == Permission::Look && method.name != "look_only") {
            answer(std::string{method.name});
            looked.insert(method.name);
        }
    }
    EXPECT_GE(looked.size(), 10u);
}

TEST_F(DomainMethods, AWholeLifeByMethodsThatAnswerAsTheyAreDescribed)
{
    start();
    answer("pause");
    answer("reset");
    answer("unpause");
    answer("rename", {{"name", "hal"}});
    answer("type", {{"text", "a"}});
    answer("keys", {{"keys", "b"}});
    answer("mouse", {{"dx", 1}, {"buttons", 1}});
    answer("vnc_password");
    answer("vcpu_pin");
    answer("engine", {{"name", "emulate"}, {"line", "because"}});
    answer("save_cancel");
    answer("migrate_cancel");
    answer("destroy");
}

TEST_F(DomainMethods, UsbDevicesComeAndGo)
{
    settings_.config.usb = config::Switch::On;
    settings_.config.usb_devices = {"tablet"};
    start();
    EXPECT_EQ(answer("usb_list"), (Json::array({{{"port", 1}, {"device", "tablet"}, {"in_use", false}}})));
    EXPECT_EQ(answer("usb_attach", {{"device", "keyboard"}}), (Json{{"port", 2}}));
    EXPECT_THAT(refusal("usb_attach", {{"device", "mouse"}}), HasSubstr("all 2 USB ports of the domain are taken"));
    EXPECT_EQ(answer("usb_detach", {{"port", 1}}), (Json{{"device", "tablet"}}));
    EXPECT_THAT(refusal("usb_detach", {{"port", 1}}), HasSubstr("nothing is plugged into USB port 1"));
    EXPECT_NE(refusal("usb_detach", {{"port", 3}}), "");
    EXPECT_THAT(refusal("mouse_at", {{"x", 1}, {"y", 1}}), HasSubstr("the guest uses no tablet"));
    EXPECT_THAT(refusal("mouse_at", {{"x", 9999}, {"y", 1}}), HasSubstr("and none at 9999, 1"));
    EXPECT_EQ(answer("usb_list").size(), 1u);
}

TEST_F(DomainMethods, WithoutUsbNothingCanBePluggedIn)
{
    start();
    EXPECT_EQ(answer("usb_list"), Json::array());
    EXPECT_THAT(refusal("usb_attach", {{"device", "mouse"}}), HasSubstr("write usb = 1"));
    EXPECT_THAT(refusal("usb_detach", {{"port", 1}}), HasSubstr("write usb = 1"));
}

TEST_F(DomainMethods, StatusSaysWhoItIs)
{
    settings_.config.uuid = "01234567-89ab-cdef-0123-456789abcdef";
    settings_.warnings = {"a word"};
    start();
    const DomainStatus status = status_from(answer("status"));
    EXPECT_EQ(status.name, "falstaff");
    EXPECT_EQ(status.id, 1u);
    EXPECT_EQ(status.uuid, settings_.config.uuid);
    EXPECT_EQ(status.memory_mb, 4u);
    EXPECT_EQ(status.phase, "running");
    EXPECT_EQ(status.engine, "emulate");
    EXPECT_EQ(status.warnings, std::vector<std::string>{"a word"});
    EXPECT_FALSE(status.vnc);
    EXPECT_FALSE(status.console);
}

TEST_F(DomainMethods, ConfigurationHasTheNameAndTheUuidThatItHasNow)
{
    settings_.config.graphics.password = "secret";
    start();
    answer("rename", {{"name", "hal"}});
    const Json config = answer("config");
    const std::string uuid = status_from(answer("status")).uuid;
    EXPECT_EQ(config["json"]["name"], "hal");
    EXPECT_THAT(config["xm"].get<std::string>(), HasSubstr("(name hal)"));
    EXPECT_THAT(config["xl"].get<std::string>(), HasSubstr(uuid));
    EXPECT_EQ(config.dump().find("secret"), std::string::npos);
    EXPECT_EQ(answer("vnc_password")["password"], "secret");
}

TEST_F(DomainMethods, ANameHasToBeFree)
{
    start();
    const Claim other = Registry::open(settings_.runtime).value().claim("hal").value();
    EXPECT_THAT(refusal("rename", {{"name", "hal"}}), HasSubstr("a domain named 'hal' is running already"));
    EXPECT_NE(refusal("rename", {{"name", ""}}), "");
    EXPECT_NE(refusal("rename", {{"name", "a/b"}}), "");
    EXPECT_NE(refusal("rename", {{"name", std::string(200, 'x')}}), "");
    EXPECT_EQ(status_from(answer("status")).name, "falstaff");
}

TEST_F(DomainMethods, APowerButtonThatNobodyListensToIsSaid)
{
    start();
    EXPECT_THAT(refusal("shutdown"), HasSubstr("does not listen to the ACPI power button"));
    EXPECT_THAT(refusal("shutdown"), HasSubstr("shutdown_keys in its configuration can say which keys shut it down"));
    EXPECT_THAT(refusal("shutdown", {{"reboot", true}}), HasSubstr("does not listen"));
    EXPECT_THAT(refusal("shutdown", {{"reboot", "yes"}}), HasSubstr("must be true or false"));
}

TEST_F(DomainMethods, AGuestThatDoesNotListenIsShutDownByItsKeys)
{
    settings_.config.shutdown_keys = {"ctrl-esc", "wait 60", "u"};
    start();
    answer("shutdown");
    EXPECT_THAT(refusal("shutdown"), HasSubstr("the keys of the last time are still being pressed"));
    answer("keys", {{"keys", "a"}}); // which ends it
    answer("reset");
    answer("shutdown");
}

TEST_F(DomainMethods, AScreenshotIsAPicture)
{
    start();
    const Json shot = answer("screenshot");
    EXPECT_GT(shot["width"].get<int>(), 0);
    const auto png = from_base64(shot["png"].get<std::string>());
    EXPECT_THAT((std::string{png.begin(), png.end()}), StartsWith("\x89PNG"));
}

TEST_F(DomainMethods, TypesWhatTheKeymapHas)
{
    settings_.start = StartAs::Paused; // nothing is taken from the queue in machine time that stands still
    start();
    EXPECT_EQ(answer("queued_keys"), 0);
    answer("type", {{"text", "ab"}});
    EXPECT_GE(answer("queued_keys").get<int>(), 3);
    EXPECT_NE(refusal("type", {{"text", "\xe2\x82\xac"}}), "") << "no key of an American keyboard gives a euro sign";
    EXPECT_NE(refusal("type", {{"text", "a"}, {"keymap", "klingon"}}), "");
    EXPECT_NE(refusal("keys", {{"keys", "nokey"}}), "");
}

TEST_F(DomainMethods, PinsProcessorsThatThereAre)
{
    start();
    answer("vcpu_pin", {{"vcpu", "0"}, {"cpus", "0"}});
    const Json all = answer("vcpus");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_THAT(refusal("vcpu_pin", {{"vcpu", "1"}}), HasSubstr("'falstaff'"));
    EXPECT_NE(refusal("vcpu_pin", {{"cpus", "100000"}}), "");
    EXPECT_NE(refusal("vcpu_pin", {{"cpus", "x"}}), "");
}

// The card's end of a cable, for which nobody waits.
base::Fd end_of(SocketPair& pair)
{
    EXPECT_EQ(::fcntl(pair.one.get(), F_SETFL, O_NONBLOCK), 0);
    return std::move(pair.one);
}

TEST_F(DomainMethods, TellsOfNetworkCardsWhereTheirCablesLead)
{
    const auto add_card = [this](const char* text, const char* mac) {
        config::VifConfig vif;
        vif.text = text;
        vif.mac = mac;
        settings_.config.vifs.push_back(std::move(vif));
    };
    add_card("hostfwd=tcp::13389-:3389", "00:16:3e:00:00:01");
    add_card("network=none", "00:16:3e:00:00:02");
    settings_.config.vifs[1].model = "e1000";
    add_card("bridge=xenbr0, rate=10Mb/s", "00:16:3e:00:00:03");
    settings_.config.vifs[2].bridge = "xenbr0";
    settings_.config.vifs[2].rate = "10Mb/s";
    SocketPair nat = SocketPair::make();
    SocketPair bridge = SocketPair::make();
    settings_.cables = std::make_shared<std::vector<network::Cable>>();
    settings_.cables->push_back({.card_end = end_of(nat), .leads_to = network::LeadsTo::Nat});
    settings_.cables->push_back({});
    settings_.cables->push_back(
        {.card_end = end_of(bridge), .leads_to = network::LeadsTo::Bridge, .interface = "vif1.2"});
    start();
    const Json cards = answer("network");
    ASSERT_EQ(cards.size(), 3u);
    EXPECT_EQ(cards[0]["model"], "rtl8139");
    EXPECT_EQ(cards[0]["network"], "nat");
    EXPECT_EQ(cards[0]["link"], "up");
    EXPECT_EQ(cards[0]["forwards"][0]["host"], "127.0.0.1");
    EXPECT_EQ(cards[0]["forwards"][0]["host_port"], 13389);
    EXPECT_EQ(cards[0]["forwards"][0]["guest_port"], 3389);
    EXPECT_EQ(cards[1]["index"], 1);
    EXPECT_EQ(cards[1]["model"], "e1000");
    EXPECT_EQ(cards[1]["mac"], "00:16:3e:00:00:02");
    EXPECT_EQ(cards[1]["network"], "none");
    EXPECT_EQ(cards[1]["link"], "down");
    EXPECT_EQ(cards[2]["bridge"], "xenbr0");
    EXPECT_EQ(cards[2]["interface"], "vif1.2");
    EXPECT_EQ(cards[2]["addresses"], Json::array());
    EXPECT_EQ(cards[2]["sent"]["frames"], 0);
    nat.other.reset();
    EXPECT_TRUE(soon([&] { return answer("network")[0]["link"] == "down"; })) << "nobody is at its other end";
}

TEST_F(DomainMethods, ARateThatIsNoneIsRefused)
{
    config::VifConfig vif; // of a saved state
    vif.rate = "much";
    settings_.config.vifs.push_back(vif);
    SocketPair pair = SocketPair::make();
    settings_.cables = std::make_shared<std::vector<network::Cable>>();
    settings_.cables->push_back({.card_end = end_of(pair), .leads_to = network::LeadsTo::Nat});
    const base::Status created = create();
    ASSERT_FALSE(created);
    EXPECT_THAT(created.error().message(), HasSubstr("'much' is no rate of a network card"));
}

TEST(NetworkCards, HaveTheRatesOfTheirTexts)
{
    const auto rate = [](const char* text) {
        config::VifConfig vif;
        vif.rate = text;
        return rate_of(vif).value();
    };
    EXPECT_FALSE(rate(""));
    EXPECT_EQ(rate("10Mb/s")->bytes, 62'500u);
    EXPECT_EQ(rate("10Mb/s")->interval, 50 * base::kMillisecond);
    EXPECT_EQ(rate("10Kb/s@10us")->bytes, 1250u) << "counted by the second, as less than a byte comes in 10 us";
    EXPECT_EQ(rate("10Kb/s@10us")->interval, base::kSecond);
    EXPECT_EQ(rate("1b/s")->bytes, 1u);
}

TEST_F(DomainMethods, GoesOnWithAnotherEngine)
{
    start();
    const Json forged = answer("engine", {{"name", "emulate"}, {"line", "engine\n[info] forged\x1b[2J"}});
    EXPECT_EQ(forged.value("engine_line", ""), "engine [info] forged?[2J") << "which the log shows";
    const Json changed = answer("engine", {{"name", "translate"}, {"line", "engine: the translator, why not"}});
    EXPECT_EQ(changed["engine_line"], "engine: the translator, why not");
    EXPECT_EQ(status_from(answer("status")).engine, "translate");
    EXPECT_THAT(refusal("engine", {{"name", "auto"}, {"line", ""}}), HasSubstr("must be one of kvm, translate"));
    EXPECT_EQ(status_from(answer("status")).engine, "translate");
}

TEST_F(DomainMethods, AConnectionThatMayOnlyLookDoesNoHarm)
{
    start();
    answer("look_only");
    for (const Method& method : all_methods()) {
        if (method.permission == Permission::Control && method.name != "destroy") {
            Json params = Json::object();
            for (const Parameter& parameter : method.parameters) {
                if (parameter.required()) {
                    Json& value = params[std::string{parameter.name}];
                    if (parameter.kind == ValueKind::Integer) {
                        value = 1;
                    } else {
                        value = parameter.words.empty() ? "x" : std::string{parameter.words.front()};
                    }
                }
            }
            EXPECT_THAT(refusal(std::string{method.name}, params), HasSubstr("may only look")) << method.name;
        }
    }
    EXPECT_THAT(refusal("destroy"), HasSubstr("may only look"));
    EXPECT_EQ(status_from(answer("status")).name, "falstaff") << "and it lives";
}

TEST_F(DomainMethods, StaysOnThisHostIfItsConfigurationSaysSo)
{
    settings_.config.nomigrate = config::Switch::On;
    start();
    const SocketPair pair = SocketPair::make();
    EXPECT_THAT(refusal("migrate", Json::object(), pair.other.get()), HasSubstr("nomigrate = 1"));
    EXPECT_EQ(status_from(answer("status")).phase, "running");
}

TEST_F(DomainMethods, WantsAConnectionToBeMovedOver)
{
    start();
    EXPECT_EQ(refusal("migrate"), "no connection to the target came with the request");
}

} // namespace
} // namespace windsor::domain
