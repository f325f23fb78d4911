// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/kept_msrs.hpp"

#include "vcpu/cpu_features.hpp"
#include "vcpu/machine_check_banks.hpp"
#include "vcpu/mtrr.hpp"
#include "x86/address.hpp"
#include "x86/msr.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace windsor::vcpu {

namespace msr = x86::msr;

namespace {

// A register of CpuState that is stored and given back.
struct Plain {
    enum class Check : std::uint8_t { None, Canonical, Low32 };

    std::uint32_t number;
    std::uint64_t CpuState::* field;
    Check check{Check::None};
    std::optional<Feature> feature{};
};

constexpr std::array kPlain{
    Plain{msr::kSysenterCs, &CpuState::sysenter_cs, Plain::Check::Low32, Feature::Sep},
    Plain{msr::kSysenterEsp, &CpuState::sysenter_esp, Plain::Check::Canonical, Feature::Sep},
    Plain{msr::kSysenterEip, &CpuState::sysenter_eip, Plain::Check::Canonical, Feature::Sep},
    Plain{msr::kMcgStatus, &CpuState::mcg_status, Plain::Check::None, Feature::Mca},
    Plain{msr::kMiscEnable, &CpuState::misc_enable},
    Plain{msr::kStar, &CpuState::star, Plain::Check::None, Feature::Syscall},
    Plain{msr::kLstar, &CpuState::lstar, Plain::Check::Canonical, Feature::LongMode},
    Plain{msr::kCstar, &CpuState::cstar, Plain::Check::Canonical, Feature::LongMode},
    Plain{msr::kFmask, &CpuState::fmask, Plain::Check::Low32, Feature::LongMode},
    Plain{msr::kKernelGsBase, &CpuState::kernel_gs_base, Plain::Check::Canonical, Feature::LongMode},
    Plain{msr::kTscAux, &CpuState::tsc_aux, Plain::Check::Low32, Feature::Rdtscp},
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
};

constexpr std::array kQuietAmd{
    Quiet{msr::kPlatformId, msr::kPlatformId},
    Quiet{msr::kBiosSignature, msr::kBiosSignature, 0x0100'0065}, // PATCH_LEVEL
    Quiet{0xe7, 0xe8},
    Quiet{msr::kDebugCtl, msr::kDebugCtl},
    Quiet{0x1db, 0x1de},
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

const Quiet* find_quiet(const CpuModel& model, std::uint32_t number)
{
    const std::span<const Quiet> table =
        is_amd(model) ? std::span<const Quiet>{kQuietAmd} : std::span<const Quiet>{kQuiet};
    const auto found =
        std::ranges::find_if(table, [&](const Quiet& q) { return number >= q.first && number <= q.last; });
    return found == table.end() ? nullptr : &*found;
}

// As many banks as there are; neither MCG_CTL nor anything else. SDM volume 3B, section 15.3.1.1.
constexpr std::uint64_t kMcgCap = MachineCheckBanks{}.control.size();
// Not affected by Meltdown, L1TF, SSB, MDS, TAA, stale MMIO data, BHI, GDS and RFDS: nothing runs speculatively here.
constexpr std::uint64_t kNotAffected = (1u << 0) | (1u << 3) | (1u << 4) | (1u << 5) | (1u << 6) | (1u << 8) |
                                       (1u << 13) | (1u << 14) | (1u << 15) | (1u << 20) | (1u << 26) | (1u << 27);

bool lives_outside(std::uint32_t number)
{
    return number == msr::kApicBase || number == msr::kTscDeadline ||
           (number >= msr::kX2ApicFirst && number <= msr::kX2ApicLast);
}

const Plain* find_plain(const CpuModel& model, std::uint32_t number)
{
    const auto found = std::ranges::find(kPlain, number, &Plain::number);
    return found != kPlain.end() && (!found->feature || offers(model, *found->feature)) ? &*found : nullptr;
}

bool valid(const Plain& plain, std::uint64_t value)
{
    switch (plain.check) {
    case Plain::Check::None: return true;
    case Plain::Check::Canonical: return x86::canonical(value);
    case Plain::Check::Low32: return (value >> 32) == 0;
    }
    return false;
}

bool tolerate(const KeptMsrs& msrs, std::uint32_t number, MsrAccess access)
{
    return msrs.policy != nullptr && msrs.policy->tolerate(number, access);
}

std::optional<std::uint64_t> read_fixed(const KeptMsrs& msrs, std::uint32_t number)
{
    const auto with = [&](Feature feature, std::uint64_t value) {
        return offers(msrs.model, feature) ? std::optional{value} : std::nullopt;
    };
    switch (number) {
    case msr::kFeatureControl: return is_amd(msrs.model) ? std::nullopt : std::optional<std::uint64_t>{1}; // locked
    case msr::kArchCapabilities: return with(Feature::ArchCapabilities, kNotAffected);
    case msr::kMcgCap: return with(Feature::Mca, kMcgCap);
    default: break;
    }
    if (is_machine_check_bank(number) && offers(msrs.model, Feature::Mca)) {
        return read_machine_check_bank(msrs.state.machine_checks, number);
    }
    return offers(msrs.model, Feature::Mtrr) ? read_mtrr(msrs.state.mtrrs, number) : std::nullopt;
}

} // namespace

std::optional<std::uint64_t> read_kept_msr(const KeptMsrs& msrs, std::uint32_t number)
{
    if (lives_outside(number)) {
        return msrs.io.read_msr(number);
    }
    if (const Plain* plain = find_plain(msrs.model, number)) {
        return msrs.state.*(plain->field);
    }
    if (const auto value = read_fixed(msrs, number)) {
        return value;
    }
    if (const Quiet* quiet = find_quiet(msrs.model, number)) {
        return quiet->value;
    }
    return tolerate(msrs, number, MsrAccess::Read) ? std::optional<std::uint64_t>{0} : std::nullopt;
}

bool write_kept_msr(const KeptMsrs& msrs, std::uint32_t number, std::uint64_t value)
{
    if (lives_outside(number)) {
        return msrs.io.write_msr(number, value);
    }
    if (const Plain* plain = find_plain(msrs.model, number)) {
        if (!valid(*plain, value)) {
            return false;
        }
        msrs.state.*(plain->field) = value;
        return true;
    }
    switch (number) {
    case msr::kFeatureControl:
    case msr::kArchCapabilities:
    case msr::kMtrrCap:
    case msr::kMcgCap: return false; // locked or read-only
    default: break;
    }
    if (is_machine_check_bank(number) && offers(msrs.model, Feature::Mca)) {
        return write_machine_check_bank(msrs.state.machine_checks, number, value);
    }
    if (offers(msrs.model, Feature::Mtrr) && is_mtrr(number)) {
        return write_mtrr(msrs.state.mtrrs, number, value);
    }
    return find_quiet(msrs.model, number) != nullptr || tolerate(msrs, number, MsrAccess::Write);
}

} // namespace windsor::vcpu
