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

CpuState pae_paging()
{
    CpuState state = protected_mode();
    state.cr0 |= x86::cr0::kPg;
    state.cr4 |= x86::cr4::kPae;
    return state;
}

x86::Segment table_in_use()
{
    return {.selector = 0x28, .base = 0x5000, .limit = 0xffff, .attributes = {.type = 2, .p = true}};
}

// What is next to the limits of the rules, on either side of them.
const std::vector<Forged> kJustWrong{
    {"RFLAGS", [](CpuState& s) { s.rflags |= x86::rflags::kVm; },
     [] { return reset_state(CpuModel::standard().signature()); }},
    {"CR3", [](CpuState& s) { s.cr3 = std::uint64_t{1} << 52; }},
    {"XCR0", [](CpuState& s) { s.xcr0 = 6; }},
    {"IA32_EFER", [](CpuState& s) { s.efer |= x86::efer::kLme; }, pae_paging},
    {"RIP", [](CpuState& s) { s.rip = (std::uint64_t{1} << 47) + 1; }},
    {"PDPTE", [](CpuState& s) { s.pdptes[0] = 3; }, pae_paging},
    {"PDPTE", [](CpuState& s) { s.pdptes[3] = (std::uint64_t{1} << 52) + 1; }, pae_paging},
    {"DR6", [](CpuState& s) { s.dr6 |= 1u << 12; }},
    {"DR6", [](CpuState& s) { s.dr6 |= std::uint64_t{1} << 32; }},
    {"DR7", [](CpuState& s) { s.dr7 |= 1u << 14; }},
    {"DR7", [](CpuState& s) { s.dr7 &= ~x86::dr7::kFixed1; }},
    {"x87 control word", [](CpuState& s) { s.fx.fcw = 0x237f; }},
    {"x87 control word", [](CpuState& s) { s.fx.fcw = 0x33f; }},
    {"x87 status word", [](CpuState& s) { s.fx.fsw = 0x8000; }},
    {"x87 status word", [](CpuState& s) { s.fx.fsw = 0x0080; }},
    {"x87 status word",
     [](CpuState& s) {
         s.fx.fcw = 0x35f; // the loss of precision is not masked
         s.fx.fsw = 0x20;
     }},
    {"x87 status word",
     [](CpuState& s) {
         s.fx.fcw = 0x37f;
         s.fx.fsw = 0x8081;
     }},
    {"variable-range MTRR", [](CpuState& s) { s.mtrrs.variable[0] = 2; }},
    {"variable-range MTRR", [](CpuState& s) { s.mtrrs.variable[2] = 0x806; }},
    {"variable-range MTRR", [](CpuState& s) { s.mtrrs.variable[3] = 0x806; }},
    {"fixed-range MTRR", [](CpuState& s) { s.mtrrs.fixed[0] = 7; }},
    {"DS", [](CpuState& s) { s.segment(Seg::Ds).limit = 0xffff'fffe; }, protected_mode},
    {"DS",
     [](CpuState& s) {
         s.segment(Seg::Ds).attributes.g = false;
         s.segment(Seg::Ds).limit = 0x10'0000;
     },
     protected_mode},
    {"DS", [](CpuState& s) { s.segment(Seg::Ds).base = std::uint64_t{1} << 32; }},
    {"ES", [](CpuState& s) { s.segment(Seg::Es).base = std::uint64_t{1} << 32; }, protected_mode},
    {"DS", [](CpuState& s) { s.segment(Seg::Ds).attributes.type = 16; }, protected_mode},
    {"DS", [](CpuState& s) { s.segment(Seg::Ds).attributes.dpl = 4; }},
    {"DS", [](CpuState& s) { s.segment(Seg::Ds).attributes.p = false; }, protected_mode},
    {"GS", [](CpuState& s) { s.segment(Seg::Gs).limit = 0xfffff; }, virtual8086},
    {"LDTR", [](CpuState& s) { s.ldtr = {.base = kNoAddress, .unusable = true}; }},
    {"LDTR", [](CpuState& s) { s.ldtr = {.attributes = {.type = 16}, .unusable = true}; }},
    {"LDTR", [](CpuState& s) { s.ldtr = {.attributes = {.dpl = 4}, .unusable = true}; }},
    {"LDTR",
     [](CpuState& s) {
         s.ldtr = table_in_use();
         s.ldtr.attributes.p = false;
     }},
    {"LDTR",
     [](CpuState& s) {
         s.ldtr = table_in_use();
         s.ldtr.attributes.s = true;
     }},
    {"LDTR",
     [](CpuState& s) {
         s.ldtr = table_in_use();
         s.ldtr.attributes.dpl = 4;
     }},
    {"LDTR",
     [](CpuState& s) {
         s.ldtr = table_in_use();
         s.ldtr.limit = 0x10'0000;
     }},
    {"TR", [](CpuState& s) { s.tr.attributes.p = false; }},
    {"TR", [](CpuState& s) { s.tr.attributes.s = true; }},
    {"TR", [](CpuState& s) { s.tr.unusable = true; }},
    {"TR", [](CpuState& s) { s.tr.limit = 0x10'0000; }},
};

const std::vector<Forged> kJustRight{
    {"CR3", [](CpuState& s) { s.cr3 = std::uint64_t{1} << 51; }},
    {"RIP", [](CpuState& s) { s.rip = std::uint64_t{1} << 47; }},
    {"PDPTE, in long mode", [](CpuState& s) { s.pdptes.fill(kOnes); }},
    {"PDPTE, without paging",
     [](CpuState& s) {
         s.cr0 &= ~x86::cr0::kPg;
         s.pdptes.fill(kOnes);
     },
     pae_paging},
    {"PDPTE, not present", [](CpuState& s) { s.pdptes.fill(kOnes - 1); }, pae_paging},
    {"PDPTE, present", [](CpuState& s) { s.pdptes.fill(0x000f'ffff'ffff'fe19); }, pae_paging},
    {"x87 status word, masked",
     [](CpuState& s) {
         s.fx.fcw = 0x37f;
         s.fx.fsw = 0x3f;
     }},
    {"x87 status word, not masked",
     [](CpuState& s) {
         s.fx.fcw = 0x35f;
         s.fx.fsw = 0x80a0;
     }},
    {"variable-range MTRR",
     [](CpuState& s) {
         s.mtrrs.variable[0] = 0x8000'0006;
         s.mtrrs.variable[1] = 0xf'8000'0800;
     }},
    {"IA32_CSTAR", [](CpuState& s) { s.cstar = 0xffff'8000'0000'0000; }},
    {"CS, conforming",
     [](CpuState& s) {
         s.segment(Seg::Cs).attributes.type = 15;
         s.segment(Seg::Cs).attributes.dpl = 0;
     }},
    {"CS, where L means nothing", [](CpuState& s) { s.segment(Seg::Cs).attributes.l = true; }, protected_mode},
    {"LDTR", [](CpuState& s) { s.ldtr = table_in_use(); }},
    {"LDTR, null", [](CpuState& s) { s.ldtr = {.unusable = true}; }},
    {"TR, of 16 bits", [](CpuState& s) { s.tr.attributes.type = 3; }},
};

TEST(StateCheck, EachRuleEndsWhereItShould)
{
    for (const Forged& each : kJustWrong) {
        CpuState state = each.from();
        each.change(state);
        EXPECT_TRUE(verdict(state).starts_with(std::string{"its "} + each.name + ' '))
            << each.name << ": " << verdict(state);
    }
    for (const Forged& each : kJustRight) {
        CpuState state = each.from();
        each.change(state);
        EXPECT_EQ(verdict(state), "") << each.name;
    }
}

TEST(StateCheck, NoReservedBitIsTakenAlone)
{
    for (unsigned bit = 0; bit < 64; ++bit) {
        const std::uint64_t one = std::uint64_t{1} << bit;
        CpuState flags = protected_mode();
        flags.rflags |= one;
        constexpr std::uint64_t kVm = x86::rflags::kVm; // which asks more of the segments
        EXPECT_EQ(verdict(flags).empty(), (one & (0x3f'7fd7 & ~kVm)) != 0) << "RFLAGS " << bit;
        CpuState control = protected_mode();
        control.cr0 |= one;
        constexpr std::uint64_t kNw = x86::cr0::kNw; // which wants CD
        EXPECT_EQ(verdict(control).empty(), (one & (0xe005'003f & ~kNw)) != 0) << "CR0 " << bit;
        CpuState mxcsr = protected_mode();
        mxcsr.fx.mxcsr |= static_cast<std::uint32_t>(one);
        EXPECT_EQ(verdict(mxcsr).empty(), bit < 16 || bit >= 32) << "MXCSR " << bit;
    }
}

struct Feature {
    std::uint32_t leaf;
    unsigned reg;
    unsigned bit;
    void (*use)(CpuState&);
};

// By the bit of CPUID that offers it.
const std::vector<Feature> kFeatures{
    {1, 3, 1, [](CpuState& s) { s.cr4 = x86::cr4::kVme; }},
    {1, 3, 1, [](CpuState& s) { s.cr4 = x86::cr4::kPvi; }},
    {1, 3, 2, [](CpuState& s) { s.cr4 = x86::cr4::kDe; }},
    {1, 3, 3, [](CpuState& s) { s.cr4 = x86::cr4::kPse; }},
    {1, 3, 6, [](CpuState& s) { s.cr4 = x86::cr4::kPae; }},
    {1, 3, 7, [](CpuState& s) { s.cr4 = x86::cr4::kMce; }},
    {1, 3, 13, [](CpuState& s) { s.cr4 = x86::cr4::kPge; }},
    {1, 3, 24, [](CpuState& s) { s.cr4 = x86::cr4::kOsfxsr; }},
    {1, 3, 25, [](CpuState& s) { s.cr4 = x86::cr4::kOsxmmexcpt; }},
    {1, 2, 26, [](CpuState& s) { s.cr4 = x86::cr4::kOsxsave; }},
    {1, 2, 26, [](CpuState& s) { s.xcr0 = 3; }},
    {7, 1, 0, [](CpuState& s) { s.cr4 = x86::cr4::kFsgsbase; }},
    {7, 1, 7, [](CpuState& s) { s.cr4 = x86::cr4::kSmep; }},
    {7, 1, 20, [](CpuState& s) { s.cr4 = x86::cr4::kSmap; }},
    {7, 2, 2, [](CpuState& s) { s.cr4 = x86::cr4::kUmip; }},
    {0x80000001, 3, 11, [](CpuState& s) { s.efer = x86::efer::kSce; }},
    {0x80000001, 3, 20, [](CpuState& s) { s.efer = x86::efer::kNxe; }},
    {0x80000001, 3, 29, [](CpuState& s) { s.efer = x86::efer::kLme; }},
};

TEST(StateCheck, WhatIsHiddenCannotBeUsed)
{
    for (const Feature& feature : kFeatures) {
        for (const bool offered : {true, false}) {
            CpuModel model = CpuModel::standard();
            model.override_bit(feature.leaf, 0, feature.reg, feature.bit, offered);
            CpuState state = protected_mode();
            feature.use(state);
            EXPECT_EQ(check_state(state, model).has_value(), offered)
                << std::hex << feature.leaf << '.' << feature.reg << ' ' << std::dec << feature.bit;
        }
    }
    CpuModel model = CpuModel::standard();
    CpuState state = program_in_long_mode();
    state.cr4 |= x86::cr4::kPcide;
    model.override_bit(1, 0, 2, 17, true);
    EXPECT_TRUE(check_state(state, model).has_value());
    CpuState without = pae_paging();
    without.cr4 |= x86::cr4::kPcide;
    EXPECT_FALSE(check_state(without, model).has_value());
    model.override_bit(1, 0, 2, 17, false);
    EXPECT_FALSE(check_state(state, model).has_value());
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
