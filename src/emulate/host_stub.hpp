// SPDX-License-Identifier: GPL-2.0-or-later
// Small pieces of host code that run one x87, MMX or SSE instruction on the host's own unit, so that results and
// flags are the hardware's. An instruction is re-encoded with fixed registers; its operands are passed by address.
#pragma once

#include "x86/fx_area.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <memory>

namespace windsor::emulate {

// What a stub needs besides its two operands.
struct StubFrame {
    x86::FxArea* fx{nullptr};     // for an implied XMM0
    std::uint64_t* gpr{nullptr};  // for implied general registers
    std::uint64_t rflags{2};      // in and out, if the recipe says so
    std::uint32_t mxcsr{0x1f80};  // in and out, if the recipe says so; all exceptions masked
};

// The encoded registers that stand for the guest's. Reg and Rm name the ModRM fields.
enum class StubOperand : std::uint8_t { None, Xmm, Mm, Gpr, Memory };
namespace stub_register {
constexpr unsigned kXmmReg = 1;
constexpr unsigned kXmmRm = 2;
constexpr unsigned kMmReg = 1;
constexpr unsigned kMmRm = 2;
constexpr unsigned kGprReg = 0; // RAX
constexpr unsigned kGprRm = 1;  // RCX
constexpr unsigned kMemory = 6; // [RSI]
} // namespace stub_register

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
    bool aligned{false};      // a memory operand must be aligned to 16 bytes
    std::uint8_t memory_size{0}; // bytes
    std::uint16_t fop{0};     // x87 opcode register

    auto operator<=>(const StubRecipe&) const = default;
};

struct HostStub {
    // `reg` and `rm` point to the guest's registers (16-, 8- or 64-bit slots) or to a copy of the memory operand.
    using Entry = void (*)(void* reg, void* rm, StubFrame& frame);

    Entry entry{nullptr};
    StubRecipe recipe{};
};

// Owns stubs. Their code is never writable and executable at one address.
class HostStubs {
public:
    HostStubs();
    ~HostStubs();
    HostStubs(const HostStubs&) = delete;
    HostStubs& operator=(const HostStubs&) = delete;

    // Lives as long as this object. Null: the host gives no executable memory.
    const HostStub* find_or_make(const StubRecipe& recipe);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace windsor::emulate
