// SPDX-License-Identifier: GPL-2.0-or-later
// The software TLB of data accesses.
#pragma once

#include "emulate/memory/page_size.hpp"
#include "x86/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace windsor::emulate {

constexpr std::uint64_t kLinearPage = ~std::uint64_t{0xfff};

// On whose behalf memory is accessed; each has entries of its own. SupervisorAc is the supervisor with RFLAGS.AC set,
// which SMAP lets access user pages. Checked is the program while alignment is checked: this set stays empty, so that
// each access takes the slow path, which checks it.
enum class TlbSet : std::uint8_t { Supervisor, User, SupervisorAc, Checked };
constexpr std::size_t kTlbSets = 4;

// Which entries a flush drops. A load of CR3 leaves those of global pages.
enum class Flush : std::uint8_t { NonGlobal, All };

// A tag is the page's linear address if accesses may take the fast path, straight to host memory. If the bits of kSlow
// are flipped in it, the entry is valid, but accesses have to take the slow path (MMIO, pages that are held, data
// breakpoints). A tag xor an address is the offset in the page on a hit, and at least a page's size otherwise. That is
// so for any address that the guest makes up, canonical or not: an empty or slow tag is an address that is looked for
// in another entry.
namespace tag {

constexpr std::uint64_t kEmpty = std::uint64_t{1} << 61;
constexpr std::uint64_t kSlow = (std::uint64_t{1} << 62) | 0x1000;

constexpr bool empty(std::uint64_t tag)
{
    return tag >> 61 == 1;
}
constexpr bool matches(std::uint64_t tag, x86::Linear linear)
{
    return ((tag ^ linear.raw()) & kLinearPage & ~kSlow) == 0;
}
constexpr bool slow(std::uint64_t tag)
{
    return ((tag ^ (tag << 1)) >> 63) != 0;
}
// Whether an access may go straight to the page, and lies in it as a whole. The offset of its first byte tells both: an
// access that begins before an address which a tag stands for may well end there.
constexpr bool admits(std::uint64_t tag, x86::Linear linear, std::uint64_t size)
{
    return (tag ^ linear.raw()) <= ~kLinearPage + 1 - size;
}

} // namespace tag

// The entries of a set, one array a field: translated code finds each by an index that counts elements of eight bytes.
struct TlbEntries {
    static constexpr std::size_t kCount = 4096;

    // Flags in `physical`.
    static constexpr std::uint64_t kGlobal = 1;
    static constexpr std::uint64_t kReadMmio = 2;
    static constexpr std::uint64_t kWriteMmio = 4;
    static constexpr std::uint64_t kLarge = 8;
    static constexpr std::uint64_t kHuge = 16;

    std::array<std::uint64_t, kCount> read{};     // tags
    std::array<std::uint64_t, kCount> write{};
    std::array<std::uint8_t*, kCount> host{};     // of the page
    std::array<std::uint64_t, kCount> distance{}; // from a linear address of the page to its host address
    std::array<std::uint64_t, kCount> physical{}; // page address and flags

    static constexpr std::size_t index(x86::Linear linear) { return (linear.raw() >> 12) & (kCount - 1); }

    void clear(std::size_t at) { read[at] = write[at] = tag::kEmpty | (~std::uint64_t{at} & (kCount - 1)) << 12; }
    bool empty(std::size_t at) const { return tag::empty(read[at]) && tag::empty(write[at]); }
    bool is(std::size_t at, std::uint64_t flag) const { return (physical[at] & flag) != 0; }
    PageSize size(std::size_t at) const
    {
        return is(at, kHuge) ? PageSize::Huge : is(at, kLarge) ? PageSize::Large : PageSize::Small;
    }
    static constexpr std::uint64_t flag_of(PageSize size)
    {
        return size == PageSize::Huge ? kHuge : size == PageSize::Large ? kLarge : 0;
    }
    void place(std::size_t at, x86::Linear page, std::uint8_t* where)
    {
        host[at] = where;
        distance[at] = reinterpret_cast<std::uintptr_t>(where) - page.raw();
    }
    // The linear address of the page of an entry that is not empty.
    x86::Linear page(std::size_t at) const
    {
        const std::uint64_t known = tag::empty(read[at]) ? write[at] : read[at];
        return x86::Linear{tag::slow(known) ? known ^ tag::kSlow : known};
    }
    std::uint8_t* host_address(std::size_t at, x86::Linear linear) const
    {
        return host[at] + (linear.raw() & ~kLinearPage);
    }
};

