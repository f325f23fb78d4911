// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/run/block_checks.hpp"

#include "memory/guest_memory.hpp"
#include "translate/window/address_window.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace windsor::translate {

namespace {

using verify::Field;
using verify::Rights;

// This describes to the verifier where the frame's fields are, and what code may do with them.
class LayoutWriter {
public:
    LayoutWriter(const Frame& frame, emulate::Cpu& cpu, const StubSets& stubs) : frame_{frame}, cpu_{cpu}, stubs_{stubs}
    {
    }

    verify::Layout write()
    {
        add_frame();
        add_state();
        add_segments();
        add_tables();
        std::ranges::sort(layout_.fields, {}, &Field::begin);
        return std::move(layout_);
    }

private:
    std::int32_t distance(const void* at) const
    {
        return static_cast<std::int32_t>(static_cast<const std::uint8_t*>(at) -
                                         reinterpret_cast<const std::uint8_t*>(&frame_));
    }
    template <typename T> void add(const T& field, Rights rights, unsigned which = 0, std::size_t bytes = sizeof(T))
    {
        const std::int32_t begin = distance(&field);
        layout_.fields.push_back({.begin = begin, .end = begin + static_cast<std::int32_t>(bytes), .rights = rights,
                                  .which = static_cast<std::uint8_t>(which)});
    }

    void add_frame()
    {
        for (unsigned n = 0; n < x86::kGprCount; ++n) {
            add(frame_.bases[n], Rights::Slot, n);
        }
        for (unsigned n = 0; n < frame_.scratch.size(); ++n) {
            add(frame_.scratch[n], Rights::Slot, verify::kScratch + n);
        }
        add(frame_.piece, Rights::Slot, verify::kPiece);
        add(frame_.target, Rights::Slot, verify::kTarget);
        add(frame_.flags, Rights::Change);
        add(frame_.direction, Rights::Change);
        add(frame_.sse_live, Rights::Live, verify::kSse);
        add(frame_.avx_live, Rights::Live, verify::kSse | verify::kAvx);
        add(frame_.x87_live, Rights::Live, verify::kX87);
        add(frame_.signals, Rights::Signals);
        add(frame_.heeded, Rights::Heeded);
        add(frame_.selectors.null(), Rights::KernelRead);
    }

    void add_state()
    {
        const vcpu::CpuState& s = cpu_.s;
        for (unsigned n = 0; n < x86::kGprCount; ++n) {
            if (in_memory(n)) {
                add(s.gpr[n], Rights::Change);
            }
        }
        add(s.rflags, Rights::Kernel);
        add(s.kernel_gs_base, Rights::Kernel);
        add(s.gdtr.base, Rights::KernelRead);
        add(s.gdtr.limit, Rights::KernelRead);
        add(cpu_.program().set, Rights::Set);
        add(cpu_.program().entries, Rights::Entries);
    }

    void add_segments()
    {
        for (const auto seg : {x86::Seg::Es, x86::Seg::Cs, x86::Seg::Ss, x86::Seg::Ds, x86::Seg::Fs, x86::Seg::Gs}) {
            const bool loaded = seg != x86::Seg::Cs && seg != x86::Seg::Ss; // code of ring 0 loads it
            add(cpu_.s.segment(seg), loaded ? Rights::Kernel : Rights::Read);
            if (loaded) {
                add(cpu_.window(seg), Rights::Kernel);
            }
        }
    }

