// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/saved_model.hpp"

#include <array>
#include <fmt/format.h>
#include <string_view>

namespace windsor::vcpu {

namespace {

// SDM volume 2A, CPUID: the words that hold features.
constexpr std::array kFeatureWords{
    FeatureWord{.leaf = 1, .reg = 2},          FeatureWord{.leaf = 1, .reg = 3},
    FeatureWord{.leaf = 7, .reg = 1},          FeatureWord{.leaf = 7, .reg = 2},
    FeatureWord{.leaf = 7, .reg = 3},          FeatureWord{.leaf = 0xd, .subleaf = 1, .reg = 0},
    FeatureWord{.leaf = 0x80000001, .reg = 2}, FeatureWord{.leaf = 0x80000001, .reg = 3},
    FeatureWord{.leaf = 0x80000007, .reg = 3},
};

// What tells how many processors there are is no feature.
std::uint32_t features_of(const CpuModel& model, const FeatureWord& word)
{
    constexpr std::uint32_t kHtt = 1u << 28;
    constexpr std::uint32_t kCmpLegacy = 1u << 1;
    const bool htt = word.leaf == 1 && word.reg == 3;
    const bool legacy = word.leaf == 0x80000001 && word.reg == 2;
    return model.word(word.leaf, word.subleaf, word.reg) & ~(htt ? kHtt : 0) & ~(legacy ? kCmpLegacy : 0);
}

} // namespace

std::string words(const FeatureWord& features)
{
    constexpr std::array<std::string_view, 4> kNames{"EAX", "EBX", "ECX", "EDX"};
    return fmt::format("CPUID.{:X}H.{}:{}, bits {:#x}", features.leaf, features.subleaf, kNames[features.reg & 3],
                       features.bits);
}

SavedModel save(const CpuModel& model)
{
    SavedModel saved{.name = model.name(), .tsc_hz = model.tsc_hz()};
    for (FeatureWord word : kFeatureWords) {
        word.bits = features_of(model, word);
        saved.features.push_back(word);
    }
    return saved;
}

std::vector<FeatureWord> missing_features(const SavedModel& saved)
{
    std::vector<FeatureWord> missing;
    const auto model = CpuModel::find(saved.name);
    for (FeatureWord word : saved.features) {
        word.bits &= ~(model ? model->word(word.leaf, word.subleaf, word.reg) : 0);
        if (word.bits != 0) {
            missing.push_back(word);
        }
    }
    return missing;
}

base::Result<CpuModel> restore(const SavedModel& saved)
{
    CpuModel model = WINDSOR_TRY(CpuModel::find(saved.name));
    if (saved.tsc_hz != model.tsc_hz()) {
        return base::fail(
            "the saved processor's time-stamp counter runs at {} Hz, and this version of Windsor's at {} Hz",
            saved.tsc_hz, model.tsc_hz());
    }
    if (const auto missing = missing_features(saved); !missing.empty()) {
        return base::fail("the saved processor has features that this host's does not: {}", words(missing[0]));
    }
    for (FeatureWord word : kFeatureWords) {
        std::uint32_t kept = 0;
        for (const FeatureWord& each : saved.features) {
            kept |= each.leaf == word.leaf && each.subleaf == word.subleaf && each.reg == word.reg ? each.bits : 0;
        }
        for (unsigned bit = 0; bit < 32; ++bit) {
            if ((model.word(word.leaf, word.subleaf, word.reg) & ~kept & (1u << bit)) != 0) {
                model.override_bit(word.leaf, word.subleaf, word.reg, bit, false);
            }
        }
    }
    return model;
}

} // namespace windsor::vcpu
