// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to the configuration ports and checks that mapped ranges stay paired.
#include "pci/bus.hpp"
#include "pci/function.hpp"
#include "pci/interrupt_router.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

using namespace windsor;

class Pairing final : public pci::BarTarget, public bus::IrqSink {
public:
    void bar_mapped(pci::Function&, unsigned index, std::uint64_t base, std::uint64_t size) override
    {
        require(!mapped_.at(index) && base % size == 0);
        mapped_.at(index) = true;
    }
    void bar_unmapped(pci::Function&, unsigned index, std::uint64_t, std::uint64_t) override
    {
        require(mapped_.at(index));
        mapped_.at(index) = false;
    }
    void set_irq(unsigned input, bool) override { require(input < 48); }

private:
    static void require(bool holds)
    {
        if (!holds) {
            std::abort();
        }
    }
    std::array<bool, pci::kBars + 1> mapped_{};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Pairing pairing;
    pci::InterruptRouter router{pairing, pairing, pci::LinkWiring::XenHvm};
    pci::Function card{{.vendor = 0x8086, .device = 0x100e, .class_code = 0x020000, .interrupt_pin = 1}};
    card.add_bar(0, pci::BarKind::Memory32, 0x20000);
    card.add_bar(1, pci::BarKind::Io, 0x40);
    card.add_bar(2, pci::BarKind::Prefetchable32, 0x1000000);
    card.add_rom(0x10000);
    card.set_bar_target(&pairing);
    card.connect_interrupt(router.line(3, 0, 1));
    pci::Bus bus;
    if (!bus.add(3, 0, card)) {
        std::abort();
    }
    const std::span bytes{data, size};
    for (std::size_t at = 0; at + 6 <= bytes.size(); at += 6) {
        const unsigned what = bytes[at];
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) {
            value |= static_cast<std::uint32_t>(bytes[at + 2 + i]) << (8 * i);
        }
        const unsigned offset = bytes[at + 1] % 8;
        const auto width = static_cast<bus::Width>(1U << (what & 3));
        if (offset + bus::bytes(width) > 8) {
            continue;
        }
        switch (what >> 2 & 7) {
        case 0: bus.read(offset, width); break;
        case 1: router.set_route(offset & 3, static_cast<std::uint8_t>(value)); break;
        case 2: card.set_interrupt((value & 1) != 0); break;
        case 3: card.load(pci::Function::State{card.state()}); break;
        case 4: bus.write(0, bus::Width::Dword, 0x80001800 | (value & 0xff)); break;
        default: bus.write(offset, width, value); break;
        }
    }
    return 0;
}
