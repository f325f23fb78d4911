// SPDX-License-Identifier: GPL-2.0-or-later
// What PCI has in a saved state.
#pragma once

#include "pci/bus.hpp"
#include "pci/function.hpp"
#include "pci/interrupt_router.hpp"

namespace windsor::pci {

template <typename Archive> void describe(Archive& archive, Bus::State& bus)
{
    archive.field("config_address", bus.config_address);
}

template <typename Archive> void describe(Archive& archive, Function::State& function)
{
    archive.field("config", function.config);
    archive.field("interrupt", function.interrupt);
}

template <typename Archive> void describe(Archive& archive, InterruptRouter::State& router)
{
    archive.field("levels", router.levels);
}

} // namespace windsor::pci
