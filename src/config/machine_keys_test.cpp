// SPDX-License-Identifier: GPL-2.0-or-later
// Keys of the machine that are more than a value for a member.
#include "config/testing.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"

namespace windsor::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string name_of(const std::string& text, std::vector<std::string> overrides = {})
{
    return load(text, std::move(overrides)).config.name;
}

TEST(Name, IsTheFilesUnlessItIsGiven)
{
    EXPECT_EQ(name_of(""), "test") << "of test.cfg";
    EXPECT_EQ(name_of("name = 'falstaff'\n"), "falstaff");
    EXPECT_EQ(name_of("name = None\n"), "test");
    EXPECT_EQ(name_of("name = 'a'\n", {"name=b"}), "b");
    const auto named_after = [](const char* file) { return load_text("", file).value().config.name; };
    EXPECT_EQ(named_after("/etc/xen/windows.xp.cfg"), "windows.xp");
    EXPECT_EQ(named_after("hal"), "hal");
    EXPECT_FALSE(load_text("", "/dev/stdin").has_value()) << "nobody chose that name";
    EXPECT_FALSE(load_text("", "/proc/self/fd/0").has_value());
}

TEST(Name, MayBeAnyWordThatCommandsCanTake)
{
    for (const auto& name : std::vector<std::string>{"a", "A.b_c+d:e@f-g", "007x", "_", std::string(64, 'n')}) {
        EXPECT_EQ(name_of("name = '" + name + "'\n"), name);
    }
    for (const auto& name : std::vector<std::string>{"two words", "a/b", "../x", ".hidden", "-option", "ä",
                                                     std::string(65, 'n'), "a\\n"}) {
        EXPECT_THAT(
            error_of("memory = 64\nname = '" + name + "'\n"),
            testing::AllOf(testing::StartsWith("test.cfg:2:8: '"), HasSubstr("cannot be a domain's name: it may "
                                                                             "have 64 letters")));
    }
    EXPECT_EQ(first_line(error_of("name = '42'\n")),
              "test.cfg:1:8: '42' cannot be a domain's name: a number alone would be mistaken for a domain id");
    EXPECT_EQ(first_line(error_of("name = 42\n")),
              "test.cfg:1:8: '42' cannot be a domain's name: a number alone would be mistaken for a domain id");
    EXPECT_EQ(first_line(error_of("name = ''\n")),
              "test.cfg:1:8: the domain has no name; write name = 'NAME', or name=NAME on the command line");
}

TEST(Uuid, IsPrintedInOneSpelling)
{
    const auto config = load("uuid = '5B001F4D789190D82F5596A56E8D07DF'\n").config;
    EXPECT_EQ(config.uuid, "5b001f4d-7891-90d8-2f55-96a56e8d07df");
    EXPECT_EQ(xl_form(config)["c_info"]["uuid"], "5b001f4d-7891-90d8-2f55-96a56e8d07df");
    EXPECT_EQ(load("uuid = ''\n").config.uuid, "") << "to be chosen";
    EXPECT_FALSE(xl_form(load("uuid = ''\n").config)["c_info"].contains("uuid"));
    EXPECT_EQ(first_line(error_of("uuid = '5b001f4d'\n")),
              "test.cfg:1:8: '5b001f4d' is no UUID; one is 32 hexadecimal digits, like "
              "5b001f4d-7891-90d8-2f55-96a56e8d07df");
}

