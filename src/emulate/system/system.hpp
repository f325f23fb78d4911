// SPDX-License-Identifier: GPL-2.0-or-later
// Privileged behaviour that more than one family of handlers needs: segments, delivery of events, paging roots.
#pragma once

#include "emulate/core/cpu.hpp"

namespace windsor::emulate {

// Loads a data or stack segment register as MOV, POP and LDS do, with all checks of the current mode.
[[nodiscard]] bool load_segment(Cpu& cpu, x86::Seg seg, std::uint16_t selector);

// What is delivered through the interrupt descriptor table.
struct Event {
    enum class Kind : std::uint8_t {
        Exception,       // a fault or trap of the processor; faults are delivered with RIP at the instruction
        Software,        // INT n, INT3, INTO: DPL is checked
        External,        // an interrupt from the APIC or PIC, or an NMI
    };
    Kind kind{};
    std::uint8_t vector{0};
    bool has_error_code{false};
    std::uint32_t error_code{0};
    std::uint64_t return_rip{0}; // what is pushed
};

// Delivers an event, turning faults on the way into double faults. SDM volume 3A, sections 6.12, 6.14 and 6.15.
// False: a triple fault; the processor shuts down.
[[nodiscard]] bool deliver(Cpu& cpu, const Event& event);

// Delivers the fault that a handler has noted, with RIP at the faulting instruction (RF set as the SDM says).
[[nodiscard]] bool deliver_fault(Cpu& cpu);

// Delivers the traps due after an instruction that ran with RFLAGS.TF set or met data breakpoints. False: triple
// fault.
enum class SingleStep : std::uint8_t { No, Yes }; // whether TF was set before the instruction
[[nodiscard]] bool deliver_debug_traps(Cpu& cpu, SingleStep step);

// A MOV or POP to SS delays the traps of its data breakpoints until after the next instruction. If that raises a #DB
// itself (INT1, general detection), one #DB stands for both, and the delayed traps are added to its DR6. Other
// exceptions lose the delayed traps. Software interrupts and fast system calls do not: the traps are delivered at the
// first instruction of their handlers. SDM volume 3A, section 6.8.3; volume 3C, section 26.7.3.
void merge_delayed_traps(Cpu& cpu);

// Whether an instruction breakpoint (DR0-DR3, type 0) is at the current RIP and RF is clear; if so, #DB is noted.
[[nodiscard]] bool meets_instruction_breakpoint(Cpu& cpu);

// Notes in DR6 bits pending for deliver_debug_traps() that [linear, linear + size) touches an armed data breakpoint.
void note_data_breakpoint(Cpu& cpu, x86::Linear linear, unsigned size, Intent intent);

// The DR6 bits of armed breakpoints on I/O that an access to [port, port + size) meets. They trap after it, and exist
// with CR4.DE only. SDM volume 3B, section 17.2.4.
std::uint64_t port_breakpoints(const Cpu& cpu, std::uint16_t port, unsigned size);

// Whether IN/OUT (and INS/OUTS) on the ports may proceed: IOPL, V86 and the TSS bitmap. Notes #GP otherwise.
[[nodiscard]] bool port_allowed(Cpu& cpu, std::uint16_t port, unsigned size);

} // namespace windsor::emulate
