// SPDX-License-Identifier: GPL-2.0-or-later
// Power management in a saved state.
#pragma once

#include "devices/acpi_pm/power_management.hpp"
#include "pci/saved_state.hpp"

namespace windsor::devices::acpi_pm {

template <typename Archive> void describe(Archive& archive, PowerManagement::Registers& registers)
{
    archive.field("pm1_status", registers.pm1_status);
    archive.field("pm1_enable", registers.pm1_enable);
    archive.field("pm1_control", registers.pm1_control);
    archive.field("gpe_status", registers.gpe_status);
    archive.field("gpe_enable", registers.gpe_enable);
    archive.field("smi_command", registers.smi_command);
    archive.field("smi_status", registers.smi_status);
    archive.field("timer_changes", registers.timer_changes);
    archive.field("smbus", registers.smbus);
}

template <typename Archive> void describe(Archive& archive, PowerManagement::State& state)
{
    archive.field("pci", state.pci);
    archive.field("registers", state.registers);
}

} // namespace windsor::devices::acpi_pm
