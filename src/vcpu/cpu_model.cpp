// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/cpu_model.hpp"

#include "vcpu/host_features.hpp"
#include "vcpu/xsave_leaves.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <fmt/ranges.h>

namespace windsor::vcpu {

namespace {

// Feature bits by CPUID word. SDM volume 2A, CPUID; AMD64 APM volume 3, appendix E.
namespace edx1 {
constexpr std::uint32_t kFpu = 1u << 0, kVme = 1u << 1, kDe = 1u << 2, kPse = 1u << 3, kTsc = 1u << 4, kMsr = 1u << 5,
                        kPae = 1u << 6, kMce = 1u << 7, kCx8 = 1u << 8, kApic = 1u << 9, kSep = 1u << 11,
                        kMtrr = 1u << 12, kPge = 1u << 13, kMca = 1u << 14, kCmov = 1u << 15, kPat = 1u << 16,
                        kPse36 = 1u << 17, kClfsh = 1u << 19, kMmx = 1u << 23, kFxsr = 1u << 24, kSse = 1u << 25,
                        kSse2 = 1u << 26, kHtt = 1u << 28;
// The part that AMD repeats in leaf 0x80000001.
constexpr std::uint32_t kRepeated = 0x0183f3ff;
} // namespace edx1
namespace ecx1 {
constexpr std::uint32_t kSse3 = 1u << 0, kSsse3 = 1u << 9, kCx16 = 1u << 13, kSse41 = 1u << 19, kSse42 = 1u << 20,
                        kPopcnt = 1u << 23, kXsave = 1u << 26, kOsxsave = 1u << 27, kFma = 1u << 12, kAvx = 1u << 28,
                        kF16c = 1u << 29, kMovbe = 1u << 22;
} // namespace ecx1
namespace ebx7 {
constexpr std::uint32_t kFsgsbase = 1u << 0, kTscAdjust = 1u << 1, kBmi1 = 1u << 3, kAvx2 = 1u << 5, kSmep = 1u << 7,
                        kBmi2 = 1u << 8, kErms = 1u << 9, kSmap = 1u << 20;
} // namespace ebx7
namespace edx7 {
constexpr std::uint32_t kArchCapabilities = 1u << 29;
} // namespace edx7
namespace edx81 {
constexpr std::uint32_t kSyscall = 1u << 11, kNx = 1u << 20, kRdtscp = 1u << 27, kLm = 1u << 29;
} // namespace edx81
namespace ecx81 {
constexpr std::uint32_t kLahf = 1u << 0, kCmpLegacy = 1u << 1, kLzcnt = 1u << 5, kPrefetchw = 1u << 8;
} // namespace ecx81
constexpr std::uint32_t kInvariantTsc = 1u << 8; // CPUID.80000007:EDX

enum class Vendor : std::uint8_t { Intel, Amd };

// A model in words; make_leaves() turns it into leaves.
struct Recipe {
    std::string_view name;
    Vendor vendor;
    std::uint32_t signature;
    std::string_view brand;
    std::uint32_t max_leaf;
    std::uint32_t edx1;
    std::uint32_t ecx1;
    std::uint32_t ebx7{0};
    std::uint32_t edx7{0};
    std::uint32_t edx81{0};
    std::uint32_t ecx81{0};
    unsigned physical_bits{40};
    bool of_the_host{false}; // and what add_host_features() has
};

constexpr std::uint32_t kPentium =
    edx1::kFpu | edx1::kVme | edx1::kDe | edx1::kPse | edx1::kTsc | edx1::kMsr | edx1::kMce | edx1::kCx8 | edx1::kApic;
constexpr std::uint32_t kPentium3 = kPentium | edx1::kPae | edx1::kSep | edx1::kMtrr | edx1::kPge | edx1::kMca |
                                    edx1::kCmov | edx1::kPat | edx1::kPse36 | edx1::kMmx | edx1::kFxsr | edx1::kSse;
constexpr std::uint32_t kAmd64 = kPentium3 | edx1::kSse2 | edx1::kClfsh;
constexpr std::uint32_t kLongMode = edx81::kSyscall | edx81::kNx | edx81::kLm;

// "Time Stamp Counter and Nominal Core Crystal Clock Information", "Processor Frequency Information".
constexpr std::uint32_t kClockLeaf = 0x15;
constexpr std::uint32_t kFrequencyLeaf = 0x16;

constexpr std::array kRecipes{
    // A Core 2 with everything that the engines provide: a signature that all systems know, and whose
    // model-specific drivers ask for nothing that a virtual processor lacks.
    Recipe{.name = "standard",
           .vendor = Vendor::Intel,
           .signature = 0x1067a,
           .brand = "Windsor Virtual CPU",
           .max_leaf = kFrequencyLeaf,
           .edx1 = kAmd64,
           .ecx1 =
               ecx1::kSse3 | ecx1::kSsse3 | ecx1::kCx16 | ecx1::kSse41 | ecx1::kSse42 | ecx1::kPopcnt | ecx1::kXsave,
           .ebx7 = ebx7::kFsgsbase | ebx7::kTscAdjust | ebx7::kSmep | ebx7::kSmap,
           .edx7 = edx7::kArchCapabilities,
           .edx81 = kLongMode | edx81::kRdtscp,
           .ecx81 = ecx81::kLahf | ecx81::kPrefetchw,
           .of_the_host = true},
    Recipe{.name = "pentium3",
           .vendor = Vendor::Intel,
           .signature = 0x68a,
           .brand = "",
           .max_leaf = 2,
           .edx1 = kPentium3,
           .ecx1 = 0,
           .physical_bits = 36},
    Recipe{.name = "core2duo",
           .vendor = Vendor::Intel,
           .signature = 0x6fb,
           .brand = "Windsor Virtual CPU (Core 2 Duo)",
           .max_leaf = 0xa,
           .edx1 = kAmd64,
           .ecx1 = ecx1::kSse3 | ecx1::kSsse3 | ecx1::kCx16,
           .edx81 = kLongMode,
           .ecx81 = ecx81::kLahf},
    Recipe{.name = "opteron",
           .vendor = Vendor::Amd,
           .signature = 0x20f12,
           .brand = "Windsor Virtual CPU (Opteron)",
           .max_leaf = 1,
           .edx1 = kAmd64,
           .ecx1 = ecx1::kSse3 | ecx1::kCx16,
           .edx81 = kLongMode,
           .ecx81 = ecx81::kLahf | ecx81::kPrefetchw},
    Recipe{.name = "amd64",
           .vendor = Vendor::Amd,
           .signature = 0x100f43,
           .brand = "Windsor Virtual CPU (AMD64)",
           .max_leaf = 5,
           .edx1 = kAmd64,
           .ecx1 = ecx1::kSse3 | ecx1::kCx16 | ecx1::kPopcnt,
           .edx81 = kLongMode | edx81::kRdtscp,
           .ecx81 = ecx81::kLahf | ecx81::kPrefetchw},
};

constexpr std::uint64_t kTscHz = 1'000'000'000;
constexpr std::uint32_t kExtended = 0x80000000;

// Sixteen characters, or twelve, as registers hold them.
std::uint32_t word_at(std::string_view text, std::size_t offset)
{
    std::array<char, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size() && offset + i < text.size(); ++i) {
        bytes[i] = text[offset + i];
    }
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
}

using Leaves = std::map<std::pair<std::uint32_t, std::uint32_t>, CpuidLeaf>;

void add_vendor(Leaves& leaves, const Recipe& recipe, std::uint32_t max_extended)
{
    const std::string_view vendor = recipe.vendor == Vendor::Intel ? "GenuineIntel" : "AuthenticAMD";
    const CpuidLeaf words{.eax = 0, .ebx = word_at(vendor, 0), .ecx = word_at(vendor, 8), .edx = word_at(vendor, 4)};
    leaves[{0, 0}] = words;
    leaves[{0, 0}].eax = recipe.max_leaf;
    if (recipe.vendor == Vendor::Amd) {
        leaves[{kExtended, 0}] = words;
    }
    leaves[{kExtended, 0}].eax = max_extended;
}

// Caches: 32 KiB, 8 ways, lines of 64 bytes twice, and 4 MiB, 16 ways.
void add_caches(Leaves& leaves, const Recipe& recipe)
{
    if (recipe.vendor == Vendor::Amd) {
        leaves[{kExtended + 5, 0}] = {.eax = 0xff20ff20, .ebx = 0xff20ff20, .ecx = 0x40020140, .edx = 0x40020140};
        leaves[{kExtended + 6, 0}] = {.ebx = 0x42004200, .ecx = 0x02008140};
        return;
    }
    leaves[{2, 0}] = {.eax = 0x05b0b101, .ebx = 0x005657f0, .ecx = 0, .edx = 0x2cb43049};
    if (recipe.max_leaf >= 4) {
        leaves[{4, 0}] = {.eax = 0x00000121, .ebx = 0x01c0003f, .ecx = 63, .edx = 1};
        leaves[{4, 1}] = {.eax = 0x00000122, .ebx = 0x01c0003f, .ecx = 63, .edx = 1};
        leaves[{4, 2}] = {.eax = 0x00000143, .ebx = 0x03c0003f, .ecx = 4095, .edx = 1};
        leaves[{kExtended + 6, 0}] = {.ecx = 0x10008040};
    }
}

void add_brand(Leaves& leaves, std::string_view brand)
{
    for (std::uint32_t i = 0; i < 3; ++i) {
        const std::size_t at = std::size_t{i} * 16;
        leaves[{kExtended + 2 + i, 0}] = {word_at(brand, at), word_at(brand, at + 4), word_at(brand, at + 8),
                                          word_at(brand, at + 12)};
    }
}

// One thread in one core. SDM volume 2A, leaf 0BH.
void add_topology(Leaves& leaves)
{
    leaves[{0xb, 0}] = {.ebx = 1, .ecx = 0x100};
    leaves[{0xb, 1}] = {.ebx = 1, .ecx = 0x201};
}

// The counter runs at the rate of the crystal, which the local APIC's timer has, too. A system that is told so need not
// measure them by others, which are late where the host is; and one that knows TSC_ADJUST need not watch the counter.
void add_clock(Leaves& leaves)
{
    leaves[{kClockLeaf, 0}] = {.eax = 1, .ebx = 1, .ecx = static_cast<std::uint32_t>(kTscHz)};
    constexpr std::uint32_t kMegahertz = kTscHz / 1'000'000;
    leaves[{kFrequencyLeaf, 0}] = {.eax = kMegahertz, .ebx = kMegahertz, .ecx = kMegahertz}; // base, highest, bus
}

// XSAVEOPT, XSAVEC and XGETBV with ECX = 1; the rest of the leaf follows from other features, see xsave_leaf().
void add_xsave(Leaves& leaves)
{
    leaves[{0xd, 1}] = {.eax = 7};
}

// The engines run these as the host does. What has always come together stays together: systems and compilers take BMI,
// LZCNT and MOVBE for granted where there is AVX2.
void add_host_features(Leaves& leaves)
{
    const HostFeatures host = host_features();
    if (host.avx2 && has_companions_of_avx2(host)) {
        leaves[{1, 0}].ecx |= ecx1::kMovbe;
        leaves[{7, 0}].ebx |= ebx7::kAvx2 | ebx7::kBmi1 | ebx7::kBmi2;
        leaves[{kExtended + 1, 0}].ecx |= ecx81::kLzcnt;
    }
    leaves[{1, 0}].ecx |= (host.avx ? ecx1::kAvx : 0) | (host.fma ? ecx1::kFma : 0) | (host.f16c ? ecx1::kF16c : 0);
    leaves[{7, 0}].ebx |= host.erms ? ebx7::kErms : 0;
}

Leaves make_leaves(const Recipe& recipe)
{
    Leaves leaves;
    const bool has_brand = !recipe.brand.empty();
    add_vendor(leaves, recipe, has_brand ? kExtended + 8 : 0);
    constexpr std::uint32_t kLine = 8u << 8;  // CLFLUSH line in quadwords
    constexpr std::uint32_t kOne = 1u << 16;  // logical processors
    leaves[{1, 0}] = {.eax = recipe.signature,
                      .ebx = (recipe.edx1 & edx1::kClfsh) != 0 ? kLine | kOne : 0,
                      .ecx = recipe.ecx1,
                      .edx = recipe.edx1};
    add_caches(leaves, recipe);
    if (recipe.max_leaf >= 7) {
        leaves[{7, 0}] = {.ebx = recipe.ebx7, .edx = recipe.edx7};
    }
    if (recipe.max_leaf >= 0xb) {
        add_topology(leaves);
    }
    if (recipe.max_leaf >= kFrequencyLeaf) {
        add_clock(leaves);
    }
    if ((recipe.ecx1 & ecx1::kXsave) != 0) {
        add_xsave(leaves);
    }
    if (has_brand) {
        const std::uint32_t repeated = recipe.vendor == Vendor::Amd ? recipe.edx1 & edx1::kRepeated : 0;
        leaves[{kExtended + 1, 0}] = {.eax = recipe.vendor == Vendor::Amd ? recipe.signature : 0,
                                      .ecx = recipe.ecx81,
                                      .edx = recipe.edx81 | repeated};
        add_brand(leaves, recipe.brand);
        leaves[{kExtended + 7, 0}] = {.edx = kInvariantTsc};
        leaves[{kExtended + 8, 0}] = {.eax = recipe.physical_bits | (48u << 8)};
    }
    if (recipe.of_the_host) {
        add_host_features(leaves);
    }
    return leaves;
}

std::uint32_t& register_of(CpuidLeaf& leaf, unsigned reg)
{
    switch (reg & 3) {
    case 0: return leaf.eax;
    case 1: return leaf.ebx;
    case 2: return leaf.ecx;
    default: return leaf.edx;
    }
}

// Leaves whose answer depends on ECX.
bool has_subleaves(std::uint32_t leaf)
{
    return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd;
}

} // namespace