TEST(Memory, IsAllThatTheDomainEverHas)
{
    EXPECT_EQ(load("memory = 512\n").config.maxmem_mb, 512U);
    EXPECT_EQ(load("memory = 16777216\n").config.memory_mb, std::uint64_t{1} << 24);
    const auto more = load("memory = 512\nmaxmem = 1024\n");
    EXPECT_EQ(more.config.memory_mb, 512U);
    EXPECT_EQ(more.config.maxmem_mb, 1024U);
    EXPECT_THAT(warnings_of(more), ElementsAre("'maxmem' above 'memory' has no effect: the domain keeps its 512 MiB"));
    EXPECT_THAT(load("memory = 512\nmaxmem = 512\n").warnings, IsEmpty());
    EXPECT_EQ(first_line(error_of("maxmem = 256\nmemory = 512\n")),
              "test.cfg:1:10: 'maxmem' is 256 MiB and less than 'memory', 512 MiB");
    EXPECT_EQ(first_line(error_of("maxmem = 64\n")),
              "test.cfg:1:10: 'maxmem' is 64 MiB and less than 'memory', 128 MiB");
}

TEST(Memory, IsInKibibytesToXl)
{
    const auto form = xl_form(load("memory = 512\nmaxmem = 1024\n").config);
    EXPECT_EQ(form["b_info"]["max_memkb"], 1024 * 1024);
    EXPECT_EQ(form["b_info"]["target_memkb"], 512 * 1024);
    const auto most = xl_form(load("memory = 16777216\n").config);
    EXPECT_EQ(most["b_info"]["target_memkb"], std::uint64_t{1} << 34) << "more than 32 bits";
}

TEST(Processors, AreMaskedByBits)
{
    const auto vcpus = [](const std::string& mask) { return load("vcpus = 8\nvcpu_avail = " + mask).config.vcpus; };
    EXPECT_EQ(vcpus("1"), 1);
    EXPECT_EQ(vcpus("255"), 8);
    EXPECT_EQ(vcpus("0xffff"), 8) << "bits of processors that the domain does not have";
    EXPECT_EQ(vcpus("'0x81'"), 2);
    EXPECT_EQ(vcpus("'18446744073709551615'"), 8);
    for (const char* wrong : {"0", "2", "-1", "'-1'", "'0x'", "''", "'1 '", "'18446744073709551616'", "'1,2'"}) {
        EXPECT_EQ(first_line(error_of(std::string{"vcpus = 8\nvcpu_avail = "} + wrong)),
                  "test.cfg:2:14: 'vcpu_avail' is a number whose bits stand for processors, the first of which must be "
                  "on")
            << wrong;
    }
    EXPECT_EQ(load("vcpus = 127\nvcpu_avail = '18446744073709551615'").config.vcpus, 64) << "a mask has 64 bits";
}

TEST(Processors, ThatAreOffAreListedAsXmAndXlListThem)
{
    const auto config = load("vcpus = 2\nmaxvcpus = 4\n").config;
    const auto text = print_sxp(xend_form(config, std::nullopt));
    EXPECT_THAT(text, HasSubstr("(vcpus 4)"));
    EXPECT_THAT(text, HasSubstr("(cpus (() () () ()))"));
    EXPECT_EQ(xl_form(config)["b_info"]["max_vcpus"], 4);
    EXPECT_EQ(xl_form(config)["b_info"]["avail_vcpus"].dump(), "[0,1]");
    EXPECT_EQ(to_json(config)["vcpus"], 4);
}

TEST(Boot, HasEachDeviceOnceInTheOrderOfItsFirstMention)
{
    const auto boot = [](const std::string& order) { return load("boot = '" + order + "'\n").config.boot; };
    EXPECT_EQ(boot("d"), "d");
    EXPECT_EQ(boot("dca"), "dca");
    EXPECT_EQ(boot("ccdcd"), "cd");
    EXPECT_EQ(boot(""), "cd") << "the default";
    EXPECT_EQ(first_line(error_of("boot = 'cdx'\n")),
              "test.cfg:1:8: 'x' in 'boot' is no boot device; a is the floppy, c the hard disk, d the CD-ROM, n the "
              "network");
    EXPECT_EQ(first_line(error_of("boot = 'D'\n")).substr(0, 33), "test.cfg:1:8: 'D' in 'boot' is no");
}

