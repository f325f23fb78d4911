// SPDX-License-Identifier: GPL-2.0-or-later
// Stacks of inner privilege levels, from the task state segment. SDM volume 3A, section 5.8.5.
#include "emulate/memory/memory_access.hpp"
#include "emulate/system/system_families.hpp"
#include "x86/address.hpp"

namespace windsor::emulate {

using x86::Attributes;
using x86::Exception;

bool read_tss_stack(Cpu& cpu, unsigned level, std::uint16_t& selector, std::uint64_t& pointer, std::uint32_t ext)
{
    const x86::Segment& tr = cpu.s.tr;
    const bool wide = (tr.attributes.type & 8) != 0;
    const unsigned width = wide ? 4 : 2;
    const std::uint32_t offset = wide ? level * 8 + 4 : level * 4 + 2;
    if (offset + width + 1 > tr.limit) {
        return cpu.refuse(Exception::Ts, error_of(tr.selector) | ext);
    }
    const x86::Linear linear = x86::Linear{tr.base + offset} & 0xffff'ffff;
    return read_sized(cpu, linear, width, pointer, As::Processor) &&
           cpu.read_linear((linear + width) & 0xffff'ffff, selector, As::Processor);
}

bool check_inner_stack(Cpu& cpu, std::uint16_t selector, unsigned level, TableEntry& entry, std::uint32_t ext)
{
    if (is_null(selector)) {
        return cpu.refuse(Exception::Ts, ext);
    }
    if (!need_descriptor(cpu, selector, entry, Exception::Ts, ext)) {
        return false;
    }
    const Attributes attributes = entry.descriptor.attributes();
    if (rpl(selector) != level || attributes.dpl != level || !attributes.writable()) {
        return cpu.refuse(Exception::Ts, error_of(selector) | ext);
    }
    if (!attributes.p) {
        return cpu.refuse(Exception::Ss, error_of(selector) | ext);
    }
    return mark_accessed(cpu, entry);
}

bool read_tss_rsp(Cpu& cpu, std::uint32_t offset, std::uint64_t& pointer, std::uint32_t ext)
{
    if (offset + 7 > cpu.s.tr.limit) {
        return cpu.refuse(Exception::Ts, error_of(cpu.s.tr.selector) | ext);
    }
    if (!cpu.read_linear(x86::Linear{cpu.s.tr.base + offset}, pointer, As::Processor)) {
        return false;
    }
    return x86::canonical(pointer) || cpu.refuse(Exception::Ss, ext);
}

} // namespace windsor::emulate
