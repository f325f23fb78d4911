// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of the machine that are more than a value for a member; rows of the table name these functions.
#pragma once

#include "config/reading.hpp"

namespace windsor::config {

// The domain's name, which is the file's if there is none.
void settle_name(Reading& reading);

// maxmem is memory if it is not given.
void settle_maxmem(Reading& reading);

// vcpus, maxvcpus and vcpu_avail; and apic, without which there can be one processor only.
void settle_processors(Reading& reading);

// usb, which usbdevice implies.
void settle_usb(Reading& reading);

void read_boot(const KeyInfo& key, const Setting& setting, Reading& reading);
void read_cpuid(const KeyInfo& key, const Setting& setting, Reading& reading);
// bios and firmware, which have no member: they can only ask for what is there.
void read_firmware(const KeyInfo& key, const Setting& setting, Reading& reading);
// A list with commas, as QEMU's.
void read_sound(const KeyInfo& key, const Setting& setting, Reading& reading);
void read_shutdown_keys(const KeyInfo& key, const Setting& setting, Reading& reading);
void read_timer_mode(const KeyInfo& key, const Setting& setting, Reading& reading);
void read_usb_devices(const KeyInfo& key, const Setting& setting, Reading& reading);

// The graphics card by vga, stdvga, and what else the configuration has of Xen's.
void settle_graphics_card(Reading& reading);
// videoram, which goes by the card.
void settle_video_memory(Reading& reading);

// Of the name of a file, and an empty one for none.
std::expected<std::string, std::string> path_or_none(std::string_view name);
// Of the name of a file that need not be there.
std::expected<std::string, std::string> absolute_path(std::string_view name);

// restart, which says on_poweroff, on_reboot and on_crash at once; those have the last word where they are given.
void read_restart(const KeyInfo& key, const Setting& setting, Reading& reading);

} // namespace windsor::config
