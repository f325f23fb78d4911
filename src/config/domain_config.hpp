// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain configuration comes to: checked, typed, with every default filled in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "config/diagnostic.hpp"
#include "config/value.hpp"
#include "config/words.hpp"
#include "sandbox/wall.hpp"

namespace windsor::config {

enum class DiskBackend { File, Physical };
enum class DiskFormat { Raw };
enum class DiskAccess { ReadOnly, ReadWrite, SharedWrite }; // SharedWrite is xm's w!
enum class DiskKind { Disk, Cdrom };

// What a drive tells of itself, by IDENTIFY or INQUIRY; empty: as the drive has it.
struct DriveTexts {
    std::string model{};    // at most 40 characters
    std::string firmware{}; // at most 8, and no blank
    std::string serial{};   // at most 20, and no blank

    bool operator==(const DriveTexts&) const = default;
};

struct DiskConfig {
    std::string path; // empty: a CD drive without a disc
    DiskBackend backend = DiskBackend::File;
    DiskFormat format = DiskFormat::Raw;
    std::string vdev; // hda, hdb, hdc or hdd; or, of a floppy drive, fda or fdb
    DiskKind kind = DiskKind::Disk;
    DiskAccess access = DiskAccess::ReadWrite;
    std::string script;
    std::optional<std::uint64_t> size; // in bytes, when the configuration says how large the disk must be
    std::string text;                  // as the configuration has it
    DriveTexts told;                   // from its first start on; of a floppy drive nothing
    Location where;
};

inline bool is_floppy(const DiskConfig& disk)
{
    return disk.vdev.starts_with("fd");
}

struct VifConfig {
    std::string mac; // six lower-case pairs with colons; empty: to be chosen
    std::string bridge;
    std::string model;
    std::string type;
    std::string ip;
    std::string script;
    std::string vifname;
    std::string rate;
    std::string backend;
    std::string text;
    Location where;
};

enum class Switch { Off, On };

// Who has the processors' local APICs where KVM could have them.
enum class KvmApics { Auto, Kernel, Windsor };
inline constexpr Word kKvmApicWords[] = {
    {"auto", KvmApics::Auto}, {"kernel", KvmApics::Kernel}, {"windsor", KvmApics::Windsor}};

enum class EngineChoice { Auto, Kvm, Translate, Emulate };
inline constexpr Word kEngineWords[] = {{"auto", EngineChoice::Auto},
                                        {"kvm", EngineChoice::Kvm},
                                        {"translate", EngineChoice::Translate},
                                        {"emulate", EngineChoice::Emulate}};

enum class LifeAction { Destroy, Restart, Preserve, RenameRestart };
inline constexpr std::string_view kNoCore = "core dumps of domains are not written yet";
inline constexpr Word kActionWords[] = {{"destroy", LifeAction::Destroy},
                                        {"restart", LifeAction::Restart},
                                        {"preserve", LifeAction::Preserve},
                                        {"rename-restart", LifeAction::RenameRestart},
                                        {"coredump-destroy", LifeAction::Destroy, kNoCore},
                                        {"coredump-restart", LifeAction::Restart, kNoCore},
                                        {"soft-reset", LifeAction::Restart, "there is no Xen hypervisor underneath"}};

enum class GraphicsCard { StandardVga, Cirrus, None };
inline constexpr Word kGraphicsCardWords[] = {{"stdvga", GraphicsCard::StandardVga},
                                              {"cirrus", GraphicsCard::Cirrus},
                                              {"none", GraphicsCard::None},
                                              {"qxl", GraphicsCard::StandardVga, "QXL is not provided yet"}};

enum class TimerMode { DeliverMissed, CollapseMissed };
// In the order of xl's numbers for them.
inline constexpr Word kTimerModeWords[] = {{"delay_for_missed_ticks", TimerMode::DeliverMissed},
                                           {"no_delay_for_missed_ticks", TimerMode::DeliverMissed},
                                           {"no_missed_ticks_pending", TimerMode::CollapseMissed},
                                           {"one_missed_tick_pending", TimerMode::CollapseMissed}};

inline constexpr Word kSandboxWords[] = {
    {"on", sandbox::Mode::On}, {"required", sandbox::Mode::Required}, {"off", sandbox::Mode::Off}};

struct GraphicsConfig {
    Switch vnc = Switch::On;
    std::optional<int> display;        // TCP port 5900 + display
    Switch unused = Switch::On;        // look for a free display from `display` (or 0) on
    std::optional<std::string> listen; // an address; resolve_graphics() fills it in
    std::optional<std::string> password;
    std::optional<std::string> keymap;
    Switch viewer = Switch::Off; // start a viewer with the domain
    Switch sdl = Switch::Off;
    Location display_where;

