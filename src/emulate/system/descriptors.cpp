// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/system/descriptors.hpp"

#include "emulate/memory/memory_access.hpp"
#include "x86/address.hpp"

namespace windsor::emulate {

using x86::Exception;
using x86::Seg;
using x86::Segment;

namespace {

Lookup find(Cpu& cpu, std::uint16_t selector, unsigned size, TableEntry& entry)
{
    const bool local = (selector & 4) != 0;
    if (local && (cpu.s.ldtr.unusable || is_null(cpu.s.ldtr.selector))) {
        return Lookup::Outside;
    }
    const std::uint64_t base = local ? cpu.s.ldtr.base : cpu.s.gdtr.base;
    const std::uint32_t limit = local ? cpu.s.ldtr.limit : cpu.s.gdtr.limit;
    const std::uint32_t offset = selector & 0xfff8u;
    if (offset + size - 1 > limit) {
        return Lookup::Outside;
    }
    const std::uint64_t mask = cpu.long_mode() ? ~std::uint64_t{0} : 0xffff'ffff;
    entry.linear = x86::Linear{base + offset} & mask;
    entry.upper = 0;
    if (!cpu.read_linear(entry.linear, entry.descriptor.raw, As::Processor)) {
        return Lookup::Fault;
    }
    if (size == 16 && !cpu.read_linear(entry.linear + 8, entry.upper, As::Processor)) {
        return Lookup::Fault;
    }
    return Lookup::Found;
}

// The byte of a descriptor with the type, S, DPL and P.
constexpr unsigned kAccessByte = 5;

bool change_access_byte(Cpu& cpu, x86::Linear linear, std::uint8_t clear, std::uint8_t set)
{
    std::uint8_t access = 0;
    if (!cpu.read_linear_for_write(linear + kAccessByte, access, As::Processor)) {
        return false;
    }
    return cpu.write_linear(linear + kAccessByte, static_cast<std::uint8_t>((access & ~clear) | set), As::Processor);
}

} // namespace

Lookup find_descriptor(Cpu& cpu, std::uint16_t selector, TableEntry& entry)
{
    return find(cpu, selector, 8, entry);
}

Lookup find_system_descriptor(Cpu& cpu, std::uint16_t selector, TableEntry& entry)
{
    return find(cpu, selector, cpu.long_mode() ? 16 : 8, entry);
}

bool need_descriptor(Cpu& cpu, std::uint16_t selector, TableEntry& entry, Exception outside, std::uint32_t ext)
{
    switch (find_descriptor(cpu, selector, entry)) {
    case Lookup::Found: return true;
    case Lookup::Outside: return cpu.refuse(outside, error_of(selector) | ext);
    case Lookup::Fault: break;
    }
    return false;
}

bool mark_accessed(Cpu& cpu, TableEntry& entry)
{
    constexpr std::uint64_t kAccessed = std::uint64_t{1} << 40;
    if ((entry.descriptor.raw & kAccessed) != 0) {
        return true;
    }
    entry.descriptor.raw |= kAccessed;
    return change_access_byte(cpu, entry.linear, 0, 1);
}

namespace {

constexpr std::uint8_t kBusy = 2; // of the type

} // namespace

bool mark_busy(Cpu& cpu, const TableEntry& entry)
{
    return change_access_byte(cpu, entry.linear, 0, kBusy);
}

bool mark_available(Cpu& cpu, const TableEntry& entry)
{
    return change_access_byte(cpu, entry.linear, kBusy, 0);
}

Segment make_segment(std::uint16_t selector, const x86::Descriptor& descriptor)
{
    return {.selector = selector,
            .base = descriptor.base(),
            .limit = descriptor.limit(),
            .attributes = descriptor.attributes(),
            .unusable = false};
}

std::uint64_t system_base(const Cpu& cpu, const TableEntry& entry)
{
    const std::uint64_t high = cpu.long_mode() ? entry.upper << 32 : 0;
    return high | entry.descriptor.base();
}

Segment null_segment(std::uint16_t selector, unsigned dpl)
{
    Segment segment{.selector = selector, .unusable = true};
    segment.attributes.dpl = static_cast<std::uint8_t>(dpl);
    return segment;
}

bool within_limit(const Segment& segment, std::uint64_t offset, unsigned size)
{
    const std::uint64_t last = offset + size - 1;
    if (segment.attributes.expand_down()) {
        const std::uint64_t top = segment.attributes.db ? 0xffff'ffff : 0xffff;
        return offset > segment.limit && last <= top;
    }
    return last <= segment.limit;
}

bool valid_target(const Cpu& cpu, const Segment& code, std::uint64_t rip)
{
    if (cpu.long_mode() && code.attributes.l) {
        return x86::canonical(rip);
    }
    return rip <= code.limit;
}

bool read_sized(Cpu& cpu, x86::Linear linear, unsigned size, std::uint64_t& value, As as)
{
    const auto read = [&]<typename T>(T cell) {
        if (!cpu.read_linear(linear, cell, as)) {
            return false;
        }
        value = cell;
        return true;
    };
    switch (size) {
    case 1: return read(std::uint8_t{});
    case 2: return read(std::uint16_t{});
    case 4: return read(std::uint32_t{});
    default: return read(std::uint64_t{});
    }
}

bool write_sized(Cpu& cpu, x86::Linear linear, unsigned size, std::uint64_t value, As as)
{
    switch (size) {
    case 1: return cpu.write_linear(linear, static_cast<std::uint8_t>(value), as);
    case 2: return cpu.write_linear(linear, static_cast<std::uint16_t>(value), as);
    case 4: return cpu.write_linear(linear, static_cast<std::uint32_t>(value), as);
    default: return cpu.write_linear(linear, value, as);
    }
}

namespace {

std::uint64_t operand_offset(Cpu& cpu, const Insn& insn, std::uint64_t disp)
{
    return (cpu.effective_address(insn) + disp) & size_mask(insn.address_size);
}

} // namespace

bool read_operand(Cpu& cpu, const Insn& insn, std::uint64_t disp, unsigned size, std::uint64_t& value)
{
    const std::uint64_t offset = operand_offset(cpu, insn, disp);
    const auto read = [&]<typename T>(T cell) {
        if (!cpu.read(insn.segment, offset, cell)) {
            return false;
        }
        value = cell;
        return true;
    };
    switch (size) {
    case 1: return read(std::uint8_t{});
    case 2: return read(std::uint16_t{});
    case 4: return read(std::uint32_t{});
    default: return read(std::uint64_t{});
    }
}

bool write_operand(Cpu& cpu, const Insn& insn, std::uint64_t disp, unsigned size, std::uint64_t value)
{
    const std::uint64_t offset = operand_offset(cpu, insn, disp);
    switch (size) {
    case 1: return cpu.write(insn.segment, offset, static_cast<std::uint8_t>(value));
    case 2: return cpu.write(insn.segment, offset, static_cast<std::uint16_t>(value));
    case 4: return cpu.write(insn.segment, offset, static_cast<std::uint32_t>(value));
    default: return cpu.write(insn.segment, offset, value);
    }
}

bool read_for_write_operand(Cpu& cpu, const Insn& insn, std::uint64_t disp, unsigned size, std::uint64_t& value)
{
    const std::uint64_t offset = operand_offset(cpu, insn, disp);
    if (size == 8) {
        return cpu.read_for_write(insn.segment, offset, value);
    }
    std::uint32_t cell = 0;
    if (!cpu.read_for_write(insn.segment, offset, cell)) {
        return false;
    }
    value = cell;
    return true;
}

void set_reg_sized(Cpu& cpu, unsigned number, unsigned size, std::uint64_t value)
{
    switch (size) {
    case 2: cpu.set_reg(number, static_cast<std::uint16_t>(value)); break;
    case 4: cpu.set_reg(number, static_cast<std::uint32_t>(value)); break;
    default: cpu.set_reg(number, value); break;
    }
}

Stack current_stack(const Cpu& cpu)
{
    return {.segment = cpu.s.segment(Seg::Ss),
            .pointer = cpu.s.gpr[x86::kRsp] & cpu.stack_mask(),
            .mask = cpu.stack_mask(),
            .as = As::Program,
            .flat = cpu.long64(),
            .error = 0};
}

Stack stack_in(const Segment& segment, std::uint64_t pointer, unsigned level)
{
    const std::uint64_t mask = segment.attributes.db ? 0xffff'ffff : 0xffff;
    return {.segment = segment,
            .pointer = pointer & mask,
            .mask = mask,
            .as = level == 3 ? As::Program : As::Processor,
            .flat = false,
            .error = 0};
}

namespace {

bool stack_linear(Cpu& cpu, const Stack& stack, std::uint64_t offset, unsigned size, x86::Linear& linear)
{
    if (stack.flat) {
        linear = x86::Linear{offset};
        return (x86::canonical(offset) && x86::canonical(offset + size - 1)) || cpu.refuse(Exception::Ss, stack.error);
    }
    if (stack.segment.unusable || !within_limit(stack.segment, offset, size)) {
        return cpu.refuse(Exception::Ss, stack.error);
    }
    linear = x86::Linear{stack.segment.base + offset} & 0xffff'ffff;
    return true;
}

} // namespace

bool push_values(Cpu& cpu, Stack& stack, std::span<const std::uint64_t> values, unsigned size)
{
    std::uint64_t pointer = stack.pointer;
    x86::Linear linear;
    for (std::size_t i = 0; i < values.size(); ++i) {
        pointer = (pointer - size) & stack.mask;
        if (!stack_linear(cpu, stack, pointer, size, linear) ||
            !cpu.probe_linear(linear, size, Intent::Write, stack.as)) {
            return false;
        }
    }
    for (const std::uint64_t value : values) {
        stack.pointer = (stack.pointer - size) & stack.mask;
        if (!stack_linear(cpu, stack, stack.pointer, size, linear) ||
            !write_sized(cpu, linear, size, value, stack.as)) {
            return false;
        }
    }
    return true;
}

bool peek(Cpu& cpu, const Stack& stack, std::uint64_t offset, unsigned size, std::uint64_t& value)
{
    x86::Linear linear;
    return stack_linear(cpu, stack, (stack.pointer + offset) & stack.mask, size, linear) &&
           read_sized(cpu, linear, size, value, stack.as);
}

void store_pointer(Cpu& cpu, const Stack& stack)
{
    if (stack.mask == 0xffff) {
        cpu.set_reg(x86::kRsp, static_cast<std::uint16_t>(stack.pointer));
    } else if (stack.mask == 0xffff'ffff) {
        cpu.set_reg(x86::kRsp, static_cast<std::uint32_t>(stack.pointer));
    } else {
        cpu.s.gpr[x86::kRsp] = stack.pointer;
    }
}

} // namespace windsor::emulate
