// SPDX-License-Identifier: GPL-2.0-or-later
// Small pieces of host code that run one x87, MMX, SSE or AVX instruction on the host's own unit, so that results and
// flags are the hardware's. An instruction is re-encoded with fixed registers; its operands are passed by address.
#pragma once

#include "x86/fx_area.hpp"

#include <array>
#include <compare>
#include <cstdint>

namespace windsor::emulate {

struct HostStub;

// What a stub needs besides its two operands.
struct StubFrame {
    x86::FxArea* fx{nullptr};     // for an implied XMM0
    std::uint64_t* gpr{nullptr};  // for implied general registers
    std::uint64_t rflags{2};      // in and out, if the recipe says so
    std::uint32_t mxcsr{0x1f80};  // in and out, if the recipe says so; all exceptions masked, no flags set
    std::uint32_t mxcsr_mask{~0u}; // cleared flags may be set at the start: the guest has them already
    std::uint32_t mxcsr_host{0};   // scratch
    std::uint16_t fcw{0x037f};    // the control word of x87 forms other than Image
    std::uint16_t fsw{0};         // in: flags that the guest has not got yet; out: the status word
    void* second{nullptr};        // the registers that VEX.vvvv and an immediate name
    void* fourth{nullptr};
};

// The encoded registers that stand for the guest's. Reg and Rm name the ModRM fields.
enum class StubOperand : std::uint8_t { None, Xmm, Mm, Gpr, Memory };
namespace stub_register {
constexpr unsigned kXmmReg = 1;
constexpr unsigned kXmmRm = 2;
constexpr unsigned kXmmSecond = 3;
constexpr unsigned kXmmFourth = 4;
constexpr unsigned kMmReg = 1;
constexpr unsigned kMmRm = 2;
constexpr unsigned kGprReg = 0; // RAX
constexpr unsigned kGprRm = 1;  // RCX
constexpr unsigned kMemory = 6; // [RSI]
} // namespace stub_register

// x87 stubs: Image runs any instruction on the whole register stack. The others load just the registers that the
// instruction uses, which is much faster; none of them may be empty, nor the one that a push fills be in use.
enum class X87Form : std::uint8_t {
    Image,
    Push,         // memory or a constant to a new ST(0), which is `reg`
    Unary,        // ST(0), which is `reg`, by itself or with memory
    Store,        // ST(0) to memory
    ToTop,        // ST(0) with ST(i), which is `rm`; the result goes to ST(0)
    ToOther,      // the same; the result goes to ST(i)
    CompareOther, // ST(0) with ST(i), or with memory, for flags only
    CompareMemory,
};

// How to make a stub, and what its handler has to know. Equal recipes share one stub.
struct StubRecipe {
    std::array<std::uint8_t, 15> code{}; // the instruction as the host executes it
    std::uint8_t length{0};
    StubOperand reg{StubOperand::None};
    StubOperand rm{StubOperand::None};
    bool reg_written{false};
    bool rm_written{false};
    bool rm_read{false};
    bool xmm0_read{false};    // BLENDVPS and its like
    bool xmm0_written{false}; // PCMPESTRM, PCMPISTRM
    bool string_lengths{false}; // PCMPESTRx read RAX and RDX
    bool string_index{false};   // PCMPxSTRI write RCX
    bool mxcsr{false};        // rounds or raises SIMD exceptions
    bool flags_read{false};
    bool flags_written{false};
    bool x87{false};          // operates on the register stack: `reg` of the call is the FxArea
    bool uses_mm{false};      // moves the x87 unit into its MMX state
    bool uses_xmm{false};     // needs CR4.OSFXSR
    bool aligned{false};      // a memory operand must be aligned to its size
    bool vex{false};          // VEX encoding: vector operands are whole YMM registers, see vex_stub.hpp
    bool wide{false};         // VEX.L: bits 255:128 of sources matter
    bool reg_read{false};     // of VEX encodings only
    bool to_half{false};      // VCVTPS2PH, which ignores MXCSR.FTZ
    StubOperand second{StubOperand::None}; // named by VEX.vvvv
    bool second_read{false};
    bool second_written{false};
    StubOperand fourth{StubOperand::None}; // named by an immediate
    std::uint8_t memory_size{0}; // bytes
    std::uint16_t fop{0};     // x87 opcode register
    X87Form form{X87Form::Image};
    std::uint8_t pops{0};     // registers that the instruction pops
    std::uint8_t other{0};    // i of ST(i)
    std::uint16_t conditions{0};    // C0 to C3, as far as the instruction changes them
    const HostStub* image{nullptr}; // what to run in unusual cases

    auto operator<=>(const StubRecipe&) const = default;
};

struct HostStub {
    // `reg` and `rm` point to the guest's registers (16-, 8- or 64-bit slots) or to a copy of the memory operand.
    using Entry = void (*)(void* reg, void* rm, StubFrame& frame);

    Entry entry{nullptr};
    StubRecipe recipe{};
};

} // namespace windsor::emulate
