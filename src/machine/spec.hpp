// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "backend/character.hpp"
#include "backend/media.hpp"
#include "backend/network_link.hpp"
#include "backend/sound.hpp"
#include "backend/usb_socket.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "chipset/missed_ticks.hpp"
#include "engines/engines.hpp"
#include "firmware/acpi_file.hpp"
#include "firmware/smbios_structures.hpp"
#include "firmware/smbios_texts.hpp"
#include "machine/firmware_files.hpp"
#include "machine/network_model.hpp"
#include "vcpu/cpu_model.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace windsor::machine {

// Runs a function soon with the machine lock held, on a thread of the machine's; from any thread. Media
// use it to complete requests.
using Executor = std::function<void(std::function<void()>)>;

constexpr unsigned kFirstFloppySlot = 4;
constexpr unsigned kFloppies = 2;

// Makes a medium.
using OpenMedia = std::function<base::Result<std::shared_ptr<backend::BlockMedia>>(Executor)>;

struct DriveSpec {
    unsigned slot{0}; // 0 to 3: hda to hdd; from kFirstFloppySlot on fda and fdb
    bool cdrom{false};
    OpenMedia open_media{};  // empty for a CD-ROM or floppy drive without a medium
    // What the drive tells of itself, and Windows' activation sees; empty: what the drive has. A floppy drive has none.
    std::string serial{}; // at most 20 printable characters
    std::string model{}; // 40
    std::string firmware{}; // 8
};

struct NetworkCardSpec {
    NetworkModel model{NetworkModel::Rtl8139};
    backend::MacAddress mac{};
    // Where its frames go; null: nowhere, and the cable is unplugged. It outlives the machine.
    backend::NetworkLink* link{nullptr};
};

enum class Usb : std::uint8_t { None, Uhci };

enum class SoundCard : std::uint8_t { None, Ac97 };

enum class Display : std::uint8_t { None, StandardVga, Cirrus };

// What model-specific registers do that the processor does not have.
enum class UnknownMsrs : std::uint8_t { Fault, ReadZero };

using MissedTicks = chipset::MissedTicks;

// Their local APIC ids are even and fit into 8 bits.
constexpr unsigned kMostProcessors = 127;

// They sit in the PCI devices 4 and up, as those of Xen's guests do.
constexpr std::size_t kMostNetworkCards = 8;

// What a configuration asks for. The slots of the machine follow from it (pc.hpp), and what a saved state of it needs
// (needs.hpp).
struct MachineSpec {
    std::uint64_t memory{128u << 20}; // bytes, a multiple of 1 MiB
    unsigned processors{1};           // 1 to kMostProcessors
    vcpu::CpuModel cpu{vcpu::CpuModel::standard()};
    engines::Type engine{engines::Type::Emulate};
    engines::Settings engine_settings{};
    bool acpi{true};
    bool apic{true};
    UnknownMsrs unknown_msrs{UnknownMsrs::Fault};
    std::string boot{"c"}; // letters of a, c, d, n: which to try, in order
    std::int64_t rtc_base_seconds{0}; // what the clock shows at first, seconds since 1970 of the guest's zone
    MissedTicks missed_ticks{MissedTicks::Deliver}; // of the interval timer and the real-time clock
    // By which the clock catches up on the time that the machine was paused; null is the host's. Outlives the machine.
    const base::WallClock* wall_clock{nullptr};
    std::array<std::uint8_t, 16> uuid{};
    firmware::SmbiosTexts smbios{}; // what is not chosen is the firmware's
    std::vector<firmware::SmbiosStructure> smbios_structures{};
    std::vector<firmware::AcpiTable> acpi_tables{}; // besides the machine's own; without ACPI there are none
    std::string bios{"/usr/share/seabios/bios-256k.bin"};
    std::string vga_bios{"/usr/share/seabios/vgabios-stdvga.bin"}; // for the standard VGA
    // Their contents, for a machine that is built where files cannot be opened any more; null: they are read.
    std::shared_ptr<const FirmwareFiles> firmware{};
    // An open /dev/kvm, for the same reason, which outlives the machine's
    // creation; -1: it is opened where it is needed.
    int kvm{-1};
    std::vector<DriveSpec> drives{};
    // For COM1 and those that follow, who takes what the guest sends: null for nobody, none where the machine lacks the
    // port. They outlive the machine.
    std::vector<std::optional<backend::CharacterSink*>> serial_ports{nullptr};
    std::vector<NetworkCardSpec> network_cards{}; // at most kMostNetworkCards
    Usb usb{Usb::None};
    std::vector<backend::UsbKind> usb_devices{}; // plugged in at first, at most backend::kUsbPorts; only with usb
    SoundCard sound_card{SoundCard::None};
    // Who hears what the guest plays; null: nobody. It outlives the machine.
    backend::SoundOutput* sound_output{nullptr};
    Display display{Display::StandardVga};
    // Bytes of the standard VGA's memory, a power of two of 1 to 256 MiB; the Cirrus has 4 MiB.
    std::uint64_t video_memory{16u << 20};
};

// The VGA BIOS that is for the Cirrus.
constexpr const char* kCirrusBios = "/usr/share/seabios/vgabios-cirrus.bin";

} // namespace windsor::machine
