// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/selectors.hpp"

#include "emulate/system/descriptors.hpp"

#include <cstring>

namespace windsor::translate {

namespace {

constexpr std::uint64_t kLinearMask = 0xffff'ffff; // linear addresses have 32 bits outside long mode

} // namespace

KnownSelectors::KnownSelectors()
{
    null_.segment = emulate::null_segment(0);
}

void KnownSelectors::note(emulate::Cpu& cpu, x86::Seg seg)
{
    const x86::Segment& segment = cpu.s.segment(seg);
    constexpr std::uint16_t kLocal = 4;
    if (!cpu.protected_mode() || cpu.long_mode() || cpu.cpl() != 0 || emulate::is_null(segment.selector) ||
        (segment.selector & kLocal) != 0) {
        return;
    }
    const auto address = x86::Linear{cpu.s.gdtr.base + (segment.selector & 0xfff8u)} & kLinearMask;
    const emulate::TlbEntries& entries = cpu.tlb().set(emulate::TlbSet::Supervisor);
    const std::size_t at = emulate::TlbEntries::index(address);
    constexpr std::uint64_t kLastInPage = memory::kPageSize - sizeof(std::uint64_t);
    const x86::Linear page = address.aligned_down(memory::kPageSize);
    if (entries.read[at] != page.raw() || address - page > kLastInPage) {
        return;
    }
    x86::Descriptor descriptor;
    std::memcpy(&descriptor.raw, entries.host_address(at, address), sizeof descriptor.raw);
    // Another processor may have changed the descriptor since it was loaded.
    if (emulate::make_segment(segment.selector, descriptor) != segment) {
        return;
    }
    known_[index(segment.selector)] = {.selector = segment.selector,
                                       .table_base = cpu.s.gdtr.base,
                                       .table_limit = cpu.s.gdtr.limit,
                                       .address = address.raw(),
                                       .descriptor = descriptor.raw,
                                       .flat = cpu.flat(seg) ? 1u : 0u,
                                       .window = cpu.window(seg),
                                       .segment = segment};
}

} // namespace windsor::translate
