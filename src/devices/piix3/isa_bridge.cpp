// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/piix3/isa_bridge.hpp"

#include "pci/platform.hpp"

namespace windsor::devices::piix3 {

IsaBridge::IsaBridge(pci::InterruptRouter& router)
    : Function{{.vendor = kVendor,
                .device = kDevice,
                .class_code = kClassIsaBridge,
                .subsystem_vendor = pci::kPlatformSubsystemVendor,
                .subsystem = pci::kPlatformSubsystem,
                .multifunction = true}},
      router_{router}
{
    // Section 2.2.3: the bridge always decodes, masters and takes special cycles.
    set_default16(pci::offset_of(pci::Register::Command), 0x0007);
    set_read_only(pci::offset_of(pci::Register::Command), 0xff);
    set_default16(pci::offset_of(pci::Register::Status), 0x0200);
    for (unsigned link = 0; link < pci::kLinks; ++link) {
        set_default8(kPirqRouteA + link, kPirqNotRouted);
        set_writable(kPirqRouteA + link, kPirqRouteWritable);
    }
    set_default8(kIoRecoveryTimer, kIoRecoveryTimerDefault);
    set_writable(kIoRecoveryTimer, 0xff);
    set_default16(kXBusChipSelect, kXBusChipSelectDefault);
    set_writable16(kXBusChipSelect, 0xffff);
    set_default8(kTopOfMemory, kTopOfMemoryDefault);
    set_writable(kTopOfMemory, 0xfe);
    set_writable16(kMiscellaneousStatus, 0x8094);
    set_default8(kMotherboardIrq0, kMotherboardIrqDefault);
    set_writable(kMotherboardIrq0, 0xef);
    set_default16(kMotherboardDma0, kMotherboardDmaDefault << 8 | kMotherboardDmaDefault);
    set_writable16(kMotherboardDma0, 0x8f8f);
    set_default16(kChipSelect, kChipSelectDefault);
    set_writable16(kChipSelect, 0xffff);
    set_writable(kDeterministicLatency, 0x0f);
    set_default8(kSmiControl, kSmiControlDefault);
    for (unsigned offset = kSmiControl; offset < kSmiControl + 16; ++offset) {
        set_writable(offset, 0xff);
    }
}

void IsaBridge::config_written(unsigned offset, unsigned width)
{
    if (offset < kPirqRouteA + pci::kLinks && offset + width > kPirqRouteA) {
        config_replaced();
    }
}

void IsaBridge::config_replaced()
{
    for (unsigned link = 0; link < pci::kLinks; ++link) {
        router_.set_route(link, config8(kPirqRouteA + link));
    }
}

bus::ReadResult ResetControl::read(std::uint64_t /*offset*/, bus::Width width)
{
    return width == bus::Width::Byte ? bus::ReadResult{std::uint64_t{state_.control}}
                                     : bus::ReadResult{bus::AccessStatus::BadWidth};
}

bus::AccessStatus ResetControl::write(std::uint64_t /*offset*/, bus::Width width, std::uint64_t value)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    // The bit that starts a reset does not outlive it: each write of it is a rising edge.
    state_.control = static_cast<std::uint8_t>(value & kResetHard);
    if ((value & kResetProcessor) != 0 && on_reset_) {
        on_reset_((value & kResetHard) != 0 ? ResetKind::Hard : ResetKind::Soft);
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::piix3
