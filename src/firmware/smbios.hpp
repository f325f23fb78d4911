// SPDX-License-Identifier: GPL-2.0-or-later
// The SMBIOS tables: who made the machine, its serial number and UUID, its memory.
// System Management BIOS Reference Specification 2.5.
#pragma once

#include "firmware/fw_cfg.hpp"
#include "firmware/smbios_structures.hpp"
#include "firmware/smbios_texts.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace windsor::firmware {

struct SmbiosOptions {
    std::array<std::uint8_t, 16> uuid{}; // as text order, most significant byte first
    SmbiosTexts texts{};                 // what is not chosen is as default_smbios_texts() has it
    std::vector<SmbiosStructure> structures{}; // instead of Windsor's own of their types, and besides them
    std::string processor_name{};
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