TEST(Boot, ReachesTheNetwork)
{
    const auto loaded = load("boot = 'ncn'\nvif = ['']\n");
    EXPECT_EQ(loaded.config.boot, "nc");
    EXPECT_THAT(warnings_of(loaded), IsEmpty());
}

TEST(Firmware, IsSeaBiosUnderEachOfItsNames)
{
    for (const char* text : {"bios = 'seabios'", "bios = 'rombios'", "firmware = 'bios'", "firmware = 'seabios'",
                             "firmware = 'rombios'", "bios = ''", "firmware = None"}) {
        EXPECT_THAT(load(text).warnings, IsEmpty()) << text;
    }
    EXPECT_EQ(first_line(error_of("bios = 'ovmf'")),
              "test.cfg:1:8: bios = 'ovmf' is not provided yet; the firmware is SeaBIOS");
    for (const char* other : {"uefi", "ovmf", "pvgrub32", "pvgrub64"}) {
        EXPECT_THAT(error_of(std::string{"firmware = '"} + other + "'"),
                    HasSubstr("is not provided yet; the firmware"));
    }
    EXPECT_THAT(error_of("bios = 'coreboot'"), HasSubstr("it is one of: seabios, rombios, ovmf"));
}

TEST(GraphicsCard, IsWhatVgaOrStdvgaSay)
{
    const auto card = [](const std::string& text) { return load(text).config.card; };
    EXPECT_EQ(card("stdvga = 0"), GraphicsCard::Cirrus);
    EXPECT_EQ(card("stdvga = 1\nbuilder = 'hvm'"), GraphicsCard::StandardVga);
    EXPECT_EQ(card("vga = 'cirrus'"), GraphicsCard::Cirrus);
    EXPECT_EQ(card("vga = 'stdvga'\nstdvga = 0"), GraphicsCard::StandardVga) << "vga overrules stdvga";
    EXPECT_EQ(card("vga = 'none'"), GraphicsCard::None);
    EXPECT_EQ(card("vga = ''\nstdvga = 0"), GraphicsCard::Cirrus);
    EXPECT_EQ(graphics_line(load("stdvga = 0").config), "graphics card: Cirrus Logic GD5446, as 'stdvga' says");
    EXPECT_THAT(warnings_of(load("vga = 'qxl'")), ElementsAre(HasSubstr("QXL is not provided yet")));
    EXPECT_EQ(xl_form(load("vga = 'qxl'").config)["b_info"]["type.hvm"]["vga"]["kind"], "std") << "what there is";
    EXPECT_EQ(xl_form(load("stdvga = 0").config)["b_info"]["type.hvm"]["vga"]["kind"], "cirrus");
    EXPECT_THAT(print_sxp(xend_form(load("stdvga = 0").config, std::nullopt)), HasSubstr("(stdvga 0)"));
}

// Both stages of an installation have one card, whatever else they differ in.
TEST(GraphicsCard, IsXensDefaultForWhatWasWrittenForXen)
{
    for (const char* text :
         {"builder = 'hvm'", "builder = 'hvm'\nacpi = 0\napic = 0", "device_model = '/usr/bin/qemu-dm'"}) {
        EXPECT_EQ(load(text).config.card, GraphicsCard::Cirrus) << text;
    }
    const auto line = graphics_line(load("builder = 'hvm'").config);
    EXPECT_THAT(line, HasSubstr("Cirrus Logic GD5446, as Xen has it where 'stdvga' is not set"));
    for (const char* text : {"", "acpi = 0\napic = 0", "type = 'hvm'"}) {
        EXPECT_EQ(load(text).config.card, GraphicsCard::StandardVga) << text;
    }
}