base::Result<CpuModel> CpuModel::find(std::string_view name)
{
    const auto recipe = std::ranges::find(kRecipes, name, &Recipe::name);
    if (recipe == kRecipes.end()) {
        return base::fail("{}: no such processor model; known are {}", name, fmt::join(names(), ", "));
    }
    CpuModel model;
    model.name_ = recipe->name;
    model.tsc_hz_ = kTscHz;
    model.leaves_ = make_leaves(*recipe);
    return model;
}

std::vector<std::string> CpuModel::names()
{
    std::vector<std::string> result;
    for (const Recipe& recipe : kRecipes) {
        result.emplace_back(recipe.name);
    }
    return result;
}

CpuModel CpuModel::standard()
{
    return *find(kRecipes.front().name);
}

std::uint32_t CpuModel::signature() const
{
    const auto leaf = leaves_.find({1, 0});
    return leaf == leaves_.end() ? 0 : leaf->second.eax;
}

CpuidLeaf CpuModel::cpuid(std::uint32_t leaf, std::uint32_t subleaf, const CpuState& state, std::uint32_t apic_id) const
{
    const auto maximum = [this](std::uint32_t base) {
        const auto found = leaves_.find({base, 0});
        return found == leaves_.end() ? 0 : found->second.eax;
    };
    if ((leaf < kExtended && leaf > maximum(0)) || (leaf >= kExtended && leaf > maximum(kExtended))) {
        if (!is_intel()) {
            return {};
        }
        leaf = maximum(0); // Intel answers with the highest basic leaf
    }
    const auto found = leaves_.find({leaf, has_subleaves(leaf) ? subleaf : 0});
    CpuidLeaf answer = found == leaves_.end() ? CpuidLeaf{} : found->second;
    const XsaveFeatures features = xsave_features(leaves_.at({1, 0}));
    hide_dependents(leaf, subleaf, features, answer);
    if (leaf == 1) {
        answer.ebx |= apic_id << 24;
        if (features.xsave && (state.cr4 & x86::cr4::kOsxsave) != 0) {
            answer.ecx |= ecx1::kOsxsave;
        }
    }
    if (leaf == 0xd) {
        answer = xsave_leaf(subleaf, features, state, answer);
    }
    if (leaf == 0xb) {
        answer.ecx = (answer.ecx & ~0xffu) | (subleaf & 0xff);
        answer.edx = apic_id;
    }
    return answer;
}

