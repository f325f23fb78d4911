// SPDX-License-Identifier: GPL-2.0-or-later
// What of a block's code depends on where it is: noted while it is written, applied to a copy. copies_test covers both.
#include "translate/emit/fixups.hpp"

#include "translate/emit/translation.hpp"

#include <cstring>
#include <limits>

namespace windsor::translate {

namespace {

// As Assembler::mov() chooses.
Fixup::Kind form_of(std::uint64_t value)
{
    if (value <= std::numeric_limits<std::uint32_t>::max()) {
        return Fixup::Kind::Value32;
    }
    return fits_signed(value) ? Fixup::Kind::ValueSigned : Fixup::Kind::Value64;
}

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

// An address that goes with the block's.
void Translation::mov_address(Reg to, std::uint64_t address)
{
    a_.mov(to, address);
    const Fixup::Kind form = form_of(address);
    note(form, a_.position() - (form == Fixup::Kind::Value64 ? 8 : 4), address);
}

void Translation::note(Fixup::Kind kind, const std::uint8_t* at, std::uint64_t address)
{
    fixups_.push_back({.kind = kind, .at = static_cast<std::uint32_t>(at - begin_), .address = address});
}

void Translation::jump_to_stub(const std::uint8_t* stub)
{
    a_.jmp(stub);
    note_last(Fixup::Kind::Jump);
}

void Translation::call_stub(std::uint32_t number, Fixup::Kind kind, const std::uint8_t* stub)
{
    a_.mov32(kTemp1, number);
    note_last(kind);
    jump_to_stub(stub);
}

void Translation::finish_fixups(std::size_t first_site, std::size_t first_link)
{
    block_->first_site = static_cast<std::uint32_t>(first_site);
    block_->sites = static_cast<std::uint32_t>(shop_.sites.size() - first_site);
    block_->first_link = static_cast<std::uint32_t>(first_link);
    block_->links = static_cast<std::uint32_t>(shop_.links.size() - first_link);
    block_->code_bytes = static_cast<std::uint32_t>(a_.position() - begin_);
    block_->original = block_->second_page == nullptr && !context_.window && !single_ && !wraps_;
    block_->fixups.assign(fixups_.begin(), block_->original ? fixups_.end() : fixups_.begin());
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
            add<std::uint32_t>(at, distance(emulate::TlbEntries::index(fixup.address),
                                            emulate::TlbEntries::index(address), sizeof(std::uint64_t)));
            break;
        case Fixup::Kind::Site: add<std::uint32_t>(at, move.site - original.first_site); break;
        case Fixup::Kind::Link: add<std::uint32_t>(at, move.link - original.first_link); break;
        case Fixup::Kind::Jump: add<std::uint32_t>(at, 0 - move.code); break;
        case Fixup::Kind::Fault: break; // is for the table of faults
        }
    }
    return true;
}

} // namespace windsor::translate
