// SPDX-License-Identifier: GPL-2.0-or-later
// The little languages inside cpuid=: xl's names of features and xend's rows of bits.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/domain_config.hpp"
#include "config/settings.hpp"

namespace windsor::config {

// A feature that one bit of CPUID shows. Several names may stand for one bit.
struct CpuidFeature {
    std::string_view name;
    std::uint32_t leaf;
    std::uint32_t subleaf;
    unsigned reg; // 0 to 3: EAX, EBX, ECX, EDX
    unsigned bit;
};

std::span<const CpuidFeature> cpuid_features();

// Reads cpuid=, in xl's form ('host,avx=0') or xend's (['1:ecx=xxx0…']), as a string or a list of strings.
// A bit that is given more than once has the last value.
std::expected<std::vector<CpuidBit>, Complaint> parse_cpuid(const Setting& setting);

// For messages: "avx2 (CPUID leaf 0x7, EBX bit 5)".
std::string describe(const CpuidBit& bit);

} // namespace windsor::config
