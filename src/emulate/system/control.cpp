// SPDX-License-Identifier: GPL-2.0-or-later
// Control registers. SDM volume 3A, sections 2.5 and 9.8.5; volume 2, MOV to and from control registers.
#include "emulate/floating/fx_state.hpp"
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "x86/paging.hpp"

#include <array>

namespace windsor::emulate {

using x86::Exception;
namespace c0 = x86::cr0;
namespace c4 = x86::cr4;

namespace {

constexpr std::uint64_t kCr0Bits =
    c0::kPe | c0::kMp | c0::kEm | c0::kTs | c0::kEt | c0::kNe | c0::kWp | c0::kAm | c0::kNw | c0::kCd | c0::kPg;
// If one of these bits changes, page walks may have other results, unless paging is off before and after.
constexpr std::uint64_t kCr0Paging = c0::kPg | c0::kWp;
constexpr std::uint64_t kCr4Paging = c4::kPae | c4::kPse | c4::kPge | c4::kSmep | c4::kSmap;

bool privileged(Cpu& cpu)
{
    return cpu.cpl() == 0 || cpu.refuse(Exception::Gp);
}

bool uses_pdptes(std::uint64_t cr0, std::uint64_t cr4, std::uint64_t efer)
{
    return (cr0 & c0::kPg) != 0 && (cr4 & c4::kPae) != 0 && (efer & x86::efer::kLme) == 0;
}

// The four entries that PAE paging keeps in registers. SDM volume 3A, section 4.4.1.
bool load_pdptes(Cpu& cpu, std::uint64_t cr3)
{
    constexpr std::uint64_t kReserved = 0xfff0'0000'0000'01e6;
    std::array<std::uint64_t, 4> entries{};
    const base::GuestPhysical table{cr3 & 0xffff'ffe0};
    for (unsigned i = 0; i < 4; ++i) {
        entries[i] = cpu.read_physical(table + std::uint64_t{i} * 8, 8);
        if ((entries[i] & x86::pte::kP) != 0 && (entries[i] & kReserved) != 0) {
            return cpu.refuse(Exception::Gp);
        }
    }
    cpu.s.pdptes = entries;
    return true;
}

bool write_cr0(Cpu& cpu, std::uint64_t value)
{
    const std::uint64_t old = cpu.s.cr0;
    const bool paging = (value & c0::kPg) != 0;
    const bool was_paging = (old & c0::kPg) != 0;
    if ((value >> 32) != 0 || (paging && (value & c0::kPe) == 0) ||
        ((value & c0::kNw) != 0 && (value & c0::kCd) == 0)) {
        return cpu.refuse(Exception::Gp);
    }
    value = (value & kCr0Bits) | c0::kEt;
    const bool long_enabled = (cpu.s.efer & x86::efer::kLme) != 0;
    if (paging && !was_paging && long_enabled) {
        const bool long_code = cpu.s.segment(x86::Seg::Cs).attributes.l;
        const bool tss16 = (cpu.s.tr.attributes.type & 8) == 0;
        if ((cpu.s.cr4 & c4::kPae) == 0 || long_code || (tss16 && !is_null(cpu.s.tr.selector))) {
            return cpu.refuse(Exception::Gp);
        }
    }
    if (!paging && was_paging && cpu.long64()) {
        return cpu.refuse(Exception::Gp);
    }
    if (uses_pdptes(value, cpu.s.cr4, cpu.s.efer) && ((value ^ old) & (c0::kPg | c0::kCd | c0::kNw)) != 0 &&
        !load_pdptes(cpu, cpu.s.cr3)) {
        return false;
    }
    cpu.s.cr0 = value;
    if (paging != was_paging) {
        cpu.s.efer = paging && long_enabled ? cpu.s.efer | x86::efer::kLma : cpu.s.efer & ~x86::efer::kLma;
    }
    if ((paging || was_paging) && ((value ^ old) & kCr0Paging) != 0) {
        cpu.flush_tlb(Flush::All);
    }
    cpu.mode_changed();
    return true;
}

bool write_cr3(Cpu& cpu, std::uint64_t value)
{
    constexpr std::uint64_t kReserved = 0xfff0'0000'0000'0000;
    if (cpu.long_mode() && (value & kReserved) != 0) {
        return cpu.refuse(Exception::Gp);
    }
    return load_cr3(cpu, value);
}

std::uint64_t cr4_bits(const Cpu& cpu)
{
    const auto one = cpu.model().cpuid(1, 0, cpu.s, cpu.apic_id());
    // The model is asked for its leaf 7, which CPUID would answer with another leaf if the model has none.
    const vcpu::CpuidLeaf seven{.ebx = cpu.model().word(7, 0, 1), .ecx = cpu.model().word(7, 0, 2)};
    const auto bit = [](std::uint32_t word, unsigned number, std::uint64_t flag) {
        return (word >> number & 1) != 0 ? flag : 0;
    };
    return c4::kTsd | c4::kPce | bit(one.edx, 1, c4::kVme | c4::kPvi) | bit(one.edx, 2, c4::kDe) |
           bit(one.edx, 3, c4::kPse) | bit(one.edx, 6, c4::kPae) | bit(one.edx, 7, c4::kMce) |
           bit(one.edx, 13, c4::kPge) | bit(one.edx, 24, c4::kOsfxsr) | bit(one.edx, 25, c4::kOsxmmexcpt) |
           bit(one.ecx, 26, c4::kOsxsave) | bit(seven.ebx, 0, c4::kFsgsbase) | bit(seven.ebx, 7, c4::kSmep) |
           bit(seven.ebx, 20, c4::kSmap) | bit(seven.ecx, 2, c4::kUmip);
}

bool write_cr4(Cpu& cpu, std::uint64_t value)
{
    const std::uint64_t old = cpu.s.cr4;
    if ((value & ~cr4_bits(cpu)) != 0 || (cpu.long_mode() && (value & c4::kPae) == 0)) {
        return cpu.refuse(Exception::Gp);
    }
    if (uses_pdptes(cpu.s.cr0, value, cpu.s.efer) && ((value ^ old) & kCr4Paging) != 0 &&
        !load_pdptes(cpu, cpu.s.cr3)) {
        return false;
    }
    cpu.s.cr4 = value;
    if (((value ^ old) & kCr4Paging) != 0) {
        cpu.flush_tlb(Flush::All);
    }
    cpu.mode_changed();
    return true;
}

bool write_cr8(Cpu& cpu, std::uint64_t value)
{
    if (value > 15) {
        return cpu.refuse(Exception::Gp);
    }
    cpu.io().set_task_priority(static_cast<std::uint8_t>(value));
    return true;
}

bool write_control(Cpu& cpu, unsigned number, std::uint64_t value)
{
    switch (number) {
    case 0: return write_cr0(cpu, value);
    case 2: cpu.s.cr2 = value; return true;
    case 3: return write_cr3(cpu, value);
    case 4: return write_cr4(cpu, value);
    case 8: return write_cr8(cpu, value);
    default: return cpu.refuse(Exception::Ud);
    }
}

Outcome mov_to_control(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t value = cpu.s.gpr[insn.rm] & size_mask(insn.operand_size);
    if (!privileged(cpu) || !write_control(cpu, insn.extra, value)) {
        return Outcome::Fault;
    }
    return finish(cpu, insn);
}

Outcome mov_from_control(Cpu& cpu, const Insn& insn)
{
    if (!privileged(cpu)) {
        return Outcome::Fault;
    }
    std::uint64_t value = 0;
    switch (insn.extra) {
    case 0: value = cpu.s.cr0; break;
    case 2: value = cpu.s.cr2; break;
    case 3: value = cpu.s.cr3; break;
    case 4: value = cpu.s.cr4; break;
    case 8: value = cpu.io().task_priority(); break;
    default: return cpu.raise(Exception::Ud);
    }
    set_reg_sized(cpu, insn.rm, insn.operand_size, value);
    return Outcome::Next;
}

Outcome lmsw(Cpu& cpu, const Insn& insn)
{
    if (!privileged(cpu)) {
        return Outcome::Fault;
    }
    std::uint64_t value = cpu.reg<std::uint16_t>(insn.rm);
    if (insn.memory && !read_operand(cpu, insn, 0, 2, value)) {
        return Outcome::Fault;
    }
    constexpr std::uint64_t kLow = c0::kPe | c0::kMp | c0::kEm | c0::kTs;
    const std::uint64_t kept = cpu.s.cr0 & (~kLow | c0::kPe); // PE can be set, not cleared
    return write_cr0(cpu, kept | (value & kLow)) ? finish(cpu, insn) : Outcome::Fault;
}

Outcome smsw(Cpu& cpu, const Insn& insn)
{
    if (!may_look(cpu)) {
        return Outcome::Fault;
    }
    if (insn.memory) {
        return write_operand(cpu, insn, 0, 2, cpu.s.cr0 & 0xffff) ? Outcome::Next : Outcome::Fault;
    }
    set_reg_sized(cpu, insn.rm, insn.operand_size, cpu.s.cr0);
    return Outcome::Next;
}

Outcome clts(Cpu& cpu, const Insn& insn)
{
    if (!privileged(cpu)) {
        return Outcome::Fault;
    }
    cpu.s.cr0 &= ~c0::kTs;
    cpu.mode_changed();
    return finish(cpu, insn);
}

bool names_control(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && operand.reg.value >= ZYDIS_REGISTER_CR0 &&
           operand.reg.value <= ZYDIS_REGISTER_CR15;
}

} // namespace

bool load_cr3(Cpu& cpu, std::uint64_t value)
{
    if (uses_pdptes(cpu.s.cr0, cpu.s.cr4, cpu.s.efer) && !load_pdptes(cpu, value)) {
        return false;
    }
    cpu.s.cr3 = value;
    cpu.flush_tlb(Flush::NonGlobal);
    cpu.serialize(); // also in a task switch: page tables are read anew after any load of CR3
    return true;
}

Handler select_control_move(const Decoded& decoded, Insn& insn)
{
    const auto& operands = decoded.operands;
    const bool to = names_control(operands[0]);
    if (!to && !names_control(operands[1])) {
        return nullptr;
    }
    insn.extra = static_cast<std::uint8_t>(operands[to ? 0 : 1].reg.value - ZYDIS_REGISTER_CR0);
    insn.rm = static_cast<std::uint8_t>(ZydisRegisterGetId(operands[to ? 1 : 0].reg.value));
    insn.operand_size = decoded.instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64 ? 8 : 4;
    insn.ends_block = to;
    return to ? serializing<clearing_numeric_error<mov_to_control>> : mov_from_control;
}

void add_control(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_LMSW, ending<lmsw>);
    table.set(ZYDIS_MNEMONIC_SMSW, plain<smsw>);
    table.set(ZYDIS_MNEMONIC_CLTS, ending<clts>);
}

} // namespace windsor::emulate
