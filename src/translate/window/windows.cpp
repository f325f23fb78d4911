// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/window/windows.hpp"

#include "translate/run/fault_handler.hpp"
#include "x86/paging.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace windsor::translate {

namespace {

constexpr unsigned kPageShift = 12;
constexpr LinearPage kAround = 8;        // a fault maps at most so many pages, which is a power of two
constexpr std::size_t kManyDropped = 32; // to unmap more pages than these, it is cheaper to unmap all
constexpr std::size_t kMostWarm = 32;    // so many address spaces have their ticks counted
constexpr std::uint64_t kCool = 2'000'000'000; // an address space without a tick for so many nanoseconds is cold again
constexpr int kPenalty = 50; // an address space whose window was taken away has to wait for so many ticks more
// What these cost is counted in faults.
constexpr int kCostOfDrop = 2;
constexpr int kCostOfClearing = 16;

} // namespace

// A run is a sequence of linear pages that lie one behind the other in host memory as well, so that one call maps them.
struct Windows::Run {
    Window& window;
    LinearPage first{0};
    std::uint64_t pages{0};
    int file{-1};
    std::uint64_t offset{0};
    AddressWindow::Rights rights{AddressWindow::Rights::ReadOnly};
    bool failed{false}; // the host has refused to map pages
};

Windows::Space Windows::space() const
{
    const vcpu::CpuState& s = cpu_.s;
    const bool wide = (s.cr4 & x86::cr4::kPae) != 0;
    const bool listed = wide && !cpu_.long_mode(); // then PDPTEs, and not CR3, say where the page tables are
    return {.cr3 = listed ? 0 : s.cr3 & x86::pte::kAddress,
            .pdptes = listed ? s.pdptes : std::array<std::uint64_t, 4>{}};
}

// Returns the bits of the state that say how page tables are read.
std::uint64_t Windows::regime() const
{
    const vcpu::CpuState& s = cpu_.s;
    return (s.cr0 & x86::cr0::kPg) | (s.cr4 & (x86::cr4::kPae | x86::cr4::kPse)) |
           (s.efer & (x86::efer::kLma | x86::efer::kNxe)) << 32 | (cpu_.a20_open() ? std::uint64_t{1} << 63 : 0);
}

void Windows::select()
{
    if (options_.most == 0 || windows_.empty()) {
        regime_ = regime();
        return;
    }
    if (const std::uint64_t now = regime(); now != regime_) {
        regime_ = now;
        reset();
    }
    const Space wanted = space();
    if (current_ != nullptr && current_->used && current_->pages.empty()) {
        current_->space.reset(); // its address space has probably ended
    }
    const auto found = std::ranges::find_if(windows_, [&](const Window& window) { return window.space == wanted; });
    current_ = found != windows_.end() ? &*found : nullptr;
    if (current_ != nullptr) {
        current_->selected = ++selections_;
    }
}

Windows::Warmth& Windows::warmth(const Space& space)
{
    const auto found = std::ranges::find(warmth_, space, &Warmth::space);
    if (found != warmth_.end()) {
        return *found;
    }
    if (warmth_.size() < kMostWarm) {
        return warmth_.emplace_back(Warmth{.space = space});
    }
    Warmth& oldest = *std::ranges::min_element(warmth_, {}, &Warmth::last);
    oldest = {.space = space};
    return oldest;
}

void Windows::tick()
{
    if (options_.most == 0 || (cpu_.s.cr0 & x86::cr0::kPg) == 0) {
        return;
    }
    const std::uint64_t now = cpu_.now();
    if (current_ != nullptr) {
        if (now - current_->last >= options_.tick) {
            current_->last = now;
            current_->patience = std::min(current_->patience + options_.patience_of_tick, options_.patience);
        }
        return;
    }
    const Space here = space();
    Warmth& warmth = this->warmth(here);
    const std::uint64_t since = now - warmth.last;
    if (since < options_.tick && warmth.last != 0) {
        return;
    }
    warmth.ticks = since > kCool ? std::min(warmth.ticks, 0) + 1 : warmth.ticks + 1;
    warmth.last = now;
    if (warmth.ticks >= static_cast<int>(options_.warm)) {
        warmth.ticks = 0;
        open(here);
    }
}

