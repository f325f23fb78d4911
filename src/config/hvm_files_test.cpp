// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using testing::HasSubstr;

// The lines that files of the last twenty years have in common: those that libvirt writes for xm and for xl.
std::string file_with(const std::string& lines)
{
    return "name = 'Guest2'\n"
           "uuid = 'c7a5fdb2-cdaf-9455-926a-d65c16db1809'\n"
           "maxmem = 394\nmemory = 394\nvcpus = 1\nbuilder = 'hvm'\nboot = 'd'\n"
           "pae = 1\nacpi = 1\napic = 1\nviridian = 0\nrtc_timeoffset = 0\nlocaltime = 0\n"
           "on_poweroff = 'destroy'\non_reboot = 'restart'\non_crash = 'restart'\n"
           "device_model = '/usr/lib/xen/bin/qemu-dm'\nsdl = 0\nvnc = 1\nvncunused = 1\nvnclisten = '127.0.0.1'\n"
           "parallel = 'none'\nserial = 'none'\n" +
           lines;
}

// The warnings, or the error, in a line each.
std::string remarks_of(const std::string& lines)
{
    const auto loaded = load_text(file_with(lines), "test.cfg", {});
    if (!loaded) {
        return loaded.error().message();
    }
    std::string all;
    for (const auto& warning : loaded->warnings) {
        all += warning.message + "\n";
    }
    return all;
}

TEST(HvmFiles, LoadWithoutAWord)
{
    for (const char* lines : {
             "",
             "disk = ['phy:/dev/vg/guest,hda,w', 'file:/root/boot.iso,hdc:cdrom,r']",
             "disk = ['phy:/dev/sda8,hda,w', ',hdc:cdrom,r']",
             "cdrom = '/root/boot.iso'\ndisk = ['phy:/dev/vg/guest,ioemu:hda,w']",
             "disk = ['/dev/vg/guest,raw,hda,w,backendtype=phy', '/root/boot.iso,raw,hdc,r,devtype=cdrom']",
             "kernel = '/usr/lib/xen/boot/hvmloader'",
             "vncpasswd = '123poi'\nkeymap = 'ja'",
             "hap = 0\nnx = 1\ntsc_mode = 'native_paravirt'",
             "usb = 1\nusbdevice = ['mouse', 'tablet']",
             "usbdevice = 'keyboard'\nusbversion = 1",
             "usb = 0\nhpet = 0\nnestedhvm = 0\nsoundhw = ''",
             "soundhw = 'ac97'",
             "soundhw = 'all'",
             "serial = 'pty'",
             "serial = [ 'none' ]",
             "serial = ['pty', 'pty', 'pty']",
             "serial = 'tcp:127.0.0.1:9999,server,nowait'",
             "cpuid = 'host,tm=0,sse3=0'",
             "firmware = 'bios'\nbios = 'seabios'\ndevice_model_version = 'qemu-xen'",
             "on_crash = 'preserve'\non_reboot = 'rename-restart'",
             "vif = ['mac=00:16:3e:66:92:9c,bridge=xenbr1,script=vif-bridge,model=e1000']",
         }) {
        EXPECT_EQ(remarks_of(lines), "") << lines;
    }
}

// What is not there is said; the machine is a usable one without.
TEST(HvmFiles, LoadWithAWarning)
{
    struct Row {
        const char* lines;
        const char* warning;
    };
    constexpr Row kRows[] = {
        {"usbctrl = ['version=2,ports=4']", "'usbctrl' is accepted without effect"},
        {"usb = 1\nusbversion = 3", "'usbversion' is accepted without effect"},
        {"soundhw = 'sb16,es1370'",
         "'soundhw' has 'sb16,es1370' without effect: the sound card that there is is 'ac97'"},
        {"soundhw = 'ac97, hda'", "'soundhw' has 'hda' without effect"},
        {"hpet = 1", "'hpet' is accepted without effect"},
        {"viridian = 1", "'viridian' is accepted without effect"},
        {"passthrough = 'share_pt'", "'passthrough' is accepted without effect"},
        {"parallel = 'tcp:127.0.0.1:7777'", "'parallel' is accepted without effect"},
        {"vnuma = [['pnode=0', 'size=394', 'vcpus=0', 'vdistances=10,21']]", "the guest sees one memory node"},
        {"max_event_channels = 2047\nmax_grant_frames = 64", "'max_grant_frames' is accepted without effect"},
        {"device_model_args = ['-device', 'x']", "'device_model_args' is accepted without effect"},
        {"on_crash = 'coredump-restart'", "'coredump-restart' does what 'restart' does"},
        {"on_crash = 'coredump-destroy'", "'coredump-destroy' does what 'destroy' does"},
        {"on_reboot = 'soft-reset'", "'soft-reset' does what 'restart' does"},
    };
    for (const Row& row : kRows) {
        EXPECT_THAT(remarks_of(row.lines), HasSubstr(row.warning)) << row.lines;
        EXPECT_TRUE(load_text(file_with(row.lines), "test.cfg", {}).has_value()) << row.lines;
    }
}

// What would be another machine, or open one that shall be closed.
TEST(HvmFiles, AreRefusedWithTheirPlace)
{
    struct Row {
        const char* lines;
        const char* sentence;
    };
    constexpr Row kRows[] = {
        {"disk = ['/home.img,qcow2,hdb,rw']", "test.cfg:24:9: disks in the format 'qcow2'"},
        {"disk = ['vdev=hdb,target=rbd:pool/image:auth_supported=none']", "test.cfg:24:9: 'rbd:' disks"},
        {"serial = ['pty', 'pty', 'pty', 'pty', 'pty']", "has 4 serial ports at the most"},
        {"serial = 'udp:127.0.0.1:9999'", "test.cfg:24:10: a serial port cannot be connected to 'udp:"},
        {"spice = 1\nspiceport = 590", "'spice' is refused"},
        {"bios = 'ovmf'", "'ovmf' is not provided yet"},
        {"pci = ['0001:0c:1b.2']", "'pci' is refused"},
        {"kernel = '/tmp/vmlinuz'\nramdisk = '/tmp/initrd'", "boot a kernel directly"},
        {"channel = ['connection=pty,name=c']", "'channel' is refused"},
        {"usbdevice = 'host:1.2'", "test.cfg:24:13: usbdevice = 'host:1.2': USB devices of the host"},
        {"usbdevice = ['tablet', 'braille']", "'braille' is no USB device that there is"},
        {"usbdevice = ['tablet', 'mouse', 'keyboard']", "the USB controller has 2 ports"},
        {"soundhw = 'ac97,theremin'", "'theremin' is no sound card that there is; the sound card is 'ac97'"},
        {"usbdev = ['hostbus=1,hostaddr=3']", "'usbdev' is refused"},
        {"seclabel = 'system_u:system_r:domU_t'", "'seclabel' is refused"},
        {"access_control = ['policy=x,label=y']", "'access_control' is refused"},
    };
    for (const Row& row : kRows) {
        EXPECT_THAT(remarks_of(row.lines), HasSubstr(row.sentence)) << row.lines;
        EXPECT_FALSE(load_text(file_with(row.lines), "test.cfg", {}).has_value()) << row.lines;
    }
}

} // namespace
} // namespace windsor::config
