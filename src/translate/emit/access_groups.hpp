// SPDX-License-Identifier: GPL-2.0-or-later
// Accesses of one block at several distances from one register that nothing changes between them: if they lie in one
// page, one lookup serves them all. The frame keeps the distance from their linear to their host addresses; for
// registers that live in memory, and for a stack pointer of 32 bits, it keeps the register's host address itself.
#pragma once

#include "translate/decode/instruction.hpp"
#include "translate/emit/emitter.hpp"
#include "translate/emit/progress.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::translate {

// Offsets count bytes from the register as it is where the group begins.
struct Group {
    unsigned base{0};      // the general register
    std::int32_t moved{0}; // how far the stack pointer had moved since the block's beginning
    std::int32_t low{0};   // of the first byte of all accesses
    std::int32_t high{0};  // behind the last one
    bool write{false};
    bool met{false};       // while groups are looked for: an instruction has its first access
    bool opened{false};    // the lookup has been written
    unsigned uses{0};
};

class AccessGroups {
public:
    explicit AccessGroups(const Progress& progress) : progress_{progress} {}

    // Gives each instruction its places in groups. A window needs none, and single instructions have none.
    void find(std::span<Instruction> instructions);

    // Whether an access is one of a group in the body that is being written.
    bool is_grouped(const GroupPlace& place) const { return place.number >= 0 && progress_.body == Body::First; }
    // Whether its group has had a lookup, so that it takes none.
    bool is_open(const GroupPlace& place) const { return is_grouped(place) && group(place).opened; }
    Group& group(const GroupPlace& place) { return groups_[static_cast<std::size_t>(place.number)]; }
    const Group& group(const GroupPlace& place) const { return groups_[static_cast<std::size_t>(place.number)]; }
    // Whether the frame keeps a distance, not a host address. A stack pointer of 32 bits may wrap around between two
    // accesses, and so may any register in compatibility mode.
    bool keeps_distance(const Group& group) const
    {
        const bool wraps = group.base == x86::kRsp || progress_.context.mode == emulate::DecodeMode::Compat32;
        return !in_memory(group.base) && (progress_.context.long64() || !wraps);
    }

    // --- What kTemp0 holds: the distance of one group is handed on from instruction to instruction ---
    void begin_body() { held_ = kNone; }
    void begin_instruction(const Instruction& i);
    // Whether kTemp0 has the group's distance already. It is used up by this.
    [[nodiscard]] bool take_at_hand(const GroupPlace& place);
    // kTemp0 has the group's distance behind the access.
    void leave_in_temporary(const GroupPlace& place) { left_ = place.number; }
    // C++ takes the temporaries.
    void lose_temporaries() { held_ = kNone; }
    // Behind an instruction: the register of the group whose distance kTemp0 has, which C++ brings back if it has run
    // the instruction.
    std::optional<std::uint8_t> end_instruction(const Instruction& i, bool native);

private:
    static constexpr int kNone = -1;

    [[nodiscard]] GroupPlace join(unsigned base, std::int32_t offset, unsigned size, bool write);
    void close_written(const Instruction& i);
    void leave_lone(std::span<Instruction> instructions);
    bool spares_temporary(const Instruction& i) const;

    const Progress& progress_;
    std::vector<Group> groups_;
    std::array<int, x86::kGprCount> open_groups_{}; // by register, while groups are looked for
    std::int32_t stack_moved_{0};
    int held_{kNone}; // the group whose distance kTemp0 has until an instruction makes its first access
    int left_{kNone}; // the same behind its last access
};

// How many of the registers that an instruction names live in memory.
unsigned memory_registers(const Instruction& i);

} // namespace windsor::translate
