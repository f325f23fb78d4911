// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/block.hpp"

#include "memory/guest_memory.hpp"

#include <algorithm>
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

std::size_t BlockMap::bucket_of(const std::uint8_t* host)
{
    const auto address = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(host));
    return (address * 0x9e37'79b9'7f4a'7c15) >> 48;
}

Block* BlockMap::find(const std::uint8_t* host, std::uint64_t rip, std::uint32_t context) const
{
    Block* block = buckets_[bucket_of(host)];
    while (block != nullptr && (block->host != host || block->rip != rip || block->context != context)) {
        block = block->next;
    }
    return block;
}

void BlockMap::take_out(const Block& block)
{
    Block** at = &buckets_[bucket_of(block.host)];
    while (*at != &block) {
        at = &(*at)->next;
    }
    *at = block.next;
}

std::uint64_t BlockMap::lines_of(unsigned offset, unsigned size)
{
    const unsigned first = offset >> kLineShift;
    const unsigned last = std::min<unsigned>((offset + size - 1) >> kLineShift, 63);
    return (~std::uint64_t{0} << first) & (~std::uint64_t{0} >> (63 - last));
}

std::uint64_t BlockMap::lines_of(const Block& block, const std::uint8_t* host_page)
{
    if (host_page == block.second_page) {
        return lines_of(0, block.second_length);
    }
    std::uint64_t lines = lines_of(offset_of(block.host), block.length);
    for (const auto& [offset, length] : block.looked_at) {
        lines |= lines_of(offset, length);
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
    const auto meets = [&](unsigned start, unsigned length) { return start < offset + size && offset < start + length; };
    return meets(offset_of(block.host), block.length) ||
           std::ranges::any_of(block.looked_at, [&](const auto& at) { return meets(at.first, at.second); });
}

Block* BlockMap::insert(std::unique_ptr<Block> block)
{
    Block* kept = block.get();
    CodePage& page = pages_[page_of(kept->host)];
    page.lines |= lines_of(*kept, page_of(kept->host));
    page.blocks.push_back(kept);
    if (kept->second_page != nullptr) {
        CodePage& second = pages_[kept->second_page];
        second.lines |= lines_of(*kept, kept->second_page);
        second.blocks.push_back(kept);
    }
    Block*& bucket = buckets_[bucket_of(kept->host)];
    kept->next = std::exchange(bucket, kept);
    blocks_.push_back(std::move(block));
    return kept;
}

emulate::BlockCache::Effect BlockMap::written(const std::uint8_t* host_page, unsigned offset, unsigned size,
                                              std::vector<Block*>& dropped)
{
    const auto found = pages_.find(host_page);
    if (found == pages_.end()) {
        return {};
    }
    CodePage& page = found->second;
    if ((page.lines & lines_of(offset, size)) == 0) {
        return {.dropped = false, .page_held = true};
    }
    const std::size_t before = dropped.size();
    std::uint64_t lines = 0;
    std::erase_if(page.blocks, [&](Block* block) {
        if (block->dropped) { // by way of its other page
            return true;
        }
        if (!depends(*block, host_page, offset, size)) {
            lines |= lines_of(*block, host_page);
            return false;
        }
        block->dropped = true;
        take_out(*block);
        dropped.push_back(block);
        return true;
    });
    page.lines = lines;
    const bool lost = dropped.size() != before;
    if (lost) {
        ++churn_[host_page];
    }
    const bool held = lines != 0;
    if (!held) {
        pages_.erase(found);
    }
    return {.dropped = lost, .page_held = held};
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
    std::ranges::fill(buckets_, nullptr);
    pages_.clear();
    blocks_.clear();
    churn_.clear();
}

unsigned BlockMap::churn(const std::uint8_t* host_page) const
{
    const auto found = churn_.find(host_page);
    return found == churn_.end() ? 0 : found->second;
}

} // namespace windsor::translate