// Returns a window for a new address space: an unused one, a new one, or the least recently used one. Returns null if
// the host refuses.
Windows::Window* Windows::spare()
{
    const auto unused = std::ranges::find_if(windows_, [](const Window& window) { return !window.space; });
    if (unused != windows_.end()) {
        return &*unused;
    }
    if (windows_.size() < options_.most) {
        auto host = AddressWindow::create();
        if (!host || !install_fault_handler()) {
            options_.most = windows_.size();
            return nullptr;
        }
        windows_.emplace_back().host = std::move(*host);
        return &windows_.back();
    }
    Window& oldest = *std::ranges::min_element(windows_, {}, &Window::selected);
    close(oldest);
    return &oldest;
}

void Windows::open(const Space& space)
{
    Window* window = spare();
    if (window == nullptr) {
        return;
    }
    window->space = space;
    window->used = false;
    window->patience = options_.patience;
    window->last = cpu_.now();
    ++counters_.made;
    select();
}

void Windows::close(Window& window)
{
    clear(window);
    window.space.reset();
    if (current_ == &window) {
        current_ = nullptr;
    }
}

// Drops all pages of the window; they stay in the host's mapping until apply_drops().
void Windows::clear(Window& window)
{
    while (!window.pages.empty()) {
        drop(window, window.pages.begin()->first);
    }
}

void Windows::reset()
{
    for (Window& window : windows_) {
        close(window);
    }
}

void Windows::drop(Window& window, LinearPage page)
{
    if (const auto known = window.pages.find(page); known != window.pages.end() && known->second.writable) {
        cpu_.tell_fast_stores(); // this may drop the page
    }
    const auto found = window.pages.find(page);
    if (found == window.pages.end()) {
        return;
    }
    const Page known = found->second;
    window.pages.erase(found);
    forget(window, page, known);
    window.dropped.push_back(page);
}

template <typename Visit> void Windows::each_use(Window& window, LinearPage page, const Page& known, Visit visit)
{
    const unsigned bits = known.entry_size == 4 ? 10 : 9;
    unsigned shift = known.shift;
    for (unsigned level = known.levels; level-- > 0; shift += bits) {
        const std::uint64_t served = std::uint64_t{1} << (shift + bits);
        visit(known.tables[level],
              Use{.window = &window, .first = page & ~(served - 1), .shift = shift, .entry_size = known.entry_size});
    }
}

// Removes a page from all indexes but the map of its window.
void Windows::forget(Window& window, LinearPage page, const Page& known)
{
    window.present[page / 64] &= ~(std::uint64_t{1} << (page % 64));
    --pages_;
    each_use(window, page, known, [&](const std::uint8_t* table, const Use& use) {
        const auto uses = tables_.find(table);
        const auto same = std::ranges::find_if(uses->second, [&](const Use& other) { return other.same(use); });
        if (--same->pages == 0) {
            uses->second.erase(same);
        }
        if (uses->second.empty()) {
            tables_.erase(uses);
        }
    });
    if (known.writable) {
        const auto stored = stored_.find(known.host);
        std::erase_if(stored->second,
                      [&](const Place& place) { return place.window == &window && place.page == page; });
        if (stored->second.empty()) {
            stored_.erase(stored);
        }
    }
}

void Windows::drop_range(Window& window, std::uint64_t first, std::uint64_t pages)
{
    const std::uint64_t end = std::min(first + pages, kLinearPages);
    for (std::uint64_t at = first; at < end;) {
        const std::uint64_t rest = window.present[at / 64] >> (at % 64);
        if (rest == 0) {
            at = (at / 64 + 1) * 64;
            continue;
        }
        at += static_cast<unsigned>(std::countr_zero(rest));
        if (at < end) {
            drop(window, static_cast<LinearPage>(at++));
        }
    }
}

bool Windows::tables_written(const std::uint8_t* host_page, unsigned offset, unsigned size)
{
    const auto entry = tables_.find(host_page);
    if (entry == tables_.end()) {
        return false;
    }
    const std::vector<Use> uses = entry->second; // a copy, because to drop pages changes the list
    for (const Use& use : uses) {
        const std::uint64_t first = offset / use.entry_size;
        const std::uint64_t last = (offset + size - 1) / use.entry_size;
        drop_range(*use.window, use.first + (first << use.shift), (last - first + 1) << use.shift);
        if (use.window->pages.empty() && use.window != current_) {
            use.window->space.reset(); // its address space has probably ended
        }
    }
    return tables_.contains(host_page);
}

