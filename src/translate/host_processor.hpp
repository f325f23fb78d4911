// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace windsor::translate {

// Whether the host has PEXT and does it in one step, as Intel's processors do, and AMD's from family 19h on: those before
// work bit by bit. AMD, Software Optimization Guide for family 19h, section 2.10.
bool extracts_bits_quickly();

} // namespace windsor::translate
