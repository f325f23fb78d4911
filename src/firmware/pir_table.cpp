// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/pir_table.hpp"

#include "firmware/byte_order.hpp"
#include "firmware/loader_script.hpp"
#include "pci/interrupt_router.hpp"

#include <numeric>

namespace windsor::firmware {

namespace {

constexpr unsigned kHeaderSize = 32;
constexpr unsigned kSlotSize = 16;
constexpr unsigned kChecksumOffset = 31;
constexpr unsigned kFirstDevice = 1; // device 0 is the host bridge, which has no pin
constexpr unsigned kDevices = 31;
constexpr unsigned kPins = 4;
constexpr unsigned kLastOnBoard = 3; // cards sit in the devices above it
constexpr unsigned kFirstRoute = 0x60; // PIRQRC[A] of the PIIX3, by which links are named
// What a link may be routed to: all but IRQ 0, 1, 2, 8 and 13, which PIRQRC reserves.
constexpr std::uint16_t kPossibleIrqs = 0xdef8;
constexpr std::uint8_t kRouter = 1 << 3;          // device 1, function 0
constexpr std::uint32_t kLikePiix = 0x122e'8086; // the PIIX, whose registers for it are the same

void put_slot(Bytes& table, unsigned device)
{
    put_little(table, 0, 1); // bus
    put_little(table, device << 3, 1);
    for (unsigned pin = 0; pin < kPins; ++pin) {
        put_little(table, kFirstRoute + pci::link_of(pci::LinkWiring::Seabios, device, pin), 1);
        put_little(table, kPossibleIrqs, 2);
    }
    put_little(table, device > kLastOnBoard ? device - kLastOnBoard : 0, 1); // the slot's number; 0: on the board
    put_little(table, 0, 1);
}

} // namespace

Bytes PirTable::make()
{
    Bytes table;
    put_text(table, "$PIR", 4);
    put_little(table, 0x0100, 2); // version
    put_little(table, kHeaderSize + kSlotSize * (kDevices - kFirstDevice), 2);
    put_little(table, 0, 1);
    put_little(table, kRouter, 1);
    put_little(table, 0, 2); // no interrupt is for PCI alone
    put_little(table, kLikePiix, 4);
    put_text(table, {}, 4 + 11 + 1); // miniport's data, reserved, checksum
    for (unsigned device = kFirstDevice; device < kDevices; ++device) {
        put_slot(table, device);
    }
    table.at(kChecksumOffset) = static_cast<std::uint8_t>(-std::accumulate(table.begin(), table.end(), 0u));
    return table;
}

Bytes PirTable::loader()
{
    LoaderScript script;
    script.allocate(kName, 16, LoaderScript::Zone::FSegment);
    return script.take();
}

} // namespace windsor::firmware
