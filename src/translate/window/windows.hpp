// SPDX-License-Identifier: GPL-2.0-or-later
// The second tier of memory access, for 32-bit programs in user mode that run long enough: the pages of their address
// space, mapped where host instructions reach them at a fixed distance from the guest's linear addresses.
//
// Page tables that a window's pages were found by are held like code: every store to them is seen, and takes the pages
// out that depended on what it overwrites. So a window needs no flush, and outlives loads of CR3.
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
        std::size_t most{8};             // windows at a time; 0: none
        unsigned warm{20};               // ticks until an address space gets one
        std::uint64_t tick{1'000'000};   // nanoseconds between ticks, at least
        int patience{4000};              // how many faults a window may cost before it is taken away
        int patience_of_tick{16};        // and by how much that grows
        std::size_t pages{16384};        // mapped at a time, in all windows
    };
    struct Counters {
        std::uint64_t made{0};
        std::uint64_t taken{0};   // away, since they cost too much
        std::uint64_t faults{0};
        std::uint64_t mapped{0};  // pages
        std::uint64_t unmapped{0};
        std::uint64_t cleared{0}; // windows, as a whole
    };

    Windows(emulate::Cpu& cpu, const Options& options) : cpu_{cpu}, options_{options} {}

    // --- What happens to address spaces ---
    // Must be called when CR3 or something else that paging depends on has been loaded.
    void select();
    // Must be called when a program in user mode was interrupted.
    void tick();
    // As emulate::Accelerator says.
    bool tables_written(const std::uint8_t* host_page, unsigned offset, unsigned size);
    bool holds_tables(const std::uint8_t* host_page) const { return tables_.contains(host_page); }
    bool page_held(const std::uint8_t* host_page);
    // Forgets everything: other memory may lie at guest-physical addresses.
    void reset();

    // --- Running ---
    // Returns the host address of linear address 0 in the current address space's window; null if it has none.
    std::uint8_t* base() const { return current_ != nullptr ? current_->host->base() : nullptr; }
    // Takes out of the host's mapping what has been dropped meanwhile, before code runs that uses the window. Returns
    // false if there is no window any more.
    [[nodiscard]] bool apply_drops();
    // Maps the page of a fault in the window, and what lies around it. Returns false if that cannot be mapped.
    bool fill(std::uint32_t linear, bool write);

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
        std::uint64_t last{0}; // nanoseconds
    };
    struct Page {
        const std::uint8_t* host{nullptr};
        std::array<const std::uint8_t*, 4> tables{}; // host pages of the entries that it was found by, from the top
        std::uint8_t levels{0};
        std::uint8_t entry_size{8};
        std::uint8_t shift{0}; // linear pages of the last entry, as a power of two
        bool writable{false};
    };
    struct Window {
        std::unique_ptr<AddressWindow> host;
        std::optional<Space> space;
        std::unordered_map<LinearPage, Page> pages;
        std::vector<std::uint64_t> present = std::vector<std::uint64_t>(kLinearPages / 64); // a bit for each of `pages`
        std::vector<LinearPage> dropped; // from `pages`, but not yet from the host's mapping
        int patience{0};
        std::uint64_t last{0}; // nanoseconds
        std::uint64_t selected{0};
        bool used{false};
    };
    // A page of page tables serves a stretch of linear addresses.
    struct Use {
        Window* window{nullptr};
        std::uint64_t first{0}; // linear page of its first entry
        unsigned shift{0};      // linear pages an entry, as a power of two
        unsigned entry_size{8};
        std::size_t pages{0};   // that depend on it

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
    // The address space has no window any more.
    void close(Window& window);
    void clear(Window& window);
    void drop(Window& window, LinearPage page);
    void drop_range(Window& window, std::uint64_t first, std::uint64_t pages);
    void forget(Window& window, LinearPage page, const Page& known);
    // Calls `visit` with each table that the page was found by, and its use.
    template <typename Visit> static void each_use(Window& window, LinearPage page, const Page& known, Visit visit);
    void give_up(Window& window);
    [[nodiscard]] std::size_t mapped() const;
    [[nodiscard]] bool make_room();
    void end();
    [[nodiscard]] static bool unmap_runs(AddressWindow& host, std::vector<LinearPage>& pages);
    enum class Held : std::uint8_t { Not, Now, Before }; // Not: they are not all in ordinary memory
    [[nodiscard]] Held hold_tables(const emulate::Cpu::PageView& view, Page& page);
    [[nodiscard]] bool find_page(LinearPage page, emulate::Cpu::PageView& view, Page& known);
    void enter(Window& window, LinearPage page, const Page& known);
    void append(Run& run, LinearPage page, memory::Block& block, std::uint64_t offset, bool writable);
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
    std::size_t pages_{0}; // mapped in all
    std::vector<Warmth> warmth_;
    std::unordered_map<const std::uint8_t*, std::vector<Use>> tables_;   // by host page
    std::unordered_map<const std::uint8_t*, std::vector<Place>> stored_; // writable pages, by host page
    Counters counters_;
};

} // namespace windsor::translate
