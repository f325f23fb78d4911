// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/build.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/console_keys.hpp"
#include "config/cpuid_key.hpp"
#include "config/devices.hpp"
#include "config/guest_kind.hpp"
#include "config/keys.hpp"
#include "config/value_types.hpp"
#include "config/vfb_key.hpp"

namespace windsor::config {
namespace {

// Inside this file a Complaint is thrown, and caught in build_domain.
template <typename... Args>
[[noreturn]] void complain(const Location& where, fmt::format_string<Args...> format, Args&&... args)
{
    throw Complaint{where, fmt::format(format, std::forward<Args>(args)...)};
}

std::vector<std::string_view> words_of(std::string_view choices)
{
    std::vector<std::string_view> words;
    while (!choices.empty()) {
        const auto end = std::min(choices.find(' '), choices.size());
        words.push_back(choices.substr(0, end));
        choices.remove_prefix(std::min(end + 1, choices.size()));
    }
    return words;
}

// Whether the value asks for nothing, or for what is there anyway.
bool asks_nothing(const KeyInfo& key, const Value& value)
{
    const auto* text = value.string();
    return !value.truth() || to_text(value) == key.default_text ||
           (text != nullptr && (*text == key.default_text || *text == "0" || *text == "none"));
}

constexpr std::string_view kWithCore = "coredump-"; // before an action

class Builder {
public:
    Builder(const Settings& settings, std::vector<Warning>& warnings) : settings_{settings}, warnings_{warnings} {}

    DomainConfig run(std::string_view default_name)
    {
        for (const auto& setting : settings_.entries) {
            check(setting);
        }
        identity(default_name);
        firmware_and_screen();
        memory();
        boot_order();
        disks();
        vifs();
        graphics();
        clock_and_platform();
        processors();
        processor_features();
        life_cycle();
        serial();
        engine();
        sandbox();
        return std::move(config_);
    }

private:
    void warn(const Location& where, std::string message) { warnings_.push_back(Warning{where, std::move(message)}); }

    // What the table alone can say about a setting.
    void check(const Setting& setting)
    {
        const auto* key = find_key(setting.key);
        if (key == nullptr) {
            return;
        }
        config_.evaluated.emplace_back(std::string{key->name}, setting.value);
        config_.places.emplace_back(std::string{key->name}, setting.key_at);
        if (key->dialect == KeyDialect::Option) {
            warn(setting.key_at, fmt::format("'{}' has no effect here: {}", key->name, key->reason));
            return;
        }
        if (setting.value.is_none()) {
            return;
        }
        if (key->status == KeyStatus::Refused) {
            if (!asks_nothing(*key, setting.value)) {
                complain(setting.key_at, "'{}' is refused: {}", key->name, key->reason);
            }
            return;
        }
        if (!has_type(setting.value, key->type)) {
            complain(setting.value_at, "'{}' must be {}, not {}", key->name, type_phrase(key->type),
                     setting.value.kind_name());
        }
        check_range(*key, setting);
        if (key->status == KeyStatus::Accepted && !asks_nothing(*key, setting.value)) {
            warn(setting.key_at, fmt::format("'{}' is accepted without effect: {}", key->name, key->reason));
        }
    }

    void check_range(const KeyInfo& key, const Setting& setting)
    {
        if (const auto* text = setting.value.string()) {
            if (text->find('\0') != std::string::npos) {
                complain(setting.value_at, "'{}' cannot contain a NUL character", key.name);
            }
            const auto words = words_of(key.choices);
            if (!words.empty() && !text->empty() && std::ranges::find(words, std::string_view{*text}) == words.end()) {
                complain(setting.value_at, "'{}' cannot be '{}'; it is one of: {}", key.name, text->substr(0, 40),
                         fmt::join(words, ", "));
            }
        }
        if (key.type != KeyType::Integer) {
            return;
        }
        const auto number = *as_integer(setting.value);
        if (number < key.least) {
            complain(setting.value_at, "'{}' must be {} or more, not {}", key.name, key.least, number);
        }
        if (number > key.most) {
            complain(setting.value_at, "'{}' must be {} or less, not {}", key.name, key.most, number);
        }
    }

