// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/eeprom.hpp"

namespace windsor::devices::e1000 {

namespace {

constexpr std::uint16_t kChecksum = 0xbaba; // sum of all words, section 5.6.35
constexpr unsigned kChecksumWord = 0x3f;

// Commands of a 93C46 after its start bit: an operation of two bits, then an address of six. Operation 00 has two more
// bits of operation in the address.
constexpr unsigned kAddressBits = 6;
constexpr unsigned kCommandBits = 2 + kAddressBits;
constexpr unsigned kExtended = 0;
constexpr unsigned kWrite = 1;
constexpr unsigned kRead = 2;
constexpr unsigned kWordBits = 16;
constexpr unsigned kWriteDisable = 0;
constexpr unsigned kWriteAll = 1;
constexpr unsigned kEraseAll = 2;
constexpr std::uint16_t kErased = 0xffff;

} // namespace

std::array<std::uint16_t, kEepromWords> factory_eeprom(const backend::MacAddress& mac)
{
    std::array<std::uint16_t, kEepromWords> words{};
    words.fill(kErased);
    for (unsigned i = 0; i < 3; ++i) {
        words[i] = static_cast<std::uint16_t>(mac[2 * i] | mac[2 * i + 1] << 8);
    }
    words[0x03] = 0x0210;     // compatibility: a client's adapter
    words[0x05] = 0x1001;     // version of this image
    words[0x08] = 0xffff;     // printed board assembly number: none
    words[0x09] = 0xffff;
    words[0x0a] = 0x640b;     // initialization control 1: the identifiers below are to be loaded
    words[0x0b] = kSubsystem;
    words[0x0c] = kVendor;
    words[0x0d] = kDevice;
    words[0x0e] = kVendor;
    words[0x0f] = 0x3040;     // initialization control 2: symmetric and asymmetric pause
    words[0x13] = 0x0000;     // management control: none
    words[0x14] = 0x0000;     // initialization control 3: no wake-up
    words[0x21] = 0x7861;     // pins
    words[0x24] = 0x0000;
    words[0x2f] = 0x0602;     // LEDs
    std::uint16_t sum = 0;
    for (unsigned i = 0; i < kChecksumWord; ++i) {
        sum = static_cast<std::uint16_t>(sum + words[i]);
    }
    words[kChecksumWord] = static_cast<std::uint16_t>(kChecksum - sum);
    return words;
}

void Eeprom::drive(std::uint32_t eecd)
{
    const bool clock = (eecd & eecd::kClock) != 0;
    const bool selected = (eecd & eecd::kChipSelect) != 0;
    if (selected && !state_.selected) {
        state_.phase = Phase::Idle;
        state_.data_out = true; // ready: writing takes no time here
    } else if (!selected && state_.selected) {
        deselected();
    }
    state_.selected = selected;
    if (selected && clock && !state_.clock) {
        clock_rises((eecd & eecd::kDataIn) != 0);
    }
    state_.clock = clock;
}

void Eeprom::clock_rises(bool data_in)
{
    switch (state_.phase) {
    case Phase::Idle:
        if (data_in) {
            state_.phase = Phase::Command;
            state_.bits = 0;
            state_.shift = 0;
        }
        break;
    case Phase::Command:
        state_.shift = static_cast<std::uint16_t>(state_.shift << 1 | (data_in ? 1 : 0));
        if (++state_.bits == kCommandBits) {
            obey();
        }
        break;
    case Phase::Read:
        if (state_.bits == kWordBits) {
            state_.address = static_cast<std::uint8_t>((state_.address + 1) % kEepromWords);
            state_.bits = 0;
        }
        state_.data_out = (word(state_.address) >> (kWordBits - 1 - state_.bits) & 1) != 0;
        ++state_.bits;
        break;
    case Phase::Write:
        if (state_.bits < kWordBits) {
            state_.shift = static_cast<std::uint16_t>(state_.shift << 1 | (data_in ? 1 : 0));
            ++state_.bits;
        }
        break;
    case Phase::Ignore: break;
    }
}

// All bits of a command are there.
void Eeprom::obey()
{
    const unsigned operation = state_.shift >> kAddressBits & 3U;
    const unsigned extended = state_.shift >> (kAddressBits - 2) & 3U;
    state_.address = static_cast<std::uint8_t>(state_.shift % kEepromWords);
    state_.phase = Phase::Ignore;
    state_.bits = 0;
    state_.all = false;
    if (operation == kRead) {
        state_.phase = Phase::Read;
        state_.data_out = false; // a zero goes before the word
    } else if (operation == kWrite) {
        state_.phase = Phase::Write;
        state_.shift = 0;
    } else if (operation != kExtended) {
        if (state_.write_enabled) {
            state_.words[state_.address] = kErased;
        }
    } else if (extended == kWriteAll) {
        state_.phase = Phase::Write;
        state_.shift = 0;
        state_.all = true;
    } else if (extended == kEraseAll) {
        if (state_.write_enabled) {
            state_.words.fill(kErased);
        }
    } else {
        state_.write_enabled = extended != kWriteDisable;
    }
}

// The word is written when the chip select falls.
void Eeprom::deselected()
{
    if (state_.phase == Phase::Write && state_.bits == kWordBits && state_.write_enabled) {
        if (state_.all) {
            state_.words.fill(state_.shift);
        } else {
            state_.words[state_.address] = state_.shift;
        }
    }
    state_.phase = Phase::Idle;
    state_.data_out = true;
}

void Eeprom::reset()
{
    const auto words = state_.words;
    state_ = {.words = words};
}

void Eeprom::load(const State& state)
{
    state_ = state;
    state_.address = static_cast<std::uint8_t>(state_.address % kEepromWords);
    const unsigned most = state_.phase == Phase::Command ? kCommandBits - 1 : kWordBits;
    if (state_.bits > most) {
        state_.bits = static_cast<std::uint8_t>(most);
    }
}

} // namespace windsor::devices::e1000
