// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/acpi_pm/unit.hpp"

#include "devices/acpi_pm/power_management.hpp"
#include "devices/acpi_pm/saved_state.hpp"

namespace windsor::devices::acpi_pm {

namespace {

class Unit final : public chipset::DeviceOf<Unit>, public backend::PowerButton, public chipset::AcpiPorts {
public:
    explicit Unit(chipset::Site& site)
        : ports_{site.ports()}, mainboard_{site.mainboard()}, log_{site.log()},
          chip_{site.clock(), site.timers(), wiring(site)}
    {
        site.claim_ports(0, kGpeSize, chip_.gpe_io());
        site.claim_ports(1, kSmiPorts, chip_.smi_io());
        site.outlets().power_buttons.push_back(this);
        site.outlets().acpi.push_back(this);
    }
    base::Status wire(chipset::Site& site) { return site.plug(chip_); }
    template <typename Visit> base::Status parts(Visit visit)
    {
        return visit("", chipset::ResetElsewhere{chip_}); // by its bus
    }

    bool press() override { return chip_.press_power_button(); }
    std::optional<std::uint16_t> pm_base() const override { return chip_.pm_base(); }

private:
    PowerManagement::Wiring wiring(const chipset::Site& site)
    {
        return {.on_pm_io = [this](auto base) { pm_claim_ = claim(base, kPmIoSize, chip_.pm_io(), "acpi pm"); },
                .on_smbus_io = [this](auto base) { smbus_claim_ = claim(base, kSmbusSize, chip_.smbus_io(), "smbus"); },
                .on_sleep = [this](SleepType type) { sleep(type); },
                .sci = site.irq(0)};
    }
    bus::Claim claim(std::optional<std::uint16_t> base, std::uint64_t size, bus::AccessHandler& handler,
                     const char* name)
    {
        mainboard_.lock().assert_held();
        return base ? ports_.claim(base::Port{*base}, size, handler, name) : bus::Claim{};
    }
    void sleep(SleepType type)
    {
        if (type == SleepType::SoftOff) {
            mainboard_.power_off();
        } else {
            log_.guest("acpi", "the guest asked for a sleep state that the DSDT does not offer");
        }
    }

    bus::PortRouter& ports_;
    chipset::Mainboard& mainboard_;
    base::Log& log_;
    PowerManagement chip_;
    bus::Claim pm_claim_;
    bus::Claim smbus_claim_;
};

} // namespace

chipset::Make unit()
{
    return chipset::make_of<Unit>();
}

} // namespace windsor::devices::acpi_pm