    // The setting of a key, unless it is absent or None.
    const Setting* find(std::string_view name) const
    {
        for (const auto& setting : settings_.entries) {
            if (canonical_key(setting.key) == name && !setting.value.is_none()) {
                return &setting;
            }
        }
        return nullptr;
    }

    std::optional<std::string> text(std::string_view name) const
    {
        const auto* setting = find(name);
        if (setting == nullptr) {
            return std::nullopt;
        }
        return setting->value.string() != nullptr ? *setting->value.string() : to_text(setting->value);
    }

    std::optional<std::int64_t> integer(std::string_view name) const
    {
        const auto* setting = find(name);
        return setting == nullptr ? std::nullopt : as_integer(setting->value);
    }

    void read_switch(std::string_view name, Switch& into) const
    {
        if (const auto* setting = find(name)) {
            into = as_boolean(setting->value).value_or(false) ? Switch::On : Switch::Off;
        }
    }

    void identity(std::string_view default_name)
    {
        config_.name = text("name").value_or(std::string{default_name});
        const auto* setting = find("name");
        const auto where = setting != nullptr ? setting->value_at : Location{};
        constexpr std::string_view kMarks = "_.+:@-";
        const auto good = [&](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   kMarks.find(c) != std::string_view::npos;
        };
        if (config_.name.empty()) {
            complain(where, "the domain has no name; write name = 'NAME', or name=NAME on the command line");
        }
        if (config_.name.size() > 64 || !std::ranges::all_of(config_.name, good) || config_.name.starts_with('.') ||
            config_.name.starts_with('-')) {
            complain(
                where,
                "'{}' cannot be a domain's name: it may have 64 letters, digits and "
                "the characters _ . + : @ - and begins with none of - and .",
                config_.name.substr(0, 64));
        }
        if (std::ranges::all_of(config_.name, [](char c) { return c >= '0' && c <= '9'; })) {
            complain(where, "'{}' cannot be a domain's name: a number alone would be mistaken for a domain id",
                     config_.name);
        }
        if (const auto uuid = text("uuid"); uuid && !uuid->empty()) {
            auto parsed = parse_uuid(*uuid);
            if (!parsed) {
                complain(find("uuid")->value_at, "{}", parsed.error());
            }
            config_.uuid = std::move(*parsed);
        }
    }

    void firmware_and_screen()
    {
        for (const std::string_view key : {"bios", "firmware"}) {
            const auto value = text(key);
            if (value && (*value == "ovmf" || *value == "uefi" || value->starts_with("pvgrub"))) {
                complain(find(key)->value_at, "{} = '{}' is not provided yet; the firmware is SeaBIOS", key, *value);
            }
        }
        if (const auto vga = text("vga"); vga && !vga->empty() && *vga != "stdvga") {
            warn(find("vga")->value_at,
                 fmt::format("the graphics card '{}' is not provided yet; the machine has the standard VGA", *vga));
        }
    }

    void memory()
    {
        config_.memory_mb = static_cast<std::uint64_t>(integer("memory").value_or(128));
        config_.maxmem_mb =
            static_cast<std::uint64_t>(integer("maxmem").value_or(static_cast<std::int64_t>(config_.memory_mb)));
        if (config_.maxmem_mb < config_.memory_mb) {
            complain(find("maxmem")->value_at, "'maxmem' is {} MiB and less than 'memory', {} MiB", config_.maxmem_mb,
                     config_.memory_mb);
        }
        if (config_.maxmem_mb > config_.memory_mb) {
            warn(find("maxmem")->key_at,
                 fmt::format("'maxmem' above 'memory' has no effect: the domain keeps its {} MiB", config_.memory_mb));
        }
    }

