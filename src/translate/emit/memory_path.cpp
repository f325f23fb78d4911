// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/memory_path.hpp"

#include "translate/emit/operands.hpp"
#include "translate/window/address_window.hpp"

#include <utility>

namespace windsor::translate {

using emulate::TlbEntries;

namespace {

// An address that counts from RIP moves with the block.
static Moves moves_with(const ZydisDecodedOperand& operand)
{
    return is_relative(operand) ? Moves::WithBlock : Moves::No;
}

} // namespace

void MemoryPath::begin_access(const Instruction& i, TouchesStack stack)
{
    const bool operand = i.memory != nullptr && !groups_.is_open(i.place);
    const bool top = stack == TouchesStack::Yes && !groups_.is_open(i.stack_place);
    if (!progress_.window && (operand || top)) {
        flags_.lose();
    }
}

// --- Effective and linear addresses ---

// Notes that the block cannot be copied if an address moves with it but wraps around at 4 GiB, because such an address
// does not move by as much as the block.
void MemoryPath::note_wrapping(const Instruction& i, const ZydisDecodedOperand& operand)
{
    if (is_relative(operand) && progress_.context.long64() && i.decoded.address_width != 64) {
        a_.note_unmovable();
    }
}

// Returns the host register of a guest register, or the temporary into which it has been loaded from memory.
Reg MemoryPath::loaded(ZydisRegister reg, Reg temporary)
{
    const unsigned guest = full_number(reg);
    if (!in_memory(guest)) {
        return host_register(guest);
    }
    a_.load(temporary, a_.gpr(guest));
    return temporary;
}

void MemoryPath::write_address(const Instruction& i, const ZydisDecodedOperand& operand, Reg to)
{
    const auto& mem = operand.mem;
    const Width width = i.decoded.address_width == 64 ? Width::Qword : Width::Dword;
    const bool baseless = lacks_base(i);
    const bool relative = is_relative(operand);
    const std::int64_t displacement = baseless                    ? i.decoded.raw.disp.value
                                      : mem.disp.has_displacement ? mem.disp.value
                                                                  : 0;
    const bool has_base = mem.base != ZYDIS_REGISTER_NONE && !relative && !baseless;
    const bool has_index = mem.index != ZYDIS_REGISTER_NONE;
    if (!has_base && !has_index) {
        note_wrapping(i, operand);
        a_.mov_value(to, fixed_linear(i, displacement, addressing(operand)).raw(), moves_with(operand));
        return;
    }
    const auto small = static_cast<std::int32_t>(displacement);
    if (!has_index) {
        const Reg base = loaded(mem.base, kTemp0);
        if (small == 0) {
            a_.mov(to, base, width);
        } else {
            a_.lea(to, {.base = base, .displacement = small}, width);
        }
        return;
    }
    const auto scale = static_cast<std::uint8_t>(mem.scale == 8 ? 3 : mem.scale == 4 ? 2 : mem.scale == 2 ? 1 : 0);
    const Reg index = loaded(mem.index, kTemp1);
    if (has_base) {
        const Reg base = loaded(mem.base, kTemp0);
        a_.lea(to, {.base = base, .displacement = small, .index = index, .scale = scale}, width);
    } else {
        a_.lea_baseless(to, index, scale, small, width);
    }
}

// FS and GS have bases, and outside 64-bit mode limits as well.
void MemoryPath::add_segment(const ZydisDecodedOperand& operand, const Access& access, std::uint32_t exit)
{
    if (!is_thread_segment(operand.mem.segment)) {
        return;
    }
    const x86::Seg seg = operand.mem.segment == ZYDIS_REGISTER_FS ? x86::Seg::Fs : x86::Seg::Gs;
    if (progress_.context.long64()) {
        a_.alu(Alu::Add, kTemp0, a_.cell(&shop_.cpu.s.segment(seg).base));
        return;
    }
    const auto& window = shop_.cpu.window(seg);
    a_.lea(kTemp1, {.base = kTemp0, .displacement = static_cast<std::int32_t>(access.size)});
    a_.alu(Alu::Cmp, kTemp1, a_.cell(access.write ? &window.write_end : &window.read_end));
    cold_.branch_to_exit(a_.jcc(Cond::A), exit);
    a_.alu(Alu::Add, kTemp0, a_.cell(&window.base), Width::Dword);
}

// --- The software TLB ---

// Returns the operand that is the element of a TLB's array which kTemp1 is the index of.
template <typename Field> Mem MemoryPath::entry(const Field& field) const
{
    static_assert(sizeof(typename Field::value_type) == 8);
    Mem mem = a_.cell(field.data());
    mem.index = kTemp1;
    mem.scale = shop_.extracts ? 3 : 0;
    return mem;
}

// Leaves in kTemp1 the index of the TLB's entry for the linear address in kTemp0. It counts elements if the host has
// BEXTR, and bytes otherwise.
void MemoryPath::index_entry()
{
    constexpr std::uint32_t kIndexBits = 12 | 12 << 8; // the index is 12 bits from bit 12 on
    static_assert(TlbEntries::kCount == 1 << 12);
    const Width width = progress_.word();
    if (shop_.extracts) {
        a_.mov32(kTemp1, kIndexBits);
        a_.extract_bits(kTemp1, kTemp0, kTemp1, width);
        return;
    }
    constexpr unsigned kElementShift = 3;
    constexpr auto kIndexMask = static_cast<std::int32_t>((TlbEntries::kCount - 1) << kElementShift);
    a_.mov(kTemp1, kTemp0, width);
    a_.shift_right(kTemp1, 12 - kElementShift, width);
    a_.alu(Alu::And, kTemp1, kIndexMask, Width::Dword);
}

// The tag of the entry xor the address is the offset in the page on a hit, and large on a miss. So one comparison finds
// a miss and an access that leaves the page, and if the access must be aligned, one that is not.
void MemoryPath::find_entry(const Access& access, std::uint32_t exit)
{
    index_entry();
    a_.alu(Alu::Xor, kTemp0, entry(access.write ? entries().write : entries().read));
    if (access.aligned) {
        a_.test_imm(kTemp0, ~static_cast<std::int32_t>(0xfff & ~(access.size - 1)));
        cold_.branch_to_exit(a_.jcc(Cond::Ne), exit);
    } else {
        a_.alu(Alu::Cmp, kTemp0, static_cast<std::int32_t>(4096 - access.size));
        cold_.branch_to_exit(a_.jcc(Cond::A), exit);
    }
}

Mem MemoryPath::host_page() const
{
    return entry(entries().host);
}

void MemoryPath::look_up(const Access& access, std::uint32_t exit)
{
    find_entry(access, exit);
    a_.alu(Alu::Add, kTemp0, host_page());
}

void MemoryPath::look_up_operand(const Instruction& i, const Access& access, std::uint32_t exit)
{
    write_address(i, *i.memory, kTemp0);
    add_segment(*i.memory, access, exit);
    look_up(access, exit);
}

// Returns an operand that names the guest's register itself and the distance from linear to host addresses. In 32-bit
// code a sum that wraps around matches no tag, so that it is a miss. In compatibility mode, however, the TLB may hold
// pages of 64-bit code there, so the sum is cut first.
Mem MemoryPath::at_distance(Reg base, std::int32_t displacement, const Access& access, std::uint32_t exit)
{
    if (displacement != 0 && progress_.context.mode == emulate::DecodeMode::Compat32) {
        a_.lea(kTemp0, {.base = base, .displacement = displacement}, Width::Dword);
        look_up(access, exit);
        return {.base = kTemp0};
    }
    displacement == 0 ? a_.mov(kTemp0, base) : a_.lea(kTemp0, {.base = base, .displacement = displacement});
    find_entry(access, exit);
    a_.load(kTemp0, entry(entries().distance));
    return {.base = base, .displacement = displacement, .index = kTemp0};
}

// Returns the register that an operand is at a fixed distance from, if the host's access can name it as well.
std::optional<Reg> MemoryPath::direct_base(const Instruction& i, const Access& access) const
{
    const auto base = sole_base(progress_.context, i);
    const bool direct = base && !in_memory(*base) && *base != access.away;
    return direct ? std::optional{host_register(*base)} : std::nullopt;
}

// Returns the address of an operand, if the instruction itself says it and the operand lies in one page.
std::optional<x86::Linear> MemoryPath::fixed_address(const Instruction& i, const Access& access)
{
    const auto& mem = i.memory->mem;
    const bool relative = is_relative(*i.memory);
    const bool fixed = (mem.base == ZYDIS_REGISTER_NONE || relative) && mem.index == ZYDIS_REGISTER_NONE &&
                       !is_thread_segment(mem.segment) && !lacks_base(i);
    if (!fixed) {
        return std::nullopt;
    }
    const x86::Linear address = fixed_linear(i, mem.disp.has_displacement ? mem.disp.value : 0, addressing(*i.memory));
    const bool whole = address.offset_in(memory::kPageSize) + access.size <= memory::kPageSize;
    return whole && (!access.aligned || address.offset_in(access.size) == 0) ? std::optional{address} : std::nullopt;
}

// Writes a lookup of a fixed address, whose entry in the TLB is known already.
Mem MemoryPath::at_address(x86::Linear address, Moves moves, const Access& access, std::uint32_t exit)
{
    const std::size_t at = TlbEntries::index(address);
    const std::uint64_t page = address.aligned_down(memory::kPageSize).raw();
    const Mem tag = a_.cell(access.write ? &entries().write[at] : &entries().read[at]);
    const auto note = [&](Fixup::Kind kind, std::ptrdiff_t back) {
        if (moves == Moves::WithBlock) {
            a_.note(kind, a_.position() - back, page);
        }
    };
    if (fits_signed(page)) {
        a_.alu_memory(Alu::Cmp, tag, static_cast<std::int32_t>(page), Width::Qword);
        note(Fixup::Kind::TlbEntry, 8);
        note(Fixup::Kind::ValueSigned, 4);
    } else {
        a_.mov_value(kTemp0, page, moves);
        a_.alu(Alu::Cmp, kTemp0, tag);
        note(Fixup::Kind::TlbEntry, 4);
    }
    cold_.branch_to_exit(a_.jcc(Cond::Ne), exit);
    a_.load(kTemp0, a_.cell(&entries().host[at]));
    note(Fixup::Kind::TlbEntry, 4);
    return {.base = kTemp0, .displacement = static_cast<std::int32_t>(address.offset_in(memory::kPageSize))};
}

// --- Groups ---

// Looks up all bytes of a group, which begins `from` bytes from the register as it is now.
void MemoryPath::open(const Group& group, std::int32_t from, std::uint32_t exit)
{
    const auto span = static_cast<unsigned>(group.high - group.low);
    const Access whole{.size = span, .write = group.write};
    detours_.set_taken(progress_.care == Care::Cautious);
    if (groups_.keeps_distance(group)) {
        static_cast<void>(at_distance(host_register(group.base), from, whole, exit));
    } else {
        a_.load_guest(kTemp0, group.base, progress_.word());
        a_.lea(kTemp0, {.base = kTemp0, .displacement = from}, progress_.word());
        find_entry(whole, exit);
        a_.load(kTemp1, host_page());
        a_.lea(kTemp0, {.base = kTemp0, .displacement = -group.low, .index = kTemp1});
    }
    a_.store(a_.cell(&a_.frame().bases[group.base]), kTemp0);
    detours_.set_taken(false);
    if (progress_.care == Care::Cautious) {
        return;
    }
    shop_.groups.push_back({.base = static_cast<std::uint8_t>(group.base),
                            .write = group.write,
                            .distance = groups_.keeps_distance(group),
                            .span = static_cast<std::uint16_t>(span),
                            .from = from,
                            .low = group.low});
    cold_.exit(exit).group = static_cast<std::uint32_t>(shop_.groups.size());
}

// Returns the operand of an access of a group, at an offset from the register as it is now.
Mem MemoryPath::in_group(const GroupPlace& place, std::int32_t offset, const Access& access, std::uint32_t exit)
{
    Group& group = groups_.group(place);
    const bool at_hand = groups_.take_at_hand(place); // if it is, the group is open
    if (!group.opened) {
        group.opened = true;
        open(group, group.low - place.shift, exit);
    } else if (!at_hand) {
        a_.load(kTemp0, a_.cell(&a_.frame().bases[group.base]));
    }
    if (!groups_.keeps_distance(group)) {
        return {.base = kTemp0, .displacement = offset + place.shift};
    }
    const Reg base = host_register(group.base);
    if (group.base == access.away) {
        a_.lea(kTemp0, {.base = base, .index = kTemp0});
        return {.base = kTemp0, .displacement = offset};
    }
    groups_.leave_in_temporary(place);
    return {.base = base, .displacement = offset, .index = kTemp0};
}

// Notes, in the second body, where an access is that a failed lookup in the first body may lead to.
void MemoryPath::land(const GroupPlace& place)
{
    if (progress_.body == Body::Second && place.number >= 0) {
        detours_.land(progress_.current, a_.address());
    }
}

// --- Windows ---

// Returns an operand in the window. Nothing is checked, because what is not mapped there faults, so the flags stay
// where they are. The host adds up one register and a displacement for which the guard areas have room. Other
// addresses, which wrap around at 4 GiB, are added up in 32 bits first.
Mem MemoryPath::window_operand(const Instruction& i, const Access& access, std::uint32_t exit)
{
    const auto& mem = i.memory->mem;
    const bool thread = is_thread_segment(mem.segment);
    const bool based = mem.base != ZYDIS_REGISTER_NONE && mem.index == ZYDIS_REGISTER_NONE;
    const std::int32_t displacement = displacement_of(*i.memory);
    const bool simple = i.decoded.address_width == 32 && (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    if (simple && based && !thread && displacement >= AddressWindow::kLeastDisplacement) {
        return {.base = kWindow, .displacement = displacement, .index = host_register(full_number(mem.base))};
    }
    if (thread) {
        flags_.lose();
    }
    write_address(i, *i.memory, kTemp0);
    add_segment(*i.memory, access, exit);
    return {.base = kWindow, .index = kTemp0};
}

// --- What instructions ask for ---

Mem MemoryPath::operand(const Instruction& i, const Access& access, std::uint32_t exit)
{
    if (progress_.window) {
        return window_operand(i, access, exit);
    }
    land(i.place);
    if (groups_.is_grouped(i.place)) {
        return in_group(i.place, displacement_of(*i.memory), access, exit);
    }
    if (const auto base = direct_base(i, access)) {
        return at_distance(*base, displacement_of(*i.memory), access, exit);
    }
    if (const auto address = fixed_address(i, access)) {
        note_wrapping(i, *i.memory);
        return at_address(*address, moves_with(*i.memory), access, exit);
    }
    return operand_by_lookup(i, access, exit);
}

Mem MemoryPath::operand_by_lookup(const Instruction& i, const Access& access, std::uint32_t exit)
{
    if (!access.indexed) {
        look_up_operand(i, access, exit);
        return {.base = kTemp0};
    }
    write_address(i, *i.memory, kTemp0);
    add_segment(*i.memory, access, exit);
    find_entry(access, exit);
    a_.load(kTemp1, host_page()); // the access itself adds the two up, which is quicker than ADD
    return {.base = kTemp0, .index = kTemp1};
}

void MemoryPath::load_operand(Reg to, const Instruction& i, std::uint32_t exit)
{
    const Mem from = operand(i, {.size = i.memory_bytes(), .indexed = true}, exit);
    if (progress_.window) {
        cold_.may_fault_here(exit);
    }
    attribution_.may_be_refused();
    a_.load(to, from, static_cast<Width>(i.memory_bytes()));
}

Mem MemoryPath::stack(std::int32_t offset, const Access& access, std::uint32_t exit)
{
    if (progress_.window) {
        cold_.may_fault_here(exit);
        return {.base = kWindow, .displacement = offset, .index = kGuestRsp};
    }
    const GroupPlace& place = progress_.current->stack_place;
    land(place);
    if (groups_.is_grouped(place)) {
        return in_group(place, offset, access, exit);
    }
    return at_distance(kGuestRsp, offset, access, exit);
}

void MemoryPath::push_value(std::uint64_t value, Moves moves, std::uint32_t exit)
{
    const std::int32_t size = progress_.word_bytes();
    const Mem top = stack(-size, {.size = static_cast<unsigned>(size), .write = true}, exit);
    if (progress_.window) {
        a_.store32(top, static_cast<std::uint32_t>(value));
    } else {
        a_.mov_value(kTemp1, value, moves);
        attribution_.may_be_refused();
        a_.store(top, kTemp1, progress_.word());
    }
    a_.move_stack_pointer(-size, progress_.word());
}

} // namespace windsor::translate
