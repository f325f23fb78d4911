// SPDX-License-Identifier: GPL-2.0-or-later
// What holds of each row of the table of keys. A new key is tested by being there.
#include "config/keys.hpp"

#include "config/reading.hpp"
#include "config/saved_config.hpp"
#include "config/testing.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"
#include "state/testing_structs.hpp"

#include <limits>
#include <map>
#include <set>

namespace windsor::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

bool has_member(const KeyInfo& key)
{
    return !std::holds_alternative<std::monostate>(key.member);
}

// Keys whose value goes into their member as it is, without a function of their own.
bool is_plain(const KeyInfo& key)
{
    return has_member(key) && key.read == nullptr && key.check == nullptr && key.settle == nullptr;
}

template <typename Test> void for_each_key(Test test)
{
    for (const KeyInfo& key : all_keys()) {
        SCOPED_TRACE(std::string{key.name});
        test(key);
    }
}

// The type of setting that each type of member takes.
struct TypeFor {
    KeyType operator()(const Field<Switch>&) const { return KeyType::Boolean; }
    KeyType operator()(const Field<std::string>&) const { return KeyType::String; }
    KeyType operator()(const Field<std::optional<std::string>>&) const { return KeyType::String; }
    KeyType operator()(const Field<std::vector<std::string>>&) const { return KeyType::Strings; }
    KeyType operator()(const Choice&) const { return KeyType::String; }
    KeyType operator()(const auto&) const { return KeyType::Integer; }
};

TEST(KeysTable, AMemberIsOfAKindThatTheTypeOfItsKeyFillsIn)
{
    for_each_key([](const KeyInfo& key) {
        if (has_member(key) && key.read == nullptr) {
            EXPECT_EQ(key.type, std::visit(TypeFor{}, key.member));
        }
        EXPECT_TRUE(key.check == nullptr || key.type == KeyType::String) << "only texts are checked";
    });
}

struct RangeOf {
    template <std::integral T> std::pair<std::int64_t, std::int64_t> operator()(const Field<T>&) const
    {
        return {std::numeric_limits<T>::min(),
                std::cmp_less(std::numeric_limits<std::int64_t>::max(), std::numeric_limits<T>::max())
                    ? std::numeric_limits<std::int64_t>::max()
                    : static_cast<std::int64_t>(std::numeric_limits<T>::max())};
    }
    std::pair<std::int64_t, std::int64_t> operator()(const Field<std::optional<int>>&) const
    {
        return (*this)(Field<int>{&DomainConfig::vcpus});
    }
    std::pair<std::int64_t, std::int64_t> operator()(const auto&) const
    {
        return {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    }
};

TEST(KeysTable, AMemberHasRoomForTheRangeOfItsKey)
{
    for_each_key([](const KeyInfo& key) {
        const auto [least, most] = std::visit(RangeOf{}, key.member);
        EXPECT_GE(key.least, least);
        EXPECT_LE(key.most, most);
        EXPECT_LE(key.least, key.most);
    });
}

// A key without effect has nowhere to put a value; one with an effect does something with it, or can only ask for what
// is there: those are listed here.
TEST(KeysTable, EveryImplementedKeyDoesSomething)
{
    const std::set<std::string_view> elsewhere{"builder",    "type", "kernel",
                                               "loader", // guest_kind.cpp refuses guests of other kinds by them
                                               "vcpu_avail", // read with vcpus
                                               "vfb"}; // vfb_key.cpp makes it settings of other keys
    for_each_key([&](const KeyInfo& key) {
        const bool acts = has_member(key) || key.read != nullptr || key.settle != nullptr;
        if (key.status == KeyStatus::Implemented) {
            EXPECT_NE(acts, elsewhere.contains(key.name));
        } else {
            EXPECT_TRUE(!acts || key.name == "sdl") << "it is not implemented, but has a function or a member";
        }
    });
}

struct AddressIn {
    const DomainConfig& config;