    // xl counts the processors that are on in vcpus, and all in maxvcpus; xm counts all, and has a mask.
    void processors()
    {
        config_.vcpus = static_cast<int>(integer("vcpus").value_or(1));
        config_.max_vcpus = static_cast<int>(integer("maxvcpus").value_or(config_.vcpus));
        if (config_.max_vcpus < config_.vcpus) {
            complain(find("maxvcpus")->value_at, "'maxvcpus' is {} and less than 'vcpus', {}", config_.max_vcpus,
                     config_.vcpus);
        }
        if (find("vcpu_avail") != nullptr) {
            mask_processors();
        }
        if (config_.vcpus > 1 && config_.apic == Switch::Off) {
            complain(find("apic")->value_at, "{} processors need local APICs; write apic = 1, or vcpus = 1",
                     config_.vcpus);
        }
        if (config_.max_vcpus > config_.vcpus) {
            warn(find("vcpu_avail") != nullptr ? find("vcpu_avail")->key_at : find("maxvcpus")->key_at,
                 fmt::format("processors cannot be turned on while the guest runs: it has {} of {}", config_.vcpus,
                             config_.max_vcpus));
        }
    }

    void mask_processors()
    {
        const auto& setting = *find("vcpu_avail");
        const auto mask = mask_of(setting.value);
        if (!mask || (*mask & 1) == 0) {
            complain(setting.value_at,
                     "'vcpu_avail' is a number whose bits stand for processors, the first of which must be on");
        }
        const std::uint64_t all = config_.vcpus >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << config_.vcpus) - 1;
        config_.vcpus = std::popcount(*mask & all);
    }

    // A number, or one in quotes, decimal or hexadecimal.
    static std::optional<std::uint64_t> mask_of(const Value& value)
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

    void boot_order()
    {
        const auto* setting = find("boot");
        if (setting == nullptr) {
            return;
        }
        auto order = text("boot").value_or("");
        if (order.empty()) {
            return;
        }
        for (const char c : order) {
            if (std::string_view{"acdn"}.find(c) == std::string_view::npos) {
                complain(
                    setting->value_at,
                    "'{}' in 'boot' is no boot device; a is the floppy, c the hard disk, d the CD-ROM, n the network",
                    c);
            }
        }
        if (order.find('n') != std::string::npos) {
            std::erase(order, 'n');
            if (order.empty()) {
                complain(setting->value_at, "booting from the network is not provided yet; 'boot' can have a, c and d");
            }
            warn(setting->value_at, "booting from the network is not provided yet; 'n' in 'boot' is passed over");
        }
        config_.boot.clear();
        for (const char c : order) {
            if (config_.boot.find(c) == std::string::npos) {
                config_.boot += c;
            }
        }
    }

    void add_disk(const std::string& disk_text, const Location& where)
    {
        std::vector<std::string> notes;
        auto disk = parse_disk(disk_text, notes);
        if (!disk) {
            complain(where, "{}", disk.error());
        }
        for (auto& note : notes) {
            warn(where, std::move(note));
        }
        if (std::ranges::any_of(config_.disks, [&](const DiskConfig& other) { return other.vdev == disk->vdev; })) {
            complain(where, "the drive {} is given twice", disk->vdev);
        }
        disk->where = where;
        config_.disks.push_back(std::move(*disk));
    }

    void disks()
    {
        if (const auto* setting = find("disk")) {
            const auto& items = *setting->value.items();
            for (std::size_t i = 0; i < items.size(); ++i) {
                if (!items[i].string()->empty()) {
                    add_disk(*items[i].string(), setting->item_at(i));
                }
            }
        }
        if (const auto cdrom = text("cdrom"); cdrom && !cdrom->empty()) {
            const bool prefixed = cdrom->starts_with("phy:") || cdrom->starts_with("file:");
            add_disk((prefixed                      ? ""
                      : cdrom->starts_with("/dev/") ? "phy:"
                                                    : "file:") +
                         *cdrom + ",hdc:cdrom,r",
                     find("cdrom")->value_at);
        }
    }

