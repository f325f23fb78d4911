// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/unit.hpp"

#include "devices/e1000/e1000.hpp"
#include "devices/e1000/saved_state.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace windsor::devices::e1000 {

namespace {

constexpr std::size_t kLargestRom = 1024 * 1024;

base::Result<std::unique_ptr<memory::Block>> make_rom(std::span<const std::uint8_t> rom)
{
    if (rom.empty()) {
        return nullptr;
    }
    if (rom.size() > kLargestRom) {
        return base::fail("the network card's ROM has {} bytes; it may have {} at most", rom.size(), kLargestRom);
    }
    auto block =
        WINDSOR_TRY(memory::Block::create(std::bit_ceil(std::max<std::size_t>(rom.size(), memory::kPageSize))));
    std::ranges::copy(rom, block->data());
    return block;
}

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, E1000::Options options)
        : chip_{site.clock(), site.timers(), site.memory(), std::move(options)}
    {
        site.outlets().network_cards.push_back(&chip_);
    }
    base::Status wire(chipset::Site& site) { return site.plug(chip_); }
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere{chip_}); // by its bus
    }

private:
    E1000 chip_;
};

} // namespace

chipset::Make unit(const backend::MacAddress& mac, backend::NetworkLink* link, std::vector<std::uint8_t> rom)
{
    return [mac, link, rom = std::move(rom)](chipset::Site& site) -> base::Result<std::unique_ptr<chipset::Device>> {
        auto block = WINDSOR_TRY(make_rom(rom));
        auto unit = std::make_unique<Unit>(site, E1000::Options{.mac = mac, .link = link, .rom = std::move(block)});
        WINDSOR_TRY(unit->wire(site));
        return unit;
    };
}

} // namespace windsor::devices::e1000
