// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/state.hpp"

namespace windsor::vcpu {

namespace {

using x86::Attributes;
using x86::Seg;
using x86::Segment;

constexpr std::uint32_t kRealLimit = 0xffff;

Segment real_mode_data()
{
    return {.limit = kRealLimit, .attributes = {.type = 3, .s = true, .p = true}};
}

Segment system_segment(x86::SystemType type)
{
    return {.limit = kRealLimit, .attributes = {.type = static_cast<std::uint8_t>(type), .p = true}};
}

void reset_registers(CpuState& state, std::uint32_t signature)
{
    state.gpr = {};
    state.gpr[x86::kRdx] = signature;
    state.rip = 0xfff0;
    state.rflags = x86::rflags::kFixed1;
    state.segments.fill(real_mode_data());
    state.segment(Seg::Cs) = {
        .selector = 0xf000, .base = 0xffff'0000, .limit = kRealLimit, .attributes = {.type = 11, .s = true, .p = true}};
    state.ldtr = system_segment(x86::SystemType::Ldt);
    state.tr = system_segment(x86::SystemType::TssBusy);
    state.gdtr = {.base = 0, .limit = 0xffff};
    state.idtr = {.base = 0, .limit = 0xffff};
    state.cr2 = 0;
    state.cr3 = 0;
    state.cr4 = 0;
    state.dr = {};
    state.dr6 = x86::dr6::kFixed1;
    state.dr7 = x86::dr7::kFixed1;
    state.efer = 0;
    state.sti_shadow = false;
    state.mov_ss_shadow = false;
    state.nmi_blocked = false;
    state.activity = Activity::Running;
}

} // namespace

CpuState reset_state(std::uint32_t signature)
{
    CpuState state;
    reset_registers(state, signature);
    state.cr0 = x86::cr0::kCd | x86::cr0::kNw | x86::cr0::kEt;
    state.fx.fcw = 0x0040;
    return state;
}

void apply_init(CpuState& state, std::uint32_t signature)
{
    const std::uint64_t kept = state.cr0 & (x86::cr0::kCd | x86::cr0::kNw);
    reset_registers(state, signature);
    state.cr0 = kept | x86::cr0::kEt;
}

void apply_sipi(CpuState& state, std::uint8_t vector)
{
    Segment& code = state.segment(Seg::Cs);
    code.selector = static_cast<std::uint16_t>(vector << 8);
    code.base = std::uint64_t{vector} << 12;
    state.rip = 0;
    state.activity = Activity::Running;
}

} // namespace windsor::vcpu
