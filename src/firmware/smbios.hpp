// SPDX-License-Identifier: GPL-2.0-or-later
// The SMBIOS tables: who made the machine, its serial number and UUID, its memory.
// System Management BIOS Reference Specification 2.5.
#pragma once

#include "firmware/fw_cfg.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace windsor::firmware {

struct SmbiosOptions {
    std::array<std::uint8_t, 16> uuid{}; // as text order, most significant byte first
    std::string serial;                  // of the system; Windows' activation looks at it
    std::string processor_name;
    std::uint32_t processor_signature{0}; // CPUID.1:EAX
    std::uint32_t processor_features{0};  // CPUID.1:EDX
    unsigned packages{1};        // sockets with a processor in them
    unsigned cores{1};           // in each; of one thread
    std::uint64_t memory{0}; // bytes
};

struct SmbiosFiles {
    static constexpr const char* kAnchorName = "etc/smbios/smbios-anchor";
    static constexpr const char* kTablesName = "etc/smbios/smbios-tables";

    Bytes anchor; // the entry point; firmware fills in address and checksums
    Bytes tables;
};

SmbiosFiles make_smbios_tables(const SmbiosOptions& options);

} // namespace windsor::firmware
