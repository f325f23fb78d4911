// SPDX-License-Identifier: GPL-2.0-or-later
#include "memory/guest_memory.hpp"

#include "base/copy_once.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace windsor::memory {

namespace {

// The file that a block of memory is a mapping of; private memory has none.
base::Result<base::Fd> backing(std::uint64_t size, Sharing sharing)
{
    if (sharing == Sharing::Private) {
        return base::Fd{};
    }
    base::Fd file{::memfd_create("windsor-memory", MFD_CLOEXEC)};
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(size)) != 0) {
        return base::fail("the host cannot give {} MiB of shared memory: {}", size >> 20, base::errno_text(errno));
    }
    return file;
}

} // namespace

Block::Block(base::Fd file, std::uint8_t* data, std::uint64_t size)
    : file_{std::move(file)}, data_{data}, size_{size}, pages_{data, size},
      flags_{std::make_unique<std::atomic<std::uint8_t>[]>(size / kPageSize)}
{
}

base::Result<std::unique_ptr<Block>> Block::create(std::uint64_t size, Sharing sharing)
{
    const std::uint64_t rounded = (size + kPageMask) & ~kPageMask;
    base::Fd file = WINDSOR_TRY(backing(rounded, sharing));
    const int kind = sharing == Sharing::Shared ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
    std::uint8_t* data = base::map_aligned(rounded, PROT_READ | PROT_WRITE, kind | MAP_NORESERVE, file.get());
    if (data == nullptr) {
        return base::fail("the host cannot give {} MiB of memory: {}", rounded >> 20, base::errno_text(errno));
    }
    return std::unique_ptr<Block>{new Block{std::move(file), data, rounded}};
}

Block::~Block()
{
    ::munmap(data_, size_);
}

MappingId GuestMemory::map(const Mapping& mapping)
{
    const base::MutexLock lock{mutex_};
    // The numbers begin anew when a guest has moved its memory about for days.
    while (next_id_ == 0 || std::ranges::find(entries_, next_id_, &Entry::id) != entries_.end()) {
        ++next_id_;
    }
    entries_.push_back({next_id_, mapping});
    rebuild();
    return next_id_++;
}

void GuestMemory::unmap(MappingId id)
{
    const base::MutexLock lock{mutex_};
    std::erase_if(entries_, [&](const Entry& entry) { return entry.id == id; });
    rebuild();
}

void GuestMemory::remap(MappingId id, const Mapping& mapping)
{
    const base::MutexLock lock{mutex_};
    for (Entry& entry : entries_) {
        if (entry.id == id) {
            entry.mapping = mapping;
        }
    }
    rebuild();
}

// Cuts the mappings at every start and end, and gives each piece to the highest layer that covers it.
void GuestMemory::rebuild()
{
    std::set<GuestPhysical> cuts;
    for (const Entry& entry : entries_) {
        cuts.insert(entry.mapping.start);
        cuts.insert(entry.mapping.start + entry.mapping.size);
    }
    visible_.clear();
    for (auto cut = cuts.begin(); cut != cuts.end() && std::next(cut) != cuts.end(); ++cut) {
        const Mapping* top = nullptr;
        for (const Entry& entry : entries_) {
            const Mapping& mapping = entry.mapping;
            const bool covers = mapping.start <= *cut && *cut - mapping.start < mapping.size;
            if (covers && (top == nullptr || mapping.layer >= top->layer)) {
                top = &mapping;
            }
        }
        if (top != nullptr && top->block != nullptr) {
            Mapping piece = *top;
            piece.start = *cut;
            piece.size = *std::next(cut) - *cut;
            piece.block_offset += *cut - top->start;
            visible_.push_back(piece);
        }
    }
    tell_mappings_changed();
}

void GuestMemory::tell_mappings_changed()
{
    for (MemoryObserver* observer : observers_) {
        observer->mappings_changed();
    }
}

const Mapping* GuestMemory::find(GuestPhysical address) const
{
    const auto after = std::upper_bound(visible_.begin(), visible_.end(), address,
                                        [](GuestPhysical a, const Mapping& m) { return a < m.start; });
    if (after == visible_.begin()) {
        return nullptr;
    }
    const Mapping& mapping = *std::prev(after);
    return address - mapping.start < mapping.size ? &mapping : nullptr;
}

