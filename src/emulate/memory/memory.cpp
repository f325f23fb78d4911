// SPDX-License-Identifier: GPL-2.0-or-later
// The slow path of memory accesses: TLB misses, page crossings, MMIO, data breakpoints, and pages that are held.
#include "emulate/core/accelerator.hpp"
#include "emulate/core/block_cache.hpp"
#include "emulate/core/cpu.hpp"
#include "emulate/core/decoder.hpp"
#include "emulate/memory/shootdowns.hpp"
#include "emulate/memory/physical_map.hpp"
#include "emulate/system/system.hpp"
#include "x86/address.hpp"

#include <algorithm>
#include <atomic>

namespace windsor::emulate {

using x86::Exception;
using x86::Seg;

// SDM volume 3A, section 5.3 (limits), 5.5 (types); volume 1, section 3.3.7.1 (canonical form).
bool Cpu::linearize(Seg seg, std::uint64_t offset, std::uint64_t size, Intent intent, x86::Linear& linear)
{
    const Exception fault = seg == Seg::Ss ? Exception::Ss : Exception::Gp;
    const x86::Segment& segment = s.segment(seg);
    if (mode_ == Mode::Long) {
        linear = x86::Linear{offset + (seg == Seg::Fs || seg == Seg::Gs ? segment.base : 0)};
        return x86::canonical(linear) && x86::canonical(linear + size - 1) ? true : refuse(fault, 0);
    }
    if (protected_mode()) {
        const bool unreadable = intent == Intent::Read ? !segment.attributes.readable() : false;
        const bool unwritable = intent != Intent::Read && !segment.attributes.writable();
        if (segment.unusable || !segment.attributes.p || unreadable || unwritable) {
            return refuse(fault, 0);
        }
    }
    const std::uint64_t last = offset + size - 1;
    if (segment.attributes.expand_down()) {
        const std::uint64_t top = segment.attributes.db ? 0xffffffff : 0xffff;
        if (offset <= segment.limit || last > top) {
            return refuse(fault, 0);
        }
    } else if (last > segment.limit) {
        return refuse(fault, 0);
    }
    linear = x86::Linear{segment.base + offset} & linear_mask_;
    return true;
}

bool Cpu::watches_data(x86::Linear linear) const
{
    for (unsigned i = 0; i < 4; ++i) {
        const std::uint64_t control = s.dr7 >> (16 + 4 * i);
        const bool enabled = ((s.dr7 >> (2 * i)) & 3) != 0;
        // A breakpoint covers at most eight bytes, aligned: it cannot cross a page.
        if (enabled && (control & 3) != 0 && ((s.dr[i] ^ linear.raw()) & kLinearPage) == 0) {
            return true;
        }
    }
    return false;
}

// Drops an entry of the TLB to make room for another. An accelerator's block whose accesses share one lookup may go on
// storing to the page until it ends, so the page is kept in mind that long.
void Cpu::evict(TlbEntries& entries, std::size_t at)
{
    constexpr std::size_t kMostEvicted = 16;
    tell_fast_stores();
    if (accelerator_ != nullptr && !tag::empty(entries.write[at]) && !tag::slow(entries.write[at])) {
        if (evicted_.size() == kMostEvicted) {
            evicted_.clear();
            leave_ = true;
        }
        evicted_.push_back(entries.host[at]);
    }
    entries.clear(at);
}

void Cpu::fill(x86::Linear linear, const WalkResult& found, Purpose purpose, TlbSet set)
{
    const x86::Linear page = linear.aligned_down(memory::kPageSize);
    tlb_.take(set, linear, found.global, found.size);
    TlbEntries& entries = tlb_.set(set);
    const std::size_t at = TlbEntries::index(linear);
    const memory::Page& backing = physical_->page(found.physical);
    if (!tag::matches(entries.read[at], linear)) {
        evict(entries, at);
    }
    const bool watched = (s.dr7 & x86::dr7::kEnables) != 0 && watches_data(linear);
    entries.place(at, page, backing.host);
    entries.physical[at] = found.physical.aligned_down(memory::kPageSize).raw() |
                           (found.global ? TlbEntries::kGlobal : 0) | TlbEntries::flag_of(found.size) |
                           (backing.readable() ? 0 : TlbEntries::kReadMmio) |
                           (backing.writable() ? 0 : TlbEntries::kWriteMmio);
    entries.read[at] = page.raw() ^ (backing.readable() && !watched ? 0 : tag::kSlow);
    if (purpose == Purpose::Write) {
        bool slow = !backing.writable() || !backing.readable() || watched; // a read-modify-write reads by this entry
        if (backing.writable()) {
            if (backing.logged) {
                backing.flags->fetch_or(memory::kPageWritten);
            }
            slow = slow || (backing.flags->load() & memory::kPageCode) != 0;
        }
        entries.write[at] = page.raw() ^ (slow ? tag::kSlow : 0);
    }
}

// Finds the memory of an access that lies in one page.
bool Cpu::locate(x86::Linear linear, unsigned size, Intent intent, TlbSet set, Located& result)
{
    const bool write = intent != Intent::Read;
    TlbEntries& entries = tlb_.set(set);
    const std::size_t at = TlbEntries::index(linear);
    if (!tag::matches(write ? entries.write[at] : entries.read[at], linear)) {
        const Purpose purpose = write ? Purpose::Write : Purpose::Read;
        WalkResult found;
        if (!walk_pages(linear, purpose, set, found)) {
            return false;
        }
        fill(linear, found, purpose, set);
    }
    const bool through_mmio = entries.is(at, intent == Intent::Write ? TlbEntries::kWriteMmio : TlbEntries::kReadMmio);
    result.physical = base::GuestPhysical{entries.physical[at] & kLinearPage} + linear.offset_in(memory::kPageSize);
    result.host = through_mmio ? nullptr : entries.host_address(at, linear);
    result.flags = write && !through_mmio ? physical_->page(result.physical).flags : nullptr;
    result.size = size;
    if (write && !through_mmio && tag::slow(entries.write[at])) {
        const bool held =
            result.flags != nullptr && (result.flags->load(std::memory_order_relaxed) & memory::kPageCode) != 0;
        const bool mmio = entries.is(at, TlbEntries::kReadMmio | TlbEntries::kWriteMmio);
        if (!held && !mmio && !watches_data(linear)) {
            entries.write[at] = linear.aligned_down(memory::kPageSize).raw(); // nobody holds the page any more
        }
    }
    return true;
}

// If an access crosses into another page, both pages are checked before either is touched.
bool Cpu::locate_all(x86::Linear linear, unsigned size, Intent intent, TlbSet set, std::array<Located, 2>& parts)
{
    if (set == TlbSet::Checked) {
        if (linear.offset_in(size) != 0) {
            return refuse(Exception::Ac, 0);
        }
        set = TlbSet::User;
    }
    if ((s.dr7 & x86::dr7::kEnables) != 0) {
        note_data_breakpoint(*this, linear, size, intent);
        leave_ = leave_ || pending_debug != 0;
    }
    const std::uint64_t left = memory::kPageSize - linear.offset_in(memory::kPageSize);
    const unsigned first = size <= left ? size : static_cast<unsigned>(left);
    parts[1].size = 0;
    if (!locate(linear, first, intent, set, parts[0])) {
        return false;
    }
    if (first == size) {
        return true;
    }
    x86::Linear next = linear + first;
    if ((s.efer & x86::efer::kLma) == 0) {
        next &= 0xffffffff;
    }
    return locate(next, size - first, intent, set, parts[1]);
}

void Cpu::read_located(const Located& at, std::uint8_t* into)
{
    if (at.host != nullptr) {
        switch (at.size) {
        case 1: *into = *at.host; break;
        case 2: std::memcpy(into, at.host, 2); break;
        case 4: std::memcpy(into, at.host, 4); break;
        case 8: std::memcpy(into, at.host, 8); break;
        default: std::memcpy(into, at.host, at.size);
        }
        return;
    }
    for (unsigned done = 0; done < at.size;) {
        const unsigned size = std::min(8U, std::bit_floor(at.size - done));
        ++statistics_.mmio_accesses;
        const std::uint64_t value = parts_.io.mmio_read(at.physical + done, size);
        std::memcpy(into + done, &value, size);
        done += size;
    }
    leave_ = leave_ || parts_.signals.pending() != 0;
}

void Cpu::write_located(const Located& at, const std::uint8_t* from)
{
    if (at.host != nullptr) {
        switch (at.size) {
        case 1: *at.host = *from; break;
        case 2: std::memcpy(at.host, from, 2); break;
        case 4: std::memcpy(at.host, from, 4); break;
        case 8: std::memcpy(at.host, from, 8); break;
        default: std::memcpy(at.host, from, at.size);
        }
        std::atomic_thread_fence(std::memory_order_seq_cst); // a processor that sets the flag later sees the store
        if (at.flags != nullptr && (at.flags->load() & memory::kPageCode) != 0) {
            code_page_written(at);
        }
        return;
    }
    for (unsigned done = 0; done < at.size;) {
        const unsigned size = std::min(8U, std::bit_floor(at.size - done));
        std::uint64_t value = 0;
        std::memcpy(&value, from + done, size);
        ++statistics_.mmio_accesses;
        parts_.io.mmio_write(at.physical + done, size, value);
        done += size;
    }
    leave_ = leave_ || parts_.signals.pending() != 0;
}

bool Cpu::read_slow(x86::Linear linear, void* into, unsigned size, Intent intent, TlbSet set)
{
    std::array<Located, 2> parts;
    if (!locate_all(linear, size, intent, set, parts)) {
        return false;
    }
    auto* bytes = static_cast<std::uint8_t*>(into);
    read_located(parts[0], bytes);
    if (parts[1].size != 0) {
        read_located(parts[1], bytes + parts[0].size);
    }
    return true;
}

bool Cpu::write_slow(x86::Linear linear, const void* from, unsigned size, TlbSet set)
{
    std::array<Located, 2> parts;
    if (!locate_all(linear, size, Intent::Write, set, parts)) {
        return false;
    }
    const auto* bytes = static_cast<const std::uint8_t*>(from);
    write_located(parts[0], bytes);
    if (parts[1].size != 0) {
        write_located(parts[1], bytes + parts[0].size);
    }
    return true;
}

// A store has been made to a page that is held. If nothing of it is held any more, its flag is cleared, and others are
// told that the whole page was written, before and after that. Before, since a third processor may store there without
// telling as soon as the flag is clear, so that nobody may hold the page then. After, since a processor that has
// decoded code of it in between has to forget that and to set the flag again.
void Cpu::code_page_written(const Located& at, Writer writer)
{
    const std::uint64_t offset = at.physical.offset_in(memory::kPageSize);
    auto effect = blocks_->written(at.host - offset, static_cast<unsigned>(offset), at.size);
    if (accelerator_ != nullptr) {
        const auto own = accelerator_->written(at.host - offset, static_cast<unsigned>(offset), at.size);
        const bool tables =
            writer == Writer::Walker
                ? accelerator_->holds_tables(at.host - offset)
                : accelerator_->tables_written(at.host - offset, static_cast<unsigned>(offset), at.size);
        effect = {.dropped = effect.dropped || own.dropped, .page_held = effect.page_held || own.page_held || tables};
    }
    if (effect.dropped) {
        leave_ = true;
    }
    if (effect.page_held || spares_flag(at.host - offset)) {
        shootdowns_->announce_write(at.physical, at.size);
        return;
    }
    shootdowns_->announce_write(at.physical - offset, memory::kPageSize);
    at.flags->fetch_and(static_cast<std::uint8_t>(~memory::kPageCode));
    shootdowns_->announce_write(at.physical - offset, memory::kPageSize);
}

// Whether a page that this processor does not hold keeps its flag, as another processor may hold it. The flag is
// cleared once in a while, so that code which is used no more does not make stores to its page slow for ever.
bool Cpu::spares_flag(const std::uint8_t* host_page)
{
    constexpr unsigned kMostWrites = 64;
    if (!has_company()) {
        return false;
    }
    std::uint8_t& writes =
        foreign_writes_[(reinterpret_cast<std::uintptr_t>(host_page) >> 12) % foreign_writes_.size()];
    writes = static_cast<std::uint8_t>((writes + 1) % kMostWrites);
    return writes != 0;
}

bool Cpu::code_page_held(const std::uint8_t* host_page)
{
    const bool quick = tlb_.slow_down_writes(host_page);
    return (accelerator_ != nullptr && accelerator_->page_held(host_page)) || quick;
}

bool Cpu::locate_locked(Seg seg, std::uint64_t offset, unsigned size, LockedPlace& place)
{
    x86::Linear linear;
    std::array<Located, 2> parts;
    if (!linearize(seg, offset, size, Intent::ReadForWrite, linear) ||
        !locate_all(linear, size, Intent::ReadForWrite, program_.set, parts)) {
        return false;
    }
    const bool plain = parts[0].host != nullptr && parts[1].size == 0 &&
                       physical_->page(parts[0].physical).backing == memory::Backing::ReadWrite;
    place = {.host = plain ? parts[0].host : nullptr, .physical = parts[0].physical, .size = size};
    return true;
}

void Cpu::changed(const LockedPlace& place)
{
    const memory::Page& page = physical_->page(place.physical);
    if ((page.flags->load() & memory::kPageCode) != 0) {
        code_page_written({.host = place.host, .physical = place.physical, .flags = page.flags, .size = place.size});
    }
}

memory::Page Cpu::physical_page(base::GuestPhysical physical)
{
    return physical_->page(physical);
}

// If the flag was set, other processors hold the page already, but this one may have made stores to it by the fast
// path, so they are told that it was written. All others are asked to tell their stores even then, since the processor
// that has set the flag may not have asked them yet.
void Cpu::hold_page(const memory::Page& page, base::GuestPhysical physical)
{
    const bool first = (page.flags->fetch_or(memory::kPageCode) & memory::kPageCode) == 0;
    if (code_page_held(page.host) && !first) {
        shootdowns_->announce_write(physical.aligned_down(memory::kPageSize), memory::kPageSize);
    }
    shootdowns_->announce_hold(page.host, physical);
}

bool Cpu::locate_code(x86::Linear linear, CodePlace& place)
{
    const FetchSlot* slot = fetch_slot(linear);
    if (slot == nullptr) {
        return false;
    }
    const base::GuestPhysical physical = slot->physical + linear.offset_in(memory::kPageSize);
    place = {.page = physical_->page(physical), .physical = physical, .global = slot->global, .size = slot->size};
    return true;
}

bool Cpu::read_bytes(Seg seg, std::uint64_t offset, std::span<std::uint8_t> into)
{
    const Run run = direct_run(seg, offset, Intent::Read);
    if (run.bytes >= into.size()) [[likely]] {
        std::memcpy(into.data(), run.host, into.size());
        return true;
    }
    x86::Linear linear;
    return linearize(seg, offset, into.size(), Intent::Read, linear) &&
           read_slow(linear, into.data(), static_cast<unsigned>(into.size()), Intent::Read,
                     program_.set == TlbSet::Checked ? TlbSet::User : program_.set);
}

bool Cpu::read_bytes_for_write(Seg seg, std::uint64_t offset, std::span<std::uint8_t> into)
{
    x86::Linear linear;
    return linearize(seg, offset, into.size(), Intent::ReadForWrite, linear) &&
           read_slow(linear, into.data(), static_cast<unsigned>(into.size()), Intent::ReadForWrite,
                     program_.set == TlbSet::Checked ? TlbSet::User : program_.set);
}

bool Cpu::write_bytes(Seg seg, std::uint64_t offset, std::span<const std::uint8_t> from)
{
    const Run run = direct_run(seg, offset, Intent::Write);
    if (run.bytes >= from.size()) [[likely]] {
        std::memcpy(run.host, from.data(), from.size());
        return true;
    }
    x86::Linear linear;
    return linearize(seg, offset, from.size(), Intent::Write, linear) &&
           write_slow(linear, from.data(), static_cast<unsigned>(from.size()),
                      program_.set == TlbSet::Checked ? TlbSet::User : program_.set);
}

bool Cpu::probe_linear(x86::Linear linear, unsigned size, Intent intent, As as)
{
    std::array<Located, 2> parts;
    return locate_all(linear, size, intent, set_for(as), parts);
}

Cpu::Run Cpu::direct_run(Seg seg, std::uint64_t offset, Intent intent) const
{
    const SegmentWindow& window = windows_[static_cast<unsigned>(seg)];
    const std::uint64_t end = intent == Intent::Read ? window.read_end : window.write_end;
    if (offset >= end) {
        return {};
    }
    const x86::Linear linear = (window.base + offset) & linear_mask_;
    const TlbEntries& entries = *program_.entries;
    const std::size_t at = TlbEntries::index(linear);
    if ((intent == Intent::Read ? entries.read[at] : entries.write[at]) !=
        linear.aligned_down(memory::kPageSize).raw()) {
        return {};
    }
    return {.host = entries.host_address(at, linear),
            .bytes = std::min(memory::kPageSize - linear.offset_in(memory::kPageSize), end - offset)};
}

std::uint64_t Cpu::read_physical(base::GuestPhysical address, unsigned size)
{
    address &= a20_mask_;
    const memory::Page& page = physical_->page(address);
    if (!page.readable()) {
        ++statistics_.mmio_accesses;
        return parts_.io.mmio_read(address, size);
    }
    std::uint64_t value = 0;
    const std::uint8_t* at = page.host + address.offset_in(memory::kPageSize);
    switch (size) {
    case 8: std::memcpy(&value, at, 8); break;
    case 4: std::memcpy(&value, at, 4); break;
    default: std::memcpy(&value, at, std::min(size, 8U));
    }
    return value;
}

void Cpu::write_physical(base::GuestPhysical address, unsigned size, std::uint64_t value)
{
    address &= a20_mask_;
    const memory::Page& page = physical_->page(address);
    if (!page.writable()) {
        ++statistics_.mmio_accesses;
        parts_.io.mmio_write(address, size, value);
        return;
    }
    std::uint8_t* at = page.host + address.offset_in(memory::kPageSize);
    std::memcpy(at, &value, std::min(size, 8U));
    if (page.logged) {
        page.flags->fetch_or(memory::kPageWritten);
    }
    if ((page.flags->load() & memory::kPageCode) != 0) {
        code_page_written({.host = at, .physical = address, .flags = page.flags, .size = size});
    }
}

} // namespace windsor::emulate
