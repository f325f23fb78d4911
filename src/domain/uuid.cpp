// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/uuid.hpp"

#include <cctype>
#include <random>

#include <fmt/format.h>

namespace windsor::domain {

namespace {

unsigned digit_value(char digit)
{
    return static_cast<unsigned>(digit <= '9' ? digit - '0' : std::tolower(digit) - 'a' + 10);
}

} // namespace

Uuid parse_uuid(std::string_view text)
{
    Uuid uuid{};
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '-') {
            continue;
        }
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0 || digits == 32) {
            return {};
        }
        uuid[digits / 2] = static_cast<std::uint8_t>(uuid[digits / 2] << 4 | digit_value(c));
        ++digits;
    }
    return digits == 32 ? uuid : Uuid{};
}

std::string format_uuid(const Uuid& uuid)
{
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += fmt::format("{:02x}", uuid[i]);
    }
    return text;
}

Uuid random_uuid()
{
    std::random_device source;
    Uuid uuid{};
    for (std::uint8_t& byte : uuid) {
        byte = static_cast<std::uint8_t>(source());
    }
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
    return uuid;
}

} // namespace windsor::domain
