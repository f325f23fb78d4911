// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses of one block at several distances from one register that nothing changes between them: if they lie in one
// page, one lookup serves them all. The Frame keeps the distance from there to the host address; for registers that
// live in memory, and a stack pointer of 32 bits, the host address itself.
#include "translate/emit/translation.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <optional>
#include <utility>

namespace windsor::translate {

namespace {

constexpr std::int32_t kFarthest = 512; // bytes between the ends of a group: pages end rarely in between
constexpr std::int32_t kFarDisplacement = 1 << 20;

// Whether nothing happens on the way through an instruction that registers' host addresses would not outlive.
bool keeps_groups(const Instruction& i)
{
    switch (i.kind) {
    case Kind::Plain:
    case Kind::Lea:
    case Kind::Divide:
    case Kind::Nop:
    case Kind::Push:
    case Kind::Pop:
    case Kind::Leave:
    case Kind::Direction:
    case Kind::BitString:
    case Kind::ReadSelector:
    case Kind::SwapGs:
    case Kind::MaskInterrupts:
    case Kind::UnmaskInterrupts:
    case Kind::Conditional:
    case Kind::CountZero:
    case Kind::Jump:
    case Kind::JumpIndirect:
    case Kind::Call:
    case Kind::CallIndirect:
    case Kind::Return: return true;
    default: return false;
    }
}

bool is_stack_pointer(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value) &&
           full_number(operand.reg.value) == x86::kRsp;
}

// By how much an instruction moves the stack pointer; nothing: by nobody knows what.
std::optional<std::int32_t> stack_movement(const Instruction& i, std::int32_t word)
{
    const bool whole = i.decoded.operand_width == static_cast<unsigned>(word) * 8;
    const ZydisDecodedOperand& to = i.operands[0];
    const ZydisDecodedOperand& from = i.operands[1];
    switch (i.kind) {
    case Kind::Push: return -word;
    case Kind::Pop: return is_stack_pointer(to) ? std::nullopt : std::optional{word};
    case Kind::Plain: {
        const bool adds = i.decoded.mnemonic == ZYDIS_MNEMONIC_ADD;
        const bool known = (adds || i.decoded.mnemonic == ZYDIS_MNEMONIC_SUB) && whole &&
                           from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && std::abs(from.imm.value.s) < kFarDisplacement;
        const auto by = static_cast<std::int32_t>(from.imm.value.s);
        return known ? std::optional{adds ? by : -by} : std::nullopt;
    }
    case Kind::Lea: {
        const auto& mem = from.mem;
        const bool known = whole && i.decoded.address_width == i.decoded.operand_width && is_general(mem.base) &&
                           full_number(mem.base) == x86::kRsp && mem.index == ZYDIS_REGISTER_NONE &&
                           std::abs(mem.disp.value) < kFarDisplacement;
        return known ? std::optional{static_cast<std::int32_t>(mem.disp.has_displacement ? mem.disp.value : 0)}
                     : std::nullopt;
    }
    default: return std::nullopt;
    }
}

// Where an instruction accesses the top of the stack, as seen from the stack pointer before it. Those that access other
// memory as well have a lookup for each.
std::optional<std::int32_t> stack_access(const Instruction& i, std::int32_t word)
{
    if (i.memory != nullptr) {
        return std::nullopt;
    }
    switch (i.kind) {
    case Kind::Push:
    case Kind::Call:
    case Kind::CallIndirect: return -word;
    case Kind::Pop:
    case Kind::Return: return 0;
    default: return std::nullopt;
    }
}

} // namespace

// The register that an operand is at a fixed distance from.
std::optional<unsigned> Translation::sole_base(const Instruction& i) const
{
    if (i.memory == nullptr || i.kind == Kind::BitString || !can_address(i) ||
        i.decoded.address_width != static_cast<unsigned>(word()) * 8) {
        return std::nullopt;
    }
    const auto& mem = i.memory->mem;
    const bool thread = mem.segment == ZYDIS_REGISTER_FS || mem.segment == ZYDIS_REGISTER_GS;
    const bool sole = is_general(mem.base) && mem.index == ZYDIS_REGISTER_NONE && !thread &&
                      std::abs(mem.disp.value) < kFarDisplacement;
    return sole ? std::optional{full_number(mem.base)} : std::nullopt;
}

