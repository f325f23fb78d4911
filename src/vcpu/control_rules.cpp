// SPDX-License-Identifier: GPL-2.0-or-later
// Flags, control and debug registers. SDM volume 1, section 3.4.3; volume 3A, sections 2.2, 2.5, 4.1, 4.4.1 and 18.2;
// volume 3C, section 26.3.1 lists what may not go together.
#include "vcpu/state_rules.hpp"
#include "x86/address.hpp"
#include "x86/paging.hpp"

#include <algorithm>
#include <array>

namespace windsor::vcpu {

namespace {

namespace c0 = x86::cr0;
namespace c4 = x86::cr4;
namespace ef = x86::efer;
namespace fl = x86::rflags;

constexpr std::uint64_t kFlags = fl::kArithmetic | fl::kFixed1 | fl::kTf | fl::kIf | fl::kDf | fl::kIopl | fl::kNt |
                                 fl::kRf | fl::kVm | fl::kAc | fl::kVif | fl::kVip | fl::kId;
constexpr std::uint64_t kCr0Bits =
    c0::kPe | c0::kMp | c0::kEm | c0::kTs | c0::kEt | c0::kNe | c0::kWp | c0::kAm | c0::kNw | c0::kCd | c0::kPg;
constexpr unsigned kMostPhysicalBits = 52;
constexpr std::uint64_t kCr4Pke = 1u << 22;
constexpr std::uint64_t kDr6Bits = x86::dr6::kBd | x86::dr6::kBs | x86::dr6::kBt | 0xf;
// GE, LE, GD, RTM, which hypervisors keep, and what each breakpoint is about.
constexpr std::uint64_t kDr7Bits = 0xffff'2bff;

constexpr std::uint64_t with(std::uint32_t word, unsigned bit, std::uint64_t flag)
{
    return (word >> bit & 1) != 0 ? flag : 0;
}

std::uint64_t cr4_bits(const Checked& c)
{
    return c4::kTsd | c4::kPce | with(c.one.edx, 1, c4::kVme | c4::kPvi) | with(c.one.edx, 2, c4::kDe) |
           with(c.one.edx, 3, c4::kPse) | with(c.one.edx, 6, c4::kPae) | with(c.one.edx, 7, c4::kMce) |
           with(c.one.edx, 13, c4::kPge) | with(c.one.edx, 24, c4::kOsfxsr) | with(c.one.edx, 25, c4::kOsxmmexcpt) |
           with(c.one.ecx, 17, c4::kPcide) | with(c.one.ecx, 26, c4::kOsxsave) | with(c.seven.ebx, 0, c4::kFsgsbase) |
           with(c.seven.ebx, 7, c4::kSmep) | with(c.seven.ebx, 20, c4::kSmap) | with(c.seven.ecx, 2, c4::kUmip) |
           with(c.seven.ecx, 3, kCr4Pke);
}

std::uint64_t efer_bits(const Checked& c)
{
    return with(c.extended.edx, 11, ef::kSce) | with(c.extended.edx, 20, ef::kNxe) |
           with(c.extended.edx, 29, ef::kLme | ef::kLma);
}

bool valid_xcr0(const Checked& c)
{
    namespace xc = x86::xcr0;
    const bool has_xsave = (c.one.ecx >> 26 & 1) != 0;
    const std::uint64_t offered = (has_xsave ? c.model.cpuid(0xd, 0, c.s, 0).eax : 0) | xc::kX87;
    const bool needs_sse = (c.s.xcr0 & xc::kAvx) != 0;
    return (c.s.xcr0 & ~offered) == 0 && (c.s.xcr0 & xc::kX87) != 0 && (!needs_sse || (c.s.xcr0 & xc::kSse) != 0);
}

// Where 64-bit code ends, RIP can be just past the lower half; the fetch then faults. SDM volume 3C, section 26.3.1.4.
bool valid_rip(const Checked& c)
{
    constexpr std::uint64_t kPastLowerHalf = std::uint64_t{1} << 47;
    return c.code64 ? x86::canonical(c.s.rip) || c.s.rip == kPastLowerHalf : (c.s.rip >> 32) == 0;
}

bool valid_pdptes(const Checked& c)
{
    constexpr std::uint64_t kReserved = 0xfff0'0000'0000'01e6;
    const bool used = c.paging && (c.s.cr4 & c4::kPae) != 0 && !c.long_mode;
    const auto valid = [](std::uint64_t entry) { return (entry & x86::pte::kP) == 0 || (entry & kReserved) == 0; };
    return !used || std::ranges::all_of(c.s.pdptes, valid);
}

// The first entry that is wrong.
std::uint64_t wrong_pdpte(const Checked& c)
{
    constexpr std::uint64_t kReserved = 0xfff0'0000'0000'01e6;
    const auto found = std::ranges::find_if(
        c.s.pdptes, [](std::uint64_t entry) { return (entry & x86::pte::kP) != 0 && (entry & kReserved) != 0; });
    return found == c.s.pdptes.end() ? 0 : *found;
}

constexpr auto kRflags = [](const Checked& c) { return c.s.rflags; };
constexpr auto kCr0 = [](const Checked& c) { return c.s.cr0; };
constexpr auto kCr4 = [](const Checked& c) { return c.s.cr4; };
constexpr auto kEfer = [](const Checked& c) { return c.s.efer; };

constexpr std::array kRules{
    Rule{"RFLAGS", "a reserved bit is set", kRflags, [](const Checked& c) { return (c.s.rflags & ~kFlags) == 0; }},
    Rule{"RFLAGS", "bit 1 is clear", kRflags, [](const Checked& c) { return (c.s.rflags & fl::kFixed1) != 0; }},
    Rule{"RFLAGS", "VM is set outside protected mode, or in long mode", kRflags,
         [](const Checked& c) { return (c.s.rflags & fl::kVm) == 0 || (c.protected_mode && !c.long_mode); }},
    Rule{"CR0", "a reserved bit is set, or ET is clear", kCr0,
         [](const Checked& c) { return (c.s.cr0 & ~kCr0Bits) == 0 && (c.s.cr0 & c0::kEt) != 0; }},
    Rule{"CR0", "PG is set without PE", kCr0, [](const Checked& c) { return !c.paging || c.protected_mode; }},
    Rule{"CR0", "NW is set without CD", kCr0,
         [](const Checked& c) { return (c.s.cr0 & (c0::kNw | c0::kCd)) != c0::kNw; }},
    Rule{"CR3", "it is no physical address", [](const Checked& c) { return c.s.cr3; },
         [](const Checked& c) { return c.s.cr3 >> kMostPhysicalBits == 0; }},
    Rule{"CR4", "a bit is set that the processor does not offer", kCr4,
         [](const Checked& c) { return (c.s.cr4 & ~cr4_bits(c)) == 0; }},
    Rule{"CR4", "PAE is clear in long mode", kCr4,
         [](const Checked& c) { return !c.long_mode || (c.s.cr4 & c4::kPae) != 0; }},
    Rule{"CR4", "PCIDE is set outside long mode", kCr4,
         [](const Checked& c) { return c.long_mode || (c.s.cr4 & c4::kPcide) == 0; }},
    Rule{"IA32_EFER", "a bit is set that the processor does not offer", kEfer,
         [](const Checked& c) { return (c.s.efer & ~efer_bits(c)) == 0; }},
    Rule{"IA32_EFER", "LMA is not what LME and CR0.PG make it", kEfer,
         [](const Checked& c) { return c.long_mode == (c.paging && (c.s.efer & ef::kLme) != 0); }},
    Rule{"XCR0", "it has a component that the processor does not offer, or one without what it needs",
         [](const Checked& c) { return c.s.xcr0; }, valid_xcr0},
    Rule{"RIP", "it is no address of the mode", [](const Checked& c) { return c.s.rip; }, valid_rip},
    Rule{"PDPTE", "a reserved bit is set", wrong_pdpte, valid_pdptes},
    Rule{"DR6", "a reserved bit is not as it always is", [](const Checked& c) { return c.s.dr6; },
         [](const Checked& c) { return (c.s.dr6 & ~kDr6Bits) == x86::dr6::kFixed1; }},
    Rule{"DR7", "a reserved bit is not as it always is", [](const Checked& c) { return c.s.dr7; },
         [](const Checked& c) { return (c.s.dr7 & ~kDr7Bits) == x86::dr7::kFixed1; }},
};

} // namespace

std::span<const Rule> control_rules()
{
    return kRules;
}

} // namespace windsor::vcpu
