// SPDX-License-Identifier: GPL-2.0-or-later
// Tests of the verifier write small blocks as the emitter would, but by another assembler and for a frame of their own.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/verify/verifier.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <asmjit/x86.h>

namespace windsor::translate::verify::testing {

namespace x = asmjit::x86;
using emulate::Intent;

// These are the distances of the fields of this frame.
constexpr std::int32_t kFlags = 0x40, kSseLive = 0x50, kAvxLive = 0x51, kX87Live = 0x52, kSignals = 0x60,
                       kHeeded = 0x68;
constexpr std::int32_t kGpr10 = 0x70, kRflags = 0x88, kSetField = 0x90, kEntriesField = 0x98, kHostRsp = 0xa0;
constexpr std::int32_t kBasesAt = 0x100, kScratchAt = 0x180, kPieceAt = 0x198;
constexpr std::int32_t kReadTags = 0x10000, kWriteTags = 0x18000, kHostPages = 0x20000, kDistances = 0x28000;
constexpr std::int32_t kOtherSet = 0x100000; // the distance from one set of the TLB to the next
constexpr std::int32_t kJumpsAt = 0x300000, kJumpBytes = 16 * 16384;
constexpr std::uint32_t kFactor = 0x9e3779b1;
constexpr std::uint64_t kCodeAt = 0x7000'0000, kLeaveAt = 0x7100'0000, kHelpAt = 0x7100'0100, kCrossAt = 0x7100'0200;
constexpr std::uint64_t kWindowHelpAt = 0x7200'0100, kLateAt = 0x7040'0000;
constexpr std::uint32_t kLateExit = 99, kFirstExit = 7, kFirstLink = 3, kEdgeBit = std::uint32_t{1} << 31;

class TestBlock {
public:
    using Assembler = asmjit::x86::Assembler;
    using Writer = std::function<void(TestBlock&, Assembler&)>;

    enum class Entry : std::uint8_t { Looks, DoesNot }; // whether the entries look at the signals
    // Writes the block's entries, then its body, and then a jump that leaves it with the guest's RIP. At the label
    // `cold` it calls for help by the side exit kFirstExit. The verifier takes it that C++ interprets the instruction
    // `guest` and resumes behind the body.
    explicit TestBlock(const Assumptions& assumed, const Writer& body, std::vector<std::uint8_t> guest = {0x90},
                       Entry entry = Entry::Looks);

    // Returns the verifier's sentence about the block, or nothing if all is allowed.
    std::string verdict();