    void vifs()
    {
        const auto* setting = find("vif");
        if (setting == nullptr) {
            return;
        }
        const auto& items = *setting->value.items();
        for (std::size_t i = 0; i < items.size(); ++i) {
            std::vector<std::string> notes;
            const auto& where = setting->item_at(i);
            auto vif = parse_vif(*items[i].string(), notes);
            if (!vif) {
                complain(where, "{}", vif.error());
            }
            for (auto& note : notes) {
                warn(where, std::move(note));
            }
            if (!vif->mac.empty() &&
                std::ranges::any_of(config_.vifs, [&](const VifConfig& other) { return other.mac == vif->mac; })) {
                complain(where, "the MAC address {} is given twice", vif->mac);
            }
            vif->where = where;
            config_.vifs.push_back(std::move(*vif));
        }
        if (!config_.vifs.empty()) {
            warn(setting->key_at, "network cards are not provided yet; the domain starts without them");
        }
    }

    // ADDRESS or ADDRESS:DISPLAY; an IPv6 address with a display is in square brackets.
    void vnc_listen()
    {
        const auto* setting = find("vnclisten");
        if (setting == nullptr) {
            return;
        }
        auto address = text("vnclisten").value_or("");
        const bool bracketed = address.starts_with('[');
        const auto close = bracketed ? address.find(']') : std::string::npos;
        const auto colon =
            bracketed ? (close == std::string::npos ? close : address.find(':', close)) : address.find(':');
        const bool several =
            !bracketed && colon != std::string::npos && address.find(':', colon + 1) != std::string::npos;
        if (colon != std::string::npos && !several) {
            const auto display = as_integer(Value{address.substr(colon + 1)});
            if (!display || *display < 0 || *display > 59'635) {
                complain(setting->value_at, "'{}' behind the colon of 'vnclisten' is no VNC display number",
                         address.substr(colon + 1).substr(0, 40));
            }
            config_.graphics.display = static_cast<int>(*display);
            config_.graphics.display_where = setting->value_at;
            address = address.substr(0, colon);
        }
        if (address.starts_with('[') && address.ends_with(']')) {
            address = address.substr(1, address.size() - 2);
        }
        if (address.empty()) {
            return;
        }
        if (const auto fault = listen_fault(address)) {
            complain(setting->value_at, "{}", *fault);
        }
        config_.graphics.listen = address;
    }

    void graphics()
    {
        auto& graphics = config_.graphics;
        read_switch("vnc", graphics.vnc);
        read_switch("sdl", graphics.sdl);
        read_switch("vncunused", graphics.unused);
        read_switch("vncviewer", graphics.viewer);
        auto console = Switch::Off;
        read_switch("vncconsole", console);
        graphics.viewer = console == Switch::On ? Switch::On : graphics.viewer;
        auto none = Switch::Off;
        read_switch("nographic", none);
        if (none == Switch::On) {
            graphics.vnc = Switch::Off;
            graphics.sdl = Switch::Off;
        }
        vnc_listen();
        if (const auto display = integer("vncdisplay")) {
            graphics.display = static_cast<int>(*display);
            graphics.display_where = find("vncdisplay")->value_at;
        }
        graphics.password = text("vncpasswd");
        if (const auto note = password_note(graphics.password.value_or(""))) {
            warn(find("vncpasswd")->value_at.secret(), *note);
        }
        keymap();
    }

    void keymap()
    {
        const auto name = text("keymap");
        if (!name || name->empty()) {
            return;
        }
        if (const auto fault = keymap_fault(*name)) {
            complain(find("keymap")->value_at, "{}", *fault);
        }
        config_.graphics.keymap = name;
    }

    void clock_and_platform()
    {
        read_switch("acpi", config_.acpi);
        read_switch("apic", config_.apic);
        read_switch("pae", config_.pae);
        read_switch("msr_relaxed", config_.msr_relaxed);
        read_switch("localtime", config_.localtime);
        read_switch("verify", config_.verify);
        read_switch("nomigrate", config_.nomigrate);
        config_.rtc_timeoffset = integer("rtc_timeoffset").value_or(0);
        timer_mode();
    }

    void processor_features()
    {
        if (const auto* setting = find("cpuid")) {
            auto bits = parse_cpuid(*setting);
            if (!bits) {
                throw std::move(bits.error());
            }
            config_.cpuid = std::move(*bits);
        }
    }

