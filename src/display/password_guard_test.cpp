// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/password_guard.hpp"

#include <cstdint>
#include <gtest/gtest.h>

#include <vector>

namespace windsor::display {
namespace {

using namespace std::chrono_literals;

class PasswordGuardTest : public ::testing::Test {
protected:
    std::optional<std::chrono::seconds> wait(const std::string& network = "guesser") const
    {
        return guard_.wait_of(network, now_);
    }
    void guess(unsigned times, const std::string& network = "guesser")
    {
        for (unsigned i = 0; i < times; ++i) {
            guard_.wrong(network, now_);
        }
    }

    PasswordGuard guard_;
    PasswordGuard::Clock::time_point now_{1000s};
};

TEST_F(PasswordGuardTest, SomeMistakesAreFree)
{
    EXPECT_EQ(wait(), std::nullopt);
    guess(PasswordGuard::kFree - 1);
    EXPECT_EQ(wait(), std::nullopt);
}

TEST_F(PasswordGuardTest, WaitsGrowUpToTheLongest)
{
    guess(PasswordGuard::kFree - 1);
    std::vector<std::int64_t> waits;
    for (int i = 0; i < 9; ++i) {
        guess(1);
        waits.push_back(wait().value_or(0s).count());
        now_ += wait().value_or(0s) - 1s;
        EXPECT_EQ(wait(), 1s);
        now_ += 1s;
        EXPECT_EQ(wait(), std::nullopt);
    }
    EXPECT_EQ(waits, (std::vector<std::int64_t>{10, 20, 40, 80, 160, 320, 640, 900, 900}));
}

TEST_F(PasswordGuardTest, ASecondThatHasBegunIsWaitedFor)
{
    guess(PasswordGuard::kFree);
    now_ += 500ms;
    EXPECT_EQ(wait(), 10s);
}

TEST_F(PasswordGuardTest, TheRightPasswordForgivesAll)
{
    guess(PasswordGuard::kFree);
    guard_.right("guesser");
    EXPECT_EQ(wait(), std::nullopt);
    guess(PasswordGuard::kFree - 1);
    EXPECT_EQ(wait(), std::nullopt);
    guess(1);
    EXPECT_EQ(wait(), PasswordGuard::kFirstWait);
}

TEST_F(PasswordGuardTest, OthersAreNotConcerned)
{
    guess(20);
    EXPECT_EQ(wait("another"), std::nullopt);
    guess(PasswordGuard::kFree - 1, "another");
    EXPECT_EQ(wait("another"), std::nullopt);
    guard_.right("another");
    EXPECT_NE(wait(), std::nullopt);
}

TEST_F(PasswordGuardTest, WhoHasGivenUpIsForgotten)
{
    guess(PasswordGuard::kFree);
    now_ += PasswordGuard::kFirstWait + PasswordGuard::kMemory - 1s;
    guess(1, "another");
    EXPECT_EQ(guard_.size(), 2u);
    now_ += 1s;
    guess(1);
    EXPECT_EQ(wait(), std::nullopt) << "the first mistake of many";
}

TEST_F(PasswordGuardTest, WhoIsRememberedIsNotForgottenForItself)
{
    guess(PasswordGuard::kFree - 1);
    now_ += 1ms;
    for (unsigned i = 1; i < PasswordGuard::kMost; ++i) {
        guess(1, "network " + std::to_string(i));
    }
    guess(1);
    EXPECT_EQ(wait(), PasswordGuard::kFirstWait);
    EXPECT_EQ(guard_.size(), PasswordGuard::kMost);
}

TEST_F(PasswordGuardTest, ItsMemoryIsBounded)
{
    guess(PasswordGuard::kFree + 3, "patient");
    for (unsigned i = 0; i < 3 * PasswordGuard::kMost; ++i) {
        guess(1, "network " + std::to_string(i));
        now_ += 1ms;
    }
    EXPECT_EQ(guard_.size(), PasswordGuard::kMost);
    EXPECT_NE(wait("patient"), std::nullopt) << "who waits longest is the last to be forgotten";
}

} // namespace
} // namespace windsor::display