    asmjit::Label cold;
    SideExitView exit{.kind = SideExitView::Kind::Access};
    // A fault of the next instruction leads to `cold`.
    void may_fault(Assembler& a)
    {
        fault_at_ = static_cast<std::uint32_t>(a.offset());
        with_fault_ = true;
    }
    // The host refuses the next instruction, for which late code is written afterwards.
    void is_refused(Assembler& a) { late_.at = static_cast<std::uint32_t>(a.offset()); }
    void write_late(const std::function<void(Assembler&)>& write);
    // Makes the jump that has just been written a link to a guest address. Its displacement must have 32 bits, and a
    // block can have one link.
    void link(Assembler& a, std::uint64_t target);
    // Writes the code that the link leads to while it is not linked.
    void unlinked(Assembler& a);
    // Writes a lookup of `size` bytes, which leaves the index of their page in R11 and their offset in it in R10.
    void look_up(Assembler& a, asmjit::x86::Gp base, std::int32_t displacement, std::int32_t size, Intent intent);

private:
    std::vector<std::uint8_t> code_;
    std::vector<std::uint8_t> guest_;
    std::vector<LinkView> links_;
    Assumptions assumed_;
    bool with_fault_{false};
    std::uint32_t fault_at_{0};
    std::uint32_t cold_at_{0};
    std::uint32_t from_memory_{0};
    std::uint32_t unchecked_{0};
    std::uint32_t resume_{0};
    std::vector<std::uint8_t> late_code_;
    LateView late_{};
};

inline x::Mem frame(std::int32_t at, std::uint32_t size = 8)
{
    return x::ptr(x::rsp, at, size);
}
inline x::Mem element(std::int32_t array)
{
    return x::ptr(x::rsp, x::r11, 3, array, 8);
}

inline Layout test_layout()
{
    Layout layout;
    const auto add = [&](std::int32_t at, std::int32_t bytes, Rights rights, unsigned which = 0) {
        layout.fields.push_back(
            {.begin = at, .end = at + bytes, .rights = rights, .which = static_cast<std::uint8_t>(which)});
    };
    add(kFlags, 2, Rights::Change);
    add(kSseLive, 1, Rights::Live, kSse);
    add(kAvxLive, 1, Rights::Live, kSse | kAvx);
    add(kX87Live, 1, Rights::Live, kX87);
    add(kSignals, 8, Rights::Signals);
    add(kHeeded, 4, Rights::Heeded);
    add(kGpr10, 8, Rights::Change);
    add(kRflags, 8, Rights::Kernel);
    add(kSetField, 1, Rights::Set);
    add(kEntriesField, 8, Rights::Entries);
    for (unsigned n = 0; n < kSlots; ++n) {
        add(kBasesAt + 8 * static_cast<std::int32_t>(n), 8, Rights::Slot, n);
    }
    for (unsigned n = 0; n < kSets; ++n) {
        const std::int32_t by = static_cast<std::int32_t>(n) * kOtherSet;
        layout.tlb[n] = {
            .read = kReadTags + by, .write = kWriteTags + by, .host = kHostPages + by, .distance = kDistances + by};
        layout.set_address[n] = kReadTags + by;
    }
    layout.tlb_count = 4096;
    layout.jumps = kJumpsAt + 4 * kOtherSet;
    layout.jump_entries = 16384;
    layout.jump_factor = kFactor;
    layout.jump_shift = 18;
    layout.least_displacement = -65536;
    layout.signal_mask = 0xff;
    layout.masked_signal = 2;
    layout.stubs = {{{.leave = kLeaveAt, .help = kHelpAt, .cross = kCrossAt},
                     {.leave = kLeaveAt + 0x100'0000, .help = kWindowHelpAt, .cross = kCrossAt + 0x100'0000}}};
    return layout;
}

inline Assumptions long64()
{
    return {.long64 = true, .sse = true, .avx = true, .x87 = true, .tables = {0, -1, -1, -1}, .keys = {5, 0, 0, 0}};
}

inline Assumptions windowed()
{
    Assumptions assumed = long64();
    assumed.long64 = false;
    assumed.user = true;
    assumed.window = true;
    return assumed;
}

inline void TestBlock::look_up(Assembler& a, x::Gp base, std::int32_t displacement, std::int32_t size, Intent intent)
{
    a.lea(x::r10, x::ptr(base, displacement));
    a.mov(x::r11d, 12 | 12 << 8);
    a.bextr(x::r11, x::r10, x::r11);
    a.xor_(x::r10, element(intent == Intent::Write ? kWriteTags : kReadTags));
    a.cmp(x::r10, 4096 - size);
    a.ja(cold);
}

inline void TestBlock::link(Assembler& a, std::uint64_t target)
{
    links_.push_back(
        {.displacement = static_cast<std::uint32_t>(a.offset()) - 4, .target = target, .context = assumed_.keys[0]});
}

inline void TestBlock::unlinked(Assembler& a)
{
    links_.front().unlinked = static_cast<std::uint32_t>(a.offset());
    a.mov(x::r10d, links_.front().target);
    a.mov(x::r11d, kEdgeBit | (kFirstLink + 1));
    a.jmp(kCrossAt);
}

inline std::vector<std::uint8_t> finished(asmjit::CodeHolder& holder, std::uint64_t address)
{
    holder.flatten();
    holder.resolveUnresolvedLinks();
    holder.relocateToBase(address);
    std::vector<std::uint8_t> code(holder.codeSize());
    holder.copyFlattenedData(code.data(), code.size());
    return code;
}

inline void TestBlock::write_late(const std::function<void(Assembler&)>& write)
{
    asmjit::CodeHolder holder;
    const asmjit::Environment environment = asmjit::Environment::host();
    holder.init(environment, kLateAt);
    Assembler a{&holder};
    write(a);
    late_code_ = finished(holder, kLateAt);
    late_.code = late_code_;
    late_.address = kLateAt;
    late_.exit = kLateExit;
    late_.context = assumed_.keys[0];
}

inline TestBlock::TestBlock(const Assumptions& assumed, const Writer& body, std::vector<std::uint8_t> guest,
                            Entry entry)
    : guest_{std::move(guest)}, assumed_{assumed}
{
    asmjit::CodeHolder holder;
    asmjit::Environment environment = asmjit::Environment::host();
    holder.init(environment, kCodeAt);
    Assembler a{&holder};
    cold = a.newLabel();
    const asmjit::Label interrupt = a.newLabel();
    a.mov(x::r11, x::rax);
    a.mov(x::rax, x::r11);
    from_memory_ = static_cast<std::uint32_t>(a.offset());
    if (entry == Entry::Looks) {
        a.mov(x::r11, frame(kSignals));
        a.mov(x::r11d, x::ptr(x::r11));
        a.test(frame(kHeeded, 4), x::r11d);
    } else {
        a.test(x::rax, x::rax);
    }
    a.jnz(interrupt);
    unchecked_ = static_cast<std::uint32_t>(a.offset());
    body(*this, a);
    resume_ = static_cast<std::uint32_t>(a.offset());
    a.mov(x::r10d, 0x1234);
    a.jmp(assumed.window ? kLeaveAt + 0x100'0000 : kLeaveAt);
    a.bind(interrupt);
    a.mov(x::r10d, 0x1000);
    a.jmp(assumed.window ? kLeaveAt + 0x100'0000 : kLeaveAt);
    a.bind(cold);
    cold_at_ = static_cast<std::uint32_t>(a.offset());
    a.mov(x::r11d, kFirstExit);
    a.jmp(assumed.window ? kWindowHelpAt : kHelpAt);
    code_ = finished(holder, kCodeAt);
    exit.context = assumed.keys[0];
}

inline std::string TestBlock::verdict()
{
    static Verifier verifier{test_layout()};
    if (exit.resume == kNowhere) {
        exit.resume = resume_;
    }
    const std::array exits{exit};
    const std::array faults{FaultView{.at = fault_at_, .cold = cold_at_}};
    BlockView view{.code = code_,
                   .address = kCodeAt,
                   .rip = 0x1000,
                   .guest = guest_,
                   .assumed = assumed_,
                   .from_host = 0,
                   .from_memory = from_memory_,
                   .unchecked = unchecked_,
                   .first_exit = kFirstExit,
                   .first_link = kFirstLink,
                   .exits = exits,
                   .links = links_,
                   .faults = std::span{faults}.first(with_fault_ ? 1 : 0)};
    if (!late_code_.empty()) {
        view.late = late_;
    }
    const auto violation = verifier.verify(view);
    return violation ? Verifier::explain(view, *violation) : std::string{};
}

} // namespace windsor::translate::verify::testing
