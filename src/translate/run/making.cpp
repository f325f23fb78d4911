// SPDX-License-Identifier: GPL-2.0-or-later
// This file makes a new block from the code at a guest address.
#include "base/copy_once.hpp"
#include "emulate/system/descriptors.hpp"
#include "translate/run/block_checks.hpp"
#include "translate/run/translator.hpp"
#include "x86/address.hpp"

#include <algorithm>
#include <array>

namespace windsor::translate {

namespace {

constexpr std::size_t kMostLinksAndExits = std::size_t{1} << 21;

} // namespace

// Holds the page, unless this processor holds it already. A page that is known but has no blocks may have lost its flag
// since, and another processor may have set it again, so that the flag alone does not tell.
void Translator::hold(const emulate::Cpu::CodePlace& place)
{
    const bool flagged = (place.page.flags->load() & memory::kPageCode) != 0;
    const std::uint8_t* host = place.page.host;
    const bool held = blocks_.holds_code(host) || (blocks_.holds_page(host) && !cpu().has_company());
    if (!flagged || !held) {
        cpu().hold_page(place.page, place.physical);
    }
}

// The page walk may set an accessed flag in the very code that is being read, so that blocks of it are dropped. Code
// does not go on beyond 4 GiB or the canonical addresses.
std::optional<emulate::Cpu::CodePlace> Translator::second_page(std::uint64_t rip)
{
    emulate::Cpu::CodePlace place;
    const std::uint64_t next = (rip | memory::kPageMask) + 1;
    if (next > cpu().code_limit() || !x86::canonical(next) || !cpu().locate_code(x86::Linear{next}, place) ||
        !place.page.readable()) {
        return std::nullopt;
    }
    hold(place);
    return place;
}

Block* Translator::make_block(const Context& context, const emulate::Cpu::CodePlace& place)
{
    const bool full = free_ + Translation::kMostBytes > code_->writable() + code_->size() ||
                      links_.size() + exits_.size() > kMostLinksAndExits || blocks_.full();
    if (full) {
        drop_all();
    }
    hold(place);
    Block& block = blocks_.make();
    block.host = place.page.host + place.physical.offset_in(memory::kPageSize);
    if (checks_ != nullptr && checks_->refused(block.host)) {
        return nullptr;
    }
    block.rip = cpu().s.rip;
    block.context = context.key();
    block.second_page = nullptr;
    block.looked_at.clear();
    std::uint8_t* const code = free_;
    const std::array before{exits_.size(), links_.size(), groups_.size()};
    const Block* original = options_.copies ? blocks_.find_original(block.host, block.context) : nullptr;
    const bool made = (original != nullptr && copy(*original, block)) || translate(context, block);
    return made && may_run(block, code, before) ? blocks_.insert(block) : nullptr;
}

// Another processor may write to the guest's code meanwhile. So each byte is copied once, after its page is held and
// the page walks have been made, and all decisions are made by the copy. If the code changes afterwards, this processor
// is told.
bool Translator::translate(const Context& context, Block& block)
{
    constexpr std::size_t kLongestInstruction = 15;
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(block.host) & memory::kPageMask;
    const std::size_t slot = slot_of(context.key());
    const unsigned churn = blocks_.churn(block.host - offset);
    const Care care = cautious_.contains(block.host) ? Care::Cautious : Care::Usual;
    const std::size_t longest = care == Care::Cautious ? Translation::kLongest / 2 : Translation::kLongest;
    const std::size_t limit = churn < 16 ? longest : churn < 64 ? 16 : 4;
    std::array<std::uint8_t, Translation::kLongest * kLongestInstruction> copy;
    const std::size_t in_page = std::min(memory::kPageSize - offset, limit * kLongestInstruction);
    base::copy_once(copy.data(), block.host, in_page);
    if (!translation_->read(block, context, slot, std::span{copy}.first(in_page), limit)) {
        emulate::Insn whole;
        const bool crosses = in_page < kLongestInstruction &&
                             cpu().decoder().decode(context.mode, std::span{copy}.first(in_page), whole) ==
                                 emulate::Decoder::Result::NeedMore;
        const auto next = crosses ? second_page(block.rip) : std::nullopt;
        if (!next) {
            return false;
        }
        base::copy_once(copy.data(), block.host, in_page);
        base::copy_once(copy.data() + in_page, next->page.host, kLongestInstruction - in_page);
        block.second_page = next->page.host;
        if (!translation_->read(block, context, slot, std::span{copy}.first(kLongestInstruction), 1)) {
            return false;
        }
    }
    block.care = care;
    code_->use(free_, Translation::kMostBytes);
    free_ = translation_->write({free_, code_->executable() + (free_ - code_->writable())}, care);
    ++counters_.translations;
    return true;
}

} // namespace windsor::translate