Page GuestMemory::lookup_locked(GuestPhysical address) const
{
    const Mapping* mapping = find(address);
    if (mapping == nullptr) {
        return {};
    }
    const std::uint64_t offset = mapping->block_offset + (address.aligned_down(kPageSize) - mapping->start);
    mapping->block->use(offset);
    return {.host = mapping->block->data() + offset,
            .flags = &mapping->block->page_flags(offset / kPageSize),
            .backing = mapping->backing,
            .logged = mapping->logged || mapping->block->logged(),
            .displayed = mapping->logged,
            .block = mapping->block};
}

Page GuestMemory::lookup(GuestPhysical address) const
{
    const base::MutexLock lock{mutex_};
    return lookup_locked(address);
}

bool GuestMemory::read(GuestPhysical address, std::span<std::uint8_t> into) const
{
    const base::MutexLock lock{mutex_};
    while (!into.empty()) {
        const Page page = lookup_locked(address);
        if (!page.readable()) {
            return false;
        }
        const std::size_t count = std::min<std::size_t>(into.size(), kPageSize - address.offset_in(kPageSize));
        base::copy_once(into.data(), page.host + address.offset_in(kPageSize), count);
        into = into.subspan(count);
        address += count;
    }
    return true;
}

bool GuestMemory::write(GuestPhysical address, std::span<const std::uint8_t> from)
{
    const base::MutexLock lock{mutex_};
    while (!from.empty()) {
        const Page page = lookup_locked(address);
        if (!page.writable()) {
            return false;
        }
        const std::size_t count = std::min<std::size_t>(from.size(), kPageSize - address.offset_in(kPageSize));
        std::memcpy(page.host + address.offset_in(kPageSize), from.data(), count);
        page.flags->fetch_or(kPageWritten, std::memory_order_relaxed);
        if ((page.flags->load(std::memory_order_relaxed) & kPageCode) != 0) {
            written(address, static_cast<unsigned>(count));
        }
        from = from.subspan(count);
        address += count;
    }
    return true;
}

void GuestMemory::written(GuestPhysical address, unsigned size)
{
    const base::MutexLock lock{mutex_};
    for (MemoryObserver* observer : observers_) {
        observer->code_written(address, size);
    }
}

void GuestMemory::code_held(GuestPhysical page, const std::shared_ptr<const void>& asker)
{
    const base::MutexLock lock{mutex_};
    for (MemoryObserver* observer : observers_) {
        observer->code_held(page.aligned_down(kPageSize), asker);
    }
}

std::vector<bool> GuestMemory::take_dirty(Block& block)
{
    const base::MutexLock lock{mutex_};
    for (MemoryObserver* observer : observers_) {
        observer->collect_dirty(block);
    }
    std::vector<bool> dirty = take_flag(block, kPageDirty);
    if (std::ranges::find(dirty, true) != dirty.end()) {
        for (MemoryObserver* observer : observers_) {
            observer->dirty_log_cleared();
        }
    }
    return dirty;
}

std::vector<bool> GuestMemory::take_flag(Block& block, PageFlag flag)
{
    std::vector<bool> taken(block.size() / kPageSize);
    for (std::uint64_t page = 0; page < taken.size(); ++page) {
        std::atomic<std::uint8_t>& flags = block.page_flags(page);
        if ((flags.load(std::memory_order_relaxed) & flag) != 0) {
            flags.fetch_and(static_cast<std::uint8_t>(~flag));
            taken[page] = true;
        }
    }
    return taken;
}

void GuestMemory::log_writes(Block& block, Logging logging)
{
    const base::MutexLock lock{mutex_};
    if (block.logged() != (logging == Logging::On)) {
        block.logged_.store(logging == Logging::On, std::memory_order_relaxed);
        tell_mappings_changed();
    }
}

std::vector<bool> GuestMemory::take_unsent(Block& block)
{
    const base::MutexLock lock{mutex_};
    for (MemoryObserver* observer : observers_) {
        observer->collect_dirty(block);
    }
    std::vector<bool> unsent = take_flag(block, kPageUnsent);
    tell_mappings_changed();
    return unsent;
}

void GuestMemory::add_observer(MemoryObserver& observer)
{
    const base::MutexLock lock{mutex_};
    observers_.push_back(&observer);
}

void GuestMemory::remove_observer(MemoryObserver& observer)
{
    const base::MutexLock lock{mutex_};
    std::erase(observers_, &observer);
}

std::size_t GuestMemory::observers() const
{
    const base::MutexLock lock{mutex_};
    return observers_.size();
}

void GuestMemory::for_each(const std::function<void(const Mapping&)>& visit) const
{
    const base::MutexLock lock{mutex_};
    for (const Mapping& mapping : visible_) {
        visit(mapping);
    }
}

} // namespace windsor::memory
