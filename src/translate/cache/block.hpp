// SPDX-License-Identifier: GPL-2.0-or-later
// This file describes translated blocks, and finds them by the guest memory that they came from.
#pragma once

#include "emulate/core/block_cache.hpp"
#include "emulate/core/insn.hpp"
#include "x86/segment.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace windsor::translate {

struct Block;

// FlagPlace says where a block expects the guest's arithmetic flags, or an edge leaves them. Again is only used within
// a block: the flags are nowhere, but can be computed once more.
enum class FlagPlace : std::uint8_t { Nowhere, Host, Memory, Again };

// A direct jump from one block to another in the same page. Until it is linked it leads to a stub.
struct Link {
    Block* from{nullptr};
    std::uint8_t* displacement{nullptr};  // writable address of the jump's rel32
    const std::uint8_t* unlinked{nullptr}; // where it leads while it is not linked
    std::uint64_t target{0};              // guest RIP
    std::uint32_t context{0};             // key, on the way
    FlagPlace flags{FlagPlace::Host};
    Block* to{nullptr};
};

// This part of a SideExit is the same in a copy of its block.
struct SideExitFacts {
    enum class Kind : std::uint8_t { Interpret, Access, LoadSse, LoadAvx, LoadX87 };
    Kind kind{};
    bool x87{false};                    // the instruction works on x87 or MMX state
    bool steady{false};                 // it leaves the context as it is
    std::optional<x86::Seg> loads;      // a segment register that it may load again without help
    std::uint32_t context{0};           // key, where it stands
    std::uint16_t offset{0};            // from the block's first byte
    std::uint8_t kept{0};               // the register whose group's distance the code behind it finds in kTemp0
    std::uint32_t group{0};             // number of the group that its access opens, plus one; 0: of none
};

// An instruction that translated code may leave to C++: one that is interpreted, or one whose memory access was not
// in the TLB.
struct SideExit : SideExitFacts {
    std::uint8_t fruitless{0};           // lookups that its group failed by
    Block* block{nullptr};
    const std::uint8_t* resume{nullptr}; // code behind the instruction
    std::unique_ptr<emulate::Insn> insn; // decoded when first needed
};

// Accesses that share a lookup: bytes from the guest's general register `base` plus `from` on, as it is before the
// instruction that opens the group.
struct GroupRange {
    std::uint8_t base{0};
    bool write{false};
    bool distance{false}; // is kept, from linear to host addresses
    std::uint16_t span{0};
    std::int32_t from{0};
    std::int32_t low{0}; // what the register's host address is kept below the first byte's by, otherwise
};

// A place in the code of a block that would be another one if the block were at another linear address, or elsewhere in
// the memory of code: all others are alike.
struct Fixup {
    enum class Kind : std::uint8_t {
        Value32,     // an address as 32 bits that are extended by zeros,
        ValueSigned, // by their sign,
        Value64,     // or as a whole
        JumpEntry,   // distance of the entry of an address in a jump table
        TlbEntry,    // of the elements of a page in the TLB
        SideExit,        // 32 bits: the number of one
        Link,        // of one, by one more, beside kEdgeBit
        Jump,        // 32 bits: how far it is to a stub
        Fault,       // no such place, but an instruction whose fault leads to `address`
    };
    Kind kind{};
    std::uint32_t at{0};      // its first byte, from the code's beginning
    std::uint64_t address{0}; // linear; of a Fault, from the code's beginning
};

struct Block {
    explicit Block(std::pmr::memory_resource* arena) : looked_at{arena}, bytes{arena}, incoming{arena}, fixups{arena} {}

    const std::uint8_t* host{nullptr}; // the first guest byte in host memory
    std::uint64_t rip{0};
    std::uint32_t context{0};
    std::uint16_t length{0};           // bytes of guest code in the first page
    const std::uint8_t* second_page{nullptr}; // host page of the rest, of a block of one instruction that crosses
    std::uint16_t second_length{0};
    bool dropped{false};
    bool cautious{false};              // written without window and groups, or with a second body without them
    // Code further on in the page whose flags decided what this block does, as offsets in the page.
    std::pmr::vector<std::pair<std::uint16_t, std::uint16_t>> looked_at;
    std::pmr::vector<std::uint8_t> bytes; // a copy of the guest code

    FlagPlace flags{FlagPlace::Nowhere};       // what the body expects
    const std::uint8_t* from_memory{nullptr};  // entered with flags in memory; looks for interrupts
    const std::uint8_t* from_host{nullptr};    // entered with flags in the host's register; looks for interrupts
    const std::uint8_t* unchecked{nullptr};    // as from_memory without looking

