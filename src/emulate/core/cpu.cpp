// SPDX-License-Identifier: GPL-2.0-or-later
// The processor's mode and what follows from it.
#include "emulate/core/cpu.hpp"

#include "emulate/core/accelerator.hpp"
#include "emulate/core/block_cache.hpp"
#include "emulate/core/decoder.hpp"
#include "emulate/core/upper_halves.hpp"
#include "emulate/floating/fx_state.hpp"
#include "emulate/memory/shootdowns.hpp"
#include "emulate/memory/physical_map.hpp"

#include <algorithm>
#include <atomic>
#include <vector>

namespace windsor::emulate {

namespace rflags = x86::rflags;
namespace cr4 = x86::cr4;
using x86::Seg;

Cpu::Cpu(const vcpu::EngineParts& parts)
    : parts_{parts}, physical_{std::make_unique<PhysicalMap>(parts.memory)}, blocks_{std::make_unique<BlockCache>()},
      decoder_{std::make_unique<Decoder>(parts.model, stubs_)},
      shootdowns_{std::make_unique<Shootdowns>(parts.memory, parts.signals)}
{
    const vcpu::CpuState none;
    const std::uint32_t sizes = parts.model.cpuid(0x80000008, 0, none, parts.apic_id).eax & 0xff;
    physical_bits_ = sizes >= 32 && sizes <= 52 ? sizes : 36;
    gigabyte_pages_ = (parts.model.cpuid(0x80000001, 0, none, parts.apic_id).edx & (1u << 26)) != 0;
    tsc_ticks_ =
        static_cast<std::uint64_t>((static_cast<unsigned __int128>(parts.model.tsc_hz()) << kTscShift) / base::kSecond);
    load_state(vcpu::reset_state(parts.model.signature()));
}

Cpu::~Cpu() = default;

void Cpu::load_state(const vcpu::CpuState& state)
{
    s = state;
    s.rflags |= rflags::kFixed1;
    // Emitted code loads MXCSR as it stands here: bits that the host refuses must never get this far.
    s.fx.mxcsr &= mxcsr::kDefined;
    pending_debug = 0;
    cpl_ = (s.cr0 & x86::cr0::kPe) != 0 ? s.segment(Seg::Ss).attributes.dpl : 0;
    flush_tlb(Flush::All);
    mode_changed();
}

void Cpu::mode_changed()
{
    const x86::Segment& code = s.segment(Seg::Cs);
    if ((s.cr0 & x86::cr0::kPe) == 0) {
        mode_ = Mode::Real;
        cpl_ = 0;
    } else if ((s.rflags & rflags::kVm) != 0) {
        mode_ = Mode::Virtual8086;
        cpl_ = 3;
    } else if ((s.efer & x86::efer::kLma) == 0) {
        mode_ = Mode::Protected;
    } else {
        mode_ = code.attributes.l ? Mode::Long : Mode::Compatibility;
    }
    linear_mask_ = mode_ == Mode::Long ? ~std::uint64_t{0} : 0xffffffff;
    if (mode_ != Mode::Long) {
        clear_upper_halves(s);
    }
    for (const Seg seg : {Seg::Es, Seg::Cs, Seg::Ss, Seg::Ds, Seg::Fs, Seg::Gs}) {
        segment_changed(seg);
    }
    update_special();
}

void Cpu::segment_changed(Seg seg)
{
    const x86::Segment& segment = s.segment(seg);
    SegmentWindow& window = windows_[static_cast<unsigned>(seg)];
    if (mode_ == Mode::Long) {
        const bool based = seg == Seg::Fs || seg == Seg::Gs;
        window = {.base = x86::Linear{based ? segment.base : 0},
                  .read_end = ~std::uint64_t{0},
                  .write_end = ~std::uint64_t{0}};
    } else {
        const x86::Attributes& rights = segment.attributes;
        const std::uint64_t end = rights.expand_down() ? 0 : std::uint64_t{segment.limit} + 1;
        const bool loose = mode_ == Mode::Real || mode_ == Mode::Virtual8086;
        const bool usable = !segment.unusable && rights.p;
        window = {.base = x86::Linear{segment.base},
                  .read_end = loose || (usable && rights.readable()) ? end : 0,
                  .write_end = loose || (usable && rights.writable()) ? end : 0};
    }
    if (seg == Seg::Cs) {
        const bool was_long = mode_ == Mode::Long;
        if (long_mode() && segment.attributes.l != was_long) {
            mode_changed();
            return;
        }
        code_size_ = mode_ == Mode::Long ? 8 : segment.attributes.db ? 4 : 2;
        code_base_ = x86::Linear{mode_ == Mode::Long ? 0 : segment.base};
        code_limit_ = mode_ == Mode::Long ? ~std::uint64_t{0} : segment.limit;
        update_fetch_context();
    } else if (seg == Seg::Ss) {
        stack_size_ = mode_ == Mode::Long ? 8 : segment.attributes.db ? 4 : 2;
    }
}

void Cpu::set_cpl(unsigned cpl)
{
    cpl_ = cpl;
    update_fetch_context();
    update_special();
}

void Cpu::update_fetch_context()
{
    fetch_context_ = (cpl_ == 3 ? 1 : 0) | (static_cast<std::uint64_t>(mode_) << 1) | (std::uint64_t{code_size_} << 4);
}

// Works out what the run loop and memory accesses need to know of flags and debug registers, which may have changed.
void Cpu::update_special()
{
    const bool ac = (s.rflags & rflags::kAc) != 0;
    if (cpl_ == 3) {
        program_.set = ac && (s.cr0 & x86::cr0::kAm) != 0 ? TlbSet::Checked : TlbSet::User;
    } else {
        program_.set = ac && (s.cr4 & cr4::kSmap) != 0 ? TlbSet::SupervisorAc : TlbSet::Supervisor;
    }
    program_.entries = &tlb_.set(program_.set);

    const bool breakpoints = ((s.dr7 | watched_[4]) & x86::dr7::kEnables) != 0 && update_breakpoints();
    stepped_ = (s.rflags & rflags::kTf) != 0 || s.sti_shadow || s.mov_ss_shadow || breakpoints || pending_debug != 0;
    special_ = stepped_ || trace_ != nullptr;
}

// Whether there are breakpoints on instructions. Those on data are known to the TLB as it is filled.
bool Cpu::update_breakpoints()
{
    const std::array<std::uint64_t, 5> watched{s.dr[0], s.dr[1], s.dr[2], s.dr[3], s.dr7};
    if (watched != watched_) {
        watched_ = watched;
        tell_fast_stores();
        tlb_.flush(Flush::All);
    }
    bool breakpoints = false;
    for (unsigned i = 0; i < 4; ++i) {
        breakpoints = breakpoints || (((s.dr7 >> (2 * i)) & 3) != 0 && ((s.dr7 >> (16 + 4 * i)) & 3) == 0);
    }
    return breakpoints;
}

void Cpu::flush_tlb(Flush what)
{
    tell_fast_stores();
    tlb_.flush(what);
    ++local_epoch_;
    if (what == Flush::All) {
        ++global_epoch_;
        fetched_large_.clear();
    }
    blocks_->forget_linear();
    if (accelerator_ != nullptr) {
        accelerator_->flushed(what);
    }
}

void Cpu::invalidate_page(x86::Linear linear)
{
    tell_fast_stores();
    tlb_.flush_page(linear);
    const auto forget = [&](FetchSlot& slot) {
        if (invalidates(linear, slot.page, slot.size)) {
            slot.epoch = 0;
        }
    };
    forget(fetch_slot_of(linear));
    if (fetched_large_.may_contain(linear)) {
        std::ranges::for_each(fetch_slots_, forget);
    }
    blocks_->forget_linear();
    if (accelerator_ != nullptr) {
        accelerator_->page_invalidated(linear);
    }
}

bool Cpu::flat(Seg seg) const
{
    constexpr std::uint64_t kAll = std::uint64_t{1} << 32;
    const SegmentWindow& window = windows_[static_cast<unsigned>(seg)];
    return window.base == x86::Linear{} && window.read_end >= kAll && window.write_end >= kAll;
}

void Cpu::set_a20(bool open)
{
    const std::uint64_t mask = open ? ~std::uint64_t{0} : ~(std::uint64_t{1} << 20);
    if (mask != a20_mask_) {
        a20_mask_ = mask;
        flush_tlb(Flush::All);
        leave_ = true;
    }
}

void Cpu::set_trace(TraceSink* sink)
{
    trace_ = sink;
    drop_code(); // blocks of one mode are too short or too long for the other
    update_special();
}

std::uint64_t Cpu::tsc() const
{
    const auto now = static_cast<unsigned __int128>(parts_.clock.now());
    return static_cast<std::uint64_t>((now * tsc_ticks_) >> kTscShift) + s.tsc_offset;
}

void Cpu::set_tsc(std::uint64_t value)
{
    s.tsc_offset += value - tsc();
}

// Blocks belong to host memory: they stay valid wherever that is mapped, and go when it is not mapped any more.
void Cpu::keep_visible_blocks()
{
    std::vector<std::span<const std::uint8_t>> visible;
    parts_.memory.for_each([&](const memory::Mapping& mapping) {
        visible.push_back(mapping.block->bytes().subspan(mapping.block_offset, mapping.size));
    });
    blocks_->keep_only(visible);
    if (accelerator_ != nullptr) {
        accelerator_->keep_only(visible);
    }
}

void Cpu::drop_code()
{
    blocks_->drop_all();
    if (accelerator_ != nullptr) {
        accelerator_->drop_all();
    }
}

void Cpu::drop_written(const std::uint8_t* host_page, unsigned offset, unsigned size)
{
    blocks_->written(host_page, offset, size);
    if (accelerator_ != nullptr) {
        static_cast<void>(accelerator_->written(host_page, offset, size));
        static_cast<void>(accelerator_->tables_written(host_page, offset, size));
    }
}

void Cpu::serialize()
{
    shootdowns_->each_unheard([this](const std::uint8_t* host_page) {
        drop_written(host_page, 0, memory::kPageSize);
        leave_ = true;
    });
}

bool Cpu::has_company() const
{
    return shootdowns_->has_company();
}

// The signal stays raised, as only a part of what it stands for is done here. A processor that has raised it before the
// fence is heard now; one that raises it later reads the page later, too, and sees all stores before the fence.
void Cpu::tell_fast_stores()
{
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (parts_.signals.test(vcpu::Signal::Attention)) {
        hear_of_holds();
    }
}

void Cpu::forget_evicted()
{
    if (!evicted_.empty()) {
        tell_fast_stores();
        evicted_.clear();
    }
}

// Other processors have begun to hold pages. Where this one's stores may have taken the fast path to such a page, the
// whole page is told as written. The running block may have the page's host address at hand still, and ends.
void Cpu::hear_of_holds()
{
    const Shootdowns::Holds holds = shootdowns_->take_holds();
    for (const auto& [host, hold] : holds) {
        const bool evicted = std::ranges::find(evicted_, host) != evicted_.end();
        if (code_page_held(host) || evicted) {
            shootdowns_->announce_write(hold.physical, memory::kPageSize);
            leave_ = true;
        }
    }
}

void Cpu::serve_shootdowns()
{
    parts_.signals.lower(vcpu::Signal::Attention);
    hear_of_holds(); // while the TLB still says where stores may have gone
    evicted_.clear();
    const Shootdowns::Batch batch = shootdowns_->take();
    if (batch.mappings) {
        physical_->forget();
    }
    if (batch.everything) {
        drop_code();
    }
    if (batch.mappings || batch.everything) {
        keep_visible_blocks();
    }
    for (const auto& [host, ranges] : batch.written) {
        for (const Shootdowns::Range& range : ranges) {
            drop_written(host, range.offset, range.size);
        }
    }
    if (batch.mappings || batch.dirty_log || batch.everything) {
        flush_tlb(Flush::All);
    }
}

} // namespace windsor::emulate
