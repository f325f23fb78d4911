// SPDX-License-Identifier: GPL-2.0-or-later
#include "network/token_bucket.hpp"

#include <algorithm>

namespace windsor::network {

bool TokenBucket::allows(std::uint64_t bytes, base::Nanoseconds now)
{
    const base::Nanoseconds passed = now > since_ ? (now - since_) / rate_.interval : 0;
    if (passed > 0) {
        since_ += passed * rate_.interval;
        const std::uint64_t burst = std::max(kLeastBurst, rate_.bytes);
        const std::uint64_t missing = burst - credit_;
        // The division first: the product may have more than 64 bits.
        const bool full = static_cast<std::uint64_t>(passed) > missing / rate_.bytes;
        credit_ = full ? burst : credit_ + static_cast<std::uint64_t>(passed) * rate_.bytes;
    }
    return bytes <= credit_;
}

} // namespace windsor::network
