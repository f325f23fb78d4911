// SPDX-License-Identifier: GPL-2.0-or-later
// The whole architectural state of one virtual processor. Every engine takes and gives exactly this.
#pragma once

#include "base/strong.hpp"
#include "x86/fx_area.hpp"
#include "x86/registers.hpp"
#include "x86/segment.hpp"

#include <array>
#include <cstdint>

namespace windsor::vcpu {

enum class Activity : std::uint8_t {
    Running,
    Halted,      // HLT: an interrupt, NMI or INIT wakes it
    WaitForSipi, // an application processor after INIT
    Shutdown,    // after a triple fault
};

// Memory type range registers: stored and given back, otherwise without effect.
struct Mtrrs {
    std::uint64_t default_type{0};
    std::array<std::uint64_t, 11> fixed{};     // 64K, 16K 80000, 16K A0000, 4K C0000 … F8000
    std::array<std::uint64_t, 16> variable{};  // base and mask, alternating

    bool operator==(const Mtrrs&) const = default;
};

// What banks of machine checks hold: stored and given back. There is never an error in one, so that no value matters.
struct MachineCheckBanks {
    std::array<std::uint64_t, 10> control{};
    std::array<std::uint64_t, 10> address{};
    std::array<std::uint64_t, 10> misc{};

    bool operator==(const MachineCheckBanks&) const = default;
};

struct CpuState {
    std::array<std::uint64_t, x86::kGprCount> gpr{};
    std::uint64_t rip{0};
    std::uint64_t rflags{x86::rflags::kFixed1};

    std::array<x86::Segment, x86::kSegCount> segments{}; // indexed by x86::Seg
    x86::Segment ldtr{};
    x86::Segment tr{};
    x86::DescriptorTable gdtr{};
    x86::DescriptorTable idtr{};

    std::uint64_t cr0{0};
    std::uint64_t cr2{0};
    std::uint64_t cr3{0};
    std::uint64_t cr4{0};
    std::uint64_t xcr0{1};
    std::array<std::uint64_t, 4> dr{}; // DR0 to DR3
    std::uint64_t dr6{x86::dr6::kFixed1};
    std::uint64_t dr7{x86::dr7::kFixed1};
    // The PDPTEs that PAE paging holds since CR3 was last loaded. SDM volume 3A, section 4.4.1.
    std::array<std::uint64_t, 4> pdptes{};

    std::uint64_t efer{0};
    std::uint64_t star{0};
    std::uint64_t lstar{0};
    std::uint64_t cstar{0};
    std::uint64_t fmask{0};
    std::uint64_t kernel_gs_base{0};
    std::uint64_t sysenter_cs{0};
    std::uint64_t sysenter_esp{0};
    std::uint64_t sysenter_eip{0};
    std::uint64_t pat{0x0007'0406'0007'0406};
    std::uint64_t misc_enable{1}; // fast strings
    std::uint64_t tsc_aux{0};
    std::uint64_t tsc_offset{0}; // guest TSC = machine time in TSC ticks + this, modulo 2^64
    std::uint64_t tsc_adjust{0};
    std::uint64_t mcg_status{0};
    Mtrrs mtrrs{};

    x86::FxArea fx{};
    // Bits 255:128 of the YMM registers; bits 127:0 are fx.xmm.
    std::array<std::array<std::uint8_t, 16>, 16> ymm_high{};
    // x87 instruction and data pointer selectors, which FXSAVE64 has no room for.
    std::uint16_t fcs{0};
    std::uint16_t fds{0};

    // STI or MOV SS has just run: no interrupt (for MOV SS also no debug trap) before the next instruction.
    bool sti_shadow{false};
    bool mov_ss_shadow{false};
    bool nmi_blocked{false}; // from an NMI to the next IRET
    Activity activity{Activity::Running};
    MachineCheckBanks machine_checks{};

    x86::Segment& segment(x86::Seg seg) { return segments[static_cast<unsigned>(seg)]; }
    const x86::Segment& segment(x86::Seg seg) const { return segments[static_cast<unsigned>(seg)]; }

    bool operator==(const CpuState&) const = default;
};

// Power-up or RESET. SDM volume 3A, table 9-1. `signature` is CPUID.1:EAX, which RESET leaves in EDX.
CpuState reset_state(std::uint32_t signature);
// INIT: as reset, but x87, SSE, AVX, XCR0, MSRs, MTRRs and CR0.CD/NW stay.
void apply_init(CpuState& state, std::uint32_t signature);
// Start-up IPI: begins at vector * 4096 in real mode.
void apply_sipi(CpuState& state, std::uint8_t vector);

} // namespace windsor::vcpu