    std::pmr::vector<std::uint32_t> incoming; // numbers of links that lead here
    Block* next{nullptr};                // in the same bucket of the BlockMap

    // Copies of the block are made from these.
    std::pmr::vector<Fixup> fixups;
    bool original{false};        // fixups tells all; not so of copies and of those that copies cannot be made from
    std::uint32_t code_bytes{0}; // from from_host on; of copies, too
    std::uint32_t first_exit{0};
    std::uint32_t exits{0};
    std::uint32_t first_link{0};
    std::uint32_t links{0};
};

// The map finds all blocks by the host page that they came from.
class BlockMap {
public:
    // Blocks and what they hold lie in `arena`.
    explicit BlockMap(std::pmr::memory_resource& arena) : buckets_(kBuckets), originals_(kBuckets), arena_{arena} {}

    Block* find(const std::uint8_t* host, std::uint64_t rip, std::uint32_t context) const;
    // Finds a block of the same code at another address, which can be copied.
    const Block* find_original(const std::uint8_t* host, std::uint32_t context) const;
    // A block to fill in, and perhaps to insert; until then it is the one that make() gives.
    Block& make();
    Block* insert(Block& block);
    // Tells whether there are so many blocks that it is time for clear().
    bool full() const { return made_ >= kMostBlocks || pages_.size() >= kMostPages; }
    bool holds_page(const std::uint8_t* host_page) const { return pages_.contains(host_page); }
    // Whether the page is not only kept for the code that it will have again.
    bool holds_code(const std::uint8_t* host_page) const
    {
        const auto found = pages_.find(host_page);
        return found != pages_.end() && found->second.entries != 0;
    }
    // Finds, by a slow search, the block whose code lies at a host address; null if none of the map has it there.
    Block* find_code(const std::uint8_t* code) const;

    // Takes out the blocks that depend on bytes of [offset, offset + size) of a page, for the caller to unlink. They
    // live until clear().
    emulate::BlockCache::Effect written(const std::uint8_t* host_page, unsigned offset, unsigned size,
                                        std::vector<Block*>& dropped);
    // A page that has lost its blocks is not to be had any more.
    void release(const std::uint8_t* host_page)
    {
        pages_.erase(host_page);
        churn_.erase(host_page);
    }
    std::vector<const std::uint8_t*> pages() const;
    // Forgets all blocks, so that the arena can be used again.
    void clear();
    // Returns how often pages have lost blocks to writes.
    unsigned churn(const std::uint8_t* host_page) const;

private:
    static constexpr unsigned kBucketBits = 18;
    static constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;
    struct CodePage {
        std::array<std::vector<Block*>, 64> lines; // blocks that depend on bytes of each 64
        std::size_t entries{0};                    // in all lines
        unsigned idle{0};                          // writes since there were none
    };
    static constexpr std::size_t kMostBlocks = std::size_t{1} << 19; // those that were dropped count, too
    static constexpr std::size_t kMostPages = std::size_t{1} << 16;
    static constexpr std::size_t kFewFilled = 4096;
    static constexpr unsigned kMostIdle = 256;
    static constexpr unsigned kOften = 4;
    static std::size_t bucket_of(const std::uint8_t* host, std::uint64_t rip);
    static void enter(CodePage& page, std::uint64_t lines, Block* block);
    static void leave(CodePage& page, std::uint64_t lines);
    void note_filled(std::size_t bucket)
    {
        if (filled_.size() <= kFewFilled) {
            filled_.push_back(bucket);
        }
    }
    void take_out(std::span<Block* const> dropped);
    static std::uint64_t lines_of(unsigned offset, unsigned size);
    static std::uint64_t lines_of(const Block& block, const std::uint8_t* host_page);
    static bool depends(const Block& block, const std::uint8_t* host_page, unsigned offset, unsigned size);

    std::vector<Block*> buckets_; // by the host address of the first byte, and RIP
    std::vector<const Block*> originals_; // by the host address; the latest of each bucket
    // Buckets of either kind that have been filled since clear(), as long as they are few: clearing megabytes of empty
    // ones takes longer than many a small program.
    std::vector<std::size_t> filled_;
    std::unordered_map<const std::uint8_t*, CodePage> pages_;
    std::pmr::memory_resource& arena_;
    Block* spare_{nullptr};
    std::size_t made_{0};
    std::unordered_map<const std::uint8_t*, unsigned> churn_;
};

} // namespace windsor::translate
