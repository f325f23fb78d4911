// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/floating/simd_execute.hpp"

#include "emulate/floating/fx_state.hpp"
#include "emulate/integer/flags.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

constexpr std::uint32_t kUe = 0x10;

// The exceptions that the instruction must signal rather than mask. Those found before the computation (invalid,
// denormal, zero-divide) keep those found after it from being seen. SDM volume 1, section 11.5.2, and appendix E.4.2.
std::uint32_t unmasked_exceptions(std::uint32_t raised, std::uint32_t guest_mxcsr, bool tiny, std::uint32_t& seen)
{
    constexpr std::uint32_t kBefore = 7; // IE DE ZE
    const std::uint32_t enabled = ~(guest_mxcsr >> mxcsr::kMaskShift) & mxcsr::kExceptions;
    if ((raised & enabled & kBefore) != 0) {
        seen = raised & kBefore;
        return raised & enabled & kBefore;
    }
    // Unmasked underflow needs a tiny result only, masked underflow an inexact one too.
    seen = raised | (tiny && (enabled & kUe) != 0 ? kUe : 0);
    return seen & enabled;
}

// The registers that stubs can change.
struct Snapshot {
    x86::FxArea fx;
    decltype(vcpu::CpuState::ymm_high) ymm_high;
    decltype(vcpu::CpuState::gpr) gpr;

    explicit Snapshot(const Cpu& cpu) : fx{cpu.s.fx}, ymm_high{cpu.s.ymm_high}, gpr{cpu.s.gpr} {}
    void restore(Cpu& cpu) const
    {
        cpu.s.fx = fx;
        cpu.s.ymm_high = ymm_high;
        cpu.s.gpr = gpr;
    }
};

void run(const StubCall& call, StubFrame& frame)
{
    frame.second = call.second;
    frame.fourth = call.fourth;
    call.stub.entry(call.reg, call.rm, frame);
}

bool is_tiny_half(const std::uint8_t* half)
{
    std::uint16_t bits = 0;
    std::memcpy(&bits, half, sizeof bits);
    return (bits & 0x7c00) == 0 && (bits & 0x03ff) != 0;
}

// Whether any result is tiny: with FTZ set the processor says so, exact or not. Conversions to half precision ignore
// FTZ; what they round to a normal number is inexact, so that UE tells of it. Leaves the results behind.
bool has_tiny_result(Cpu& cpu, const StubCall& call)
{
    StubFrame frame = make_frame(cpu);
    frame.mxcsr |= mxcsr::kFtz;
    run(call, frame);
    bool tiny = (frame.mxcsr & kUe) != 0;
    if (call.stub.recipe.to_half) {
        for (unsigned at = 0; at < 16; at += 2) {
            tiny = tiny || is_tiny_half(static_cast<const std::uint8_t*>(call.rm) + at);
        }
    }
    return tiny;
}

// Runs with some exceptions unmasked: nothing but MXCSR changes if one of them is raised.
Outcome execute_unmasked(Cpu& cpu, const StubCall& call, StubFrame& frame)
{
    const Snapshot before{cpu};
    const bool tiny = has_tiny_result(cpu, call);
    before.restore(cpu);
    run(call, frame);
    const std::uint32_t raised = frame.mxcsr & mxcsr::kExceptions;
    std::uint32_t seen = 0;
    if (unmasked_exceptions(raised, before.fx.mxcsr, tiny, seen) == 0) {
        cpu.s.fx.mxcsr |= raised;
        return Outcome::Next;
    }
    before.restore(cpu);
    cpu.s.fx.mxcsr |= seen;
    const bool expected = (cpu.s.cr4 & x86::cr4::kOsxmmexcpt) != 0;
    return cpu.raise(expected ? x86::Exception::Xm : x86::Exception::Ud);
}

} // namespace

void describe_memory(StubRecipe& recipe, const ZydisDecodedOperand& operand)
{
    recipe.rm = StubOperand::Memory;
    recipe.memory_size = static_cast<std::uint8_t>(operand.size / 8);
    recipe.rm_read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    recipe.rm_written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
}

void* register_slot(Cpu& cpu, StubOperand kind, unsigned number)
{
    switch (kind) {
    case StubOperand::Xmm: return cpu.s.fx.xmm[number].data();
    case StubOperand::Mm: return mm_slot(cpu.s.fx, number & 7).data();
    case StubOperand::Gpr: return &cpu.s.gpr[number];
    case StubOperand::Memory:
    case StubOperand::None: break;
    }
    return nullptr;
}

StubFrame make_frame(Cpu& cpu)
{
    return {.fx = &cpu.s.fx,
            .gpr = cpu.s.gpr.data(),
            .mxcsr = (cpu.s.fx.mxcsr & ~mxcsr::kExceptions) | mxcsr::kMasks};
}

Outcome execute_stub(Cpu& cpu, const StubCall& call)
{
    const StubRecipe& recipe = call.stub.recipe;
    StubFrame frame = make_frame(cpu);
    if (recipe.mxcsr && (cpu.s.fx.mxcsr & mxcsr::kMasks) != mxcsr::kMasks) {
        if (const Outcome outcome = execute_unmasked(cpu, call, frame); outcome != Outcome::Next) {
            return outcome;
        }
    } else {
        frame.mxcsr_mask = ~(cpu.s.fx.mxcsr & mxcsr::kExceptions);
        run(call, frame);
        if (recipe.mxcsr) {
            cpu.s.fx.mxcsr |= frame.mxcsr & mxcsr::kExceptions;
        }
    }
    if (recipe.flags_written) {
        replace_flags(cpu.s.rflags, x86::rflags::kArithmetic, frame.rflags);
    }
    return Outcome::Next;
}

} // namespace windsor::emulate
