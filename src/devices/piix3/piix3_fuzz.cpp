// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as configuration writes, interrupt levels, writes to the reset control register, and coprocessor errors.
#include "devices/piix3/isa_bridge.hpp"
#include "devices/piix3/numeric_error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

// An input must never be told the level that it has.
class Sink final : public windsor::bus::IrqSink {
public:
    void set_irq(unsigned input, bool level) override
    {
        if (levels_.at(input) == level) {
            std::abort();
        }
        levels_.at(input) = level;
    }

private:
    std::array<bool, 48> levels_{};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor;
    using namespace windsor::devices;
    Sink sink;
    pci::InterruptRouter router{sink, sink, pci::LinkWiring::Seabios};
    piix3::IsaBridge bridge{router};
    piix3::ResetControl control{[&](piix3::ResetKind) { bridge.reset(); }};
    Sink isa;
    piix3::NumericError numeric_error{bus::IrqLine{isa, piix3::kNumericErrorIrq}};
    const std::span bytes{data, size};
    for (std::size_t at = 0; at + 3 <= bytes.size(); at += 3) {
        const std::uint8_t value = bytes[at + 2];
        switch (bytes[at] & 7) {
        case 0: bridge.config_write(bytes[at + 1], 1, value); break;
        case 1: router.set_irq(bytes[at + 1] | (value & 0x7fU) << 8, (value & 0x80) != 0); break;
        case 2: control.write(0, bus::Width::Byte, value); break;
        case 4: static_cast<void>(numeric_error.raise()); break;
        case 5: numeric_error.clear(); break;
        case 6: numeric_error.write(0, bus::Width::Byte, value); break;
        default: bridge.config_write(0x60 + (bytes[at + 1] & 3U), 1, value); break;
        }
    }
    return 0;
}
