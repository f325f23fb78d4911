// SPDX-License-Identifier: GPL-2.0-or-later
// ACPI fixed hardware of the PIIX4: power button, sleep states, power management timer, SCI.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "devices/acpi_pm/spec.hpp"
#include "pci/function.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace windsor::devices::acpi_pm {

// SLP_TYP values for the \_S3, \_S4 and \_S5 packages of the DSDT.
enum class SleepType : std::uint8_t { SoftOff = 0, SuspendToRam = 1, SuspendToDisk = 2 };

// Used under the machine lock.
class PowerManagement final : public pci::Function {
public:
    struct Registers {
        std::uint16_t pm1_status{0};
        std::uint16_t pm1_enable{0};
        std::uint16_t pm1_control{0};
        std::uint16_t gpe_status{0};
        std::uint16_t gpe_enable{0};
        std::uint8_t smi_command{0};
        std::uint8_t smi_status{0};
        std::uint64_t timer_changes{0}; // how often the timer's top bit had changed when TMR_STS was looked at
        std::array<std::uint8_t, kSmbusSize> smbus{};
    };
    struct State {
        pci::Function::State pci;
        Registers registers;
    };

    // All called in the middle of a guest's access; those that end the machine only take note.
    struct Wiring {
        // Where the power management and SMBus ports answer from now on; nullopt for nowhere. Before a
        // block appears elsewhere it is reported gone.
        std::function<void(std::optional<std::uint16_t> base)> on_pm_io{};
        std::function<void(std::optional<std::uint16_t> base)> on_smbus_io{};
        std::function<void(SleepType)> on_sleep{};
        bus::IrqLine sci{}; // ISA interrupt kSciIrq: level, active high here
    };

    // Clock and queue outlive the chip.
    PowerManagement(const base::Clock& clock, base::TimerQueue& timers, Wiring wiring);

    // Port ranges: kPmIoSize bytes where on_pm_io says, kGpeSize at kGpeBase, kSmiPorts at
    // kSmiCommandPort, kSmbusSize where on_smbus_io says.
    bus::AccessHandler& pm_io() { return pm_io_; }
    bus::AccessHandler& gpe_io() { return gpe_io_; }
    bus::AccessHandler& smi_io() { return smi_io_; }
    bus::AccessHandler& smbus_io() { return smbus_io_; }

    // False if no operating system listens to the button (it is pressed all the same).
    bool press_power_button();
    // The real-time clock's alarm.
    void rtc_alarm();
    // General-purpose event `bit`, 0 to 15.
    void raise_gpe(unsigned bit);
    // The machine comes back from a sleep state: sets WAK_STS.
    void wake();
    // Where the power management ports answer; none: nowhere.
    std::optional<std::uint16_t> pm_base() const { return pm_base_; }
    bool acpi_enabled() const { return (registers_.pm1_control & kSciEnable) != 0; }

    // Brings the state up to the present; interrupts that are due come.
    void settle() { update(); }
    State state() const { return {pci::Function::state(), registers_}; }
    void load(const State& state);

private:
    using DwordRead = std::uint32_t (PowerManagement::*)(unsigned offset);
    using DwordWrite = void (PowerManagement::*)(unsigned offset, std::uint32_t value, std::uint32_t mask);

    // Gives a group of registers the shape of a port range: every access becomes one of aligned dwords,
    // of which `mask` says which bits are written.
    class Block final : public bus::AccessHandler {
    public:
        Block(PowerManagement& chip, DwordRead reader, DwordWrite writer)
            : chip_{chip}, read_{reader}, write_{writer}
        {
        }
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        PowerManagement& chip_;
        DwordRead read_;
        DwordWrite write_;
    };

    void config_written(unsigned offset, unsigned width) override;
    void config_replaced() override { place_blocks(); }
    void device_reset() override;

    std::uint32_t read_pm(unsigned offset);
    void write_pm(unsigned offset, std::uint32_t value, std::uint32_t mask);
    void write_control(std::uint32_t value, std::uint32_t mask);
    std::uint32_t read_gpe(unsigned offset);
    void write_gpe(unsigned offset, std::uint32_t value, std::uint32_t mask);
    std::uint32_t read_smi(unsigned offset);
    void write_smi(unsigned offset, std::uint32_t value, std::uint32_t mask);
    std::uint32_t read_smbus(unsigned offset);
    void write_smbus(unsigned offset, std::uint32_t value, std::uint32_t mask);

    std::uint64_t ticks() const;
    void notice_timer();
    bool sci_due() const;
    void update();
    void place_blocks();

    const base::Clock& clock_;
    base::Timer timer_;
    Wiring wiring_;
    Registers registers_;
    std::optional<std::uint16_t> pm_base_;
    std::optional<std::uint16_t> smbus_base_;
    Block pm_io_;
    Block gpe_io_;
    Block smi_io_;
    Block smbus_io_;
};

} // namespace windsor::devices::acpi_pm
