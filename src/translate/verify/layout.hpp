// SPDX-License-Identifier: GPL-2.0-or-later
// All that the verifier knows of the world around a block: where the frame's fields are, and what may be done to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::translate::verify {

// What code may do with a field of the frame. All distances are from the host's stack pointer, in bytes.
enum class Rights : std::uint8_t {
    Read,       // by any code
    Change,     // by any code
    KernelRead, // by code of ring 0
    Kernel,     // read by any code, changed by that of ring 0
    Slot,       // changed by any code, and followed: what was stored is what is loaded
    Live,       // read; tells whether a unit's state is the guest's
    Signals,    // read; the address of the word that says what the processor is asked to look at
    Heeded,     // the mask that belongs to it, of which ring 0 sets bits, and clears that of interrupts
    Set,        // the number of the program's set of the TLB, changed by ring 0
    Entries,    // the address of that set
};

struct Field {
    std::int32_t begin{0};
    std::int32_t end{0};
    Rights rights{Rights::Read};
    std::uint8_t which{0}; // of Slot: its number; of Live: the units that it tells of
};

// Slots of the frame that are followed, by number.
constexpr unsigned kBases = 16;       // by the guest's general register
constexpr unsigned kScratch = kBases; // and on
constexpr unsigned kScratches = 3;
constexpr unsigned kPiece = kScratch + kScratches;
constexpr unsigned kTarget = kPiece + 1;
constexpr unsigned kSlots = kTarget + 1;

constexpr std::int32_t kPageBytes = 4096;
constexpr unsigned kSets = 4; // of the TLB

// Distances of the arrays of one set of the TLB, of eight bytes an element.
struct TlbArrays {
    std::int32_t read{0};
    std::int32_t write{0};
    std::int32_t host{0};
    std::int32_t distance{0};
};

struct Layout {
    std::vector<Field> fields; // in ascending order
    std::array<TlbArrays, kSets> tlb{};
    std::int32_t tlb_count{0};        // elements of each array, a power of two
    std::array<std::int32_t, kSets> set_address{}; // where each set begins
    std::int32_t jumps{0};            // the first table: RIP, code
    std::int32_t jump_entries{0};     // of a table
    std::int32_t jump_tables{0};
    std::uint32_t jump_factor{0};     // the index of a RIP: its lower half times this, shifted to the right
    std::uint8_t jump_shift{0};
    std::int32_t selectors{0};        // what selectors have led to
    std::int32_t selector_bytes{0};   // of an entry, a power of two
    std::int32_t selector_count{0};
    std::int32_t least_displacement{0}; // that a window has room for below
    std::uint8_t signal_mask{0};      // what an immediate test of the signals has to ask for
    std::uint32_t masked_signal{0};   // the one bit of the mask that belongs to them which code of ring 0 may clear
    // Stubs for other code, and for code that uses a window: executable addresses.
    struct Stubs {
        std::uint64_t leave{0};
        std::uint64_t help{0};
        std::uint64_t cross{0};
    };
    std::array<Stubs, 2> stubs{};

    const Field* find(std::int32_t displacement) const;
    std::uint32_t jump_index(std::uint64_t rip) const
    {
        return (static_cast<std::uint32_t>(rip) * jump_factor) >> jump_shift;
    }
};

// Assumptions are what a block takes for granted.
struct Assumptions {
    bool long64{false};
    bool user{false};
    bool window{false};
    bool sse{false};
    bool avx{false};
    bool x87{false};
    std::uint8_t set{0};         // of the TLB
    std::uint8_t other_set{0};   // the one that STAC and CLAC change to; the same: none
    bool narrow{false}; // the upper halves of the registers that such code has are clear, here and in all its blocks
    std::array<int, kSets> tables{-1, -1, -1, -1};        // number of the jump table by the set; -1: none
    std::array<std::uint32_t, kSets> keys{};              // of the context, by the set
};

// What host registers hold of the guest's eight registers outside 64-bit mode.
constexpr bool is_legacy(unsigned reg)
{
    return reg < 8 || reg == 15; // RSP is in R15
}

constexpr std::uint32_t kNowhere = ~std::uint32_t{0};

// This describes what C++ does when it is called for a side exit.
struct SideExitView {
    enum class Kind : std::uint8_t { Interpret, Access, Load }; // Load: of a unit's state
    Kind kind{};
    std::uint8_t units{0};       // that are live behind a Load
    std::uint8_t kept{0};        // whose slot R10 gets
    std::uint32_t context{0};
    std::uint32_t offset{0};     // of the guest's instruction in the block's bytes
    std::uint32_t resume{kNowhere}; // offset in the code
    bool group{false};           // it opens one: these bytes from the register on have been looked up behind it
    bool distance{false};
    bool write{false};
    std::uint8_t base{0};
    std::uint16_t span{0};
    std::int32_t from{0};
    std::int32_t low{0};
};

struct LinkView {
    std::uint32_t displacement{0}; // offsets in the code
    std::uint32_t unlinked{0};
    std::uint64_t target{0};
    std::uint32_t context{0};
};

struct FaultView {
    std::uint32_t at{0};
    std::uint32_t cold{0};
};

struct BlockView {
    std::span<const std::uint8_t> code;
    std::uint64_t address{0}; // where the code runs
    std::uint64_t rip{0};     // of the guest's code
    std::span<const std::uint8_t> guest;
    Assumptions assumed;
    std::uint32_t from_host{0}; // entries, as offsets
    std::uint32_t from_memory{0};
    std::uint32_t unchecked{0};
    std::uint32_t first_exit{0};
    std::uint32_t first_link{0};
    std::span<const SideExitView> exits;
    std::span<const LinkView> links;
    std::span<const FaultView> faults; // in ascending order
};

} // namespace windsor::translate::verify
