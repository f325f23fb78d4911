// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/mtrr.hpp"

#include "x86/msr.hpp"

namespace windsor::emulate {

namespace msr = x86::msr;

namespace {

constexpr std::uint32_t kVariable = 16; // eight pairs
// Eight variable ranges, fixed ranges, write-combining.
constexpr std::uint64_t kCapabilities = 8 | (1u << 8) | (1u << 10);

constexpr bool valid_type(std::uint64_t type)
{
    return type == 0 || type == 1 || (type >= 4 && type <= 6);
}

bool valid_fixed(std::uint64_t value)
{
    for (unsigned i = 0; i < 8; ++i) {
        if (!valid_type((value >> (i * 8)) & 0xff)) {
            return false;
        }
    }
    return true;
}

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

bool write_default_type(vcpu::Mtrrs& mtrrs, std::uint64_t value)
{
    constexpr std::uint64_t kDefined = 0xcff; // type, fixed enable, enable
    if ((value & ~kDefined) != 0 || !valid_type(value & 0xff)) {
        return false;
    }
    mtrrs.default_type = value;
    return true;
}

bool write_variable(vcpu::Mtrrs& mtrrs, unsigned index, std::uint64_t value)
{
    constexpr std::uint64_t kAddress = 0x000f'ffff'ffff'f000;
    const bool mask = (index & 1) != 0;
    const std::uint64_t defined = kAddress | (mask ? 1u << 11 : 0xffu);
    if ((value & ~defined) != 0 || (!mask && !valid_type(value & 0xff))) {
        return false;
    }
    mtrrs.variable[index] = value;
    return true;
}

} // namespace

bool is_mtrr(std::uint32_t number)
{
    return number == msr::kMtrrCap || number == msr::kMtrrDefType || is_variable(number) ||
           fixed_index(number).has_value();
}

std::optional<std::uint64_t> read_mtrr(const vcpu::Mtrrs& mtrrs, std::uint32_t number)
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

bool write_mtrr(vcpu::Mtrrs& mtrrs, std::uint32_t number, std::uint64_t value)
{
    if (number == msr::kMtrrDefType) {
        return write_default_type(mtrrs, value);
    }
    if (is_variable(number)) {
        return write_variable(mtrrs, number - msr::kMtrrPhysBase0, value);
    }
    const auto index = fixed_index(number);
    if (!index || !valid_fixed(value)) {
        return false;
    }
    mtrrs.fixed[*index] = value;
    return true;
}

} // namespace windsor::emulate
