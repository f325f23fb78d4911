// SPDX-License-Identifier: GPL-2.0-or-later
// A limit on how many bytes go by in a time, as Xen's netback has it.
#pragma once

#include "base/clock.hpp"

#include <cstdint>

namespace windsor::network {

// So many bytes may go in each interval. Neither is zero.
struct Rate {
    std::uint64_t bytes{1};
    base::Nanoseconds interval{base::kSecond};
};

// Credit comes at the end of each interval, all of it at once, and what is not used is kept up to a burst: as much as
// an interval brings, or 128 KiB if that is less, which is what netback grants so that a large frame can go by a small
// rate at all (Linux, drivers/net/xen-netback/netback.c, tx_add_credit()). It begins with an interval's credit.
class TokenBucket {
public:
    static constexpr std::uint64_t kLeastBurst = 131'072;

    TokenBucket(Rate rate, base::Nanoseconds now) : rate_{rate}, credit_{rate.bytes}, since_{now} {}

    // Whether that many bytes, at most kLeastBurst, may go now.
    bool allows(std::uint64_t bytes, base::Nanoseconds now);
    // They have gone: allows() has just said that they may.
    void spend(std::uint64_t bytes) { credit_ -= bytes; }
    // When more credit comes.
    base::Nanoseconds next() const { return since_ + rate_.interval; }

private:
    Rate rate_;
    std::uint64_t credit_; // bytes
    base::Nanoseconds since_; // the beginning of this interval
};

} // namespace windsor::network
