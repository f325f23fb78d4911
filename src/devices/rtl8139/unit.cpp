// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/rtl8139/unit.hpp"

#include "devices/rtl8139/rtl8139.hpp"
#include "devices/rtl8139/saved_state.hpp"

#include <algorithm>
#include <bit>

namespace windsor::devices::rtl8139 {

namespace {

constexpr std::size_t kLargestRom = 16 * 1024 * 1024; // far more than the chip's 128 KiB, for firmware with drivers

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(const chipset::Site& site, const backend::MacAddress& mac, backend::NetworkLink* link,
         std::unique_ptr<memory::Block> rom)
        : rom_{std::move(rom)}, chip_{site.clock(), site.timers(), site.memory(), mac, link}
    {
        if (rom_) {
            chip_.add_rom(*rom_);
        }
    }
    base::Status wire(chipset::Site& site)
    {
        site.outlets().network_cards.push_back(&chip_);
        return site.plug(chip_);
    }
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere{chip_}); // by its bus
    }
    void release_world() override { chip_.let_go_of_link(); }

private:
    std::unique_ptr<memory::Block> rom_;
    Rtl8139 chip_;
};

} // namespace

chipset::Make unit(const backend::MacAddress& mac, backend::NetworkLink* link, std::vector<std::uint8_t> rom)
{
    return [mac, link, rom = std::move(rom)](chipset::Site& site) -> base::Result<std::unique_ptr<chipset::Device>> {
        std::unique_ptr<memory::Block> block;
        if (rom.size() > kLargestRom) {
            return base::fail("the network card's ROM has {} bytes; it can have {}", rom.size(), kLargestRom);
        }
        if (!rom.empty()) {
            block = WINDSOR_TRY(
                memory::Block::create(std::max<std::uint64_t>(std::bit_ceil(rom.size()), memory::kPageSize)));
            std::ranges::copy(rom, block->data());
        }
        auto unit = std::make_unique<Unit>(site, mac, link, std::move(block));
        WINDSOR_TRY(unit->wire(site));
        return unit;
    };
}

} // namespace windsor::devices::rtl8139
