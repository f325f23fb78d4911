// SPDX-License-Identifier: GPL-2.0-or-later
// Sizes of pages, for INVLPG: it invalidates the whole page that an address lies in, of which the TLB and other caches
// may have many pieces of 4 KiB. SDM volume 3A, section 4.10.4.1.
#pragma once

#include "emulate/memory/page_filter.hpp"
#include "x86/address.hpp"

#include <cstdint>

namespace windsor::emulate {

enum class PageSize : std::uint8_t {
    Small, // 4 KiB
    Large, // 2 or 4 MiB
    Huge,  // 1 GiB
};

// The number of the stretch of addresses that INVLPG of one of them concerns; of 2 MiB pages, the two that share 4 MiB.
constexpr std::uint64_t page_number(x86::Linear linear, PageSize size)
{
    return linear.raw() >> (size == PageSize::Small ? 12 : size == PageSize::Large ? 22 : 30);
}

// Whether INVLPG of an address invalidates a piece of 4 KiB, at address `piece`, of a page of that size.
constexpr bool invalidates(x86::Linear linear, x86::Linear piece, PageSize size)
{
    return page_number(linear, size) == page_number(piece, size);
}

// Which large pages a cache may have pieces of. INVLPG of an address in none of them invalidates one piece only.
class LargePages {
public:
    void note(x86::Linear linear, PageSize size)
    {
        if (size != PageSize::Small) {
            filter_.note(number(linear, size));
        }
    }
    bool may_contain(x86::Linear linear) const
    {
        return filter_.may_contain(number(linear, PageSize::Large)) ||
               filter_.may_contain(number(linear, PageSize::Huge));
    }
    void clear() { filter_.clear(); }

private:
    static std::uint64_t number(x86::Linear linear, PageSize size)
    {
        return page_number(linear, size) << 1 | (size == PageSize::Huge ? 1 : 0);
    }

    PageFilter filter_;
};

} // namespace windsor::emulate
