// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/acpi_pm/power_management.hpp"

#include "pci/platform.hpp"

#include <utility>

namespace windsor::devices::acpi_pm {

namespace {

constexpr std::uint16_t merge16(std::uint16_t old, std::uint32_t value, std::uint32_t mask)
{
    return static_cast<std::uint16_t>((old & ~mask) | (value & mask));
}

constexpr std::uint8_t byte_of(std::uint32_t value, unsigned index)
{
    return static_cast<std::uint8_t>(value >> (8 * index));
}

constexpr std::uint64_t kNanosecondsPerSecond = static_cast<std::uint64_t>(base::kSecond);

} // namespace

bus::ReadResult PowerManagement::Block::read(std::uint64_t offset, bus::Width width)
{
    if (width == bus::Width::Qword) {
        return bus::AccessStatus::BadWidth;
    }
    const auto at = static_cast<unsigned>(offset);
    const unsigned shift = 8 * (at % 4);
    std::uint64_t value = (chip_.*read_)(at & ~3U);
    if (at % 4 + bus::bytes(width) > 4) {
        value |= std::uint64_t{(chip_.*read_)((at & ~3U) + 4)} << 32;
    }
    return value >> shift & bus::all_ones(width);
}

bus::AccessStatus PowerManagement::Block::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (width == bus::Width::Qword) {
        return bus::AccessStatus::BadWidth;
    }
    const auto at = static_cast<unsigned>(offset);
    const unsigned shift = 8 * (at % 4);
    const std::uint64_t mask = bus::all_ones(width) << shift;
    const std::uint64_t data = value << shift;
    (chip_.*write_)(at & ~3U, static_cast<std::uint32_t>(data), static_cast<std::uint32_t>(mask));
    if (mask >> 32 != 0) {
        (chip_.*write_)((at & ~3U) + 4, static_cast<std::uint32_t>(data >> 32), static_cast<std::uint32_t>(mask >> 32));
    }
    return bus::AccessStatus::Ok;
}

PowerManagement::PowerManagement(const base::Clock& clock, base::TimerQueue& timers, Wiring wiring)
    : Function{{.vendor = kVendor,
                .device = kDevice,
                .class_code = kClassBridgeOther,
                .revision = kRevision,
                .subsystem_vendor = pci::kPlatformSubsystemVendor,
                .subsystem = pci::kPlatformSubsystem,
                .interrupt_pin = 1}},
      clock_{clock}, timer_{timers.make([this](base::Nanoseconds) { update(); })}, wiring_{std::move(wiring)},
      pm_io_{*this, &PowerManagement::read_pm, &PowerManagement::write_pm},
      gpe_io_{*this, &PowerManagement::read_gpe, &PowerManagement::write_gpe},
      smi_io_{*this, &PowerManagement::read_smi, &PowerManagement::write_smi},
      smbus_io_{*this, &PowerManagement::read_smbus, &PowerManagement::write_smbus}
{
    registers_.timer_changes = ticks() >> kTimerTopBit;
    set_default16(pci::offset_of(pci::Register::Status), 0x0280);
    set_default32(kPmBase, pci::kBarIoSpace);
    set_writable32(kPmBase, kPmBaseAddress);
    for (unsigned offset = kPmBase + 4; offset < kPmRegMisc; ++offset) {
        set_writable(offset, 0xff); // timers, counters and device traps: kept, without effect
    }
    set_default32(kDeviceActivityB, kApmcEnable);
    set_writable(kPmRegMisc, kPmIoEnable);
    set_default32(kSmbusBase, pci::kBarIoSpace);
    set_writable32(kSmbusBase, kSmbusBaseAddress);
    set_writable(kSmbusHostConfig, 0x0f);
}

void PowerManagement::config_written(unsigned /*offset*/, unsigned /*width*/)
{
    place_blocks();
}

// The timer counts on.
void PowerManagement::device_reset()
{
    registers_ = {};
    registers_.timer_changes = ticks() >> kTimerTopBit;
    update();
}

void PowerManagement::place_blocks()
{
    using Base = std::optional<std::uint16_t>;
    const auto place = [](Base& now, Base wanted, const auto& tell) {
        if (now == wanted) {
            return;
        }
        if (now && wanted && tell) {
            tell(std::nullopt);
        }
        now = wanted;
        if (tell) {
            tell(now);
        }
    };
    const auto base = [](std::uint32_t address, bool enabled) {
        return enabled && address != 0 ? Base{static_cast<std::uint16_t>(address)} : std::nullopt;
    };
    const bool pm_enabled = (config8(kPmRegMisc) & kPmIoEnable) != 0;
    const bool smbus_enabled = (config8(kSmbusHostConfig) & kSmbusHostEnable) != 0;
    place(pm_base_, base(config32(kPmBase) & kPmBaseAddress, pm_enabled), wiring_.on_pm_io);
    place(smbus_base_, base(config32(kSmbusBase) & kSmbusBaseAddress, smbus_enabled), wiring_.on_smbus_io);
}

std::uint64_t PowerManagement::ticks() const
{
    const auto now = static_cast<std::uint64_t>(clock_.now());
    return now / kNanosecondsPerSecond * kTimerHertz +
           now % kNanosecondsPerSecond * kTimerHertz / kNanosecondsPerSecond;
}

void PowerManagement::notice_timer()
{
    const std::uint64_t changes = ticks() >> kTimerTopBit;
    if (changes != registers_.timer_changes) {
        registers_.timer_changes = changes;
        registers_.pm1_status |= kTimerStatus;
    }
}

bool PowerManagement::sci_due() const
{
    const bool event = (registers_.pm1_status & registers_.pm1_enable & kPm1Events) != 0 ||
                       (registers_.gpe_status & registers_.gpe_enable) != 0;
    return event && acpi_enabled();
}

