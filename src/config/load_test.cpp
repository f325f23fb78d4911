// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/host_config.hpp"

namespace windsor::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kData = WINDSOR_CONFIG_TESTDATA;

Options test_options(std::vector<std::string> overrides = {})
{
    Options options;
    options.overrides = std::move(overrides);
    options.host_names = {"Linux", "host", "6.1.0", "#1 SMP", "x86_64"};
    options.path_probe = [](const std::string& path, python::PathQuestion question) {
        return path == "/there" && question != python::PathQuestion::IsDirectory;
    };
    return options;
}

Loaded load(std::string text, std::vector<std::string> overrides = {})
{
    auto loaded = load_text(std::move(text), "test.cfg", test_options(std::move(overrides)));
    EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message());
    return loaded ? std::move(*loaded) : Loaded{};
}

std::string error_of(std::string text, std::vector<std::string> overrides = {})
{
    const auto loaded = load_text(std::move(text), "test.cfg", test_options(std::move(overrides)));
    EXPECT_FALSE(loaded.has_value());
    return loaded ? "" : loaded.error().message();
}

std::vector<std::string> warnings_of(const Loaded& loaded)
{
    std::vector<std::string> messages;
    for (const auto& warning : loaded.warnings) {
        messages.push_back(warning.message);
    }
    return messages;
}

TEST(Load, FalstaffLoadsAsItStands)
{
    const auto loaded = load_file(kData + "/falstaff", test_options());
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    const auto& config = loaded->config;
    EXPECT_EQ(config.name, "falstaff");
    EXPECT_EQ(config.memory_mb, 512U);
    EXPECT_EQ(config.boot, "d");
    EXPECT_EQ(config.graphics.vnc, Switch::On);
    ASSERT_EQ(config.disks.size(), 2U);
    EXPECT_EQ(config.disks[0].path, "/opt/xen/falstaff/falstaff.img");
    EXPECT_EQ(config.disks[0].vdev, "hda");
    EXPECT_EQ(config.disks[0].access, DiskAccess::ReadWrite);
    EXPECT_EQ(config.disks[0].backend, DiskBackend::File);
    EXPECT_EQ(config.disks[0].where.at, (Position{15, 10}));
    EXPECT_EQ(config.disks[1].path, "/dev/cdrom");
    EXPECT_EQ(config.disks[1].vdev, "hdc");
    EXPECT_EQ(config.disks[1].kind, DiskKind::Cdrom);
    EXPECT_EQ(config.disks[1].access, DiskAccess::ReadOnly);
    EXPECT_EQ(config.disks[1].backend, DiskBackend::Physical);
    EXPECT_EQ(config.disks[1].where.at, (Position{16, 6}));
    ASSERT_EQ(config.vifs.size(), 1U);
    EXPECT_EQ(config.vifs[0].bridge, "xenbr0");
    EXPECT_THAT(warnings_of(*loaded), IsEmpty());
    EXPECT_EQ(to_json(config)["device_model"], "/usr/lib64/xen/bin/qemu-dm");
}

TEST(Load, HalLoadsWithAWarningForItsHyphen)
{
    const auto loaded = load_file(kData + "/hal", test_options());
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    const auto& config = loaded->config;
    EXPECT_EQ(config.uuid, "5b001f4d-7891-90d8-2f55-96a56e8d07df");
    EXPECT_EQ(config.acpi, Switch::Off);
    EXPECT_EQ(config.apic, Switch::Off);
    EXPECT_EQ(config.on_crash, LifeAction::Restart);
    EXPECT_THAT(config.serial, ElementsAre("pty"));
    EXPECT_EQ(config.vifs.at(0).mac, "00:16:3e:7e:f3:15");
    EXPECT_THAT(warnings_of(*loaded),
                ElementsAre("the key 'device-model' is read as 'device_model'; a name cannot have hyphens"));
    EXPECT_EQ(loaded->warnings[0].where.at, (Position{15, 1}));
}

