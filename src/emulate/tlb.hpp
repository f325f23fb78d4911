// SPDX-License-Identifier: GPL-2.0-or-later
// The software TLB of data accesses.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace windsor::emulate {

constexpr std::uint64_t kLinearPage = ~std::uint64_t{0xfff};

// In whose name an entry was filled. SupervisorAc: supervisor with RFLAGS.AC set, which SMAP tells apart.
// Checked: never filled; the program's accesses while alignment is checked.
enum class TlbSet : std::uint8_t { Supervisor, User, SupervisorAc, Checked };
constexpr std::size_t kTlbSets = 4;

// Which translations a change takes along: those of global pages may outlive a load of CR3.
enum class Flush : std::uint8_t { NonGlobal, All };

// Whether INVLPG of one address takes along what is known of a page: its own, or one in the same large page, of which
// the size is not kept.
constexpr bool invalidates(std::uint64_t linear, std::uint64_t page, bool large)
{
    constexpr unsigned kLargestShift = 30;
    return ((linear ^ page) >> (large ? kLargestShift : 12)) == 0;
}

// Where there may be large pages that something is known of, roughly: INVLPG of an address elsewhere concerns one page.
class LargePages {
public:
    void note(std::uint64_t linear) { word(linear) |= bit(linear); }
    bool may_hold(std::uint64_t linear) const { return (words_[hash(linear) >> 6] & bit(linear)) != 0; }
    void clear() { words_.fill(0); }

private:
    // Of the gigabyte.
    static std::uint64_t hash(std::uint64_t linear) { return ((linear >> 30) * 0x9e37'79b9'7f4a'7c15) >> 56; }
    static std::uint64_t bit(std::uint64_t linear) { return std::uint64_t{1} << (hash(linear) & 63); }
    std::uint64_t& word(std::uint64_t linear) { return words_[hash(linear) >> 6]; }

    std::array<std::uint64_t, 4> words_{};
};

// A tag is the page's linear address where plain loads or stores may go straight to host memory. With kSlow
// flipped the translation holds, but the access needs a longer way (MMIO, code pages, data breakpoints). A tag
// xor an address is the offset in the page on a hit, and at least a page's size otherwise, whatever address the guest
// makes up, canonical or not: tags that are empty or slow are of addresses that other entries are asked for.
struct TlbEntry {
    static constexpr std::uint64_t kEmpty = std::uint64_t{1} << 61;
    static constexpr std::uint64_t kSlow = (std::uint64_t{1} << 62) | 0x1000;

    // Of `physical`.
    static constexpr std::uint64_t kGlobal = 1;
    static constexpr std::uint64_t kReadMmio = 2;
    static constexpr std::uint64_t kWriteMmio = 4;
    static constexpr std::uint64_t kLarge = 8;

    std::uint64_t read{0};
    std::uint64_t write{0};
    std::uint8_t* host{nullptr}; // of the page
    std::uint64_t physical{0};   // page address and flags

    // Of the entry at `index`.
    void clear(std::size_t index) { read = write = kEmpty | (~std::uint64_t{index} & kIndexMask) << 12; }
    bool empty() const { return is_empty(read) && is_empty(write); }

    static constexpr std::uint64_t kIndexMask = 0xfff;
    static bool is_empty(std::uint64_t tag) { return tag >> 61 == 1; }
    static bool holds(std::uint64_t tag, std::uint64_t linear) { return ((tag ^ linear) & kLinearPage & ~kSlow) == 0; }
    static bool slow(std::uint64_t tag) { return ((tag ^ (tag << 1)) >> 63) != 0; }
};

class Tlb {
public:
    static constexpr std::size_t kEntries = TlbEntry::kIndexMask + 1;

    Tlb()
    {
        for (auto& set : sets_) {
            for (std::size_t at = 0; at < kEntries; ++at) {
                set[at].clear(at);
            }
        }
    }

    static constexpr std::size_t index(std::uint64_t linear) { return (linear >> 12) & (kEntries - 1); }

    TlbEntry* set(TlbSet set) { return sets_[static_cast<std::size_t>(set)].data(); }
    TlbEntry& entry(TlbSet which, std::uint64_t linear) { return set(which)[index(linear)]; }

    // The entry of an address, about to be filled with a page of these properties.
    TlbEntry& take(TlbSet which, std::uint64_t linear, bool global, bool large)
    {
        TlbEntry& found = entry(which, linear);
        if (found.empty() || ((found.physical & TlbEntry::kGlobal) != 0) != global) {
            note(journal_of(static_cast<std::size_t>(which), global), index(linear));
        }
        if (large) {
            large_.note(linear);
        }
        return found;
    }

    void flush(Flush what)
    {
        for (std::size_t which = 0; which < kTlbSets; ++which) {
            flush_journal(which, false);
            if (what == Flush::All) {
                flush_journal(which, true);
            }
        }
        if (what == Flush::All) {
            large_.clear();
        }
    }
    void flush_page(std::uint64_t linear)
    {
        for (auto& set : sets_) {
            TlbEntry& entry = set[index(linear)];
            if (!entry.empty() && invalidates(linear, page_of(entry), false)) {
                entry.clear(index(linear));
            }
        }
        if (large_.may_hold(linear)) {
            clear_if([&](const TlbEntry& entry) {
                return (entry.physical & TlbEntry::kLarge) != 0 && invalidates(linear, page_of(entry), true);
            });
        }
    }
    // Stores to a host page must take the long way from now on. True: they could take a short one until now.
    bool slow_down_writes(const std::uint8_t* host_page)
    {
        bool quick = false;
        clear_if([&](const TlbEntry& entry) {
            const bool found = !TlbEntry::is_empty(entry.write) && entry.host == host_page;
            quick = quick || (found && !TlbEntry::slow(entry.write));
            return found;
        });
        return quick;
    }

private:
    // Which entries have been filled, so that forgetting does not have to look at all of them.
    using Journal = std::vector<std::uint16_t>;

    static std::uint64_t page_of(const TlbEntry& entry)
    {
        const std::uint64_t tag = TlbEntry::is_empty(entry.read) ? entry.write : entry.read;
        return TlbEntry::slow(tag) ? tag ^ TlbEntry::kSlow : tag;
    }
    // Of the entries of global pages, or of the others. One that has changed sides may be in both.
    Journal& journal_of(std::size_t which, bool global) { return journals_[2 * which + (global ? 1 : 0)]; }
    void note(Journal& journal, std::size_t at)
    {
        if (journal.size() == 2 * kEntries) { // many were filled and cleared again
            std::ranges::sort(journal);
            const auto rest = std::ranges::unique(journal);
            journal.erase(rest.begin(), rest.end());
        }
        journal.push_back(static_cast<std::uint16_t>(at));
    }
    void flush_journal(std::size_t which, bool global)
    {
        Journal& journal = journal_of(which, global);
        for (const std::uint16_t at : journal) {
            TlbEntry& entry = sets_[which][at];
            if (((entry.physical & TlbEntry::kGlobal) != 0) == global) {
                entry.clear(at);
            }
        }
        journal.clear();
    }
    template <typename Condition> void clear_if(Condition condition)
    {
        for (std::size_t n = 0; n < journals_.size(); ++n) {
            for (const std::uint16_t at : journals_[n]) {
                TlbEntry& entry = sets_[n / 2][at];
                if (!entry.empty() && condition(entry)) {
                    entry.clear(at);
                }
            }
        }
    }

    std::array<std::array<TlbEntry, kEntries>, kTlbSets> sets_{};
    std::array<Journal, 2 * kTlbSets> journals_;
    LargePages large_;
};

} // namespace windsor::emulate
