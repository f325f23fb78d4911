// SPDX-License-Identifier: GPL-2.0-or-later
// Two local APICs and an I/O APIC on one bus: plays bytes as register accesses, pins and time.
#include "devices/ioapic/ioapic.hpp"
#include "devices/lapic/lapic.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using namespace windsor;
using namespace windsor::devices;

class Pins final : public lapic::ProcessorSignals {
public:
    void nmi() override {}
    void init() override {}
    void startup(std::uint8_t) override {}
    void interrupt(bool) override {}
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    base::ManualClock clock;
    base::TimerQueue timers;
    lapic::ApicBus bus;
    Pins pins;
    const auto tsc = [](std::uint64_t value) { return static_cast<base::Nanoseconds>(value); };
    lapic::Lapic first{clock, timers, bus, pins, {.time_of_tsc = tsc}};
    lapic::Lapic second{clock, timers, bus, pins, {.id = 1, .boot_processor = false}};
    ioapic::IoApic io{48, [&](const lapic::Message& message) { return bus.deliver(message); }};
    bus.on_end_of_interrupt([&](std::uint8_t vector) { io.end_of_interrupt(vector); });

    const std::span bytes{data, size};
    for (std::size_t at = 0; at + 7 <= bytes.size(); at += 7) {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) {
            value |= static_cast<std::uint32_t>(bytes[at + 3 + i]) << (8 * i);
        }
        const std::uint64_t offset = bytes[at + 1] * 16U + (bytes[at + 2] & 15U);
        const auto width = static_cast<bus::Width>(1U << (bytes[at + 2] >> 4 & 3));
        lapic::Lapic& apic = (bytes[at] & 1) != 0 ? second : first;
        switch (bytes[at] >> 1 & 15) {
        case 0:
        case 1: apic.read(offset, width); break;
        case 2: io.write(0, bus::Width::Dword, bytes[at + 1]); break;
        case 3: io.write(16, bus::Width::Dword, value); break;
        case 4: io.set_irq(bytes[at + 1], (value & 1) != 0); break;
        case 5: io.read(offset, width); break;
        case 6: apic.set_lint(bytes[at + 1] & 1, (value & 1) != 0); break;
        case 7: apic.acknowledge(); break;
        case 8:
            clock.advance(value);
            timers.run_due(clock.now());
            break;
        case 9: (void)apic.write_msr(0x800U + bytes[at + 1], std::uint64_t{value} << 32 | value); break;
        case 10: (void)apic.set_apic_base(value); break;
        case 11: apic.set_tsc_deadline(std::uint64_t{value} << (bytes[at + 1] & 31)); break;
        case 12: apic.load(lapic::Lapic::State{apic.state()}); break;
        default: apic.write(offset & ~std::uint64_t{15}, bus::Width::Dword, value); break;
        }
    }
    return 0;
}
