// SPDX-License-Identifier: GPL-2.0-or-later
// The host bridge of the 440FX: Intel 82441FX PMC.
#pragma once

#include "devices/i440fx/pam_mapper.hpp"
#include "pci/function.hpp"

namespace windsor::devices::i440fx {

// Its state is its configuration space (pci::Function::State).
class HostBridge final : public pci::Function {
public:
    // `mapper` outlives the bridge and follows its registers.
    explicit HostBridge(PamMapper& mapper);

private:
    void config_written(unsigned offset, unsigned width) override;
    void config_replaced() override;

    void apply();

    PamMapper& mapper_;
    std::uint8_t smram_{kSmramBase};
};

} // namespace windsor::devices::i440fx