    template <typename T> const void* operator()(const Field<T>& field) const { return &field.in(config); }
    const void* operator()(const auto&) const { return nullptr; }
};

TEST(KeysTable, NoTwoRowsHaveOneMemberOrOnePlaceInAForm)
{
    const DomainConfig config;
    std::set<const void*> members;
    std::set<std::pair<XendPlace, std::string_view>> xend;
    std::set<std::string_view> xl;
    std::set<std::string_view> saved;
    for_each_key([&](const KeyInfo& key) {
        const auto* address = std::visit(AddressIn{config}, key.member);
        EXPECT_TRUE(address == nullptr || members.insert(address).second) << "another row has this member";
        const auto name = key.xend.name.empty() ? key.name : key.xend.name;
        EXPECT_TRUE(key.xend.place == XendPlace::None || xend.emplace(key.xend.place, name).second) << name;
        EXPECT_TRUE(key.xl.path.empty() || xl.insert(key.xl.path).second) << key.xl.path;
        EXPECT_TRUE(!has_member(key) || saved.insert(saved_name(key)).second) << saved_name(key);
    });
}

// A saved state has a number for the value of a choice, and none for there being no value.
TEST(KeysTable, AChoiceThatMayBeUnsetIsNotSaved)
{
    for_each_key([](const KeyInfo& key) {
        const auto* choice = std::get_if<Choice>(&key.member);
        if (choice != nullptr && key.saved.as != SavedAs::Never) {
            EXPECT_TRUE(choice->get(DomainConfig{}).has_value());
        }
    });
}

TEST(KeysTable, EveryValueOfAChoiceHasAWord)
{
    for_each_key([](const KeyInfo& key) {
        if (const auto* choice = std::get_if<Choice>(&key.member)) {
            for (unsigned value = 0; value <= last_value(choice->words); ++value) {
                EXPECT_NE(std::ranges::find(choice->words, value, &Word::value), choice->words.end()) << value;
            }
            DomainConfig config;
            choice->set(config, last_value(choice->words));
            EXPECT_EQ(choice->get(config), last_value(choice->words));
        }
    });
}

TEST(KeysTable, NumbersOutsideTheirRangeAreRefusedWithTheirPlace)
{
    unsigned tried = 0;
    for_each_key([&](const KeyInfo& key) {
        if (key.type != KeyType::Integer || key.status == KeyStatus::Refused || key.dialect == KeyDialect::Option) {
            return;
        }
        const auto below = fmt::format("{} = {}\n", key.name, key.least - 1);
        EXPECT_EQ(first_line(error_of("name = 'x'\n" + below)),
                  fmt::format("test.cfg:2:{}: '{}' must be {} or more, not {}", key.name.size() + 4, key.name,
                              key.least, key.least - 1));
        if (key.most < std::numeric_limits<std::int64_t>::max()) {
            const auto above = fmt::format("{} = {}\n", key.name, key.most + 1);
            EXPECT_EQ(first_line(error_of("name = 'x'\n" + above)),
                      fmt::format("test.cfg:2:{}: '{}' must be {} or less, not {}", key.name.size() + 4, key.name,
                                  key.most, key.most + 1));
        }
        ++tried;
    });
    EXPECT_GT(tried, 20U);
}

TEST(KeysTable, ValuesOfAnotherTypeAreRefusedWithTheirPlace)
{
    const std::map<KeyType, std::string> wrong{{KeyType::String, "['x']"},        {KeyType::Integer, "'x'"},
                                               {KeyType::Boolean, "2"},           {KeyType::Strings, "'x'"},
                                               {KeyType::StringOrStrings, "[1]"}, {KeyType::IntegerOrString, "[]"},
                                               {KeyType::BooleanOrString, "2.5"}};
    std::map<KeyType, unsigned> tried;
    for_each_key([&](const KeyInfo& key) {
        if (key.type == KeyType::Any || key.status == KeyStatus::Refused || key.dialect == KeyDialect::Option) {
            return;
        }
        EXPECT_THAT(error_of(fmt::format("{} = {}\n", key.name, wrong.at(key.type))),
                    StartsWith(fmt::format("test.cfg:1:{}: '{}' must be ", key.name.size() + 4, key.name)));
        ++tried[key.type];
    });
    EXPECT_GE(tried.size(), 6U);
}

TEST(KeysTable, WordsThatAreNoneOfTheAllowedOnesAreRefusedWithTheirPlace)
{
    unsigned tried = 0;
    for_each_key([&](const KeyInfo& key) {
        const auto words = allowed_words(key);
        if (words.empty() || key.status == KeyStatus::Refused) {
            return;
        }
        EXPECT_THAT(error_of(fmt::format("{} = 'wrong'\n", key.name)),
                    AllOf(StartsWith(fmt::format("test.cfg:1:{}: '{}' cannot be 'wrong'; it is one of: {}",
                                                 key.name.size() + 4, key.name, words[0])),
                          HasSubstr(words.back())));
        ++tried;
    });
    EXPECT_GT(tried, 12U);
}

TEST(KeysTable, NoTextMayHoldANul)
{
    for_each_key([](const KeyInfo& key) {
        if (key.type == KeyType::String && key.status != KeyStatus::Refused && key.dialect != KeyDialect::Option &&
            key.name != "kernel" && key.name != "loader") { // which are refused for what they ask for
            EXPECT_THAT(error_of(fmt::format("{} = 'a\\0b'\n", key.name)),
                        StartsWith(fmt::format("test.cfg:1:{}: '{}' cannot contain a NUL character",
                                               key.name.size() + 4, key.name)));
        }
    });
}

TEST(KeysTable, RefusedKeysAskingForSomethingAreRefusedAtTheirName)
{
    unsigned tried = 0;
    for_each_key([&](const KeyInfo& key) {
        // The host-side boot loader and RAM disk make it a guest of another kind, which is said before all else.
        if (key.status != KeyStatus::Refused || key.name == "bootloader" || key.name == "ramdisk") {
            return;
        }
        EXPECT_EQ(first_line(error_of(fmt::format("# a comment\n{} = ['something']\n", key.name))),
                  fmt::format("test.cfg:2:1: '{}' is refused: {}", key.name, key.reason));
        for (const char* nothing : {"None", "''", "[]", "0", "'none'"}) {
            EXPECT_TRUE(load(fmt::format("{} = {}\n", key.name, nothing)).warnings.empty()) << nothing;
        }
        ++tried;
    });
    EXPECT_GT(tried, 25U);
}

// A value of the key's type that asks for something that is not there.
std::string something_for(const KeyInfo& key)
{
    switch (key.type) {
    case KeyType::Integer: return fmt::format("{}", key.least + 3);
    case KeyType::Boolean: return "1";
    case KeyType::Strings:
    case KeyType::StringOrStrings: return "['something']";
    default: break;
    }
    const auto words = allowed_words(key);
    const auto other = std::ranges::find_if(words, [&](std::string_view word) { return word != key.default_text; });
    return other == words.end() ? "'something'" : fmt::format("'{}'", *other);
}

TEST(KeysTable, KeysWithoutEffectWarnUnlessTheyAskForNothing)
{
    for_each_key([&](const KeyInfo& key) {
        if (key.dialect == KeyDialect::Option) {
            const auto loaded = load(fmt::format("{} = 1\n", key.name));
            ASSERT_EQ(loaded.warnings.size(), 1U);
            EXPECT_EQ(loaded.warnings[0].message, fmt::format("'{}' has no effect here: {}", key.name, key.reason));
        } else if (key.status == KeyStatus::Accepted) {
            const auto loaded = load(fmt::format("{} = {}\n", key.name, something_for(key)));
            ASSERT_EQ(loaded.warnings.size(), 1U);
            EXPECT_EQ(first_line(loaded.warnings[0].text()),
                      fmt::format("test.cfg:1:1: '{}' is accepted without effect: {}", key.name, key.reason));
            EXPECT_TRUE(load(fmt::format("{} = None\n", key.name)).warnings.empty());
        } else if (key.status == KeyStatus::Silent) {
            EXPECT_TRUE(load(fmt::format("{} = {}\n", key.name, something_for(key))).warnings.empty());
        }
    });
}

// A line that gives the key a value other than its default, and the value as the listings of xm show it.
struct Sample {
    std::string value;
    std::string shown;
};

struct SampleFor {
    const KeyInfo& key;

