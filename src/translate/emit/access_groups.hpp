// SPDX-License-Identifier: GPL-2.0-or-later
// A group is made of accesses of one block at several distances from one register, which nothing changes between them.
// If they lie in one page, one lookup serves them all. The frame keeps the distance from their linear to their host
// addresses. For registers that live in memory, and for a stack pointer of 32 bits, it keeps a host address instead.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"
#include "translate/emit/progress.hpp"
#include "translate/kinds.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::translate {

// Offsets in a group count bytes from the register as it is where the group begins.
struct Group {
    unsigned base{0};      // the number of the general register
    std::int32_t moved{0}; // how far the stack pointer had moved since the block's beginning
    std::int32_t low{0};   // the offset of the first byte of all accesses
    std::int32_t high{0};  // the offset behind the last byte
    bool write{false};     // one of the accesses writes
    bool met{false};       // an instruction has been found to have the first access
    bool opened{false};    // the lookup has been written
    unsigned uses{0};      // how many accesses there are
};

class AccessGroups {
public:
    explicit AccessGroups(const Progress& progress) : progress_{progress} {}

    // Gives each instruction its places in groups. A window needs none, and single instructions have none.
    void find(std::span<Instruction> instructions);

    // Tells whether an access is one of a group in the body that is being written.
    bool is_grouped(const GroupPlace& place) const { return place.number >= 0 && progress_.body == Body::First; }
    // Tells whether its group has had a lookup, so that it takes none.
    bool is_open(const GroupPlace& place) const { return is_grouped(place) && group(place).opened; }
    Group& group(const GroupPlace& place) { return groups_[static_cast<std::size_t>(place.number)]; }
    const Group& group(const GroupPlace& place) const { return groups_[static_cast<std::size_t>(place.number)]; }
    // Tells whether the frame keeps a distance, not a host address. A stack pointer of 32 bits may wrap around between
    // two accesses, and so may any register in compatibility mode.
    bool keeps_distance(const Group& group) const
    {
        const bool wraps = group.base == x86::kRsp || progress_.context.mode == emulate::DecodeMode::Compat32;
        return !in_memory(group.base) && (progress_.context.long64() || !wraps);
    }

    // --- kTemp0 may hold the distance of one group, which is handed on from instruction to instruction ---
    void begin_body() { held_ = kNone; }
    void begin_instruction(const Instruction& i);
    // Tells whether kTemp0 has the group's distance already. The caller uses it up.
    [[nodiscard]] bool take_at_hand(const GroupPlace& place);
    // Notes that kTemp0 has the group's distance after the access.
    void leave_in_temporary(const GroupPlace& place) { left_ = place.number; }
    // Must be called where C++ may change the temporaries.
    void lose_temporaries() { held_ = kNone; }
    // Must be called after an instruction. Returns the register of the group whose distance kTemp0 has, so that C++
    // puts it there again if it has run the instruction.
    std::optional<std::uint8_t> end_instruction(const Instruction& i, Written written);

private:
    static constexpr int kNone = -1;

    [[nodiscard]] GroupPlace join(unsigned base, std::int32_t offset, unsigned size, emulate::Intent intent);
    void close_written(const Instruction& i);
    void leave_lone(std::span<Instruction> instructions);
    bool spares_temporary(const Instruction& i) const;

    const Progress& progress_;
    std::vector<Group> groups_;
    std::array<int, x86::kGprCount> open_groups_{}; // the group of each register that further accesses may join
    std::int32_t stack_moved_{0};
    int held_{kNone}; // the group whose distance kTemp0 has until an instruction makes its first access
    int left_{kNone}; // the group whose distance kTemp0 has after the instruction's last access
};

// Returns how many of the registers that an instruction names live in memory.
unsigned memory_registers(const Instruction& i);

} // namespace windsor::translate
