// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/slots.hpp"

#include <algorithm>
#include <array>
#include <atomic>

namespace windsor::kvm {

namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
// No slot lies across these: what changes in the first mebibyte leaves the large slots alone, and A20 needs the next.
constexpr std::array kCuts{base::GuestPhysical{kMebibyte}, base::GuestPhysical{2 * kMebibyte}};

bool continues(const Slot& before, const Slot& next)
{
    return before.start + before.size == next.start && before.block == next.block &&
           before.block_offset + before.size == next.block_offset && before.writes == next.writes &&
           before.logged == next.logged && std::ranges::find(kCuts, next.start) == kCuts.end();
}

void append(std::vector<Slot>& plan, const Slot& slot)
{
    if (!plan.empty() && continues(plan.back(), slot)) {
        plan.back().size += slot.size;
    } else {
        plan.push_back(slot);
    }
}

void append_cut(std::vector<Slot>& plan, Slot slot)
{
    for (const base::GuestPhysical cut : kCuts) {
        if (slot.start < cut && cut - slot.start < slot.size) {
            Slot head = slot;
            head.size = cut - slot.start;
            append(plan, head);
            slot.start += head.size;
            slot.block_offset += head.size;
            slot.size -= head.size;
        }
    }
    append(plan, slot);
}

std::vector<Slot> close_a20(const std::vector<Slot>& open)
{
    std::vector<Slot> closed;
    const auto below = [&](std::uint64_t shift) {
        for (Slot slot : open) {
            if (slot.start < kCuts[0]) {
                slot.start += shift;
                closed.push_back(slot);
            }
        }
    };
    below(0);
    below(kMebibyte);
    std::ranges::copy_if(open, std::back_inserter(closed),
                         [](const Slot& slot) { return slot.start >= kCuts[1]; });
    return closed;
}

} // namespace

std::vector<Slot> plan_slots(const memory::GuestMemory& memory, A20 a20)
{
    std::vector<Slot> plan;
    memory.for_each([&](const memory::Mapping& mapping) {
        if (mapping.backing == memory::Backing::WriteOnly) {
            return;
        }
        const bool writable = mapping.backing == memory::Backing::ReadWrite;
        append_cut(plan, {.start = mapping.start,
                          .size = mapping.size,
                          .block = mapping.block,
                          .block_offset = mapping.block_offset,
                          .writes = writable ? Slot::Writes::Memory : Slot::Writes::Exit,
                          .logged = (mapping.logged || mapping.block->logged()) && writable});
    });
    return a20 == A20::Open ? plan : close_a20(plan);
}

MemorySlots::MemorySlots(memory::GuestMemory& memory, SlotTable& table, unsigned most)
    : memory_{memory}, table_{table}, most_{most}
{
    memory_.add_observer(*this);
    refresh();
}

MemorySlots::~MemorySlots()
{
    memory_.remove_observer(*this);
    const base::MutexLock lock{mutex_};
    for (const Live& live : live_) {
        collect(live); // another engine may take over
    }
}

void MemorySlots::set_a20(A20 a20)
{
    {
        const base::MutexLock lock{mutex_};
        if (a20_ == a20) {
            return;
        }
        a20_ = a20;
    }
    refresh();
}

A20 MemorySlots::a20() const
{
    const base::MutexLock lock{mutex_};
    return a20_;
}

std::string MemorySlots::failure() const
{
    const base::MutexLock lock{mutex_};
    return failure_;
}

void MemorySlots::mappings_changed()
{
    refresh();
}

void MemorySlots::refresh()
{
    const std::vector<Slot> wanted = plan_slots(memory_, a20());
    const base::MutexLock lock{mutex_};
    apply(wanted);
}

// KVM cannot move or resize a slot in place: what has changed goes first, then what is new comes.
void MemorySlots::apply(const std::vector<Slot>& wanted)
{
    failure_.clear();
    std::erase_if(live_, [&](const Live& live) {
        mutex_.assert_held();
        if (std::ranges::find(wanted, live.slot) != wanted.end()) {
            return false;
        }
        collect(live);
        if (const int error = table_.remove(live.id); error != 0) {
            fail(live.slot, error);
        }
        return true;
    });
    for (const Slot& slot : wanted) {
        if (std::ranges::find(live_, slot, &Live::slot) == live_.end()) {
            add(slot);
        }
    }
}

void MemorySlots::add(const Slot& slot)
{
    std::uint32_t id = 0;
    while (std::ranges::find(live_, id, &Live::id) != live_.end()) {
        ++id;
    }
    if (id >= most_) {
        failure_ = fmt::format("KVM has room for {} stretches of memory on this host, and the guest has more", most_);
        return;
    }
    if (const int error = table_.set(id, slot); error != 0) {
        fail(slot, error);
        return;
    }
    live_.push_back({id, slot});
}

void MemorySlots::fail(const Slot& slot, int error)
{
    failure_ = fmt::format("KVM refuses the guest's memory at {:#x}, {} KiB: {}", slot.start.raw(), slot.size >> 10,
                           base::errno_text(error));
}

void MemorySlots::collect_dirty(memory::Block& block)
{
    const base::MutexLock lock{mutex_};
    for (const Live& live : live_) {
        if (live.slot.block == &block) {
            collect(live);
        }
    }
}

void MemorySlots::collect(const Live& live)
{
    if (!live.slot.logged) {
        return;
    }
    const std::uint64_t pages = live.slot.size / memory::kPageSize;
    std::vector<std::uint64_t> bitmap((pages + 63) / 64);
    const bool known = table_.take_dirty(live.id, bitmap) == 0;
    for (std::uint64_t page = 0; page < pages; ++page) {
        // Rather show too much than too little.
        if (!known || ((bitmap[page / 64] >> (page % 64)) & 1) != 0) {
            live.slot.block->page_flags(live.slot.block_offset / memory::kPageSize + page)
                .fetch_or(memory::kPageWritten, std::memory_order_relaxed);
        }
    }
}

} // namespace windsor::kvm