// Recomputes the SCI, and wakes when the timer's top bit changes next, if anybody wants to know.
void PowerManagement::update()
{
    notice_timer();
    wiring_.sci.set_level(sci_due());
    if ((registers_.pm1_enable & kTimerStatus) != 0 && (registers_.pm1_status & kTimerStatus) == 0) {
        const std::uint64_t next = (registers_.timer_changes + 1) << kTimerTopBit;
        const std::uint64_t rest = next % kTimerHertz * kNanosecondsPerSecond;
        timer_.arm(static_cast<base::Nanoseconds>(next / kTimerHertz * kNanosecondsPerSecond +
                                                  (rest + kTimerHertz - 1) / kTimerHertz));
    } else {
        timer_.disarm();
    }
}

std::uint32_t PowerManagement::read_pm(unsigned offset)
{
    notice_timer();
    switch (offset) {
    case kPm1Event: return registers_.pm1_status | static_cast<std::uint32_t>(registers_.pm1_enable) << 16;
    case kPm1Control: return registers_.pm1_control;
    case kPmTimer: return static_cast<std::uint32_t>(ticks() & kTimerMask);
    default: return 0;
    }
}

void PowerManagement::write_pm(unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    notice_timer();
    if (offset == kPm1Event) {
        registers_.pm1_status &= static_cast<std::uint16_t>(~(value & mask & kPm1StatusBits));
        registers_.pm1_enable = merge16(registers_.pm1_enable, value >> 16, mask >> 16 & kPm1Events);
    } else if (offset == kPm1Control) {
        write_control(value, mask);
    }
    update();
}

void PowerManagement::write_control(std::uint32_t value, std::uint32_t mask)
{
    registers_.pm1_control = merge16(registers_.pm1_control, value, mask & kPm1ControlBits);
    if ((value & mask & kSleepEnable) == 0 || !wiring_.on_sleep) {
        return;
    }
    const auto type = static_cast<SleepType>(registers_.pm1_control >> kSleepTypeShift & 7);
    if (type == SleepType::SoftOff || type == SleepType::SuspendToRam || type == SleepType::SuspendToDisk) {
        wiring_.on_sleep(type);
    }
}

std::uint32_t PowerManagement::read_gpe(unsigned /*offset*/)
{
    return registers_.gpe_status | static_cast<std::uint32_t>(registers_.gpe_enable) << 16;
}

void PowerManagement::write_gpe(unsigned /*offset*/, std::uint32_t value, std::uint32_t mask)
{
    registers_.gpe_status &= static_cast<std::uint16_t>(~(value & mask));
    registers_.gpe_enable = merge16(registers_.gpe_enable, value >> 16, mask >> 16);
    update();
}

std::uint32_t PowerManagement::read_smi(unsigned /*offset*/)
{
    return registers_.smi_command | static_cast<std::uint32_t>(registers_.smi_status) << 8;
}

// The management code that real firmware runs on these commands is done here.
void PowerManagement::write_smi(unsigned /*offset*/, std::uint32_t value, std::uint32_t mask)
{
    if ((mask & 0xff00) != 0) {
        registers_.smi_status = byte_of(value, 1);
    }
    if ((mask & 0xff) != 0) {
        registers_.smi_command = byte_of(value, 0);
        if (registers_.smi_command == kAcpiEnable) {
            registers_.pm1_control |= kSciEnable;
        } else if (registers_.smi_command == kAcpiDisable) {
            registers_.pm1_control &= static_cast<std::uint16_t>(~kSciEnable);
        }
        update();
    }
}

std::uint32_t PowerManagement::read_smbus(unsigned offset)
{
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4 && offset + i < kSmbusSize; ++i) {
        value |= static_cast<std::uint32_t>(registers_.smbus[offset + i]) << (8 * i);
    }
    return value;
}

// No device is on the SMBus: each transaction ends at once, unanswered.
void PowerManagement::write_smbus(unsigned offset, std::uint32_t value, std::uint32_t mask)
{
    for (unsigned i = 0; i < 4 && offset + i < kSmbusSize; ++i) {
        std::uint8_t& reg = registers_.smbus[offset + i];
        const std::uint8_t written = byte_of(value, i);
        if (byte_of(mask, i) == 0) {
            continue;
        }
        if (offset + i == kSmbusStatus) {
            reg &= static_cast<std::uint8_t>(~(written & kSmbusStatusBits));
        } else if (offset + i == kSmbusControl) {
            reg = static_cast<std::uint8_t>(written & ~kSmbusStart);
            registers_.smbus[kSmbusStatus] |= (written & kSmbusStart) != 0 ? kSmbusDeviceError : 0;
        } else {
            reg = written;
        }
    }
}

bool PowerManagement::press_power_button()
{
    registers_.pm1_status |= kPowerButtonStatus;
    update();
    return acpi_enabled() && (registers_.pm1_enable & kPowerButtonStatus) != 0;
}

void PowerManagement::rtc_alarm()
{
    registers_.pm1_status |= kRtcStatus;
    update();
}

void PowerManagement::raise_gpe(unsigned bit)
{
    if (bit < 16) {
        registers_.gpe_status |= static_cast<std::uint16_t>(1U << bit);
        update();
    }
}

void PowerManagement::wake()
{
    registers_.pm1_status |= kWakeStatus;
    update();
}

void PowerManagement::load(const State& state)
{
    pci::Function::load(state.pci);
    registers_ = state.registers;
    notice_timer();
    wiring_.sci.restore_level(sci_due());
    update();
}

} // namespace windsor::devices::acpi_pm
