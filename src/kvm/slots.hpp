// SPDX-License-Identifier: GPL-2.0-or-later
// Which stretches of guest-physical memory KVM knows. KVM API, KVM_SET_USER_MEMORY_REGION and KVM_GET_DIRTY_LOG.
#pragma once

#include "base/mutex.hpp"
#include "base/result.hpp"
#include "base/strong.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windsor::kvm {

struct Slot {
    enum class Writes : std::uint8_t { Memory, Exit };

    base::GuestPhysical start{};
    std::uint64_t size{0}; // bytes
    memory::Block* block{nullptr};
    std::uint64_t block_offset{0};
    Writes writes{Writes::Memory};
    bool logged{false};

    bool operator==(const Slot&) const = default;
};

enum class A20 : std::uint8_t { Open, Closed };

// The slots for what `memory` has visible, in ascending order. Write-only memory has none: it is the MMIO router's.
// With A20 closed the second mebibyte is the first one again, which is as far as programs of real mode reach; line 20
// is not modelled above.
std::vector<Slot> plan_slots(const memory::GuestMemory& memory, A20 a20);

// What KVM does with slots; `id` is a slot number. Each gives an errno value, 0 for success.
class SlotTable {
public:
    virtual ~SlotTable() = default;
    virtual int set(std::uint32_t id, const Slot& slot) = 0;
    virtual int remove(std::uint32_t id) = 0;
    // One bit a page, set where it has been written since the last call.
    virtual int take_dirty(std::uint32_t id, std::span<std::uint64_t> bitmap) = 0;
};

// Keeps a table as the memory is. Changes come with the machine lock held, from any thread.
class MemorySlots final : public memory::MemoryObserver {
public:
    MemorySlots(memory::GuestMemory& memory, SlotTable& table, unsigned most);
    ~MemorySlots() override;
    MemorySlots(const MemorySlots&) = delete;
    MemorySlots& operator=(const MemorySlots&) = delete;

    void set_a20(A20 a20);
    A20 a20() const;
    // Why KVM does not have the memory as it is; empty if it has.
    std::string failure() const;

    void mappings_changed() override;
    void code_written(base::GuestPhysical, unsigned) override {}
    void dirty_log_cleared() override {}
    void collect_dirty(memory::Block& block) override;

private:
    struct Live {
        std::uint32_t id;
        Slot slot;
    };

    void refresh();
    void apply(const std::vector<Slot>& wanted) WINDSOR_REQUIRES(mutex_);
    void add(const Slot& slot) WINDSOR_REQUIRES(mutex_);
    void collect(const Live& live) WINDSOR_REQUIRES(mutex_);
    void fail(const Slot& slot, int error) WINDSOR_REQUIRES(mutex_);

    memory::GuestMemory& memory_;
    SlotTable& table_;
    unsigned most_;
    // After the lock of the memory map.
    mutable base::Mutex mutex_;
    std::vector<Live> live_ WINDSOR_GUARDED_BY(mutex_);
    std::string failure_ WINDSOR_GUARDED_BY(mutex_);
    A20 a20_ WINDSOR_GUARDED_BY(mutex_){A20::Open};
};

} // namespace windsor::kvm
