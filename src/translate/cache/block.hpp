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

// A link is a direct jump from one block to another in the same page. Until it is linked it leads to a stub.
struct Link {
    Block* from{nullptr};
    std::uint8_t* displacement{nullptr};   // the writable address of the jump's 32-bit displacement
    const std::uint8_t* unlinked{nullptr}; // the code that the jump leads to while it is not linked
    std::uint64_t target{0};               // the guest RIP at which the other block begins
    std::uint32_t context{0};              // the context key that the other block must have
    FlagPlace flags{FlagPlace::Host};
    Block* to{nullptr};
};

// This part of a SideExit is the same in a copy of its block.
struct SideExitFacts {
    enum class Kind : std::uint8_t { Interpret, Access, LoadSse, LoadAvx, LoadX87 };
    Kind kind{};
    bool x87{false};               // the instruction works on x87 or MMX state
    bool steady{false};            // the instruction leaves the context as it is
    std::optional<x86::Seg> loads; // the segment register that is loaded, so that its descriptor can be remembered
    std::uint32_t context{0};      // the context key of the code that leads to the exit
    std::uint16_t offset{0};       // how many bytes of guest code come before the instruction in the block
    std::uint8_t kept{0};          // the register whose group's distance has to be in kTemp0 when the code resumes
    std::uint32_t group{0};        // the number of the group that the access opens, plus one; 0: it opens none
};

// A side exit leaves an instruction to C++: one that is interpreted, or one whose memory access was not in the TLB.
struct SideExit : SideExitFacts {
    std::uint8_t fruitless{0}; // how often the group has failed lately
    Block* block{nullptr};
    const std::uint8_t* resume{nullptr}; // the code behind the instruction; null: C++ does not come back
    std::unique_ptr<emulate::Insn> insn; // the instruction, which is decoded when it is first needed
};

// The accesses of a group share a lookup of `span` bytes. They begin at the guest's general register `base` plus
// `from`, as the register is before the instruction that opens the group.
struct GroupRange {
    std::uint8_t base{0};
    bool write{false};
    bool distance{false}; // the frame keeps the distance from linear to host addresses, otherwise a host address
    std::uint16_t span{0};
    std::int32_t from{0};
    std::int32_t low{0}; // how far the host address that the frame keeps lies before the first of the bytes
};

// A fixup is a place in the code of a block that depends on the block's linear address or on where its code is. All
// other code is the same in copies of the block.
struct Fixup {
    enum class Kind : std::uint8_t {
        Value32,     // it is a linear address as 32 bits that are extended by zeros
        ValueSigned, // it is a linear address as 32 bits that are extended by their sign
        Value64,     // it is a linear address as 64 bits
        JumpEntry,   // it is the displacement of a linear address's entry in a jump table
        TlbEntry,    // it is the displacement of a page's element in an array of the TLB
        SideExit,    // it is the number of a side exit, in 32 bits
        Link,        // it is the number of a link plus one, in 32 bits with kEdgeBit
        Jump,        // it is the 32-bit displacement of a jump to a stub
        Fault,       // it is an instruction whose fault leads to `address`, and does not change
    };
    Kind kind{};
    std::uint32_t at{0};      // the offset of its first byte in the code
    std::uint64_t address{0}; // the linear address; of a Fault, an offset in the code
};

// A cautious block uses no window, and if it has groups, it has a second body without them.
enum class Care : std::uint8_t { Usual, Cautious };

struct Block {
    explicit Block(std::pmr::memory_resource* arena) : looked_at{arena}, bytes{arena}, incoming{arena}, fixups{arena} {}

    const std::uint8_t* host{nullptr}; // the first guest byte in host memory
    std::uint64_t rip{0};
    std::uint32_t context{0};
    std::uint16_t length{0}; // how many bytes of guest code are in the first page
    // A block of one instruction may cross into this host page. Null: the block is in one page.
    const std::uint8_t* second_page{nullptr};
    std::uint16_t second_length{0};
    bool dropped{false};
    Care care{Care::Usual};
    // This code further on in the page told the translator which flags are needed: an offset in the page and a length.
    std::pmr::vector<std::pair<std::uint16_t, std::uint16_t>> looked_at;
    std::pmr::vector<std::uint8_t> bytes; // a copy of the guest code

    FlagPlace flags{FlagPlace::Nowhere};      // where the body expects the guest's flags
    const std::uint8_t* from_memory{nullptr}; // the entry with the flags in memory, which looks at the signals
    const std::uint8_t* from_host{nullptr};   // the entry with the flags in the host's register, which looks as well
    const std::uint8_t* unchecked{nullptr};   // the entry with the flags in memory that does not look

    std::pmr::vector<std::uint32_t> incoming; // the numbers of links that lead here
    Block* next{nullptr};                     // the next block in the same bucket of the BlockMap

    // Copies of the block are made from these.
    std::pmr::vector<Fixup> fixups;
    bool original{false};        // the block is no copy, and can be copied
    std::uint32_t code_bytes{0}; // the size of the code, which begins at from_host
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
    // Gives a block to be filled in. Until it is inserted, make() gives the same one again.
    Block& make();
    Block* insert(Block& block);
    // Tells whether there are so many blocks that it is time for clear().
    bool full() const { return made_ >= kMostBlocks || pages_.size() >= kMostPages; }
    bool holds_page(const std::uint8_t* host_page) const { return pages_.contains(host_page); }
    // Tells whether any block depends on the page. It may also be held because it is likely to have code again.
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
    // Forgets a page that has lost its blocks and that the guest cannot reach any more.
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
        std::array<std::vector<Block*>, 64> lines; // the blocks that depend on each 64 bytes of the page
        std::size_t entries{0};                    // how many blocks all lines have together
        unsigned idle{0};                          // how many writes there were since it was zero
    };
    static constexpr std::size_t kMostBlocks = std::size_t{1} << 19; // dropped blocks count as well
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

    std::vector<Block*> buckets_;         // by the host address of the block's first byte and its RIP
    std::vector<const Block*> originals_; // by the host address alone; each has the latest block only
    // These are the buckets of either kind that have been filled since clear(), if there are not too many of them.
    // Clearing megabytes of empty buckets would take longer than many a small program.
    std::vector<std::size_t> filled_;
    std::unordered_map<const std::uint8_t*, CodePage> pages_;
    std::pmr::memory_resource& arena_;
    Block* spare_{nullptr};
    std::size_t made_{0};
    std::unordered_map<const std::uint8_t*, unsigned> churn_;
};

} // namespace windsor::translate
