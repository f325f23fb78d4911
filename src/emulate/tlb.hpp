// SPDX-License-Identifier: GPL-2.0-or-later
// The software TLB of data accesses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::emulate {

constexpr std::uint64_t kLinearPage = ~std::uint64_t{0xfff};

// In whose name an entry was filled. SupervisorAc: supervisor with RFLAGS.AC set, which SMAP tells apart.
// Checked: never filled; the program's accesses while alignment is checked.
enum class TlbSet : std::uint8_t { Supervisor, User, SupervisorAc, Checked };
constexpr std::size_t kTlbSets = 4;

// A tag is the page's linear address where plain loads or stores may go straight to host memory. With kSlow
// flipped the translation holds, but the access needs a longer way (MMIO, code pages, data breakpoints). A tag
// xor an address is the offset in the page on a hit, and at least a page's size otherwise.
struct TlbEntry {
    static constexpr std::uint64_t kEmpty = std::uint64_t{1} << 61; // no page: not canonical
    static constexpr std::uint64_t kSlow = std::uint64_t{1} << 62;

    // Of `physical`.
    static constexpr std::uint64_t kGlobal = 1;
    static constexpr std::uint64_t kReadMmio = 2;
    static constexpr std::uint64_t kWriteMmio = 4;

    std::uint64_t read{kEmpty};
    std::uint64_t write{kEmpty};
    std::uint8_t* host{nullptr}; // of the page
    std::uint64_t physical{0}; // page address and flags

    void clear() { read = write = kEmpty; }

    static bool holds(std::uint64_t tag, std::uint64_t linear) { return ((tag ^ linear) & kLinearPage & ~kSlow) == 0; }
    static bool slow(std::uint64_t tag) { return ((tag ^ (tag << 1)) >> 63) != 0; }
};

class Tlb {
public:
    static constexpr std::size_t kEntries = 1024;

    static constexpr std::size_t index(std::uint64_t linear) { return (linear >> 12) & (kEntries - 1); }

    TlbEntry* set(TlbSet set) { return sets_[static_cast<std::size_t>(set)].data(); }
    TlbEntry& entry(TlbSet which, std::uint64_t linear) { return set(which)[index(linear)]; }

    void flush_all()
    {
        for (std::size_t which = 0; which < kTlbSets; ++which) {
            if (used_[which]) {
                for (TlbEntry& entry : sets_[which]) {
                    entry.clear();
                }
                used_[which] = false;
            }
        }
        holds_large_ = false;
    }
    void flush_non_global()
    {
        for (std::size_t which = 0; which < kTlbSets; ++which) {
            if (used_[which]) {
                for (TlbEntry& entry : sets_[which]) {
                    if ((entry.physical & TlbEntry::kGlobal) == 0) {
                        entry.clear();
                    }
                }
            }
        }
    }
    // Says that an entry of the set is about to be filled.
    void note_use(TlbSet set) { used_[static_cast<std::size_t>(set)] = true; }
    // Part of a large page may be held under many entries, so any of them takes all of them along.
    void flush_page(std::uint64_t linear)
    {
        if (holds_large_) {
            flush_all();
            return;
        }
        for (auto& set : sets_) {
            set[index(linear)].clear();
        }
    }
    // Stores to a host page must take the long way from now on.
    void slow_down_writes(const std::uint8_t* host_page)
    {
        for (auto& set : sets_) {
            for (TlbEntry& entry : set) {
                if (entry.write != TlbEntry::kEmpty && entry.host == host_page) {
                    entry.clear();
                }
            }
        }
    }
    void note_large() { holds_large_ = true; }

private:
    std::array<std::array<TlbEntry, kEntries>, kTlbSets> sets_{};
    std::array<bool, kTlbSets> used_{};
    bool holds_large_{false};
};

} // namespace windsor::emulate
