// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/token_bucket.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace windsor::network {
namespace {

using base::kMillisecond;
using base::kSecond;

bool take(TokenBucket& bucket, std::uint64_t bytes, base::Nanoseconds now)
{
    if (!bucket.allows(bytes, now)) {
        return false;
    }
    bucket.spend(bytes);
    return true;
}

TEST(TokenBucket, LetsAnIntervalsBytesGoAndThenWaits)
{
    TokenBucket bucket{{.bytes = 1000, .interval = 50 * kMillisecond}, kSecond};
    EXPECT_TRUE(take(bucket, 600, kSecond));
    EXPECT_FALSE(take(bucket, 401, kSecond));
    EXPECT_TRUE(take(bucket, 400, kSecond + 49 * kMillisecond));
    EXPECT_FALSE(take(bucket, 1, kSecond + 49 * kMillisecond));
    EXPECT_EQ(bucket.next(), kSecond + 50 * kMillisecond);
    EXPECT_TRUE(take(bucket, 1000, kSecond + 50 * kMillisecond));
    EXPECT_FALSE(take(bucket, 1, kSecond + 50 * kMillisecond));
    EXPECT_EQ(bucket.next(), kSecond + 100 * kMillisecond);
}

// Whoever is late loses nothing of the intervals' beginnings: over a long time it is the rate.
TEST(TokenBucket, IsTheRateOverALongTime)
{
    TokenBucket bucket{{.bytes = 1250, .interval = kMillisecond}, 0};
    std::uint64_t sent = 0;
    for (base::Nanoseconds now = 0; now < 10 * kSecond; now += 1'700'000) {
        while (take(bucket, 1250, now)) {
            sent += 1250;
        }
    }
    EXPECT_NEAR(static_cast<double>(sent), 1'250'000.0 * 10, 1'250'000.0 * 10 / 1000);
}

TEST(TokenBucket, KeepsABurstAndNoMore)
{
    TokenBucket small{{.bytes = 1000, .interval = kMillisecond}, 0};
    EXPECT_TRUE(take(small, TokenBucket::kLeastBurst, 1000 * kSecond));
    EXPECT_FALSE(take(small, 1, 1000 * kSecond));
    constexpr std::uint64_t kLarge = 10 * TokenBucket::kLeastBurst;
    TokenBucket large{{.bytes = kLarge, .interval = kMillisecond}, 0};
    EXPECT_TRUE(take(large, kLarge, 1000 * kSecond));
    EXPECT_FALSE(take(large, 1, 1000 * kSecond));
}

TEST(TokenBucket, LetsALargeFrameGoBySmallRates)
{
    TokenBucket bucket{{.bytes = 100, .interval = kMillisecond}, 0};
    EXPECT_FALSE(take(bucket, 16'384, 0));
    EXPECT_FALSE(take(bucket, 16'384, 162 * kMillisecond));
    EXPECT_TRUE(take(bucket, 16'384, 163 * kMillisecond));
}

TEST(TokenBucket, TakesTheExtremes)
{
    constexpr auto kMuch = std::numeric_limits<std::uint64_t>::max();
    TokenBucket fast{{.bytes = kMuch, .interval = 1}, 0};
    EXPECT_TRUE(take(fast, kMuch, std::numeric_limits<base::Nanoseconds>::max()));
    TokenBucket slow{{.bytes = 1, .interval = 4294 * kSecond}, 0};
    EXPECT_TRUE(take(slow, 1, 0));
    EXPECT_FALSE(take(slow, 1, 4293 * kSecond));
    EXPECT_TRUE(take(slow, 1, 4294 * kSecond));
    EXPECT_FALSE(take(slow, 1, 0)) << "a clock that goes back brings nothing";
}

} // namespace
} // namespace windsor::network