bool Windows::page_held(const std::uint8_t* host_page)
{
    const auto stored = stored_.find(host_page);
    if (stored == stored_.end()) {
        return false;
    }
    const std::vector<Place> places = stored->second; // a copy, because to drop pages changes the list
    for (const Place& place : places) {
        drop(*place.window, place.page);
    }
    return true;
}

bool Windows::unmap_runs(AddressWindow& host, std::vector<LinearPage>& pages)
{
    bool done = true;
    std::ranges::sort(pages);
    for (auto from = pages.begin(); from != pages.end();) {
        auto to = from + 1;
        while (to != pages.end() && *to <= *std::prev(to) + 1) {
            ++to;
        }
        done = host.unmap(*from, *std::prev(to) - *from + 1) && done;
        from = to;
    }
    return done;
}

bool Windows::apply_drops()
{
    if (current_ == nullptr) {
        return false;
    }
    std::vector<LinearPage>& dropped = current_->dropped;
    if (dropped.empty()) {
        return true;
    }
    std::erase_if(dropped, [&](LinearPage page) { return current_->pages.contains(page); });
    counters_.unmapped += dropped.size();
    const bool all = dropped.size() > kManyDropped;
    current_->patience -= all ? kCostOfClearing : kCostOfDrop * static_cast<int>(dropped.size());
    bool done = true;
    if (all) {
        clear(*current_);
        ++counters_.cleared;
        done = current_->host->unmap(0, kLinearPages);
    } else {
        done = unmap_runs(*current_->host, dropped);
    }
    dropped.clear();
    if (!done) {
        end();
        return false;
    }
    if (current_->patience < 0) {
        give_up(*current_);
        return false;
    }
    return true;
}

// Takes the window away because it costs more than it saves.
void Windows::give_up(Window& window)
{
    ++counters_.taken;
    warmth(*window.space).ticks = -kPenalty;
    close(window);
}

// Maps the pages of the run, and makes it empty.
void Windows::map(Run& run)
{
    run.failed =
        run.failed || (run.pages != 0 && !run.window.host->map(run.first, run.pages, run.file, run.offset, run.rights));
    counters_.mapped += run.pages;
    run.pages = 0;
}

// Holds the page tables of a page walk, and notes them in the page.
Windows::Held Windows::hold_tables(const emulate::Cpu::PageView& view, Page& page)
{
    Held held = Held::Before;
    for (unsigned level = 0; level < view.levels; ++level) {
        const base::GuestPhysical address = view.entries[level].address;
        const memory::Page table = cpu_.physical_page(address);
        if (table.host == nullptr || table.backing != memory::Backing::ReadWrite) {
            return Held::Not;
        }
        if (!tables_.contains(table.host)) {
            cpu_.hold_page(table, address);
            held = Held::Now;
        }
        page.tables[level] = table.host;
    }
    return held;
}

// Walks the page tables of a page, and holds them. Before they were held, another processor may have changed them
// without telling, so they are walked again. Returns false if the page is not present, the tables cannot be held, or
// they keep changing.
bool Windows::find_page(LinearPage page, emulate::Cpu::PageView& view, Page& known)
{
    constexpr unsigned kMostLooks = 4;
    const x86::Linear linear{std::uint64_t{page} << kPageShift};
    if (!cpu_.view_page(linear, view)) {
        return false;
    }
    for (unsigned look = 1; look < kMostLooks; ++look) {
        const Held held = hold_tables(view, known);
        if (held != Held::Now) {
            return held == Held::Before;
        }
        const emulate::Cpu::PageView before = view;
        if (!cpu_.view_page(linear, view)) {
            return false;
        }
        if (view == before) {
            return true;
        }
    }
    return false;
}

// Enters a page in all indexes.
void Windows::enter(Window& window, LinearPage page, const Page& known)
{
    each_use(window, page, known, [&](const std::uint8_t* table, const Use& use) {
        std::vector<Use>& uses = tables_[table];
        const auto same = std::ranges::find_if(uses, [&](const Use& other) { return other.same(use); });
        ++(same != uses.end() ? *same : uses.emplace_back(use)).pages;
    });
    if (known.writable) {
        stored_[known.host].push_back({&window, page});
    }
    window.pages.emplace(page, known);
    window.present[page / 64] |= std::uint64_t{1} << (page % 64);
    ++pages_;
}

