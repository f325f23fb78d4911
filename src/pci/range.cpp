// SPDX-License-Identifier: GPL-2.0-or-later
#include "pci/range.hpp"

namespace windsor::pci {

void Range::appear(std::uint64_t base, const std::optional<Spaces>& spaces)
{
    base_ = base;
    if (spaces) {
        place(*spaces);
    }
}

void Range::vanish()
{
    base_.reset();
    claim_ = {};
    placement_ = {};
}

void Range::appear_in(const Spaces& spaces)
{
    if (base_) {
        place(spaces);
    }
}

// Ports beyond 64 KiB answer nowhere.
bus::Claim Range::claim(const Spaces& spaces, const Registers& registers) const
{
    spaces.lock.assert_held();
    if (kind_ != BarKind::Io) {
        return spaces.mmio.claim(base::GuestPhysical{*base_}, size_, *registers.handler, registers.name);
    }
    const auto port = static_cast<std::uint16_t>(*base_);
    return port == *base_ ? spaces.ports.claim(base::Port{port}, size_, *registers.handler, registers.name)
                          : bus::Claim{};
}

void Range::place(const Spaces& spaces)
{
    spaces.lock.assert_held();
    if (const auto* const registers = std::get_if<Registers>(&content_)) {
        claim_ = claim(spaces, *registers);
    } else if (const auto* const storage = std::get_if<Storage>(&content_)) {
        placement_ = memory::Placement{spaces.memory,
                                       {.start = base::GuestPhysical{*base_},
                                        .size = size_,
                                        .block = storage->block,
                                        .backing = storage->backing,
                                        .logged = storage->logged,
                                        .layer = spaces.layer}};
    }
}

} // namespace windsor::pci
