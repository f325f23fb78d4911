// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/devices.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace windsor::config {
namespace {

using Failure = std::unexpected<std::string>;

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t\r\n";
    const auto start = text.find_first_not_of(kBlanks);
    return start == std::string_view::npos ? std::string_view{}
                                           : text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

std::string lowered(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return result;
}

bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

template <typename... Args> Failure failure(fmt::format_string<Args...> format, Args&&... args)
{
    return Failure{fmt::format(format, std::forward<Args>(args)...)};
}

// A reader of either form of disk string.
class DiskReader {
public:
    DiskReader(std::string_view text, std::vector<std::string>& warnings) : text_{text}, warnings_{warnings} {}

    std::expected<DiskConfig, std::string> run()
    {
        disk_.text = std::string{text_};
        if (text_.find('\0') != std::string_view::npos) {
            return failure("a disk's text cannot contain a NUL character");
        }
        auto result = has_classic_prefix() || is_classic_empty_drive() ? classic() : modern();
        if (!result) {
            return Failure{result.error()};
        }
        return finish();
    }

private:
    using Outcome = std::expected<void, std::string>;

    static constexpr std::array<std::string_view, 5> kFormats{"raw", "qcow", "qcow2", "vhd", "qed"};

    bool has_classic_prefix() const
    {
        constexpr std::array<std::string_view, 19> kPrefixes{
            "file", "phy", "tap",  "tap2",  "drbd", "nbd", "enbd",  "iscsi",   "npiv", "rbd",
            "aio",  "raw", "qcow", "qcow2", "vhd",  "qed", "ioemu", "tapdisk", "hw"};
        const auto text = trimmed(text_);
        const auto colon = text.find_first_of(":=,/");
        return colon != std::string_view::npos && text[colon] == ':' &&
               std::ranges::find(kPrefixes, text.substr(0, colon)) != kPrefixes.end();
    }

    // ',hdc:cdrom,r', as people wrote a CD drive without a disc for xm.
    bool is_classic_empty_drive() const
    {
        auto rest = text_;
        return take_field(rest).empty() && take_field(rest).ends_with(":cdrom");
    }

    static std::string_view take_field(std::string_view& rest)
    {
        const auto end = std::min(rest.find(','), rest.size());
        const auto field = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        return field;
    }

    // 'file:/path,ioemu:hda,w': target, drive, mode, and perhaps the driver domain.
    Outcome classic()
    {
        auto rest = text_;
        if (auto outcome = set_classic_target(take_field(rest)); !outcome) {
            return outcome;
        }
        if (auto outcome = set_classic_vdev(take_field(rest)); !outcome) {
            return outcome;
        }
        const auto mode = take_field(rest);
        if (auto outcome = set_access(mode.empty() && disk_.kind == DiskKind::Cdrom ? "r" : mode); !outcome) {
            return outcome;
        }
        if (const auto domain = take_field(rest); !domain.empty() && domain != "0" && domain != "Domain-0") {
            return failure("the disk is to be served by the domain '{}', and driver domains are not provided",
                           domain.substr(0, 40));
        }
        return rest.empty() ? Outcome{}
                            : failure("'{}' is left over behind the disk's mode; a classic disk is 'TARGET,DRIVE,MODE'",
                                      rest.substr(0, 40));
    }

    Outcome set_classic_target(std::string_view target)
    {
        while (true) {
            const auto colon = target.find_first_of(":/");
            if (colon == std::string_view::npos || target[colon] != ':') {
                break;
            }
            const auto prefix = target.substr(0, colon);
            target.remove_prefix(colon + 1);
            if (auto outcome = set_prefix(prefix); !outcome) {
                return outcome;
            }
        }
        return set_path(target);
    }

    Outcome set_prefix(std::string_view prefix)
    {
        if (prefix == "file" || prefix == "tap" || prefix == "tap2" || prefix == "tapdisk" || prefix == "aio" ||
            prefix == "ioemu" || prefix == "ram") {
            return {};
        }
        if (prefix == "phy") {
            disk_.backend = DiskBackend::Physical;
            return {};
        }
        if (prefix == "drbd" || prefix == "nbd" || prefix == "enbd" || prefix == "iscsi" || prefix == "npiv" ||
            prefix == "rbd" || prefix == "hw") {
            return failure("'{}:' disks are not provided yet; 'file:' and 'phy:' are", prefix);
        }
        return set_format(prefix);
    }

