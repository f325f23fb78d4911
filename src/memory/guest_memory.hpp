// SPDX-License-Identifier: GPL-2.0-or-later
// The guest-physical address space: what backs each page, and how devices and engines reach it.
#pragma once

#include "base/fd.hpp"
#include "base/huge_pages.hpp"
#include "base/mutex.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace windsor::memory {

using base::GuestPhysical;

constexpr std::uint64_t kPageSize = 4096;
constexpr std::uint64_t kPageMask = kPageSize - 1;

// Whether a block may be mapped once more, elsewhere in this process.
enum class Sharing : std::uint8_t { Private, Shared };

// Host memory that backs guest pages. It is zero at first, and takes up memory of the host only where it is used, in
// huge pages if there are any.
class Block {
public:
    // `size` in bytes, rounded up to pages.
    static base::Result<std::unique_ptr<Block>> create(std::uint64_t size, Sharing sharing = Sharing::Private);
    ~Block();
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    std::uint8_t* data() { return data_; }
    std::uint64_t size() const { return size_; }
    std::span<std::uint8_t> bytes() { return {data_, size_}; }
    // The file that a shared block is a mapping of, from its beginning; -1 of a private one.
    int file() const { return file_.get(); }

    // One flag byte a page. Engines set kPageCode on pages whose instructions they hold; whoever
    // writes such a page through a Block pointer calls GuestMemory::written().
    std::atomic<std::uint8_t>& page_flags(std::uint64_t page) { return flags_[page]; }

    // The byte at `offset` is about to be used, perhaps for the first time: the pages around it are provided.
    void use(std::uint64_t offset) { pages_.use(offset); }

    // Whether writes have to set kPageUnsent; see GuestMemory::log_writes().
    bool logged() const { return logged_.load(std::memory_order_relaxed); }

private:
    friend class GuestMemory;

    Block(base::Fd file, std::uint8_t* data, std::uint64_t size);

    base::Fd file_;
    std::uint8_t* data_;
    std::uint64_t size_;
    base::HugePages pages_;
    std::unique_ptr<std::atomic<std::uint8_t>[]> flags_;
    std::atomic<bool> logged_{false};
};

enum PageFlag : std::uint8_t {
    kPageCode = 1, // an engine holds decoded or translated instructions of this page, or what its page tables say
    kPageDirty = 2, // the display's dirty log: written since the picture was last drawn
    kPageUnsent = 4, // the dirty log of a migration: written since take_unsent()
    kPageWritten = kPageDirty | kPageUnsent, // what a write to memory with a dirty log sets
};

enum class Logging : std::uint8_t { Off, On };

// Which accesses to a guest-physical range reach the memory that backs it; the others go to the MMIO router.
enum class Backing : std::uint8_t {
    ReadWrite, // RAM
    ReadOnly, // ROM: the router drops most writes
    WriteOnly, // RAM that the chip set's PAM registers offer to writes alone
};

// What lies at one page. `host` is null for MMIO and unmapped pages.
struct Page {
    std::uint8_t* host{nullptr};
    std::atomic<std::uint8_t>* flags{nullptr};
    Backing backing{Backing::ReadWrite};
    bool logged{false};    // writes must set kPageWritten
    bool displayed{false}; // kPageDirty is cleared while processors run
    Block* block{nullptr};

    bool readable() const { return host != nullptr && backing != Backing::WriteOnly; }
    bool writable() const { return host != nullptr && backing != Backing::ReadOnly; }
};

struct Mapping {
    GuestPhysical start{};
    std::uint64_t size{0}; // bytes; start and size are multiples of a page
    Block* block{nullptr}; // null makes a hole over lower layers
    std::uint64_t block_offset{0};
    Backing backing{Backing::ReadWrite};
    bool logged{false}; // display memory: writes must set kPageDirty, whatever the block says
    int layer{0}; // a higher layer covers a lower one
};

using MappingId = std::uint32_t;

