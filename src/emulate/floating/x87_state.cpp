// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/floating/x87_state.hpp"

#include <cstring>

namespace windsor::emulate {

namespace {

// Both sizes have the same seven fields, of 2 or 4 bytes each.
class Fields {
public:
    static constexpr unsigned kCount = 7;

    void store(bool wide, std::span<std::uint8_t> into) const
    {
        for (unsigned i = 0; i < kCount; ++i) {
            std::memcpy(into.data() + i * (wide ? 4u : 2u), &value[i], wide ? 4 : 2);
        }
    }
    void load(bool wide, std::span<const std::uint8_t> from)
    {
        for (unsigned i = 0; i < kCount; ++i) {
            std::memcpy(&value[i], from.data() + i * (wide ? 4u : 2u), wide ? 4 : 2);
        }
    }

    std::array<std::uint32_t, kCount> value{};
};

constexpr std::uint32_t kReservedHigh = 0xffff'0000; // reads as ones in the 32-bit layouts

// FCW, FSW and tags, then two words for each pointer.
enum Field : unsigned { kFcw, kFsw, kFtw, kFip, kFcs, kFdp, kFds };

} // namespace

void store_environment(const vcpu::CpuState& state, EnvironmentLayout layout, std::span<std::uint8_t> into)
{
    const x86::FxArea& fx = state.fx;
    Fields fields;
    fields.value[kFcw] = kReservedHigh | fx.fcw;
    fields.value[kFsw] = kReservedHigh | fx.fsw;
    fields.value[kFtw] = kReservedHigh | full_tags(fx);
    if (layout.real_mode) {
        const auto ip = static_cast<std::uint32_t>(fx.fip + (std::uint32_t{state.fcs} << 4));
        const auto dp = static_cast<std::uint32_t>(fx.fdp + (std::uint32_t{state.fds} << 4));
        const std::uint32_t high_bits = layout.wide ? 0xffff : 0xf;
        fields.value[kFip] = layout.wide ? kReservedHigh | (ip & 0xffff) : ip;
        fields.value[kFcs] = (ip >> 16 & high_bits) << 12 | fx.fop;
        fields.value[kFdp] = layout.wide ? kReservedHigh | (dp & 0xffff) : dp;
        fields.value[kFds] = (dp >> 16 & high_bits) << 12;
    } else {
        fields.value[kFip] = static_cast<std::uint32_t>(fx.fip);
        fields.value[kFcs] = state.fcs | std::uint32_t{fx.fop} << 16;
        fields.value[kFdp] = static_cast<std::uint32_t>(fx.fdp);
        fields.value[kFds] = kReservedHigh | state.fds;
    }
    fields.store(layout.wide, into);
}

void load_environment(vcpu::CpuState& state, EnvironmentLayout layout, std::span<const std::uint8_t> from)
{
    Fields fields;
    fields.load(layout.wide, from);
    x86::FxArea& fx = state.fx;
    set_x87_top(fx, (fields.value[kFsw] & fsw::kTop) >> fsw::kTopShift);
    fx.fcw = static_cast<std::uint16_t>((fields.value[kFcw] & kFcwDefined) | kFcwFixed1);
    fx.fsw = static_cast<std::uint16_t>(fields.value[kFsw]);
    fx.ftw = abridged_tags(static_cast<std::uint16_t>(fields.value[kFtw]));
    if (layout.real_mode) {
        const std::uint32_t high_bits = layout.wide ? 0xffff : 0xf;
        fx.fip = (fields.value[kFip] & 0xffff) | (fields.value[kFcs] >> 12 & high_bits) << 16;
        fx.fdp = (fields.value[kFdp] & 0xffff) | (fields.value[kFds] >> 12 & high_bits) << 16;
        fx.fop = fields.value[kFcs] & 0x7ff;
        state.fcs = 0;
        state.fds = 0;
    } else {
        fx.fip = fields.value[kFip];
        fx.fdp = fields.value[kFdp];
        fx.fop = layout.wide ? fields.value[kFcs] >> 16 & 0x7ff : 0;
        state.fcs = static_cast<std::uint16_t>(fields.value[kFcs]);
        state.fds = static_cast<std::uint16_t>(fields.value[kFds]);
    }
    update_exception_summary(fx);
}

void initialize_x87(vcpu::CpuState& state)
{
    set_x87_top(state.fx, 0);
    state.fx.fcw = 0x037f;
    state.fx.fsw = 0;
    state.fx.ftw = 0;
    state.fx.fop = 0;
    state.fx.fip = 0;
    state.fx.fdp = 0;
    state.fcs = 0;
    state.fds = 0;
}

} // namespace windsor::emulate