    Outcome set_classic_vdev(std::string_view vdev)
    {
        if (vdev.starts_with("ioemu:")) {
            vdev.remove_prefix(6);
        } else if (vdev.starts_with("tap2:")) {
            vdev.remove_prefix(5);
        }
        const auto colon = std::min(vdev.find(':'), vdev.size());
        const auto kind = vdev.substr(std::min(colon + 1, vdev.size()));
        if (kind == "cdrom") {
            disk_.kind = DiskKind::Cdrom;
        } else if (!kind.empty() && kind != "disk") {
            return failure("'{}' is no kind of drive; 'cdrom' and 'disk' are", kind.substr(0, 40));
        }
        return set_vdev(vdev.substr(0, colon));
    }

    // xl-disk-configuration(5): up to four positional fields, then or instead key=value; target= takes the rest.
    Outcome modern()
    {
        auto rest = text_;
        std::size_t positional = 0;
        bool any = false;
        while (!trimmed(rest).empty() || (any && positional < 4 && !rest.empty())) {
            any = true;
            const auto start = rest;
            const auto field = take_field(rest);
            const auto equals = field.find('=');
            const bool is_option = equals != std::string_view::npos && is_option_name(trimmed(field.substr(0, equals)));
            if (is_option && trimmed(field.substr(0, equals)) == "target") {
                return set_path(trimmed(start.substr(start.find('=') + 1)));
            }
            const auto outcome = is_option
                                     ? set_option(trimmed(field.substr(0, equals)), trimmed(field.substr(equals + 1)))
                                 : is_flag(field) ? set_flag(field)
                                 : positional < 4 ? set_positional(positional++, field)
                                                  : unknown(field);
            if (!outcome) {
                return outcome;
            }
        }
        return any ? Outcome{} : failure("this disk's text is empty");
    }