// Makes an access part of the register's group, or of a new one if that would become too wide.
GroupPlace Translation::join(unsigned base, std::int32_t offset, unsigned size, bool write)
{
    int& open = open_groups_[base];
    const std::int32_t moved = base == x86::kRsp ? stack_moved_ : 0;
    const std::int32_t end = offset + static_cast<std::int32_t>(size);
    if (open >= 0) {
        const Group& group = groups_[static_cast<std::size_t>(open)];
        const std::int32_t shift = moved - group.moved;
        if (std::max(group.high, end + shift) - std::min(group.low, offset + shift) > kFarthest) {
            open = -1;
        }
    }
    if (open < 0) {
        open = static_cast<int>(groups_.size());
        groups_.push_back({.base = base, .moved = moved, .low = offset, .high = end});
    }
    Group& group = groups_[static_cast<std::size_t>(open)];
    const std::int32_t shift = moved - group.moved;
    group.low = std::min(group.low, offset + shift);
    group.high = std::max(group.high, end + shift);
    group.write = group.write || write;
    ++group.uses;
    return {.number = open, .shift = shift};
}

void Translation::close_written(const Instruction& i)
{
    const auto movement = stack_movement(i, static_cast<std::int32_t>(word()));
    for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        const bool written = operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value) &&
                             (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        if (!written) {
            continue;
        }
        if (is_stack_pointer(operand) && movement) {
            stack_moved_ += *movement;
        } else {
            open_groups_[full_number(operand.reg.value)] = -1;
        }
    }
}

void Translation::find_groups()
{
    groups_.clear();
    open_groups_.fill(-1);
    stack_moved_ = 0;
    const auto size = static_cast<std::int32_t>(word());
    for (Instruction& i : instructions_) {
        i.place = {};
        i.stack_place = {};
        if (window_ || single_ || !keeps_groups(i)) {
            open_groups_.fill(-1);
            continue;
        }
        if (const auto base = sole_base(i)) {
            const auto& disp = i.memory->mem.disp;
            const auto offset = static_cast<std::int32_t>(disp.has_displacement ? disp.value : 0);
            i.place = join(*base, offset, i.memory_bytes(), i.writes_memory());
        }
        if (const auto offset = stack_access(i, size)) {
            const bool write = *offset < 0;
            i.stack_place = join(x86::kRsp, *offset, static_cast<unsigned>(size), write);
        }
        close_written(i);
    }
    const auto leave_lone = [&](GroupPlace& place) {
        if (place.number >= 0 && groups_[static_cast<std::size_t>(place.number)].uses < 2) {
            place = {};
        }
    };
    for (Instruction& i : instructions_) {
        for (GroupPlace* place : {&i.place, &i.stack_place}) {
            leave_lone(*place);
            if (place->number >= 0) {
                place->first = !std::exchange(groups_[static_cast<std::size_t>(place->number)].met, true);
            }
        }
    }
}

// Whether an access takes no lookup: its group has had one.
bool Translation::is_open(const GroupPlace& place) const
{
    return in_groups(place) && groups_[static_cast<std::size_t>(place.number)].opened;
}

// Looks up the whole group, which begins at a distance from the register as it is now.
void Translation::open(const Group& group, std::int32_t from, std::uint32_t site)
{
    const auto span = static_cast<unsigned>(group.high - group.low);
    const Access whole{.size = span, .write = group.write};
    detouring_ = cautious_;
    if (by_distance(group)) {
        static_cast<void>(at_distance(host_register(group.base), from, whole, site));
    } else {
        load_guest(kTemp0, group.base, word());
        a_.lea(kTemp0, {.base = kTemp0, .displacement = from}, word());
        find_entry(whole, site);
        a_.load(kTemp1, host_page());
        a_.lea(kTemp0, {.base = kTemp0, .displacement = -group.low, .index = kTemp1});
    }
    a_.store(cell(&shop_.frame.bases[group.base]), kTemp0);
    if (std::exchange(detouring_, false)) {
        return;
    }
    shop_.groups.push_back({.base = static_cast<std::uint8_t>(group.base), .write = group.write,
                            .distance = by_distance(group), .span = static_cast<std::uint16_t>(span), .from = from,
                            .low = group.low});
    shop_.sites[site].group = static_cast<std::uint32_t>(shop_.groups.size());
}

