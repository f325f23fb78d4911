// SPDX-License-Identifier: GPL-2.0-or-later
// Segment registers with their hidden parts. SDM volume 3A, section 3.4; what may be together is what volume 3C,
// section 26.3.1.2, asks of a guest.
#include "vcpu/state_rules.hpp"
#include "x86/address.hpp"

#include <array>

namespace windsor::vcpu {

namespace {

using x86::Seg;
using x86::Segment;

// A descriptor has 20 bits for the limit, and with G each counts 4096 bytes.
bool valid_limit(const Segment& segment)
{
    return segment.attributes.g ? (segment.limit & 0xfff) == 0xfff : segment.limit <= 0xf'ffff;
}

bool valid_base(const Segment& segment, Seg which)
{
    const bool wide = which == Seg::Fs || which == Seg::Gs; // by their MSRs
    return wide ? x86::canonical(segment.base) : segment.base >> 32 == 0;
}

// What any mode asks of a segment in which memory can be.
std::string_view mistake(const Segment& segment, Seg which, const Checked& c)
{
    if (segment.attributes.type > 15 || segment.attributes.dpl > 3) {
        return "its access rights are none";
    }
    if (!valid_base(segment, which)) {
        return "its base is no linear address";
    }
    if (c.virtual8086) {
        const bool as_loaded = segment.base == std::uint64_t{segment.selector} << 4 && segment.limit == 0xffff;
        const bool level = which != Seg::Ss || segment.attributes.dpl == 3;
        return as_loaded && level ? "" : "it is not as virtual-8086 mode has it";
    }
    if (segment.unusable) {
        return "";
    }
    if (!segment.attributes.s || !segment.attributes.p) {
        return "it is no segment of code or data that is present";
    }
    return valid_limit(segment) ? "" : "its limit does not fit its granularity";
}

std::string_view code_mistake(const Checked& c)
{
    const Segment& code = c.s.segment(Seg::Cs);
    const Segment& stack = c.s.segment(Seg::Ss);
    if (code.unusable) {
        return "it is null";
    }
    if (c.long_mode && code.attributes.l && code.attributes.db) {
        return "L and D are both set";
    }
    const bool decides = c.protected_mode && !c.virtual8086 && code.attributes.code() && !code.attributes.conforming();
    return decides && code.attributes.dpl != stack.attributes.dpl ? "its privilege level is not the stack segment's"
                                                                  : "";
}

std::string_view system_mistake(const Segment& segment)
{
    if (segment.attributes.type > 15 || segment.attributes.dpl > 3 || segment.attributes.s) {
        return "its access rights are none";
    }
    if (!x86::canonical(segment.base)) {
        return "its base is not a canonical address";
    }
    return valid_limit(segment) ? "" : "its limit does not fit its granularity";
}

std::string_view ldtr_mistake(const Checked& c)
{
    const Segment& ldtr = c.s.ldtr;
    if (ldtr.unusable) {
        return x86::canonical(ldtr.base) && ldtr.attributes.type <= 15 && ldtr.attributes.dpl <= 3 ? ""
                                                                                                   : "it is damaged";
    }
    const bool is_table = ldtr.attributes.type == static_cast<unsigned>(x86::SystemType::Ldt) && ldtr.attributes.p;
    return is_table ? system_mistake(ldtr) : "it is no descriptor table that is present";
}

std::string_view tr_mistake(const Checked& c)
{
    const unsigned type = c.s.tr.attributes.type;
    const bool busy = type == static_cast<unsigned>(x86::SystemType::TssBusy) ||
                      type == static_cast<unsigned>(x86::SystemType::Tss16Busy);
    if (!busy || !c.s.tr.attributes.p || c.s.tr.unusable) {
        return "it is no task-state segment that is in use";
    }
    return system_mistake(c.s.tr);
}

base::Status refuse_if(std::string_view name, const Segment& segment, std::string_view mistake)
{
    if (mistake.empty()) {
        return {};
    }
    return base::fail("its {} (selector {:#x}, base {:#x}, limit {:#x}, rights {:#x}) is none that a processor can "
                      "hold: {}",
                      name, segment.selector, segment.base, segment.limit, segment.attributes.word(), mistake);
}

} // namespace

base::Status check_segments(const Checked& checked)
{
    constexpr std::array<std::string_view, x86::kSegCount> kNames{"ES", "CS", "SS", "DS", "FS", "GS"};
    for (unsigned i = 0; i < x86::kSegCount; ++i) {
        const Segment& segment = checked.s.segments[i];
        WINDSOR_TRY(refuse_if(kNames[i], segment, mistake(segment, static_cast<Seg>(i), checked)));
    }
    WINDSOR_TRY(refuse_if("CS", checked.s.segment(Seg::Cs), code_mistake(checked)));
    WINDSOR_TRY(refuse_if("LDTR", checked.s.ldtr, ldtr_mistake(checked)));
    return refuse_if("TR", checked.s.tr, tr_mistake(checked));
}

} // namespace windsor::vcpu
