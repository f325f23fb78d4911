// SPDX-License-Identifier: GPL-2.0-or-later
// The table of commands: those of xm and xl, and Windsor's own.
#include "toolstack/commands.hpp"

#include <array>

namespace windsor::toolstack {

namespace {

using enum Command::Origin;
using For = Option::For;

constexpr std::string_view kNoBlock =
    "hard disks cannot be added or taken away while a domain runs; 'cd-insert' and 'cd-eject' change what is in a CD or floppy drive";
constexpr std::string_view kNoNetwork = "network cards cannot be changed while a domain runs yet";
constexpr std::string_view kNoSuspend = "the guest has no paravirtual driver that would put it to sleep; 'pause' lets it stand still, 'save' saves it";
constexpr std::string_view kNoMemory = "a domain keeps the memory it was started with";
constexpr std::string_view kNoCpus = "a running guest keeps the processors that it has found";
constexpr std::string_view kNoScheduler = "the host's scheduler treats domains as processes; use nice(1) and chrt(1)";
constexpr std::string_view kNoPools = "there are no processor pools; use the host's cpusets";
constexpr std::string_view kNoXen = "there is no Xen hypervisor underneath";
constexpr std::string_view kNoPci = "host devices cannot be handed to domains yet";
constexpr std::string_view kNoUsb =
    "a domain has one USB controller, by usb = 1, and no devices of the host's yet; usb-attach plugs in others";
constexpr std::string_view kNoScsi = "domains have no SCSI controller";
constexpr std::string_view kNoCache = "the host's resctrl file system governs cache and bandwidth";
constexpr std::string_view kNoManaged = "configurations are not kept for later; 'create' starts a domain from its file";
constexpr std::string_view kNoPvDevices = "paravirtual devices are not provided";
constexpr std::string_view kNoCore = "core dumps of domains are not written yet";

constexpr std::array kCreateOptions{
    Option{'f', "defconfig", "FILE", "Take FILE as the configuration; all other words are settings."},
    Option{'\0', "path", "DIRECTORIES",
           "Where to look for a name without a slash: directories joined by colons, .:/etc/xen by default."},
    Option{'\0', "settings", "FILE",
           "Take settings from FILE, too, a KEY=VALUE a line: nobody else sees a password there."},
    Option{'\0', "engine", "NAME",
           "Take this processor engine, whatever the configuration says: auto, kvm, translate or emulate."},
    Option{'c', "console_autoconnect", "", "Join the serial console afterwards; Ctrl-] leaves it."},
    Option{'p', "paused", "", "Leave the domain paused."},
    Option{'q', "quiet", "", "Print nothing but errors."},
    Option{'n', "dryrun", "", "Print the configuration and start nothing: as xm or xl would, or as evaluated."},
    Option{'V', "vncviewer", "", "Start a VNC viewer afterwards."},
    Option{'A', "vncviewer-autopass", "", "The same, and hand the viewer the password."},
    Option{'\0', "accept-hardware-change", "",
           "Start although an installed Windows finds hardware that its activation weighs to be another."},
    Option{'F', "", "", "Wait until the domain has ended.", For::Xl},
    Option{'d', "", "", "More messages: accepted, there are none to add.", For::Xl},
    Option{'\0', "ignore-global-affinity-masks", "", "Accepted: the host's configuration binds no processors.",
           For::Xl},
    Option{'x', "xmldryrun", "", "Refused: xend's XML is not provided; -n prints s-expressions.", For::Xm},
    Option{'s', "skipdtd", "", "Accepted: no XML is checked.", For::Xm},
    Option{'F', "config", "FILE", "Refused: a configuration in s-expressions cannot be read yet.", For::Xm},
    Option{'\0', "help_config", "", "Print the keys that a configuration may have, and start nothing.", For::Xm},
    Option{'e', "", "", "Do not wait for the domain's end: accepted, since that is what happens.", For::Xl},
};
constexpr std::array kListOptions{
    Option{'l', "long", "", "Everything: xend's s-expressions from xm, xl's JSON array otherwise."},
    Option{'v', "verbose", "", "UUIDs too.", For::Xl},
    Option{'Z', "context", "", "A column of security labels, of which there are none.", For::Xl},
    Option{'c', "cpupool", "", "A column of processor pools, of which there are none.", For::Xl},
    Option{'n', "numa", "", "A column of NUMA nodes: a domain may run on all.", For::Xl},
    Option{'v', "vcpus", "", "List virtual processors, as vcpu-list does.", For::Xm},
    Option{'\0', "label", "", "A column of security labels, of which there are none.", For::Xm},
    Option{'\0', "pool", "POOL", "Refused: there are no processor pools.", For::Xm},
    Option{'\0', "state", "STATE", "Only domains that are running, blocked, paused, shutdown, crashed or dying.",
           For::Xm},
};
constexpr std::array kShutdownOptions{
    Option{'a', "all", "", "All domains."},
    Option{'w', "wait", "", "Wait until the guests have ended."},
    Option{'F', "", "", "Press the power button where the guest has no driver: accepted, since that is what happens.", For::Xl},
    Option{'H', "", "", "Halt rather than power off: accepted, since the guest decides.", For::Xm},
    Option{'R', "", "", "Start again afterwards, as 'reboot' does.", For::Xm},
};
constexpr std::array kRebootOptions{
    Option{'a', "all", "", "All domains."},
    Option{'w', "wait", "", "Wait until the guests have ended."},
    Option{'F', "", "", "Press the power button where the guest has no driver: accepted, since that is what happens.", For::Xl},
};
constexpr std::array kDestroyOptions{
    Option{'f', "", "", "Accepted for the sake of scripts: there is no domain that must not be destroyed.", For::Xl},
};
constexpr std::array kConsoleOptions{
    Option{'t', "type", "TYPE", "serial, which is the only type and the default.", For::Xl},
    Option{'n', "num", "NUMBER", "The serial port, from 0 for COM1; without it the first that has a terminal."},
    Option{'q', "quiet", "", "Accepted.", For::Xm},
    Option{'e', "escape", "KEY", "Leave it with this key instead of Ctrl-]: a character, or ^ and a letter.", For::Xl},
};
constexpr std::array kViewerOptions{
    Option{'a', "autopass", "", "Hand the viewer the password."},
    Option{'\0', "vncviewer-autopass", "", "The same.", For::Xm},
};
constexpr std::array kUptimeOptions{
    Option{'s', "short", "", "Without seconds, and with the time of day."},
};
constexpr std::array kDmesgOptions{
    Option{'c', "clear", "", "Accepted: nothing is kept that could be cleared."},
};
constexpr std::array kInfoOptions{
    Option{'n', "numa", "", "The host's processors and memory by NUMA node, too."},
    Option{'c', "config", "", "Accepted: there is no daemon with a configuration.", For::Xm},
};
constexpr std::array kTypeOptions{
    Option{'e', "enter", "", "Press Enter afterwards."},
    Option{'w', "wait", "", "Return when the guest has been sent all keys."},
    Option{'k', "keymap", "NAME", "The keyboard layout that the guest is set to."},
};
constexpr std::array kKeyOptions{
    Option{'w', "wait", "", "Return when the guest has been sent all keys."},
};
constexpr std::array kMouseOptions{
    Option{'\0', "wheel", "CLICKS", "Turn the wheel, towards the user if positive."},
    Option{'\0', "at", "",
           "DX and DY are the pixel to go to, from the upper left corner; for a guest that uses a tablet."},
};
constexpr std::array kWaitOptions{
    Option{'t', "text", "REGEX", "What to wait for, a regular expression (ECMAScript); ^ and $ stand for the ends of a line."},
    Option{'\0', "timeout", "SECONDS", "Give up after so long; 60 seconds by default."},
};
constexpr std::array kInsertOptions{
    Option{'f', "force", "", "Take out what the guest has locked in, as if by the drive's emergency hole."},
    Option{'r', "read-only", "", "Put a floppy disk in that cannot be written to; discs are never written to."},
};
constexpr std::array kEjectOptions{
    Option{'f', "force", "", "Take out what the guest has locked in, as if by the drive's emergency hole."},
};
constexpr std::array kBlockListOptions{
    Option{'l', "long", "", "Everything: xm's s-expressions from xm, a JSON array otherwise."},
};
constexpr std::array kSaveOptions{
    Option{'c', "checkpoint", "", "Let the domain go on afterwards."},
    Option{'p', "", "", "Leave the domain paused afterwards.", For::Xl},
    Option{'D', "", "", "Accepted: a restored domain has the next free id.", For::Xl},
};
constexpr std::array kRestoreOptions{
    Option{'p', "paused", "", "Leave the domain paused."},
    Option{'\0', "check", "", "Only say whether the domain could be restored here, and what is missing."},
    Option{'\0', "trust", "", "Open the images that FILE names, though somebody else can have written it."},
    Option{'\0', "engine", "NAME",
           "Run it on this processor engine instead of the configuration's: auto, kvm, translate or emulate."},
    Option{'e', "", "", "Do not wait for the domain's end: accepted, since that is what happens.", For::Xl},
    Option{'d', "", "", "More messages: accepted, there are none to add.", For::Xl},
    Option{'V', "vncviewer", "", "Start a VNC viewer afterwards.", For::Xl},
    Option{'A', "vncviewer-autopass", "", "The same, and hand the viewer the password.", For::Xl},
};
constexpr std::array kMigrateOptions{
    Option{'s', "", "COMMAND", "Run COMMAND instead of ssh; if it is empty, TARGET is the whole command.", For::Xl},
    Option{'p', "", "", "Leave the domain paused at the target.", For::Xl},
    Option{'e', "", "", "Do not wait for the domain's end: accepted, since that is what happens.", For::Xl},
    Option{'\0', "debug", "", "Say how much each pass over memory sends.", For::Xl},
    Option{'C', "", "FILE", "The configuration that the domain runs with: another one is refused.", For::Xl},
    Option{'D', "", "", "Accepted: the domain has the next free id there.", For::Xl},
    Option{'F', "", "", "Accepted: nothing waits for the domain's end.", For::Xl},
    Option{'l', "live", "", "While the guest runs: accepted, since that is what happens."},
    Option{'p', "port", "PORT", "TARGET is a host, and tcp:TARGET:PORT is meant.", For::Xm},
    Option{'n', "node", "NODE", "Refused: the host's scheduler places domains.", For::Xm},
    Option{'c', "change_home_server", "", "Refused: configurations are kept on no server.", For::Xm},
    Option{'s', "ssl", "", "Fail rather than go over TCP without TLS.", For::Xm},
    Option{'\0', "tls", "DIRECTORY",
           "Go over TCP with TLS: the directory has ca-cert.pem, client-cert.pem and client-key.pem."},
    Option{'\0', "insecure", "", "Let the guest's memory go over TCP unencrypted."},
};
constexpr std::array kMigrateReceiveOptions{
    Option{'\0', "listen", "ADDRESS", "Wait for the source at unix:PATH, which only this user reaches, or tcp:HOST:PORT."},
    Option{'\0', "tls", "DIRECTORY", "Take it over TCP with TLS: the directory has ca-cert.pem, server-cert.pem and server-key.pem."},
    Option{'\0', "insecure", "", "Take the guest's memory over TCP unencrypted, from whoever comes first."},
    Option{'\0', "engine", "NAME", "Run it on this processor engine instead of the configuration's: auto, kvm, translate or emulate."},
    Option{'p', "paused", "", "Leave the domain paused."},
};
constexpr std::array kPinOptions{
    Option{'f', "force", "", "Accepted: the host's kernel overrides nothing.", For::Xl},
    Option{'\0', "ignore-global-affinity-masks", "", "Accepted: the host's configuration binds no processors.",
           For::Xl},
};
constexpr std::array kNetworkOptions{
    Option{'l', "long", "", "Everything: xend's s-expressions from xm, a JSON array otherwise.", For::Xm},
    Option{'a', "addresses", "", "Where the cables lead, what has gone by them, and the guest's addresses."},
};
constexpr std::array kRdpOptions{
    Option{'u', "user", "NAME", "Log in as this user."},
    Option{'\0', "port", "PORT", "The guest listens on this port instead of 3389."},
    Option{'\0', "print", "", "Only print where to connect: HOST:PORT."},
};
constexpr std::array kHelpOptions{
    Option{'l', "long", "", "Accepted: the list is always whole.", For::Xm},
    Option{'v', "verbose", "", "Accepted: the list is always whole.", For::Xl},
    Option{'\0', "man", "PAGE", "Print a manual page's source: windsor, xm or windsor.cfg."},
    Option{'\0', "json", "", "With rpc: describe the methods for programs, as an OpenRPC document."},
    Option{'\0', "markdown", "", "With rpc: print the page of the documentation."},
};

constexpr Command refused(std::string_view name, Command::Origin origin, std::string_view reason)
{
    return Command{.name = name, .origin = origin, .synopsis = "", .help = "Not in this version.", .details = reason};
}

// clang-format off
constexpr std::array kInstallOptions{
    Option{'\0', "stage", "1|2", "Begin with this stage, whatever was done before."},
};

constexpr std::array kCommands{
    refused("autoballoon", Xl, kNoMemory),
    refused("block-attach", Both, kNoBlock),
    Command{"block-configure", Xm, "DOMAIN BACKDEV FRONTDEV MODE [BACKDOMAIN]", "Change what is in a CD or floppy drive.", block_configure, kEjectOptions, 4, 5,
            "BACKDEV is what cd-insert calls TARGET, and '' takes out what is in the drive; FRONTDEV is the drive. MODE is r, w or w!; discs are never written to."},
    refused("block-detach", Both, kNoBlock),
    Command{"block-list", Both, "DOMAIN...", "List the drives of a domain, and what is in them.", block_list, kBlockListOptions, 1, 64,
            "The columns are those of Xen, whose number for hda is 768, for hdc 5632, and for fda 512. Where Xen names the back end in XenStore, there is the image or device, or - for an empty drive. With --long also whether the guest has locked the medium in or opened the tray."},
    Command{"button-press", Xl, "DOMAIN power", "Press the machine's power button.", button_press, {}, 2, 2, "An older name of 'trigger DOMAIN power'."},
    Command{"cd-eject", Xl, "DOMAIN VDEV", "Take out what is in a CD or floppy drive.", cd_eject, kEjectOptions, 2, 2,
            "VDEV is a drive of the configuration, such as hdc or fda. A guest that has mounted a disc locks the tray: then nothing happens but that the drive asks it to let go, unless --force takes the disc out."},
    Command{"cd-insert", Xl, "DOMAIN VDEV TARGET", "Put a medium into a CD or floppy drive, in place of the one that may be there.", cd_insert, kInsertOptions, 3, 3,
            "VDEV is a drive of the configuration, such as hdc or fda. TARGET is as in disk: the path of an image, file:/path, or phy:/dev/node. The guest sees that the medium has changed. It stays in the drive when the guest starts anew, and when the domain is saved or moved. If it cannot be put in, all stays as it is."},
    refused("channel-list", Xl, kNoPvDevices),
    refused("claims", Xl, kNoXen),
    refused("config-update", Xl, kNoManaged),
    Command{"console", Both, "DOMAIN", "Join a serial line of the guest's.", console, kConsoleOptions, 1, 1,
            "The configuration must have serial='pty', or a list with a pty. Ctrl-] leaves the console."},
    refused("cpupool-cpu-add", Both, kNoPools),
    refused("cpupool-cpu-remove", Both, kNoPools),
    refused("cpupool-create", Both, kNoPools),
    refused("cpupool-delete", Xm, kNoPools),
    refused("cpupool-destroy", Both, kNoPools),
    refused("cpupool-list", Both, kNoPools),
    refused("cpupool-migrate", Both, kNoPools),
    refused("cpupool-new", Xm, kNoPools),
    refused("cpupool-numa-split", Xl, kNoPools),
    refused("cpupool-rename", Xl, kNoPools),
    refused("cpupool-start", Xm, kNoPools),
    Command{"create", Both, "CONFIG [KEY=VALUE]...", "Start a domain from its configuration file.", create, kCreateOptions, 0, 1000,
            "The file is in the classic xm language or the plain xl syntax; see windsor.cfg(5). Settings after it go before the file's own. Relative paths in it count from the directory where create is called. The engine that was chosen and the address of the VNC console are printed. Nothing is left behind if the domain cannot start."},
    refused("debug-keys", Both, kNoXen),
    refused("delete", Xm, kNoManaged),
    Command{"destroy", Both, "DOMAIN", "End a domain at once, as if the power failed.", destroy, kDestroyOptions, 1, 1},
    Command{"dmesg", Both, "[DOMAIN]", "Show what Windsor found on this host, or a domain's log.", dmesg, kDmesgOptions, 0, 1,
            "The log of a domain that has ended is kept until one of the same name ends."},
    Command{"domid", Both, "DOMAIN", "Show a domain's id.", domid, {}, 1, 1},
    Command{"domname", Both, "DOMAIN", "Show a domain's name.", domname, {}, 1, 1},
    Command{"domstate", Xm, "DOMAIN", "Show a domain's state in a word.", domstate, {}, 1, 1},
    refused("dry-run", Xm, "there are no security labels to try; 'create --dryrun' shows the configuration as evaluated"),
    refused("dump-core", Both, kNoCore),
    Command{"engine", Windsor, "DOMAIN [NAME]", "Show what runs a domain's processors, or let it go on with another engine.", engine, {}, 1, 2,
            "NAME is auto, kvm, translate or emulate. The guest stands still for a moment and sees nothing of the change."},
    refused("getenforce", Xl, kNoXen),
    Command{"hal", Windsor, "DOMAIN|CONFIG", "Show which HAL Windows Setup chooses for a domain, and why.", hal, {}, 1, 1,
            "That of a running domain, or of a configuration file. Setup of Windows 2000, XP and Server 2003 chooses the hardware abstraction layer once, by acpi, apic and vcpus; 'create' warns when these keys would strand a Windows that is installed."},
    Command{"help", Both, "[COMMAND|KEY|rpc [METHOD]]", "Show the commands, or explain one, or a configuration key.", help, kHelpOptions, 0, 2,
            "'help rpc' lists the methods of a domain's control socket, and 'help rpc METHOD' explains one."},
    Command{"identity", Windsor, "DOMAIN", "Show what a domain's guest knows its machine by.", identity, {}, 1, 1,
            "By name or UUID, whether it runs or not. UUID, MAC addresses and serial numbers that the configuration leaves open are chosen at the first start and kept. The components are those that the product activation of Windows XP weighs; 'create' refuses to move them under an installed Windows unless --accept-hardware-change is given."},
    Command{"info", Both, "[FIELD]", "Show facts of the host, and the processor engine that domains get.", info, kInfoOptions, 0, 1,
            "With FIELD only the value of the line of that name. The lines are those of Xen; where Windsor is otherwise, they say what holds for it, and those from windsor_version on are its own."},
    Command{"install", Windsor, "CONFIG [KEY=VALUE]...", "Install Windows XP in the two stages that it needs.", install, kInstallOptions, 1, 1000,
            "Stage 1 has acpi=0, apic=0 and on_reboot='destroy', and starts from the CD-ROM; when the guest restarts, stage 2 begins by itself, with acpi=1, apic=1 and on_reboot='restart', and starts from the disk with the CD-ROM in its drive. The installation has ended when the guest restarts again. Meanwhile the last line of its screen is shown, or the size of its picture. Interrupted, the same command goes on where it was."},
    Command{"key", Windsor, "DOMAIN KEYS...", "Press keys.", key, kKeyOptions, 2, 1000,
            "Keys pressed together are joined by hyphens: ctrl-alt-delete, alt-f2, shift-tab, enter."},
    Command{"list", Both, "[DOMAIN]...", "List the domains.", list, kListOptions, 0, 1000,
            "The columns are those of Xen. The host itself is no domain: there is no line for Domain-0. The letters of the state are r for running, b for blocked (the processor waits), p for paused, s for shut down (and preserved), c for crashed."},
    refused("loadpolicy", Xl, kNoXen),
    refused("log", Xm, "there is no daemon that would have a log; 'dmesg DOMAIN' shows a domain's"),
    refused("mem-max", Both, kNoMemory),
    refused("mem-set", Both, kNoMemory),
    Command{"migrate", Both, "DOMAIN TARGET", "Move a running domain to another Windsor.", migrate, kMigrateOptions, 2, 2,
            "TARGET is a host, on which 'ssh HOST windsor migrate-receive' is run; or unix:PATH or tcp:HOST:PORT, where 'migrate-receive --listen' waits. TCP is refused without TLS: --tls DIRECTORY, or migration_tls = 'DIRECTORY' in the host's configuration, at both ends, unless --insecure allows it. With TLS each end verifies the other's certificate by ca-cert.pem, and the source that the target's is for HOST. Memory is sent while the guest runs, and what it writes meanwhile once more, until little is left; then it stands still for a moment, and goes on there. The disks have to be at the same paths there, on storage that both reach. After Ctrl-C or a failure the domain goes on where it is, and there is none at the target."},
    Command{"migrate-receive", Windsor, "", "Receive a domain that 'migrate' sends.", migrate_receive, kMigrateReceiveOptions, 0, 0,
            "Takes one domain, over standard input and output or at an address, and ends when it runs. It is called NAME--incoming until it has been handed over. Any processor engine takes it over. What the host lacks for it is said at both ends before memory is sent. With TLS only a source is let in that has a certificate of the authority in ca-cert.pem; what ca-crl.pem revokes, if it is there, is refused."},
    Command{"mouse", Windsor, "DOMAIN DX DY [BUTTONS]", "Move the mouse and hold buttons.", mouse, kMouseOptions, 3, 4,
            "Right and down are positive. If the guest uses a tablet (usbdevice = 'tablet'), DX and DY are pixels, and --at says where the pointer goes. BUTTONS are those held from now on: left, right, middle or none, joined by +, or a number from 0 to 7. To click, call it twice: mouse NAME 0 0 left; mouse NAME 0 0 none."},
    refused("network-attach", Both, kNoNetwork),
    refused("network-detach", Both, kNoNetwork),
    Command{"network-list", Both, "DOMAIN...", "List the network cards of domains.", network_list, kNetworkOptions, 1, 1000,
            "The columns are those of Xen; there are no event channels and rings, which show as -1. The state is 4 for a card with a link, and 6 for one without. --addresses shows where each card's cable leads, what has gone by it, and from which addresses the guest has sent lately."},
    refused("network2-attach", Xm, kNoNetwork),
    refused("network2-detach", Xm, kNoNetwork),
    refused("network2-list", Xm, kNoNetwork),
    refused("new", Xm, kNoManaged),
    Command{"pause", Both, "DOMAIN", "Let a domain stand still.", pause, {}, 1, 1},
    refused("pci-assignable-add", Xl, kNoPci),
    refused("pci-assignable-list", Xl, kNoPci),
    refused("pci-assignable-remove", Xl, kNoPci),
    refused("pci-attach", Both, kNoPci),
    refused("pci-detach", Both, kNoPci),
    refused("pci-list", Both, kNoPci),
    refused("pci-list-assignable-devices", Xm, kNoPci),
    refused("psr-cat-set", Xl, kNoCache),
    refused("psr-cat-show", Xl, kNoCache),
    refused("psr-cmt-attach", Xl, kNoCache),
    refused("psr-cmt-detach", Xl, kNoCache),
    refused("psr-cmt-show", Xl, kNoCache),
    refused("psr-hwinfo", Xl, kNoCache),
    refused("psr-mba-set", Xl, kNoCache),
    refused("psr-mba-show", Xl, kNoCache),
    refused("qemu-monitor-command", Xl, "there is no QEMU in a domain; 'help' lists what can be asked of one"),
    Command{"rdp", Windsor, "DOMAIN [-- OPTION...]", "Open a Windows guest's desktop in an RDP client.", rdp, kRdpOptions, 1, 1000,
            "The guest is reached by the host's port that leads to its port 3389 (hostfwd in vif), or, on a bridge, at the address from which it has sent lately. The first of xfreerdp3, xfreerdp and rdesktop in PATH is taken; it is given the words after --, too."},
    Command{"reboot", Both, "DOMAIN", "Press the power button, and start again when the guest has shut down.", reboot, kRebootOptions, 0, 1,
            "What follows is what on_reboot says."},
    refused("remus", Xl, "a domain cannot be copied to another host while it runs"),
    Command{"rename", Both, "DOMAIN NEWNAME", "Give a domain another name.", rename, {}, 2, 2},
    Command{"reset", Xm, "DOMAIN", "Press the machine's reset button.", reset, {}, 1, 1},
    Command{"restore", Both, "[CONFIG] FILE", "Let a saved domain go on.", restore, kRestoreOptions, 1, 2,
            "The domain comes back with its name, UUID and configuration; its disks must be where they were, and no running domain may have its name. With CONFIG, a configuration file, it comes back with that one: its disks may be elsewhere and its console another, but the machine must be the same. Any processor engine takes it over. The guest's clock follows the host's, as after a pause. A file that belongs to another user but root, or that others can write to, is refused without CONFIG or --trust. FILE is kept: restoring it once more after the domain has run on would bring back an old memory to newer disks."},
    refused("resume", Both, kNoSuspend),
    Command{"save", Both, "DOMAIN FILE", "Save a domain's state to a file, and end the domain.", save, kSaveOptions, 2, 3,
            "The file holds memory, all devices and the configuration; disks are named in it and stay where they are. While it is written the domain stands still. After Ctrl-C or a failure the domain goes on, and there is no file."},
    refused("sched-credit", Both, kNoScheduler),
    refused("sched-credit2", Both, kNoScheduler),
    refused("sched-rtds", Xl, kNoScheduler),
    refused("sched-sedf", Xm, kNoScheduler),
    Command{"screen", Windsor, "DOMAIN", "Print the guest's text screen.", screen, {}, 1, 1,
            "In a graphics mode there is no text: a sentence says so, and the exit status is 2."},
    Command{"screenshot", Windsor, "DOMAIN FILE.png", "Save a picture of the guest's screen.", screenshot, {}, 2, 2,
            "The file is a PNG; - is standard output."},
    refused("scsi-attach", Xm, kNoScsi),
    refused("scsi-detach", Xm, kNoScsi),
    refused("scsi-list", Xm, kNoScsi),
    refused("serve", Xm, "there is no daemon to serve for"),
    refused("set-parameters", Xl, kNoXen),
    refused("setenforce", Xl, kNoXen),
    refused("sharing", Xl, kNoXen),
    refused("shell", Xm, "there is no interactive shell; give each command to the program"),
    Command{"shutdown", Both, "DOMAIN", "Press the power button, for the guest to shut down by itself.", shutdown, kShutdownOptions, 0, 1,
            "A guest that does not listen to the ACPI power button is reported, or the keys pressed that shutdown_keys names in its "
            "configuration. What follows is what on_poweroff says."},
    refused("start", Xm, kNoManaged),
    Command{"stats", Windsor, "DOMAIN", "Show what a domain's processor has done.", stats, {}, 1, 1},
    refused("suspend", Both, kNoSuspend),
    refused("sysrq", Both, "the guest has no paravirtual driver that would take it; 'key' types any keys"),
    refused("top", Both, "domains are processes: use top(1); 'list' shows their time"),
    Command{"trigger", Both, "DOMAIN power|reset", "Press the power or the reset button.", trigger, {}, 2, 3},
    Command{"type", Windsor, "DOMAIN TEXT...", "Type a text on the guest's keyboard.", type, kTypeOptions, 2, 1000,
            "Words are joined by blanks; line ends are typed as Enter."},
    Command{"unpause", Both, "DOMAIN", "Let a paused domain go on.", unpause, {}, 1, 1},
    Command{"uptime", Both, "[DOMAIN]...", "Show for how long domains have been running.", uptime, kUptimeOptions, 0, 1000},
    Command{"usb-add", Xm, "DOMAIN DEVICE", "Plug in a USB device, as usb-attach does.", usb_attach, {}, 2, 2},
    Command{"usb-attach", Xm, "DOMAIN DEVICE", "Plug in a USB device.", usb_attach, {}, 2, 2,
            "DEVICE is tablet, mouse or keyboard. The domain has to have a USB controller (usb = 1), which has two ports. What is plugged in stays so while the guest is reset, and in a saved state; a domain that starts anew has what its configuration says."},
    Command{"usb-del", Xm, "DOMAIN PORT|DEVICE", "Take out a USB device, as usb-detach does.", usb_detach, {}, 2, 2},
    Command{"usb-detach", Xm, "DOMAIN PORT|DEVICE", "Take out a USB device.", usb_detach, {}, 2, 2,
            "PORT is a number of usb-list; or say what is to go: tablet, mouse or keyboard."},
    refused("usb-hc-create", Xm, kNoUsb),
    refused("usb-hc-destroy", Xm, kNoUsb),
    Command{"usb-list", Both, "DOMAIN", "List the USB devices of a domain.", usb_list, {}, 1, 1,
            "A device is in use while a driver of the guest's asks it for news; keys and movements then go to it rather than to the PS/2 keyboard and mouse."},
    refused("usb-list-assignable-devices", Xm, kNoUsb),
    refused("usbctrl-attach", Xl, kNoUsb),
    refused("usbctrl-detach", Xl, kNoUsb),
    refused("usbdev-attach", Xl, kNoUsb),
    refused("usbdev-detach", Xl, kNoUsb),
    Command{"vcpu-list", Both, "[DOMAIN...]", "List the virtual processors of domains, or of all.", vcpu_list, {}, 0, 64,
            "CPU is where the processor has run last; the state is r for running, b for blocked (waiting in HLT, or to be started) or p for paused; the time is what it has used of the host's."},
    Command{"vcpu-pin", Both, "DOMAIN VCPU CPUS", "Let a virtual processor run on some of the host's processors only.", vcpu_pin, kPinOptions, 3, 4,
            "VCPU is a number, numbers and ranges, or all. CPUS is all, or numbers, ranges and exceptions as in 0-3,5,^2; - leaves it as it is."},
    refused("vcpu-set", Both, kNoCpus),
    refused("vdispl-attach", Xl, kNoPvDevices),
    refused("vdispl-detach", Xl, kNoPvDevices),
    refused("vdispl-list", Xl, kNoPvDevices),
    refused("vkb-attach", Xl, kNoPvDevices),
    refused("vkb-detach", Xl, kNoPvDevices),
    refused("vkb-list", Xl, kNoPvDevices),
    Command{"vm-list", Xl, "", "List the domains' UUIDs, ids and names.", vm_list, {}, 0, 0},
    Command{"vncviewer", Both, "DOMAIN", "Open a domain's screen in a VNC viewer.", vncviewer, kViewerOptions, 1, 1,
            "The first of vncviewer, xtigervncviewer, xtightvncviewer and gvncviewer in PATH is taken."},
    refused("vnet-create", Xm, kNoNetwork),
    refused("vnet-delete", Xm, kNoNetwork),
    refused("vnet-list", Xm, kNoNetwork),
    refused("vsnd-attach", Xl, kNoPvDevices),
    refused("vsnd-detach", Xl, kNoPvDevices),
    refused("vsnd-list", Xl, kNoPvDevices),
    refused("vtpm-attach", Xl, kNoPvDevices),
    refused("vtpm-detach", Xl, kNoPvDevices),
    refused("vtpm-list", Xl, kNoPvDevices),
    Command{"wait", Windsor, "DOMAIN --text REGEX", "Wait until a text shows on the guest's text screen.", wait, kWaitOptions, 1, 1,
            "Prints what matched. The exit status is 1 if the time is up, or the domain ends, before that."},
};
// clang-format on

} // namespace

std::span<const Command> all_commands()
{
    return kCommands;
}

} // namespace windsor::toolstack
