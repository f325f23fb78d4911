// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/machine_keys.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>
#include <ranges>

#include "config/cpuid_key.hpp"
#include "config/value_types.hpp"
#include "display/key_script.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestShown = 40; // characters of a value in a message

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool may_be_in_name(char c)
{
    constexpr std::string_view kMarks = "_.+:@-";
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kMarks.find(c) != std::string_view::npos;
}

// A number whose bits stand for processors, or one in quotes, decimal or hexadecimal.
std::optional<std::uint64_t> mask_of(const Value& value)
{
    if (const std::int64_t* number = value.integer()) {
        return *number < 0 ? std::nullopt : std::optional{static_cast<std::uint64_t>(*number)};
    }
    std::string_view digits = value.string() != nullptr ? std::string_view{*value.string()} : std::string_view{};
    const bool hexadecimal = digits.starts_with("0x");
    digits.remove_prefix(hexadecimal ? 2 : 0);
    std::uint64_t mask = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), mask, hexadecimal ? 16 : 10);
    return error == std::errc{} && end == digits.end() ? std::optional{mask} : std::nullopt;
}

void mask_processors(const Setting& setting, DomainConfig& config)
{
    const auto mask = mask_of(setting.value);
    if (!mask || (*mask & 1) == 0) {
        complain(setting.value_at,
                 "'vcpu_avail' is a number whose bits stand for processors, the first of which must be on");
    }
    const std::uint64_t all = config.vcpus >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << config.vcpus) - 1;
    config.vcpus = std::popcount(*mask & all);
}

// That QEMU has, and configurations may name.
constexpr std::string_view kOtherSoundCards[] = {"adlib", "cs4231a", "es1370", "gus", "hda", "pcspk", "sb16"};

std::string_view without_blanks(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

// Each device once, in the order of its first mention.
std::string without_repetitions(std::string_view order)
{
    std::string result;
    for (const char c : order) {
        if (result.find(c) == std::string::npos) {
            result += c;
        }
    }
    return result;
}

} // namespace

void settle_name(Reading& reading)
{
    const auto* setting = reading.find("name");
    const auto where = setting != nullptr ? setting->value_at : Location{};
    auto name = setting != nullptr ? text_of(*setting) : std::string{reading.default_name};
    if (name.empty()) {
        complain(where, "the domain has no name; write name = 'NAME', or name=NAME on the command line");
    }
    if (name.size() > kLongestName || !std::ranges::all_of(name, may_be_in_name) || name.starts_with('.') ||
        name.starts_with('-')) {
        complain(where,
                 "'{}' cannot be a domain's name: it may have 64 letters, digits and "
                 "the characters _ . + : @ - and begins with none of - and .",
                 name.substr(0, kLongestName));
    }
    if (std::ranges::all_of(name, is_digit)) {
        complain(where, "'{}' cannot be a domain's name: a number alone would be mistaken for a domain id", name);
    }
    reading.config.name = std::move(name);
}

void settle_maxmem(Reading& reading)
{
    auto& config = reading.config;
    const auto* setting = reading.find("maxmem");
    if (setting == nullptr) {
        config.maxmem_mb = config.memory_mb;
        return;
    }
    if (config.maxmem_mb < config.memory_mb) {
        complain(setting->value_at, "'maxmem' is {} MiB and less than 'memory', {} MiB", config.maxmem_mb,
                 config.memory_mb);
    }
    if (config.maxmem_mb > config.memory_mb) {
        reading.warn(setting->key_at, fmt::format("'maxmem' above 'memory' has no effect: the domain keeps its {} MiB",
                                                  config.memory_mb));
    }
}

// xl counts the processors that are on in vcpus, and all in maxvcpus; xm counts all, and has a mask.
void settle_processors(Reading& reading)
{
    auto& config = reading.config;
    const auto* most = reading.find("maxvcpus");
    const auto* mask = reading.find("vcpu_avail");
    if (most == nullptr) {
        config.max_vcpus = config.vcpus;
    } else if (config.max_vcpus < config.vcpus) {
        complain(most->value_at, "'maxvcpus' is {} and less than 'vcpus', {}", config.max_vcpus, config.vcpus);
    }
    if (mask != nullptr) {
        mask_processors(*mask, config);
    }
    if (config.vcpus > 1 && config.apic == Switch::Off) {
        complain(reading.find("apic")->value_at, "{} processors need local APICs; write apic = 1, or vcpus = 1",
                 config.vcpus);
    }
    if (config.max_vcpus > config.vcpus) {
        reading.warn(mask != nullptr ? mask->key_at : most->key_at,
                     fmt::format("processors cannot be turned on while the guest runs: it has {} of {}", config.vcpus,
                                 config.max_vcpus));
    }
}

void settle_usb(Reading& reading)
{
    if (!reading.config.usb_devices.empty()) {
        reading.config.usb = Switch::On;
    }
}

