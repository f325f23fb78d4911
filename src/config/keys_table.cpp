// SPDX-License-Identifier: GPL-2.0-or-later
// The table itself: the keys of the classic xm file, of xl.cfg(5), and Windsor's own.
#include "config/console_keys.hpp"
#include "config/device_keys.hpp"
#include "config/devices.hpp"
#include "config/keys.hpp"
#include "config/machine_keys.hpp"
#include "config/serial_key.hpp"
#include "config/share_key.hpp"
#include "config/smbios_key.hpp"
#include "config/xend_printers.hpp"
#include "config/xl_printers.hpp"

namespace windsor::config {
namespace {

using enum KeyType;
using enum KeyStatus;
using enum KeyDialect;
using enum XendPlace;
using XendWhen::AsGiven;
using XlWhen::UnlessDefault;

constexpr std::string_view kNoPv =
    "Windsor runs unmodified systems (hvm) only, and this belongs to a paravirtual guest";
constexpr std::string_view kNoXen = "there is no Xen hypervisor underneath";
constexpr std::string_view kNoLabels =
    "there are no security labels that would keep domains from each other; each has walls of its own (see sandbox)";
constexpr std::string_view kOptionOnly = "it is an option inside the strings of another key, not a key of its own";
constexpr std::string_view kNoPassThrough = "pass-through of host devices is not provided yet";
constexpr std::string_view kNoStub = "there are no stub domains; each domain's devices run in a process of its own";
constexpr std::string_view kNoSpice = "the console is VNC";
constexpr std::string_view kNoUsb = "the one USB controller that a machine can have, by usb, is of USB 1.1";
constexpr std::string_view kNoPvUsb = "there are no paravirtual devices; usb gives the machine a USB controller";
constexpr std::string_view kHostSchedules = "the host schedules virtual processors; bind them with vcpu-pin";

// Rows of keys that have an effect, or stand in a listing, name what they give. The others give name, type, status,
// dialect, default, help, reason and choices, in this order.
// clang-format off
constexpr KeyInfo kKeys[] = {
    {"access_control", Any, Refused, Xm, "",
     "The security label of the domain under Xen's access control module.", kNoLabels},
    {.name = "acpi", .type = Boolean,
     .help = "Whether the machine has ACPI: tables, power management, power button. Windows Setup chooses its HAL by "
             "this and by apic; do not change it under an installed Windows.",
     .member = &DomainConfig::acpi, .xend = {Image}, .xl = {"/b_info/type.hvm/acpi"}},
    {.name = "acpi_firmware", .type = String, .dialect = Xl,
     .help = "A file with ACPI tables, one behind the other, that the machine has besides its own, such as the SLIC of "
             "the host (/sys/firmware/acpi/tables/SLIC), by which a maker's Windows knows its machine; RSDT and FADT "
             "then name that maker, too. At most 64 KiB; none may be of a kind that the machine has itself.",
     .member = &DomainConfig::acpi_firmware, .check = path_or_none, .xl = {"/b_info/type.hvm/acpi_firmware"},
     .saved = {.since = 3}},
    {"acpi_laptop_slate", Boolean, Accepted, Xl, "0",
     "Whether the machine shows a laptop-slate switch.", "there is no such device"},
    {"acpi_s3", Boolean, Silent, Xl, "1", "Whether the guest may suspend to memory."},
    {"acpi_s4", Boolean, Silent, Xl, "1", "Whether the guest may hibernate."},
    {"altp2m", String, Accepted, Xl, "disabled",
     "Alternate guest-physical maps for introspection.", kNoXen, "disabled mixed external limited"},
    {"altp2m_count", Integer, Accepted, Xl, "", "The number of alternate guest-physical maps.", kNoXen},
    {"altp2mhvm", Boolean, Accepted, Xl, "0", "The older name of altp2m.", kNoXen},
    {.name = "apic", .type = Boolean,
     .help = "Whether the machine has a local APIC and an I/O APIC. Windows Setup chooses its HAL by this and by "
             "acpi; do not change it under an installed Windows.",
     .member = &DomainConfig::apic, .xend = {Image}, .xl = {"/b_info/type.hvm/apic"}},
    {"arm_sci", String, Refused, Xl, "none",
     "The system control interface of an ARM guest.", "this is a PC, not an ARM machine"},
    {"backend", String, Silent, Option, "", "The driver domain that serves a device.", kOptionOnly},
    {"baseboard_asset_tag", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"baseboard_location_in_chassis", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"baseboard_manufacturer", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"baseboard_product_name", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"baseboard_serial_number", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"baseboard_version", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"battery_device_name", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"battery_manufacturer", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {.name = "bios", .type = String, .dialect = Xl, .default_text = "seabios",
     .help = "The firmware. The machine starts SeaBIOS; rombios is taken to mean it too.",
     .choices = "seabios rombios ovmf", .read = read_firmware},
    {"bios_path_override", String, Refused, Xl, "",
     "Another file to load the firmware from.", "the firmware is Debian's SeaBIOS and cannot be replaced yet"},
    {"bios_release_date", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"bios_vendor", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"bios_version", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"blkif", Boolean, Refused, Xm, "0",
     "Makes the domain a block device back end.", "driver domains are not provided"},
    {.name = "boot", .type = String,
     .help = "The devices that the firmware tries, in order: a floppy, c hard disk, d CD-ROM, n network. Give 'd' to "
             "install from a CD and 'c' afterwards.",
     .member = &DomainConfig::boot, .read = read_boot, .xend = {Image}, .xl = {"/b_info/type.hvm/boot"}},
    {.name = "bootargs", .type = StringOrStrings, .status = Refused, .dialect = Xm,
     .help = "Arguments for the boot loader of a paravirtual guest.",
     .reason = kNoPv, .xend = {Domain, "bootloader_args"}},
    {"bootentry", String, Refused, Xm, "", "The kernel that the boot loader of a paravirtual guest picks.", kNoPv},
    {.name = "bootloader", .type = String, .status = Refused,
     .help = "The host-side boot loader of a paravirtual guest.",
     .reason = kNoPv, .xend = {Domain}},
    {"bootloader_args", StringOrStrings, Refused, Xl, "",
     "Arguments for the boot loader of a paravirtual guest.", kNoPv},
    {"bootloader_restrict", BooleanOrString, Silent, Xl, "",
     "Whether the host-side boot loader runs with fewer rights."},
    {"bootloader_user", String, Silent, Xl, "", "The user that the host-side boot loader runs as."},
    {.name = "builder", .type = String, .default_text = "hvm",
     .help = "The kind of guest. Windsor builds hvm: a whole PC for an unmodified operating system.",
     .choices = "hvm linux generic"},
    {"cap", Integer, Accepted, Xl, "0",
     "The most processor time the domain may have, in percent of one processor.", "processor time is not limited yet"},
    {.name = "cdrom", .type = String, .dialect = Xm,
     .help = "An older way to give a CD: the image or drive appears as hdc, like 'file:/path,hdc:cdrom,r' in disk.",
     .settle = settle_cdrom},
    {"channel", Strings, Refused, Xl, "",
     "Low-bandwidth channels between guest and host.", "channels are not provided yet"},
    {"cmdline", String, Refused, Xl, "",
     "The command line of a directly booted kernel.", "kernels are booted by the guest's own boot loader"},
    {"connection", String, Silent, Option, "", "How a channel is connected.", kOptionOnly},
    {"controller", Any, Silent, Option, "", "The USB controller that a device is attached to.", kOptionOnly},
    {"cpu", IntegerOrString, Accepted, Xm, "", "The physical processor that the domain starts on.", kHostSchedules},
    {"cpu_cap", Integer, Accepted, Xm, "0",
     "The most processor time the domain may have, in percent.", "processor time is not limited yet"},
    {"cpu_weight", Integer, Accepted, Both, "256",
     "The domain's share of processor time against others.", "the host's scheduler treats domains like any process"},
    {.name = "cpuid", .type = StringOrStrings,
     .help = "Features of the processor to hide from the guest. By name: 'host,avx=0,sse4.2=0', with the word host "
             "first; 0 hides, 1 asks for the feature, x, k and s leave it alone. By bits: "
             "['1:ecx=xxxxxxxxxxx0xxxxxxxxxxxxxxxxxxxx', '7,0:ebx=0x0'], the leaf in front of the colon and each "
             "register from bit 31 to bit 0. What the processor does not have cannot be added; the domain's log names "
             "what was asked for in vain.",
     .member = &DomainConfig::cpuid, .read = read_cpuid},
    {"cpuid_check", Any, Accepted, Xm, "",
     "Bits of CPUID that the host must have.", "the CPUID bits of the host are not checked"},
    {.name = "cpus", .type = Any, .status = Accepted,
     .help = "The physical processors that the domain may run on.",
     .reason = kHostSchedules, .xend = {Domain, xend_cpus}},
    {"cpus_soft", Any, Accepted, Xl, "", "The physical processors that the domain prefers.", kHostSchedules},
    {"description", String, Silent, Xm, "", "A text for people; nothing depends on it."},
    {.name = "device_model", .type = String, .status = Silent, .dialect = Xm,
     .help = "The program that emulates the devices under Xen. Windsor is its own, so the path is not looked at.",
     .xend = {Image}},
    {"device_model_args", StringOrStrings, Accepted, Xl, "",
     "Extra arguments for Xen's device model.", "there is no separate device model"},
    {"device_model_args_hvm", StringOrStrings, Accepted, Xl, "",
     "Extra arguments for Xen's device model.", "there is no separate device model"},
    {"device_model_args_pv", StringOrStrings, Accepted, Xl, "",
     "Extra arguments for Xen's device model.", "there is no separate device model"},
    {"device_model_override", String, Silent, Xl, "", "The path of Xen's device model; not looked at."},
    {"device_model_stubdomain_override", Boolean, Accepted, Xl, "0",
     "Whether the device model runs in a domain of its own.", kNoStub},
    {"device_model_stubdomain_seclabel", String, Refused, Xl, "",
     "The security label of the device model's domain.", kNoLabels},
    {"device_model_user", String, Accepted, Xl, "",
     "The user that the device model runs as.", "a domain runs as the user who starts it"},
    {"device_model_version", String, Silent, Xl, "", "Which of Xen's device models to use; Windsor has one."},
    {"device_tree", String, Refused, Xl, "",
     "A partial device tree for an ARM guest.", "this is a PC, not an ARM machine"},
    {"dhcp", BooleanOrString, Refused, Xm, "off", "Asks a paravirtual guest to use DHCP.", kNoPv},
    {.name = "disk", .type = Strings, .default_text = "[]",
     .help = "The disks and CD drives, one string each. Classic: 'file:/path,hda,w' or 'phy:/dev/cdrom,hdc:cdrom,r'; "
             "the mode is r, w or w! (writable although shared). New: '/path,raw,hda,rw' or 'format=raw, vdev=hdc, "
             "access=ro, devtype=cdrom, target=/path'. Drives are hda, hdb, hdc and hdd.",
     .member = &DomainConfig::disks, .read = read_disks, .xend = {Vbd, xend_disks}, .xl = {"/disks", xl_disks},
     .saved = {"disks"}},
    {"display", String, Accepted, Both, "",
     "The X display for the local window.", "the local window is not provided yet"},
    {"dm_restrict", Boolean, Silent, Xl, "0", "Whether the device model drops its rights."},
    {"driver_domain", Boolean, Refused, Xl, "0",
     "Makes the domain one that serves devices to others.", "driver domains are not provided"},
    {"dtdev", Strings, Refused, Xl, "", "Device-tree devices to pass through.", kNoPassThrough},
    {"e820_host", Boolean, Accepted, Xl, "0", "Whether a paravirtual guest sees the host's memory map.", kNoPv},
    {"enclosure_asset_tag", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"enclosure_manufacturer", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"enclosure_serial_number", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"enclosure_version", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {.name = "engine", .type = String, .dialect = Windsor, .default_text = "auto",
     .help = "What executes the guest's instructions: auto takes kvm, the hardware, where it is there and runs whole "
             "operating systems well, and else translate, the translator; emulate is the interpreter.",
     .member = choice<&DomainConfig::engine>(kEngineWords), .saved = {.as = SavedAs::Never}},
    {"extra", String, Accepted, Both, "", "More text for a paravirtual kernel's command line.", kNoPv},
    {.name = "fda", .type = String, .dialect = Xm,
     .help = "The image of the disk in the first floppy drive: a file or device of 160, 180, 320, 360, 640, 720 or 1200 "
             "KiB, 1.44, 1.68, 1.72 or 2.88 MB. The drive is one that takes such disks.",
     .read = read_floppy, .xend = {Image, AsGiven}},
    {.name = "fdb", .type = String, .dialect = Xm,
     .help = "The same of the second floppy drive.",
     .read = read_floppy, .xend = {Image, AsGiven}},
    {.name = "features", .type = String, .status = Accepted, .dialect = Xm,
     .help = "Features that a paravirtual kernel must have.",
     .reason = kNoPv, .xend = {Domain}},
    {.name = "firmware", .type = String, .dialect = Xl,
     .help = "The firmware: bios is SeaBIOS, the only one at present.",
     .choices = "bios seabios rombios uefi ovmf pvgrub32 pvgrub64", .read = read_firmware},
    {"gateway", String, Accepted, Xm, "", "The network gateway of a paravirtual guest.", kNoPv},
    {"gfx_passthru", BooleanOrString, Refused, Both, "0", "Passes a graphics card through.", kNoPassThrough},
    {"gic_version", String, Refused, Xl, "",
     "The interrupt controller of an ARM guest.", "this is a PC, not an ARM machine"},
    {"grant_usage", Boolean, Accepted, Xl, "", "Whether the domain may use grant tables.", kNoXen},
    {.name = "guest_os_type", .type = String, .status = Silent, .dialect = Xm, .default_text = "default",
     .help = "The kind of operating system, a hint for Xen's device model.",
     .xend = {Image, AsGiven}},
    {.name = "hap", .type = Boolean, .status = Silent, .default_text = "1",
     .help = "Whether Xen uses hardware-assisted paging; the engine decides here.",
     .xend = {Image, AsGiven}},
    {"hdtype", String, Accepted, Xl, "ide",
     "The disk controller: ide is what the machine has.", "the machine has an IDE controller only", "ide ahci"},
    {"height", Integer, Silent, Option, "", "The height of a virtual display.", kOptionOnly},
    {"hostaddr", Any, Silent, Option, "", "The address of a host's USB device.", kOptionOnly},
    {"hostbus", Any, Silent, Option, "", "The bus of a host's USB device.", kOptionOnly},
    {"hostname", String, Accepted, Xm, "", "The host name of a paravirtual guest.", kNoPv},
    {.name = "hpet", .type = Boolean, .status = Accepted, .default_text = "0",
     .help = "Whether the machine has a high-precision event timer.",
     .reason = "the HPET is not provided yet", .xend = {Image, AsGiven}},
    {"hvm_pirq", Boolean, Accepted, Xl, "0", "Whether the guest may take interrupts as event channels.", kNoXen},
    {"init_seclabel", String, Refused, Xl, "", "The security label during domain building.", kNoLabels},
    {"interface", String, Accepted, Xm, "", "The network interface that root over NFS uses.", kNoPv},
    {.name = "interpret", .type = String, .dialect = Windsor,
     .help = "Classes or kinds of instructions, separated by commas, that the translator leaves to the interpreter: to "
             "find out which one is run wrongly. docs/how-translation-works.md lists them.",
     .member = &DomainConfig::interpret, .saved = {.as = SavedAs::Never}},
    {"iomem", Strings, Refused, Xl, "", "Memory ranges of host devices to pass through.", kNoPassThrough},
    {"ioports", Any, Refused, Both, "", "I/O ports of host devices to pass through.", kNoPassThrough},
    {"ip", String, Accepted, Xm, "", "The IP address of a paravirtual guest.", kNoPv},
    {"irq", Any, Refused, Xm, "", "Interrupts of host devices to pass through.", kNoPassThrough},
    {"irqs", Any, Refused, Xl, "", "Interrupts of host devices to pass through.", kNoPassThrough},
    {.name = "isa", .type = Boolean, .status = Silent, .dialect = Xm, .default_text = "0",
     .help = "Xen: simulates an ISA-only machine without PCI.",
     .xend = {Image, AsGiven}},
    {.name = "kernel", .type = String,
     .help = "For an hvm guest the classic file names Xen's hvmloader here, which has no effect. Any other kernel is "
             "refused: the guest's own boot loader starts it.",
     .xend = {Image}},
    {.name = "keymap", .type = String, .default_text = "en-us",
     .help = "The keyboard layout of VNC viewers that send symbols instead of key positions, such as en-us, de or fr.",
     .member = &GraphicsConfig::keymap, .check = check_keymap, .xend = {Console}, .xl = {"/b_info/type.hvm/keymap"}},
    {.name = "kvm_apics", .type = String, .dialect = Windsor, .default_text = "auto",
     .help = "Who has the processors' local APICs with engine = 'kvm': kernel, KVM itself, which is faster; windsor, the "
             "machine; auto takes the kernel's but on a host whose processor is emulated by QEMU.",
     .member = choice<&DomainConfig::kvm_apics>(kKvmApicWords), .saved = {.as = SavedAs::Never}},
    {"llc_colors", Any, Accepted, Xl, "", "Cache colours of the domain.", kNoXen},
    {.name = "loader", .type = String, .dialect = Xm,
     .help = "The older name of kernel for an hvm guest: Xen's hvmloader, which has no effect."},
    {.name = "localtime", .type = Boolean,
     .help = "Whether the guest's real-time clock shows the host's local time, as Windows wants it, or UTC.",
     .member = &DomainConfig::localtime, .xend = {Image}, .xl = {"/b_info/localtime"}},
    {"machine_address_size", Integer, Accepted, Xm, "",
     "The width of machine addresses that the domain's memory may lie at.", kNoXen},
    {"max_event_channels", Integer, Accepted, Xl, "", "The most event channels of the domain.", kNoXen},
    {"max_grant_frames", Integer, Accepted, Xl, "", "The most grant frames of the domain.", kNoXen},
    {"max_grant_version", Integer, Accepted, Xl, "",
     "The newest version of grant tables that the domain may use.", kNoXen},
    {"max_maptrack_frames", Integer, Accepted, Xl, "", "The most grant mappings of the domain.", kNoXen},
    {.name = "maxmem", .type = Integer, .default_text = "memory",
     .help = "The most memory in MiB that the domain may ever have; memory if it is not given.",
     .least = 1, .most = kMostMemory, .member = &DomainConfig::maxmem_mb, .settle = settle_maxmem, .xend = {Domain},
     .xl = {"/b_info/max_memkb", xl_kibibytes}, .saved = {"maxmem_mb"}},
    {.name = "maxvcpus", .type = Integer, .dialect = Xl, .default_text = "vcpus",
     .help = "The most virtual processors the domain may ever have. Those beyond vcpus are off, and cannot be turned "
             "on while the guest runs.",
     .least = 1, .most = kMostVcpus, .member = &DomainConfig::max_vcpus, .xend = {Domain, "vcpus"},
     .xl = {"/b_info/max_vcpus"}, .saved = {"max_vcpus"}},
    {"mca_caps", Strings, Accepted, Xl, "",
     "Machine-check capabilities of the guest.", "machine checks are not injected"},
    {.name = "memory", .type = Integer,
     .help = "The guest's memory in MiB.",
     .least = 1, .most = kMostMemory, .member = &DomainConfig::memory_mb, .xend = {Domain},
     .xl = {"/b_info/target_memkb", xl_kibibytes}, .saved = {"memory_mb"}},
    {"memory_sharing", Boolean, Accepted, Xm, "0",
     "Whether equal pages of domains are shared.", "memory is not shared between domains yet"},
    {"mmio_hole", Integer, Accepted, Xl, "",
     "The size in MiB of the hole for devices below 4 GiB.", "the hole has a fixed size of 1 GiB"},
    {"monitor", Boolean, Accepted, Xm, "0",
     "Whether Xen's device model offers its monitor.", "there is no separate device model; see windsor(1)"},
    {"monitor_path", String, Accepted, Xm, "",
     "Where Xen's device model offers its monitor.", "there is no separate device model; see windsor(1)"},
    {"ms_vm_genid", String, Accepted, Xl, "none",
     "The generation identifier that Windows Server looks at.", "the generation identifier is not provided yet"},
    {.name = "msr_relaxed", .type = Boolean, .dialect = Xl,
     .help = "Whether model-specific registers that the processor does not have read as zero and ignore writes, "
             "rather than fault as on hardware. The domain's log names each of them once.",
     .member = &DomainConfig::msr_relaxed},
    {.name = "name", .type = String, .default_text = "the file's name",
     .help = "The domain's name, unique on the host. Letters, digits and the characters _ . + : @ -",
     .member = &DomainConfig::name, .settle = settle_name, .xend = {Domain}, .xl = {"/c_info/name"}},
    {"nestedhvm", Boolean, Accepted, Both, "0",
     "Whether the guest may run virtual machines itself.", "nested virtualization is not provided"},
    {"netif", Boolean, Refused, Xm, "0", "Makes the domain a network back end.", "driver domains are not provided"},
    {"netmask", String, Accepted, Xm, "", "The network mask of a paravirtual guest.", kNoPv},
    {"nfs_root", String, Accepted, Xm, "", "The root directory of a paravirtual guest over NFS.", kNoPv},
    {"nfs_server", String, Accepted, Xm, "", "The NFS server of a paravirtual guest.", kNoPv},
    {"nics", Integer, Silent, Xm, "", "The number of network cards; vif says it by its length."},
    {.name = "nographic", .type = Boolean, .default_text = "0",
     .help = "Whether the domain goes without any console picture; the same as vnc=0 and sdl=0.",
     .settle = settle_nographic, .xend = {Image, AsGiven}},
    {.name = "nomigrate", .type = Boolean,
     .help = "Whether the domain must stay on this host: migrate refuses to move it.",
     .member = &DomainConfig::nomigrate, .saved = {.as = SavedAs::OnlyIfOn}},
    {"nr_spis", Integer, Refused, Xl, "", "Interrupts of an ARM guest.", "this is a PC, not an ARM machine"},
    {"nx", Boolean, Silent, Xl, "1", "Whether the processor has no-execute pages; it always has."},
    {"oem", Strings, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {.name = "on_crash", .type = String,
     .help = "What happens when the guest crashes. See on_poweroff.",
     .member = choice<&DomainConfig::on_crash>(kActionWords), .xend = {Domain}, .xl = {"/on_crash"}},
    {.name = "on_poweroff", .type = String,
     .help = "What happens when the guest powers itself off: destroy ends the domain; restart starts it again; "
             "preserve keeps it for inspection; rename-restart keeps it under another name and starts a new one.",
     .member = choice<&DomainConfig::on_poweroff>(kActionWords), .xend = {Domain}, .xl = {"/on_poweroff"}},
    {.name = "on_reboot", .type = String,
     .help = "What happens when the guest reboots. See on_poweroff. Windows Setup in two stages wants destroy for the "
             "first one.",
     .member = choice<&DomainConfig::on_reboot>(kActionWords), .xend = {Domain}, .xl = {"/on_reboot"}},
    {"on_soft_reset", String, Accepted, Xl, "soft-reset",
     "What happens when the guest asks Xen for a soft reset.", kNoXen},
    {"on_watchdog", String, Accepted, Xl, "destroy", "What happens when Xen's watchdog fires.", kNoXen},
    {.name = "on_xend_start", .type = String, .status = Accepted, .dialect = Xm, .default_text = "ignore",
     .help = "What happens to a managed domain when xend starts.",
     .reason = "there is no daemon", .choices = "ignore start", .xend = {Domain}},
    {.name = "on_xend_stop", .type = String, .status = Accepted, .dialect = Xm, .default_text = "ignore",
     .help = "What happens to a managed domain when xend stops.",
     .reason = "there is no daemon", .choices = "ignore shutdown suspend", .xend = {Domain}},
    {"oos", Boolean, Silent, Both, "1", "Whether Xen's shadow page tables may be out of step for a while."},
    {"opengl", Boolean, Silent, Xm, "1", "Whether the local window draws with OpenGL."},
    {"p9", Strings, Refused, Xl, "", "Host directories shared over 9P.", "shared directories are not provided yet"},
    {.name = "pae", .type = Boolean,
     .help = "Whether the guest's processor has physical address extension, and with it long mode and NX: 64-bit "
             "systems need it.",
     .member = &DomainConfig::pae, .xend = {Image}, .xl = {"/b_info/type.hvm/pae"}},
    {"parallel", String, Accepted, Xm, "none",
     "What the parallel port is connected to.", "the parallel port is not provided"},
    {"passthrough", String, Accepted, Xl, "disabled",
     "Whether devices may be passed through.", kNoPassThrough, "disabled enabled sync_pt share_pt"},
    {"path", String, Silent, Option, "", "A path of a shared directory or channel.", kOptionOnly},
    {"pci", Strings, Refused, Both, "[]", "PCI devices of the host to pass through.", kNoPassThrough},
    {"pci_msitranslate", Boolean, Silent, Both, "1",
     "Whether message-signalled interrupts of passed-through devices are translated."},
    {"pci_permissive", Boolean, Silent, Xl, "0",
     "Whether the guest may write all of a passed-through device's configuration space."},
    {"pci_power_mgmt", Boolean, Silent, Both, "0", "Whether the guest manages a passed-through device's power."},
    {"pci_seize", Boolean, Silent, Xl, "0", "Whether a passed-through device is taken from the host."},
    {"pnode", Any, Silent, Option, "", "The physical NUMA node of a virtual one.", kOptionOnly},
    {"policy", Any, Silent, Option, "", "How reserved memory conflicts are treated.", kOptionOnly},
    {"pool", String, Accepted, Both, "", "The processor pool that the domain runs in.", kNoXen},
    {"port", Any, Silent, Option, "", "The port of a USB controller.", kOptionOnly},
    {"ports", Any, Silent, Option, "", "The number of ports of a USB controller.", kOptionOnly},
    {"pvcalls", Strings, Refused, Xl, "", "Sockets served to a paravirtual guest.", kNoPv},
    {"pvshim", Boolean, Refused, Xl, "0", "Runs a paravirtual guest in a shim.", kNoPv},
    {"pvshim_cmdline", String, Accepted, Xl, "", "The shim's command line.", kNoPv},
    {"pvshim_extra", String, Accepted, Xl, "", "More text for the shim's command line.", kNoPv},
    {"pvshim_path", String, Accepted, Xl, "", "The shim's path.", kNoPv},
    {"ramdisk", String, Refused, Both, "",
     "The initial RAM disk of a directly booted kernel.", "kernels are booted by the guest's own boot loader"},
    {"rdm", String, Accepted, Xl, "", "How reserved device memory is treated.", kNoPassThrough},
    {"rdm_mem_boundary", Integer, Accepted, Xl, "2048",
     "Where reserved device memory begins to conflict, in MiB.", kNoPassThrough},
    {.name = "restart", .type = String, .dialect = Xm,
     .help = "The oldest way to say on_poweroff, on_reboot and on_crash at once: always, onreboot or never.",
     .choices = "always onreboot never", .read = read_restart},
    {"root", String, Accepted, Both, "", "The root device of a paravirtual kernel.", kNoPv},
    {.name = "rtc_timeoffset", .type = Integer,
     .help = "Seconds that the guest's real-time clock is ahead of the host's (or behind, if negative).",
     .least = -4'000'000'000, .most = 4'000'000'000, .member = &DomainConfig::rtc_timeoffset, .xend = {Image},
     .xl = {"/b_info/rtc_timeoffset", UnlessDefault}},
    {"s3_integrity", Boolean, Silent, Xm, "1", "Whether memory is checked over a host's suspend."},
    {.name = "sandbox", .type = String, .dialect = Windsor,
     .help = "The walls around the domain's process: on puts up those that the host allows, required starts the "
             "domain with all of them or not at all, off leaves the process as it is. The domain's log and info say "
             "which stand.",
     .member = choice<&DomainConfig::sandbox>(kSandboxWords), .saved = {.as = SavedAs::Never}},
    {.name = "sdl", .type = Boolean, .status = Accepted,
     .help = "Whether the domain opens a local window.",
     .reason = "the local window is not provided yet; the console is VNC", .member = &GraphicsConfig::sdl,
     .xend = {Image}, .xl = {"/b_info/type.hvm/sdl/enable"}},
    {"seclabel", String, Refused, Xl, "", "The security label of the domain.", kNoLabels},
    {"security_model", String, Silent, Option, "", "The security model of a directory shared over 9P.", kOptionOnly},
    {.name = "serial", .type = StringOrStrings,
     .default_text = "null",
     .help = "What the serial ports COM1 to COM4 are connected to, a text or a list of up to four: pty, a "
             "pseudo-terminal that the console command opens; file:PATH, which is emptied, takes 64 MiB at the most, and "
             "nobody types there; unix:PATH and tcp:HOST:PORT, a socket to connect to; the same with ,server, where a "
             "client at a time is waited for while the guest runs (,nowait says so; without a host it is 127.0.0.1); "
             "/dev/NAME, a serial port or terminal of the host's, raw and at the speed that it has; null, nobody; none, "
             "and the machine lacks the port. Paths begin with a slash. What the guest sends while nobody listens is "
             "kept, the newest 64 KiB of it.",
     .member = &DomainConfig::serial, .read = read_serial, .xend = {Image, xend_serial},
     .xl = {"/b_info/type.hvm/serial", xl_serial}, .saved = {.name = "serial_ends", .since = 2}},
    {.name = "shadow_memory", .type = Integer, .status = Silent, .default_text = "0",
     .help = "Memory in MiB for Xen's shadow page tables.",
     .xend = {Domain}},
    {.name = "share", .type = StringOrStrings, .dialect = Windsor,
     .help = "Folders of this host's that the guest finds in its network, if a card of its is behind NAT: a text or a list "
             "of PATH[,rw][,name=NAME]. The guest's name for it is \\\\10.0.2.4\\NAME, where NAME is the last part of the "
             "path if it is not given; it comes as any user, with any password or none. It reads, and with rw writes, what "
             "the user may who starts the domain; if that is root, what the owner of the first folder may, or, if that "
             "is root, too, what everybody may. Links in it are not followed. Samba's server has to be installed "
             "(package samba). Saved states have no shares: 'windsor restore CONFIGURATION FILE' gives them anew.",
     .member = &DomainConfig::share, .read = read_share, .saved = {.as = SavedAs::Never}},
    {.name = "share_smb1", .type = Boolean, .dialect = Windsor,
     .help = "Whether the folders of share are reached by SMB 1, too, which is all that Windows XP and older systems "
             "speak. 0: by SMB 2 and 3 alone.",
     .member = &DomainConfig::share_smb1, .saved = {.as = SavedAs::Never}},
    {.name = "shutdown_keys", .type = StringOrStrings, .dialect = Windsor,
     .help = "What a person would press to shut the guest down, for one that has no ACPI or does not listen to the power "
             "button: shutdown and reboot press it then. A list of keys as the key command takes them, pauses in "
             "seconds, and texts: ['ctrl-esc', 'wait 2', 'u', 'enter'], ['alt-f2', 'type halt', 'enter']. The word "
             "windows stands for the keys of a Windows in English: Ctrl-Esc, U, U, Enter, with pauses. At most 100 "
             "lines, a minute for a pause, and ten for all. Whoever presses other keys meanwhile by key or type takes "
             "over, and a reset ends it.",
     .member = &DomainConfig::shutdown_keys, .read = read_shutdown_keys, .saved = {.since = 3}},
    {"size", Any, Silent, Option, "", "The size of a disk or of a NUMA node.", kOptionOnly},
    {.name = "smbios", .type = StringOrStrings, .dialect = Xl,
     .help = "What the SMBIOS tables tell the guest of its machine, as ['system_manufacturer=ACME', "
             "'oem=a string', …]. The words are xl's: bios_vendor, bios_version; system_manufacturer, _product_name, "
             "_version, _serial_number; baseboard_manufacturer, _product_name, _version, _serial_number, _asset_tag, "
             "_location_in_chassis; enclosure_manufacturer, _serial_number, _asset_tag; battery_manufacturer, "
             "_device_name; and oem, up to 99 times. And more: bios_release_date, system_sku_number, system_family, "
             "enclosure_version. A word without a text, such as oem=, takes away what there was. The word host, alone "
             "or among the others, gives the guest the host's texts of its first start, which the other words go "
             "before. All is kept from the first start on (windsor identity); the UUID is not among it (see uuid).",
     .member = &DomainConfig::smbios, .read = read_smbios, .xl = {"/b_info/type.hvm/smbios", xl_smbios},
     .saved = {.since = 3}},
    {.name = "smbios_firmware", .type = String, .dialect = Xl,
     .help = "A file with SMBIOS structures, each preceded by its size in 32 bits. Those of the types 0, 1, 2, 3, 11 and "
             "22 take the place of what the machine says, whatever smbios has for them; the UUID stays the domain's. "
             "Those of type 39 and of makers, 128 to 255, come on top. At most 16 KiB.",
     .member = &DomainConfig::smbios_firmware, .check = path_or_none, .xl = {"/b_info/type.hvm/smbios_firmware"},
     .saved = {.since = 3}},
    {.name = "soundhw", .type = String,
     .help = "The sound card: ac97, Intel's 82801AA, for which Windows XP and 2003 have a driver; all stands for it, too. "
             "Nobody hears it yet. Of a list with commas it is taken, and of the cards that Windsor lacks (sb16, es1370, "
             "hda, adlib, pcspk …) a warning tells.",
     .member = &DomainConfig::sound_card, .read = read_sound, .xend = {Image, AsGiven},
     .xl = {"/b_info/type.hvm/soundhw"}, .saved = {.since = 3}},
    {"spice", Boolean, Refused, Xl, "0", "Whether the console is offered over SPICE.", kNoSpice},
    {"spice_clipboard_sharing", Boolean, Accepted, Xl, "0", "Whether SPICE shares the clipboard.", kNoSpice},
    {"spice_image_compression", String, Accepted, Xl, "", "SPICE's compression of pictures.", kNoSpice},
    {"spice_streaming_video", String, Accepted, Xl, "", "SPICE's treatment of video.", kNoSpice},
    {"spiceagent_mouse", Boolean, Silent, Xl, "1", "Whether SPICE's agent moves the mouse."},
    {"spicedisable_ticketing", Boolean, Accepted, Xl, "0", "Whether SPICE goes without a password.", kNoSpice},
    {"spicehost", String, Accepted, Xl, "", "The address that SPICE listens on.", kNoSpice},
    {"spicepasswd", String, Accepted, Xl, "", "The password of SPICE.", kNoSpice},
    {"spiceport", Integer, Accepted, Xl, "", "The port that SPICE listens on.", kNoSpice},
    {"spicetls_port", Integer, Accepted, Xl, "", "The port that SPICE listens on with TLS.", kNoSpice},
    {"spiceusbredirection", Integer, Accepted, Xl, "0", "The number of USB devices redirected over SPICE.", kNoSpice},
    {"spicevdagent", Boolean, Accepted, Xl, "0", "Whether SPICE's guest agent is supported.", kNoSpice},
    {.name = "stdvga", .type = Boolean, .default_text = "1",
     .help = "Whether the graphics card is the standard VGA with VBE modes rather than the Cirrus Logic GD5446, for which "
             "Windows 2000 and XP have a driver. Without this key and vga, a configuration that was written for Xen, "
             "which builder or device_model shows, has the Cirrus, as it had there; any other has the standard VGA. "
             "Do not change the card under an installed Windows.",
     .settle = settle_graphics_card, .xend = {Image, xend_stdvga}},
    {"strategy", String, Silent, Option, "", "How reserved device memory is found.", kOptionOnly},
    {"stubdomain_cmdline", String, Accepted, Xl, "", "The command line of the device model's domain.", kNoStub},
    {"stubdomain_kernel", String, Accepted, Xl, "", "The kernel of the device model's domain.", kNoStub},
    {"stubdomain_memory", Integer, Accepted, Xl, "", "The memory of the device model's domain.", kNoStub},
    {"stubdomain_ramdisk", String, Accepted, Xl, "", "The RAM disk of the device model's domain.", kNoStub},
    {"superpages", Boolean, Silent, Xm, "0", "Whether Xen must back the domain with large pages."},
    {"suppress_spurious_page_faults", Boolean, Silent, Xm, "0", "Whether Xen hides spurious page faults."},
    {"sve", Any, Refused, Xl, "", "Vector extensions of an ARM guest.", "this is a PC, not an ARM machine"},
    {"system_family", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"system_manufacturer", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"system_product_name", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"system_serial_number", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"system_sku_number", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"system_version", String, Accepted, Option, "", "An SMBIOS text of smbios=.", kOptionOnly},
    {"tag", String, Silent, Option, "", "The tag of a directory shared over 9P.", kOptionOnly},
    {"target", Any, Accepted, Xm, "",
     "The memory target of a domain with ballooning.", "ballooning is not provided yet"},
    {"tee", String, Refused, Xl, "none",
     "The trusted execution environment of an ARM guest.", "this is a PC, not an ARM machine"},
    {.name = "timer_mode", .type = IntegerOrString, .default_text = "1",
     .help = "What becomes of ticks of the interval timer and of the real-time clock that the guest could not take in "
             "time. 0 (delay_for_missed_ticks) and 1 (no_delay_for_missed_ticks): they are delivered one after the "
             "other as soon as the guest takes them, at most a second's worth, so that its clock loses no time; guest "
             "time always follows the host's. 2 (no_missed_ticks_pending) and 3 (one_missed_tick_pending): all that "
             "were missed become one late tick.",
     .member = choice<&DomainConfig::timer_mode>(kTimerModeWords), .read = read_timer_mode, .xend = {Image, AsGiven}},
    {.name = "trace", .type = String, .dialect = Windsor,
     .help = "A file to which the interpreter or the translator writes a line for each instruction, of a domain with one "
             "processor. It is emptied first, and grows fast.",
     .member = &DomainConfig::trace, .check = absolute_path, .saved = {.as = SavedAs::Never}},
    {.name = "trace_lines", .type = Integer, .dialect = Windsor,
     .help = "The number of lines after which the trace ends; 0: it does not.",
     .most = 1'000'000'000'000, .member = &DomainConfig::trace_lines, .saved = {.as = SavedAs::Never}},
    {"transport", String, Silent, Option, "", "The transport of a virtio device.", kOptionOnly},
    {"trap_unmapped_accesses", Boolean, Silent, Xl, "", "Whether accesses to unmapped memory trap."},
    {.name = "tsc_mode", .type = IntegerOrString, .status = Silent, .default_text = "0",
     .help = "How Xen virtualizes the time-stamp counter.",
     .xend = {Image, AsGiven}},
    {.name = "type", .type = String, .dialect = Xl, .default_text = "hvm",
     .help = "The kind of guest. Windsor builds hvm: a whole PC for an unmodified operating system.",
     .choices = "hvm pv pvh"},
    {.name = "usb", .type = Boolean,
     .help = "Whether the machine has a USB controller, the PIIX3's (UHCI), with two ports. usbdevice gives it one, too. "
             "usb-attach and usb-detach plug devices in and out while the guest runs.",
     .member = &DomainConfig::usb, .settle = settle_usb, .xend = {Image}, .xl = {"/b_info/type.hvm/usb", UnlessDefault},
     .saved = {.since = 2}},
    {"usbctrl", Strings, Accepted, Xl, "", "USB controllers of the machine.", kNoUsb},
    {"usbdev", Strings, Refused, Xl, "", "USB devices of the host to pass through.", kNoPassThrough},
    {.name = "usbdevice", .type = StringOrStrings,
     .help = "An emulated USB device, or a list of up to two: tablet, whose pointer is always where the viewer's is; "
             "mouse; keyboard. The guest's driver for it takes the place of that for the PS/2 mouse or keyboard.",
     .member = &DomainConfig::usb_devices, .read = read_usb_devices, .xend = {Image, xend_usb_devices},
     .xl = {"/b_info/type.hvm/usbdevice_list"}, .saved = {.since = 2}},
    {"usbversion", Integer, Accepted, Xl, "1", "The version of the USB controller: 1, 2 or 3.", kNoUsb},
    {.name = "uuid", .type = String, .default_text = "chosen at the first start",
     .help = "The domain's universally unique identifier, 32 hexadecimal digits, with or without hyphens.",
     .member = &DomainConfig::uuid, .check = parse_uuid, .xend = {Domain}, .xl = {"/c_info/uuid"}},
    {.name = "vcpu_avail", .type = IntegerOrString, .dialect = Xm, .default_text = "all",
     .help = "A mask of the virtual processors that are on at the start, of which the lowest bit must be one. The "
             "others cannot be turned on while the guest runs."},
    {.name = "vcpus", .type = Integer,
     .help = "The number of virtual processors. Several need apic = 1. With acpi = 1 the guest sees them as cores of "
             "one package, otherwise as packages.",
     .least = 1, .most = kMostVcpus, .member = &DomainConfig::vcpus, .settle = settle_processors,
     .xl = {"/b_info/avail_vcpus", xl_processors}},
    {"vdispl", Strings, Refused, Xl, "", "Paravirtual displays.", kNoPv},
    {"vdistances", Any, Silent, Option, "", "Distances of a NUMA node to the others.", kOptionOnly},
    {"vendor_device", String, Accepted, Xl, "none",
     "An extra PCI device by which Windows Update finds drivers.", "the device is not provided", "none xenserver"},
    {.name = "verify", .type = Boolean, .dialect = Windsor,
     .help = "Whether the translator has each piece of code that it makes proven harmless before it runs. What cannot "
             "be proven is left to the interpreter, and the log says so.",
     .member = &DomainConfig::verify, .saved = {.as = SavedAs::OnlyIfOn}},
    {"version", Any, Silent, Option, "", "The version of a USB controller.", kOptionOnly},
    {.name = "vfb", .type = Strings,
     .help = "The console in one string, as paravirtual guests have it: "
             "'type=vnc,vnclisten=0.0.0.0,vncdisplay=5,vncpasswd=secret'. It means the same as the keys vnc, "
             "vnclisten, vncdisplay, vncunused, vncpasswd and keymap.",
     .xend = {Vfb, xend_screen}},
    {.name = "vga", .type = String, .dialect = Xl,
     .help = "The graphics card: the standard VGA, the Cirrus Logic GD5446, or none. It overrules stdvga.",
     .member = choice<&DomainConfig::card>(kGraphicsCardWords), .xl = {"/b_info/type.hvm/vga/kind", xl_vga},
     .saved = {.since = 2}},
    {"vhpt", Integer, Silent, Xm, "0", "A page-table setting of Itanium guests."},
    {.name = "videoram", .type = Integer,
     .help = "The memory of the standard VGA in MiB: 8, 16, 32, 64, 128 or 256. The Cirrus has 4.",
     .least = 1, .most = 1024, .member = &DomainConfig::videoram_mb, .settle = settle_video_memory,
     .xend = {Image, AsGiven}, .saved = {.since = 2}},
    {.name = "vif", .type = Strings, .default_text = "[]",
     .help = "The network cards, one string each: options such as mac=00:16:3e:01:02:03, model=e1000 (or rtl8139, the "
             "default) and type=ioemu, separated by commas. A card is on the bridge that is named, or, if there is none "
             "that may be used (or network=nat says so), in a network of its own behind the host's address (NAT, with "
             "DHCP and DNS): hostfwd=tcp::3389-:3389 has the host's port 3389 lead to the guest's, hostaccess=1 "
             "lets the guest reach at 10.0.2.2 what listens on the host's 127.0.0.1, bootfile=URL is what iPXE boots "
             "where boot has an n, and network=none leaves the cable unplugged. rate=10Mb/s (or 2MB/s@20ms) limits "
             "what the guest sends. A card that names no bridge has the host's vif.default.bridge.",
     .member = &DomainConfig::vifs, .read = read_vifs, .xend = {Vif, xend_vifs}, .xl = {"/nics", xl_nics},
     .saved = {"vifs"}},
    {"vif2", Strings, Accepted, Xm, "[]",
     "Network cards of Xen's second-generation back end.", "paravirtual network cards are not provided yet"},
    {.name = "viridian", .type = Any, .status = Accepted, .default_text = "0",
     .help = "Whether the guest sees Hyper-V's interface, which newer Windows likes.",
     .reason = "the Hyper-V interface is not provided yet", .xend = {Image, AsGiven}},
    {"virtio", Strings, Refused, Xl, "", "Virtio devices.", "virtio devices are not provided yet"},
    {"vkb", Strings, Refused, Xl, "", "Paravirtual keyboards.", kNoPv},
    {"vkb_device", Boolean, Accepted, Xl, "", "Whether an hvm guest has a paravirtual keyboard too.", kNoXen},
    {"vmtrace_buf_kb", Integer, Accepted, Xl, "",
     "The size of the processor trace buffer in KiB.", "processor traces are not provided"},
    {.name = "vnc", .type = Boolean,
     .help = "Whether the console is offered over VNC, from the first BIOS character on.",
     .member = &GraphicsConfig::vnc, .xend = {Image}, .xl = {"/b_info/type.hvm/vnc", xl_vnc}},
    {.name = "vncconsole", .type = Boolean, .dialect = Xm, .default_text = "0",
     .help = "Whether a VNC viewer starts with the domain; the same as vncviewer.",
     .settle = settle_vncconsole},
    {.name = "vncdisplay", .type = Integer,
     .help = "The VNC display number; the TCP port is 5900 higher. With vncunused=1 the search begins here.",
     .least = 0, .most = kLastVncDisplay, .member = &GraphicsConfig::display, .read = read_vncdisplay,
     .xend = {Console}, .saved = {"display"}},
    {.name = "vnclisten", .type = String, .default_text = "127.0.0.1",
     .help = "The address that VNC listens on; 0.0.0.0 lets every host in that can reach this one. ADDRESS:DISPLAY "
             "sets vncdisplay too. The host configuration's vnc-listen is the default.",
     .member = &GraphicsConfig::listen, .read = read_vnclisten, .xend = {Console}, .saved = {"listen"}},
    {.name = "vncpasswd", .type = String,
     .help = "The password that a VNC viewer must give; VNC looks at the first 8 characters. An empty one means none, "
             "whatever the host configuration says.",
     .member = &GraphicsConfig::password, .read = read_vncpasswd, .xend = {Console, xend_password},
     .saved = {"password"}},
    {.name = "vncunused", .type = Boolean,
     .help = "Whether to take the first free VNC display. With 0 the display is exactly vncdisplay, and if that is "
             "taken the domain does not start.",
     .member = &GraphicsConfig::unused, .xend = {Console}, .saved = {"unused"}},
    {.name = "vncviewer", .type = Boolean, .dialect = Xm,
     .help = "Whether a VNC viewer starts with the domain.",
     .member = &GraphicsConfig::viewer, .saved = {"viewer"}},
    {"vnuma", Any, Accepted, Xl, "", "The virtual NUMA layout.", "the guest sees one memory node"},
    {"vpmu", Any, Accepted, Xl, "0",
     "Whether the guest has performance counters.", "performance counters are not provided"},
    {.name = "vpt_align", .type = Boolean, .status = Silent, .default_text = "1",
     .help = "Whether Xen aligns the domain's virtual timers.",
     .xend = {Image, AsGiven}},
    {"vscsi", Any, Refused, Xm, "", "SCSI devices of the host to pass through.", kNoPassThrough},
    {"vsnd", Any, Refused, Xl, "", "Paravirtual sound cards.", kNoPv},
    {"vtpm", Strings, Refused, Xl, "",
     "Virtual trusted platform modules.", "a trusted platform module is not provided yet"},
    {"vuart", String, Refused, Xl, "", "The emulated serial port of an ARM guest.", "this is a PC, not an ARM machine"},
    {"vusb", Strings, Accepted, Xm, "", "Paravirtual USB controllers.", kNoPvUsb},
    {"width", Integer, Silent, Option, "", "The width of a virtual display.", kOptionOnly},
    {"xauthority", String, Accepted, Both, "",
     "The X authority file of the local window.", "the local window is not provided yet"},
    {.name = "xen_platform_pci", .type = Boolean, .status = Silent, .default_text = "1",
     .help = "Whether the machine has the Xen platform device, by which paravirtual drivers find Xen. It is not there "
             "yet, so that a guest keeps to its own drivers.",
     .xend = {Image, AsGiven}},
    {"xen_platform_pci_bar_uc", Boolean, Silent, Xl, "1", "Whether the Xen platform device's memory is uncacheable."},
    {"xend_suspend_evtchn_compat", Boolean, Silent, Xl, "0",
     "How the suspend event channel is announced to old guests."},
    {"xenstore_feature_mask", Integer, Accepted, Xl, "", "The features of xenstore that the guest sees.", kNoXen},
    {"xenstore_quota", Any, Accepted, Xl, "", "The domain's limits in xenstore.", kNoXen},
};
// clang-format on

} // namespace

std::span<const KeyInfo> all_keys()
{
    return kKeys;
}

} // namespace windsor::config
