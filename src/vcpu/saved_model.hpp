// SPDX-License-Identifier: GPL-2.0-or-later
// A processor model in a saved state: its name, and the features that the guest has seen. Where it is restored the
// guest must find all of them, and is shown no others.
#pragma once

#include "vcpu/cpu_model.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace windsor::vcpu {

// One register of a CPUID leaf in which each bit is a feature.
struct FeatureWord {
    std::uint32_t leaf{0};
    std::uint32_t subleaf{0};
    std::uint8_t reg{0}; // 0 to 3: EAX, EBX, ECX, EDX
    std::uint32_t bits{0};
};

// Which they are, as the manuals name them.
std::string words(const FeatureWord& features);

template <typename Archive> void describe(Archive& archive, FeatureWord& word)
{
    archive.field("leaf", word.leaf);
    archive.field("subleaf", word.subleaf);
    archive.field("reg", word.reg);
    archive.field("bits", word.bits);
}

struct SavedModel {
    std::string name{};
    std::uint64_t tsc_hz{0};
    std::vector<FeatureWord> features{};
};

template <typename Archive> void describe(Archive& archive, SavedModel& model)
{
    archive.field("name", model.name);
    archive.field("tsc_hz", model.tsc_hz);
    archive.field("features", model.features);
}

SavedModel save(const CpuModel& model);

// Features that were saved and that this host's processors do not have.
std::vector<FeatureWord> missing_features(const SavedModel& saved);

// The model as it was. Fails if the name is unknown, its TSC runs at another rate, or features are missing.
base::Result<CpuModel> restore(const SavedModel& saved);

} // namespace windsor::vcpu