// Hears of changes that concern what an engine has cached. Called from the thread that makes the change,
// with the machine lock held.
class MemoryObserver {
public:
    virtual ~MemoryObserver() = default;
    // What backs guest-physical pages has changed: what is cached of page lookups is valid no more.
    virtual void mappings_changed() = 0;
    // A device or another processor has written that many bytes of a page that is flagged kPageCode.
    virtual void code_written(GuestPhysical address, unsigned size) = 0;
    // The display's dirty log was cleared: the next write to a page of it has to set kPageDirty again.
    virtual void dirty_log_cleared() = 0;
    // The dirty log of a block is about to be read: an engine that keeps a log of its own sets kPageWritten from it
    // now.
    virtual void collect_dirty(Block& /*block*/) {}
    // An engine has begun to hold a page: another engine's stores have to look at its flag kPageCode from now on. An
    // observer owns `asker` until its own do, so that who has asked sees whether all have heard.
    virtual void code_held(GuestPhysical /*page*/, const std::shared_ptr<const void>& /*asker*/) {}
};

// Mappings change under the machine lock. Lookups and copies may run in any thread: they take a
// short internal lock of their own.
class GuestMemory {
public:
    // Reads and writes of pages without memory are refused by read() and write() below.
    MappingId map(const Mapping& mapping);
    void unmap(MappingId id);
    // Moves or re-types a mapping, keeping its id.
    void remap(MappingId id, const Mapping& mapping);

    Page lookup(GuestPhysical address) const;

    // Copies between guest-physical memory and the caller, as a bus master does. False if any byte lies
    // outside memory (nothing is promised about the rest). ROM refuses writes.
    [[nodiscard]] bool read(GuestPhysical address, std::span<std::uint8_t> into) const;
    [[nodiscard]] bool write(GuestPhysical address, std::span<const std::uint8_t> from);

    // Tells observers that `size` bytes of one page were written.
    void written(GuestPhysical address, unsigned size);
    void written(GuestPhysical page) { written(page.aligned_down(kPageSize), kPageSize); }
    // Tells observers that an engine holds `page`, which has kPageCode; see MemoryObserver::code_held().
    void code_held(GuestPhysical page, const std::shared_ptr<const void>& asker = {});
    // Clears kPageDirty of a block's pages and tells observers; gives the pages that were dirty.
    std::vector<bool> take_dirty(Block& block);

    // Switches the dirty log of a migration: with it, every write to a block sets kPageUnsent of its page. It is
    // switched, and the log is taken, while no processor runs. Observers hear of both as of a change of mappings, so
    // that processors drop what they have cached before they run on.
    void log_writes(Block& block, Logging logging);
    // Clears kPageUnsent of a block's pages; gives the pages that had it.
    std::vector<bool> take_unsent(Block& block);

    void add_observer(MemoryObserver& observer);
    void remove_observer(MemoryObserver& observer);
    std::size_t observers() const;

    // Visits every visible stretch of memory in ascending order (for tables and saving).
    void for_each(const std::function<void(const Mapping& visible)>& visit) const;

private:
    struct Entry {
        MappingId id;
        Mapping mapping;
    };
    // Disjoint visible ranges, sorted by start.
    void rebuild() WINDSOR_REQUIRES(mutex_);
    const Mapping* find(GuestPhysical address) const WINDSOR_REQUIRES(mutex_);
    Page lookup_locked(GuestPhysical address) const WINDSOR_REQUIRES(mutex_);
    static std::vector<bool> take_flag(Block& block, PageFlag flag);
    void tell_mappings_changed() WINDSOR_REQUIRES(mutex_);

    mutable base::RecursiveMutex mutex_;
    std::vector<Entry> entries_ WINDSOR_GUARDED_BY(mutex_);
    std::vector<Mapping> visible_ WINDSOR_GUARDED_BY(mutex_);
    std::vector<MemoryObserver*> observers_ WINDSOR_GUARDED_BY(mutex_);
    MappingId next_id_ WINDSOR_GUARDED_BY(mutex_){1};
};

} // namespace windsor::memory
