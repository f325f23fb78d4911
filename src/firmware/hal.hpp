// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine tells a system about its interrupts and its power management, and which hardware abstraction layer
// (HAL) Windows 2000, XP and Server 2003 choose by it. Setup looks once, and the installed system keeps what it chose.
// How it looks is in Microsoft's article 309283, "HAL options after Windows XP or Windows Server 2003 Setup".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace windsor::firmware {

// What of a configuration decides it.
struct HalKeys {
    bool acpi{true};
    bool apic{true};
    unsigned processors{1};

    bool operator==(const HalKeys&) const = default;
};

// One row of the table.
struct Hal {
    bool acpi;
    bool apic;
    bool several; // processors
    std::string_view file;   // on the installation medium
    std::string_view device; // as Setup and the Device Manager call the computer
    std::string_view reason; // what the machine shows, by which Windows chooses it
    // What firmware installs; each of the machine's interrupts is in one of them.
    bool rsdp;      // the ACPI tables
    bool madt;      // with local APICs and the I/O APIC among them
    bool mp_table;  // of the MultiProcessor Specification
    bool pir_table; // $PIR: which lines of the PIIX3 lead to which 8259 input
};

std::span<const Hal> all_hals();

// The row for them; null for several processors without APICs, which there is no PC with.
const Hal* find_hal(const HalKeys& keys);

// What a Windows does that was installed with one set of keys, on a machine with another.
struct HalChange {
    enum class Effect : std::uint8_t {
        None,     // the HAL is the right one
        Stays,    // it starts, with the HAL that it has
        Stranded, // it does not start
    };
    Effect effect;
    std::string sentence{}; // empty if there is no effect
};
HalChange change_of_hal(const HalKeys& installed, const HalKeys& now);

} // namespace windsor::firmware
