// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/translation.hpp"

#include "translate/emit/writers.hpp"

#include <algorithm>
#include <utility>

namespace windsor::translate {

bool Translation::read(Block& block, const Context& context, std::size_t slot, std::span<const std::uint8_t> bytes,
                       std::size_t limit)
{
    parts_.progress.block = &block;
    parts_.progress.context = context;
    parts_.progress.slot = slot;
    return parts_.code.read(block, bytes, limit);
}

std::uint8_t* Translation::write(const Assembler& assembler, Care care)
{
    Progress& progress = parts_.progress;
    progress.window = care == Care::Usual && progress.context.window;
    progress.care = care;
    parts_.a.begin(assembler);
    parts_.cold.clear();
    parts_.detours.clear();
    const std::size_t first_exit = parts_.shop.exits.size();
    const std::size_t first_link = parts_.shop.links.size();
    parts_.groups.find(parts_.code.instructions());
    parts_.code.find_liveness();
    progress.block->flags = parts_.code.entry_place();
    parts_.edges.write_entries();
    const Context context = progress.context;
    const std::size_t slot = progress.slot;
    write_body(Body::First);
    if (!parts_.detours.empty()) {
        progress.context = context;
        progress.slot = slot;
        parts_.flags.are_in_memory();
        write_body(Body::Second);
        parts_.detours.lead(parts_.a);
    }
    parts_.cold.write();
    parts_.a.align();
    finish(first_exit, first_link);
    return parts_.a.position();
}

void Translation::write_body(Body body)
{
    parts_.progress.body = body;
    parts_.progress.just_unmasked = false;
    parts_.units.begin_body();
    parts_.groups.begin_body();
    parts_.flags.forget_recipe();
    Written last_written{};
    for (Instruction& i : parts_.code.instructions()) {
        const bool after_sti = std::exchange(parts_.progress.just_unmasked, false);
        last_written = write_instruction(i);
        if (after_sti && !i.ends_block) {
            parts_.edges.look_for_signals(i.next());
        }
    }
    const Instruction& last = parts_.code.instructions().back();
    if (!last.ends_block || last_written == Written::ForInterpreter) {
        parts_.edges.edge(last.next(), last.live_after);
    }
}

Written Translation::write_instruction(Instruction& i)
{
    parts_.progress.current = &i;
    parts_.groups.begin_instruction(i);
    parts_.flags.prepare_for(i);
    const std::size_t first_exit = parts_.cold.exits();
    const Writer writer = row_of(i.kind).write;
    const Written written = writer != nullptr ? writer(parts_, i) : Written::ForInterpreter;
    if (written == Written::ForInterpreter) {
        write_for_interpreter(i);
    }
    parts_.flags.note(i, written);
    if (const auto kept = parts_.groups.end_instruction(i, written)) {
        for (std::size_t exit = first_exit; exit < parts_.cold.exits(); ++exit) {
            parts_.cold.exit(static_cast<std::uint32_t>(exit)).kept = *kept;
        }
    }
    return written;
}

void Translation::write_for_interpreter(const Instruction& i)
{
    parts_.flags.clobber();
    const std::uint32_t exit = parts_.cold.new_exit(SideExit::Kind::Interpret, i);
    parts_.cold.call_help(exit);
    parts_.cold.resumes(exit);
}

// Sets what the block must know of its code after it has been written.
void Translation::finish(std::size_t first_exit, std::size_t first_link)
{
    const Progress& progress = parts_.progress;
    const auto& fixups = parts_.a.fixups();
    Block& block = *progress.block;
    block.first_exit = static_cast<std::uint32_t>(first_exit);
    block.exits = static_cast<std::uint32_t>(parts_.shop.exits.size() - first_exit);
    block.first_link = static_cast<std::uint32_t>(first_link);
    block.links = static_cast<std::uint32_t>(parts_.shop.links.size() - first_link);
    block.code_bytes = static_cast<std::uint32_t>(parts_.a.size());
    block.original = block.second_page == nullptr && !progress.context.window && !progress.single && parts_.a.movable();
    block.fixups.assign(fixups.begin(), block.original ? fixups.end() : fixups.begin());
}

// Clears what may be different each time that a block is written: the numbers of side exits and links, and where links
// lead.
void Translation::blank_varying(std::span<std::uint8_t> code) const
{
    constexpr std::size_t kField = 4;
    const auto blank = [&](std::size_t at) { std::ranges::fill(code.subspan(at, kField), std::uint8_t{0}); };
    for (const Fixup& fixup : parts_.a.fixups()) {
        if (fixup.kind == Fixup::Kind::SideExit || fixup.kind == Fixup::Kind::Link) {
            blank(fixup.at);
        }
    }
    for (const Link& link : parts_.shop.links) {
        blank(parts_.a.offset_of(link.displacement));
    }
}

bool Translation::tell(Block& again, const Block& block, std::size_t slot, std::span<std::uint8_t> room,
                       const std::uint8_t* at)
{
    again.host = block.host;
    again.rip = block.rip;
    again.context = block.context;
    again.second_page = block.second_page;
    parts_.attribution.ask(at);
    if (!read(again, Context::of(block.context), slot, block.bytes, kLongest)) {
        return false;
    }
    const std::uint8_t* end = write({room.data(), block.from_host}, block.care);
    parts_.attribution.stop();
    const auto bytes = static_cast<std::size_t>(end - room.data());
    if (!parts_.attribution.answer() || bytes != block.code_bytes) {
        return false;
    }
    std::vector<std::uint8_t> known{block.from_host, block.from_host + bytes};
    blank_varying(known);
    blank_varying(room.first(bytes));
    return std::ranges::equal(known, room.first(bytes));
}

std::uint16_t Translation::told_offset() const
{
    return static_cast<std::uint16_t>(told().instruction->rip - parts_.progress.block->rip);
}

std::uint8_t* Translation::write_late_way(const Assembler& assembler, std::uint32_t exit)
{
    parts_.a.begin(assembler);
    parts_.progress.context = told().context;
    give_back_pointers(parts_.a, told().pointers, parts_.word());
    parts_.flags.save_kept(told().flags);
    parts_.cold.call_help(exit);
    parts_.a.align();
    return parts_.a.position();
}

} // namespace windsor::translate
