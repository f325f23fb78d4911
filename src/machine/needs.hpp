// SPDX-License-Identifier: GPL-2.0-or-later
// What a saved state asks of the machine that takes it over.
#pragma once

#include "base/result.hpp"
#include "vcpu/saved_model.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::machine {

struct NeededDrive {
    std::uint8_t slot{0}; // as DriveSpec::slot
    bool cdrom{false};
    std::uint64_t size{0}; // bytes of the medium; 0: none
};

template <typename Archive> void describe(Archive& archive, NeededDrive& drive)
{
    archive.field("slot", drive.slot);
    archive.field("cdrom", drive.cdrom);
    archive.field("size", drive.size);
}

struct Needs {
    std::uint64_t memory{0}; // bytes
    std::uint32_t processors{1};
    bool acpi{false};
    bool apic{false};
    std::array<std::uint8_t, 16> uuid{};
    std::vector<NeededDrive> drives{};
    std::vector<std::string> devices{}; // the paths of their slots
    vcpu::SavedModel processor{};
};

template <typename Archive> void describe(Archive& archive, Needs& needs)
{
    archive.field("memory", needs.memory);
    archive.field("processors", needs.processors);
    archive.field("acpi", needs.acpi);
    archive.field("apic", needs.apic);
    archive.field("uuid", needs.uuid);
    archive.field("drives", needs.drives);
    archive.field("devices", needs.devices);
    archive.field("processor", needs.processor);
}

constexpr std::string_view kNeedsRecord = "machine";

std::string drive_name(unsigned slot);

// Fails if a processor lacks features of the saved one.
base::Status check_features(const vcpu::SavedModel& saved, const vcpu::SavedModel& own);

// Fails, by name, where the machine lacks something that was saved.
base::Status check(const Needs& saved, const Needs& own);

} // namespace windsor::machine
