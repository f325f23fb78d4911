// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/hal.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace windsor::firmware {

namespace {

// clang-format off
constexpr std::array kHals{
    Hal{.acpi = false, .apic = false, .several = false, .file = "HAL.DLL", .device = "Standard PC",
        .reason = "there is neither ACPI nor an APIC, and the 8259s have all interrupts",
        .rsdp = false, .madt = false, .mp_table = false, .pir_table = true},
    Hal{.acpi = false, .apic = true, .several = false, .file = "HALAPIC.DLL", .device = "MPS Uniprocessor PC",
        .reason = "the MP table lists an I/O APIC and one processor, and there is no ACPI",
        .rsdp = false, .madt = false, .mp_table = true, .pir_table = true},
    Hal{.acpi = false, .apic = true, .several = true, .file = "HALMPS.DLL", .device = "MPS Multiprocessor PC",
        .reason = "the MP table lists an I/O APIC and several processors, and there is no ACPI",
        .rsdp = false, .madt = false, .mp_table = true, .pir_table = true},
    Hal{.acpi = true, .apic = false, .several = false, .file = "HALACPI.DLL",
        .device = "Advanced Configuration and Power Interface (ACPI) PC",
        .reason = "the ACPI tables have no MADT, and lead the interrupts to the 8259s",
        .rsdp = true, .madt = false, .mp_table = false, .pir_table = true},
    Hal{.acpi = true, .apic = true, .several = false, .file = "HALAACPI.DLL", .device = "ACPI Uniprocessor PC",
        .reason = "the MADT lists an I/O APIC and one processor",
        .rsdp = true, .madt = true, .mp_table = true, .pir_table = true},
    Hal{.acpi = true, .apic = true, .several = true, .file = "HALMACPI.DLL", .device = "ACPI Multiprocessor PC",
        .reason = "the MADT lists an I/O APIC and several processors",
        .rsdp = true, .madt = true, .mp_table = true, .pir_table = true},
};
// clang-format on

} // namespace

std::span<const Hal> all_hals()
{
    return kHals;
}

const Hal* find_hal(const HalKeys& keys)
{
    const auto found = std::ranges::find_if(kHals, [&](const Hal& hal) {
        return hal.acpi == keys.acpi && hal.apic == keys.apic && hal.several == (keys.processors > 1);
    });
    return found == kHals.end() ? nullptr : &*found;
}

HalChange change_of_hal(const HalKeys& installed, const HalKeys& now)
{
    using Effect = HalChange::Effect;
    const Hal* const before = find_hal(installed);
    const Hal* const after = find_hal(now);
    if (before == nullptr || after == nullptr || before == after) {
        return {Effect::None};
    }
    if (before->acpi && !after->acpi) {
        return {Effect::Stranded,
                fmt::format("a Windows that was installed with acpi=1 has {}, and stops with 0x000000A5 "
                            "on a machine without ACPI tables",
                            before->file)};
    }
    if (before->apic && !after->apic) {
        return {Effect::Stranded,
                fmt::format("a Windows that was installed with apic=1 has {}, and stops with 0x00000079 "
                            "or hangs on a machine without an I/O APIC",
                            before->file)};
    }
    const std::string_view lacks = before->acpi != after->acpi   ? "without ACPI's power management"
                                   : before->apic != after->apic ? "with the 8259s"
                                   : after->several              ? "with one processor"
                                                                 : "with the HAL for several processors";
    return {Effect::Stays, fmt::format("a Windows that is installed already keeps {} ('{}') and goes on {}; {} is what "
                                       "Setup would choose now",
                                       before->file, before->device, lacks, after->file)};
}

} // namespace windsor::firmware
