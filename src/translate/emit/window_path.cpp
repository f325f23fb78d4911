// SPDX-License-Identifier: GPL-2.0-or-later
// From a memory operand to its place in the address space's window. Nothing is checked: what is not mapped there
// faults, and the flags stay where they are.
#include "translate/emit/translation.hpp"
#include "translate/window/address_window.hpp"

namespace windsor::translate {

bool Translation::looks_up(const Instruction& i) const
{
    const bool stack = i.kind == Kind::Push || i.kind == Kind::Pop || i.kind == Kind::Call || i.kind == Kind::Leave;
    return !window_ && ((i.memory != nullptr && !is_open(i.place)) || (stack && !is_open(i.stack_place)));
}

// A lookup in the TLB loses the flags.
void Translation::begin_access(const Instruction& i)
{
    if (looks_up(i)) {
        lose_flags();
    }
}

// The host instruction that is written next leads to the site if it faults.
void Translation::may_fault_here(std::uint32_t site)
{
    const bool goes_on = !cold_.empty() && cold_.back().kind == Cold::Kind::Site && cold_.back().number == site &&
                         cold_.back().faults[0] != nullptr && cold_.back().faults[1] == nullptr &&
                         cold_.back().flags == place_;
    if (goes_on) {
        cold_.back().faults[1] = a_.address();
        return;
    }
    cold_.push_back({.kind = Cold::Kind::Site, .number = site, .flags = place_, .recipe = recipe_,
                     .faults = {a_.address()}});
}

// One register and a displacement that the guard areas have room for can be left to the host. Whatever wraps around at
// 4 GiB has to be added up in 32 bits first.
Mem Translation::window_operand(const Instruction& i, const Access& access, std::uint32_t site)
{
    const auto& mem = i.memory->mem;
    const bool thread = mem.segment == ZYDIS_REGISTER_FS || mem.segment == ZYDIS_REGISTER_GS;
    const bool based = mem.base != ZYDIS_REGISTER_NONE && mem.index == ZYDIS_REGISTER_NONE;
    const auto displacement = static_cast<std::int32_t>(mem.disp.has_displacement ? mem.disp.value : 0);
    const bool simple = i.decoded.address_width == 32 && (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    if (simple && based && !thread && displacement >= AddressWindow::kLeastDisplacement) {
        return {.base = kWindow, .displacement = displacement, .index = host_register(full_number(mem.base))};
    }
    if (thread) {
        lose_flags();
    }
    write_address(i, *i.memory, kTemp0);
    add_segment(*i.memory, access, site);
    return {.base = kWindow, .index = kTemp0};
}

// The operand for a host instruction, of which there may be one.
Mem Translation::operand(const Instruction& i, const Access& wanted, std::uint32_t site)
{
    if (window_) {
        return window_operand(i, wanted, site);
    }
    land(i.place);
    if (in_groups(i.place)) {
        const auto& disp = i.memory->mem.disp;
        return in_group(i.place, static_cast<std::int32_t>(disp.has_displacement ? disp.value : 0), wanted, site);
    }
    if (const auto base = direct_base(i, wanted)) {
        const auto& disp = i.memory->mem.disp;
        return at_distance(*base, static_cast<std::int32_t>(disp.has_displacement ? disp.value : 0), wanted, site);
    }
    if (const auto address = fixed_address(i, wanted)) {
        note_wrapping(i, is_relative(*i.memory));
        return at_address(*address, is_relative(*i.memory), wanted, site);
    }
    if (!wanted.indexed) {
        access(i, wanted, site);
        return {.base = kTemp0};
    }
    write_address(i, *i.memory, kTemp0);
    add_segment(*i.memory, wanted, site);
    find_entry(wanted, site);
    a_.load(kTemp1, host_page()); // added up by the access itself, which is sooner
    return {.base = kTemp0, .index = kTemp1};
}

void Translation::load_operand(Reg to, const Instruction& i, std::uint32_t site)
{
    const Mem from = operand(i, {.size = i.memory_bytes(), .indexed = true}, site);
    if (window_) {
        may_fault_here(site);
    }
    may_be_refused();
    a_.load(to, from, static_cast<Width>(i.memory_bytes()));
}

// The same at a distance from the stack pointer; it is the next one.
Mem Translation::stack(std::int32_t offset, const Access& wanted, std::uint32_t site)
{
    if (window_) {
        may_fault_here(site);
        return {.base = kWindow, .displacement = offset, .index = kGuestRsp};
    }
    land(current_->stack_place);
    if (in_groups(current_->stack_place)) {
        return in_group(current_->stack_place, offset, wanted, site);
    }
    return at_distance(kGuestRsp, offset, wanted, site);
}

} // namespace windsor::translate