TEST(Load, TheTwoStagesOfWindowsSetupLoad)
{
    const auto first = load_file(kData + "/xp-stage1", test_options());
    const auto second = load_file(kData + "/xp-stage2", test_options());
    ASSERT_TRUE(first.has_value()) << first.error().message();
    ASSERT_TRUE(second.has_value()) << second.error().message();
    EXPECT_EQ(first->config.on_reboot, LifeAction::Destroy);
    EXPECT_EQ(first->config.acpi, Switch::Off);
    EXPECT_EQ(first->config.localtime, Switch::On);
    EXPECT_EQ(second->config.on_reboot, LifeAction::Restart);
    EXPECT_EQ(second->config.apic, Switch::On);
    EXPECT_THAT(warnings_of(*first), testing::IsEmpty());
    EXPECT_EQ(first->config.usb, Switch::On);
    EXPECT_THAT(first->config.usb_devices, ElementsAre("tablet"));
}

TEST(Load, DefaultsAreFilledIn)
{
    const auto loaded = load("");
    EXPECT_EQ(loaded.config.name, "test");
    EXPECT_EQ(loaded.config.memory_mb, 128U);
    EXPECT_EQ(loaded.config.maxmem_mb, 128U);
    EXPECT_EQ(loaded.config.boot, "cd");
    EXPECT_EQ(loaded.config.uuid, "");
    EXPECT_EQ(loaded.config.on_poweroff, LifeAction::Destroy);
    EXPECT_EQ(loaded.config.on_reboot, LifeAction::Restart);
    EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(Load, AnUnknownKeyWarnsWithItsPlaceAndTheNearestName)
{
    const auto loaded = load("name = 'x'\nmemroy = 512\n");
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_EQ(loaded.warnings[0].text(),
              "test.cfg:2:1: 'memroy' is no known key and has no effect; the nearest is 'memory'\n"
              "    memroy = 512\n"
              "    ^");
}

TEST(Load, HelperVariablesDoNotWarn)
{
    const auto loaded = load("import os, re as regex\n"
                             "def double(n): return n * 2\n"
                             "half = 256\n"
                             "for number in range(3): pass\n"
                             "a, b = 1, 2\n"
                             "_hidden = 1\n"
                             "memory = double(half)\n");
    EXPECT_EQ(loaded.config.memory_mb, 512U);
    EXPECT_THAT(warnings_of(loaded), IsEmpty());
}

TEST(Load, AFileMayAskForVariablesAndTheTime)
{
    auto options = test_options();
    options.variable = [](const std::string& name) -> std::optional<std::string> {
        return name == "VMID" ? std::optional<std::string>{"7"} : std::nullopt;
    };
    options.now = [] { return 1'300'000'000.0; };
    const auto loaded = load_text("import os, socket, string, sys, time\n"
                                  "name = 'vm%02d-%s' % (int(os.environ.get('VMID', '1')), socket.gethostname())\n"
                                  "memory = string.atoi('256') + time.gmtime().tm_mon\n",
                                  "test.cfg", options);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_EQ(loaded->config.name, "vm07-host");
    EXPECT_EQ(loaded->config.memory_mb, 259U);
    EXPECT_THAT(warnings_of(*loaded), IsEmpty());
}

TEST(Load, WithoutOptionsTheHostAnswers)
{
    const auto loaded = load_text("import os, time\n"
                                  "name = 'a' if os.environ['PATH'] and os.uname()[0] == 'Linux' else 'b'\n"
                                  "memory = 64 if time.time() > 1e9 and os.path.isdir('/') else 32\n",
                                  "test.cfg", {});
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_EQ(loaded->config.name, "a");
    EXPECT_EQ(loaded->config.memory_mb, 64U);
}

TEST(Load, ErrorsPointAtTheirPlace)
{
    EXPECT_EQ(error_of("name = 'x'\nif True:\n    f = open('/etc/passwd')\n"),
              "test.cfg:3:9: 'open' is not available in the xm language\n"
              "        f = open('/etc/passwd')\n"
              "            ^");
    EXPECT_EQ(error_of("import subprocess\n"),
              "test.cfg:1:8: import of 'subprocess' is not available in the xm language; its modules are os, os.path, "
              "re, socket, string, sys and time\n"
              "    import subprocess\n"
              "           ^");
    EXPECT_EQ(
        error_of("vif = [ 'bridge=a', 'mac=00:16:3e:zz:02:03' ]\n"),
        "test.cfg:1:21: '00:16:3e:zz:02:03' is no MAC address; "
        "one is six pairs of hexadecimal digits, like 00:16:3e:01:02:03\n"
        "    vif = [ 'bridge=a', 'mac=00:16:3e:zz:02:03' ]\n"
        "                        ^");
    EXPECT_EQ(error_of("memory = 'much'\n"), "test.cfg:1:10: 'memory' must be an integer, not a string\n"
                                             "    memory = 'much'\n"
                                             "             ^");
}

TEST(Load, AMessageTakesNoOrdersFromTheFile)
{
    const auto message = error_of("name = 'a' \x1b[31m\n");
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
    EXPECT_THAT(message, HasSubstr("0x1b"));
}

TEST(Load, PresentLimitsAreSaid)
{
    EXPECT_THAT(error_of("disk = ['file:/x,xvde,w']"), HasSubstr("hda, hdb, hdc and hdd"));
    EXPECT_THAT(error_of("disk = ['tap:qcow2:/x,hda,w']"), HasSubstr("'qcow2' are not provided yet"));
    EXPECT_THAT(error_of("pci = ['01:00.0']"), HasSubstr("'pci' is refused: pass-through"));
    EXPECT_THAT(error_of("serial = 'vc'"), HasSubstr("use 'pty'"));
    EXPECT_THAT(load("pci = []\nbootloader = ''\n").warnings, IsEmpty());
}

TEST(Load, ProcessorsAreCountedAsXlAndAsXmDo)
{
    EXPECT_EQ(load("vcpus = 4").config.vcpus, 4);
    const auto plain = load("vcpus = 2\nmaxvcpus = 4");
    EXPECT_EQ(plain.config.vcpus, 2);
    EXPECT_EQ(plain.config.max_vcpus, 4);
    EXPECT_THAT(warnings_of(plain), Contains(HasSubstr("it has 2 of 4")));
    for (const char* mask : {"0x5", "'5'", "'0x5'", "0xf5"}) {
        const auto masked = load(std::string{"vcpus = 4\nvcpu_avail = "} + mask);
        EXPECT_EQ(masked.config.vcpus, 2) << mask;
        EXPECT_EQ(masked.config.max_vcpus, 4);
    }
    EXPECT_THAT(error_of("vcpus = 4\nmaxvcpus = 2"), HasSubstr("'maxvcpus' is 2 and less than 'vcpus', 4"));
    EXPECT_THAT(error_of("vcpus = 2\nvcpu_avail = 2"), HasSubstr("the first of which must be on"));
    EXPECT_THAT(error_of("vcpus = 2\nvcpu_avail = 'two'"), HasSubstr("is a number"));
    EXPECT_THAT(error_of("vcpus = 2\napic = 0"), HasSubstr("2 processors need local APICs"));
    EXPECT_THAT(error_of("vcpus = 128"), HasSubstr("127"));
}

TEST(Load, OverridesHaveTheLastWord)
{
    const auto loaded = load("memory = 512\nname = 'a'\nif 'big' in dir_ : memory = 2048\n",
                             {"memory=1024", "name=007x", "dir_=bigger", "boot=d", "cpus=0-3"});
    EXPECT_EQ(loaded.config.memory_mb, 1024U);
    EXPECT_EQ(loaded.config.name, "007x");
    EXPECT_EQ(loaded.config.boot, "d");
    EXPECT_EQ(to_json(loaded.config)["cpus"], "0-3");
    EXPECT_EQ(load("", {"disk=['file:/a,hda,w','file:/b,hdb,w']"}).config.disks.size(), 2U);
    EXPECT_EQ(load("", {"disk=file:/a,hda,w"}).config.disks.size(), 1U);
    EXPECT_EQ(load("", {"memory=2*256"}).config.memory_mb, 512U);
}

// mem is another name of memory, and vnc_password of vncpasswd.
TEST(Load, AnotherNameOfAKeyIsThatKey)
{
    const auto loaded = load("memory = 128\nvncpasswd = 'a'\n", {"mem=512", "vnc_password=b"});
    EXPECT_EQ(loaded.config.memory_mb, 512U);
    EXPECT_EQ(loaded.config.graphics.password, "b");
    EXPECT_EQ(to_json(loaded.config)["memory"], 512);
    EXPECT_EQ(load("mem = 128\n", {"memory=64"}).config.memory_mb, 64U);
    EXPECT_EQ(load("memory = 128\nmem = 32\n").config.memory_mb, 32U) << "the later one counts, as of one name";
}

// xl and xm want texts for these; a number would be taken for the default, or for another word.
TEST(Load, ANumberIsNoWord)
{
    EXPECT_THAT(error_of("sandbox = 0\n"), HasSubstr("test.cfg:1:11: 'sandbox' cannot be '0'; it is one of: on, "));
    EXPECT_THAT(error_of("on_crash = 1\n"), HasSubstr("test.cfg:1:12: 'on_crash' cannot be '1'; it is one of: "));
    EXPECT_THAT(error_of("engine = True\n"), HasSubstr("'engine' cannot be 'True'; it is one of: auto, "));
    EXPECT_THAT(error_of("builder = 1\n"), HasSubstr("'builder' cannot be '1'"));
    EXPECT_THAT(error_of("restart = 0\n"), HasSubstr("'restart' cannot be '0'"));
    EXPECT_EQ(load("vncpasswd = 12345\n").config.graphics.password, "12345") << "but it is a text";
}

TEST(Load, OverridesAreShownWhereTheyStand)
{
    EXPECT_EQ(error_of("", {"memory=0"}), "command line:1:8: 'memory' must be 1 or more, not 0\n"
                                          "    memory=0\n"
                                          "           ^");
    EXPECT_THAT(error_of("", {"memory"}), HasSubstr("written KEY=VALUE"));
    EXPECT_THAT(warnings_of(load("", {"memroy=1"})), ElementsAre(HasSubstr("the nearest is 'memory'")));
}

TEST(Load, ThePlainFormLoads)
{
    const auto loaded = load(
        "# xl\n  name = \"plain\"; memory = 0x200\n\tdisk = [ '/x.img,raw,hda,rw',\n 'format=raw, vdev=hdc, "
        "access=ro, devtype=cdrom, target=/a, b.iso' ]\n"
        "device-model-version=\"qemu-xen\"\ndisk += [ '/y,,hdb,w' ]\n");
    EXPECT_EQ(loaded.config.name, "plain");
    EXPECT_EQ(loaded.config.memory_mb, 512U);
    ASSERT_EQ(loaded.config.disks.size(), 3U);
    EXPECT_EQ(loaded.config.disks[1].path, "/a, b.iso");
    EXPECT_EQ(loaded.config.disks[2].where.at, (Position{6, 11}));
}

TEST(Load, AMissingFileIsOneSentence)
{
    const auto loaded = load_file("/nowhere/at/all", test_options());
    ASSERT_FALSE(loaded.has_value());
    EXPECT_EQ(loaded.error().message(),
              "/nowhere/at/all: the domain configuration cannot be opened: No such file or directory");
    EXPECT_THAT(load_file("/", test_options()).error().message(), HasSubstr("must be a file or a pipe"));
}

TEST(Load, ConsoleSettingsAreCheckedWhetherThereIsAConsoleOrNot)
{
    for (const std::string console : {"vnc=1", "vnc=0"}) {
        EXPECT_THAT(error_of(console + "\nkeymap='klingon'"),
                    AllOf(HasSubstr("test.cfg:2:8: "), HasSubstr("no keymap \"klingon\""), HasSubstr("en-us")));
        EXPECT_THAT(error_of(console + "\nvnclisten='1.2.3.400'"),
                    AllOf(HasSubstr("test.cfg:2:11: "), HasSubstr("neither an address nor a host name")));
        EXPECT_THAT(error_of(console + "\nvnclisten='every one'"), HasSubstr("test.cfg:2:11: "));
    }
    EXPECT_EQ(load("vnclisten='console.example.org'").config.graphics.listen, "console.example.org");
}

TEST(Load, APasswordThatIsTooLongIsTakenWithAWarning)
{
    const auto loaded = load("vncpasswd='longer than eight'");
    EXPECT_EQ(loaded.config.graphics.password, "longer than eight");
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_EQ(loaded.warnings[0].text(), "test.cfg:1:11: the VNC password has 17 characters, of which only the first 8 "
                                         "count");
    EXPECT_TRUE(load("vncpasswd='eight678'").warnings.empty());
}

TEST(Load, GraphicsOptionsAreRead)
{
    const auto graphics =
        load("vnc=1\nvncunused=0\nvncdisplay=7\nvnclisten='0.0.0.0'\nvncpasswd='secret'\nkeymap='de'\nvncconsole=1\n")
            .config.graphics;
    EXPECT_EQ(graphics.display, 7);
    EXPECT_EQ(graphics.unused, Switch::Off);
    EXPECT_EQ(graphics.listen, "0.0.0.0");
    EXPECT_EQ(graphics.password, "secret");
    EXPECT_EQ(graphics.keymap, "de");
    EXPECT_EQ(graphics.viewer, Switch::On);
    EXPECT_EQ(load("vnclisten='[::1]:3'").config.graphics.display, 3);
    EXPECT_EQ(load("vnclisten='[::1]:3'").config.graphics.listen, "::1");
    EXPECT_EQ(load("vnclisten='::1'").config.graphics.listen, "::1");
    EXPECT_EQ(load("vnclisten='1.2.3.4:5'").config.graphics.display, 5);
    EXPECT_EQ(load("nographic=1").config.graphics.vnc, Switch::Off);
    EXPECT_THAT(warnings_of(load("sdl=1")), ElementsAre(HasSubstr("the local window is not provided yet")));
}

TEST(Load, NumbersMayBeWrittenInSeveralWays)
{
    EXPECT_EQ(load("memory = 1024 * 0.5").config.memory_mb, 512U);
    EXPECT_EQ(load("memory = '512'").config.memory_mb, 512U);
    EXPECT_EQ(load("acpi = 'no'").config.acpi, Switch::Off);
    EXPECT_THAT(error_of("memory = 0.5"), HasSubstr("'memory' must be an integer, not a floating-point number"));
    EXPECT_THAT(error_of("memory = 1e300"), HasSubstr("must be an integer"));
    EXPECT_THAT(error_of("acpi = 2"), HasSubstr("'acpi' must be 0 or 1, not an integer"));
}

TEST(Load, UnknownMsrsFaultUnlessTheFileIsRelaxed)
{
    EXPECT_EQ(load("memory = 64").config.msr_relaxed, Switch::Off);
    EXPECT_EQ(load("msr_relaxed = 1").config.msr_relaxed, Switch::On);
    EXPECT_EQ(load("memory = 64").config.sandbox, sandbox::Mode::On);
    EXPECT_EQ(load("sandbox = 'off'").config.sandbox, sandbox::Mode::Off);
    EXPECT_EQ(load("sandbox = 'required'").config.sandbox, sandbox::Mode::Required);
}

TEST(Load, TimerModesAreNumbersOrXlsNames)
{
    EXPECT_EQ(load("memory = 64").config.timer_mode, TimerMode::DeliverMissed);
    EXPECT_EQ(load("timer_mode = 0").config.timer_mode, TimerMode::DeliverMissed);
    EXPECT_EQ(load("timer_mode = 2").config.timer_mode, TimerMode::CollapseMissed);
    EXPECT_EQ(load("timer_mode = 'one_missed_tick_pending'").config.timer_mode, TimerMode::CollapseMissed);
    EXPECT_EQ(load("timer_mode = '1'").config.timer_mode, TimerMode::DeliverMissed);
    EXPECT_THAT(error_of("timer_mode = 4"), HasSubstr("'4' is no timer mode"));
    EXPECT_THAT(error_of("timer_mode = 'fast'"), HasSubstr("'fast' is no timer mode"));
}

TEST(Load, PrintedLinesAreHandedOver)
{
    const auto loaded =
        load("print 'memory is', 512\nprint('a', 'b', sep='-')\nprint('%s' % 'c') + ''\nprint 'x',\nprint 'y'\n");
    EXPECT_THAT(loaded.printed, ElementsAre("memory is 512", "a-b", "c", "x y"));
}

TEST(Load, EvaluatedKeysAreListed)
{
    const auto config = load("memory = 512\nacpi = True\nextra_ = 1\ndisk = ['file:/a b,hda,w']\n").config;
    EXPECT_EQ(to_json(config).dump(),
              R"({"name":"test","memory":512,"maxmem":512,"vcpus":1,"acpi":true,"disk":["file:/a b,hda,w"]})");
}

} // namespace
} // namespace windsor::config
