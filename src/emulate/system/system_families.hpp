// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of add_system(), and what they share with each other only.
#pragma once

#include "emulate/core/opcode_table.hpp"
#include "emulate/system/descriptors.hpp"
#include "emulate/system/system.hpp"

namespace windsor::emulate {

void add_segments(OpcodeTable& table);         // segments.cpp
void add_segment_queries(OpcodeTable& table);  // segment_queries.cpp
void add_far_returns(OpcodeTable& table);      // far_return.cpp
void add_interrupts(OpcodeTable& table);       // interrupt_instructions.cpp
void add_flag_instructions(OpcodeTable& table); // flag_instructions.cpp
void add_control(OpcodeTable& table);          // control.cpp
void add_system_tables(OpcodeTable& table);    // system_tables.cpp
void add_msr(OpcodeTable& table);              // msr.cpp
void add_processor_info(OpcodeTable& table);   // processor_info.cpp
void add_syscall(OpcodeTable& table);          // syscall.cpp

Handler select_segment_move(const Decoded& decoded, Insn& insn); // segments.cpp
Handler select_control_move(const Decoded& decoded, Insn& insn); // control.cpp
Handler select_debug_move(const Decoded& decoded, Insn& insn);   // debug.cpp
Handler select_far_return(const Decoded& decoded, Insn& insn);   // far_return.cpp

// An instruction of one form. Those that may change mode, mappings or pending work end their block.
template <Handler handler> Handler plain(const Decoded&, Insn&)
{
    return handler;
}
template <Handler handler> Handler ending(const Decoded&, Insn& insn)
{
    insn.ends_block = true;
    return handler;
}

// A serializing instruction: the instructions behind it see what other processors have written before, also as code,
// and other processors see what was stored before it. SDM volume 3A, section 8.3.
template <Handler handler> Outcome serializing(Cpu& cpu, const Insn& insn)
{
    const Outcome outcome = handler(cpu, insn);
    cpu.serialize();
    return outcome;
}

// User-mode instruction prevention (CR4.UMIP): SGDT, SIDT, SLDT, STR and SMSW are for ring 0 only. False: #GP.
[[nodiscard]] inline bool may_look(Cpu& cpu)
{
    return (cpu.s.cr4 & x86::cr4::kUmip) == 0 || cpu.cpl() == 0 || cpu.refuse(x86::Exception::Gp);
}

// One attempt at delivery: false leaves the fault that came up in Cpu::fault(). See deliver(). events.cpp
[[nodiscard]] bool deliver_once(Cpu& cpu, const Event& event);

// CS as a far transfer in real or V86 mode loads it. Its limit and its default operand size stay. far.cpp
x86::Segment real_code_segment(const Cpu& cpu, std::uint16_t selector);

// Loads the segment registers as V86 mode has them, once RFLAGS.VM is set. far_return.cpp
struct V86Segments {
    std::uint64_t cs, ss, es, ds, fs, gs;
};
void enter_v86(Cpu& cpu, const V86Segments& selectors);

// Loads CR3, reads the PDPTEs of PAE paging (false: #GP for reserved bits in them), and flushes the TLB. control.cpp
[[nodiscard]] bool load_cr3(Cpu& cpu, std::uint64_t value);

// --- Inner stacks, inner_stack.cpp ---
// Reads SS:ESP for a privilege level from the current 16- or 32-bit TSS (not in long mode).
[[nodiscard]] bool read_tss_stack(Cpu& cpu, unsigned level, std::uint16_t& selector, std::uint64_t& pointer,
                                  std::uint32_t ext);
// Checks a stack segment that is about to serve privilege level `level`, and marks it accessed.
[[nodiscard]] bool check_inner_stack(Cpu& cpu, std::uint16_t selector, unsigned level, TableEntry& entry,
                                     std::uint32_t ext);
// Reads RSP for a privilege level from the 64-bit TSS. It must be canonical.
[[nodiscard]] bool read_tss_rsp(Cpu& cpu, std::uint32_t offset, std::uint64_t& pointer, std::uint32_t ext);

// --- Task switches, task_switch.cpp ---
enum class SwitchBy : std::uint8_t { Jump, Call, Event, Return };
struct TaskSwitch {
    SwitchBy by{};
    std::uint16_t selector{0};  // of the new TSS
    TableEntry entry{};         // its descriptor, checked for type and presence
    std::uint64_t return_rip{0}; // EIP stored in the outgoing task
    bool has_error_code{false};
    std::uint32_t error_code{0};
    std::uint32_t ext{0};
};
[[nodiscard]] bool switch_task(Cpu& cpu, const TaskSwitch& to);

} // namespace windsor::emulate