    // An empty password, as in (vncpasswd ''), means none.
    bool has_password() const { return password && !password->empty(); }
};

// A bit of CPUID that the guest is to see as `value` says.
struct CpuidBit {
    std::uint32_t leaf = 0;
    std::uint32_t subleaf = 0;
    unsigned reg = 0; // 0 to 3: EAX, EBX, ECX, EDX
    unsigned bit = 0;
    bool value = false;

    bool operator==(const CpuidBit&) const = default;
};

// The emulated USB devices, and how many ports a machine has for them.
inline constexpr std::array<std::string_view, 3> kUsbDevices{"tablet", "mouse", "keyboard"};
constexpr std::size_t kUsbPorts = 2;

// The one sound card that there is.
inline constexpr std::string_view kSoundCard = "ac97";

constexpr int kMostVcpus = 127;
constexpr int kLastVncDisplay = 65'535 - 5900; // by its TCP port
constexpr std::int64_t kMostMemory = std::int64_t{1} << 24; // in MiB

struct DomainConfig {
    std::string name;
    std::string uuid; // 8-4-4-4-12 lower-case digits; empty: to be chosen
    std::uint64_t memory_mb = 128;
    std::uint64_t maxmem_mb = 128;
    int vcpus = 1;     // virtual processors that the guest finds, 1 to 127
    int max_vcpus = 1; // and those that are off at the start besides
    std::string boot = "cd"; // the devices to try, in order: a, c, d
    std::vector<DiskConfig> disks;
    std::vector<VifConfig> vifs;
    GraphicsConfig graphics;
    GraphicsCard card = GraphicsCard::StandardVga;
    std::int64_t videoram_mb = 16;
    std::string card_reason; // why it is that card, as a clause; not in a saved state
    std::vector<std::string> serial; // what COM1 and those that follow are connected to, as serial/end.hpp has it
    // Folders of this host's for the guest, as share/folder.hpp has them; never out of a saved state.
    std::vector<std::string> share;
    Switch share_smb1 = Switch::On; // whether they are reached by SMB 1, too
    Switch usb = Switch::Off;             // whether there is a USB controller
    std::vector<std::string> usb_devices; // plugged in at the start, at most two: tablet, mouse, keyboard
    std::string sound_card;               // kSoundCard; empty: none
    Switch acpi = Switch::On;
    Switch apic = Switch::On;
    Switch pae = Switch::On;
    Switch msr_relaxed = Switch::Off; // unknown MSRs read as zero
    std::vector<CpuidBit> cpuid;      // each bit once
    std::vector<std::string> smbios;       // as the configuration says them: "host", and WORD=TEXT
    std::vector<std::string> smbios_texts; // what the guest is told from its first start on: WORD=TEXT, all words
    std::string smbios_firmware;           // a file's path; empty: none
    std::string acpi_firmware;             // the same
    std::vector<std::uint8_t> smbios_structures; // what those files hold, which goes with the domain
    std::vector<std::uint8_t> acpi_tables;
    std::vector<std::string> shutdown_keys; // lines of a display::KeyScript
    Switch localtime = Switch::Off;
    std::int64_t rtc_timeoffset = 0; // seconds
    Switch nomigrate = Switch::Off; // whether it must not be moved to another host
    TimerMode timer_mode = TimerMode::DeliverMissed;
    LifeAction on_poweroff = LifeAction::Destroy;
    LifeAction on_reboot = LifeAction::Restart;
    LifeAction on_crash = LifeAction::Destroy;
    sandbox::Mode sandbox = sandbox::Mode::On; // never out of a saved state, which may be a stranger's
    std::optional<EngineChoice> engine;                   // nothing: as the host's configuration says
    KvmApics kvm_apics = KvmApics::Auto;
    std::string interpret; // classes of instructions that the translator leaves to the interpreter
    std::string trace; // the absolute path of a file; empty: no trace
    std::int64_t trace_lines = 0; // after which the trace ends; 0: it does not
    Switch verify = Switch::Off;                          // whether translated code is proven harmless before it runs
    std::vector<std::pair<std::string, Value>> evaluated; // every known key as evaluated, in the file's order
    std::vector<std::pair<std::string, Location>> places; // where each of them stands
};

std::string_view action_name(LifeAction action);
std::string_view engine_name(EngineChoice engine);

// Which graphics card the domain has and why, in one line.
std::string graphics_line(const DomainConfig& config);

// The error with the place of the key that it is about, if the file has the key.
base::Error at_key(const DomainConfig& config, std::string_view key, const base::Error& error);

// The configuration as evaluated, with name, uuid and memory even if they are defaults, and without passwords.
nlohmann::ordered_json to_json(const DomainConfig& config);

} // namespace windsor::config
