// SPDX-License-Identifier: GPL-2.0-or-later
// RDMSR and WRMSR. SDM volume 4, chapter 2; AMD64 Architecture Programmer's Manual volume 2, appendix A.
#include "x86/msr.hpp"

#include "emulate/features.hpp"
#include "emulate/memory_access.hpp"
#include "emulate/msr_policy.hpp"
#include "emulate/mtrr.hpp"
#include "emulate/system_families.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace windsor::emulate {

using x86::Exception;
using x86::Seg;
namespace msr = x86::msr;

namespace {

// A register of CpuState that is stored and given back.
struct Plain {
    enum class Check : std::uint8_t { None, Canonical, Low32 };

    std::uint32_t number;
    std::uint64_t vcpu::CpuState::* field;
    Check check{Check::None};
    std::optional<Feature> feature{};
};

constexpr std::array kPlain{
    Plain{msr::kSysenterCs, &vcpu::CpuState::sysenter_cs, Plain::Check::Low32, Feature::Sep},
    Plain{msr::kSysenterEsp, &vcpu::CpuState::sysenter_esp, Plain::Check::Canonical, Feature::Sep},
    Plain{msr::kSysenterEip, &vcpu::CpuState::sysenter_eip, Plain::Check::Canonical, Feature::Sep},
    Plain{msr::kMcgStatus, &vcpu::CpuState::mcg_status, Plain::Check::None, Feature::Mca},
    Plain{msr::kMiscEnable, &vcpu::CpuState::misc_enable},
    Plain{msr::kStar, &vcpu::CpuState::star, Plain::Check::None, Feature::Syscall},
    Plain{msr::kLstar, &vcpu::CpuState::lstar, Plain::Check::Canonical, Feature::LongMode},
    Plain{msr::kCstar, &vcpu::CpuState::cstar, Plain::Check::Canonical, Feature::LongMode},
    Plain{msr::kFmask, &vcpu::CpuState::fmask, Plain::Check::Low32, Feature::LongMode},
    Plain{msr::kKernelGsBase, &vcpu::CpuState::kernel_gs_base, Plain::Check::Canonical, Feature::LongMode},
    Plain{msr::kTscAux, &vcpu::CpuState::tsc_aux, Plain::Check::Low32, Feature::Rdtscp},
};

// Registers without effect here: a fixed value is read, and writes vanish.
struct Quiet {
    std::uint32_t first;
    std::uint32_t last;
    std::uint64_t value{0};
};

constexpr std::array kQuiet{
    Quiet{0x00, 0x01},             // P5_MC_ADDR, P5_MC_TYPE
    Quiet{msr::kPlatformId, msr::kPlatformId},
    Quiet{0x2a, 0x2a},             // EBL_CR_POWERON
    Quiet{msr::kBiosUpdateTrigger, msr::kBiosUpdateTrigger},
    Quiet{0x88, 0x8a},             // BBL_CR_D0 to D2
    Quiet{msr::kBiosSignature, msr::kBiosSignature},
    Quiet{0xc1, 0xc2},             // PERFCTR0, 1
    Quiet{0xcd, 0xce},             // FSB_FREQ, PLATFORM_INFO
    Quiet{0xe7, 0xe8},             // MPERF, APERF
    Quiet{0x116, 0x11b},           // BBL_CR_ADDR to BUSY
    Quiet{0x11e, 0x11e},           // BBL_CR_CTL3
    Quiet{0x140, 0x140},           // MISC_FEATURES_ENABLES
    Quiet{0x186, 0x187},           // PERFEVTSEL0, 1
    Quiet{0x198, 0x19c},           // PERF_STATUS, PERF_CTL, CLOCK_MODULATION, THERM_INTERRUPT, THERM_STATUS
    Quiet{0x1a2, 0x1a2},           // TEMPERATURE_TARGET
    Quiet{0x1b0, 0x1b2},           // ENERGY_PERF_BIAS, PACKAGE_THERM_STATUS, _INTERRUPT
    Quiet{msr::kDebugCtl, msr::kDebugCtl},
    Quiet{0x1db, 0x1de},           // LASTBRANCHFROMIP to LASTINTTOIP
    Quiet{0x1fc, 0x1fc},           // POWER_CTL
    Quiet{0x400, 0x427},           // MC0_CTL to MC9_MISC: no error is ever held
};

constexpr std::array kQuietAmd{
    Quiet{msr::kPlatformId, msr::kPlatformId},
    Quiet{msr::kBiosSignature, msr::kBiosSignature, 0x0100'0065}, // PATCH_LEVEL
    Quiet{0xe7, 0xe8},
    Quiet{msr::kDebugCtl, msr::kDebugCtl},
    Quiet{0x1db, 0x1de},
    Quiet{0x400, 0x427},
    Quiet{0xc0010000, 0xc0010007}, // PERF_CTL, PERF_CTR
    Quiet{0xc0010010, 0xc0010010}, // SYSCFG
    Quiet{0xc0010015, 0xc0010015, 1u << 24}, // HWCR: the TSC runs at the P0 frequency
    Quiet{0xc0010016, 0xc001001a}, // IORR, TOP_MEM
    Quiet{0xc001001d, 0xc001001d}, // TOP_MEM2
    Quiet{0xc001001f, 0xc001001f}, // NB_CFG
    Quiet{0xc0010020, 0xc0010020}, // PATCH_LOADER
    Quiet{0xc0010055, 0xc0010055}, // INT_PENDING
    Quiet{0xc0010058, 0xc0010058}, // MMIO_CONF_BASE
    Quiet{0xc0010061, 0xc0010064}, // P-state limit, control, status, definition
    Quiet{0xc0010111, 0xc0010119}, // SMM and SVM
    Quiet{0xc0010140, 0xc0010141}, // OSVW
    Quiet{0xc0011004, 0xc0011005}, // CPUID feature overrides
    Quiet{0xc0011020, 0xc001102d}, // LS_CFG, DC_CFG, DE_CFG and the like
};

const Quiet* find_quiet(const Cpu& cpu, std::uint32_t number)
{
    const std::span<const Quiet> table =
        is_amd(cpu) ? std::span<const Quiet>{kQuietAmd} : std::span<const Quiet>{kQuiet};
    const auto found =
        std::ranges::find_if(table, [&](const Quiet& q) { return number >= q.first && number <= q.last; });
    return found == table.end() ? nullptr : &*found;
}

// Ten banks that never hold an error.
constexpr std::uint64_t kMcgCap = 10;
// Not affected by Meltdown, L1TF, SSB, MDS, TAA, stale MMIO data, BHI, GDS and RFDS: nothing runs speculatively here.
constexpr std::uint64_t kNotAffected = (1u << 0) | (1u << 3) | (1u << 4) | (1u << 5) | (1u << 6) | (1u << 8) |
                                       (1u << 13) | (1u << 14) | (1u << 15) | (1u << 20) | (1u << 26) | (1u << 27);

bool lives_outside(std::uint32_t number)
{
    return number == msr::kApicBase || number == msr::kTscDeadline ||
           (number >= msr::kX2ApicFirst && number <= msr::kX2ApicLast);
}

const Plain* find_plain(const Cpu& cpu, std::uint32_t number)
{
    const auto found = std::ranges::find(kPlain, number, &Plain::number);
    return found != kPlain.end() && (!found->feature || offers(cpu, *found->feature)) ? &*found : nullptr;
}

std::optional<std::uint64_t> read_special(Cpu& cpu, std::uint32_t number)
{
    switch (number) {
    case msr::kTsc: return cpu.tsc();
    case msr::kFeatureControl: return is_amd(cpu) ? std::nullopt : std::optional<std::uint64_t>{1}; // locked
    case msr::kTscAdjust: return offers(cpu, Feature::TscAdjust) ? std::optional{cpu.s.tsc_adjust} : std::nullopt;
    case msr::kArchCapabilities:
        return offers(cpu, Feature::ArchCapabilities) ? std::optional{kNotAffected} : std::nullopt;
    case msr::kMcgCap: return offers(cpu, Feature::Mca) ? std::optional{kMcgCap} : std::nullopt;
    case msr::kPat: return offers(cpu, Feature::Pat) ? std::optional{cpu.s.pat} : std::nullopt;
    case msr::kEfer: return cpu.s.efer;
    case msr::kFsBase:
        return offers(cpu, Feature::LongMode) ? std::optional{cpu.s.segment(Seg::Fs).base} : std::nullopt;
    case msr::kGsBase:
        return offers(cpu, Feature::LongMode) ? std::optional{cpu.s.segment(Seg::Gs).base} : std::nullopt;
    default: return offers(cpu, Feature::Mtrr) ? read_mtrr(cpu.s.mtrrs, number) : std::nullopt;
    }
}

bool write_efer(Cpu& cpu, std::uint64_t value)
{
    namespace ef = x86::efer;
    const std::uint64_t offered = (offers(cpu, Feature::Syscall) ? ef::kSce : 0) |
                                  (offers(cpu, Feature::Nx) ? ef::kNxe : 0) |
                                  (offers(cpu, Feature::LongMode) ? ef::kLme | ef::kLma : 0);
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
    for (unsigned i = 0; i < 8; ++i) {
        const std::uint64_t type = (value >> (i * 8)) & 0xff;
        if (type > 7 || type == 2 || type == 3) {
            return false;
        }
    }
    cpu.s.pat = value;
    return true;
}

bool write_base(Cpu& cpu, Seg seg, std::uint64_t value)
{
    if (!canonical(value)) {
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
    case msr::kFeatureControl:
    case msr::kArchCapabilities:
    case msr::kMtrrCap:
    case msr::kMcgCap: return Written::Refused; // locked or read-only
    case msr::kTscAdjust:
        if (!offers(cpu, Feature::TscAdjust)) {
            return Written::Unknown;
        }
        write_tsc_adjust(cpu, value);
        return Written::Done;
    case msr::kPat: return offers(cpu, Feature::Pat) ? done_if(write_pat(cpu, value)) : Written::Unknown;
    case msr::kFsBase:
        return offers(cpu, Feature::LongMode) ? done_if(write_base(cpu, Seg::Fs, value)) : Written::Unknown;
    case msr::kGsBase:
        return offers(cpu, Feature::LongMode) ? done_if(write_base(cpu, Seg::Gs, value)) : Written::Unknown;
    default: break;
    }
    if (offers(cpu, Feature::Mtrr) && is_mtrr(number)) {
        return done_if(write_mtrr(cpu.s.mtrrs, number, value));
    }
    return Written::Unknown;
}

bool valid(const Plain& plain, std::uint64_t value)
{
    switch (plain.check) {
    case Plain::Check::None: return true;
    case Plain::Check::Canonical: return canonical(value);
    case Plain::Check::Low32: return (value >> 32) == 0;
    }
    return false;
}

bool tolerate(Cpu& cpu, std::uint32_t number, MsrAccess access)
{
    MsrPolicy* policy = cpu.msr_policy();
    return policy != nullptr && policy->tolerate(number, access);
}

std::optional<std::uint64_t> read(Cpu& cpu, std::uint32_t number)
{
    if (lives_outside(number)) {
        return cpu.io().read_msr(number);
    }
    if (const Plain* plain = find_plain(cpu, number)) {
        return cpu.s.*(plain->field);
    }
    if (const auto value = read_special(cpu, number)) {
        return value;
    }
    if (const Quiet* quiet = find_quiet(cpu, number)) {
        return quiet->value;
    }
    return tolerate(cpu, number, MsrAccess::Read) ? std::optional<std::uint64_t>{0} : std::nullopt;
}

bool write(Cpu& cpu, std::uint32_t number, std::uint64_t value)
{
    if (lives_outside(number)) {
        return cpu.io().write_msr(number, value);
    }
    if (const Plain* plain = find_plain(cpu, number)) {
        if (valid(*plain, value)) {
            cpu.s.*(plain->field) = value;
            return true;
        }
        return false;
    }
    const Written written = write_special(cpu, number, value);
    if (written != Written::Unknown) {
        return written == Written::Done;
    }
    return find_quiet(cpu, number) != nullptr || tolerate(cpu, number, MsrAccess::Write);
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
    table.set(ZYDIS_MNEMONIC_WRMSR, ending<wrmsr>);
}

} // namespace windsor::emulate
