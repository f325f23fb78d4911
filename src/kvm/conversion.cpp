// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/conversion.hpp"

#include "emulate/floating/fx_state.hpp"
#include "x86/msr.hpp"
#include "x86/xsave_area.hpp"

#include <cstring>
#include <span>

namespace windsor::kvm {

namespace {

using vcpu::CpuState;
using x86::Seg;

constexpr std::uint8_t flag(bool value)
{
    return value ? 1 : 0;
}

bool pae_paging(const CpuState& state)
{
    return (state.cr0 & x86::cr0::kPg) != 0 && (state.cr4 & x86::cr4::kPae) != 0 &&
           (state.efer & x86::efer::kLma) == 0;
}

// KVM takes the privilege level from SS, in real and V86 mode, too.
std::uint8_t stack_dpl(const CpuState& state)
{
    if ((state.cr0 & x86::cr0::kPe) == 0) {
        return 0;
    }
    return (state.rflags & x86::rflags::kVm) != 0 ? 3 : state.segment(Seg::Ss).attributes.dpl;
}

} // namespace

kvm_segment to_segment(const x86::Segment& segment)
{
    const x86::Attributes& rights = segment.attributes;
    kvm_segment result{};
    result.base = segment.base;
    result.limit = segment.limit;
    result.selector = segment.selector;
    result.type = rights.type;
    result.present = flag(rights.p && !segment.unusable);
    result.dpl = rights.dpl;
    result.db = flag(rights.db);
    result.s = flag(rights.s);
    result.l = flag(rights.l);
    result.g = flag(rights.g);
    result.avl = flag(rights.avl);
    result.unusable = flag(segment.unusable);
    return result;
}

x86::Segment from_segment(const kvm_segment& segment)
{
    return {.selector = segment.selector,
            .base = segment.base,
            .limit = segment.limit,
            .attributes = {.type = segment.type,
                           .s = segment.s != 0,
                           .dpl = segment.dpl,
                           .p = segment.present != 0,
                           .avl = segment.avl != 0,
                           .l = segment.l != 0,
                           .db = segment.db != 0,
                           .g = segment.g != 0},
            .unusable = segment.unusable != 0};
}

kvm_regs to_regs(const CpuState& state)
{
    const auto& r = state.gpr;
    return {.rax = r[x86::kRax], .rbx = r[x86::kRbx], .rcx = r[x86::kRcx], .rdx = r[x86::kRdx],
            .rsi = r[x86::kRsi], .rdi = r[x86::kRdi], .rsp = r[x86::kRsp], .rbp = r[x86::kRbp],
            .r8 = r[x86::kR8],   .r9 = r[x86::kR9],   .r10 = r[x86::kR10], .r11 = r[x86::kR11],
            .r12 = r[x86::kR12], .r13 = r[x86::kR13], .r14 = r[x86::kR14], .r15 = r[x86::kR15],
            .rip = state.rip,    .rflags = state.rflags};
}

void from_regs(const kvm_regs& regs, CpuState& state)
{
    state.gpr = {regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp, regs.rsi, regs.rdi,
                 regs.r8,  regs.r9,  regs.r10, regs.r11, regs.r12, regs.r13, regs.r14, regs.r15};
    state.rip = regs.rip;
    state.rflags = regs.rflags;
}

kvm_sregs2 to_sregs2(const CpuState& state, std::uint64_t apic_base)
{
    kvm_sregs2 sregs{};
    sregs.cs = to_segment(state.segment(Seg::Cs));
    sregs.ds = to_segment(state.segment(Seg::Ds));
    sregs.es = to_segment(state.segment(Seg::Es));
    sregs.fs = to_segment(state.segment(Seg::Fs));
    sregs.gs = to_segment(state.segment(Seg::Gs));
    sregs.ss = to_segment(state.segment(Seg::Ss));
    sregs.ss.dpl = stack_dpl(state);
    sregs.tr = to_segment(state.tr);
    sregs.ldt = to_segment(state.ldtr);
    sregs.gdt.base = state.gdtr.base;
    sregs.gdt.limit = state.gdtr.limit;
    sregs.idt.base = state.idtr.base;
    sregs.idt.limit = state.idtr.limit;
    sregs.cr0 = state.cr0;
    sregs.cr2 = state.cr2;
    sregs.cr3 = state.cr3;
    sregs.cr4 = state.cr4;
    sregs.efer = state.efer;
    sregs.apic_base = apic_base;
    if (pae_paging(state)) {
        sregs.flags = KVM_SREGS2_FLAGS_PDPTRS_VALID;
        std::memcpy(sregs.pdptrs, state.pdptes.data(), sizeof sregs.pdptrs);
    }
    return sregs;
}

void from_sregs2(const kvm_sregs2& sregs, CpuState& state)
{
    state.segment(Seg::Cs) = from_segment(sregs.cs);
    state.segment(Seg::Ds) = from_segment(sregs.ds);
    state.segment(Seg::Es) = from_segment(sregs.es);
    state.segment(Seg::Fs) = from_segment(sregs.fs);
    state.segment(Seg::Gs) = from_segment(sregs.gs);
    state.segment(Seg::Ss) = from_segment(sregs.ss);
    state.tr = from_segment(sregs.tr);
    state.ldtr = from_segment(sregs.ldt);
    state.gdtr = {.base = sregs.gdt.base, .limit = sregs.gdt.limit};
    state.idtr = {.base = sregs.idt.base, .limit = sregs.idt.limit};
    state.cr0 = sregs.cr0;
    state.cr2 = sregs.cr2;
    state.cr3 = sregs.cr3;
    state.cr4 = sregs.cr4;
    state.efer = sregs.efer;
    if ((sregs.flags & KVM_SREGS2_FLAGS_PDPTRS_VALID) != 0) {
        std::memcpy(state.pdptes.data(), sregs.pdptrs, sizeof sregs.pdptrs);
    }
}

kvm_sregs to_sregs(const kvm_sregs2& sregs)
{
    kvm_sregs old{};
    old.cs = sregs.cs;
    old.ds = sregs.ds;
    old.es = sregs.es;
    old.fs = sregs.fs;
    old.gs = sregs.gs;
    old.ss = sregs.ss;
    old.tr = sregs.tr;
    old.ldt = sregs.ldt;
    old.gdt = sregs.gdt;
    old.idt = sregs.idt;
    old.cr0 = sregs.cr0;
    old.cr2 = sregs.cr2;
    old.cr3 = sregs.cr3;
    old.cr4 = sregs.cr4;
    old.cr8 = sregs.cr8;
    old.efer = sregs.efer;
    old.apic_base = sregs.apic_base;
    return old;
}

kvm_sregs2 from_sregs(const kvm_sregs& sregs)
{
    kvm_sregs2 result{};
    result.cs = sregs.cs;
    result.ds = sregs.ds;
    result.es = sregs.es;
    result.fs = sregs.fs;
    result.gs = sregs.gs;
    result.ss = sregs.ss;
    result.tr = sregs.tr;
    result.ldt = sregs.ldt;
    result.gdt = sregs.gdt;
    result.idt = sregs.idt;
    result.cr0 = sregs.cr0;
    result.cr2 = sregs.cr2;
    result.cr3 = sregs.cr3;
    result.cr4 = sregs.cr4;
    result.cr8 = sregs.cr8;
    result.efer = sregs.efer;
    result.apic_base = sregs.apic_base;
    return result;
}

// --- x87, SSE and AVX. SDM volume 1, section 13.4 ---

namespace {

bool x87_initial(const x86::FxArea& fx)
{
    const x86::FxArea initial;
    return fx.fcw == initial.fcw && fx.fsw == 0 && fx.ftw == 0 && fx.fop == 0 && fx.fip == 0 && fx.fdp == 0 &&
           fx.st == initial.st;
}

// MXCSR counts as part of SSE, as only that brings it in where there is no AVX.
bool sse_initial(const x86::FxArea& fx)
{
    const x86::FxArea initial;
    return fx.mxcsr == initial.mxcsr && fx.xmm == initial.xmm;
}

// A component that is in its initial state is said to be, as the guest can tell by XSAVE and XGETBV.
std::uint64_t components_in_use(const CpuState& state, AvxState avx)
{
    const bool avx_used = avx == AvxState::Present && state.ymm_high != decltype(state.ymm_high){};
    return (x87_initial(state.fx) ? 0 : x86::xcr0::kX87) | (sse_initial(state.fx) ? 0 : x86::xcr0::kSse) |
           (avx_used ? x86::xcr0::kAvx : 0);
}

void take_initial(CpuState& state, std::uint64_t components)
{
    const x86::FxArea initial;
    x86::FxArea& fx = state.fx;
    if ((components & x86::xcr0::kX87) == 0) {
        fx.fcw = initial.fcw;
        fx.fsw = fx.fop = 0;
        fx.ftw = 0;
        fx.fip = fx.fdp = 0;
        fx.st = {};
    }
    if ((components & x86::xcr0::kSse) == 0) {
        fx.xmm = {};
    }
    if ((components & (x86::xcr0::kSse | x86::xcr0::kAvx)) == 0) {
        fx.mxcsr = initial.mxcsr;
    }
    if ((components & x86::xcr0::kAvx) == 0) {
        state.ymm_high = {};
    }
}

} // namespace

kvm_xsave to_xsave(const CpuState& state, AvxState avx)
{
    kvm_xsave area{};
    x86::FxArea legacy = state.fx;
    legacy.reserved = 0;
    legacy.unused = {};
    const std::span bytes = std::as_writable_bytes(std::span{area.region});
    std::memcpy(bytes.data(), &legacy, sizeof legacy);
    const std::uint64_t components = components_in_use(state, avx);
    if ((components & x86::xcr0::kAvx) != 0) {
        std::memcpy(bytes.data() + x86::xsave::kYmmOffset, state.ymm_high.data(), x86::xsave::kYmmBytes);
    }
    std::memcpy(bytes.data() + x86::xsave::kLegacyBytes, &components, sizeof components); // XSTATE_BV
    return area;
}

void from_xsave(const kvm_xsave& area, CpuState& state)
{
    const std::span bytes = std::as_bytes(std::span{area.region});
    const std::uint32_t mask = state.fx.mxcsr_mask;
    std::memcpy(&state.fx, bytes.data(), sizeof state.fx);
    state.fx.mxcsr_mask = mask;
    state.fx.reserved = 0;
    state.fx.unused = {};
    std::uint64_t components = 0;
    std::memcpy(&components, bytes.data() + x86::xsave::kLegacyBytes, sizeof components);
    std::memcpy(state.ymm_high.data(), bytes.data() + x86::xsave::kYmmOffset, x86::xsave::kYmmBytes);
    take_initial(state, components);
    emulate::update_exception_summary(state.fx); // processors differ in what they store where nothing waits
    state.fcs = 0;
    state.fds = 0;
}

// --- Debug registers, events, MSRs ---

kvm_debugregs to_debugregs(const CpuState& state)
{
    kvm_debugregs regs{};
    std::memcpy(regs.db, state.dr.data(), sizeof regs.db);
    regs.dr6 = state.dr6;
    regs.dr7 = state.dr7;
    return regs;
}

void from_debugregs(const kvm_debugregs& regs, CpuState& state)
{
    std::memcpy(state.dr.data(), regs.db, sizeof regs.db);
    state.dr6 = regs.dr6;
    state.dr7 = regs.dr7;
}

kvm_vcpu_events to_events(const CpuState& state)
{
    kvm_vcpu_events events{};
    events.interrupt.shadow = static_cast<std::uint8_t>((state.sti_shadow ? KVM_X86_SHADOW_INT_STI : 0) |
                                                        (state.mov_ss_shadow ? KVM_X86_SHADOW_INT_MOV_SS : 0));
    events.nmi.masked = flag(state.nmi_blocked);
    events.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
    return events;
}

void from_events(const kvm_vcpu_events& events, CpuState& state)
{
    state.sti_shadow = (events.interrupt.shadow & KVM_X86_SHADOW_INT_STI) != 0;
    state.mov_ss_shadow = (events.interrupt.shadow & KVM_X86_SHADOW_INT_MOV_SS) != 0;
    state.nmi_blocked = events.nmi.masked != 0;
}

namespace msr = x86::msr;

const std::array<MsrField, 10> kMsrFields{{
    {msr::kSysenterCs, &CpuState::sysenter_cs},
    {msr::kSysenterEsp, &CpuState::sysenter_esp},
    {msr::kSysenterEip, &CpuState::sysenter_eip},
    {msr::kPat, &CpuState::pat},
    {msr::kStar, &CpuState::star},
    {msr::kLstar, &CpuState::lstar},
    {msr::kCstar, &CpuState::cstar},
    {msr::kFmask, &CpuState::fmask},
    {msr::kKernelGsBase, &CpuState::kernel_gs_base},
    {msr::kTscAux, &CpuState::tsc_aux},
}};

} // namespace windsor::kvm
