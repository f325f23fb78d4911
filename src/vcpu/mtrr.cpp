// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/mtrr.hpp"

#include "vcpu/memory_types.hpp"
#include "x86/msr.hpp"

namespace windsor::vcpu {

namespace msr = x86::msr;

namespace {

constexpr std::uint32_t kVariable = 16; // eight pairs
// Eight variable ranges, fixed ranges, write-combining.
constexpr std::uint64_t kCapabilities = 8 | (1u << 8) | (1u << 10);

// The index among the eleven fixed-range registers.
std::optional<unsigned> fixed_index(std::uint32_t number)
{
    if (number == msr::kMtrrFix64K) {
        return 0;
    }
    if (number == msr::kMtrrFix16K0 || number == msr::kMtrrFix16K0 + 1) {
        return 1 + number - msr::kMtrrFix16K0;
    }
    if (number >= msr::kMtrrFix4K0 && number < msr::kMtrrFix4K0 + 8) {
        return 3 + number - msr::kMtrrFix4K0;
    }
    return std::nullopt;
}

bool is_variable(std::uint32_t number)
{
    return number >= msr::kMtrrPhysBase0 && number < msr::kMtrrPhysBase0 + kVariable;
}

bool store(std::uint64_t& into, std::uint64_t value, bool valid)
{
    into = valid ? value : into;
    return valid;
}

} // namespace

bool is_mtrr(std::uint32_t number)
{
    return number == msr::kMtrrCap || number == msr::kMtrrDefType || is_variable(number) ||
           fixed_index(number).has_value();
}

std::optional<std::uint64_t> read_mtrr(const Mtrrs& mtrrs, std::uint32_t number)
{
    if (number == msr::kMtrrCap) {
        return kCapabilities;
    }
    if (number == msr::kMtrrDefType) {
        return mtrrs.default_type;
    }
    if (is_variable(number)) {
        return mtrrs.variable[number - msr::kMtrrPhysBase0];
    }
    const auto index = fixed_index(number);
    return index ? std::optional{mtrrs.fixed[*index]} : std::nullopt;
}

bool write_mtrr(Mtrrs& mtrrs, std::uint32_t number, std::uint64_t value)
{
    if (number == msr::kMtrrDefType) {
        return store(mtrrs.default_type, value, valid_default_mtrr(value));
    }
    if (is_variable(number)) {
        const unsigned index = number - msr::kMtrrPhysBase0;
        return store(mtrrs.variable[index], value, valid_variable_mtrr(index, value));
    }
    const auto index = fixed_index(number);
    return index && store(mtrrs.fixed[*index], value, valid_fixed_mtrr(value));
}

} // namespace windsor::vcpu
