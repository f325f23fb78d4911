// SPDX-License-Identifier: GPL-2.0-or-later
// One experiment: some instructions, the registers and memory they start from, and what they leave. The same
// experiment runs on the host's own processor (HostRunner) and on an engine (EngineRunner).
#pragma once

#include "x86/fx_area.hpp"
#include "x86/registers.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace windsor::conformance::comparison {

// Data that programs may touch lies at the same linear address on both sides, between unmapped pages; so does code.
constexpr std::uint64_t kWindow = 0x1000'0000;
constexpr std::uint64_t kWindowSize = 0x2000;
constexpr std::uint64_t kCodePage = 0x1100'0000;
constexpr std::uint64_t kCodeSize = 0x1000;
constexpr std::uint64_t kCodeStart = kCodePage + 0x800; // the rest of the page is INT3

// Selectors of Linux user programs, which a comparison with the host cannot choose.
constexpr std::uint16_t kUserCode32 = 0x23;
constexpr std::uint16_t kUserCode64 = 0x33;
constexpr std::uint16_t kUserData = 0x2b;

enum class CodeMode : std::uint8_t { Long64, Compat32 };

struct Registers {
    std::array<std::uint64_t, x86::kGprCount> gpr{};
    std::uint64_t rflags{0x202};
    x86::FxArea fx{};
    std::array<std::array<std::uint8_t, 16>, 16> ymm_high{}; // zero where the host has no AVX
};

using Window = std::array<std::uint8_t, kWindowSize>;

// Bytes of the window that need not agree.
struct Ignored {
    std::uint64_t address{0};
    std::uint64_t size{0};
};

struct TestCase {
    CodeMode mode{CodeMode::Long64};
    std::vector<std::uint8_t> code;
    Registers registers;
    Window window{};
    std::vector<Ignored> ignored;
    std::uint64_t ignored_flags{0}; // of RFLAGS
    bool page_of_cr2{false};        // a page fault's address only counts to its page
    bool loose_exceptions{false};   // the flags of MXCSR do not count after #XM
    bool loose_faults{false};  // what a faulting access leaves of registers and memory is a matter of the model
};

// How a test case ended: by a breakpoint outside its own code (vector 3) or by a fault.
struct Ending {
    unsigned vector{0};
    std::uint64_t error_code{0};
    std::uint64_t cr2{0}; // of #PF only
    std::uint64_t rip{0}; // of a breakpoint: its own address
    Registers registers;
    Window window{};
};

} // namespace windsor::conformance::comparison
