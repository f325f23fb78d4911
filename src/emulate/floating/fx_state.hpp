// SPDX-License-Identifier: GPL-2.0-or-later
// What x87, MMX and SSE instructions check before they run, and the forms in which their state is kept.
#pragma once

#include "emulate/core/cpu.hpp"

namespace windsor::emulate {

namespace fsw {
constexpr std::uint16_t kExceptions = 0x3f; // IE DE ZE OE UE PE
constexpr std::uint16_t kSf = 0x40;
constexpr std::uint16_t kEs = 0x80;
constexpr std::uint16_t kC0 = 0x100;
constexpr std::uint16_t kC1 = 0x200;
constexpr std::uint16_t kC2 = 0x400;
constexpr std::uint16_t kTop = 0x3800;
constexpr unsigned kTopShift = 11;
constexpr std::uint16_t kC3 = 0x4000;
constexpr std::uint16_t kB = 0x8000;
} // namespace fsw

namespace mxcsr {
constexpr std::uint32_t kExceptions = 0x3f;
constexpr std::uint32_t kDaz = 0x40;
constexpr std::uint32_t kMasks = 0x1f80;
constexpr unsigned kMaskShift = 7;
constexpr std::uint32_t kFtz = 0x8000;
constexpr std::uint32_t kDefined = 0xffff;
constexpr std::uint32_t kDefault = 0x1f80;
} // namespace mxcsr

constexpr std::uint16_t kFcwDefined = 0x1f7f;
constexpr std::uint16_t kFcwFixed1 = 0x0040;

// Checks CR0.EM and CR0.TS, and then for a pending unmasked x87 exception. SDM volume 3A, table 2-2 and section 6.15
// (#MF). With CR0.NE clear a pending exception raises FERR#, of which the board makes an interrupt, and the instruction
// waits for that unless IGNNE# is active. SDM volume 1, section 8.7.2 and appendix D.
[[nodiscard]] bool x87_available(Cpu& cpu);
[[nodiscard]] bool no_x87_pending(Cpu& cpu);
// Whether an unmasked x87 exception is pending and, as CR0.NE is clear, signalled by FERR#.
bool signals_numeric_error(const Cpu& cpu);
// The handler of an instruction that can clear or mask such an exception, with which FERR# falls.
template <Handler handler> Outcome clearing_numeric_error(Cpu& cpu, const Insn& insn)
{
    const bool signalled = signals_numeric_error(cpu);
    const Outcome outcome = handler(cpu, insn);
    if (signalled && !signals_numeric_error(cpu)) [[unlikely]] {
        cpu.io().clear_numeric_error();
    }
    return outcome;
}
// Checks CR0.EM and CR0.TS; with an MMX register also for a pending x87 exception.
[[nodiscard]] bool mmx_available(Cpu& cpu);
[[nodiscard]] bool sse_unavailable(Cpu& cpu); // notes the fault, gives false
[[nodiscard]] inline bool sse_available(Cpu& cpu)
{
    const bool free = (cpu.s.cr0 & (x86::cr0::kEm | x86::cr0::kTs)) == 0 && (cpu.s.cr4 & x86::cr4::kOsfxsr) != 0;
    return free || sse_unavailable(cpu);
}

inline unsigned x87_top(const x86::FxArea& fx)
{
    return (fx.fsw & fsw::kTop) >> fsw::kTopShift;
}

// The x87 register that is MMn, also while the unit is not in MMX use yet.
inline std::array<std::uint8_t, 16>& mm_slot(x86::FxArea& fx, unsigned number)
{
    return fx.st[(number - x87_top(fx)) & 7];
}

// TOP becomes 0 and all registers valid, as every MMX instruction but EMMS does. SDM volume 1, section 9.5.1.
void enter_mmx(x86::FxArea& fx);

// Sets TOP, so that each physical register keeps its value.
void set_x87_top(x86::FxArea& fx, unsigned top);

// FSW.ES and B follow from the exception flags and the masks.
void update_exception_summary(x86::FxArea& fx);

// The two-bit tags that FNSTENV stores, and back to the one-bit ones. SDM volume 1, section 8.1.7.
std::uint16_t full_tags(const x86::FxArea& fx);
std::uint8_t abridged_tags(std::uint16_t full);

// The linear address of an operand, for checks of its alignment.
inline x86::Linear linear_address(const Cpu& cpu, x86::Seg seg, std::uint64_t offset)
{
    if (cpu.long64()) {
        const bool based = seg == x86::Seg::Fs || seg == x86::Seg::Gs;
        return x86::Linear{based ? offset + cpu.s.segment(seg).base : offset};
    }
    return x86::Linear{offset + cpu.s.segment(seg).base} & 0xffff'ffff;
}

} // namespace windsor::emulate