std::uint32_t CpuModel::word(std::uint32_t leaf, std::uint32_t subleaf, unsigned reg) const
{
    const auto found = leaves_.find({leaf, subleaf});
    if (found == leaves_.end()) {
        return 0;
    }
    CpuidLeaf answer = found->second;
    return register_of(answer, reg);
}

void CpuModel::override_bit(std::uint32_t leaf, std::uint32_t subleaf, unsigned reg, unsigned bit, bool value)
{
    std::uint32_t& word = register_of(leaves_[{leaf, has_subleaves(leaf) ? subleaf : 0}], reg);
    const std::uint32_t mask = 1u << (bit & 31);
    word = value ? word | mask : word & ~mask;
}

bool CpuModel::is_intel() const
{
    return leaves_.at({0, 0}).ebx == word_at("Genu", 0);
}

// SDM volume 2A, CPUID leaves 1, 4 and 0BH, and volume 3A, section 8.9; AMD64 APM volume 3, appendix E.4.8. Each core
// has two APIC ids, of which the odd one is not used.
void CpuModel::share_package(unsigned cores)
{
    const bool can = is_intel() ? leaves_.contains({4, 0}) : leaves_.contains({kExtended + 8, 0});
    if (cores < 2 || !can) {
        return;
    }
    const std::uint32_t core_ids = std::bit_ceil(cores);
    const auto shift = static_cast<std::uint32_t>(std::countr_zero(core_ids)) + 1;
    CpuidLeaf& first = leaves_[{1, 0}];
    first.edx |= edx1::kHtt;
    first.ebx = (first.ebx & 0xff00ffff) | std::min(2 * core_ids, 255u) << 16;
    if (!is_intel()) {
        leaves_[{kExtended + 1, 0}].ecx |= ecx81::kCmpLegacy;
        leaves_[{kExtended + 8, 0}].ecx = shift << 12 | (cores - 1);
        return;
    }
    for (auto leaf = leaves_.find({4, 0}); leaf != leaves_.end() && leaf->first.first == 4; ++leaf) {
        leaf->second.eax |= std::min(core_ids - 1, 63u) << 26 | 1u << 14; // a cache serves two ids
    }
    if (leaves_.contains({0xb, 0})) {
        leaves_[{0xb, 0}] = {.eax = 1, .ebx = 1, .ecx = 0x100};
        leaves_[{0xb, 1}] = {.eax = shift, .ebx = cores, .ecx = 0x201};
    }
}

void CpuModel::hide_apic()
{
    override_bit(1, 0, 3, 9, false);
    if (leaves_.contains({kExtended + 1, 0}) && !is_intel()) {
        override_bit(kExtended + 1, 0, 3, 9, false);
    }
}

void CpuModel::hide_pae()
{
    constexpr unsigned kPaeBit = 6, kNxBit = 20, kLongModeBit = 29; // of EDX
    override_bit(1, 0, 3, kPaeBit, false);
    if (!leaves_.contains({kExtended + 1, 0})) {
        return;
    }
    for (const unsigned bit : {kNxBit, kLongModeBit}) {
        override_bit(kExtended + 1, 0, 3, bit, false);
    }
    if (!is_intel()) {
        override_bit(kExtended + 1, 0, 3, kPaeBit, false);
    }
}

} // namespace windsor::vcpu
