// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/cache/block.hpp"

#include "memory/guest_memory.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace windsor::translate {

namespace {

constexpr unsigned kLineShift = 6;

const std::uint8_t* page_of(const std::uint8_t* host)
{
    return host - (reinterpret_cast<std::uintptr_t>(host) & memory::kPageMask);
}

unsigned offset_of(const std::uint8_t* host)
{
    return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(host) & memory::kPageMask);
}

} // namespace

// RIP is part of the hash, since the same code may be at many linear addresses, as shared libraries are.
std::size_t BlockMap::bucket_of(const std::uint8_t* host, std::uint64_t rip)
{
    const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(host));
    return ((address ^ (rip >> 12 << 20)) * 0x9e37'79b9'7f4a'7c15) >> (64 - kBucketBits);
}

Block* BlockMap::find(const std::uint8_t* host, std::uint64_t rip, std::uint32_t context) const
{
    Block* block = buckets_[bucket_of(host, rip)];
    while (block != nullptr && (block->host != host || block->rip != rip || block->context != context)) {
        block = block->next;
    }
    return block;
}

Block* BlockMap::find_code(const std::uint8_t* code) const
{
    for (Block* block : buckets_) {
        for (; block != nullptr; block = block->next) {
            if (block->from_host <= code && code < block->from_host + block->code_bytes) {
                return block;
            }
        }
    }
    return nullptr;
}

const Block* BlockMap::find_original(const std::uint8_t* host, std::uint32_t context) const
{
    const Block* block = originals_[bucket_of(host, 0)];
    const bool same = block != nullptr && block->host == host && block->context == context && !block->dropped;
    return same ? block : nullptr;
}

std::uint64_t BlockMap::lines_of(unsigned offset, unsigned size)
{
    const unsigned first = offset >> kLineShift;
    const unsigned last = std::min<unsigned>((offset + size - 1) >> kLineShift, 63);
    return (~std::uint64_t{0} << first) & (~std::uint64_t{0} >> (63 - last));
}

// Returns the lines of a host page that the block depends on. Both pages of a block may be the same host page, which is
// mapped twice in a row.
std::uint64_t BlockMap::lines_of(const Block& block, const std::uint8_t* host_page)
{
    std::uint64_t lines = host_page == block.second_page ? lines_of(0, block.second_length) : 0;
    if (host_page == page_of(block.host)) {
        lines |= lines_of(offset_of(block.host), block.length);
        for (const auto& [offset, length] : block.looked_at) {
            lines |= lines_of(offset, length);
        }
    }
    return lines;
}

bool BlockMap::depends(const Block& block, const std::uint8_t* host_page, unsigned offset, unsigned size)
{
    if (host_page == block.second_page && offset < block.second_length) {
        return true;
    }
    if (host_page != page_of(block.host)) {
        return false;
    }
    const auto meets = [&](unsigned start, unsigned length) {
        return start < offset + size && offset < start + length;
    };
    return meets(offset_of(block.host), block.length) ||
           std::ranges::any_of(block.looked_at, [&](const auto& at) { return meets(at.first, at.second); });
}

void BlockMap::enter(CodePage& page, std::uint64_t lines, Block* block)
{
    for (; lines != 0; lines &= lines - 1) {
        page.lines[static_cast<unsigned>(std::countr_zero(lines))].push_back(block);
        ++page.entries;
    }
}

// Takes the blocks that have been dropped out of these lines of the page.
void BlockMap::leave(CodePage& page, std::uint64_t lines)
{
    for (; lines != 0; lines &= lines - 1) {
        page.entries -= std::erase_if(page.lines[static_cast<unsigned>(std::countr_zero(lines))],
                                      [](const Block* block) { return block->dropped; });
    }
}

Block& BlockMap::make()
{
    if (spare_ == nullptr) {
        ++made_;
        spare_ = new (arena_.allocate(sizeof(Block), alignof(Block))) Block{&arena_};
    }
    return *spare_;
}