TEST(GraphicsCard, HasItsMemoryByVideoram)
{
    EXPECT_EQ(load("").config.videoram_mb, 16);
    EXPECT_EQ(load("videoram = 8").config.videoram_mb, 8);
    EXPECT_EQ(load("stdvga = 1\nvideoram = 256").config.videoram_mb, 256);
    for (const char* wrong : {"4", "12", "512", "1"}) {
        EXPECT_EQ(first_line(error_of(std::string{"videoram = "} + wrong)),
                  std::string{"test.cfg:1:12: the standard VGA cannot have "} + wrong +
                      " MiB; write videoram = 8, 16, 32, 64, 128 or 256");
    }
    EXPECT_THAT(load("stdvga = 0\nvideoram = 4").warnings, IsEmpty());
    EXPECT_THAT(warnings_of(load("stdvga = 0\nvideoram = 8")),
                ElementsAre("'videoram' has no effect: the Cirrus card has 4 MiB"));
}

TEST(Clock, MayBeAheadOrBehind)
{
    for (const std::int64_t offset : {std::int64_t{-4'000'000'000}, std::int64_t{-1}, std::int64_t{4'000'000'000}}) {
        const auto config = load("rtc_timeoffset = " + std::to_string(offset)).config;
        EXPECT_EQ(config.rtc_timeoffset, offset);
        EXPECT_EQ(xl_form(config)["b_info"]["rtc_timeoffset"], offset);
        EXPECT_THAT(print_sxp(xend_form(config, std::nullopt)),
                    HasSubstr("(rtc_timeoffset " + std::to_string(offset) + ")"));
    }
    EXPECT_FALSE(xl_form(load("rtc_timeoffset = 0").config)["b_info"].contains("rtc_timeoffset"));
}

TEST(TimerMode, HasFourNumbersAndFourNames)
{
    const auto mode = [](const std::string& value) { return load("timer_mode = " + value).config.timer_mode; };
    for (const char* delivered :
         {"0", "1", "'0'", "'0x1'", "True", "'delay_for_missed_ticks'", "'no_delay_for_missed_ticks'", "''"}) {
        EXPECT_EQ(mode(delivered), TimerMode::DeliverMissed) << delivered;
    }
    for (const char* collapsed : {"2", "3", "'3'", "2.0", "'no_missed_ticks_pending'", "'one_missed_tick_pending'"}) {
        EXPECT_EQ(mode(collapsed), TimerMode::CollapseMissed) << collapsed;
    }
    for (const char* wrong : {"-1", "4", "'slow'", "9223372036854775807"}) {
        EXPECT_THAT(error_of(std::string{"timer_mode = "} + wrong), HasSubstr("is no timer mode; 0, 1, 2 and 3 are"));
    }
}

TEST(TimerMode, IsListedAsTheFileHasIt)
{
    EXPECT_THAT(print_sxp(xend_form(load("timer_mode = 'no_missed_ticks_pending'").config, std::nullopt)),
                HasSubstr("(timer_mode no_missed_ticks_pending)"));
    EXPECT_THAT(print_sxp(xend_form(load("").config, std::nullopt)), testing::Not(HasSubstr("timer_mode")));
}

struct Actions {
    LifeAction poweroff;
    LifeAction reboot;
    LifeAction crash;

    bool operator==(const Actions&) const = default;
};

Actions actions_of(const std::string& text)
{
    const auto config = load(text).config;
    return {config.on_poweroff, config.on_reboot, config.on_crash};
}

TEST(LifeActions, HaveTheDefaultsOfXmAndXl)
{
    using enum LifeAction;
    EXPECT_EQ(actions_of(""), (Actions{Destroy, Restart, Destroy}));
    EXPECT_EQ(actions_of("on_poweroff = ''\non_reboot = None\n"), (Actions{Destroy, Restart, Destroy}));
}

