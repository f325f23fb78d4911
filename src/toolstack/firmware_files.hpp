// SPDX-License-Identifier: GPL-2.0-or-later
// The files whose tables a configuration gives the firmware.
#pragma once

#include "config/domain_config.hpp"

namespace windsor::toolstack {

// Reads what smbios_firmware and acpi_firmware name into the configuration. Fails, with the key's place, if a file
// cannot be read or is no such file.
base::Status read_firmware_files(config::DomainConfig& config);

} // namespace windsor::toolstack
