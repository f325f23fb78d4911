// SPDX-License-Identifier: GPL-2.0-or-later
// This file applies the fixups that the Emitter notes. copies_test covers both.
#include "translate/emit/fixups.hpp"

#include "emulate/memory/tlb.hpp"
#include "translate/decode/instruction.hpp"
#include "translate/emit/assembler.hpp"
#include "translate/emit/frame.hpp"

#include <cstring>
#include <limits>

namespace windsor::translate {

namespace {

bool fits(Fixup::Kind form, std::uint64_t value)
{
    switch (form) {
    case Fixup::Kind::Value32: return value <= std::numeric_limits<std::uint32_t>::max();
    case Fixup::Kind::ValueSigned: return fits_signed(value);
    default: return true;
    }
}

template <typename T> void add(std::uint8_t* at, std::uint64_t difference)
{
    T value{};
    std::memcpy(&value, at, sizeof value);
    value = static_cast<T>(value + difference);
    std::memcpy(at, &value, sizeof value);
}

std::uint64_t distance(std::size_t from, std::size_t to, std::size_t size)
{
    return (static_cast<std::uint64_t>(to) - from) * size;
}

} // namespace

Fixup::Kind form_of_value(std::uint64_t value)
{
    if (value <= std::numeric_limits<std::uint32_t>::max()) {
        return Fixup::Kind::Value32;
    }
    return fits_signed(value) ? Fixup::Kind::ValueSigned : Fixup::Kind::Value64;
}

bool apply_fixups(const Block& original, const Move& move, std::uint8_t* code)
{
    const Context context = Context::of(original.context);
    for (const Fixup& fixup : original.fixups) {
        const std::uint64_t address = context.wrap(fixup.address + move.linear);
        std::uint8_t* at = code + fixup.at;
        if (!fits(fixup.kind, address)) {
            return false;
        }
        switch (fixup.kind) {
        case Fixup::Kind::Value32:
        case Fixup::Kind::ValueSigned: add<std::uint32_t>(at, address - fixup.address); break;
        case Fixup::Kind::Value64: add<std::uint64_t>(at, address - fixup.address); break;
        case Fixup::Kind::JumpEntry:
            add<std::uint32_t>(at, distance(jump_index(fixup.address), jump_index(address), sizeof(JumpEntry)));
            break;
        case Fixup::Kind::TlbEntry:
            add<std::uint32_t>(at, distance(emulate::TlbEntries::index(x86::Linear{fixup.address}),
                                            emulate::TlbEntries::index(x86::Linear{address}), sizeof(std::uint64_t)));
            break;
        case Fixup::Kind::SideExit: add<std::uint32_t>(at, move.exit - original.first_exit); break;
        case Fixup::Kind::Link: add<std::uint32_t>(at, move.link - original.first_link); break;
        case Fixup::Kind::Jump: add<std::uint32_t>(at, 0 - move.code); break;
        case Fixup::Kind::Fault: break; // Translator::copy_faults() enters it into the table of faults
        }
    }
    return true;
}

} // namespace windsor::translate
