// SPDX-License-Identifier: GPL-2.0-or-later
// RDMSR and WRMSR, and the registers that change how the processor runs. SDM volume 4, chapter 2; AMD64 Architecture
// Programmer's Manual volume 2, appendix A.
#include "x86/address.hpp"
#include "x86/msr.hpp"

#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "vcpu/cpu_features.hpp"
#include "vcpu/kept_msrs.hpp"
#include "vcpu/memory_types.hpp"

#include <optional>

namespace windsor::emulate {

using x86::Exception;
using x86::Seg;
namespace msr = x86::msr;

namespace {

vcpu::KeptMsrs kept_msrs(Cpu& cpu)
{
    return {.state = cpu.s, .model = cpu.model(), .io = cpu.io(), .policy = cpu.msr_policy()};
}

std::optional<std::uint64_t> read_special(Cpu& cpu, std::uint32_t number)
{
    switch (number) {
    case msr::kTsc: return cpu.tsc();
    case msr::kTscAdjust:
        return vcpu::offers(cpu.model(), vcpu::Feature::TscAdjust) ? std::optional{cpu.s.tsc_adjust} : std::nullopt;
    case msr::kPat: return vcpu::offers(cpu.model(), vcpu::Feature::Pat) ? std::optional{cpu.s.pat} : std::nullopt;
    case msr::kEfer: return cpu.s.efer;
    case msr::kFsBase:
        return vcpu::offers(cpu.model(), vcpu::Feature::LongMode) ? std::optional{cpu.s.segment(Seg::Fs).base}
                                                                  : std::nullopt;
    case msr::kGsBase:
        return vcpu::offers(cpu.model(), vcpu::Feature::LongMode) ? std::optional{cpu.s.segment(Seg::Gs).base}
                                                                  : std::nullopt;
    default: return std::nullopt;
    }
}

bool write_efer(Cpu& cpu, std::uint64_t value)
{
    namespace ef = x86::efer;
    const std::uint64_t offered = (vcpu::offers(cpu.model(), vcpu::Feature::Syscall) ? ef::kSce : 0) |
                                  (vcpu::offers(cpu.model(), vcpu::Feature::Nx) ? ef::kNxe : 0) |
                                  (vcpu::offers(cpu.model(), vcpu::Feature::LongMode) ? ef::kLme | ef::kLma : 0);
    const std::uint64_t old = cpu.s.efer;
    const bool paging = (cpu.s.cr0 & x86::cr0::kPg) != 0;
    if ((value & ~offered) != 0 || (paging && ((value ^ old) & ef::kLme) != 0)) {
        return false;
    }
    cpu.s.efer = (value & ~ef::kLma) | (old & ef::kLma);
    if (((cpu.s.efer ^ old) & ef::kNxe) != 0) {
        cpu.flush_tlb(Flush::All);
    }
    cpu.mode_changed();
    return true;
}

bool write_pat(Cpu& cpu, std::uint64_t value)
{
    if (!vcpu::valid_pat(value)) {
        return false;
    }
    cpu.s.pat = value;
    return true;
}

bool write_base(Cpu& cpu, Seg seg, std::uint64_t value)
{
    if (!x86::canonical(value)) {
        return false;
    }
    cpu.s.segment(seg).base = value;
    cpu.segment_changed(seg);
    return true;
}

void write_tsc(Cpu& cpu, std::uint64_t value)
{
    cpu.s.tsc_adjust += value - cpu.tsc();
    cpu.set_tsc(value);
}

void write_tsc_adjust(Cpu& cpu, std::uint64_t value)
{
    cpu.s.tsc_offset += value - cpu.s.tsc_adjust;
    cpu.s.tsc_adjust = value;
}

enum class Written : std::uint8_t { Done, Refused, Unknown };

Written done_if(bool done)
{
    return done ? Written::Done : Written::Refused;
}

Written write_special(Cpu& cpu, std::uint32_t number, std::uint64_t value)
{
    switch (number) {
    case msr::kTsc: write_tsc(cpu, value); return Written::Done;
    case msr::kEfer: return done_if(write_efer(cpu, value));
    case msr::kTscAdjust:
        if (!vcpu::offers(cpu.model(), vcpu::Feature::TscAdjust)) {
            return Written::Unknown;
        }
        write_tsc_adjust(cpu, value);
        return Written::Done;
    case msr::kPat:
        return vcpu::offers(cpu.model(), vcpu::Feature::Pat) ? done_if(write_pat(cpu, value)) : Written::Unknown;
    case msr::kFsBase:
        return vcpu::offers(cpu.model(), vcpu::Feature::LongMode) ? done_if(write_base(cpu, Seg::Fs, value))
                                                                  : Written::Unknown;
    case msr::kGsBase:
        return vcpu::offers(cpu.model(), vcpu::Feature::LongMode) ? done_if(write_base(cpu, Seg::Gs, value))
                                                                  : Written::Unknown;
    default: return Written::Unknown;
    }
}

// Both places may be asked in any order, as no number is both special and kept.
std::optional<std::uint64_t> read(Cpu& cpu, std::uint32_t number)
{
    const auto value = read_special(cpu, number);
    return value ? value : vcpu::read_kept_msr(kept_msrs(cpu), number);
}

bool write(Cpu& cpu, std::uint32_t number, std::uint64_t value)
{
    const Written written = write_special(cpu, number, value);
    return written == Written::Unknown ? vcpu::write_kept_msr(kept_msrs(cpu), number, value) : written == Written::Done;
}

Outcome rdmsr(Cpu& cpu, const Insn&)
{
    if (cpu.cpl() != 0) {
        return cpu.raise(Exception::Gp);
    }
    const auto value = read(cpu, cpu.reg<std::uint32_t>(x86::kRcx));
    if (!value) {
        return cpu.raise(Exception::Gp);
    }
    cpu.set_reg(x86::kRax, static_cast<std::uint32_t>(*value));
    cpu.set_reg(x86::kRdx, static_cast<std::uint32_t>(*value >> 32));
    return Outcome::Next;
}

Outcome wrmsr(Cpu& cpu, const Insn& insn)
{
    const std::uint64_t value =
        (std::uint64_t{cpu.reg<std::uint32_t>(x86::kRdx)} << 32) | cpu.reg<std::uint32_t>(x86::kRax);
    if (cpu.cpl() != 0 || !write(cpu, cpu.reg<std::uint32_t>(x86::kRcx), value)) {
        return cpu.raise(Exception::Gp);
    }
    return finish(cpu, insn);
}

} // namespace

void add_msr(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_RDMSR, plain<rdmsr>);
    table.set(ZYDIS_MNEMONIC_WRMSR, ending<serializing<wrmsr>>);
}

} // namespace windsor::emulate