    void add_tables()
    {
        for (unsigned n = 0; n < verify::kSets; ++n) {
            const emulate::TlbEntries& set = cpu_.tlb().set(static_cast<emulate::TlbSet>(n));
            layout_.tlb[n] = {.read = distance(set.read.data()), .write = distance(set.write.data()),
                              .host = distance(set.host.data()), .distance = distance(set.distance.data())};
            layout_.set_address[n] = distance(&set);
        }
        layout_.tlb_count = emulate::TlbEntries::kCount;
        layout_.jumps = distance(&frame_.jumps[0][0]);
        layout_.jump_entries = kJumpEntries;
        layout_.jump_factor = kJumpFactor;
        layout_.jump_shift = kJumpShift;
        layout_.selectors = distance(&frame_.selectors.first());
        layout_.selector_bytes = sizeof(KnownSelector);
        layout_.selector_count = KnownSelectors::kCount;
        layout_.least_displacement = AddressWindow::kLeastDisplacement;
        layout_.signal_mask = kHeeded & 0xff;
        layout_.masked_signal = vcpu::bit_of(vcpu::Signal::Interrupt);
        for (const Reach reach : kReaches) {
            const Stubs& stubs = stubs_.of(reach);
            layout_.stubs.at(std::to_underlying(reach)) = {.leave = reinterpret_cast<std::uintptr_t>(stubs.leave),
                                                           .help = reinterpret_cast<std::uintptr_t>(stubs.help),
                                                           .cross = reinterpret_cast<std::uintptr_t>(stubs.cross)};
        }
    }