void read_usb_devices(const KeyInfo&, const Setting& setting, Reading& reading)
{
    std::vector<std::string> devices;
    const auto take = [&](const std::string& device, const Location& where) {
        if (device.starts_with("host:")) {
            complain(where, "usbdevice = '{}': USB devices of the host cannot be passed through yet",
                     device.substr(0, kLongestShown));
        }
        if (std::ranges::find(kUsbDevices, device) == kUsbDevices.end()) {
            complain(where, "'{}' is no USB device that there is; the devices are: {}", device.substr(0, kLongestShown),
                     fmt::join(kUsbDevices, ", "));
        }
        if (devices.size() == kUsbPorts) {
            complain(where, "the USB controller has {} ports; take a device out of 'usbdevice'", kUsbPorts);
        }
        devices.push_back(device);
    };
    if (const auto* items = setting.value.items()) {
        for (std::size_t i = 0; i < items->size(); ++i) {
            take(*(*items)[i].string(), setting.item_at(i));
        }
    } else if (const std::string device = text_of(setting); !device.empty()) {
        take(device, setting.value_at);
    }
    reading.config.usb_devices = std::move(devices);
}

void read_sound(const KeyInfo&, const Setting& setting, Reading& reading)
{
    const std::string text = text_of(setting);
    std::vector<std::string_view> lacking;
    reading.config.sound_card.clear();
    for (const auto part : std::views::split(text, ',')) {
        const std::string_view card = without_blanks({part.begin(), part.end()});
        if (card == kSoundCard || card == "all") {
            reading.config.sound_card = kSoundCard;
        } else if (std::ranges::find(kOtherSoundCards, card) != std::end(kOtherSoundCards)) {
            lacking.push_back(card);
        } else if (!card.empty() && card != "none" && card != "0") {
            complain(setting.value_at, "'{}' is no sound card that there is; the sound card is '{}'",
                     card.substr(0, kLongestShown), kSoundCard);
        }
    }
    if (!lacking.empty()) {
        reading.warn(setting.key_at,
                     fmt::format("'soundhw' has '{}' without effect: the sound card that there is is '{}'",
                                 fmt::join(lacking, ","), kSoundCard));
    }
}

void read_boot(const KeyInfo&, const Setting& setting, Reading& reading)
{
    const auto order = text_of(setting);
    if (order.empty()) {
        return;
    }
    for (const char c : order) {
        if (std::string_view{"acdn"}.find(c) == std::string_view::npos) {
            complain(setting.value_at,
                     "'{}' in 'boot' is no boot device; a is the floppy, c the hard disk, d the CD-ROM, n the network",
                     c);
        }
    }
    reading.config.boot = without_repetitions(order);
}

void read_cpuid(const KeyInfo&, const Setting& setting, Reading& reading)
{
    auto bits = parse_cpuid(setting);
    if (!bits) {
        throw std::move(bits.error());
    }
    reading.config.cpuid = std::move(*bits);
}

void read_firmware(const KeyInfo& key, const Setting& setting, Reading&)
{
    const auto value = text_of(setting);
    if (value == "ovmf" || value == "uefi" || value.starts_with("pvgrub")) {
        complain(setting.value_at, "{} = '{}' is not provided yet; the firmware is SeaBIOS", key.name, value);
    }
}

void read_shutdown_keys(const KeyInfo&, const Setting& setting, Reading& reading)
{
    std::vector<std::string> lines;
    const auto take = [&](const std::string& line, const Location& where) {
        lines.push_back(line);
        if (const auto script = display::parse_key_script(lines); !script) {
            complain(where, "'shutdown_keys' has no such keys: {}", script.error().message());
        }
    };
    if (const auto* items = setting.value.items()) {
        for (std::size_t i = 0; i < items->size(); ++i) {
            take(*(*items)[i].string(), setting.item_at(i));
        }
    } else if (const std::string line = text_of(setting); !line.empty()) {
        take(line, setting.value_at);
    }
    reading.config.shutdown_keys = std::move(lines);
}

void read_timer_mode(const KeyInfo&, const Setting& setting, Reading& reading)
{
    const auto word = text_of(setting);
    if (word.empty()) {
        return;
    }
    const Words modes = kTimerModeWords;
    const auto number = as_integer(setting.value);
    const auto mode = number ? *number : std::ranges::find(modes, word, &Word::text) - modes.begin();
    if (mode < 0 || mode >= std::ssize(modes)) {
        complain(setting.value_at, "'{}' is no timer mode; 0, 1, 2 and 3 are", word.substr(0, kLongestShown));
    }
    reading.config.timer_mode = static_cast<TimerMode>(modes[static_cast<std::size_t>(mode)].value);
}

void read_restart(const KeyInfo&, const Setting& setting, Reading& reading)
{
    const auto word = text_of(setting);
    if (word.empty()) {
        return;
    }
    const auto unless_given = [&](std::string_view key, LifeAction& action, LifeAction otherwise) {
        action = reading.text(key).value_or("").empty() ? otherwise : action;
    };
    auto& config = reading.config;
    const auto always = word == "always" ? LifeAction::Restart : LifeAction::Destroy;
    unless_given("on_poweroff", config.on_poweroff, always);
    unless_given("on_reboot", config.on_reboot, word == "never" ? LifeAction::Destroy : LifeAction::Restart);
    unless_given("on_crash", config.on_crash, always);
}

std::expected<std::string, std::string> path_or_none(std::string_view name)
{
    return name.empty() ? std::string{} : absolute_path(name);
}

std::expected<std::string, std::string> absolute_path(std::string_view name)
{
    std::error_code error;
    const std::filesystem::path path = std::filesystem::absolute(name, error);
    if (name.empty() || error) {
        return std::unexpected{std::string{"it is no name of a file"}};
    }
    return path.lexically_normal().string();
}

} // namespace windsor::config