Block* BlockMap::insert(Block& block)
{
    spare_ = nullptr;
    const std::uint8_t* first = page_of(block.host);
    enter(pages_[first], lines_of(block, first), &block);
    if (block.second_page != nullptr && block.second_page != first) {
        enter(pages_[block.second_page], lines_of(block, block.second_page), &block);
    }
    const std::size_t bucket = bucket_of(block.host, block.rip);
    block.next = std::exchange(buckets_[bucket], &block);
    note_filled(bucket);
    if (block.original) {
        const std::size_t original = bucket_of(block.host, 0);
        originals_[original] = &block;
        note_filled(original);
    }
    return &block;
}

// Takes dropped blocks out of all lists. Each list is gone through only once, since a page may be at so many linear
// addresses that one list holds most blocks.
void BlockMap::take_out(std::span<Block* const> dropped)
{
    std::vector<std::size_t> buckets;
    std::unordered_map<const std::uint8_t*, std::uint64_t> lines; // the lines to be gone through, by host page
    for (const Block* block : dropped) {
        buckets.push_back(bucket_of(block->host, block->rip));
        const std::uint8_t* first = page_of(block->host);
        lines[first] |= lines_of(*block, first);
        if (block->second_page != nullptr) {
            lines[block->second_page] |= lines_of(*block, block->second_page);
        }
    }
    std::ranges::sort(buckets);
    const auto again = std::ranges::unique(buckets);
    buckets.erase(again.begin(), again.end());
    for (const std::size_t bucket : buckets) {
        for (Block** at = &buckets_[bucket]; *at != nullptr;) {
            if ((*at)->dropped) {
                *at = (*at)->next;
            } else {
                at = &(*at)->next;
            }
        }
    }
    for (const auto& [page, held] : lines) {
        leave(pages_.at(page), held);
    }
}

emulate::BlockCache::Effect BlockMap::written(const std::uint8_t* host_page, unsigned offset, unsigned size,
                                              std::vector<Block*>& dropped)
{
    const auto found = pages_.find(host_page);
    if (found == pages_.end()) {
        return {};
    }
    CodePage& page = found->second;
    if (page.entries == 0 && ++page.idle > kMostIdle) {
        pages_.erase(found);
        return {};
    }
    const std::size_t before = dropped.size();
    for (std::uint64_t lines = lines_of(offset, size); lines != 0; lines &= lines - 1) {
        for (Block* block : page.lines[static_cast<unsigned>(std::countr_zero(lines))]) {
            if (!block->dropped && depends(*block, host_page, offset, size)) {
                block->dropped = true;
                dropped.push_back(block);
            }
        }
    }
    if (dropped.size() == before) {
        return {.dropped = false, .page_held = true};
    }
    take_out(std::span{dropped}.subspan(before));
    // A page that loses all of its code time and again will have new code soon.
    page.idle = 0;
    const bool often = ++churn_[host_page] > kOften;
    const bool held = page.entries != 0 || often;
    if (!held) {
        pages_.erase(found);
    }
    return {.dropped = true, .page_held = held};
}

std::vector<const std::uint8_t*> BlockMap::pages() const
{
    std::vector<const std::uint8_t*> all;
    all.reserve(pages_.size());
    for (const auto& [host, page] : pages_) {
        all.push_back(host);
    }
    return all;
}

void BlockMap::clear()
{
    if (filled_.size() > kFewFilled) {
        std::ranges::fill(buckets_, nullptr);
        std::ranges::fill(originals_, nullptr);
    }
    for (const std::size_t bucket : filled_) {
        buckets_[bucket] = nullptr;
        originals_[bucket] = nullptr;
    }
    filled_.clear();
    pages_.clear();
    spare_ = nullptr;
    made_ = 0;
    churn_.clear();
}

unsigned BlockMap::churn(const std::uint8_t* host_page) const
{
    const auto found = churn_.find(host_page);
    return found == churn_.end() ? 0 : found->second;
}

} // namespace windsor::translate
