// SPDX-License-Identifier: GPL-2.0-or-later
// 32-bit programs in user mode that run long enough have a second tier of memory access: the pages of their address
// space are mapped where host instructions reach them at a fixed distance from the guest's linear addresses.
//
// The page tables that a window's pages were found by are held like code: the window is told of every store to them,
// and drops the pages that depended on what the store overwrites. So it needs no flush, and outlives loads of CR3.
#pragma once

#include "emulate/core/cpu.hpp"
#include "translate/window/address_window.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace windsor::translate {

class Windows {
public:
    struct Options {
        std::size_t most{8};           // how many windows there may be at a time
        unsigned warm{20};             // after how many ticks an address space gets a window
        std::uint64_t tick{1'000'000}; // how many nanoseconds lie between two ticks at least
        int patience{4000};            // how many faults a window may cost before it is taken away
        int patience_of_tick{16};      // how many faults more it may cost after each tick, up to `patience`
        std::size_t pages{16384};      // how many pages may be mapped at a time in all windows
    };
    struct Counters {
        std::uint64_t made{0};  // windows
        std::uint64_t taken{0}; // windows that were taken away because they cost too much
        std::uint64_t faults{0};
        std::uint64_t mapped{0};   // pages
        std::uint64_t unmapped{0}; // pages
        std::uint64_t cleared{0};  // how often all pages of a window were unmapped at once
    };

    Windows(emulate::Cpu& cpu, const Options& options) : cpu_{cpu}, options_{options} {}

    // --- What happens to address spaces ---
    // Must be called when CR3 or something else that paging depends on has been loaded.
    void select();
    // Must be called when a program in user mode was interrupted.
    void tick();
    // These three do what emulate::Accelerator says of them.
    bool tables_written(const std::uint8_t* host_page, unsigned offset, unsigned size);
    bool holds_tables(const std::uint8_t* host_page) const { return tables_.contains(host_page); }
    bool page_held(const std::uint8_t* host_page);
    // Forgets everything, because other memory may lie at guest-physical addresses.
    void reset();

    // --- Running ---
    // Returns the host address of linear address 0 in the current address space's window; null if it has none.
    std::uint8_t* base() const { return current_ != nullptr ? current_->host->base() : nullptr; }
    // Unmaps the pages that have been dropped. Must be called before code runs that uses the window. Returns false if
    // there is no window any more.
    [[nodiscard]] bool apply_drops();
    // Maps the page in which an access to the window has faulted, and pages around it. Returns false if that page
    // cannot be mapped for such an access.
    bool fill(std::uint32_t linear, emulate::Intent intent);

    const Counters& counters() const { return counters_; }

private:
    // These values tell address spaces apart.
    struct Space {
        std::uint64_t cr3{0};
        std::array<std::uint64_t, 4> pdptes{};

        bool operator==(const Space&) const = default;
    };
    struct Warmth {
        Space space;
        int ticks{0};
        std::uint64_t last{0}; // when the last tick was, in nanoseconds
    };
    struct Page {
        const std::uint8_t* host{nullptr};
        std::array<const std::uint8_t*, 4> tables{}; // the host pages of the tables of the page walk, from the top
        std::uint8_t levels{0};
        std::uint8_t entry_size{8};
        std::uint8_t shift{0}; // how many linear pages the last entry of the walk maps, as a power of two
        bool writable{false};
    };
    struct Window {
        std::unique_ptr<AddressWindow> host;
        std::optional<Space> space;
        std::unordered_map<LinearPage, Page> pages;
        // Each linear page has a bit here that says whether it is in `pages`.
        std::vector<std::uint64_t> present = std::vector<std::uint64_t>(kLinearPages / 64);
        std::vector<LinearPage> dropped; // these are not in `pages` any more, but still in the host's mapping
        int patience{0};                 // how many more faults it may cost
        std::uint64_t last{0};           // when the last tick was, in nanoseconds
        std::uint64_t selected{0};       // the number of the selection by which it was last selected
        bool used{false};                // it has had a page
    };
    // A use says which linear pages of a window were found by a page table.
    struct Use {
        Window* window{nullptr};
        std::uint64_t first{0}; // the linear page that the table's first entry maps
        unsigned shift{0};      // how many linear pages an entry maps, as a power of two
        unsigned entry_size{8};
        std::size_t pages{0};   // how many pages of the window depend on the table

        bool same(const Use& other) const
        {
            return window == other.window && first == other.first && shift == other.shift;
        }
    };
    struct Place {
        Window* window;
        LinearPage page;
    };
    struct Run;

    Space space() const;
    std::uint64_t regime() const;
    Warmth& warmth(const Space& space);
    Window* spare();
    void open(const Space& space);
    // Takes the window away from its address space.
    void close(Window& window);
    void clear(Window& window);
    void drop(Window& window, LinearPage page);
    void drop_range(Window& window, std::uint64_t first, std::uint64_t pages);
    void forget(Window& window, LinearPage page, const Page& known);
    // Calls `visit` with each page table that the page was found by, and its use.
    template <typename Visit> static void each_use(Window& window, LinearPage page, const Page& known, Visit visit);
    void give_up(Window& window);
    [[nodiscard]] std::size_t mapped() const;
    [[nodiscard]] bool make_room();
    void end();
    [[nodiscard]] static bool unmap_runs(AddressWindow& host, std::vector<LinearPage>& pages);
    // Tables that are not all in ordinary memory cannot be held. The others are held from now on, or were before.
    enum class Held : std::uint8_t { Not, Now, Before };
    [[nodiscard]] Held hold_tables(const emulate::Cpu::PageView& view, Page& page);
    [[nodiscard]] bool find_page(LinearPage page, emulate::Cpu::PageView& view, Page& known);
    void enter(Window& window, LinearPage page, const Page& known);
    void append(Run& run, LinearPage page, memory::Block& block, std::uint64_t offset, AddressWindow::Rights rights);
    enum class Wanted : std::uint8_t { IfCheap, ToRead, ToWrite };
    [[nodiscard]] bool add(LinearPage page, Run& run, Wanted wanted);
    [[nodiscard]] static bool may_store(const memory::Page& backing, Wanted wanted);
    void map(Run& run);

    emulate::Cpu& cpu_;
    Options options_;
    std::deque<Window> windows_;
    Window* current_{nullptr};
    std::uint64_t regime_{0};
    std::uint64_t selections_{0};
    std::size_t pages_{0}; // how many pages all windows have
    std::vector<Warmth> warmth_;
    std::unordered_map<const std::uint8_t*, std::vector<Use>> tables_;   // by the page table's host page
    std::unordered_map<const std::uint8_t*, std::vector<Place>> stored_; // where host pages are mapped writable
    Counters counters_;
};

} // namespace windsor::translate