class Tlb {
public:
    Tlb()
    {
        for (TlbEntries& set : sets_) {
            for (std::size_t at = 0; at < TlbEntries::kCount; ++at) {
                set.clear(at);
            }
        }
    }

    TlbEntries& set(TlbSet set) { return sets_[static_cast<std::size_t>(set)]; }

    // Notes that the entry of an address is about to be filled with a page of these properties.
    void take(TlbSet which, x86::Linear linear, bool global, PageSize size)
    {
        const TlbEntries& entries = set(which);
        const std::size_t at = TlbEntries::index(linear);
        if (entries.empty(at) || entries.is(at, TlbEntries::kGlobal) != global) {
            note(journal_of(static_cast<std::size_t>(which), global ? Pages::Global : Pages::NonGlobal), at);
        }
        large_.note(linear, size);
    }

    void flush(Flush what)
    {
        for (std::size_t which = 0; which < kTlbSets; ++which) {
            flush_journal(which, Pages::NonGlobal);
            if (what == Flush::All) {
                flush_journal(which, Pages::Global);
            }
        }
        if (what == Flush::All) {
            large_.clear();
        }
    }
    void flush_page(x86::Linear linear)
    {
        const std::size_t at = TlbEntries::index(linear);
        for (TlbEntries& set : sets_) {
            if (!set.empty(at) && invalidates(linear, set.page(at), PageSize::Small)) {
                set.clear(at);
            }
        }
        if (large_.may_contain(linear)) {
            clear_if([&](const TlbEntries& set, std::size_t entry) {
                return invalidates(linear, set.page(entry), set.size(entry));
            });
        }
    }
    // Stores to a host page take the slow path from now on. True: they could take the fast one until now.
    bool slow_down_writes(const std::uint8_t* host_page)
    {
        bool quick = false;
        clear_if([&](const TlbEntries& set, std::size_t at) {
            const bool found = !tag::empty(set.write[at]) && set.host[at] == host_page;
            quick = quick || (found && !tag::slow(set.write[at]));
            return found;
        });
        return quick;
    }

private:
    // Which entries have been filled, so that a flush does not have to look at all of them.
    using Journal = std::vector<std::uint16_t>;
    enum class Pages : std::uint8_t { NonGlobal, Global };

    // The journal of entries of global pages, or of the others. An entry that was filled with both may be in both.
    Journal& journal_of(std::size_t which, Pages pages)
    {
        return journals_[2 * which + static_cast<std::size_t>(pages)];
    }
    void note(Journal& journal, std::size_t at)
    {
        if (journal.size() == 2 * TlbEntries::kCount) { // many were filled and cleared again
            std::ranges::sort(journal);
            const auto rest = std::ranges::unique(journal);
            journal.erase(rest.begin(), rest.end());
        }
        journal.push_back(static_cast<std::uint16_t>(at));
    }
    void flush_journal(std::size_t which, Pages pages)
    {
        Journal& journal = journal_of(which, pages);
        TlbEntries& set = sets_[which];
        for (const std::uint16_t at : journal) {
            if (set.is(at, TlbEntries::kGlobal) == (pages == Pages::Global)) {
                set.clear(at);
            }
        }
        journal.clear();
    }
    template <typename Condition> void clear_if(Condition condition)
    {
        for (std::size_t n = 0; n < journals_.size(); ++n) {
            TlbEntries& set = sets_[n / 2];
            for (const std::uint16_t at : journals_[n]) {
                if (!set.empty(at) && condition(set, at)) {
                    set.clear(at);
                }
            }
        }
    }

    std::array<TlbEntries, kTlbSets> sets_{};
    std::array<Journal, 2 * kTlbSets> journals_;
    LargePages large_;
};

} // namespace windsor::emulate