// Adds a page to the run. If the page does not follow the run, the run is mapped first, and a new one begins.
void Windows::append(Run& run, LinearPage page, memory::Block& block, std::uint64_t offset,
                     AddressWindow::Rights rights)
{
    const bool follows = run.pages != 0 && run.first + run.pages == page && run.file == block.file() &&
                         run.offset + (run.pages << kPageShift) == offset && run.rights == rights;
    if (!follows) {
        map(run);
        run.first = page;
        run.file = block.file();
        run.offset = offset;
        run.rights = rights;
    }
    ++run.pages;
}

// Tells whether a page may be mapped writable, so that nobody is told of stores to it: no code is held of it, and if
// stores are logged, it is in the dirty log already. If a store has faulted, the page is put into the log now. When
// GuestMemory::take_unsent() empties the log, all windows are taken away.
bool Windows::may_store(const memory::Page& backing, Wanted wanted)
{
    const std::uint8_t flags = backing.flags->load();
    if (!backing.writable() || (flags & memory::kPageCode) != 0) {
        return false;
    }
    if (backing.logged && (flags & memory::kPageUnsent) == 0) {
        if (wanted != Wanted::ToWrite) {
            return false;
        }
        backing.flags->fetch_or(memory::kPageWritten);
    }
    return true;
}

// Adds a page to the window and the run. Returns false if it cannot be mapped, or not with more rights than it has.
bool Windows::add(LinearPage page, Run& run, Wanted wanted)
{
    emulate::Cpu::PageView view;
    Page known;
    if (!find_page(page, view, known)) {
        return false;
    }
    const memory::Page backing = cpu_.physical_page(view.physical);
    if (!backing.readable() || backing.displayed || backing.block->file() < 0) {
        return false;
    }
    known.host = backing.host;
    known.levels = static_cast<std::uint8_t>(view.levels);
    known.entry_size = static_cast<std::uint8_t>(view.entry_size);
    known.shift = static_cast<std::uint8_t>(view.page_shift - kPageShift);
    known.writable = view.writable && may_store(backing, wanted);
    Window& window = run.window;
    if (const auto old = window.pages.find(page); old != window.pages.end()) {
        if (old->second.writable || !known.writable) {
            return false;
        }
        forget(window, page, old->second);
        window.pages.erase(old);
    }
    enter(window, page, known);
    append(run, page, *backing.block, static_cast<std::uint64_t>(backing.host - backing.block->data()),
           known.writable ? AddressWindow::Rights::ReadWrite : AddressWindow::Rights::ReadOnly);
    return true;
}

// Returns how many pages are in the host's mapping at most: a page may have been dropped more than once.
std::size_t Windows::mapped() const
{
    std::size_t count = pages_;
    for (const Window& window : windows_) {
        count += window.dropped.size();
    }
    return count;
}

// Takes all pages out of all windows. Those of the current one stay mapped until the next apply_drops().
// Returns false if the host has refused.
bool Windows::make_room()
{
    bool done = true;
    for (Window& window : windows_) {
        clear(window);
        if (&window != current_ && !window.dropped.empty()) {
            counters_.unmapped += window.dropped.size();
            window.dropped.clear();
            done = window.host->unmap(0, kLinearPages) && done;
        }
    }
    if (!done) {
        end();
    }
    return done;
}

// Ends all windows for good, after the host has refused to unmap pages and their mapping is not known any more.
void Windows::end()
{
    options_.most = 0;
    reset();
}

bool Windows::fill(std::uint32_t linear, emulate::Intent intent)
{
    if (current_ == nullptr) {
        return false;
    }
    Window& window = *current_;
    ++counters_.faults;
    --window.patience;
    if (mapped() + kAround > options_.pages && !make_room()) {
        return false;
    }
    const bool write = intent != emulate::Intent::Read;
    const LinearPage page = linear >> kPageShift;
    Run run{.window = window};
    bool done = false;
    for (LinearPage at = page & ~(kAround - 1), end = at + kAround; at != end; ++at) {
        const bool present = (window.present[at / 64] >> (at % 64) & 1) != 0;
        if (at == page) {
            done = add(at, run, write ? Wanted::ToWrite : Wanted::ToRead) && (!write || window.pages.at(at).writable);
        } else if (!present) {
            static_cast<void>(add(at, run, Wanted::IfCheap));
        }
    }
    window.used = window.used || !window.pages.empty();
    map(run);
    if (run.failed || window.patience < 0) {
        give_up(window);
        return false;
    }
    return done;
}

} // namespace windsor::translate
