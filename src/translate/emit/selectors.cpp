// SPDX-License-Identifier: GPL-2.0-or-later
// MOV and POP to DS, ES, FS and GS in 32-bit kernels. SDM volume 2, MOV and POP; volume 3A, sections 3.4 and 5.6.
#include "translate/emit/selectors.hpp"

#include "emulate/system/descriptors.hpp"
#include "translate/emit/translation.hpp"

#include <cstring>
#include <type_traits>

namespace windsor::translate {

namespace {

constexpr std::uint64_t kLinearMask = 0xffff'ffff; // outside long mode
constexpr std::int32_t kIndexAndTable = ~3; // all but the RPL

static_assert(std::is_trivially_copyable_v<x86::Segment> && sizeof(x86::Segment) % 8 == 0);
static_assert(std::is_trivially_copyable_v<emulate::Cpu::SegmentWindow>);

} // namespace

KnownSelectors::KnownSelectors()
{
    null_.segment = emulate::null_segment(0);
}

void KnownSelectors::note(emulate::Cpu& cpu, x86::Seg seg)
{
    const x86::Segment& segment = cpu.s.segment(seg);
    constexpr std::uint16_t kLocal = 4;
    if (!cpu.protected_mode() || cpu.long_mode() || cpu.cpl() != 0 || emulate::is_null(segment.selector) ||
        (segment.selector & kLocal) != 0) {
        return;
    }
    const std::uint64_t address = (cpu.s.gdtr.base + (segment.selector & 0xfff8u)) & kLinearMask;
    const emulate::TlbEntries& entries = cpu.tlb().set(emulate::TlbSet::Supervisor);
    const std::size_t at = emulate::TlbEntries::index(address);
    constexpr std::uint64_t kLastInPage = 4096 - sizeof(std::uint64_t);
    const std::uint64_t offset = address & ~emulate::kLinearPage;
    if (entries.read[at] != address - offset || offset > kLastInPage) {
        return;
    }
    x86::Descriptor descriptor;
    std::memcpy(&descriptor.raw, entries.host_address(at, address), sizeof descriptor.raw);
    // Another processor may have changed it since.
    if (emulate::make_segment(segment.selector, descriptor) != segment) {
        return;
    }
    known_[index(segment.selector)] = {.selector = segment.selector,
                                       .table_base = cpu.s.gdtr.base,
                                       .table_limit = cpu.s.gdtr.limit,
                                       .address = address,
                                       .descriptor = descriptor.raw,
                                       .flat = cpu.flat(seg) ? 1u : 0u,
                                       .window = cpu.window(seg),
                                       .segment = segment};
}

// A field of the entry whose distance from the first is in kTemp1.
Mem Translation::known(const void* field_of_first) const
{
    Mem mem = cell(field_of_first);
    mem.index = kTemp1;
    return mem;
}

// The selector is in kTemp0.
void Translation::load_known_selector(x86::Seg seg, std::uint32_t site)
{
    const KnownSelector& first = shop_.frame.selectors.first();
    const vcpu::CpuState& s = shop_.cpu.s;
    const Mem saved = cell(&shop_.frame.scratch[0]);
    const auto compare = [&](const std::uint64_t& field) {
        a_.alu(Alu::Cmp, kTemp0, known(&field));
        branch_to_site(a_.jcc(Cond::Ne), site);
    };
    // From the index in bits 3 to 6 to the distance.
    static_assert(sizeof(KnownSelector) == 128 && KnownSelectors::kCount == 16);
    a_.mov(kTemp1, kTemp0);
    a_.alu(Alu::And, kTemp1, (KnownSelectors::kCount - 1) << 3, Width::Dword);
    a_.shift_left(kTemp1, 4);
    compare(first.selector);
    if (seg == x86::Seg::Ds || seg == x86::Seg::Es) { // code takes for granted that these are flat
        a_.cmp_byte(known(&first.flat), 0);
        branch_to_site(a_.jcc(Cond::E), site);
    }
    a_.load(kTemp0, cell(&s.gdtr.base));
    compare(first.table_base);
    a_.load_zero_extended16(kTemp0, cell(&s.gdtr.limit));
    compare(first.table_limit);
    a_.store(saved, kTemp1);
    a_.load(kTemp0, known(&first.address));
    look_up({.size = sizeof first.descriptor}, site);
    a_.load(kTemp0, {.base = kTemp0});
    a_.load(kTemp1, saved);
    compare(first.descriptor);
    copy_quadwords(cell(&s.segment(seg)), known(&first.segment), sizeof first.segment, kTemp0);
    copy_quadwords(cell(&shop_.cpu.window(seg)), known(&first.window), sizeof first.window, kTemp0);
}

// The selector is in kTemp0: 0 to 3.
void Translation::load_null_selector(x86::Seg seg)
{
    const KnownSelector& null = shop_.frame.selectors.null();
    const x86::Segment& segment = shop_.cpu.s.segment(seg);
    copy_quadwords(cell(&segment), cell(&null.segment), sizeof null.segment, kTemp1);
    copy_quadwords(cell(&shop_.cpu.window(seg)), cell(&null.window), sizeof null.window, kTemp1);
    a_.store(cell(&segment.selector), kTemp0, Width::Word);
}

void Translation::copy_quadwords(Mem to, Mem from, std::size_t bytes, Reg temporary)
{
    for (std::size_t at = 0; at < bytes; at += 8) {
        a_.load(temporary, from);
        a_.store(to, temporary);
        from.displacement += 8;
        to.displacement += 8;
    }
}

// From wherever it comes, into kTemp0.
void Translation::fetch_selector(const Instruction& i, std::uint32_t site)
{
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_POP) {
        load_guest(kTemp0, x86::kRsp, word());
        look_up({.size = static_cast<unsigned>(word())}, site);
        may_be_refused();
        a_.load_zero_extended16(kTemp0, {.base = kTemp0});
    } else if (i.memory != nullptr) {
        access(i, {.size = sizeof(std::uint16_t)}, site);
        may_be_refused();
        a_.load_zero_extended16(kTemp0, {.base = kTemp0});
    } else {
        load_guest(kTemp0, full_number(i.operands[1].reg.value), Width::Dword);
        a_.alu(Alu::And, kTemp0, 0xffff, Width::Dword);
    }
}

bool Translation::load_selector(const Instruction& i)
{
    if (i.memory != nullptr && !can_address(i)) {
        return false;
    }
    const auto seg = static_cast<x86::Seg>(ZydisRegisterGetId(i.operands[0].reg.value));
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Interpret, i);
    shop_.sites[site].loads = seg;
    fetch_selector(i, site);
    if (seg == x86::Seg::Fs || seg == x86::Seg::Gs) {
        a_.test_imm(kTemp0, kIndexAndTable, Width::Dword);
        std::uint8_t* some = a_.jcc(Cond::Ne);
        load_null_selector(seg);
        std::uint8_t* loaded = a_.jmp();
        a_.bind(some);
        load_known_selector(seg, site);
        a_.bind(loaded);
    } else {
        load_known_selector(seg, site);
    }
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_POP) {
        move_stack_pointer(static_cast<std::int32_t>(word()));
    }
    site_resumes(site);
    return true;
}

} // namespace windsor::translate
