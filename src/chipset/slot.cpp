// SPDX-License-Identifier: GPL-2.0-or-later
#include "chipset/slot.hpp"

#include <fmt/format.h>

namespace windsor::chipset {

Slot pci(PciPlace where, const std::string& name, Place besides, Make make)
{
    besides.pci = where;
    return {fmt::format("pci/{}.{}/{}", where.device, where.function, name), std::move(besides), std::move(make)};
}

} // namespace windsor::chipset