    const Frame& frame_;
    emulate::Cpu& cpu_;
    const StubSets& stubs_;
    verify::Layout layout_;
};

std::uint64_t now()
{
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

} // namespace

BlockChecks::BlockChecks(const Parts& parts, OnViolation on_violation)
    : parts_{parts},
      on_violation_{std::move(on_violation)},
      verifier_{LayoutWriter{parts.frame, parts.cpu, parts.stubs}.write()}
{
}

verify::Assumptions BlockChecks::assumptions_of(const Context& context) const
{
    verify::Assumptions assumed{.long64 = context.long64(), .user = context.user, .window = context.window,
                                .sse = context.sse, .avx = context.avx, .x87 = context.x87,
                                .set = static_cast<std::uint8_t>(context.set),
                                .other_set = static_cast<std::uint8_t>(context.set),
                                .narrow = !context.long64()};
    const auto enter = [&](emulate::TlbSet set) {
        Context there = context;
        there.set = set;
        assumed.tables[static_cast<std::size_t>(set)] = parts_.tables.known_slot(there.key());
        assumed.keys[static_cast<std::size_t>(set)] = there.key();
    };
    enter(context.set);
    if (context.smap && !context.user) {
        const auto other =
            context.set == emulate::TlbSet::Supervisor ? emulate::TlbSet::SupervisorAc : emulate::TlbSet::Supervisor;
        assumed.other_set = static_cast<std::uint8_t>(other);
        enter(other);
    }
    return assumed;
}

verify::SideExitView BlockChecks::view_of(const SideExit& exit, const Block& block) const
{
    verify::SideExitView view{.kept = exit.kept, .context = exit.context, .offset = exit.offset};
    switch (exit.kind) {
    case SideExit::Kind::Interpret: view.kind = verify::SideExitView::Kind::Interpret; break;
    case SideExit::Kind::Access: view.kind = verify::SideExitView::Kind::Access; break;
    case SideExit::Kind::LoadSse: view.units = verify::kSse; break;
    case SideExit::Kind::LoadAvx: view.units = verify::kSse | verify::kAvx; break;
    case SideExit::Kind::LoadX87: view.units = verify::kX87; break;
    }
    if (view.units != 0) {
        view.kind = verify::SideExitView::Kind::Load;
    }
    if (exit.resume != nullptr) {
        view.resume = static_cast<std::uint32_t>(exit.resume - block.from_host);
    }
    if (exit.group != 0) {
        const GroupRange& range = parts_.groups[exit.group - 1];
        view.group = true;
        view.distance = range.distance;
        view.write = range.write;
        view.base = range.base;
        view.span = range.span;
        view.from = range.from;
        view.low = range.low;
    }
    return view;
}

void BlockChecks::collect(const Block& block)
{
    const std::span code{block.from_host, block.code_bytes};
    exits_.clear();
    links_.clear();
    faults_.clear();
    for (std::uint32_t n = 0; n < block.exits; ++n) {
        exits_.push_back(view_of(parts_.exits[block.first_exit + n], block));
    }
    for (std::uint32_t n = 0; n < block.links; ++n) {
        const Link& link = parts_.links[block.first_link + n];
        links_.push_back(
            {.displacement = static_cast<std::uint32_t>(link.displacement - parts_.to_writable - block.from_host),
             .unlinked = static_cast<std::uint32_t>(link.unlinked - block.from_host),
             .target = link.target,
             .context = link.context});
    }
    parts_.faults.each_in(code, [&](std::uint32_t at, std::uint32_t cold) {
        if (cold < code.size()) { // otherwise it is late code, which was proven when it was written
            faults_.push_back({.at = at, .cold = cold});
        }
    });
}

verify::BlockView BlockChecks::view_of(const Block& block) const
{
    const auto offset = [&](const std::uint8_t* at) { return static_cast<std::uint32_t>(at - block.from_host); };
    return {.code = {block.from_host, block.code_bytes},
            .address = reinterpret_cast<std::uintptr_t>(block.from_host),
            .rip = block.rip,
            .guest = block.bytes,
            .assumed = assumptions_of(Context::of(block.context)),
            .from_host = 0,
            .from_memory = offset(block.from_memory),
            .unchecked = offset(block.unchecked),
            .first_exit = block.first_exit,
            .first_link = block.first_link,
            .exits = exits_,
            .links = links_,
            .faults = faults_};
}

// Returns the code as it was before its links were linked.
std::vector<std::uint8_t> BlockChecks::unlinked(const Block& block) const
{
    std::vector<std::uint8_t> code{block.from_host, block.from_host + block.code_bytes};
    for (const verify::LinkView& link : links_) {
        const auto distance = static_cast<std::int32_t>(link.unlinked - link.displacement - sizeof(std::int32_t));
        std::memcpy(code.data() + link.displacement, &distance, sizeof distance);
    }
    return code;
}

std::optional<verify::Violation> BlockChecks::verify(const verify::BlockView& view)
{
    const std::uint64_t began = now();
    const auto violation = verifier_.verify(view);
    ++counters_.blocks;
    counters_.nanoseconds += now() - began;
    counters_.refused += violation ? 1 : 0;
    return violation;
}

void BlockChecks::report(const verify::BlockView& view, const verify::Violation& violation) const
{
    if (on_violation_) {
        on_violation_(verify::Verifier::explain(view, violation));
    }
}

bool BlockChecks::check(const Block& block)
{
    collect(block);
    const verify::BlockView view = view_of(block);
    const auto violation = verify(view);
    if (!violation) {
        return true;
    }
    if (refused_.size() >= kMostRefused) {
        refused_.clear();
    }
    refused_.insert(block.host);
    report(view, *violation);
    return false;
}

bool BlockChecks::check_late(const Block& block, const std::uint8_t* at, std::span<const std::uint8_t> way,
                             std::uint32_t exit)
{
    collect(block);
    const std::vector<std::uint8_t> code = unlinked(block);
    verify::BlockView view = view_of(block);
    view.code = code;
    view.late = verify::LateView{.code = way,
                                 .address = reinterpret_cast<std::uintptr_t>(way.data()),
                                 .at = static_cast<std::uint32_t>(at - block.from_host),
                                 .exit = exit,
                                 .context = parts_.exits[exit].context};
    const auto violation = verify(view);
    if (violation) {
        report(view, *violation);
    }
    return !violation;
}

void BlockChecks::written(const std::uint8_t* host_page)
{
    if (!refused_.empty()) {
        std::erase_if(refused_, [&](const std::uint8_t* host) {
            return host - (reinterpret_cast<std::uintptr_t>(host) & memory::kPageMask) == host_page;
        });
    }
}

} // namespace windsor::translate
