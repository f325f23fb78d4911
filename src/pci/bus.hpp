// SPDX-License-Identifier: GPL-2.0-or-later
// PCI bus 0 and the ports through which a processor reaches configuration space.
#pragma once

#include "bus/access.hpp"
#include "pci/function.hpp"

#include <array>
#include <cstdint>

namespace windsor::pci {

// Configuration mechanism #1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2): to be claimed at
// port kConfigAddressPort for kConfigPorts ports. CONFIG_ADDRESS answers dwords only, so that a chip set's
// byte register at 0xcf9 can be claimed on top. Other buses and absent functions read all ones.
class Bus final : public bus::AccessHandler {
public:
    struct State {
        std::uint32_t config_address{0};
    };

    // `function` outlives its place on the bus. False if the place does not exist or is taken.
    [[nodiscard]] bool add(unsigned device, unsigned number, Function& function);
    void remove(unsigned device, unsigned number);
    // Null if there is none.
    Function* find(unsigned device, unsigned number) const;

    // Resets the address register and every function.
    void reset();

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    // The function that CONFIG_ADDRESS names, if it is there.
    Function* selected() const;

    State state_;
    std::array<Function*, std::size_t{kDevices} * kFunctions> functions_{};
};

} // namespace windsor::pci
