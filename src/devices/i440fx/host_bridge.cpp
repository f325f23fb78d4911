// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i440fx/host_bridge.hpp"

#include "pci/platform.hpp"

namespace windsor::devices::i440fx {

HostBridge::HostBridge(PamMapper& mapper)
    : Function{{.vendor = kVendor,
                .device = kDevice,
                .class_code = kClassHostBridge,
                .revision = kRevision,
                .subsystem_vendor = pci::kPlatformSubsystemVendor,
                .subsystem = pci::kPlatformSubsystem}},
      mapper_{mapper}
{
    set_writable(kPam0, kPam0Writable);
    for (unsigned i = 1; i < kPamRegisters; ++i) {
        set_writable(kPam0 + i, kPamWritable);
    }
    set_default8(kSmram, kSmramBase);
    set_writable(kSmram, kSmramOpen | kSmramClosed | kSmramLock | kSmramEnable);
    // Section 3.2.3: memory and bus mastering are always on and cannot be turned off.
    set_default16(pci::offset_of(pci::Register::Command), pci::kCommandMemory | pci::kCommandBusMaster);
    set_read_only(pci::offset_of(pci::Register::Command), 0x07);
    set_default16(pci::offset_of(pci::Register::Status), 0x0280);
}

void HostBridge::config_written(unsigned offset, unsigned width)
{
    if (offset <= kSmram && kSmram < offset + width) {
        // Once D_LCK is set, it and D_OPEN stay as they are until reset, with D_OPEN off.
        if ((smram_ & kSmramLock) != 0) {
            set_config8(kSmram, static_cast<std::uint8_t>((config8(kSmram) & kSmramClosed) | (smram_ & ~kSmramClosed)));
        } else if ((config8(kSmram) & kSmramLock) != 0) {
            set_config8(kSmram, static_cast<std::uint8_t>(config8(kSmram) & ~kSmramOpen));
        }
    }
    apply();
}

void HostBridge::config_replaced()
{
    apply();
}

void HostBridge::apply()
{
    smram_ = config8(kSmram);
    mapper_.set_segment(kPamSegments - 1, config8(kPam0) >> 4);
    for (unsigned segment = 0; segment < kPamSegments - 1; ++segment) {
        mapper_.set_segment(segment, config8(kPam0 + 1 + segment / 2) >> (segment % 2 * 4));
    }
    mapper_.set_smram_open((smram_ & kSmramOpen) != 0);
}

} // namespace windsor::devices::i440fx
