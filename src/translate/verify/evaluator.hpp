// SPDX-License-Identifier: GPL-2.0-or-later
// The evaluator says what is known after a host instruction, and whether it may do what it does. The policy is in
// docs/how-translation-works.md.
#pragma once

#include "translate/verify/values.hpp"

namespace windsor::translate::verify {

class Evaluator {
public:
    // `layout` has to live as long as the evaluator.
    explicit Evaluator(const Layout& layout) : layout_{layout} {}
    // Must be called before the first instruction of a block is evaluated.
    void begin(const BlockView& block) { block_ = &block; }

    // A fault of an instruction leads to cold code of the block, or nobody expects it.
    enum class Fault : std::uint8_t { LeadsNowhere, LeadsToCode };
    // Evaluates an instruction at an offset of the code, which is no jump. Returns false if it is not allowed there.
    [[nodiscard]] bool run(const HostInstruction& i, State& state, std::uint32_t offset, Fault fault);
    enum class Branch : std::uint8_t { NotTaken, Taken };
    // Adds what is known on one way of a conditional jump. Returns false if nothing can go that way.
    [[nodiscard]] static bool refine(State& state, std::uint16_t mnemonic, Branch branch);
    // Checks a jump through memory, whose target must be a block's entry.
    [[nodiscard]] bool jump_through(const HostInstruction& i, State& state);

    const char* failure() const { return failure_; }
    bool refuse(const char* why)
    {
        failure_ = why;
        return false;
    }

private:
    // An access says where a memory operand lies.
    struct Access {
        enum class Where : std::uint8_t { Guest, Signals, Field, Tag, HostPage, Distance, JumpRip, JumpCode, Selector };
        Where where{};
        const Field* field{nullptr};
        bool dynamic{false};     // the value `index` chooses the element, otherwise it is `element`
        bool write{false};       // a Tag is one of writes
        std::int32_t element{0}; // the number of an element in the TLB or of an entry in the jump table
        Value index{};
    };

    // evaluate_memory.cpp
    [[nodiscard]] bool locate(const HostInstruction& i, Access& access);
    [[nodiscard]] bool locate_in_frame(const HostInstruction& i, Access& access);
    [[nodiscard]] bool locate_by_index(const MemoryOperand& memory, Access& access);
    [[nodiscard]] bool locate_element(const MemoryOperand& memory, Access& access);
    [[nodiscard]] bool locate_in_window(const HostInstruction& i);
    [[nodiscard]] bool locate_guest(const HostInstruction& i);
    [[nodiscard]] bool locate_signals(const MemoryOperand& memory);
    [[nodiscard]] bool may_mask(const HostInstruction& i) const;
    [[nodiscard]] bool may_use(const HostInstruction& i, const Field& field);
    [[nodiscard]] bool bit_in_operand(const HostInstruction& i);
    Value address(const MemoryOperand& memory, std::uint8_t width, Symbol name) const;
    Value with_index(const Value& base, const Value& index, const MemoryOperand& memory, Symbol name) const;
    static Value by_distance(const Value& number, const Value& distance, std::int32_t displacement);
    static Value low_end(const Value& offset, const Value& count, const MemoryOperand& memory);

    // evaluator.cpp
    [[nodiscard]] bool dispatch(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool generic(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool numbers(RegisterMask registers);
    void define(std::uint8_t reg, const HostInstruction& i);
    // Sets a register. That a value was cut matters only for addresses, which R10 and R11 hold, so that in any other
    // register such a value becomes a new one.
    void set(std::uint8_t reg, const Value& value)
    {
        const bool named = !value.cut || !value.is(Value::Kind::Number) || reg == kR10 || reg == kR11;
        state_->reg(reg) = named ? value : made(reg, kHalf);
    }
    Value made(std::uint8_t reg, std::uint64_t most = kAnything) const
    {
        return number_of(made_by(offset_, reg), most);
    }
    [[nodiscard]] bool move(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool load(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool load_field(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool store(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool store_field(const HostInstruction& i, const Field& field);
    [[nodiscard]] bool lea(const HostInstruction& i);

    // evaluate_arithmetic.cpp
    [[nodiscard]] bool arithmetic(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool on_registers(const HostInstruction& i);
    [[nodiscard]] bool with_memory(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool compare(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool compare_memory(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool compare_element(const HostInstruction& i, const Access& access);
    [[nodiscard]] bool with_immediate(const HostInstruction& i);
    [[nodiscard]] bool subtract_registers(const HostInstruction& i);
    [[nodiscard]] bool shift(const HostInstruction& i);
    [[nodiscard]] bool extract(const HostInstruction& i);
    [[nodiscard]] bool multiply(const HostInstruction& i);
    [[nodiscard]] bool negate(const HostInstruction& i);
    [[nodiscard]] bool conditional_move(const HostInstruction& i);
    [[nodiscard]] bool swap_bytes(const HostInstruction& i);
    [[nodiscard]] bool repeat(const HostInstruction& i);
    Value masked(const Value& value, std::int64_t mask, const HostInstruction& i) const;

    void learn(const Fact& fact)
    {
        state_->fact = fact;
        learnt_ = true;
    }

    const Layout& layout_;
    const BlockView* block_{nullptr};
    State* state_{nullptr};
    std::uint32_t offset_{0};
    Undo undo_{}; // what this instruction may take back
    Fault fault_{Fault::LeadsNowhere};
    bool learnt_{false};
    const char* failure_{nullptr};
};

// Returns a number plus a constant, in 4 or 8 bytes.
Value shifted(const Value& value, std::int64_t by, std::uint8_t width, Symbol name);
// Returns the lower half of a value.
Value cut(const Value& value, Symbol name);

} // namespace windsor::translate::verify
