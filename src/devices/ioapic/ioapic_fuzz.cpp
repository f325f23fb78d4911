// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as register writes, input levels and ends of interrupts; one access must not send more
// messages than there are pins.
#include "devices/ioapic/ioapic.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor;
    using namespace windsor::devices;
    bool listens = true;
    unsigned sent = 0;
    ioapic::IoApic apic{24, [&](const lapic::Message&) {
                            ++sent;
                            return listens;
                        }};
    const std::span bytes{data, size};
    for (std::size_t at = 0; at + 6 <= bytes.size(); at += 6) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) {
            value |= static_cast<std::uint32_t>(bytes[at + 2 + i]) << (8 * i);
        }
        const auto width = static_cast<bus::Width>(1U << (bytes[at] >> 6));
        const unsigned before = sent;
        switch (bytes[at] & 7) {
        case 0: apic.write(bytes[at + 1], width, value); break;
        case 1: apic.read(bytes[at + 1], width); break;
        case 2: apic.set_irq(bytes[at + 1], (value & 1) != 0); break;
        case 3: apic.end_of_interrupt(bytes[at + 1]); break;
        case 4: listens = (value & 1) != 0; break;
        case 5: apic.load(ioapic::IoApic::State{apic.state()}); break;
        case 6: apic.write(ioapic::kRegisterSelect, bus::Width::Dword, bytes[at + 1]); break;
        default: apic.write(ioapic::kWindow, bus::Width::Dword, value); break;
        }
        if (sent - before > apic.pins()) {
            std::abort();
        }
    }
    return 0;
}
