// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/block_cache.hpp"

#include <algorithm>
#include <functional>

namespace windsor::emulate {

const std::uint8_t* BlockCache::page_of(const std::uint8_t* host)
{
    return host - (reinterpret_cast<std::uintptr_t>(host) & memory::kPageMask);
}

BlockCache::Key BlockCache::key_of(const std::uint8_t* host, std::uint8_t mode)
{
    return static_cast<Key>((reinterpret_cast<std::uintptr_t>(host) & memory::kPageMask) << 4) | mode;
}

std::uint64_t BlockCache::lines_of(unsigned offset, unsigned size)
{
    const unsigned first = offset >> kLineShift;
    const unsigned last = std::min<unsigned>((offset + size - 1) >> kLineShift, 63);
    return (~std::uint64_t{0} << first) & (~std::uint64_t{0} >> (63 - last));
}

const Block* BlockCache::find(const std::uint8_t* host, std::uint8_t mode) const
{
    const auto page = pages_.find(page_of(host));
    if (page == pages_.end()) {
        return nullptr;
    }
    const auto found = page->second.blocks.find(key_of(host, mode));
    return found == page->second.blocks.end() ? nullptr : found->second.get();
}

const Block* BlockCache::insert(std::unique_ptr<Block> block)
{
    const Block* kept = block.get();
    const std::uint8_t* page = page_of(kept->host);
    const Key key = key_of(kept->host, kept->mode);
    remove(page, key);
    kept_ += kept->insns.size();
    CodePage& home = pages_[page];
    const auto offset = static_cast<unsigned>(kept->host - page);
    home.lines |= lines_of(offset, std::min<unsigned>(kept->length, memory::kPageSize - offset));
    home.blocks[key] = std::move(block);
    if (kept->second_page != nullptr) {
        CodePage& second = pages_[kept->second_page];
        second.lines |= 1; // an instruction reaches at most 14 bytes over
        second.crossing.emplace(page, key);
    }
    return kept;
}

void BlockCache::remove(const std::uint8_t* host_page, Key key)
{
    const auto page = pages_.find(host_page);
    if (page == pages_.end()) {
        return;
    }
    const auto found = page->second.blocks.find(key);
    if (found == page->second.blocks.end()) {
        return;
    }
    kept_ -= found->second->insns.size();
    if (const auto second = pages_.find(found->second->second_page); second != pages_.end()) {
        second->second.crossing.erase({host_page, key});
    }
    dropped_.push_back(std::move(found->second));
    page->second.blocks.erase(found);
    forget_linear();
}

BlockCache::Effect BlockCache::written(const std::uint8_t* host_page, unsigned offset, unsigned size)
{
    const auto found = pages_.find(host_page);
    if (found == pages_.end()) {
        return {};
    }
    CodePage& page = found->second;
    if ((page.lines & lines_of(offset, size)) == 0) {
        return {.dropped = false, .page_held = true};
    }
    Effect effect;
    std::vector<Key> doomed;
    std::uint64_t lines = 0;
    for (const auto& [key, block] : page.blocks) {
        const auto start = static_cast<unsigned>(block->host - host_page);
        if (start < offset + size && offset < start + block->length) {
            doomed.push_back(key);
        } else {
            lines |= lines_of(start, std::min<unsigned>(block->length, memory::kPageSize - start));
        }
    }
    for (const Key key : doomed) {
        remove(host_page, key);
        effect.dropped = true;
    }
    if (offset < 16 && !page.crossing.empty()) {
        for (const auto& [home, key] : std::exchange(page.crossing, {})) {
            remove(home, key);
            effect.dropped = true;
        }
    }
    std::uint8_t& churn = churn_[churn_index(host_page)];
    churn = static_cast<std::uint8_t>(churn + (effect.dropped && churn < 255 ? 1 : 0));
    page.lines = lines | (page.crossing.empty() ? 0 : 1);
    effect.page_held = page.lines != 0;
    if (!effect.page_held) {
        pages_.erase(host_page);
    }
    return effect;
}

void BlockCache::drop_page(const std::uint8_t* host_page)
{
    written(host_page, 0, memory::kPageSize);
}

void BlockCache::drop_all()
{
    for (auto& [host, page] : pages_) {
        for (auto& [key, block] : page.blocks) {
            dropped_.push_back(std::move(block));
        }
    }
    pages_.clear();
    churn_.fill(0);
    kept_ = 0;
    forget_linear();
}

void BlockCache::keep_only(std::span<const std::span<const std::uint8_t>> visible)
{
    std::vector<const std::uint8_t*> gone;
    for (const auto& [host, page] : pages_) {
        const bool seen = std::ranges::any_of(visible, [&](const std::span<const std::uint8_t>& stretch) {
            return std::less_equal<>{}(stretch.data(), host) && std::less<>{}(host, stretch.data() + stretch.size());
        });
        if (!seen) {
            gone.push_back(host);
        }
    }
    for (const std::uint8_t* host : gone) {
        drop_page(host);
    }
}

} // namespace windsor::emulate
