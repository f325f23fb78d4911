// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/socket.hpp"

#include "firmware/acpi_tables.hpp"

namespace windsor::machine {

namespace lapic = devices::lapic;

Socket::Socket(unsigned number, const Parts& parts)
    : number_{number}, host_{parts.host}, registers_{"local APIC", parts.log},
      lapic_{parts.clock, parts.timers, parts.bus, *this,
             lapic::Lapic::Options{.id = firmware::local_apic_id(number),
                                   .boot_processor = number == 0,
                                   .x2apic = false,
                                   .on_page_moved = [this](std::optional<std::uint64_t> page) { place(page); }}}
{
    place(lapic::kDefaultBase);
}

void Socket::place(std::optional<std::uint64_t> page)
{
    if (page_) {
        registers_.release(*page_, lapic_);
    }
    if (page) {
        registers_.claim(*page, lapic::kPageSize, lapic_, "lapic");
    }
    page_ = page;
}

} // namespace windsor::machine
