// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/system_control_port_a.hpp"

#include "devices/i8042/spec.hpp"

#include <utility>

namespace windsor::devices::i8042 {

SystemControlPortA::SystemControlPortA(A20Gate& gate, std::function<void()> system_reset)
    : gate_{gate}, system_reset_{std::move(system_reset)}
{
}

bus::ReadResult SystemControlPortA::read(std::uint64_t, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return (std::uint64_t{state_.written} & ~std::uint64_t{port92::kA20}) | (gate_.enabled() ? port92::kA20 : 0u);
}

bus::AccessStatus SystemControlPortA::write(std::uint64_t, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    const bool reset = (value & ~state_.written & port92::kFastReset) != 0;
    state_.written = static_cast<std::uint8_t>(value);
    gate_.set((value & port92::kA20) != 0);
    if (reset && system_reset_) {
        system_reset_();
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::i8042