    static bool is_option_name(std::string_view name)
    {
        return !name.empty() &&
               std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || c == '-' || c == '_'; });
    }

    static bool is_flag(std::string_view field)
    {
        constexpr std::array<std::string_view, 6> kFlags{"cdrom",      "direct-io-safe", "discard",
                                                         "no-discard", "colo",           "readonly"};
        return std::ranges::find(kFlags, field) != kFlags.end();
    }

    Outcome set_flag(std::string_view flag)
    {
        if (flag == "cdrom") {
            disk_.kind = DiskKind::Cdrom;
        } else if (flag == "readonly") {
            return set_access("ro");
        } else if (flag == "colo") {
            return failure("'colo' replication is not provided");
        }
        return {};
    }

    Outcome set_positional(std::size_t place, std::string_view field)
    {
        switch (place) {
        case 0: return set_path(field);
        case 1: return field.empty() ? Outcome{} : set_format(field);
        case 2: return set_vdev(field);
        default: return field.empty() ? Outcome{} : set_access(field);
        }
    }

    Outcome unknown(std::string_view name)
    {
        constexpr std::array<std::string_view, 14> kNames{
            "target",  "format",  "vdev",  "access",     "backendtype", "backend",        "script",
            "devtype", "discard", "cdrom", "no-discard", "size",        "direct-io-safe", "specification"};
        const auto nearest = nearest_name(name, kNames);
        return nearest.empty()
                   ? failure("'{}' is no option of a disk", name.substr(0, 40))
                   : failure("'{}' is no option of a disk; the nearest is '{}'", name.substr(0, 40), nearest);
    }

    Outcome set_option(std::string_view name, std::string_view value)
    {
        if (name == "format") {
            return set_format(value);
        }
        if (name == "vdev") {
            return set_vdev(value);
        }
        if (name == "access") {
            return set_access(value);
        }
        if (name == "devtype") {
            disk_.kind = value == "cdrom" ? DiskKind::Cdrom : DiskKind::Disk;
            return value == "cdrom" || value == "disk"
                       ? Outcome{}
                       : failure("'{}' is no kind of drive; 'cdrom' and 'disk' are", value.substr(0, 40));
        }
        if (name == "backendtype") {
            return set_backend_type(value);
        }
        if (name == "backend") {
            return value == "0" || value == "Domain-0" || value.empty()
                       ? Outcome{}
                       : failure("the disk is to be served by the domain '{}', and driver domains are not provided",
                                 value.substr(0, 40));
        }
        if (name == "script") {
            disk_.script = value;
            warnings_.push_back(fmt::format(
                "the disk's script '{}' is accepted without effect: scripts are not run yet", value.substr(0, 80)));
            return {};
        }
        if (name == "size") {
            return set_size(value);
        }
        if (name == "specification" || name == "transport") {
            return value == "xen"
                       ? Outcome{}
                       : failure("'{}={}' is not provided; the drives are IDE drives", name, value.substr(0, 40));
        }
        return unknown(name);
    }

    Outcome set_backend_type(std::string_view value)
    {
        if (value == "phy") {
            disk_.backend = DiskBackend::Physical;
        } else if (value != "tap" && value != "qdisk" && value != "file") {
            return failure("'{}' is no back end of a disk; 'phy', 'qdisk' and 'tap' are", value.substr(0, 40));
        }
        return {};
    }

    // A number with K, M, G or T, in powers of 1024.
    Outcome set_size(std::string_view value)
    {
        constexpr std::string_view kUnits = "kmgt";
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        auto unit = lowered(std::string_view{end, value.data() + value.size()});
        unit = unit.substr(0, unit.find_first_of("ib"));
        const auto power = unit.empty() ? 0 : kUnits.find(unit) + 1;
        const auto shift = static_cast<unsigned>(power * 10);
        if (error != std::errc{} || unit.size() > 1 || power > 4 || number == 0 ||
            number > (std::uint64_t{1} << (60 - shift))) {
            return failure("'{}' is no size of a disk; write it like 20G", value.substr(0, 40));
        }
        disk_.size = number << shift;
        return {};
    }

    Outcome set_format(std::string_view format)
    {
        if (format == "raw" || format == "aio") {
            return {};
        }
        if (format == "empty") {
            return {};
        }
        if (std::ranges::find(kFormats, format) != kFormats.end()) {
            return failure("disks in the format '{}' are not provided yet; convert the image to raw", format);
        }
        if (is_drive(format)) {
            return failure(
                "'{}' stands where the disk's format belongs; write 'PATH,raw,{},MODE' or 'file:PATH,{},MODE'", format,
                format, format);
        }
        const auto nearest = nearest_name(format, kFormats);
        return failure("'{}' is no disk format{}", format.substr(0, 40),
                       nearest.empty() ? "; 'raw' is" : fmt::format("; the nearest is '{}'", nearest));
    }

    Outcome set_path(std::string_view path)
    {
        disk_.path = std::string{path};
        return {};
    }

    Outcome set_access(std::string_view access)
    {
        const auto mode = lowered(access);
        if (mode == "r" || mode == "ro") {
            disk_.access = DiskAccess::ReadOnly;
        } else if (mode == "w" || mode == "rw") {
            disk_.access = DiskAccess::ReadWrite;
        } else if (mode == "w!" || mode == "!") {
            disk_.access = DiskAccess::SharedWrite;
        } else if (mode.empty()) {
            return failure("the disk's mode is missing: 'r', 'w' or 'w!'");
        } else {
            return failure("'{}' is no mode of a disk; 'r' reads only, 'w' writes, 'w!' writes although others do",
                           access.substr(0, 40));
        }
        return {};
    }

    static bool is_drive(std::string_view vdev)
    {
        return vdev.size() == 3 && vdev.starts_with("hd") && vdev[2] >= 'a' && vdev[2] <= 'd';
    }

    Outcome set_vdev(std::string_view vdev)
    {
        if (vdev.starts_with("/dev/")) {
            vdev.remove_prefix(5);
        }
        if (vdev.empty()) {
            return failure("the disk's drive is missing: hda, hdb, hdc or hdd");
        }
        if (vdev.size() == 4 && vdev.starts_with("xv") && is_drive(fmt::format("h{}", vdev.substr(2)))) {
            // Xen's unmodified guests see the first four of these as IDE drives, too, until they load its drivers.
            disk_.vdev = fmt::format("h{}", vdev.substr(2));
            warnings_.push_back(fmt::format("the drive '{}' is the IDE drive {}", vdev, disk_.vdev));
            return {};
        }
        if (!is_drive(vdev)) {
            return failure("the drive '{}' is not there: the machine has the four drives hda, hdb, hdc and hdd",
                           vdev.substr(0, 40));
        }
        disk_.vdev = std::string{vdev};
        return {};
    }

    std::expected<DiskConfig, std::string> finish()
    {
        if (disk_.vdev.empty()) {
            return failure("the disk's drive is missing: hda, hdb, hdc or hdd");
        }
        if (disk_.kind == DiskKind::Cdrom) {
            disk_.access = DiskAccess::ReadOnly;
        }
        if (disk_.path.empty() && disk_.kind == DiskKind::Disk) {
            return failure("the disk {} has no image or device; only a CD drive can be empty", disk_.vdev);
        }
        if (disk_.backend == DiskBackend::Physical && !disk_.path.empty() && !disk_.path.starts_with('/')) {
            disk_.path = "/dev/" + disk_.path;
        }
        if (disk_.path.starts_with("/dev/")) {
            disk_.backend = DiskBackend::Physical;
        }
        return std::move(disk_);
    }

    std::string_view text_;
    std::vector<std::string>& warnings_;
    DiskConfig disk_;
};

