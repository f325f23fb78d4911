// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/cd_disc.hpp"

#include "devices/ide/spec.hpp"

#include <algorithm>
#include <array>

namespace windsor::devices::ide {

namespace {

constexpr std::uint32_t kFramesPerSecond = 75;
constexpr std::uint32_t kLeadInFrames = 150; // two seconds before block 0
constexpr std::uint8_t kDataTrack = 0x14;    // ADR 1, control 4: a data track
constexpr std::uint8_t kLeadOutTrack = 0xAA;
constexpr std::size_t kHeaderAt = 12;
constexpr std::size_t kUserAt = 16;
constexpr std::size_t kCheckAt = 2064;
constexpr std::size_t kParityPAt = 2076;
constexpr std::size_t kParityQAt = 2248;

struct Msf {
    std::uint8_t minute;
    std::uint8_t second;
    std::uint8_t frame;
};

Msf to_msf(std::uint32_t lba)
{
    const std::uint32_t frames = lba + kLeadInFrames;
    return {.minute = static_cast<std::uint8_t>(frames / (60 * kFramesPerSecond)),
            .second = static_cast<std::uint8_t>(frames / kFramesPerSecond % 60),
            .frame = static_cast<std::uint8_t>(frames % kFramesPerSecond)};
}

void append_address(std::vector<std::uint8_t>& to, std::uint32_t lba, bool msf)
{
    if (msf) {
        const Msf time = to_msf(lba);
        to.insert(to.end(), {0, time.minute, time.second, time.frame});
    } else {
        append32(to, lba);
    }
}

std::uint8_t bcd(std::uint8_t value)
{
    return static_cast<std::uint8_t>(value / 10 << 4 | value % 10);
}

// ECMA-130 14.3: the CRC of P(x) = (x^16 + x^15 + x^2 + 1)(x^16 + x^2 + x + 1), least significant bit first.
std::uint32_t error_detection_code(std::span<const std::uint8_t> data)
{
    constexpr std::uint32_t kReflectedPolynomial = 0xD8018001;
    std::uint32_t code = 0;
    for (const std::uint8_t each : data) {
        code ^= each;
        for (int bit = 0; bit < 8; ++bit) {
            code = code >> 1 ^ ((code & 1) != 0 ? kReflectedPolynomial : 0);
        }
    }
    return code;
}

// Multiplication by alpha in the field of x^8 + x^4 + x^3 + x^2 + 1 (ECMA-130 annex A).
std::uint8_t times_alpha(std::uint8_t value)
{
    return static_cast<std::uint8_t>(value << 1 ^ ((value & 0x80) != 0 ? 0x1D : 0));
}

// Division by (1 + alpha), from a table.
std::array<std::uint8_t, 256> make_divider()
{
    std::array<std::uint8_t, 256> table{};
    for (unsigned i = 0; i < 256; ++i) {
        const auto value = static_cast<std::uint8_t>(i);
        table[value ^ times_alpha(value)] = value;
    }
    return table;
}

struct ParityShape {
    std::size_t vectors;  // code words
    std::size_t length;   // data bytes in each
    std::size_t row;      // bytes from one pair of code words to the next
    std::size_t step;     // bytes between the members of a code word
    std::size_t parity_at; // in the sector
};
constexpr ParityShape kParityP{86, 24, 2, 86, kParityPAt};
constexpr ParityShape kParityQ{52, 43, 86, 88, kParityQAt};

// ECMA-130 annex A: two parity bytes that make both the plain and the alpha-weighted sum of a code word zero.
void add_parity(std::span<std::uint8_t> sector, const ParityShape& shape, const std::array<std::uint8_t, 256>& divide)
{
    const std::size_t size = shape.vectors * shape.length;
    for (std::size_t vector = 0; vector < shape.vectors; ++vector) {
        std::size_t at = vector / 2 * shape.row + vector % 2;
        std::uint8_t weighted = 0;
        std::uint8_t sum = 0;
        for (std::size_t i = 0; i < shape.length; ++i) {
            const std::uint8_t value = sector[kHeaderAt + at];
            weighted = times_alpha(static_cast<std::uint8_t>(weighted ^ value));
            sum ^= value;
            at += shape.step;
            if (at >= size) {
                at -= size;
            }
        }
        const std::uint8_t first = divide[times_alpha(weighted) ^ sum];
        sector[shape.parity_at + vector] = first;
        sector[shape.parity_at + shape.vectors + vector] = static_cast<std::uint8_t>(first ^ sum);
    }
}

void encode_check(std::span<std::uint8_t> sector, const std::array<std::uint8_t, 256>& divide)
{
    const std::uint32_t code = error_detection_code(sector.first(kCheckAt));
    for (unsigned i = 0; i < 4; ++i) {
        sector[kCheckAt + i] = static_cast<std::uint8_t>(code >> (8 * i));
    }
    add_parity(sector, kParityP, divide);
    add_parity(sector, kParityQ, divide);
}

// Sets the first two bytes to the length of what follows them.
void set_length(std::vector<std::uint8_t>& data)
{
    const std::size_t length = data.size() - 2;
    data[0] = static_cast<std::uint8_t>(length >> 8);
    data[1] = static_cast<std::uint8_t>(length);
}

std::vector<std::uint8_t> raw_toc(std::uint32_t blocks)
{
    std::vector<std::uint8_t> data{0, 0, 1, 1};
    const auto entry = [&data](std::uint8_t point, Msf position) {
        data.insert(data.end(), {1, kDataTrack, 0, point, 0, 0, 0, 0});
        data.insert(data.end(), {position.minute, position.second, position.frame});
    };
    entry(0xA0, {1, 0, 0}); // the first track's number, and the kind of disc
    entry(0xA1, {1, 0, 0}); // the last track's
    entry(0xA2, to_msf(blocks));
    entry(1, to_msf(0));
    set_length(data);
    return data;
}

} // namespace

void append16(std::vector<std::uint8_t>& to, std::uint32_t value)
{
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

void append32(std::vector<std::uint8_t>& to, std::uint32_t value)
{
    append16(to, value >> 16);
    append16(to, value);
}

std::uint32_t SectorParts::bytes() const
{
    return (sync ? 12U : 0U) + (header ? 4U : 0U) + (user ? kCdBlockBytes : 0U) + (check ? 288U : 0U);
}

std::vector<std::uint8_t> encode_sectors(std::span<const std::uint8_t> data, std::uint32_t lba, SectorParts parts)
{
    const std::array<std::uint8_t, 256> divide = make_divider();
    const std::size_t blocks = data.size() / kCdBlockBytes;
    std::vector<std::uint8_t> result;
    result.reserve(blocks * parts.bytes());
    for (std::size_t i = 0; i < blocks; ++i) {
        std::array<std::uint8_t, kCdRawBytes> sector{};
        std::fill(sector.begin() + 1, sector.begin() + 11, std::uint8_t{0xFF});
        const Msf time = to_msf(lba + static_cast<std::uint32_t>(i));
        sector[kHeaderAt] = bcd(time.minute);
        sector[kHeaderAt + 1] = bcd(time.second);
        sector[kHeaderAt + 2] = bcd(time.frame);
        sector[kHeaderAt + 3] = 1; // mode 1
        std::ranges::copy(data.subspan(i * kCdBlockBytes, kCdBlockBytes), sector.begin() + kUserAt);
        if (parts.check) {
            encode_check(sector, divide);
        }
        const auto append = [&](bool wanted, std::size_t from, std::size_t to) {
            if (wanted) {
                result.insert(result.end(), sector.data() + from, sector.data() + to);
            }
        };
        append(parts.sync, 0, kHeaderAt);
        append(parts.header, kHeaderAt, kUserAt);
        append(parts.user, kUserAt, kCheckAt);
        append(parts.check, kCheckAt, kCdRawBytes);
    }
    return result;
}

std::optional<std::vector<std::uint8_t>> table_of_contents(const TocRequest& request)
{
    std::vector<std::uint8_t> data{0, 0, 1, 1};
    switch (request.format) {
    case 0:
        if (request.track > 1 && request.track != kLeadOutTrack) {
            return std::nullopt;
        }
        if (request.track <= 1) {
            data.insert(data.end(), {0, kDataTrack, 1, 0});
            append_address(data, 0, request.msf);
        }
        data.insert(data.end(), {0, kDataTrack, kLeadOutTrack, 0});
        append_address(data, request.blocks, request.msf);
        break;
    case 1:
        data.insert(data.end(), {0, kDataTrack, 1, 0});
        append_address(data, 0, request.msf);
        break;
    case 2:
        return raw_toc(request.blocks);
    default:
        return std::nullopt;
    }
    set_length(data);
    return data;
}

std::vector<std::uint8_t> disc_information()
{
    std::vector<std::uint8_t> data(34);
    data[2] = 0x0E; // a complete session on a finalized disc
    data[3] = 1;    // first track
    data[4] = 1;    // sessions
    data[5] = 1;    // first and last track of the last session
    data[6] = 1;
    data[7] = 0x20; // unrestricted use
    std::fill(data.begin() + 16, data.begin() + 24, std::uint8_t{0xFF}); // nothing can be appended
    set_length(data);
    return data;
}

std::optional<std::vector<std::uint8_t>> sub_channel(bool sub_q, std::uint8_t format, std::uint8_t track)
{
    std::vector<std::uint8_t> data{0, 0x15, 0, 0}; // no current audio status
    if (!sub_q) {
        return data;
    }
    switch (format) {
    case 1:
        data.insert(data.end(), {1, kDataTrack, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
        break;
    case 2: // no media catalogue number
        data.resize(4 + 20);
        data[4] = 2;
        break;
    case 3: // no recording code
        if (track != 1) {
            return std::nullopt;
        }
        data.resize(4 + 20);
        data[4] = 3;
        data[5] = kDataTrack;
        data[6] = 1;
        break;
    default:
        return std::nullopt;
    }
    data[3] = static_cast<std::uint8_t>(data.size() - 4);
    return data;
}

std::optional<std::vector<std::uint8_t>> dvd_structure(std::uint8_t format, std::uint32_t blocks)
{
    constexpr std::uint32_t kFirstSector = 0x30000;
    std::vector<std::uint8_t> data{0, 0, 0, 0};
    switch (format) {
    case 0x00: // physical format
        data.insert(data.end(), {0x01, 0x02, 0x01, 0x00}); // DVD-ROM, 12 cm at 10 Mbit/s, one embossed layer
        append32(data, kFirstSector);
        append32(data, kFirstSector + blocks - 1);
        append32(data, 0);
        data.resize(4 + 2048);
        break;
    case 0x01: // copyright: none
        data.resize(4 + 4);
        break;
    case 0x04: // manufacturing: blank
        data.resize(4 + 2048);
        break;
    default:
        return std::nullopt;
    }
    set_length(data);
    return data;
}

bool is_dvd(std::uint32_t blocks)
{
    return blocks > 80 * 60 * kFramesPerSecond;
}

} // namespace windsor::devices::ide
