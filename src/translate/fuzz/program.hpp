// SPDX-License-Identifier: GPL-2.0-or-later
// A random program is made of any bytes. It has a world, registers, and pieces of code for every mode of the processor.
#pragma once

#include "translate/fuzz/piece.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace windsor::translate::fuzzing {

// An event happens outside the processor when the program asks for it.
struct Event {
    std::uint8_t kind{0};
    std::uint16_t place{0};
    std::uint8_t value{0};
};

struct Program {
    World world;
    std::uint8_t units{0};
    std::array<std::uint64_t, x86::kGprCount> gpr{};
    std::vector<Piece> pieces;
    std::span<const std::uint8_t> bytes; // what the program was made of, from which its events are made as well

    static constexpr unsigned kMostPieces = 10;
    static constexpr unsigned kMostItems = 12;

    Event event(std::size_t number) const
    {
        const std::size_t at = bytes.size() - 1 - 4 * number % bytes.size();
        const auto byte = [&](std::size_t i) { return bytes[(at + bytes.size() - i) % bytes.size()]; };
        return {.kind = byte(0), .place = static_cast<std::uint16_t>(byte(1) | byte(2) << 8), .value = byte(3)};
    }
};

// The second byte of a program has these bits. They choose which units of the processor may run, and how.
namespace units {
constexpr std::uint8_t kNoSse = 1;
constexpr std::uint8_t kNoX87 = 2;
constexpr std::uint8_t kUnmasked = 4;
constexpr std::uint8_t kSteps = 0x88; // with both bits the program runs step by step, with events between the steps
constexpr std::uint8_t kSmap = 16;
constexpr std::uint8_t kAligned = 32; // CR0.AM is set
constexpr std::uint8_t kAvx = 64;
} // namespace units

inline World world_of(std::uint8_t choice)
{
    const Tables tables = (choice & 8) != 0 ? Tables::Open : Tables::Guarded;
    switch (choice & 7) {
    case 4: return {Kind::Protected, Paging::Legacy, tables};
    case 5: return {Kind::Protected, Paging::Pae, tables};
    case 6: return {Kind::Protected, Paging::None, tables};
    case 7: return {Kind::Real, Paging::None, tables};
    default: return {Kind::Long, Paging::Pae, tables};
    }
}

// Returns a small number, a large one, or an address in the data or on the stack. Some have something in their upper
// half.
inline std::uint64_t register_value(std::uint16_t bits, std::uint8_t upper)
{
    const std::uint64_t low = bits & 0x3fff;
    const std::uint64_t above =
        (upper & 3) == 3 ? static_cast<std::uint64_t>(static_cast<std::int8_t>(upper) >> 2) << 32 : 0;
    switch (bits >> 14) {
    case 0: return (low & 0x2000) != 0 ? ~(low & 0x1fff) : low | above;
    case 1: return (kStack - 0x2000 + (low & 0x1fff)) | above;
    case 2: return (low + 1) * 0x9e3779b97f4a7c15;
    default: return (kData + low) | above;
    }
}

inline Piece read_piece(Choices& choices, const World& world)
{
    namespace rflags = x86::rflags;
    constexpr std::uint64_t kFree = rflags::kArithmetic | rflags::kDf | rflags::kIf;
    Piece piece;
    piece.context = detail::context_of(choices.byte(), world.kind);
    const std::uint8_t how = choices.byte();
    piece.exit = how & 7;
    const std::uint16_t flags = choices.word();
    piece.flags = rflags::kFixed1 | (flags & kFree) | ((flags & 0x1000) != 0 ? 0 : rflags::kIopl) |
                  ((flags & 0xe000) == 0xe000 ? rflags::kAc : 0) | ((flags & 0x630a) == 0x630a ? rflags::kTf : 0);
    const std::uint8_t place = choices.byte();
    piece.at = kCode + (place & 7) * kPage + (place >> 3 & 15) * 0x100u + ((place & 0x80) != 0 ? 0xf8u : 0);
    detail::Writer writer{choices, world, piece};
    const unsigned items = choices.byte() % Program::kMostItems + 1;
    for (unsigned i = 0; i < items && !choices.empty(); ++i) {
        writer.item();
    }
    writer.end(how >> 3);
    piece.code.resize(std::min<std::size_t>(piece.code.size(), kData - piece.at));
    return piece;
}

inline Program read_program(std::span<const std::uint8_t> bytes)
{
    Choices choices{bytes};
    Program program;
    program.bytes = bytes;
    program.world = world_of(choices.byte());
    program.units = choices.byte();
    for (std::uint64_t& value : program.gpr) {
        const std::uint16_t low = choices.word();
        value = register_value(low, choices.byte());
    }
    while (!choices.empty() && program.pieces.size() < Program::kMostPieces) {
        program.pieces.push_back(read_piece(choices, program.world));
    }
    return program;
}

} // namespace windsor::translate::fuzzing