    Sample operator()(const Field<Switch>& field) const
    {
        const std::string other = field.in(DomainConfig{}) == Switch::On ? "0" : "1";
        return {other, other};
    }
    template <std::integral T> Sample operator()(const Field<T>&) const
    {
        const auto number = fmt::format("{}", std::min<std::int64_t>(key.most, key.least + 7));
        return {number, number};
    }
    Sample operator()(const Choice& choice) const
    {
        const auto fresh = choice.get(DomainConfig{});
        const auto other =
            std::ranges::find_if(choice.words, [&](const Word& word) { return fresh != word.value; })->value;
        const std::string word{word_for(choice.words, other)};
        return {"'" + word + "'", word};
    }
    Sample operator()(const Field<std::vector<std::string>>&) const { return {"['one', 'two']", "(one two)"}; }
    Sample operator()(const auto&) const { return {"'something'", "something"}; }
};

TEST(KeysTable, APlainKeyGoesIntoItsMemberAndNowhereElse)
{
    unsigned tried = 0;
    for_each_key([&](const KeyInfo& key) {
        if (!is_plain(key)) {
            return;
        }
        const auto sample = std::visit(SampleFor{key}, key.member);
        const auto config = load(fmt::format("{} = {}\n", key.name, sample.value)).config;
        EXPECT_EQ(member_text(key.member, config), sample.shown);
        for (const KeyInfo& other : all_keys()) {
            // maxmem and maxvcpus are at least as much as memory and vcpus.
            if (&other != &key && other.settle == nullptr && other.name != "maxvcpus") {
                EXPECT_EQ(member_text(other.member, config), member_text(other.member, load("").config)) << other.name;
            }
        }
        ++tried;
    });
    EXPECT_GT(tried, 12U);
}

TEST(KeysTable, APlainKeyStandsInBothListingsWhereItsRowSays)
{
    for_each_key([&](const KeyInfo& key) {
        if (!is_plain(key)) {
            return;
        }
        const auto sample = std::visit(SampleFor{key}, key.member);
        const auto config = load(fmt::format("{} = {}\n", key.name, sample.value)).config;
        if (key.xend.place != XendPlace::None && key.xend.print == nullptr) {
            const auto name = key.xend.name.empty() ? key.name : key.xend.name;
            EXPECT_THAT(print_sxp(xend_form(config, std::nullopt)),
                        HasSubstr(fmt::format("({} {})", name, sample.shown)));
        }
        if (!key.xl.path.empty()) {
            const nlohmann::ordered_json::json_pointer place{std::string{key.xl.path}};
            EXPECT_TRUE(xl_form(config).contains(place));
            EXPECT_NE(xl_form(config)[place], xl_form(load("").config)[place]);
        }
    });
}

// Keys whose values are more than a value for a member; the test below names one that is missing here.
const std::map<std::string_view, std::string_view> kOtherSamples{
    {"acpi_firmware", "acpi_firmware = '/SLIC'"},
    {"shutdown_keys", "shutdown_keys = ['ctrl-esc', 'wait 2', 'u']"},
    {"smbios", "smbios = ['host', 'oem=one']"},
    {"smbios_firmware", "smbios_firmware = '/structures'"},
    {"boot", "boot = 'dca'"},
    {"cpuid", "cpuid = 'host,avx=0,nx=1'"},
    {"disk", "disk = ['file:/a.img,hda,w', 'phy:/dev/sr0,hdc:cdrom,r', '/b,raw,hdb,w!']"},
    {"keymap", "keymap = 'de'"},
    {"maxmem", "memory = 100\nmaxmem = 200"},
    {"maxvcpus", "vcpus = 2\nmaxvcpus = 4"},
    {"name", "name = 'a-domain_1.x'"},
    {"serial", "serial = ['pty', 'file:/log', 'tcp:[::1]:4444,server,nowait', 'none']"},
    {"share", "share = ['/srv/files', '/home/me,rw,name=home']"},
    {"soundhw", "soundhw = 'all'"},
    {"timer_mode", "timer_mode = 3"},
    {"usb", "usb = 1"},
    {"usbdevice", "usbdevice = ['tablet', 'mouse']"},
    {"uuid", "uuid = '00112233-4455-6677-8899-aabbccddeeff'"},
    {"vcpus", "vcpus = 3"},
    {"videoram", "videoram = 8"},
    {"vif", "vif = ['mac=00:16:3e:01:02:03, bridge=b, model=e1000, rate=10Mb/s, ip=10.0.0.1, vifname=v, script=s']"},
    {"vncdisplay", "vncdisplay = 7"},
    {"vnclisten", "vnclisten = '[::1]:8'"},
    {"vncpasswd", "vncpasswd = 'secret'"}};

std::string sample_of(const KeyInfo& key)
{
    const auto other = kOtherSamples.find(key.name);
    return other != kOtherSamples.end()
               ? std::string{other->second}
               : fmt::format("{} = {}", key.name, std::visit(SampleFor{key}, key.member).value);
}

// The member's text, or those of a list.
std::vector<std::string> shown(const KeyInfo& key, const DomainConfig& config)
{
    if (const auto* list = std::get_if<Field<std::vector<std::string>>>(&key.member)) {
        return list->in(config);
    }
    const auto text = member_text(key.member, config);
    return text ? std::vector{*text} : std::vector<std::string>{};
}

std::string saved_field(const KeyInfo& key, const DomainConfig& config)
{
    const auto record = state::pack(config);
    for (const state::Field& field : record.fields) {
        for (const state::Field& inner : field.value.fields) {
            if (inner.name == saved_name(key)) {
                return testing::PrintToString(state::encode(inner.value));
            }
        }
        if (field.name == saved_name(key)) {
            return testing::PrintToString(state::encode(field.value));
        }
    }
    return {};
}

TEST(KeysTable, EveryKeyComesBackFromASavedStateAsItWas)
{
    for_each_key([](const KeyInfo& key) {
        if (!has_member(key) || key.saved.as == SavedAs::Never) {
            return;
        }
        ASSERT_TRUE(is_plain(key) || kOtherSamples.contains(key.name)) << "give it a sample above";
        const auto before = load(sample_of(key) + "\n").config;
        const auto after = restore(state::through_a_file(save(before)));
        ASSERT_TRUE(after.has_value()) << after.error().message();
        EXPECT_EQ(state::pack(*after), state::pack(before));
        EXPECT_EQ(member_text(key.member, *after), member_text(key.member, before));
        EXPECT_EQ(to_json(*after).dump(), to_json(before).dump());
        EXPECT_EQ(xl_form(*after).dump(), xl_form(before).dump());
        EXPECT_EQ(print_sxp(xend_form(*after, std::nullopt)), print_sxp(xend_form(before, std::nullopt)));
        EXPECT_NE(saved_field(key, before), "");
        EXPECT_NE(saved_field(key, before), saved_field(key, DomainConfig{})) << "the sample is the default";
    });
}

TEST(KeysTable, WhatIsNotSavedIsWhatItIsInAFreshConfiguration)
{
    for_each_key([](const KeyInfo& key) {
        if (!has_member(key) || key.saved.as != SavedAs::Never) {
            return;
        }
        const auto before = load(sample_of(key)).config;
        EXPECT_NE(testing::PrintToString(shown(key, before)), testing::PrintToString(shown(key, DomainConfig{})));
        const auto after = restore(state::through_a_file(save(before)));
        ASSERT_TRUE(after.has_value());
        EXPECT_EQ(testing::PrintToString(shown(key, *after)), testing::PrintToString(shown(key, DomainConfig{})));
    });
}

TEST(KeysTable, TheVersionOfTheRecordIsThatOfItsNewestKey)
{
    std::uint32_t newest = 1;
    for_each_key([&](const KeyInfo& key) { newest = std::max(newest, key.saved.since); });
    EXPECT_LE(newest, kDomainRecordVersion) << "raise it; docs/saved-state.md says what else to do";
}

TEST(KeysTable, NumbersOutsideTheirRangeAreRefusedInASavedStateToo)
{
    unsigned tried = 0;
    for_each_key([&](const KeyInfo& key) {
        for (const std::int64_t wrong : {key.least - 1, key.most + (key.most < INT64_MAX ? 1 : 0)}) {
            DomainConfig config;
            config.memory_mb = config.maxmem_mb = 64;
            config.max_vcpus = kMostVcpus;
            if (const auto* field = std::get_if<Field<int>>(&key.member)) {
                field->in(config) = static_cast<int>(wrong);
            } else if (const auto* large = std::get_if<Field<std::int64_t>>(&key.member)) {
                large->in(config) = wrong;
            } else if (const auto* size = std::get_if<Field<std::uint64_t>>(&key.member)) {
                size->in(config) = static_cast<std::uint64_t>(wrong);
            } else if (const auto* maybe = std::get_if<Field<std::optional<int>>>(&key.member)) {
                maybe->in(config) = static_cast<int>(wrong);
            } else {
                return;
            }
            EXPECT_FALSE(restore(save(config)).has_value()) << wrong;
            ++tried;
        }
    });
    EXPECT_GE(tried, 10U);
}

TEST(KeysTable, HelpNamesTheDefaultOfTheMember)
{
    EXPECT_THAT(help_for_key("memory"), HasSubstr("(default: 128)"));
    EXPECT_THAT(help_for_key("acpi"), HasSubstr("0 or 1 (default: 1)"));
    EXPECT_THAT(help_for_key("localtime"), HasSubstr("0 or 1 (default: 0)"));
    EXPECT_THAT(help_for_key("boot"), HasSubstr("(default: cd)"));
    EXPECT_THAT(help_for_key("sandbox"), HasSubstr("on, required or off (default: on)"));
    EXPECT_THAT(help_for_key("engine"), HasSubstr("auto, kvm, translate or emulate (default: auto)"));
    EXPECT_THAT(help_for_key("maxmem"), HasSubstr("(default: memory)"));
    EXPECT_THAT(help_for_key("maxvcpus"), HasSubstr("(default: vcpus)"));
    EXPECT_THAT(help_for_key("serial"), HasSubstr("(default: null)"));
}

} // namespace
} // namespace windsor::config
