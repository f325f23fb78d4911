// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to the configuration ports and checks where ranges answer.
#include "pci/bus.hpp"
#include "pci/function.hpp"
#include "pci/interrupt_router.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

namespace {

using namespace windsor;

void require(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

struct Inputs final : bus::IrqSink {
    void set_irq(unsigned input, bool) override { require(input < 48); }
};

// Registers that tell whether they are reached.
struct Registers final : bus::AccessHandler {
    bus::ReadResult read(std::uint64_t, bus::Width) override { return std::uint64_t{0x5a}; }
    bus::AccessStatus write(std::uint64_t, bus::Width, std::uint64_t) override { return bus::AccessStatus::Ok; }
};

// A card with a range of each kind, in the address spaces of a board.
struct Card {
    Card()
    {
        function.add_bar(0, pci::BarKind::Memory32, 0x20000, {&registers, "card"});
        function.add_bar(1, pci::BarKind::Io, 0x40, {&registers, "card"});
        function.add_bar(2, pci::BarKind::Prefetchable32, {.block = frame.get()});
        function.add_rom(*rom);
        function.connect({.lock = lock, .ports = ports, .mmio = mmio, .memory = memory, .layer = 1});
    }
    // Whether ranges answer where the function says, and at their ends no more.
    void check()
    {
        if (const auto base = function.bar_base(1)) {
            require(*base % 0x40 == 0);
            const base::Port first{static_cast<std::uint16_t>(*base)};
            const bool reached = *base <= 0xffff;
            require(ports.read(first + 0x3f, bus::Width::Byte) == (reached ? 0x5a : 0xff));
            require(ports.read(first - 1, bus::Width::Byte) == 0xff);
        }
        if (const auto base = function.bar_base(0)) {
            require(*base % 0x20000 == 0 && mmio.read(base::GuestPhysical{*base + 0x1ffff}, bus::Width::Byte) == 0x5a);
        }
        if (const auto base = function.bar_base(2); base && function.bar_base(pci::kRomBar) == std::nullopt) {
            require(memory.lookup(base::GuestPhysical{*base}).host == frame->data());
        }
    }

    std::unique_ptr<memory::Block> frame{memory::Block::create(0x10000).value()};
    std::unique_ptr<memory::Block> rom{memory::Block::create(0x10000).value()};
    bus::MachineLock lock;
    bus::MachineGuard guard{lock};
    base::Log log{base::Log::discard()};
    bus::PortRouter ports{"port", log};
    bus::MmioRouter mmio{"mmio", log};
    memory::GuestMemory memory;
    Registers registers;
    pci::Function function{{.vendor = 0x8086, .device = 0x100e, .class_code = 0x020000, .interrupt_pin = 1}};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Inputs inputs;
    pci::InterruptRouter router{inputs, inputs, pci::LinkWiring::XenHvm};
    Card plugged;
    pci::Function& card = plugged.function;
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
        plugged.check();
    }
    return 0;
}
