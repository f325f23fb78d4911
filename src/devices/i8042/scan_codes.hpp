// SPDX-License-Identifier: GPL-2.0-or-later
// Scan code sets 1, 2 and 3 of the 101/102-key keyboard, from IBM's PS/2 Hardware Interface Technical Reference,
// and the controller's translation of set 2 into set 1.
#pragma once

#include "backend/keyboard.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace windsor::devices::i8042 {

constexpr backend::KeyCode kPause = 0xe11d;
constexpr backend::KeyCode kPrintScreen = 0xe037;
constexpr backend::KeyCode kBreakKey = 0xe046; // Pause while Ctrl is held
constexpr backend::KeyCode kSysRq = 0x0054;    // Print Screen while Alt is held

// What one key event sends.
struct ScanBytes {
    std::array<std::uint8_t, 8> bytes{};
    std::size_t size{0};

    void add(std::uint8_t byte) { bytes[size++] = byte; }
    std::span<const std::uint8_t> span() const { return {bytes.data(), size}; }
};

// The controller's translation of a byte from the keyboard; the prefix 0xf0 is not for this table.
std::uint8_t translate(std::uint8_t byte);

// Whether the keyboard has such a key.
bool is_key(backend::KeyCode code);

// A key's code in set 3; 0 if it has none.
std::uint8_t set3_code(backend::KeyCode code);

// The bytes of a press or release in set 1, 2 or 3. Pause sends everything when pressed, in sets 1 and 2.
ScanBytes scan_bytes(unsigned set, backend::KeyCode code, bool pressed);

// Print Screen pressed alone comes with a fake left Shift, in sets 1 and 2.
ScanBytes print_screen_bytes(unsigned set, bool pressed);

} // namespace windsor::devices::i8042
