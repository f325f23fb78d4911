// SPDX-License-Identifier: GPL-2.0-or-later
// Ordinary keys of each kind, as a row and a member make them: rows that stand in no table, for members that no domain
// has. Such a key is read, printed and saved by its row alone.
#include "config/reading.hpp"
#include "config/saved_config.hpp"
#include "state/testing_structs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

enum class Colour { Red, Green, DarkBlue };
constexpr Word kColourWords[] = {{"red", Colour::Red},
                                 {"green", Colour::Green},
                                 {"dark-blue", Colour::DarkBlue},
                                 {"navy", Colour::DarkBlue, "there is one blue"}};

// A domain with one more member of each kind.
struct More : DomainConfig {
    Switch loud = Switch::On;
    std::int64_t balance = 3;
    std::optional<int> floor;
    std::string motto = "none at all";
    std::optional<std::string> song;
    Colour colour = Colour::Green;
    std::vector<std::string> friends;
};

// A pointer to a member of a domain that is known to be a More.
template <typename T> constexpr Field<T> field(T More::* member)
{
    return Field<T>{static_cast<T DomainConfig::*>(member)};
}

constexpr Choice kColourChoice{
    .words = kColourWords,
    .get = [](const DomainConfig& config) -> std::optional<unsigned> {
        return static_cast<unsigned>(static_cast<const More&>(config).colour);
    },
    .set = [](DomainConfig& config,
              unsigned value) { static_cast<More&>(config).colour = static_cast<Colour>(value); }};

