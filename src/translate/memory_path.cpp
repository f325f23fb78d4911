// SPDX-License-Identifier: GPL-2.0-or-later
// From a memory operand to a host address: effective address, segment, software TLB.
#include "translate/translation.hpp"

namespace windsor::translate {

namespace {

using emulate::Tlb;
using emulate::TlbEntry;

static_assert(sizeof(TlbEntry) == 32);
constexpr unsigned kEntryShift = 5;

// A SIB byte without base, which Zydis 4.0 misreads if REX.B is set and the address size is 32 bits.
// SDM volume 2A, table 2-3.
bool lacks_base(const Instruction& i)
{
    const auto& raw = i.decoded.raw;
    return (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 && raw.modrm.mod == 0 && raw.modrm.rm == 4 && raw.sib.base == 5;
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

// The effective address of an operand, without segment. May take both temporaries.
void Translation::write_address(const Instruction& i, const ZydisDecodedOperand& operand, Reg to)
{
    const auto& mem = operand.mem;
    const Width width = i.decoded.address_width == 64 ? Width::Qword : Width::Dword;
    const bool baseless = lacks_base(i);
    const bool relative = mem.base == ZYDIS_REGISTER_RIP || mem.base == ZYDIS_REGISTER_EIP;
    std::int64_t displacement = mem.disp.has_displacement || baseless ? mem.disp.value : 0;
    if (baseless) {
        displacement = i.decoded.raw.disp.value;
    }
    const bool has_base = mem.base != ZYDIS_REGISTER_NONE && !relative && !baseless;
    const bool has_index = mem.index != ZYDIS_REGISTER_NONE;
    if (!has_base && !has_index) {
        std::uint64_t address = static_cast<std::uint64_t>(displacement) + (relative ? i.next() : 0);
        if (width == Width::Dword) {
            address &= 0xffffffff;
        }
        a_.mov(to, address);
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

// The tag of the entry xor the address is the offset in the page on a hit, and large on a miss: one comparison tells
// a miss and an access that leaves the page, and where it must be aligned, one that is not.
void Translation::find_entry(const Access& access, std::uint32_t site)
{
    const TlbEntry& first = shop_.cpu.tlb().set(context_.set)[0];
    Mem tag = cell(access.write ? &first.write : &first.read);
    tag.index = kTemp1;
    constexpr auto kIndexMask = static_cast<std::int32_t>((Tlb::kEntries - 1) << kEntryShift);
    const Width width = context_.long64() ? Width::Qword : Width::Dword;
    width == Width::Qword ? a_.mov(kTemp1, kTemp0) : a_.mov32(kTemp1, kTemp0);
    a_.shift_right(kTemp1, 12 - kEntryShift, width);
    a_.alu(Alu::And, kTemp1, kIndexMask, Width::Dword);
    a_.alu(Alu::Xor, kTemp0, tag);
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
    Mem mem = cell(&shop_.cpu.tlb().set(context_.set)[0].host);
    mem.index = kTemp1;
    return mem;
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
