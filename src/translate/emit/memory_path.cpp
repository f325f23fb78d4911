// SPDX-License-Identifier: GPL-2.0-or-later
// From a memory operand to a host address: effective address, segment, software TLB.
#include "translate/emit/translation.hpp"

namespace windsor::translate {

namespace {

using emulate::TlbEntries;

// A SIB byte without base, which Zydis 4.0 misreads if REX.B is set and the address size is 32 bits.
// SDM volume 2A, table 2-3.
bool lacks_base(const Instruction& i)
{
    const auto& raw = i.decoded.raw;
    return (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 && raw.modrm.mod == 0 && raw.modrm.rm == 4 &&
           raw.sib.base == 5;
}

std::uint64_t fixed_linear(const Instruction& i, std::int64_t displacement, bool relative)
{
    const std::uint64_t address = static_cast<std::uint64_t>(displacement) + (relative ? i.next() : 0);
    return i.decoded.address_width == 64 ? address : address & 0xffffffff;
}

bool is_thread_segment(ZydisRegister segment)
{
    return segment == ZYDIS_REGISTER_FS || segment == ZYDIS_REGISTER_GS;
}

} // namespace

// Data through CS has other rights than the flat segments.
bool Translation::can_address(const Instruction& i) const
{
    return context_.long64() || i.memory->mem.segment != ZYDIS_REGISTER_CS;
}

// An address that goes with the block's, but wraps around at 4 GiB, is not moved by as much as the block.
void Translation::note_wrapping(const Instruction& i, bool relative)
{
    wraps_ = wraps_ || (relative && context_.long64() && i.decoded.address_width != 64);
}

bool Translation::is_relative(const ZydisDecodedOperand& operand)
{
    return operand.mem.base == ZYDIS_REGISTER_RIP || operand.mem.base == ZYDIS_REGISTER_EIP;
}

// The effective address of an operand, without segment. May take both temporaries.
void Translation::write_address(const Instruction& i, const ZydisDecodedOperand& operand, Reg to)
{
    const auto& mem = operand.mem;
    const Width width = i.decoded.address_width == 64 ? Width::Qword : Width::Dword;
    const bool baseless = lacks_base(i);
    const bool relative = is_relative(operand);
    std::int64_t displacement = mem.disp.has_displacement || baseless ? mem.disp.value : 0;
    if (baseless) {
        displacement = i.decoded.raw.disp.value;
    }
    const bool has_base = mem.base != ZYDIS_REGISTER_NONE && !relative && !baseless;
    const bool has_index = mem.index != ZYDIS_REGISTER_NONE;
    if (!has_base && !has_index) {
        const std::uint64_t address = fixed_linear(i, displacement, relative);
        note_wrapping(i, relative);
        relative ? mov_address(to, address) : a_.mov(to, address);
        return;
    }
    const auto loaded = [&](ZydisRegister reg, Reg temporary) {
        const unsigned guest = full_number(reg);
        if (!in_memory(guest)) {
            return host_register(guest);
        }
        a_.load(temporary, gpr(guest));
        return temporary;
    };
    const auto small = static_cast<std::int32_t>(displacement);
    if (has_base && !has_index) {
        const Reg base = loaded(mem.base, kTemp0);
        if (small == 0) {
            width == Width::Qword ? a_.mov(to, base) : a_.mov32(to, base);
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
        return;
    }
    // ModRM and SIB without a base: mod 0, base 5, and always four bytes of displacement.
    a_.rex(width == Width::Qword, number(to), number(index), 0);
    a_.byte(0x8d);
    a_.byte(static_cast<unsigned>((number(to) & 7) << 3 | 4));
    a_.byte(static_cast<unsigned>(scale << 6 | (number(index) & 7) << 3 | 5));
    a_.raw(small);
}

// FS and GS have bases; outside 64-bit mode limits, too.
void Translation::add_segment(const ZydisDecodedOperand& operand, const Access& access,
                              std::uint32_t site)
{
    if (!is_thread_segment(operand.mem.segment)) {
        return;
    }
    const x86::Seg seg = operand.mem.segment == ZYDIS_REGISTER_FS ? x86::Seg::Fs : x86::Seg::Gs;
    if (context_.long64()) {
        a_.alu(Alu::Add, kTemp0, cell(&shop_.cpu.s.segment(seg).base));
        return;
    }
    const auto& window = shop_.cpu.window(seg);
    a_.lea(kTemp1, {.base = kTemp0, .displacement = static_cast<std::int32_t>(access.size)});
    a_.alu(Alu::Cmp, kTemp1, cell(access.write ? &window.write_end : &window.read_end));
    branch_to_site(a_.jcc(Cond::A), site);
    a_.alu(Alu::Add, kTemp0, cell(&window.base), Width::Dword);
}

// Of a field of the TLB, the element that kTemp1 is the index of.
template <typename Field> Mem Translation::entry(const Field& field) const
{
    static_assert(sizeof(typename Field::value_type) == 8);
    Mem mem = cell(field.data());
    mem.index = kTemp1;
    mem.scale = shop_.extracts ? 3 : 0;
    return mem;
}

// From the linear address in kTemp0 to the index of its entry in kTemp1: of elements, or of bytes.
void Translation::index_entry()
{
    constexpr std::uint32_t kIndexBits = 12 | 12 << 8; // the first, and how many
    static_assert(TlbEntries::kCount == 1 << 12);
    const Width width = context_.long64() ? Width::Qword : Width::Dword;
    if (shop_.extracts) {
        a_.mov32(kTemp1, kIndexBits);
        a_.extract_bits(kTemp1, kTemp0, kTemp1, width);
        return;
    }
    constexpr unsigned kElementShift = 3;
    constexpr auto kIndexMask = static_cast<std::int32_t>((TlbEntries::kCount - 1) << kElementShift);
    width == Width::Qword ? a_.mov(kTemp1, kTemp0) : a_.mov32(kTemp1, kTemp0);
    a_.shift_right(kTemp1, 12 - kElementShift, width);
    a_.alu(Alu::And, kTemp1, kIndexMask, Width::Dword);
}

// The tag of the entry xor the address is the offset in the page on a hit, and large on a miss: one comparison tells
// a miss and an access that leaves the page, and where it must be aligned, one that is not.
void Translation::find_entry(const Access& access, std::uint32_t site)
{
    index_entry();
    a_.alu(Alu::Xor, kTemp0, entry(access.write ? entries().write : entries().read));
    if (access.aligned) {
        a_.test_imm(kTemp0, ~static_cast<std::int32_t>(0xfff & ~(access.size - 1)));
        branch_to_site(a_.jcc(Cond::Ne), site);
    } else {
        a_.alu(Alu::Cmp, kTemp0, static_cast<std::int32_t>(4096 - access.size));
        branch_to_site(a_.jcc(Cond::A), site);
    }
}

Mem Translation::host_page() const
{
    return entry(entries().host);
}

// The guest's register needs no more than a distance. Of 32 bits of address, what wraps around is added up to something
// that no tag is of, and becomes a miss; but in compatibility mode the TLB may hold pages of 64-bit code there.
Mem Translation::at_distance(Reg base, std::int32_t displacement, const Access& access, std::uint32_t site)
{
    if (displacement != 0 && context_.mode == emulate::DecodeMode::Compat32) {
        a_.lea(kTemp0, {.base = base, .displacement = displacement}, Width::Dword);
        look_up(access, site);
        return {.base = kTemp0};
    }
    displacement == 0 ? a_.mov(kTemp0, base) : a_.lea(kTemp0, {.base = base, .displacement = displacement});
    find_entry(access, site);
    a_.load(kTemp0, entry(entries().distance));
    return {.base = base, .displacement = displacement, .index = kTemp0};
}

// The register that an operand is at a fixed distance from, if the host's access can name it as well.
std::optional<Reg> Translation::direct_base(const Instruction& i, const Access& access) const
{
    const auto base = sole_base(i);
    const bool direct = base && !in_memory(*base) && *base != access.away;
    return direct ? std::optional{host_register(*base)} : std::nullopt;
}

// An operand at an address that the instruction says, within one page.
std::optional<std::uint64_t> Translation::fixed_address(const Instruction& i, const Access& access) const
{
    const auto& mem = i.memory->mem;
    const bool relative = is_relative(*i.memory);
    const bool fixed = (mem.base == ZYDIS_REGISTER_NONE || relative) && mem.index == ZYDIS_REGISTER_NONE &&
                       !is_thread_segment(mem.segment) && !lacks_base(i);
    if (!fixed) {
        return std::nullopt;
    }
    const std::uint64_t address = fixed_linear(i, mem.disp.has_displacement ? mem.disp.value : 0, relative);
    const bool whole = (address & 0xfff) + access.size <= 4096;
    return whole && (!access.aligned || address % access.size == 0) ? std::optional{address} : std::nullopt;
}

// Its entry is known, too.
Mem Translation::at_address(std::uint64_t address, bool relative, const Access& access, std::uint32_t site)
{
    const std::size_t at = TlbEntries::index(address);
    const std::uint64_t page = address & emulate::kLinearPage;
    const Mem tag = cell(access.write ? &entries().write[at] : &entries().read[at]);
    const auto note_if_relative = [&](Fixup::Kind kind, std::ptrdiff_t back) {
        if (relative) {
            note(kind, a_.position() - back, page);
        }
    };
    if (fits_signed(page)) {
        a_.alu_memory(Alu::Cmp, tag, static_cast<std::int32_t>(page), Width::Qword);
        note_if_relative(Fixup::Kind::TlbEntry, 8);
        note_if_relative(Fixup::Kind::ValueSigned, 4);
    } else {
        relative ? mov_address(kTemp0, page) : a_.mov(kTemp0, page);
        a_.alu(Alu::Cmp, kTemp0, tag);
        note_if_relative(Fixup::Kind::TlbEntry, 4);
    }
    branch_to_site(a_.jcc(Cond::Ne), site);
    a_.load(kTemp0, cell(&entries().host[at]));
    note_if_relative(Fixup::Kind::TlbEntry, 4);
    return {.base = kTemp0, .displacement = static_cast<std::int32_t>(address & 0xfff)};
}

void Translation::look_up(const Access& access, std::uint32_t site)
{
    find_entry(access, site);
    a_.alu(Alu::Add, kTemp0, host_page());
}

void Translation::access(const Instruction& i, const Access& access, std::uint32_t site)
{
    write_address(i, *i.memory, kTemp0);
    add_segment(*i.memory, access, site);
    look_up(access, site);
}

} // namespace windsor::translate
