// SPDX-License-Identifier: GPL-2.0-or-later
// The layout is all that the verifier knows of the world around a block: where the frame's fields are, and what may be
// done to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::translate::verify {

// Rights say what code may do with a field of the frame. All distances in this file are in bytes; those of fields and
// tables are counted from the host's stack pointer.
enum class Rights : std::uint8_t {
    Read,       // any code may read it
    Change,     // any code may read and write it
    KernelRead, // code of ring 0 may read it
    Kernel,     // any code may read it, and code of ring 0 may write it
    Slot,       // any code may write it, and the verifier knows what was stored when it is loaded again
    Live,       // any code may read it; it is not zero while the state of certain units is the guest's
    Signals,    // any code may load it; it is the address of the processor's word of signals
    Heeded,     // any code may read it; it masks that word; code of ring 0 may set bits of it, and clear one
    Set,        // code of ring 0 may write it; it is the number of the TLB's set that the guest's program uses
    Entries,    // code of ring 0 may write it; it is the address of that set
};

struct Field {
    std::int32_t begin{0};
    std::int32_t end{0};
    Rights rights{Rights::Read};
    std::uint8_t which{0}; // the number of a Slot, or the units that a Live field tells of
};

// These number the slots of the frame. The first kBases hold what access groups keep, by the guest's general register.
constexpr unsigned kBases = 16;
constexpr unsigned kScratch = kBases;
constexpr unsigned kScratches = 3;
constexpr unsigned kPiece = kScratch + kScratches;
constexpr unsigned kTarget = kPiece + 1;
constexpr unsigned kSlots = kTarget + 1;

constexpr std::int32_t kPageBytes = 4096;
constexpr unsigned kPageLog = 12;
constexpr unsigned kSets = 4; // how many sets the TLB has

// These are the distances of the arrays that make up one set of the TLB. Their elements have eight bytes.
struct TlbArrays {
    std::int32_t read{0};
    std::int32_t write{0};
    std::int32_t host{0};
    std::int32_t distance{0};
};

struct Layout {
    std::vector<Field> fields; // sorted by their beginning
    std::array<TlbArrays, kSets> tlb{};
    std::int32_t tlb_count{0}; // how many elements each array has, a power of two
    std::array<std::int32_t, kSets> set_address{}; // the distance of each set as a whole

    // The jump tables lie one behind the other. An entry is a guest RIP and the host address of its code. Its index is
    // the lower half of RIP times the factor, shifted to the right.
    std::int32_t jumps{0}; // the distance of the first table
    std::int32_t jump_entries{0}; // how many entries a table has
    std::uint32_t jump_factor{0};
    std::uint8_t jump_shift{0};

    // The table of descriptors that selectors have led to is for code of ring 0 to read.
    std::int32_t selectors{0};
    std::int32_t selector_bytes{0}; // the size of an entry, a power of two
    std::int32_t selector_count{0};

    std::int32_t least_displacement{0}; // an access with a lower displacement may reach below a window's guard area
    std::uint8_t signal_mask{0};        // the immediate operand by which code has to test the signals
    std::uint32_t masked_signal{0};     // the bit that code of ring 0 may clear in the Heeded field

    // These are the executable addresses of stubs.
    struct Stubs {
        std::uint64_t leave{0};
        std::uint64_t help{0};
        std::uint64_t cross{0};
    };
    std::array<Stubs, 2> stubs{}; // for code without a window, and for code that uses one

    const Field* find(std::int32_t displacement) const;
    // The number of the TLB's element that the page of a linear address has.
    std::int32_t element_of(std::int64_t address) const
    {
        return static_cast<std::int32_t>((address >> kPageLog) & (tlb_count - 1));
    }
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
    std::uint8_t set{0};       // the TLB's set that the guest's program uses at the block's entries
    std::uint8_t other_set{0}; // the set that STAC or CLAC changes to, or `set` if the block cannot change it
    // Registers that exist outside 64-bit mode have clear upper halves wherever a block is entered or left.
    bool narrow{false};
    std::array<int, kSets> tables{-1, -1, -1, -1}; // the number of the jump table for each set; -1: there is none
    std::array<std::uint32_t, kSets> keys{};       // the context key for each set
};

// Tells whether a host register holds one of the eight general registers that the guest has outside 64-bit mode.
constexpr bool is_legacy(unsigned reg)
{
    return reg < 8 || reg == 15; // R15 holds the guest's RSP
}

constexpr std::uint32_t kNowhere = ~std::uint32_t{0};

// This describes what C++ does when it is called for a side exit.
struct SideExitView {
    // C++ interprets an instruction that has no code, or one whose access was not in the TLB, or loads a unit's state.
    enum class Kind : std::uint8_t { Interpret, Access, Load };
    Kind kind{};
    std::uint8_t units{0};          // the units whose state is the guest's after a Load
    std::uint8_t kept{0};           // C++ puts the slot with this number into R10
    std::uint32_t context{0};       // the context key of the code that asks for help
    std::uint32_t offset{0};        // where the guest's instruction begins in the block's guest code
    std::uint32_t resume{kNowhere}; // the offset in the host's code at which C++ goes on

    // If the instruction opens an access group, C++ has looked up `span` bytes when it resumes. They begin at the
    // register `base` plus `from`, as the register was before the instruction.
    bool group{false};
    bool distance{false}; // the slot keeps the distance from linear to host addresses, otherwise a host address
    bool write{false};    // the bytes may be written
    std::uint8_t base{0};
    std::uint16_t span{0};
    std::int32_t from{0};
    std::int32_t low{0}; // how far the host address that the slot keeps lies before the first of the bytes
};

struct LinkView {
    std::uint32_t displacement{0}; // the offset of the jump's displacement in the host's code
    std::uint32_t unlinked{0};     // the offset of the code that the jump leads to while it is not linked
    std::uint64_t target{0};
    std::uint32_t context{0};
};

struct FaultView {
    std::uint32_t at{0};   // the offset of an instruction whose fault is expected
    std::uint32_t cold{0}; // the offset at which the code goes on after the fault
};

// Cold code that was written after the block: where the block goes on after a fault that nobody expected.
struct LateView {
    std::span<const std::uint8_t> code;
    std::uint64_t address{0}; // the host address at which the code runs
    std::uint32_t at{0}; // the offset in the block of the instruction that faults
    std::uint32_t exit{0}; // the number of the side exit by which it leaves
    std::uint32_t context{0}; // of that side exit
};

// Offsets are those of the block's code, and behind that of late code.
struct BlockView {
    std::span<const std::uint8_t> code;
    std::uint64_t address{0}; // the host address at which the code runs
    std::uint64_t rip{0};     // the linear address of the guest's code
    std::span<const std::uint8_t> guest;
    Assumptions assumed;
    // These three are the offsets of the block's entries.
    std::uint32_t from_host{0};
    std::uint32_t from_memory{0};
    std::uint32_t unchecked{0};
    std::uint32_t first_exit{0}; // the number of the first of `exits`
    std::uint32_t first_link{0}; // the number of the first of `links`
    std::span<const SideExitView> exits;
    std::span<const LinkView> links;
    std::span<const FaultView> faults; // sorted by the instruction
    std::optional<LateView> late{};
};

} // namespace windsor::translate::verify