std::expected<std::string, std::string> in_capitals(std::string_view text)
{
    if (text == "silence") {
        return std::unexpected{"silence is no song"};
    }
    std::string capitals{text};
    std::ranges::transform(capitals, capitals.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
    return capitals;
}

const KeyInfo kLoud{.name = "loud", .type = KeyType::Boolean, .member = field(&More::loud)};
const KeyInfo kBalance{
    .name = "balance", .type = KeyType::Integer, .least = -5, .most = 5, .member = field(&More::balance)};
const KeyInfo kFloor{.name = "floor", .type = KeyType::Integer, .most = 9, .member = field(&More::floor)};
const KeyInfo kMotto{.name = "motto", .member = field(&More::motto)};
const KeyInfo kSong{.name = "song", .member = field(&More::song), .check = in_capitals};
const KeyInfo kColour{.name = "colour", .member = kColourChoice};
const KeyInfo kFriends{
    .name = "friends", .type = KeyType::Strings, .default_text = "[]", .member = field(&More::friends)};
const KeyInfo* const kAll[] = {&kLoud, &kBalance, &kFloor, &kMotto, &kSong, &kColour, &kFriends};

struct Result {
    More config{};
    std::vector<std::string> warnings{};
    std::string complaint{};
};

Result read(const KeyInfo& key, Value value)
{
    Result result;
    std::vector<Warning> warnings;
    const Settings settings;
    const Setting setting{std::string{key.name}, std::move(value), {}, {}, {}};
    Reading reading{.settings = settings, .default_name = "", .warnings = warnings, .config = result.config};
    try {
        check_setting(key, setting, reading);
        read_setting(key, setting, reading);
    } catch (const Complaint& complaint) {
        result.complaint = complaint.message;
    }
    for (const Warning& warning : warnings) {
        result.warnings.push_back(warning.message);
    }
    return result;
}

TEST(PlainKeys, ABooleanIsReadInEachOfItsSpellings)
{
    for (const Value& off :
         {Value{0}, Value{false}, Value{"0"}, Value{"no"}, Value{"off"}, Value{"False"}, Value{""}}) {
        EXPECT_EQ(read(kLoud, off).config.loud, Switch::Off) << to_text(off);
    }
    for (const Value& on : {Value{1}, Value{true}, Value{"1"}, Value{"yes"}, Value{"on"}, Value{"True"}, Value{1.0}}) {
        EXPECT_EQ(read(kLoud, on).config.loud, Switch::On) << to_text(on);
    }
    EXPECT_EQ(read(kLoud, 2).complaint, "'loud' must be 0 or 1, not an integer");
    EXPECT_EQ(read(kLoud, "maybe").complaint, "'loud' must be 0 or 1, not a string");
}

TEST(PlainKeys, AnIntegerIsReadWithinItsRange)
{
    EXPECT_EQ(read(kBalance, -5).config.balance, -5);
    EXPECT_EQ(read(kBalance, 5).config.balance, 5);
    EXPECT_EQ(read(kBalance, "0x4").config.balance, 4);
    EXPECT_EQ(read(kBalance, -6).complaint, "'balance' must be -5 or more, not -6");
    EXPECT_EQ(read(kBalance, 6).complaint, "'balance' must be 5 or less, not 6");
    EXPECT_EQ(read(kBalance, 1.5).complaint, "'balance' must be an integer, not a floating-point number");
    EXPECT_EQ(read(kFloor, 9).config.floor, 9);
    EXPECT_EQ(More{}.floor, std::nullopt);
    EXPECT_EQ(read(kFloor, -1).complaint, "'floor' must be 0 or more, not -1") << "the least is 0 if nothing is said";
}

TEST(PlainKeys, AStringIsReadAsItStandsOrAsItsCheckHasIt)
{
    EXPECT_EQ(read(kMotto, "Dieu et mon droit").config.motto, "Dieu et mon droit");
    EXPECT_EQ(read(kMotto, "").config.motto, "");
    EXPECT_EQ(read(kMotto, 12).config.motto, "12");
    EXPECT_EQ(read(kMotto, Value::List{"a"}).complaint, "'motto' must be a string, not a list");
    EXPECT_EQ(read(kMotto, std::string{"a\0b", 3}).complaint, "'motto' cannot contain a NUL character");
    EXPECT_EQ(read(kSong, "la la").config.song, "LA LA");
    EXPECT_EQ(read(kSong, "").config.song, std::nullopt) << "nothing is as if the key were absent";
    EXPECT_EQ(read(kSong, "silence").complaint, "silence is no song");
}

TEST(PlainKeys, AChoiceIsReadByItsWords)
{
    EXPECT_EQ(read(kColour, "red").config.colour, Colour::Red);
    EXPECT_EQ(read(kColour, "dark-blue").config.colour, Colour::DarkBlue);
    EXPECT_EQ(read(kColour, "").config.colour, Colour::Green) << "which is the default";
    EXPECT_EQ(read(kColour, "RED").complaint, "'colour' cannot be 'RED'; it is one of: red, green, dark-blue, navy");
    EXPECT_EQ(read(kColour, 1).complaint, "'colour' cannot be '1'; it is one of: red, green, dark-blue, navy");
    const auto navy = read(kColour, "navy");
    EXPECT_EQ(navy.config.colour, Colour::DarkBlue);
    EXPECT_THAT(navy.warnings, ElementsAre("'navy' does what 'dark-blue' does: there is one blue"));
    EXPECT_THAT(read(kColour, "dark-blue").warnings, IsEmpty());
}

TEST(PlainKeys, AListOfStringsIsReadInItsOrder)
{
    EXPECT_THAT(read(kFriends, Value::List{"Nym", "Pistol"}).config.friends, ElementsAre("Nym", "Pistol"));
    EXPECT_THAT(read(kFriends, Value::List{}).config.friends, IsEmpty());
    EXPECT_EQ(read(kFriends, "Nym").complaint, "'friends' must be a list of strings, not a string");
    EXPECT_EQ(read(kFriends, Value::List{"Nym", 2}).complaint, "'friends' must be a list of strings, not a list");
}

TEST(PlainKeys, TheDefaultOfTheHelpIsTheMembers)
{
    const More fresh;
    EXPECT_EQ(member_text(kLoud.member, fresh), "1");
    EXPECT_EQ(member_text(kBalance.member, fresh), "3");
    EXPECT_EQ(member_text(kFloor.member, fresh), std::nullopt);
    EXPECT_EQ(member_text(kMotto.member, fresh), "none at all");
    EXPECT_EQ(member_text(kSong.member, fresh), std::nullopt);
    EXPECT_EQ(member_text(kColour.member, fresh), "green");
    EXPECT_EQ(default_text(kFriends), "[]");
    EXPECT_THAT(allowed_words(kColour), ElementsAre("red", "green", "dark-blue", "navy"));
    EXPECT_THAT(allowed_words(kMotto), IsEmpty());
}

// The rows' members in a record of their own, as describe() has those of the table.
struct Saved {
    More config{};
    std::span<const KeyInfo* const> keys = kAll;
};

template <typename Archive> void describe(Archive& archive, Saved& saved)
{
    for (const KeyInfo* key : saved.keys) {
        MemberArchiver{archive, *key, saved.config}.run();
    }
}

More busy()
{
    More config;
    config.loud = Switch::Off;
    config.balance = -4;
    config.floor = 2;
    config.motto = "Semper eadem";
    config.song = "HEY HO";
    config.colour = Colour::DarkBlue;
    config.friends = {"Bardolph", "Nym"};
    return config;
}

TEST(PlainKeys, EachKindComesBackFromASavedState)
{
    const auto read = state::through_a_file(Saved{busy()}).config;
    EXPECT_EQ(read.loud, Switch::Off);
    EXPECT_EQ(read.balance, -4);
    EXPECT_EQ(read.floor, 2);
    EXPECT_EQ(read.motto, "Semper eadem");
    EXPECT_EQ(read.song, "HEY HO");
    EXPECT_EQ(read.colour, Colour::DarkBlue);
    EXPECT_THAT(read.friends, ElementsAre("Bardolph", "Nym"));
    EXPECT_EQ(state::through_a_file(Saved{}).config.floor, std::nullopt);
}

TEST(PlainKeys, AChoiceThatHasNoWordIsRefusedInASavedState)
{
    auto record = state::pack(Saved{busy()});
    for (state::Field& field : record.fields) {
        if (field.name == "colour") {
            field.value.number = 3;
        }
    }
    Saved read;
    const auto status = state::unpack(record, "record", read);
    ASSERT_FALSE(status.has_value());
    EXPECT_THAT(status.error().message(), testing::HasSubstr("record.colour has a value that this version"));
}

// docs/saved-state.md: records of older versions are read, with what was before the key.
TEST(PlainKeys, AKeyThatCameLaterIsAbsentFromOlderRecords)
{
    KeyInfo later = kColour;
    later.saved.since = 2;
    const KeyInfo* const keys[] = {&kBalance, &later};
    auto record = state::pack(Saved{busy(), keys});
    Saved read{{}, keys};
    ASSERT_TRUE(state::unpack(record, "record", read, nullptr, 2).has_value());
    EXPECT_EQ(read.config.colour, Colour::DarkBlue);

    record.fields.pop_back();
    read = {{}, keys};
    ASSERT_TRUE(state::unpack(record, "record", read, nullptr, 1).has_value());
    EXPECT_EQ(read.config.balance, -4);
    EXPECT_EQ(read.config.colour, Colour::Green);
    EXPECT_FALSE(state::unpack(record, "record", read, nullptr, 2).has_value()) << "version 2 must have it";
}

TEST(PlainKeys, ASwitchThatCanOnlyBeTurnedOnIsNotTurnedOff)
{
    KeyInfo careful = kLoud;
    careful.saved = {.name = "care", .as = SavedAs::OnlyIfOn};
    const KeyInfo* const keys[] = {&careful};
    const auto record = state::pack(Saved{busy(), keys});
    ASSERT_EQ(record.fields.size(), 1U);
    EXPECT_EQ(record.fields[0].name, "care");
    Saved usual{{}, keys};
    ASSERT_TRUE(state::unpack(record, "record", usual).has_value());
    EXPECT_EQ(usual.config.loud, Switch::On) << "although the record says off";
    More on;
    Saved off{busy(), keys};
    ASSERT_TRUE(state::unpack(state::pack(Saved{on, keys}), "record", off).has_value());
    EXPECT_EQ(off.config.loud, Switch::On);
}

} // namespace
} // namespace windsor::config
