// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/rfb_greeter.hpp"

#include <gmock/gmock.h>

#include <rfb/rfb.h>

namespace windsor::display {
namespace {

using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

constexpr Challenge kChallenge{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

Bytes bytes(std::string_view text)
{
    return {text.begin(), text.end()};
}

Bytes response(std::string password)
{
    Challenge challenge = kChallenge;
    rfbEncryptBytes(challenge.data(), password.data());
    return {challenge.begin(), challenge.end()};
}

struct Greeted {
    Bytes answer{};
    std::string fault{};
    bool done{false};
    std::size_t left{0};
};

// Byte by byte, and all at once, must be the same.
Greeted greet(const std::optional<std::string>& password, std::initializer_list<Bytes> words,
              const PasswordGate& gate = {})
{
    Bytes all;
    for (const Bytes& word : words) {
        all.insert(all.end(), word.begin(), word.end());
    }
    std::vector<Greeted> both;
    for (const std::size_t piece : {all.size(), std::size_t{1}}) {
        RfbGreeter greeter{password, kChallenge, gate};
        Greeted greeted;
        std::span<const std::uint8_t> rest{all};
        while (!rest.empty() && !greeter.done() && greeted.fault.empty()) {
            std::span<const std::uint8_t> next = rest.first(std::min(piece, rest.size()));
            const std::size_t given = next.size();
            const base::Status taken = greeter.take(next, greeted.answer);
            greeted.fault = taken ? "" : taken.error().message();
            rest = rest.subspan(given - next.size());
        }
        greeted.done = greeter.done();
        greeted.left = rest.size();
        both.push_back(greeted);
    }
    EXPECT_EQ(both[0].answer, both[1].answer);
    EXPECT_EQ(both[0].fault, both[1].fault);
    return both[0];
}

TEST(RfbGreeterTest, LetsEveryVersionInWithoutAPassword)
{
    const Greeted newest = greet(std::nullopt, {bytes("RFB 003.008\n"), {1}, {1, 2, 3}});
    EXPECT_EQ(newest.answer, (Bytes{1, 1, 0, 0, 0, 0}));
    EXPECT_TRUE(newest.done);
    EXPECT_EQ(newest.left, 3U);
    EXPECT_EQ(greet(std::nullopt, {bytes("RFB 003.889\n"), {1}}).answer, (Bytes{1, 1, 0, 0, 0, 0})); // Apple's
    const Greeted seven = greet(std::nullopt, {bytes("RFB 003.007\n"), {1}});
    EXPECT_EQ(seven.answer, (Bytes{1, 1}));
    EXPECT_TRUE(seven.done);
    for (const std::string_view version : {"RFB 003.003\n", "RFB 003.005\n"}) {
        const Greeted oldest = greet(std::nullopt, {bytes(version)});
        EXPECT_EQ(oldest.answer, (Bytes{0, 0, 0, 1}));
        EXPECT_TRUE(oldest.done);
    }
}

TEST(RfbGreeterTest, AsksEveryVersionForThePassword)
{
    const Bytes challenge{kChallenge.begin(), kChallenge.end()};
    for (const std::string_view version : {"RFB 003.008\n", "RFB 003.007\n", "RFB 003.003\n"}) {
        const bool chooses = version[10] != '3';
        Bytes asked = chooses ? Bytes{1, 2} : Bytes{0, 0, 0, 2};
        asked.insert(asked.end(), challenge.begin(), challenge.end());
        const Bytes choice = chooses ? Bytes{2} : Bytes{};

        Bytes let_in = asked;
        let_in.insert(let_in.end(), {0, 0, 0, 0});
        const Greeted right = greet("agincour", {bytes(version), choice, response("agincour")});
        EXPECT_EQ(right.answer, let_in);
        EXPECT_TRUE(right.done);

        const Greeted wrong = greet("agincour", {bytes(version), choice, response("harfleur")});
        EXPECT_FALSE(wrong.done);
        EXPECT_THAT(wrong.fault, HasSubstr("wrong password"));
        ASSERT_GE(wrong.answer.size(), asked.size() + 4);
        EXPECT_EQ(wrong.answer[asked.size() + 3], 1);
        EXPECT_EQ(wrong.answer.size() > asked.size() + 4, version[10] == '8') << "3.8 has a reason";
    }
}

TEST(RfbGreeterTest, OnlyEightCharactersOfAPasswordCount)
{
    for (const char* const given : {"longer than eight", "longer t", "longer tomorrow"}) {
        EXPECT_TRUE(greet("longer than eight", {bytes("RFB 003.008\n"), {2}, response(given)}).done) << given;
    }
    EXPECT_FALSE(greet("longer than eight", {bytes("RFB 003.008\n"), {2}, response("longer")}).done);
}

TEST(RfbGreeterTest, NobodyChoosesSecurityThatIsNotOffered)
{
    for (const std::uint8_t type : Bytes{0, 1, 3, 16, 255}) {
        EXPECT_THAT(greet("agincour", {bytes("RFB 003.008\n"), {type}}).fault, HasSubstr("not offered"));
    }
    EXPECT_FALSE(greet(std::nullopt, {bytes("RFB 003.008\n"), {2}}).done);
}

TEST(RfbGreeterTest, WhoHasToWaitIsToldSoBeforeHeTypes)
{
    const PasswordGate closed{.closed_for = [] { return std::optional{std::chrono::seconds{20}}; },
                              .tried = [](bool) { ADD_FAILURE() << "no password is looked at"; }};
    const std::string_view reason = "too many wrong passwords; try again later";
    for (const std::string_view version : {"RFB 003.008\n", "RFB 003.007\n", "RFB 003.003\n"}) {
        Bytes refusal = version[10] == '3' ? Bytes{0, 0, 0, 0} : Bytes{0};
        refusal.insert(refusal.end(), {0, 0, 0, static_cast<std::uint8_t>(reason.size())});
        refusal.insert(refusal.end(), reason.begin(), reason.end());
        const Greeted refused = greet("agincour", {bytes(version)}, closed);
        EXPECT_EQ(refused.answer, refusal) << version;
        EXPECT_FALSE(refused.done);
        EXPECT_THAT(refused.fault, HasSubstr("has to wait 20 s"));
    }
    EXPECT_TRUE(greet(std::nullopt, {bytes("RFB 003.008\n"), {1}}, closed).done) << "there is no password";
}

// Many can have been asked before the first of them is wrong.
TEST(RfbGreeterTest, WhoHasToWaitIsRefusedWithTheRightPasswordToo)
{
    for (const char* const given : {"agincour", "harfleur"}) {
        bool closed = false;
        RfbGreeter greeter{
            "agincour",
            kChallenge,
            {.closed_for = [&] { return closed ? std::optional{std::chrono::seconds{1}} : std::nullopt; },
             .tried = [](bool) { ADD_FAILURE() << "no password is looked at"; }}};
        Bytes all = bytes("RFB 003.003\n");
        std::span<const std::uint8_t> rest{all};
        Bytes answer;
        ASSERT_TRUE(greeter.take(rest, answer));
        closed = true;
        answer.clear();
        all = response(given);
        rest = all;
        EXPECT_FALSE(greeter.take(rest, answer));
        EXPECT_FALSE(greeter.done());
        EXPECT_EQ(answer, (Bytes{0, 0, 0, 1}));
    }
}

TEST(RfbGreeterTest, TellsWhetherAPasswordWasRight)
{
    std::vector<bool> told; // by both ways of sending it
    const PasswordGate gate{.tried = [&](bool right) { told.push_back(right); }};
    greet("agincour", {bytes("RFB 003.008\n"), {2}, response("harfleur")}, gate);
    EXPECT_EQ(told, (std::vector{false, false}));
    greet("agincour", {bytes("RFB 003.008\n"), {2}, response("agincour")}, gate);
    EXPECT_EQ(told, (std::vector{false, false, true, true}));
    greet(std::nullopt, {bytes("RFB 003.008\n"), {1}}, gate);
    EXPECT_EQ(told.size(), 4u);
}

TEST(RfbGreeterTest, WhatIsNoVersionIsRefused)
{
    for (const std::string_view version :
         {"RFB 002.008\n", "RFB 003.00x\n", "RFB 003 008\n", "RFB 003.008 ", "rfb 003.008\n", "SSH-2.0-Open"}) {
        EXPECT_THAT(greet(std::nullopt, {bytes(version)}).fault, HasSubstr("does not speak VNC")) << version;
    }
}

} // namespace
} // namespace windsor::display
