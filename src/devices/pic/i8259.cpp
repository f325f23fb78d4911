// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/pic/i8259.hpp"

namespace windsor::devices::pic {

namespace {

constexpr std::uint8_t bit(unsigned input)
{
    return static_cast<std::uint8_t>(1u << (input % kInputs));
}

constexpr std::uint8_t without(std::uint8_t set, std::uint8_t bits)
{
    return static_cast<std::uint8_t>(set & ~bits);
}

} // namespace

I8259::I8259(std::optional<unsigned> cascade_input)
    : always_level_{cascade_input ? bit(*cascade_input) : std::uint8_t{0}}
{
}

void I8259::set_line(unsigned input, bool level)
{
    const std::uint8_t mask = bit(input);
    if (level && (state_.lines & mask) == 0) {
        state_.edges |= mask;
    }
    state_.lines = level ? static_cast<std::uint8_t>(state_.lines | mask) : without(state_.lines, mask);
}

void I8259::set_level_inputs(std::uint8_t inputs)
{
    state_.level_inputs = inputs;
}

std::uint8_t I8259::irr() const
{
    const auto level = static_cast<std::uint8_t>(state_.level_inputs | always_level_);
    return static_cast<std::uint8_t>((state_.lines & level) | without(state_.edges, level));
}

std::optional<unsigned> I8259::highest(std::uint8_t inputs) const
{
    for (unsigned rank = 0; rank < kInputs; ++rank) {
        const unsigned input = (state_.lowest_priority + 1u + rank) % kInputs;
        if ((inputs & bit(input)) != 0) {
            return input;
        }
    }
    return std::nullopt;
}

std::optional<unsigned> I8259::request() const
{
    const auto asking = highest(without(irr(), state_.imr));
    if (!asking) {
        return std::nullopt;
    }
    // In special mask mode a masked input in service holds nothing back.
    const auto serving = highest(state_.special_mask ? without(state_.isr, state_.imr) : state_.isr);
    if (!serving || priority(*asking) < priority(*serving)) {
        return asking;
    }
    // Special fully nested mode: a slave in service may ask again for a higher input of its own.
    const bool slave_again = state_.special_fully_nested && *asking == *serving && (bit(*asking) & always_level_) != 0;
    return slave_again ? asking : std::nullopt;
}

void I8259::take(unsigned input)
{
    state_.edges = without(state_.edges, bit(input));
    if (!state_.auto_eoi) {
        state_.isr |= bit(input);
    } else if (state_.rotate_in_auto_eoi) {
        state_.lowest_priority = static_cast<std::uint8_t>(input);
    }
}

std::uint8_t I8259::acknowledge()
{
    const auto input = request();
    if (input) {
        take(*input);
    }
    return static_cast<std::uint8_t>(state_.vector_base | input.value_or(kSpurious));
}

std::uint8_t I8259::read(Register which)
{
    if (state_.poll) {
        // "Poll Command": the read stands for an INTA cycle.
        state_.poll = false;
        const auto input = request();
        if (!input) {
            return 0;
        }
        take(*input);
        return static_cast<std::uint8_t>(kPollInterrupt | *input);
    }
    if (which == Register::Data) {
        return state_.imr;
    }
    return state_.read_isr ? state_.isr : irr();
}

void I8259::write(Register which, std::uint8_t value)
{
    if (which == Register::Data) {
        write_data(value);
    } else if ((value & icw1::kInitialize) != 0) {
        initialize(value);
    } else if ((value & ocw3::kSelect) != 0) {
        write_ocw3(value);
    } else {
        write_ocw2(value);
    }
}

// "Initialization Command Words 1 and 2": the edge sense circuit is reset, so that an input has to rise anew.
void I8259::initialize(std::uint8_t value)
{
    state_ = State{.lines = state_.lines,
                   .level_inputs = state_.level_inputs,
                   .vector_base = state_.vector_base,
                   .cascade = state_.cascade,
                   .expect = Expect::Icw2,
                   .needs_icw4 = (value & icw1::kNeedsIcw4) != 0,
                   .single = (value & icw1::kSingle) != 0};
}

void I8259::write_data(std::uint8_t value)
{
    const Expect last = state_.needs_icw4 ? Expect::Icw4 : Expect::Ocw1;
    switch (state_.expect) {
    case Expect::Ocw1:
        state_.imr = value;
        break;
    case Expect::Icw2:
        state_.vector_base = value & 0xf8;
        state_.expect = state_.single ? last : Expect::Icw3;
        break;
    case Expect::Icw3:
        state_.cascade = value;
        state_.expect = last;
        break;
    case Expect::Icw4:
        state_.auto_eoi = (value & icw4::kAutoEoi) != 0;
        state_.special_fully_nested = (value & icw4::kSpecialFullyNested) != 0;
        state_.expect = Expect::Ocw1;
        break;
    }
}

void I8259::end_of_interrupt(unsigned input, bool rotate)
{
    state_.isr = without(state_.isr, bit(input));
    if (rotate) {
        state_.lowest_priority = static_cast<std::uint8_t>(input);
    }
}

void I8259::write_ocw2(std::uint8_t value)
{
    const unsigned input = value & 7u;
    const auto command = static_cast<Ocw2>(value >> 5);
    switch (command) {
    case Ocw2::RotateInAutoEoiClear:
    case Ocw2::RotateInAutoEoiSet:
        state_.rotate_in_auto_eoi = command == Ocw2::RotateInAutoEoiSet;
        break;
    case Ocw2::NonSpecificEoi:
    case Ocw2::RotateOnNonSpecificEoi:
        // "Special Mask Mode": a non-specific EOI does not clear an ISR bit that is masked.
        if (const auto serving = highest(state_.special_mask ? without(state_.isr, state_.imr) : state_.isr)) {
            end_of_interrupt(*serving, command == Ocw2::RotateOnNonSpecificEoi);
        }
        break;
    case Ocw2::SpecificEoi:
    case Ocw2::RotateOnSpecificEoi:
        end_of_interrupt(input, command == Ocw2::RotateOnSpecificEoi);
        break;
    case Ocw2::SetPriority:
        state_.lowest_priority = static_cast<std::uint8_t>(input);
        break;
    case Ocw2::NoOperation:
        break;
    }
}

void I8259::write_ocw3(std::uint8_t value)
{
    if ((value & ocw3::kSpecialMaskEnable) != 0) {
        state_.special_mask = (value & ocw3::kSpecialMask) != 0;
    }
    // Poll overrides a register read asked for by the same word.
    if ((value & ocw3::kPoll) != 0) {
        state_.poll = true;
    } else if ((value & ocw3::kReadRegister) != 0) {
        state_.read_isr = (value & ocw3::kReadIsr) != 0;
    }
}

void I8259::load(const State& state)
{
    state_ = state;
    state_.lowest_priority &= 7;
    state_.vector_base &= 0xf8;
}

} // namespace windsor::devices::pic
