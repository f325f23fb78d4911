// SPDX-License-Identifier: GPL-2.0-or-later
// This file makes a block by copying the translation of the same guest code at another linear address. That is common:
// shared libraries are at many addresses, and programs run again.
#include "translate/emit/fixups.hpp"
#include "translate/run/translator.hpp"

#include <cstring>

namespace windsor::translate {

// Returns false if the block has to be translated anew.
bool Translator::copy(const Block& original, Block& block)
{
    const std::uint8_t* code = code_->executable() + (free_ - code_->writable());
    const std::ptrdiff_t by = code - original.from_host;
    const Move move{.linear = block.rip - original.rip,
                    .code = static_cast<std::uint64_t>(by),
                    .exit = static_cast<std::uint32_t>(exits_.size()),
                    .link = static_cast<std::uint32_t>(links_.size())};
    code_->use(free_, original.code_bytes);
    std::memcpy(free_, code_->writable(original.from_host), original.code_bytes);
    if (!apply_fixups(original, move, free_)) {
        return false;
    }
    free_ += original.code_bytes;
    block.length = original.length;
    block.looked_at = original.looked_at;
    block.bytes = original.bytes;
    block.flags = original.flags;
    block.from_memory = original.from_memory + by;
    block.from_host = code;
    block.unchecked = original.unchecked + by;
    block.original = false;
    block.care = original.care;
    block.code_bytes = original.code_bytes;
    block.first_exit = move.exit;
    block.exits = original.exits;
    block.first_link = move.link;
    block.links = original.links;
    copy_exits(original, block, by);
    copy_links(original, block, by);
    copy_faults(original, block);
    ++counters_.copies;
    return true;
}

void Translator::copy_exits(const Block& original, Block& block, std::ptrdiff_t by)
{
    for (std::uint32_t n = 0; n < original.exits; ++n) {
        const SideExit& from = exits_[original.first_exit + n];
        SideExit& to = exits_.emplace_back();
        static_cast<SideExitFacts&>(to) = from;
        to.block = &block;
        to.resume = from.resume != nullptr ? from.resume + by : nullptr;
    }
}

void Translator::copy_links(const Block& original, Block& block, std::ptrdiff_t by)
{
    const Context context = Context::of(block.context);
    for (std::uint32_t n = 0; n < original.links; ++n) {
        Link& to = links_.emplace_back(links_[original.first_link + n]);
        to.from = &block;
        to.displacement += by;
        to.unlinked += by;
        to.target = context.wrap(to.target + block.rip - original.rip);
        to.to = nullptr;
        point(to.displacement, to.unlinked);
    }
}

void Translator::copy_faults(const Block& original, const Block& block)
{
    for (const Fixup& fixup : original.fixups) {
        if (fixup.kind == Fixup::Kind::Fault) {
            faults_.add(block.from_host + fixup.at, block.from_host + fixup.address);
        }
    }
}

} // namespace windsor::translate
