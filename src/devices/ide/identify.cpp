// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/identify.hpp"

namespace windsor::devices::ide {

void IdentifyWords::set32(unsigned word, std::uint32_t value)
{
    set(word, value & 0xFFFF);
    set(word + 1, value >> 16);
}

void IdentifyWords::set64(unsigned word, std::uint64_t value)
{
    set32(word, static_cast<std::uint32_t>(value));
    set32(word + 2, static_cast<std::uint32_t>(value >> 32));
}

void IdentifyWords::set_text(unsigned word, unsigned words, std::string_view text)
{
    const auto at = [text](std::size_t index) {
        const char c = index < text.size() ? text[index] : ' ';
        return static_cast<unsigned>(c >= ' ' && c <= '~' ? c : ' ');
    };
    for (unsigned i = 0; i < words; ++i) {
        set(word + i, at(2 * i) << 8 | at(2 * i + 1));
    }
}

void IdentifyWords::set_common(const Drive::Common& state, std::string_view serial, std::string_view firmware,
                               std::string_view model)
{
    set_text(10, 10, serial);
    set_text(23, 4, firmware);
    set_text(27, 20, model);
    set(50, 0x4000);
    set(51, 0x0200); // PIO cycle timing, as drives without mode negotiation had it
    set(52, 0x0200);
    set(53, 0x0007); // words 54-58, 64-70 and 88 are valid
    set(63, 0x0007U | (state.multiword_mode ? 0x100U << *state.multiword_mode : 0U));
    set(64, 0x0003); // PIO 3 and 4
    for (unsigned word = 65; word <= 68; ++word) {
        set(word, 120); // nanoseconds a cycle
    }
    set(80, 0x00F0); // ATA/ATAPI-4 to -7
    set(81, 0x001D);
    set(88, 0x003FU | (state.ultra_mode ? 0x100U << *state.ultra_mode : 0U));
    set(93, 0x6001); // 80-conductor cable
}

std::vector<std::uint8_t> IdentifyWords::bytes() const
{
    std::vector<std::uint8_t> result;
    result.reserve(2 * words_.size());
    for (const std::uint16_t word : words_) {
        result.push_back(static_cast<std::uint8_t>(word));
        result.push_back(static_cast<std::uint8_t>(word >> 8));
    }
    result[510] = 0xA5;
    unsigned sum = 0;
    for (std::size_t i = 0; i < 511; ++i) {
        sum += result[i];
    }
    result[511] = static_cast<std::uint8_t>(0x100 - (sum & 0xFF));
    return result;
}

} // namespace windsor::devices::ide
