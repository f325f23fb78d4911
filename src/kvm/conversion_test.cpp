// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/conversion.hpp"

#include "x86/msr.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <set>

namespace windsor::kvm {

namespace {

using vcpu::CpuState;
using x86::Seg;

// A state in which no two fields are alike, in 64-bit mode at ring 3.
CpuState various()
{
    CpuState state;
    std::uint64_t next = 0x1111'2222'0000'0100;
    const auto fresh = [&next] { return next += 0x101; };
    for (std::uint64_t& gpr : state.gpr) {
        gpr = fresh();
    }
    state.rip = fresh();
    state.rflags = 0x246;
    std::uint16_t selector = 3;
    for (x86::Segment& segment : state.segments) {
        segment = {.selector = selector,
                   .base = fresh(),
                   .limit = static_cast<std::uint32_t>(fresh()),
                   .attributes = {.type = 3, .s = true, .dpl = 3, .p = true, .avl = true, .db = true, .g = true}};
        selector = static_cast<std::uint16_t>(selector + 8);
    }
    state.segment(Seg::Cs).attributes = {.type = 11, .s = true, .dpl = 3, .p = true, .l = true, .g = true};
    state.segment(Seg::Gs) = {.selector = 0, .base = fresh(), .unusable = true};
    state.tr = {.selector = 0x80, .base = fresh(), .limit = 0x67, .attributes = {.type = 11, .p = true}};
    state.ldtr = {.selector = 0x90, .base = fresh(), .limit = 0xff, .attributes = {.type = 2, .p = true}};
    state.gdtr = {.base = fresh(), .limit = 0x7f};
    state.idtr = {.base = fresh(), .limit = 0xfff};
    state.cr0 = x86::cr0::kPe | x86::cr0::kPg | x86::cr0::kEt;
    state.cr2 = fresh();
    state.cr3 = fresh();
    state.cr4 = x86::cr4::kPae | x86::cr4::kOsfxsr;
    state.efer = x86::efer::kLme | x86::efer::kLma | x86::efer::kSce;
    for (std::uint64_t& dr : state.dr) {
        dr = fresh();
    }
    state.dr6 = 0xffff'0ff3;
    state.dr7 = 0x455;
    state.fx.fcw = 0x27f;
    state.fx.fsw = 0x3800;
    state.fx.ftw = 0x80;
    state.fx.fop = 0x123;
    state.fx.fip = fresh();
    state.fx.fdp = fresh();
    state.fx.mxcsr = 0x1fa0;
    std::uint8_t byte = 1;
    for (auto& reg : state.fx.st) {
        std::memset(reg.data(), byte++, 10);
    }
    for (auto& reg : state.fx.xmm) {
        reg.fill(byte++);
    }
    for (auto& reg : state.ymm_high) {
        reg.fill(byte++);
    }
    state.sti_shadow = true;
    state.nmi_blocked = true;
    return state;
}

// Through all of KVM's structures, as VcpuFd does, into a state that has nothing.
CpuState round_trip(const CpuState& from, AvxState avx)
{
    CpuState to;
    to.rflags = 0;
    from_sregs2(to_sregs2(from, 0), to);
    from_regs(to_regs(from), to);
    from_xsave(to_xsave(from, avx), to);
    from_debugregs(to_debugregs(from), to);
    from_events(to_events(from), to);
    return to;
}

TEST(Conversion, NothingIsLostOnTheWayAndBack)
{
    const CpuState state = various();
    EXPECT_TRUE(round_trip(state, AvxState::Present) == state);
}

TEST(Conversion, TheStateAfterResetComesBack)
{
    const CpuState state = vcpu::reset_state(0x1067a);
    EXPECT_TRUE(round_trip(state, AvxState::Present) == state);
}

TEST(Conversion, WithoutAvxTheUpperHalvesStayOut)
{
    CpuState state = various();
    const kvm_xsave area = to_xsave(state, AvxState::Absent);
    EXPECT_EQ(area.region[512 / 4], 3u); // XSTATE_BV: x87 and SSE
    state.ymm_high = {};
    EXPECT_TRUE(round_trip(state, AvxState::Absent) == state);
}

TEST(Conversion, InitialComponentsAreNotInUse)
{
    const auto components = [](const CpuState& state) { return to_xsave(state, AvxState::Present).region[512 / 4]; };
    CpuState state;
    EXPECT_EQ(components(state), 0u);
    EXPECT_TRUE(round_trip(state, AvxState::Present) == state);
    state.fx.mxcsr = 0x1f00;
    EXPECT_EQ(components(state), 2u);
    EXPECT_TRUE(round_trip(state, AvxState::Present) == state);
    state = {};
    state.ymm_high[5][3] = 1;
    EXPECT_EQ(components(state), 4u);
    EXPECT_TRUE(round_trip(state, AvxState::Present) == state);
    state = {};
    state.fx.fcw = 0x40;
    EXPECT_EQ(components(state), 1u);
}

TEST(Conversion, ComponentsLeftOutAreInitialWhateverTheAreaHolds)
{
    kvm_xsave area = to_xsave(various(), AvxState::Present);
    area.region[512 / 4] = 0;
    CpuState state = various();
    from_xsave(area, state);
    const CpuState initial;
    EXPECT_TRUE(state.fx == initial.fx);
    EXPECT_EQ(state.ymm_high, initial.ymm_high);
}

TEST(Conversion, GeneralRegistersKeepTheirNames)
{
    CpuState state;
    state.gpr[x86::kRcx] = 0xc;
    state.gpr[x86::kRsp] = 0x5;
    state.gpr[x86::kR9] = 0x9;
    const kvm_regs regs = to_regs(state);
    EXPECT_EQ(regs.rcx, 0xcu);
    EXPECT_EQ(regs.rsp, 0x5u);
    EXPECT_EQ(regs.r9, 0x9u);
}

TEST(Conversion, SegmentsKeepTheirNames)
{
    const CpuState state = various();
    const kvm_sregs2 sregs = to_sregs2(state, 0xfee0'0900);
    EXPECT_EQ(sregs.fs.selector, state.segment(Seg::Fs).selector);
    EXPECT_EQ(sregs.es.base, state.segment(Seg::Es).base);
    EXPECT_EQ(sregs.cs.l, 1);
    EXPECT_EQ(sregs.gs.unusable, 1);
    EXPECT_EQ(sregs.gs.present, 0);
    EXPECT_EQ(sregs.ldt.type, 2);
    EXPECT_EQ(sregs.apic_base, 0xfee0'0900u);
}

TEST(Conversion, StackSegmentCarriesThePrivilegeLevel)
{
    CpuState state = vcpu::reset_state(0);
    state.segment(Seg::Ss).attributes.dpl = 3; // left over from protected mode
    EXPECT_EQ(to_sregs2(state, 0).ss.dpl, 0);

    state.cr0 |= x86::cr0::kPe;
    EXPECT_EQ(to_sregs2(state, 0).ss.dpl, 3);
    state.segment(Seg::Ss).attributes.dpl = 0;
    EXPECT_EQ(to_sregs2(state, 0).ss.dpl, 0);
    state.rflags |= x86::rflags::kVm;
    EXPECT_EQ(to_sregs2(state, 0).ss.dpl, 3);
}

TEST(Conversion, PdptesGoOnlyWithPaePaging)
{
    CpuState state = vcpu::reset_state(0);
    state.pdptes = {0x1001, 0x2001, 0x3001, 0x4001};
    state.cr4 = x86::cr4::kPae;
    EXPECT_EQ(to_sregs2(state, 0).flags, 0u);
    state.cr0 |= x86::cr0::kPe | x86::cr0::kPg;
    const kvm_sregs2 sregs = to_sregs2(state, 0);
    EXPECT_EQ(sregs.flags, std::uint64_t{KVM_SREGS2_FLAGS_PDPTRS_VALID});
    EXPECT_EQ(sregs.pdptrs[2], 0x3001u);
    state.efer = x86::efer::kLme | x86::efer::kLma;
    EXPECT_EQ(to_sregs2(state, 0).flags, 0u);

    CpuState other;
    from_sregs2(sregs, other);
    EXPECT_EQ(other.pdptes, state.pdptes);
    other.pdptes = {7, 7, 7, 7};
    from_sregs2(to_sregs2(state, 0), other);
    EXPECT_EQ(other.pdptes[0], 7u);
}

TEST(Conversion, OldSpecialRegistersHoldTheSameButPdptes)
{
    kvm_sregs2 sregs = to_sregs2(various(), 0xfee0'0900);
    sregs.cr8 = 5;
    const kvm_sregs2 back = from_sregs(to_sregs(sregs));
    EXPECT_EQ(std::memcmp(&sregs, &back, sizeof sregs), 0);
}

TEST(Conversion, BothShadowsHaveTheirBits)
{
    CpuState state;
    EXPECT_EQ(to_events(state).interrupt.shadow, 0);
    state.mov_ss_shadow = true;
    EXPECT_EQ(to_events(state).interrupt.shadow, KVM_X86_SHADOW_INT_MOV_SS);
    state.sti_shadow = true;
    EXPECT_EQ(to_events(state).interrupt.shadow, KVM_X86_SHADOW_INT_MOV_SS | KVM_X86_SHADOW_INT_STI);
    EXPECT_EQ(to_events(state).nmi.masked, 0);
    EXPECT_NE(to_events(state).flags & KVM_VCPUEVENT_VALID_SHADOW, 0u);
}

TEST(Conversion, EveryMsrIsThereOnce)
{
    std::set<std::uint32_t> numbers;
    CpuState state;
    for (const MsrField& field : kMsrFields) {
        EXPECT_TRUE(numbers.insert(field.number).second) << field.number;
        state.*field.field += 1;
    }
    // No two entries name one field.
    EXPECT_EQ(state.star, 1u);
    EXPECT_EQ(state.lstar, 1u);
    EXPECT_EQ(state.cstar, 1u);
    EXPECT_EQ(state.fmask, 1u);
    EXPECT_EQ(state.kernel_gs_base, 1u);
    EXPECT_EQ(state.sysenter_cs + state.sysenter_esp + state.sysenter_eip, 3u);
    EXPECT_EQ(state.tsc_aux, 1u);
    EXPECT_EQ(state.pat, CpuState{}.pat + 1);
}

} // namespace

} // namespace windsor::kvm
