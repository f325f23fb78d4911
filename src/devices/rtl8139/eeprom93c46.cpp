// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtl8139/eeprom93c46.hpp"

namespace windsor::devices::rtl8139 {

namespace {

constexpr unsigned kCommandBits = 8; // after the start bit
constexpr unsigned kDataBits = 16;
constexpr std::uint16_t kErased = 0xffff;

// The operation code is the command's upper two bits; code 0 has more in the upper two of its address.
enum class Operation : std::uint8_t { Extended = 0, Write = 1, Read = 2, Erase = 3 };
enum class Extended : std::uint8_t { WriteDisable = 0, WriteAll = 1, EraseAll = 2, WriteEnable = 3 };

Operation operation(std::uint8_t command)
{
    return static_cast<Operation>(command >> 6);
}

Extended extended(std::uint8_t command)
{
    return static_cast<Extended>(command >> 4 & 3);
}

} // namespace

void Eeprom93c46::drive(bool select, bool clock, bool data)
{
    if (state_.selected && !select) {
        if (state_.phase == Phase::Ready && state_.write_enabled) {
            execute();
        }
        state_.phase = Phase::Standby;
        state_.bits = 0;
    }
    if (!select) {
        state_.out = true; // nobody drives it; afterwards it says that the EEPROM is not busy
    }
    state_.selected = select;
    const bool rises = clock && !state_.clock;
    state_.clock = clock;
    if (select && rises) {
        clock_rises(data);
    }
}

void Eeprom93c46::clock_rises(bool data)
{
    switch (state_.phase) {
    case Phase::Standby:
        if (data) {
            state_.phase = Phase::Command;
            state_.bits = 0;
            state_.shift = 0;
        }
        break;
    case Phase::Command:
    case Phase::Writing:
        state_.shift = static_cast<std::uint16_t>(state_.shift << 1 | (data ? 1 : 0));
        ++state_.bits;
        if (state_.phase == Phase::Command && state_.bits == kCommandBits) {
            state_.command = static_cast<std::uint8_t>(state_.shift);
            take_command();
        } else if (state_.phase == Phase::Writing && state_.bits == kDataBits) {
            state_.bits = 0;
            state_.phase = Phase::Ready;
        }
        break;
    case Phase::Reading:
        state_.out = (state_.shift & 0x8000) != 0;
        state_.shift = static_cast<std::uint16_t>(state_.shift << 1);
        if (++state_.bits == kDataBits) { // and on to the next word
            state_.command = static_cast<std::uint8_t>((state_.command & ~(kWords - 1)) | ((address() + 1) % kWords));
            state_.shift = state_.words[address()];
            state_.bits = 0;
        }
        break;
    case Phase::Ready:
    case Phase::Done: break;
    }
}

void Eeprom93c46::take_command()
{
    state_.bits = 0;
    state_.shift = 0;
    state_.phase = Phase::Done;
    switch (operation(state_.command)) {
    case Operation::Read:
        state_.phase = Phase::Reading;
        state_.shift = state_.words[address()];
        state_.out = false; // the bit before the first one of data
        break;
    case Operation::Write: state_.phase = Phase::Writing; break;
    case Operation::Erase: state_.phase = Phase::Ready; break;
    case Operation::Extended:
        switch (extended(state_.command)) {
        case Extended::WriteDisable: state_.write_enabled = false; break;
        case Extended::WriteEnable: state_.write_enabled = true; break;
        case Extended::WriteAll: state_.phase = Phase::Writing; break;
        case Extended::EraseAll: state_.phase = Phase::Ready; break;
        }
        break;
    }
}

// Only what changes words gets here.
void Eeprom93c46::execute()
{
    switch (operation(state_.command)) {
    case Operation::Write: state_.words[address()] = state_.shift; break;
    case Operation::Erase: state_.words[address()] = kErased; break;
    case Operation::Extended:
        state_.words.fill(extended(state_.command) == Extended::WriteAll ? state_.shift : kErased);
        break;
    case Operation::Read: break;
    }
}

void Eeprom93c46::load(const State& state)
{
    state_ = state;
    if (state_.phase > Phase::Done) {
        state_.phase = Phase::Standby;
    }
    state_.bits = static_cast<std::uint8_t>(state_.bits % (state_.phase == Phase::Command ? kCommandBits : kDataBits));
}

} // namespace windsor::devices::rtl8139
