// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/floating/fx_state.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::emulate {

bool x87_available(Cpu& cpu)
{
    if ((cpu.s.cr0 & (x86::cr0::kEm | x86::cr0::kTs)) != 0) {
        return cpu.refuse(x86::Exception::Nm);
    }
    return true;
}

bool no_x87_pending(Cpu& cpu)
{
    if ((cpu.s.fx.fsw & fsw::kEs) == 0) [[likely]] {
        return true;
    }
    if ((cpu.s.cr0 & x86::cr0::kNe) != 0) {
        return cpu.refuse(x86::Exception::Mf);
    }
    return cpu.io().raise_numeric_error() || cpu.wait_for_interrupt();
}

bool signals_numeric_error(const Cpu& cpu)
{
    return (cpu.s.fx.fsw & fsw::kEs) != 0 && (cpu.s.cr0 & x86::cr0::kNe) == 0;
}

bool mmx_available(Cpu& cpu)
{
    if ((cpu.s.cr0 & x86::cr0::kEm) != 0) {
        return cpu.refuse(x86::Exception::Ud);
    }
    if ((cpu.s.cr0 & x86::cr0::kTs) != 0) {
        return cpu.refuse(x86::Exception::Nm);
    }
    return no_x87_pending(cpu);
}

bool sse_unavailable(Cpu& cpu)
{
    const bool undefined = (cpu.s.cr0 & x86::cr0::kEm) != 0 || (cpu.s.cr4 & x86::cr4::kOsfxsr) == 0;
    return cpu.refuse(undefined ? x86::Exception::Ud : x86::Exception::Nm);
}

void set_x87_top(x86::FxArea& fx, unsigned top)
{
    const unsigned step = (top - x87_top(fx)) & 7;
    std::rotate(fx.st.begin(), fx.st.begin() + step, fx.st.end());
    fx.fsw = static_cast<std::uint16_t>((fx.fsw & ~fsw::kTop) | (top << fsw::kTopShift));
}

void enter_mmx(x86::FxArea& fx)
{
    if ((fx.fsw & fsw::kTop) != 0) {
        set_x87_top(fx, 0);
    }
    fx.ftw = 0xff;
}

void update_exception_summary(x86::FxArea& fx)
{
    const bool waiting = (fx.fsw & ~fx.fcw & fsw::kExceptions) != 0;
    fx.fsw = static_cast<std::uint16_t>((fx.fsw & ~(fsw::kEs | fsw::kB)) | (waiting ? fsw::kEs | fsw::kB : 0));
}

std::uint16_t full_tags(const x86::FxArea& fx)
{
    constexpr unsigned kValid = 0, kZero = 1, kSpecial = 2, kEmpty = 3;
    std::uint16_t tags = 0;
    for (unsigned physical = 0; physical < 8; ++physical) {
        unsigned tag = kEmpty;
        if ((fx.ftw >> physical & 1) != 0) {
            const auto& slot = fx.st[(physical - x87_top(fx)) & 7];
            std::uint64_t mantissa = 0;
            std::uint16_t exponent = 0;
            std::memcpy(&mantissa, slot.data(), 8);
            std::memcpy(&exponent, slot.data() + 8, 2);
            exponent &= 0x7fff;
            if (exponent == 0) {
                tag = mantissa == 0 ? kZero : kSpecial;
            } else {
                tag = exponent == 0x7fff || (mantissa >> 63) == 0 ? kSpecial : kValid;
            }
        }
        tags = static_cast<std::uint16_t>(tags | tag << (2 * physical));
    }
    return tags;
}

std::uint8_t abridged_tags(std::uint16_t full)
{
    std::uint8_t tags = 0;
    for (unsigned physical = 0; physical < 8; ++physical) {
        if ((full >> (2 * physical) & 3) != 3) {
            tags = static_cast<std::uint8_t>(tags | 1u << physical);
        }
    }
    return tags;
}

} // namespace windsor::emulate
