// SPDX-License-Identifier: GPL-2.0-or-later
// What the devices of a machine offer to the world outside, and to the machine itself.
#pragma once

#include "backend/character.hpp"
#include "backend/guest_clock.hpp"
#include "backend/keyboard.hpp"
#include "backend/network_link.hpp"
#include "backend/pointer.hpp"
#include "backend/power_button.hpp"
#include "backend/removable_drive.hpp"
#include "backend/screen.hpp"
#include "backend/usb_socket.hpp"
#include "bus/machine_lock.hpp"
#include "chipset/isa_dma.hpp"
#include "chipset/usb.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace windsor::chipset {

// Battery-backed memory, in which firmware finds what machine it runs on.
class Cmos {
public:
    virtual ~Cmos() = default;
    virtual std::uint8_t cmos(std::uint8_t index) const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    virtual void set_cmos(std::uint8_t index, std::uint8_t value) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// Where the processor's FERR# leads, and IGNNE# comes from.
class NumericErrorLogic {
public:
    virtual ~NumericErrorLogic() = default;
    // FERR# rises, or is high already. Whether IGNNE# is active: the processor need not wait.
    virtual bool raise() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    // FERR# falls.
    virtual void clear() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// The gate of address line 20.
class AddressLine20 {
public:
    virtual ~AddressLine20() = default;
    virtual bool enabled() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
    virtual void set(bool enabled) WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// A timer that owes the guest interrupts.
class TickSource {
public:
    virtual ~TickSource() = default;
    // The processor has taken an interrupt, perhaps this timer's.
    virtual void interrupt_taken() WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// Where firmware has placed the ports of ACPI's fixed hardware.
class AcpiPorts {
public:
    virtual ~AcpiPorts() = default;
    // None as long as they answer nowhere.
    virtual std::optional<std::uint16_t> pm_base() const WINDSOR_REQUIRES(bus::kMachineLock) = 0;
};

// In the order of slots: where one is wanted, it is the first. All belong to the machine's devices.
struct Outlets {
    std::vector<backend::Screen*> screens;
    std::vector<backend::Keyboard*> keyboards;
    std::vector<backend::Pointer*> pointers;
    std::vector<backend::AbsolutePointer*> absolute_pointers;
    std::vector<backend::UsbSocket*> usb_sockets;
    std::vector<backend::CharacterDevice*> serial_ports;
    std::vector<backend::NetworkCard*> network_cards;
    std::vector<backend::PowerButton*> power_buttons;
    std::vector<backend::GuestClock*> clocks;
    std::vector<backend::RemovableDrive*> removable_drives;
    std::vector<Cmos*> cmos;
    std::vector<NumericErrorLogic*> numeric_errors;
    std::vector<AddressLine20*> a20;
    std::vector<TickSource*> ticks;
    std::vector<AcpiPorts*> acpi;
    std::vector<IsaDma*> isa_dma;
    std::vector<usb::Port*> usb_ports;
};

} // namespace windsor::chipset
