// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/archive.hpp"

#include <gtest/gtest.h>

namespace windsor::state {

namespace {

enum class Colour : std::uint8_t { Red, Green, Blue };

struct Wheel {
    std::uint16_t spokes{0};
    bool turning{false};

    bool operator==(const Wheel&) const = default;
};

template <typename Archive> void describe(Archive& archive, Wheel& wheel)
{
    archive.field("spokes", wheel.spokes);
    archive.field("turning", wheel.turning);
}

struct Cart {
    std::uint64_t number{0};
    std::int32_t height{0};
    std::string owner{};
    Colour colour{Colour::Red};
    std::array<Wheel, 2> wheels{};
    std::array<std::uint8_t, 3> plate{};
    std::vector<std::uint8_t> load{};
    std::vector<std::uint32_t> tolls{};
    std::optional<std::int64_t> sold{};
    std::bitset<11> windows{};
    unsigned horses{7};

    bool operator==(const Cart&) const = default;
};

template <typename Archive> void describe(Archive& archive, Cart& cart)
{
    archive.field("number", cart.number);
    archive.field("height", cart.height);
    archive.field("owner", cart.owner);
    archive.choice("colour", cart.colour, Colour::Blue);
    archive.field("wheels", cart.wheels);
    archive.field("plate", cart.plate);
    archive.field("load", cart.load);
    archive.field("tolls", cart.tolls);
    archive.field("sold", cart.sold);
    archive.field("windows", cart.windows);
    archive.optional("horses", cart.horses);
}

const Cart kCart{.number = ~std::uint64_t{0},
                 .height = -5,
                 .owner = "Falstaff",
                 .colour = Colour::Blue,
                 .wheels = {Wheel{12, true}, Wheel{65535, false}},
                 .plate = {1, 2, 3},
                 .load = {9, 8, 7, 6},
                 .tolls = {0, 4'000'000'000},
                 .sold = -1,
                 .windows = std::bitset<11>{0x555},
                 .horses = 2};

Value packed()
{
    return decode(encode(pack(kCart))).value();
}

Field& field(Value& value, std::string_view name)
{
    return *std::ranges::find(value.fields, name, &Field::name);
}

std::string refusal(const Value& value)
{
    Cart cart;
    const auto status = unpack(value, "cart", cart);
    EXPECT_EQ(cart, Cart{}) << "nothing half-done";
    return status ? "" : status.error().message();
}

TEST(Archive, EveryKindOfFieldComesBack)
{
    Cart cart;
    ASSERT_TRUE(unpack(packed(), "cart", cart).has_value());
    EXPECT_EQ(cart, kCart);
    Cart empty{.sold = 3};
    ASSERT_TRUE(unpack(pack(Cart{}), "cart", empty).has_value());
    EXPECT_EQ(empty, Cart{});
}

TEST(Archive, AMissingMandatoryFieldIsRefusedByName)
{
    Value value = packed();
    std::erase_if(value.fields, [](const Field& each) { return each.name == "owner"; });
    EXPECT_NE(refusal(value).find("cart.owner is missing"), std::string::npos);
    value = packed();
    field(value, "wheels").value.items[1].fields.pop_back();
    EXPECT_NE(refusal(value).find("cart.wheels[1].turning is missing"), std::string::npos);
}

TEST(Archive, AMissingOptionalFieldKeepsItsDefault)
{
    Value value = packed();
    std::erase_if(value.fields, [](const Field& each) { return each.name == "horses"; });
    Cart cart;
    ASSERT_TRUE(unpack(value, "cart", cart).has_value());
    EXPECT_EQ(cart.horses, 7u);
}

// A struct that has grown: its second field came with version 2.
struct Grown {
    std::uint32_t old{1};
    std::uint32_t added{7};
    std::vector<std::uint8_t> inner{};
};

template <typename Archive> void describe(Archive& archive, Grown& grown)
{
    archive.field("old", grown.old);
    archive.since(2, "added", grown.added, 40u);
    archive.since(3, "inner", grown.inner, std::vector<std::uint8_t>{1, 2});
}

TEST(Archive, AFieldThatCameLaterHasItsValueOfOldInOlderRecords)
{
    Value older{Type::Group};
    older.fields.push_back({"old", Need::Mandatory, Value{Type::Number, 5}});
    Grown read;
    ASSERT_TRUE(unpack(older, "record", read, nullptr, 1).has_value());
    EXPECT_EQ(read.old, 5u);
    EXPECT_EQ(read.added, 40u);
    EXPECT_EQ(read.inner, (std::vector<std::uint8_t>{1, 2}));

    older.fields.push_back({"added", Need::Mandatory, Value{Type::Number, 6}});
    ASSERT_TRUE(unpack(older, "record", read, nullptr, 2).has_value());
    EXPECT_EQ(read.added, 6u);
    EXPECT_EQ(read.inner, (std::vector<std::uint8_t>{1, 2}));
}

TEST(Archive, AFieldThatCameLaterIsMandatoryFromThenOn)
{
    Value newer{Type::Group};
    newer.fields.push_back({"old", Need::Mandatory, Value{Type::Number, 5}});
    Grown read;
    const auto refused = unpack(newer, "record", read, nullptr, 2);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message().find("record.added is missing"), std::string::npos);
    // And a record of the old version that has it all the same was not written by that version.
    newer.fields.push_back({"added", Need::Mandatory, Value{Type::Number, 6}});
    EXPECT_FALSE(unpack(newer, "record", read, nullptr, 1).has_value());
}

// What only its describe() knows how to read, such as an enumeration that came with version 2.
struct Painted {
    enum class Colour { Red, Green };
    std::uint32_t old{1};
    Colour colour{Colour::Red};
};

template <typename Archive> void describe(Archive& archive, Painted& painted)
{
    archive.field("old", painted.old);
    if (archive.is_of(2)) {
        archive.choice("colour", painted.colour, Painted::Colour::Green);
    }
}

TEST(Archive, ADescriptionMayAskForTheVersion)
{
    Value record = pack(Painted{.old = 5, .colour = Painted::Colour::Green});
    Painted read;
    ASSERT_TRUE(unpack(record, "record", read, nullptr, 2).has_value());
    EXPECT_EQ(read.colour, Painted::Colour::Green);
    EXPECT_FALSE(unpack(record, "record", read, nullptr, 1).has_value()) << "version 1 had no colour";
    record.fields.pop_back();
    read = {};
    ASSERT_TRUE(unpack(record, "record", read, nullptr, 1).has_value());
    EXPECT_EQ(read.colour, Painted::Colour::Red);
    EXPECT_FALSE(unpack(record, "record", read, nullptr, 2).has_value()) << "version 2 must have one";
}

TEST(Archive, AnUnknownFieldIsIgnoredOnlyIfItIsOptional)
{
    Value value = packed();
    value.fields.push_back({"bell", Need::Optional, Value{Type::Flag, 1}});
    Cart cart;
    std::vector<std::string> ignored;
    ASSERT_TRUE(unpack(value, "cart", cart, &ignored).has_value());
    EXPECT_EQ(cart, kCart);
    EXPECT_EQ(ignored, std::vector<std::string>{"cart.bell"});
    value.fields.back().need = Need::Mandatory;
    EXPECT_NE(refusal(value).find("cart.bell"), std::string::npos);
}

TEST(Archive, ValuesThatDoNotFitAreRefused)
{
    Value value = packed();
    field(value, "wheels").value.items[0].fields[0].value.number = 65536;
    EXPECT_NE(refusal(value).find("cart.wheels[0].spokes is out of range"), std::string::npos);
    value = packed();
    field(value, "height").value.number = std::uint64_t{1} << 31;
    EXPECT_NE(refusal(value).find("cart.height is out of range"), std::string::npos);
    value = packed();
    field(value, "colour").value.number = 3;
    EXPECT_NE(refusal(value).find("cart.colour"), std::string::npos);
    value = packed();
    field(value, "plate").value.bytes.push_back(0);
    EXPECT_NE(refusal(value).find("cart.plate has 4 elements and should have 3"), std::string::npos);
    value = packed();
    field(value, "wheels").value.items.pop_back();
    EXPECT_NE(refusal(value).find("cart.wheels has 1 elements"), std::string::npos);
    value = packed();
    field(value, "windows").value.bytes.pop_back();
    EXPECT_NE(refusal(value).find("cart.windows"), std::string::npos);
    value = packed();
    field(value, "owner").value = Value{Type::Number, 1};
    EXPECT_NE(refusal(value).find("cart.owner is of another type"), std::string::npos);
    EXPECT_NE(refusal(Value{Type::List}).find("cart is of another type"), std::string::npos);
}

TEST(Archive, EveryTruncationIsAnError)
{
    const auto bytes = encode(pack(kCart));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(decode(std::span{bytes}.first(size)).has_value()) << size;
    }
    auto longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(decode(longer).has_value());
}

TEST(Archive, DepthAndNumberOfValuesAreBounded)
{
    Value deep{Type::List};
    for (unsigned i = 0; i <= kDeepest; ++i) {
        Value outer{Type::List};
        outer.items.push_back(std::move(deep));
        deep = std::move(outer);
    }
    EXPECT_FALSE(decode(encode(deep)).has_value());
    EXPECT_TRUE(decode(encode(deep.items.front())).has_value());
    Value many{Type::List};
    many.items.resize(kMostValues);
    EXPECT_FALSE(decode(encode(many)).has_value());
}

TEST(Archive, ADifferenceIsFoundAndNamed)
{
    EXPECT_EQ(difference(pack(kCart), pack(kCart)), "");
    Cart other = kCart;
    other.wheels[1].spokes = 3;
    EXPECT_EQ(difference(pack(kCart), pack(other)), ".wheels[1].spokes: 0xffff and 0x3");
    other = kCart;
    other.plate[2] = 4;
    EXPECT_EQ(difference(pack(kCart), pack(other)), ".plate[2]: 0x3 and 0x4");
    other = kCart;
    other.sold.reset();
    EXPECT_EQ(difference(pack(kCart), pack(other)), ".sold: -1 and nothing");
}

} // namespace

} // namespace windsor::state
