// SPDX-License-Identifier: GPL-2.0-or-later
// The PIIX3's ISA bridge: interrupt steering and the reset control register.
#pragma once

#include "bus/access.hpp"
#include "devices/piix3/spec.hpp"
#include "pci/function.hpp"
#include "pci/interrupt_router.hpp"

#include <cstdint>
#include <functional>

namespace windsor::devices::piix3 {

// Its state is its configuration space (pci::Function::State).
class IsaBridge final : public pci::Function {
public:
    // `router` outlives the bridge and follows PIRQRC.
    explicit IsaBridge(pci::InterruptRouter& router);

private:
    void config_written(unsigned offset, unsigned width) override;
    void config_replaced() override;

    pci::InterruptRouter& router_;
};

enum class ResetKind : std::uint8_t { Soft, Hard };

// Port 0xcf9, one byte; to be claimed on top of the PCI configuration ports.
class ResetControl final : public bus::AccessHandler {
public:
    struct State {
        std::uint8_t control{0};
    };

    // `on_reset` is called in the middle of the guest's port write and only takes note.
    explicit ResetControl(std::function<void(ResetKind)> on_reset) : on_reset_{std::move(on_reset)} {}

    void reset() { state_ = {}; }
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    const State& state() const { return state_; }
    void load(const State& state) { state_ = state; }

private:
    std::function<void(ResetKind)> on_reset_;
    State state_;
};

} // namespace windsor::devices::piix3
