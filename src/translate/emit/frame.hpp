// SPDX-License-Identifier: GPL-2.0-or-later
// The frame is what translated code finds at its stack pointer. This file also says which host registers hold what.
#pragma once

#include "translate/emit/assembler.hpp"
#include "translate/emit/selectors.hpp"
#include "vcpu/engine.hpp"
#include "x86/registers.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace windsor::translate {

// While translated code runs, host RSP points to the Frame, R10 and R11 are free, R15 holds the guest's RSP, and
// every other register holds its namesake of the guest. The guest's R10, R11 and R15, which compilers use least, live
// in memory.
constexpr Reg kFrame = Reg::Rsp;
constexpr Reg kTemp0 = Reg::R10;
constexpr Reg kTemp1 = Reg::R11;
constexpr Reg kGuestRsp = Reg::R15;
// In code that uses a window, this holds the window's base, otherwise the guest's R14.
constexpr Reg kWindow = Reg::R14;

constexpr bool in_memory(unsigned guest)
{
    return guest == x86::kR10 || guest == x86::kR11 || guest == x86::kR15;
}

// Returns the host register of a guest register that is not in memory.
constexpr Reg host_register(unsigned guest)
{
    return guest == x86::kRsp ? kGuestRsp : static_cast<Reg>(guest);
}

// An entry of a jump table, which tells by the guest's RIP where a block begins. Each context has a table of its own.
struct JumpEntry {
    std::uint64_t rip{0};
    const std::uint8_t* code{nullptr};
};
constexpr std::size_t kJumpEntries = 16384;
constexpr std::size_t kContexts = 16;

// The hash multiplies, since the low bits of the addresses of functions differ little.
constexpr std::uint32_t kJumpFactor = 0x9e3779b1;
constexpr unsigned kJumpShift = 18;
static_assert(kJumpEntries == std::size_t{1} << (32 - kJumpShift));

constexpr std::size_t jump_index(std::uint64_t rip)
{
    return (static_cast<std::uint32_t>(rip) * kJumpFactor) >> kJumpShift;
}
// Returns the RIP of an empty entry, which is an address that is never looked for at that index.
constexpr std::uint64_t no_rip(std::size_t index)
{
    return index == 0 ? 1 : 0;
}
static_assert(jump_index(0) == 0 && jump_index(1) != 0);

// Translated code calls the helper with a number. Without this bit it is that of a side exit. With it, the code is at
// an edge to another block, and the other bits are the number of the edge's link plus one; 0: the edge has no link.
constexpr std::uint32_t kEdgeBit = std::uint32_t{1} << 31;

// Translated code stops for these signals if none is masked.
constexpr std::uint32_t kHeeded = ~static_cast<std::uint32_t>(vcpu::Signal::Sipi);

struct Frame {
    void* self{nullptr};
    const std::uint8_t* (*helper)(void* self, std::uint32_t number){nullptr};
    std::uint64_t host_rsp{0};
    const std::uint8_t* target{nullptr}; // the code that the stubs of entering and resuming jump to
    std::uint64_t window{0};             // what these stubs put into kWindow
    const void* signals{nullptr};        // where the word of the processor's signals is
    std::array<std::uint64_t, 3> scratch{};
    std::uint32_t host_mxcsr{0x1f80};
    std::uint32_t heeded{0};         // the signals that running code stops for, as they are not masked
    std::uint16_t flags{0x0200};     // the guest's arithmetic flags as LAHF and SETO leave them in AX: AH and AL
    std::uint8_t direction{0};       // 1 if the guest's DF is set
    // These are 1 while state of the guest is in the host's registers: XMM and MXCSR, the upper halves of YMM, which
    // are never there without XMM, and the x87 unit.
    std::uint8_t sse_live{0};
    std::uint8_t avx_live{0};
    std::uint8_t x87_live{0};
    std::uint64_t kept{0};  // what the stub of resuming puts into kTemp0
    std::uint64_t piece{0}; // how many elements a repeated string instruction does at once
    std::array<std::uint64_t, x86::kGprCount> bases{}; // the distance or host address that each register's group keeps
    KnownSelectors selectors{};
    alignas(64) std::array<std::array<JumpEntry, kJumpEntries>, kContexts> jumps{};
};

// These convert between RFLAGS and the frame's form. LAHF gives SF ZF 0 AF 0 PF 1 CF.
constexpr std::uint16_t pack_flags(std::uint64_t rflags)
{
    constexpr std::uint64_t kLow = x86::rflags::kArithmetic & 0xff;
    return static_cast<std::uint16_t>((rflags & kLow) << 8 | 0x200 | ((rflags & x86::rflags::kOf) != 0 ? 1 : 0));
}
constexpr std::uint64_t unpack_flags(std::uint16_t packed)
{
    constexpr std::uint64_t kLow = x86::rflags::kArithmetic & 0xff;
    return (static_cast<std::uint64_t>(packed >> 8) & kLow) | ((packed & 1) != 0 ? x86::rflags::kOf : 0);
}

} // namespace windsor::translate
