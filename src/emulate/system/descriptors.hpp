// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptor tables and stacks as privileged instructions and event delivery use them. SDM volume 3A, chapters 3, 5.
#pragma once

#include "emulate/core/cpu.hpp"

#include <cstdint>
#include <span>

namespace windsor::emulate {

// --- Selectors ---
constexpr unsigned rpl(std::uint16_t selector)
{
    return selector & 3u;
}
constexpr bool is_null(std::uint16_t selector)
{
    return (selector & 0xfffc) == 0;
}
// A selector as an error code carries it: without the RPL.
constexpr std::uint32_t error_of(std::uint16_t selector)
{
    return selector & 0xfffcu;
}
constexpr std::uint16_t with_rpl(std::uint16_t selector, unsigned level)
{
    return static_cast<std::uint16_t>((selector & 0xfffc) | level);
}

// --- Descriptors ---
struct TableEntry {
    x86::Descriptor descriptor{};
    std::uint64_t upper{0};  // bytes 8 to 15 of the 16-byte system descriptors of long mode
    x86::Linear linear{}; // where it lies
};
enum class Lookup : std::uint8_t { Found, Outside, Fault };

// Reads the descriptor of a selector from the GDT or LDT. Outside: beyond the table's limit, or no LDT.
[[nodiscard]] Lookup find_descriptor(Cpu& cpu, std::uint16_t selector, TableEntry& entry);
// The same for system descriptors, which have 16 bytes in long mode.
[[nodiscard]] Lookup find_system_descriptor(Cpu& cpu, std::uint16_t selector, TableEntry& entry);
// The same as find_descriptor(), raising `outside` with the selector and `ext` as error code.
[[nodiscard]] bool need_descriptor(Cpu& cpu, std::uint16_t selector, TableEntry& entry, x86::Exception outside,
                                   std::uint32_t ext = 0);
// Sets the accessed bit of a code or data descriptor, in memory and in `entry`.
[[nodiscard]] bool mark_accessed(Cpu& cpu, TableEntry& entry);
// Sets or clears the busy bit of a TSS descriptor in memory.
[[nodiscard]] bool mark_busy(Cpu& cpu, const TableEntry& entry);
[[nodiscard]] bool mark_available(Cpu& cpu, const TableEntry& entry);
// The segment register that a descriptor fills.
x86::Segment make_segment(std::uint16_t selector, const x86::Descriptor& descriptor);
// The base of a 16-byte system descriptor.
std::uint64_t system_base(const Cpu& cpu, const TableEntry& entry);
// A segment register with a null selector. Its DPL is the privilege level, which SS needs.
x86::Segment null_segment(std::uint16_t selector, unsigned dpl = 0);

// Whether [offset, offset + size) lies within a data segment, expand-down ones included.
bool within_limit(const x86::Segment& segment, std::uint64_t offset, unsigned size);
// Whether `rip` may be jumped to in a code segment of the current long-mode state.
bool valid_target(const Cpu& cpu, const x86::Segment& code, std::uint64_t rip);

// --- Sizes only known at run time: 1, 2, 4 or 8 bytes ---
[[nodiscard]] bool read_sized(Cpu& cpu, x86::Linear linear, unsigned size, std::uint64_t& value, As as);
[[nodiscard]] bool write_sized(Cpu& cpu, x86::Linear linear, unsigned size, std::uint64_t value, As as);
// Through insn's memory operand.
[[nodiscard]] bool read_operand(Cpu& cpu, const Insn& insn, std::uint64_t disp, unsigned size, std::uint64_t& value);
[[nodiscard]] bool write_operand(Cpu& cpu, const Insn& insn, std::uint64_t disp, unsigned size, std::uint64_t value);
// Reads with the checks of a write.
[[nodiscard]] bool read_for_write_operand(Cpu& cpu, const Insn& insn, std::uint64_t disp, unsigned size,
                                          std::uint64_t& value);
void set_reg_sized(Cpu& cpu, unsigned number, unsigned size, std::uint64_t value);
constexpr std::uint64_t size_mask(unsigned size)
{
    return size >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (size * 8)) - 1;
}

// --- Stacks that are not, or not yet, the current one ---
struct Stack {
    x86::Segment segment{};
    std::uint64_t pointer{0};
    std::uint64_t mask{0xffff}; // what the pointer wraps to
    As as{As::Processor};
    bool flat{false};           // 64-bit mode: no limit, canonical instead
    std::uint32_t error{0};     // error code of a #SS
};
// The stack that SS:RSP describe now.
Stack current_stack(const Cpu& cpu);
// One within `segment`, 16- or 32-bit by its B flag, accessed at privilege level `level`.
Stack stack_in(const x86::Segment& segment, std::uint64_t pointer, unsigned level);
// Pushes `values` in order, each `size` bytes wide. Nothing is written if any of them faults.
[[nodiscard]] bool push_values(Cpu& cpu, Stack& stack, std::span<const std::uint64_t> values, unsigned size);
// Reads what lies `offset` bytes above the pointer.
[[nodiscard]] bool peek(Cpu& cpu, const Stack& stack, std::uint64_t offset, unsigned size, std::uint64_t& value);
// Moves the pointer and stores it into RSP as wide as the stack is.
void store_pointer(Cpu& cpu, const Stack& stack);

// RIP moves to the next instruction and the block ends.
inline Outcome finish(Cpu& cpu, const Insn& insn)
{
    cpu.s.rip = cpu.next_rip(insn);
    return Outcome::Exit;
}

} // namespace windsor::emulate