constexpr std::array<std::string_view, 22> kVifOptions{
    "mac",        "bridge",  "type",           "model",       "ip",    "script", "vifname", "rate", "backend",
    "gatewaydev", "netdev",  "devid",          "forwarddev",  "accel", "policy", "uuid",    "mtu",  "trusted",
    "tag",        "gateway", "security_label", "relationship"};

using VifField = std::string VifConfig::*;
constexpr std::array<std::pair<std::string_view, VifField>, 8> kVifFields{{{"bridge", &VifConfig::bridge},
                                                                           {"model", &VifConfig::model},
                                                                           {"ip", &VifConfig::ip},
                                                                           {"script", &VifConfig::script},
                                                                           {"vifname", &VifConfig::vifname},
                                                                           {"rate", &VifConfig::rate},
                                                                           {"backend", &VifConfig::backend},
                                                                           {"type", &VifConfig::type}}};

std::expected<void, std::string> set_vif_option(VifConfig& vif, std::string_view name, std::string_view value,
                                                std::vector<std::string>& warnings)
{
    if (name == "mac") {
        auto mac = parse_mac(value);
        if (!mac) {
            return Failure{mac.error()};
        }
        vif.mac = std::move(*mac);
        return {};
    }
    if (name == "type" && value != "ioemu" && value != "vif" && value != "netfront" && value != "paravirtualised") {
        return failure("'{}' is no type of network card; 'ioemu' and 'vif' are", value.substr(0, 40));
    }
    if (const auto field = std::ranges::find_if(kVifFields, [&](const auto& entry) { return entry.first == name; });
        field != kVifFields.end()) {
        vif.*field->second = std::string{value};
        return {};
    }
    if (std::ranges::find(kVifOptions, name) == kVifOptions.end()) {
        const auto nearest = nearest_name(name, kVifOptions);
        warnings.push_back(nearest.empty() ? fmt::format("'{}' is no option of a network card", name.substr(0, 40))
                                           : fmt::format("'{}' is no option of a network card; the nearest is '{}'",
                                                         name.substr(0, 40), nearest));
    }
    return {};
}

} // namespace

std::expected<DiskConfig, std::string> parse_disk(std::string_view text, std::vector<std::string>& warnings)
{
    return DiskReader{text, warnings}.run();
}

std::expected<std::string, std::string> parse_mac(std::string_view text)
{
    auto mac = lowered(trimmed(text));
    std::ranges::replace(mac, '-', ':');
    bool well_formed = mac.size() == 17;
    for (std::size_t i = 0; well_formed && i < mac.size(); ++i) {
        well_formed = i % 3 == 2 ? mac[i] == ':' : is_hex(mac[i]);
    }
    if (!well_formed) {
        return failure("'{}' is no MAC address; one is six pairs of hexadecimal digits, like 00:16:3e:01:02:03",
                       text.substr(0, 40));
    }
    if (std::string_view{"13579bdf"}.find(mac[1]) != std::string_view::npos) {
        return failure("'{}' is a multicast address and cannot be a card's MAC address; the second digit must be even",
                       mac);
    }
    if (mac == "00:00:00:00:00:00") {
        return failure("'{}' cannot be a card's MAC address", mac);
    }
    return mac;
}

std::expected<std::string, std::string> parse_uuid(std::string_view text)
{
    auto digits = lowered(trimmed(text));
    std::erase(digits, '-');
    if (digits.size() != 32 || !std::ranges::all_of(digits, is_hex)) {
        return failure("'{}' is no UUID; one is 32 hexadecimal digits, like 5b001f4d-7891-90d8-2f55-96a56e8d07df",
                       text.substr(0, 60));
    }
    for (const std::size_t place : {8U, 13U, 18U, 23U}) {
        digits.insert(place, 1, '-');
    }
    return digits;
}

std::expected<VifConfig, std::string> parse_vif(std::string_view text, std::vector<std::string>& warnings)
{
    VifConfig vif;
    vif.text = std::string{text};
    if (text.find('\0') != std::string_view::npos) {
        return failure("a network card's text cannot contain a NUL character");
    }
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        const auto field = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (field.empty()) {
            continue;
        }
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) {
            return failure("'{}' is no option of a network card; options are written NAME=VALUE", field.substr(0, 40));
        }
        auto outcome =
            set_vif_option(vif, trimmed(field.substr(0, equals)), trimmed(field.substr(equals + 1)), warnings);
        if (!outcome) {
            return Failure{outcome.error()};
        }
    }
    return vif;
}

} // namespace windsor::config
