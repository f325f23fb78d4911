// SPDX-License-Identifier: GPL-2.0-or-later
// Page walks: from linear to guest-physical addresses. SDM volume 3A, chapter 4.
#include "emulate/core/cpu.hpp"
#include "emulate/memory/physical_map.hpp"
#include "x86/paging.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <concepts>
#include <span>

namespace windsor::emulate {

namespace pte = x86::pte;
namespace cr0 = x86::cr0;
namespace cr4 = x86::cr4;

// A page walk in progress.
struct Cpu::PageWalk {
    x86::Linear linear{};
    Purpose purpose{};
    bool user{false};        // the access is made in user mode
    bool explicit_ac{false}; // supervisor access that RFLAGS.AC lets past SMAP

    std::array<PageView::Entry, 4> entries{};
    unsigned levels{0};
    unsigned entry_size{8};
    std::uint64_t rights{pte::kRw | pte::kUs}; // those that the entries of all levels give
    bool no_execute{false};
    base::GuestPhysical page{}; // of the frame
    std::uint64_t offset_mask{0xfff};
    bool global{false};
    bool stale{false};       // another processor has changed an entry meanwhile
};

bool Cpu::page_fault(const PageWalk& walk, std::uint32_t bits)
{
    if (walk.purpose == Purpose::Write) {
        bits |= x86::pf::kWrite;
    }
    if (walk.user) {
        bits |= x86::pf::kUser;
    }
    // Bit 4 is defined only where instruction fetches can be told apart.
    const bool nx = (s.efer & x86::efer::kNxe) != 0 && (s.cr4 & cr4::kPae) != 0;
    if (walk.purpose == Purpose::Fetch && (nx || (s.cr4 & cr4::kSmep) != 0)) {
        bits |= x86::pf::kFetch;
    }
    s.cr2 = walk.linear.raw();
    return refuse(x86::Exception::Pf, bits);
}

// Two levels of 32-bit entries, with 4 MiB pages and PSE-36.
bool Cpu::walk_legacy(PageWalk& walk)
{
    walk.entry_size = 4;
    const base::GuestPhysical directory{(s.cr3 & 0xfffff000) + (((walk.linear.raw() >> 22) & 0x3ff) << 2)};
    const std::uint64_t pde = read_physical(directory, 4);
    if ((pde & pte::kP) == 0) {
        return page_fault(walk, 0);
    }
    walk.entries[walk.levels++] = {directory, pde};
    walk.rights &= pde;
    if ((pde & pte::kPs) != 0 && (s.cr4 & cr4::kPse) != 0) {
        // Bits 20:13 hold address bits 39:32; those beyond the physical width, and bit 21, are reserved.
        const unsigned high_bits = physical_bits_ > 40 ? 8 : physical_bits_ > 32 ? physical_bits_ - 32 : 0;
        const std::uint64_t reserved = 0x3fe000 & ~(((std::uint64_t{1} << high_bits) - 1) << 13);
        if ((pde & reserved) != 0) {
            return page_fault(walk, x86::pf::kPresent | x86::pf::kReserved);
        }
        walk.page = base::GuestPhysical{(pde & 0xffc00000) | (((pde >> 13) & 0xff) << 32)};
        walk.offset_mask = 0x3fffff;
        walk.global = (pde & pte::kG) != 0;
        return true;
    }
    const base::GuestPhysical table{(pde & 0xfffff000) + (((walk.linear.raw() >> 12) & 0x3ff) << 2)};
    const std::uint64_t entry = read_physical(table, 4);
    if ((entry & pte::kP) == 0) {
        return page_fault(walk, 0);
    }
    walk.entries[walk.levels++] = {table, entry};
    walk.rights &= entry;
    walk.page = base::GuestPhysical{entry & 0xfffff000};
    walk.global = (entry & pte::kG) != 0;
    return true;
}

// PAE and 4-level paging: levels of 64-bit entries.
bool Cpu::walk_wide(PageWalk& walk)
{
    const bool long_paging = (s.efer & x86::efer::kLma) != 0;
    base::GuestPhysical table{s.cr3 & pte::kAddress};
    unsigned level = 4;
    std::uint64_t reserved = ~((std::uint64_t{1} << physical_bits_) - 1) & pte::kAddress;
    if (!long_paging) {
        const std::uint64_t pdpte = s.pdptes[(walk.linear.raw() >> 30) & 3];
        if ((pdpte & pte::kP) == 0) {
            return page_fault(walk, 0);
        }
        table = base::GuestPhysical{pdpte & pte::kAddress};
        level = 2;
        reserved |= std::uint64_t{0x7ff} << 52;
    }
    if ((s.efer & x86::efer::kNxe) == 0) {
        reserved |= pte::kNx;
    }
    for (;; --level) {
        const unsigned shift = 12 + 9 * (level - 1);
        const base::GuestPhysical address = table + (((walk.linear.raw() >> shift) & 0x1ff) << 3);
        const std::uint64_t entry = read_physical(address, 8);
        if ((entry & pte::kP) == 0) {
            return page_fault(walk, 0);
        }
        const bool large = level > 1 && (entry & pte::kPs) != 0;
        std::uint64_t forbidden = reserved;
        if (large) {
            const bool offered = level == 2 || (level == 3 && gigabyte_pages_);
            forbidden |= offered ? ((std::uint64_t{1} << shift) - 1) & ~std::uint64_t{0x1fff} : pte::kPs;
        }
        if ((entry & forbidden) != 0) {
            return page_fault(walk, x86::pf::kPresent | x86::pf::kReserved);
        }
        walk.entries[walk.levels++] = {address, entry};
        walk.rights &= entry;
        walk.no_execute = walk.no_execute || (entry & pte::kNx) != 0;
        if (large || level == 1) {
            walk.offset_mask = (std::uint64_t{1} << shift) - 1;
            walk.page = base::GuestPhysical{entry & pte::kAddress & ~walk.offset_mask};
            walk.global = (entry & pte::kG) != 0;
            return true;
        }
        table = base::GuestPhysical{entry & pte::kAddress};
    }
}

// Access rights (SDM volume 3A, section 4.6), then the accessed and dirty flags (section 4.8).
bool Cpu::grant(PageWalk& walk)
{
    const bool user_page = (walk.rights & pte::kUs) != 0;
    const bool writable = (walk.rights & pte::kRw) != 0;
    bool allowed = true;
    if (walk.user) {
        allowed = user_page && (walk.purpose != Purpose::Write || writable);
    } else {
        if (walk.purpose == Purpose::Write && !writable) {
            allowed = (s.cr0 & cr0::kWp) == 0;
        }
        if (user_page && walk.purpose == Purpose::Fetch && (s.cr4 & cr4::kSmep) != 0) {
            allowed = false;
        }
        if (user_page && walk.purpose != Purpose::Fetch && (s.cr4 & cr4::kSmap) != 0 && !walk.explicit_ac) {
            allowed = false;
        }
    }
    if (walk.purpose == Purpose::Fetch && walk.no_execute) {
        allowed = false;
    }
    if (!allowed) {
        return page_fault(walk, x86::pf::kPresent);
    }
    for (unsigned i = 0; i < walk.levels; ++i) {
        const bool last = i + 1 == walk.levels;
        const std::uint64_t bits = pte::kA | (last && walk.purpose == Purpose::Write ? pte::kD : 0);
        if ((walk.entries[i].value & bits) != bits && !mark_accessed(walk.entries[i], bits, walk.entry_size)) {
            walk.stale = true;
            return false;
        }
    }
    return true;
}

namespace {

PageSize size_of(std::uint64_t offset_mask)
{
    constexpr std::uint64_t kLargestLarge = 0x3fffff;
    return offset_mask == 0xfff ? PageSize::Small : offset_mask <= kLargestLarge ? PageSize::Large : PageSize::Huge;
}

} // namespace

bool Cpu::walk_pages(x86::Linear linear, Purpose purpose, TlbSet set, WalkResult& result)
{
    if ((s.cr0 & cr0::kPg) == 0) {
        result = {.physical = base::GuestPhysical{linear.raw() & a20_mask_ & 0xffffffff},
                  .global = false,
                  .size = PageSize::Small};
        return true;
    }
    const PageWalk begun{.linear = linear,
                         .purpose = purpose,
                         .user = set == TlbSet::User || set == TlbSet::Checked,
                         .explicit_ac = set == TlbSet::SupervisorAc};
    PageWalk walk;
    bool granted = false;
    do {
        walk = begun;
        granted = ((s.cr4 & cr4::kPae) != 0 ? walk_wide(walk) : walk_legacy(walk)) && grant(walk);
    } while (walk.stale);
    if (!granted) {
        return false;
    }
    result.physical = (walk.page + (linear.raw() & walk.offset_mask)) & a20_mask_;
    result.global = walk.global && (s.cr4 & cr4::kPge) != 0;
    result.size = size_of(walk.offset_mask);
    return true;
}

namespace {

// Sets bits of an entry; false: another processor has changed the entry since it was read as `known`.
template <std::unsigned_integral T> bool set_bits(std::uint8_t* at, std::uint64_t known, std::uint64_t bits)
{
    auto expected = static_cast<T>(known);
    return std::atomic_ref{*reinterpret_cast<T*>(at)}.compare_exchange_strong(expected, static_cast<T>(known | bits));
}

} // namespace

// Sets accessed and dirty flags. False: another processor has changed the entry since it was read. SDM volume 3A,
// section 8.1.2.1.
bool Cpu::mark_accessed(const PageView::Entry& entry, std::uint64_t bits, unsigned size)
{
    const base::GuestPhysical address = entry.address & a20_mask_;
    const memory::Page& page = physical_->page(address);
    if (page.host == nullptr || page.backing != memory::Backing::ReadWrite) {
        write_physical(address, size, entry.value | bits);
        return true;
    }
    std::uint8_t* at = page.host + address.offset_in(memory::kPageSize);
    if (!(size == 8 ? set_bits<std::uint64_t>(at, entry.value, bits)
                    : set_bits<std::uint32_t>(at, entry.value, bits))) {
        return false;
    }
    const std::uint8_t flags = page.flags->load(std::memory_order_relaxed);
    if (page.logged && (flags & memory::kPageWritten) != memory::kPageWritten) {
        page.flags->fetch_or(memory::kPageWritten);
    }
    if ((flags & memory::kPageCode) != 0) {
        code_page_written({.host = at, .physical = address, .flags = page.flags, .size = size}, Writer::Walker);
    }
    return true;
}

bool Cpu::view_page(x86::Linear linear, PageView& view)
{
    if ((s.cr0 & cr0::kPg) == 0) {
        return false;
    }
    PageWalk walk{.linear = linear, .purpose = Purpose::Read, .user = true};
    const std::uint64_t cr2 = s.cr2;
    const Fault fault = fault_;
    const bool found = (s.cr4 & cr4::kPae) != 0 ? walk_wide(walk) : walk_legacy(walk);
    s.cr2 = cr2;
    fault_ = fault;
    const auto entries = std::span{walk.entries}.first(walk.levels);
    const bool accessed =
        std::ranges::all_of(entries, [](const PageView::Entry& entry) { return (entry.value & pte::kA) != 0; });
    if (!found || !accessed || (walk.rights & pte::kUs) == 0) {
        return false;
    }
    for (PageView::Entry& entry : entries) {
        entry.address &= a20_mask_;
    }
    view = {.entries = walk.entries,
            .levels = walk.levels,
            .entry_size = walk.entry_size,
            .page_shift = static_cast<unsigned>(std::popcount(walk.offset_mask)),
            .physical = (walk.page + (linear.raw() & walk.offset_mask & kLinearPage)) & a20_mask_,
            .writable = (walk.rights & pte::kRw) != 0 && (entries.back().value & pte::kD) != 0};
    return true;
}

} // namespace windsor::emulate
