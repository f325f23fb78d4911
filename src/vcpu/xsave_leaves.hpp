// SPDX-License-Identifier: GPL-2.0-or-later
// What CPUID says of XSAVE, and of what needs it. SDM volume 1, section 13.2; volume 2A, CPUID.
#pragma once

#include "vcpu/cpu_model.hpp"

namespace windsor::vcpu {

struct XsaveFeatures {
    bool xsave{false};
    bool avx{false}; // false without xsave
};

// From leaf 1 as the model has it.
XsaveFeatures xsave_features(const CpuidLeaf& one);

// Takes away from an answer what cannot be had without XSAVE or without AVX, whatever the model's bits say.
void hide_dependents(std::uint32_t leaf, std::uint32_t subleaf, const XsaveFeatures& features, CpuidLeaf& answer);

// Leaf 0DH. `answer` holds the model's bits of subleaf 1, which alone are a matter of choice.
CpuidLeaf xsave_leaf(std::uint32_t subleaf, const XsaveFeatures& features, const CpuState& state,
                     const CpuidLeaf& answer);

} // namespace windsor::vcpu