TEST(LifeActions, HaveAllTheWordsOfXl)
{
    using enum LifeAction;
    EXPECT_EQ(actions_of("on_poweroff = 'preserve'\non_reboot = 'rename-restart'\non_crash = 'restart'"),
              (Actions{Preserve, RenameRestart, Restart}));
    EXPECT_EQ(actions_of("on_poweroff = 'coredump-restart'\non_reboot = 'soft-reset'\non_crash = 'coredump-destroy'"),
              (Actions{Restart, Restart, Destroy}));
    const auto loaded = load("on_crash = 'coredump-restart'\n");
    ASSERT_EQ(loaded.warnings.size(), 1U);
    EXPECT_EQ(first_line(loaded.warnings[0].text()), "test.cfg:1:12: 'coredump-restart' does what 'restart' does: core "
                                                     "dumps of domains are not written yet");
    EXPECT_EQ(first_line(error_of("on_crash = 'rename_restart'")),
              "test.cfg:1:12: 'on_crash' cannot be 'rename_restart'; it is one of: destroy, restart, preserve, "
              "rename-restart, coredump-destroy, coredump-restart, soft-reset");
    EXPECT_EQ(xl_form(load("on_crash = 'rename-restart'").config)["on_crash"], "rename_restart")
        << "as libxl spells it";
    EXPECT_THAT(print_sxp(xend_form(load("on_crash = 'rename-restart'").config, std::nullopt)),
                HasSubstr("(on_crash rename-restart)"));
}

// xend's oldest key, of which newer ones in the same file have the last word, in either order.
TEST(LifeActions, AreWhatRestartSaysUnlessTheySayItThemselves)
{
    using enum LifeAction;
    EXPECT_EQ(actions_of("restart = 'always'"), (Actions{Restart, Restart, Restart}));
    EXPECT_EQ(actions_of("restart = 'onreboot'"), (Actions{Destroy, Restart, Destroy}));
    EXPECT_EQ(actions_of("restart = 'never'"), (Actions{Destroy, Destroy, Destroy}));
    EXPECT_EQ(actions_of("restart = ''"), (Actions{Destroy, Restart, Destroy}));
    EXPECT_EQ(actions_of("on_crash = 'preserve'\nrestart = 'always'"), (Actions{Restart, Restart, Preserve}));
    EXPECT_EQ(actions_of("restart = 'never'\non_reboot = 'restart'"), (Actions{Destroy, Restart, Destroy}));
    EXPECT_EQ(actions_of("restart = 'always'\non_poweroff = ''"), (Actions{Restart, Restart, Restart}));
    EXPECT_THAT(error_of("restart = 'sometimes'"), HasSubstr("it is one of: always, onreboot, never"));
}

TEST(Switches, OfTheMachineAreListedAsNumbersAndAsDefbools)
{
    const auto config = load("acpi = 0\napic = 'off'\npae = False\nlocaltime = 'yes'\nsdl = 0\n").config;
    const auto text = print_sxp(xend_form(config, std::nullopt));
    for (const char* entry : {"(acpi 0)", "(apic 0)", "(pae 0)", "(localtime 1)", "(sdl 0)"}) {
        EXPECT_THAT(text, HasSubstr(entry));
    }
    const auto hvm = xl_form(config)["b_info"]["type.hvm"];
    EXPECT_EQ(hvm["acpi"], "False");
    EXPECT_EQ(hvm["apic"], "False");
    EXPECT_EQ(hvm["pae"], "False");
    EXPECT_EQ(hvm["sdl"].dump(), R"({"enable":"False"})");
    EXPECT_EQ(xl_form(config)["b_info"]["localtime"], "True");
}

TEST(Engine, IsTheHostsIfTheFileNamesNone)
{
    EXPECT_EQ(load("").config.engine, std::nullopt);
    EXPECT_EQ(load("engine = ''").config.engine, std::nullopt);
    EXPECT_EQ(load("engine = 'auto'").config.engine, EngineChoice::Auto);
    EXPECT_EQ(load("engine = 'kvm'").config.engine, EngineChoice::Kvm);
    EXPECT_EQ(load("engine = 'translate'").config.engine, EngineChoice::Translate);
    EXPECT_EQ(load("engine = 'emulate'").config.engine, EngineChoice::Emulate);
    EXPECT_EQ(first_line(error_of("engine = 'qemu'")),
              "test.cfg:1:10: 'engine' cannot be 'qemu'; it is one of: auto, kvm, translate, emulate");
}

