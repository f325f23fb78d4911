// SPDX-License-Identifier: GPL-2.0-or-later
// x87 and SSE, model-specific registers and descriptor tables. SDM volume 1, sections 8.1 and 10.2.3; volume 4.
#include "vcpu/memory_types.hpp"
#include "vcpu/state_rules.hpp"
#include "x86/address.hpp"

#include <algorithm>
#include <array>

namespace windsor::vcpu {

namespace {

constexpr std::uint16_t kControlBits = 0x1f7f; // of FCW
constexpr std::uint16_t kControlFixed1 = 0x0040;
constexpr std::uint16_t kExceptions = 0x003f; // of FCW and FSW
constexpr std::uint16_t kSummary = 0x8080;    // of FSW: ES and B
constexpr std::uint32_t kMxcsrBits = 0xffff;

// ES and B say whether an exception waits that is not masked.
bool valid_summary(const Checked& c)
{
    const bool waiting = (c.s.fx.fsw & ~c.s.fx.fcw & kExceptions) != 0;
    return (c.s.fx.fsw & kSummary) == (waiting ? kSummary : 0);
}

constexpr std::array kFloating{
    Rule{"MXCSR", "a reserved bit is set", [](const Checked& c) { return std::uint64_t{c.s.fx.mxcsr}; },
         [](const Checked& c) { return (c.s.fx.mxcsr & ~kMxcsrBits) == 0; }},
    Rule{"MXCSR_MASK", "it is the processor's, not the guest's",
         [](const Checked& c) { return std::uint64_t{c.s.fx.mxcsr_mask}; },
         [](const Checked& c) { return c.s.fx.mxcsr_mask == kMxcsrBits; }},
    Rule{"x87 control word", "a reserved bit is not as it always is",
         [](const Checked& c) { return std::uint64_t{c.s.fx.fcw}; },
         [](const Checked& c) { return (c.s.fx.fcw & ~kControlBits) == 0 && (c.s.fx.fcw & kControlFixed1) != 0; }},
    Rule{"x87 status word", "ES and B are not what its exceptions and the control word make them",
         [](const Checked& c) { return std::uint64_t{c.s.fx.fsw}; }, valid_summary},
    Rule{"x87 opcode", "it has more than 11 bits", [](const Checked& c) { return std::uint64_t{c.s.fx.fop}; },
         [](const Checked& c) { return c.s.fx.fop <= 0x7ff; }},
    Rule{"FXSAVE area", "a reserved byte is set", [](const Checked& c) { return std::uint64_t{c.s.fx.reserved}; },
         [](const Checked& c) { return c.s.fx.reserved == 0; }},
};

template <std::uint64_t CpuState::*kMember> std::uint64_t value(const Checked& c)
{
    return c.s.*kMember;
}
template <std::uint64_t CpuState::*kMember> bool canonical(const Checked& c)
{
    return x86::canonical(c.s.*kMember);
}
template <std::uint64_t CpuState::*kMember> bool low32(const Checked& c)
{
    return c.s.*kMember >> 32 == 0;
}

constexpr std::string_view kNotCanonical = "it is not a canonical address";
constexpr std::string_view kTooWide = "it has more than 32 bits";
constexpr std::string_view kNoType = "it has a memory type or a bit that there is not";

bool valid_variable(const Checked& c)
{
    for (unsigned i = 0; i < c.s.mtrrs.variable.size(); ++i) {
        if (!valid_variable_mtrr(i, c.s.mtrrs.variable[i])) {
            return false;
        }
    }
    return true;
}

std::uint64_t wrong_variable(const Checked& c)
{
    for (unsigned i = 0; i < c.s.mtrrs.variable.size(); ++i) {
        if (!valid_variable_mtrr(i, c.s.mtrrs.variable[i])) {
            return c.s.mtrrs.variable[i];
        }
    }
    return 0;
}

std::uint64_t wrong_fixed(const Checked& c)
{
    const auto found = std::ranges::find_if_not(c.s.mtrrs.fixed, valid_fixed_mtrr);
    return found == c.s.mtrrs.fixed.end() ? 0 : *found;
}

constexpr std::array kRegisters{
    Rule{"IA32_LSTAR", kNotCanonical, value<&CpuState::lstar>, canonical<&CpuState::lstar>},
    Rule{"IA32_CSTAR", kNotCanonical, value<&CpuState::cstar>, canonical<&CpuState::cstar>},
    Rule{"IA32_FMASK", kTooWide, value<&CpuState::fmask>, low32<&CpuState::fmask>},
    Rule{"IA32_KERNEL_GS_BASE", kNotCanonical, value<&CpuState::kernel_gs_base>, canonical<&CpuState::kernel_gs_base>},
    Rule{"IA32_SYSENTER_CS", kTooWide, value<&CpuState::sysenter_cs>, low32<&CpuState::sysenter_cs>},
    Rule{"IA32_SYSENTER_ESP", kNotCanonical, value<&CpuState::sysenter_esp>, canonical<&CpuState::sysenter_esp>},
    Rule{"IA32_SYSENTER_EIP", kNotCanonical, value<&CpuState::sysenter_eip>, canonical<&CpuState::sysenter_eip>},
    Rule{"IA32_TSC_AUX", kTooWide, value<&CpuState::tsc_aux>, low32<&CpuState::tsc_aux>},
    Rule{"IA32_PAT", kNoType, value<&CpuState::pat>, [](const Checked& c) { return valid_pat(c.s.pat); }},
    Rule{"IA32_MTRR_DEF_TYPE", kNoType, [](const Checked& c) { return c.s.mtrrs.default_type; },
         [](const Checked& c) { return valid_default_mtrr(c.s.mtrrs.default_type); }},
    Rule{"fixed-range MTRR", kNoType, wrong_fixed,
         [](const Checked& c) { return std::ranges::all_of(c.s.mtrrs.fixed, valid_fixed_mtrr); }},
    Rule{"variable-range MTRR", kNoType, wrong_variable, valid_variable},
    Rule{"GDTR base", kNotCanonical, [](const Checked& c) { return c.s.gdtr.base; },
         [](const Checked& c) { return x86::canonical(c.s.gdtr.base); }},
    Rule{"IDTR base", kNotCanonical, [](const Checked& c) { return c.s.idtr.base; },
         [](const Checked& c) { return x86::canonical(c.s.idtr.base); }},
};

} // namespace

std::span<const Rule> floating_rules()
{
    return kFloating;
}

std::span<const Rule> register_rules()
{
    return kRegisters;
}

} // namespace windsor::vcpu
