// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/state_check.hpp"

#include "vcpu/state_rules.hpp"

#include <functional>
#include <gtest/gtest.h>

namespace windsor::vcpu {

namespace {

using x86::Seg;

x86::Segment flat(std::uint16_t selector, std::uint8_t type, std::uint8_t dpl)
{
    return {.selector = selector,
            .limit = 0xffff'ffff,
            .attributes = {.type = type, .s = true, .dpl = dpl, .p = true, .db = true, .g = true}};
}

CpuState protected_mode()
{
    CpuState state = reset_state(CpuModel::standard().signature());
    state.rip = 0x1000;
    state.cr0 = x86::cr0::kPe | x86::cr0::kEt;
    state.segments.fill(flat(0x10, 3, 0));
    state.segment(Seg::Cs) = flat(8, 11, 0);
    return state;
}

CpuState program_in_long_mode()
{
    CpuState state = protected_mode();
    state.rip = 0xffff'8000'0000'1000;
    state.cr0 |= x86::cr0::kPg | x86::cr0::kNe | x86::cr0::kWp;
    state.cr3 = 0x1000;
    state.cr4 = x86::cr4::kPae | x86::cr4::kOsfxsr | x86::cr4::kOsxsave;
    state.efer = x86::efer::kLme | x86::efer::kLma | x86::efer::kNxe | x86::efer::kSce;
    state.segments.fill({.unusable = true});
    state.segment(Seg::Cs) = flat(0x33, 11, 3);
    state.segment(Seg::Cs).attributes.l = true;
    state.segment(Seg::Cs).attributes.db = false;
    state.segment(Seg::Ss) = flat(0x2b, 3, 3);
    state.segment(Seg::Fs).base = 0x7fff'f000'0000;
    state.segment(Seg::Gs).base = 0xffff'8880'0000'0000;
    return state;
}

CpuState virtual8086()
{
    CpuState state = protected_mode();
    state.rflags |= x86::rflags::kVm;
    state.segments.fill({.selector = 0x1234,
                         .base = 0x12340,
                         .limit = 0xffff,
                         .attributes = {.type = 3, .s = true, .dpl = 3, .p = true}});
    return state;
}

std::string verdict(const CpuState& state)
{
    const auto status = check_state(state, CpuModel::standard());
    return status ? "" : status.error().message();
}

TEST(StateCheck, WhatProcessorsComeToIsTaken)
{
    EXPECT_EQ(verdict(reset_state(CpuModel::standard().signature())), "");
    EXPECT_EQ(verdict(protected_mode()), "");
    EXPECT_EQ(verdict(program_in_long_mode()), "");
    EXPECT_EQ(verdict(virtual8086()), "");
    CpuState state = program_in_long_mode();
    apply_init(state, CpuModel::standard().signature());
    EXPECT_EQ(verdict(state), "");
    apply_sipi(state, 0x9a);
    EXPECT_EQ(verdict(state), "");
}

struct Forged {
    const char* name;
    std::function<void(CpuState&)> change;
    CpuState (*from)(){program_in_long_mode};
};

const std::uint64_t kOnes = ~std::uint64_t{0};
const std::uint64_t kNoAddress = std::uint64_t{1} << 50;

const std::vector<Forged> kForged{
    {"RFLAGS", [](CpuState& s) { s.rflags = kOnes; }},
    {"RFLAGS", [](CpuState& s) { s.rflags = 0; }},
    {"RFLAGS", [](CpuState& s) { s.rflags |= x86::rflags::kVm; }},
    {"CR0", [](CpuState& s) { s.cr0 = kOnes; }},
    {"CR0", [](CpuState& s) { s.cr0 &= ~x86::cr0::kEt; }},
    {"CR0", [](CpuState& s) { s.cr0 &= ~x86::cr0::kPe; }},
    {"CR0", [](CpuState& s) { s.cr0 |= x86::cr0::kNw; }},
    {"CR3", [](CpuState& s) { s.cr3 = kOnes; }},
    {"CR4", [](CpuState& s) { s.cr4 = kOnes; }},
    {"CR4", [](CpuState& s) { s.cr4 |= x86::cr4::kPcide; }},
    {"CR4", [](CpuState& s) { s.cr4 &= ~x86::cr4::kPae; }},
    {"IA32_EFER", [](CpuState& s) { s.efer = kOnes; }},
    {"IA32_EFER",
     [](CpuState& s) {
         s.efer &= ~x86::efer::kLma;
         s.rip = 0;
     }},
    {"IA32_EFER",
     [](CpuState& s) {
         s.efer |= x86::efer::kLma | x86::efer::kLme;
         s.cr4 |= x86::cr4::kPae;
     },
     protected_mode},
    {"XCR0", [](CpuState& s) { s.xcr0 = kOnes; }},
    {"XCR0", [](CpuState& s) { s.xcr0 = 0; }},
    {"XCR0", [](CpuState& s) { s.xcr0 = 5; }},
    {"RIP", [](CpuState& s) { s.rip = kNoAddress; }},
    {"RIP", [](CpuState& s) { s.rip = std::uint64_t{1} << 32; }, protected_mode},
    {"PDPTE",
     [](CpuState& s) {
         s.cr0 |= x86::cr0::kPg;
         s.cr4 |= x86::cr4::kPae;
         s.pdptes[2] = 0x1ff;
     },
     protected_mode},
    {"DR6", [](CpuState& s) { s.dr6 = 0; }},
    {"DR7", [](CpuState& s) { s.dr7 = kOnes; }},
    {"MXCSR", [](CpuState& s) { s.fx.mxcsr = 0x11f80; }},
    {"MXCSR_MASK", [](CpuState& s) { s.fx.mxcsr_mask = 0; }},
    {"x87 control word", [](CpuState& s) { s.fx.fcw = 0xffff; }},
    {"x87 status word",
     [](CpuState& s) {
         s.fx.fcw = 0x40;
         s.fx.fsw = 1;
     }},
    {"x87 opcode", [](CpuState& s) { s.fx.fop = 0x800; }},
    {"FXSAVE area", [](CpuState& s) { s.fx.reserved = 1; }},
    {"IA32_LSTAR", [](CpuState& s) { s.lstar = kNoAddress; }},
    {"IA32_CSTAR", [](CpuState& s) { s.cstar = kNoAddress; }},
    {"IA32_FMASK", [](CpuState& s) { s.fmask = kOnes; }},
    {"IA32_KERNEL_GS_BASE", [](CpuState& s) { s.kernel_gs_base = kNoAddress; }},
    {"IA32_SYSENTER_CS", [](CpuState& s) { s.sysenter_cs = kOnes; }},
    {"IA32_SYSENTER_ESP", [](CpuState& s) { s.sysenter_esp = kNoAddress; }},
    {"IA32_SYSENTER_EIP", [](CpuState& s) { s.sysenter_eip = kNoAddress; }},
    {"IA32_TSC_AUX", [](CpuState& s) { s.tsc_aux = kOnes; }},
    {"IA32_PAT", [](CpuState& s) { s.pat = 2; }},
    {"IA32_MTRR_DEF_TYPE", [](CpuState& s) { s.mtrrs.default_type = 2; }},
    {"fixed-range MTRR", [](CpuState& s) { s.mtrrs.fixed[10] = kOnes; }},
    {"variable-range MTRR", [](CpuState& s) { s.mtrrs.variable[15] = kOnes; }},
    {"GDTR base", [](CpuState& s) { s.gdtr.base = kNoAddress; }},
    {"IDTR base", [](CpuState& s) { s.idtr.base = kNoAddress; }},
    {"FS", [](CpuState& s) { s.segment(Seg::Fs).base = kNoAddress; }},
    {"SS", [](CpuState& s) { s.segment(Seg::Ss).base = kNoAddress; }},
    {"SS", [](CpuState& s) { s.segment(Seg::Ss).attributes.dpl = 200; }},
    {"CS", [](CpuState& s) { s.segment(Seg::Cs).attributes.db = true; }},
    {"CS", [](CpuState& s) { s.segment(Seg::Cs).attributes.dpl = 0; }},
    {"CS", [](CpuState& s) { s.segment(Seg::Cs).unusable = true; }},
    {"DS", [](CpuState& s) { s.segment(Seg::Ds).limit = 0x12'3456; }, protected_mode},
    {"ES", [](CpuState& s) { s.segment(Seg::Es).attributes.s = false; }, protected_mode},
    {"GS", [](CpuState& s) { s.segment(Seg::Gs).base = 0; }, virtual8086},
    {"SS", [](CpuState& s) { s.segment(Seg::Ss).attributes.dpl = 0; }, virtual8086},
    {"LDTR", [](CpuState& s) { s.ldtr.attributes.type = 11; }},
    {"TR", [](CpuState& s) { s.tr.attributes.type = 9; }},
    {"TR", [](CpuState& s) { s.tr.base = kNoAddress; }},
};

TEST(StateCheck, WhatNoProcessorCanHoldIsRefusedByName)
{
    std::size_t named = 0;
    for (const Forged& each : kForged) {
        CpuState state = each.from();
        each.change(state);
        EXPECT_TRUE(verdict(state).starts_with(std::string{"its "} + each.name + ' '))
            << each.name << ": " << verdict(state);
        ++named;
    }
    EXPECT_GE(named, control_rules().size() + floating_rules().size() + register_rules().size());
}

// An older processor cannot hold what a newer one can.
TEST(StateCheck, TheModelDecides)
{
    const CpuModel old = CpuModel::find("pentium3").value();
    CpuState state = reset_state(old.signature());
    EXPECT_TRUE(check_state(state, old).has_value());
    state.cr4 = x86::cr4::kSmep;
    EXPECT_TRUE(check_state(state, CpuModel::standard()).has_value());
    EXPECT_FALSE(check_state(state, old).has_value());
}

} // namespace

} // namespace windsor::vcpu