TEST(Sandbox, IsOnUnlessTheFileTakesItAway)
{
    for (const char* on : {"", "sandbox = 'on'", "sandbox = ''", "sandbox = None"}) {
        EXPECT_EQ(load(on).config.sandbox, sandbox::Mode::On) << on;
    }
    EXPECT_THAT(error_of("sandbox = 'none'"), HasSubstr("it is one of: on, required, off"));
    EXPECT_THAT(error_of("sandbox = False"), HasSubstr("'sandbox' cannot be 'False'"));
}

TEST(MachineKeys, AUsbDeviceBringsItsController)
{
    EXPECT_EQ(load("").config.usb, Switch::Off);
    const auto config = load("usb = 0\nusbdevice = ['keyboard', 'tablet']").config;
    EXPECT_EQ(config.usb, Switch::On);
    EXPECT_THAT(config.usb_devices, testing::ElementsAre("keyboard", "tablet"));
    EXPECT_THAT(print_sxp(xend_form(config, std::nullopt)), HasSubstr("(usbdevice (keyboard tablet))"));
}

// What the file says of keys without effect is in xend's listing all the same, as scripts expect it.
TEST(Listing, ShowsWhatTheFileGivesOfKeysWithoutEffect)
{
    const auto shown = print_sxp(xend_form(load("usb = 1\nusbdevice = 'tablet'\nhpet = True\nviridian = 0\n"
                                                "shadow_memory = 8\nfeatures = 'acpi'\non_xend_start = 'start'\n"
                                                "guest_os_type = None\n")
                                               .config,
                                           std::nullopt));
    for (const char* entry :
         {"(usb 1)", "(usbdevice tablet)", "(hpet 1)", "(viridian 0)", "(shadow_memory 8)", "(features acpi)",
          "(on_xend_start start)", "(on_xend_stop ignore)", "(guest_os_type )"}) {
        EXPECT_THAT(shown, HasSubstr(entry));
    }
    const auto bare = print_sxp(xend_form(load("").config, std::nullopt));
    for (const char* entry : {"(usb 0)", "(shadow_memory 0)", "(features )", "(on_xend_start ignore)", "(stdvga 1)"}) {
        EXPECT_THAT(bare, HasSubstr(entry));
    }
    for (const char* absent : {"(usbdevice", "(hpet", "(viridian", "(nographic"}) {
        EXPECT_THAT(bare, testing::Not(HasSubstr(absent)));
    }
}

TEST(MachineKeys, ShutdownKeysAreThoseOfTheKeyCommandWithPauses)
{
    const auto config = load("shutdown_keys = ['ctrl-esc', 'wait 2', 'u', 'type halt', 'windows']\n").config;
    EXPECT_EQ(config.shutdown_keys.size(), 5u);
    EXPECT_EQ(load("shutdown_keys = 'windows'\n").config.shutdown_keys, std::vector<std::string>{"windows"});
    EXPECT_TRUE(load("shutdown_keys = ''\n").config.shutdown_keys.empty());
    EXPECT_EQ(first_line(error_of("shutdown_keys = ['esc',\n  'escap']\n")),
              "test.cfg:2:3: 'shutdown_keys' has no such keys: there is no key \"escap\"; did you mean \"escape\"?");
}

TEST(MachineKeys, FilesOfTheFirmwareAreNamedByTheirWholePaths)
{
    EXPECT_EQ(load("acpi_firmware = '/a/../SLIC'\n").config.acpi_firmware, "/SLIC");
    EXPECT_TRUE(load("smbios_firmware = 'x'\n").config.smbios_firmware.starts_with("/"));
    EXPECT_TRUE(load("smbios_firmware = ''\n").config.smbios_firmware.empty());
}

} // namespace
} // namespace windsor::config