    void timer_mode()
    {
        constexpr std::array<std::string_view, 4> kModes{"delay_for_missed_ticks", "no_delay_for_missed_ticks",
                                                         "no_missed_ticks_pending", "one_missed_tick_pending"};
        const auto word = text("timer_mode");
        if (!word || word->empty()) {
            return;
        }
        const auto number = integer("timer_mode");
        const auto mode = number ? *number : std::ranges::find(kModes, *word) - kModes.begin();
        if (mode < 0 || mode > 3) {
            complain(find("timer_mode")->value_at, "'{}' is no timer mode; 0, 1, 2 and 3 are", word->substr(0, 40));
        }
        config_.timer_mode = mode <= 1 ? TimerMode::DeliverMissed : TimerMode::CollapseMissed;
    }

    void read_action(std::string_view key, LifeAction& into)
    {
        const auto word = text(key);
        if (!word || word->empty()) {
            return;
        }
        std::string_view action = *word;
        if (action.starts_with(kWithCore)) {
            action.remove_prefix(kWithCore.size());
            warn(find(key)->value_at,
                 fmt::format("'{}' does what '{}' does: core dumps of domains are not written yet", *word, action));
        } else if (action == "soft-reset") {
            action = "restart";
            warn(find(key)->value_at, "'soft-reset' does what 'restart' does: there is no Xen hypervisor underneath");
        }
        into = action == "restart"          ? LifeAction::Restart
               : action == "preserve"       ? LifeAction::Preserve
               : action == "rename-restart" ? LifeAction::RenameRestart
                                            : LifeAction::Destroy;
    }

    void life_cycle()
    {
        if (const auto word = text("restart"); word && !word->empty()) {
            config_.on_poweroff = *word == "always" ? LifeAction::Restart : LifeAction::Destroy;
            config_.on_reboot = *word == "never" ? LifeAction::Destroy : LifeAction::Restart;
            config_.on_crash = *word == "always" ? LifeAction::Restart : LifeAction::Destroy;
        }
        read_action("on_poweroff", config_.on_poweroff);
        read_action("on_reboot", config_.on_reboot);
        read_action("on_crash", config_.on_crash);
    }

    void serial()
    {
        const auto* setting = find("serial");
        if (setting == nullptr) {
            return;
        }
        const auto* items = setting->value.items();
        if (items != nullptr && items->size() > 1) {
            complain(setting->item_at(1),
                     "this version of Windsor has one serial port a machine; 'serial' can name one");
        }
        const auto word = items == nullptr ? text("serial").value_or("")
                          : items->empty() ? std::string{}
                                           : *items->front().string();
        if (word == "pty") {
            config_.serial = SerialKind::Pty;
        } else if (!word.empty() && word != "none" && word != "null") {
            complain(setting->value_at, "serial = '{}' is not provided yet; 'pty' is, and the console command opens it",
                     word.substr(0, 60));
        }
    }

    void engine()
    {
        config_.engine = engine_from(text("engine").value_or("")); // nothing for what is no engine's name
    }

    void sandbox()
    {
        const std::string word = text("sandbox").value_or("on"); // the table has refused other words
        using sandbox::Mode;
        config_.sandbox = word == "off" ? Mode::Off : word == "required" ? Mode::Required : Mode::On;
    }

    const Settings& settings_;
    std::vector<Warning>& warnings_;
    DomainConfig config_;
};

} // namespace

std::optional<EngineChoice> engine_from(std::string_view word)
{
    for (const auto engine : {EngineChoice::Auto, EngineChoice::Kvm, EngineChoice::Translate, EngineChoice::Emulate}) {
        if (engine_name(engine) == word) {
            return engine;
        }
    }
    return std::nullopt;
}

std::expected<DomainConfig, Complaint> build_domain(const Settings& settings, std::string_view default_name,
                                                    std::vector<Warning>& warnings)
{
    const auto merged = with_vfb(settings, warnings);
    if (!merged) {
        return std::unexpected{merged.error()};
    }
    if (auto complaint = guest_complaint(*merged)) {
        return std::unexpected{std::move(*complaint)};
    }
    try {
        return Builder{*merged, warnings}.run(default_name);
    } catch (Complaint& complaint) {
        return std::unexpected{std::move(complaint)};
    }
}

} // namespace windsor::config
