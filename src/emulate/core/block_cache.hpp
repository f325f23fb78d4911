// SPDX-License-Identifier: GPL-2.0-or-later
// Decoded instructions, which are found by the host address of the bytes that they were decoded from.
#pragma once

#include "emulate/core/insn.hpp"
#include "memory/guest_memory.hpp"
#include "x86/address.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace windsor::emulate {

// A straight run of instructions within one page; one that crosses into the next page is a block of its own.
struct Block {
    const std::uint8_t* host{nullptr};        // the first byte
    const std::uint8_t* second_page{nullptr}; // host page of the rest, if it crosses
    std::uint16_t length{0};                  // bytes
    std::uint8_t mode{0};                     // DecodeMode
    std::vector<Insn> insns;
};

class BlockCache {
public:
    // The most instructions that are kept; beyond that everything is forgotten and decoded again.
    static constexpr std::size_t kCapacity = 1u << 20;

    // The quick way: by linear address. `context` stands for all else that matters (mode, user or supervisor).
    const Block* quick(x86::Linear linear, std::uint64_t context) const
    {
        const Slot& slot = slots_[index(linear)];
        return slot.linear == linear && slot.context == (context | generation_) ? slot.block : nullptr;
    }
    void remember(x86::Linear linear, std::uint64_t context, const Block* block)
    {
        slots_[index(linear)] = {linear, context | generation_, block};
    }
    // The quick way knows nothing any more, as linear addresses may have been mapped anew.
    void forget_linear() { generation_ += kGenerationStep; }

    const Block* find(const std::uint8_t* host, std::uint8_t mode) const;
    // Takes a block in and returns it. The caller has set kPageCode on its pages.
    const Block* insert(std::unique_ptr<Block> block);
    bool holds_page(const std::uint8_t* host_page) const { return pages_.contains(host_page); }

    struct Effect {
        bool dropped{false};   // a block has gone
        bool page_held{false}; // the page still has blocks
    };
    // Drops the blocks that contain bytes of [offset, offset + size) of a page.
    Effect written(const std::uint8_t* host_page, unsigned offset, unsigned size);
    void drop_page(const std::uint8_t* host_page);
    void drop_all();
    // Drops the blocks of pages that lie in none of the stretches of host memory.
    void keep_only(std::span<const std::span<const std::uint8_t>> visible);
    // Frees the blocks that were dropped. It must not be called while a block runs, which may be one of them.
    void bury() { dropped_.clear(); }
    bool full() const { return kept_ > kCapacity; }
    // How many instructions to decode at once: few in pages whose code keeps being overwritten.
    std::size_t block_limit(const std::uint8_t* host_page) const
    {
        const unsigned churn = churn_[churn_index(host_page)];
        return churn < 16 ? 64 : churn < 64 ? 8 : 2;
    }

private:
    static constexpr std::size_t kSlots = 8192;
    static constexpr std::uint64_t kGenerationStep = 256;
    static constexpr unsigned kLineShift = 6;
    static constexpr std::size_t kChurnSlots = 256;

    struct Slot {
        x86::Linear linear{~std::uint64_t{0}};
        std::uint64_t context{0};
        const Block* block{nullptr};
    };
    using Key = std::uint32_t; // offset in the page and mode
    struct CodePage {
        std::uint64_t lines{0}; // 64-byte lines that blocks of this page cover
        std::unordered_map<Key, std::unique_ptr<Block>> blocks;
        std::set<std::pair<const std::uint8_t*, Key>> crossing; // blocks, by their first page, that end here
    };

    static std::size_t index(x86::Linear linear) { return (linear.raw() ^ (linear.raw() >> 13)) & (kSlots - 1); }
    static std::size_t churn_index(const std::uint8_t* host_page)
    {
        return (reinterpret_cast<std::uintptr_t>(host_page) >> 12) % kChurnSlots;
    }
    static const std::uint8_t* page_of(const std::uint8_t* host);
    static Key key_of(const std::uint8_t* host, std::uint8_t mode);
    static std::uint64_t lines_of(unsigned offset, unsigned size);
    void remove(const std::uint8_t* host_page, Key key);

    std::array<Slot, kSlots> slots_{};
    std::uint64_t generation_{kGenerationStep};
    std::unordered_map<const std::uint8_t*, CodePage> pages_;
    std::vector<std::unique_ptr<Block>> dropped_;
    std::size_t kept_{0}; // instructions
    std::array<std::uint8_t, kChurnSlots> churn_{}; // how often pages have lost blocks to writes
};

} // namespace windsor::emulate
