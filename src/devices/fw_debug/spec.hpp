// SPDX-License-Identifier: GPL-2.0-or-later
// Debug console ports: 0x402 of SeaBIOS (its Debugging document), 0xe9 of Bochs and many boot loaders.
#pragma once

#include <cstddef>
#include <cstdint>

namespace windsor::devices::fw_debug {

constexpr std::uint16_t kSeabiosPort = 0x402;
constexpr std::uint16_t kBochsPort = 0xe9;
// Reads give this value, so that software knows that somebody listens.
constexpr std::uint8_t kPresence = 0xe9;
// Longer lines are handed on in pieces.
constexpr std::size_t kLongestLine = 240;

} // namespace windsor::devices::fw_debug
