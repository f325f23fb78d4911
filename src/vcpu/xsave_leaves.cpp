// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/xsave_leaves.hpp"

#include "x86/xsave_area.hpp"

namespace windsor::vcpu {

namespace {

namespace xcr0 = x86::xcr0;
namespace xsave = x86::xsave;

// Leaf 1, ECX.
constexpr std::uint32_t kFma = 1u << 12, kXsave = 1u << 26, kAvx = 1u << 28, kF16c = 1u << 29;
// Leaf 7, EBX and ECX.
constexpr std::uint32_t kAvx2 = 1u << 5, kVaes = 1u << 9, kVpclmulqdq = 1u << 10;

// With one extended component, standard and compacted areas are of one size.
std::uint32_t area_bytes(bool avx)
{
    return avx ? xsave::kAvxBytes : xsave::kBytes;
}

} // namespace

XsaveFeatures xsave_features(const CpuidLeaf& one)
{
    const bool has_xsave = (one.ecx & kXsave) != 0;
    return {.xsave = has_xsave, .avx = has_xsave && (one.ecx & kAvx) != 0};
}

void hide_dependents(std::uint32_t leaf, std::uint32_t subleaf, const XsaveFeatures& features, CpuidLeaf& answer)
{
    if (features.avx) {
        return;
    }
    if (leaf == 1) {
        answer.ecx &= ~(kFma | kAvx | kF16c);
    } else if (leaf == 7 && subleaf == 0) {
        answer.ebx &= ~kAvx2;
        answer.ecx &= ~(kVaes | kVpclmulqdq);
    }
}

CpuidLeaf xsave_leaf(std::uint32_t subleaf, const XsaveFeatures& features, const CpuState& state,
                     const CpuidLeaf& answer)
{
    if (!features.xsave) {
        return {};
    }
    const bool avx_enabled = (state.xcr0 & xcr0::kAvx) != 0;
    switch (subleaf) {
    case 0:
        return {.eax = static_cast<std::uint32_t>(xcr0::kX87 | xcr0::kSse | (features.avx ? xcr0::kAvx : 0)),
                .ebx = area_bytes(avx_enabled),
                .ecx = area_bytes(features.avx)};
    case 1: return {.eax = answer.eax, .ebx = area_bytes(avx_enabled)};
    case 2: return features.avx ? CpuidLeaf{.eax = xsave::kYmmBytes, .ebx = xsave::kYmmOffset} : CpuidLeaf{};
    default: return {};
    }
}

} // namespace windsor::vcpu
