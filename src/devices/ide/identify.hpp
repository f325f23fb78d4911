// SPDX-License-Identifier: GPL-2.0-or-later
// The 256 words of IDENTIFY DEVICE and IDENTIFY PACKET DEVICE (ATA/ATAPI-7 volume 1, 6.16 and 6.17).
#pragma once

#include "devices/ide/drive.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace windsor::devices::ide {

class IdentifyWords {
public:
    void set(unsigned word, unsigned value) { words_[word] = static_cast<std::uint16_t>(value); }
    void set32(unsigned word, std::uint32_t value);
    void set64(unsigned word, std::uint64_t value);
    // Fills `words` words with text, padded with blanks, two characters a word with the first one on top.
    void set_text(unsigned word, unsigned words, std::string_view text);
    // Words that depend only on what both kinds of drive have: strings, transfer modes, timings.
    void set_common(const Drive::Common& state, std::string_view serial, std::string_view firmware,
                    std::string_view model);

    // The 512 bytes as they travel, with the checksum in word 255.
    std::vector<std::uint8_t> bytes() const;

private:
    std::array<std::uint16_t, 256> words_{};
};

} // namespace windsor::devices::ide