// The access at a distance from the register as it is now.
Mem Translation::in_group(const GroupPlace& place, std::int32_t offset, const Access& access, std::uint32_t site)
{
    Group& group = groups_[static_cast<std::size_t>(place.number)];
    const bool at_hand = std::exchange(held_, -1) == place.number; // which is open, then
    if (!group.opened) {
        group.opened = true;
        open(group, group.low - place.shift, site);
    } else if (!at_hand) {
        a_.load(kTemp0, cell(&shop_.frame.bases[group.base]));
    }
    if (!by_distance(group)) {
        return {.base = kTemp0, .displacement = offset + place.shift};
    }
    const Reg base = host_register(group.base);
    if (group.base == access.away) {
        a_.lea(kTemp0, {.base = base, .index = kTemp0});
        return {.base = kTemp0, .displacement = offset};
    }
    left_ = place.number;
    return {.base = base, .displacement = offset, .index = kTemp0};
}

// Whether the code of an instruction leaves kTemp0 as in_group() has left it, or as it was.
bool Translation::spares_temporary(const Instruction& i) const
{
    switch (i.kind) {
    case Kind::Nop:
    case Kind::Conditional: return true;
    case Kind::Plain: return i.memory == nullptr ? memory_registers(i) < 2 : in_groups(i.place);
    case Kind::Lea: return memory_registers(i) == 0;
    case Kind::Push: return i.memory == nullptr && in_groups(i.stack_place);
    case Kind::Pop: return memory_registers(i) == 0 && in_groups(i.stack_place);
    default: return false;
    }
}

// The next instruction finds in kTemp0 what this one leaves there, and finds it as well if C++ has run this one.
void Translation::hand_on(const Instruction& i, bool native, std::size_t first_site)
{
    held_ = !native || !spares_temporary(i) ? -1 : left_ >= 0 ? left_ : held_;
    for (std::size_t site = first_site; held_ >= 0 && site < shop_.sites.size(); ++site) {
        shop_.sites[site].kept = static_cast<std::uint8_t>(groups_[static_cast<std::size_t>(held_)].base);
    }
}

// The block once more, without groups, for those who come from a lookup that failed; each lands at its own.
void Translation::write_second_body(const Context& context, std::size_t slot)
{
    context_ = context;
    slot_ = slot;
    place_ = Place::Memory;
    second_ = true;
    write_body();
    second_ = false;
    lead_detours();
}

// Here an access is looked up that may open a group in the first body.
void Translation::land(const GroupPlace& place)
{
    if (second_ && place.number >= 0) {
        landings_.push_back({.at = current_, .code = a_.address()});
    }
}

// Flags are to be had alike in both bodies.
void Translation::lead_detours()
{
    auto landing = landings_.begin();
    for (const Detour& detour : detours_) { // both are in the order of instructions
        while (landing->at != detour.at) {
            ++landing;
        }
        a_.point(detour.displacement, landing->code);
    }
}

// How many of the registers that an instruction names live in memory.
unsigned Translation::memory_registers(const Instruction& i)
{
    std::uint32_t met = 0;
    const auto meet = [&](ZydisRegister reg) {
        if (is_general(reg) && in_memory(full_number(reg))) {
            met |= 1u << full_number(reg);
        }
    };
    for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
        const ZydisDecodedOperand& operand = i.operands[n];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
            meet(operand.reg.value);
        } else if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
            meet(operand.mem.base);
            meet(operand.mem.index);
        }
    }
    return static_cast<unsigned>(std::popcount(met));
}

} // namespace windsor::translate
