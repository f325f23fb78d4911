// SPDX-License-Identifier: GPL-2.0-or-later
// The software TLB of data accesses.
#pragma once

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

    // The entry of an address, about to be filled.
    TlbEntry& take(TlbSet which, std::uint64_t linear)
    {
        TlbEntry& found = entry(which, linear);
        if (found.empty()) {
            note(static_cast<std::size_t>(which), index(linear));
        }
        return found;
    }

    void flush(Flush what)
    {
        for (std::size_t which = 0; which < kTlbSets; ++which) {
            std::size_t kept = 0;
            for (const std::uint16_t at : used_[which]) {
                TlbEntry& entry = sets_[which][at];
                if (what == Flush::NonGlobal && (entry.physical & TlbEntry::kGlobal) != 0 && !entry.empty()) {
                    used_[which][kept++] = at;
                } else {
                    entry.clear(at);
                }
            }
            used_[which].resize(kept);
        }
    }
    void flush_page(std::uint64_t linear)
    {
        clear_if([&](const TlbEntry& entry) {
            const std::uint64_t tag = TlbEntry::is_empty(entry.read) ? entry.write : entry.read;
            const std::uint64_t page = TlbEntry::slow(tag) ? tag ^ TlbEntry::kSlow : tag;
            return invalidates(linear, page, (entry.physical & TlbEntry::kLarge) != 0);
        });
    }
    // Stores to a host page must take the long way from now on.
    void slow_down_writes(const std::uint8_t* host_page)
    {
        clear_if([&](const TlbEntry& entry) { return !TlbEntry::is_empty(entry.write) && entry.host == host_page; });
    }

private:
    // Which entries have been filled, so that forgetting does not have to look at all of them.
    void note(std::size_t which, std::size_t at)
    {
        std::vector<std::uint16_t>& used = used_[which];
        if (used.size() == 2 * kEntries) { // many were filled and cleared again
            used.clear();
            for (std::size_t n = 0; n < kEntries; ++n) {
                if (!sets_[which][n].empty()) {
                    used.push_back(static_cast<std::uint16_t>(n));
                }
            }
        }
        used.push_back(static_cast<std::uint16_t>(at));
    }
    template <typename Condition> void clear_if(Condition condition)
    {
        for (std::size_t which = 0; which < kTlbSets; ++which) {
            for (const std::uint16_t at : used_[which]) {
                TlbEntry& entry = sets_[which][at];
                if (!entry.empty() && condition(entry)) {
                    entry.clear(at);
                }
            }
        }
    }

    std::array<std::array<TlbEntry, kEntries>, kTlbSets> sets_{};
    std::array<std::vector<std::uint16_t>, kTlbSets> used_;
};

} // namespace windsor::emulate
