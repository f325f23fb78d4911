// SPDX-License-Identifier: GPL-2.0-or-later
// The strings of disk=. xm's form and xl's are read as one, in the way of xl: what stands for itself is, in this order,
// the target, the format, the drive and the mode; after a prefix such as 'file:' there is no format; and every part can
// be given by its name instead.
#include "config/devices.hpp"

#include "config/device_text.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace windsor::config {
namespace {

using Outcome = std::expected<void, std::string>;

constexpr std::array<std::string_view, 6> kFormats{"raw", "qcow", "qcow2", "vhd", "qed", "vmdk"};
// Prefixes that say only by which of Xen's programs a raw image was served.
constexpr std::array<std::string_view, 8> kPlainPrefixes{"file", "tap",  "tap2",  "tapdisk",
                                                         "aio",  "sync", "ioemu", "ram"};
// What has to be reached by a program or a script that Windsor does not have.
constexpr std::array<std::string_view, 15> kRemotePrefixes{"drbd",    "nbd",      "enbd", "iscsi", "npiv",
                                                           "rbd",     "hw",       "http", "ftp",   "https",
                                                           "gluster", "sheepdog", "ssh",  "ftps",  "nfs"};

template <std::size_t N> bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words)
{
    return std::ranges::find(words, word) != words.end();
}

bool is_drive(std::string_view vdev)
{
    return vdev.size() == 3 && vdev.starts_with("hd") && vdev[2] >= 'a' && vdev[2] <= 'd';
}

// The word before a colon that nothing but letters and digits stands before; empty if there is none.
std::string_view prefix_of(std::string_view text)
{
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789");
    return end != std::string_view::npos && text[end] == ':' ? text.substr(0, end) : std::string_view{};
}

// A number with K, M, G or T, in powers of 1024.
std::expected<std::uint64_t, std::string> parse_size(std::string_view value)
{
    constexpr std::array<std::string_view, 5> kUnits{"", "k", "m", "g", "t"}; // by their power
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    auto unit = lowered(std::string_view{end, value.data() + value.size()});
    unit = unit.substr(0, unit.find_first_of("ib"));
    const auto power = std::ranges::find(kUnits, unit) - kUnits.begin();
    if (error != std::errc{} || power == std::ssize(kUnits) || number == 0 ||
        number > (std::uint64_t{1} << (60 - power * 10))) {
        return failure("'{}' is no size of a disk; write it like 20G", value.substr(0, kLongestShown));
    }
    return number << (power * 10);
}

class DiskReader {
public:
    DiskReader(std::string_view text, std::vector<std::string>& warnings) : text_{text}, warnings_{warnings} {}

    std::expected<DiskConfig, std::string> run()
    {
        disk_.text = std::string{text_};
        if (text_.find('\0') != std::string_view::npos) {
            return failure("a disk's text cannot contain a NUL character");
        }
        if (trimmed(text_).empty()) {
            return failure("this disk's text is empty");
        }
        for (auto rest = text_; !rest.empty();) {
            if (auto outcome = field(rest); !outcome) {
                return std::unexpected{outcome.error()};
            }
        }
        return finish();
    }

    // Of the target alone, with what may stand before it.
    std::expected<DiskConfig, std::string> run_target()
    {
        if (auto outcome = positional_target(text_); !outcome) {
            return std::unexpected{outcome.error()};
        }
        put_right_backend();
        return std::move(disk_);
    }

private:
    using Setter = Outcome (DiskReader::*)(std::string_view);
    struct Option {
        std::string_view name;
        Setter set;
    };
    static const std::array<Option, 12> kOptions;
    static const std::array<Option, 9> kFlags;

    // target= takes all that follows, since a path may have commas in it.
    Outcome field(std::string_view& rest)
    {
        const auto start = rest;
        const auto field = take_field(rest);
        const auto equals = field.find('=');
        const auto name = trimmed(field.substr(0, equals));
        if (equals == std::string_view::npos || !is_option_name(name)) {
            const auto flag = std::ranges::find(kFlags, field, &Option::name);
            return flag != kFlags.end() ? (this->*flag->set)(field) : positional(field);
        }
        if (name == "target") {
            rest = {};
            return set_target(trimmed(start.substr(start.find('=') + 1)));
        }
        const auto option = std::ranges::find(kOptions, name, &Option::name);
        return option != kOptions.end() ? (this->*option->set)(trimmed(field.substr(equals + 1))) : unknown(name);
    }

    static bool is_option_name(std::string_view name)
    {
        return !name.empty() && std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    }

    Outcome positional(std::string_view text)
    {
        if (!has_target_) {
            return positional_target(text);
        }
        // ',hdc:cdrom,r' is a CD drive without a disc.
        const bool drive_without_disc = disk_.path.empty() && text.find(':') != std::string_view::npos;
        if (!has_format_ && !prefixed_ && !drive_without_disc) {
            return set_format(text);
        }
        has_format_ = true;
        if (disk_.vdev.empty()) {
            return set_drive_and_kind(text);
        }
        if (!has_mode_) {
            has_mode_ = true;
            return set_access(text.empty() ? "w" : text);
        }
        if (prefixed_ && !has_server_) {
            has_server_ = true;
            return set_server(text);
        }
        return text.empty() ? Outcome{} : unknown(text);
    }

    // 'file:/path', 'tap:aio:/path', 'phy:/dev/node', or a path alone.
    Outcome positional_target(std::string_view target)
    {
        for (auto prefix = prefix_of(target); !prefix.empty(); prefix = prefix_of(target)) {
            const auto after = target.substr(prefix.size() + 1);
            const bool is_known = prefix == "phy" || is_one_of(prefix, kPlainPrefixes) ||
                                  is_one_of(prefix, kRemotePrefixes) || is_one_of(prefix, kFormats);
            if (!is_known && !after.starts_with('/')) {
                break; // a file's name with a colon in it
            }
            target = after;
            prefixed_ = true;
            if (auto outcome = set_prefix(prefix); !outcome) {
                return outcome;
            }
        }
        return set_target(target);
    }

    Outcome set_prefix(std::string_view prefix)
    {
        if (is_one_of(prefix, kPlainPrefixes)) {
            return {};
        }
        if (prefix == "phy") {
            disk_.backend = DiskBackend::Physical;
            return {};
        }
        if (is_one_of(prefix, kRemotePrefixes)) {
            return failure("'{}:' disks are not provided yet; 'file:' and 'phy:' are", prefix);
        }
        if (is_one_of(prefix, kFormats)) {
            return set_format(prefix);
        }
        const auto nearest = nearest_name(prefix, kPlainPrefixes);
        return failure("'{}:' is no kind of disk; {}", prefix.substr(0, kLongestShown),
                       nearest.empty() ? "'file:' and 'phy:' are" : fmt::format("the nearest is '{}:'", nearest));
    }

    Outcome set_target(std::string_view path)
    {
        if (has_target_ && !disk_.path.empty()) {
            return failure("the disk has two targets, '{}' and '{}'", disk_.path.substr(0, kLongestShown),
                           path.substr(0, kLongestShown));
        }
        if (const auto prefix = prefix_of(path); is_one_of(prefix, kRemotePrefixes)) {
            return set_prefix(prefix);
        }
        has_target_ = true;
        disk_.path = std::string{path};
        return {};
    }

    // 'hda', or 'ioemu:hda', or 'hdc:cdrom'.
    Outcome set_drive_and_kind(std::string_view text)
    {
        for (const std::string_view word : {"ioemu:", "tap2:"}) {
            text.remove_prefix(text.starts_with(word) ? word.size() : 0);
        }
        const auto colon = std::min(text.find(':'), text.size());
        if (const auto kind = text.substr(std::min(colon + 1, text.size())); !kind.empty()) {
            if (auto outcome = set_kind(kind); !outcome) {
                return outcome;
            }
        }
        return set_drive(text.substr(0, colon));
    }

    Outcome set_kind(std::string_view kind)
    {
        disk_.kind = kind == "cdrom" ? DiskKind::Cdrom : DiskKind::Disk;
        return kind == "cdrom" || kind == "disk"
                   ? Outcome{}
                   : failure("'{}' is no kind of drive; 'cdrom' and 'disk' are", kind.substr(0, kLongestShown));
    }

    Outcome set_drive(std::string_view vdev)
    {
        vdev.remove_prefix(vdev.starts_with("/dev/") ? 5 : 0);
        if (vdev.empty()) {
            return failure("the disk's drive is missing: hda, hdb, hdc or hdd");
        }
        std::string drive{vdev};
        if (vdev.size() == 4 && vdev.starts_with("xv") && is_drive(fmt::format("h{}", vdev.substr(2)))) {
            // Xen's unmodified guests see the first four of these as IDE drives, too, until they load its drivers.
            drive = fmt::format("h{}", vdev.substr(2));
            warnings_.push_back(fmt::format("the drive '{}' is the IDE drive {}", vdev, drive));
        }
        if (!is_drive(drive)) {
            return failure("the drive '{}' is not there: the machine has the four drives hda, hdb, hdc and hdd",
                           vdev.substr(0, kLongestShown));
        }
        if (!disk_.vdev.empty() && disk_.vdev != drive) {
            return failure("the disk has two drives, '{}' and '{}'", disk_.vdev, drive);
        }
        disk_.vdev = std::move(drive);
        return {};
    }

    Outcome set_format(std::string_view format)
    {
        if (is_drive(format)) {
            return failure(
                "'{}' stands where the disk's format belongs; write 'PATH,raw,{},MODE' or 'file:PATH,{},MODE'", format,
                format, format);
        }
        has_format_ = true;
        if (format == "raw" || format == "aio" || format == "empty" || format.empty()) {
            return {};
        }
        if (is_one_of(format, kFormats)) {
            return failure("disks in the format '{}' are not provided yet; convert the image to raw", format);
        }
        const auto nearest = nearest_name(format, kFormats);
        return failure("'{}' is no disk format{}", format.substr(0, kLongestShown),
                       nearest.empty() ? "; 'raw' is" : fmt::format("; the nearest is '{}'", nearest));
    }

    Outcome set_access(std::string_view access)
    {
        const auto mode = lowered(access);
        if (mode == "r" || mode == "ro") {
            disk_.access = DiskAccess::ReadOnly;
        } else if (mode == "w" || mode == "rw" || mode.empty()) {
            disk_.access = DiskAccess::ReadWrite;
        } else if (mode == "w!" || mode == "!") {
            disk_.access = DiskAccess::SharedWrite;
        } else {
            return failure("'{}' is no mode of a disk; 'r' reads only, 'w' writes, 'w!' writes although others do",
                           access.substr(0, kLongestShown));
        }
        return {};
    }

    Outcome set_server(std::string_view domain)
    {
        const bool host = domain.empty() || domain == "0" || domain == "Domain-0" || domain == "dom0";
        return host ? Outcome{}
                    : failure("the disk is to be served by the domain '{}', and driver domains are not provided",
                              domain.substr(0, kLongestShown));
    }

    Outcome set_backend_type(std::string_view value)
    {
        if (value == "phy") {
            disk_.backend = DiskBackend::Physical;
        } else if (value != "tap" && value != "qdisk" && value != "file") {
            return failure("'{}' is no back end of a disk; 'phy', 'qdisk' and 'tap' are",
                           value.substr(0, kLongestShown));
        }
        return {};
    }

    // Without its script the disk would be another one, or none.
    Outcome set_script(std::string_view value)
    {
        return value.empty() ? Outcome{}
                             : failure("the disk's script '{}' is not run, since scripts are not provided yet; connect "
                                       "the disk on the host, and name its device as in 'phy:/dev/node'",
                                       value.substr(0, kLongestShown));
    }

    Outcome set_byte_size(std::string_view value)
    {
        const auto size = parse_size(value);
        if (!size) {
            return std::unexpected{size.error()};
        }
        disk_.size = *size;
        return {};
    }

    Outcome set_specification(std::string_view value)
    {
        return value == "xen" || value.empty()
                   ? Outcome{}
                   : failure("'{}' disks are not provided; the drives are IDE drives", value.substr(0, kLongestShown));
    }

    Outcome set_cdrom(std::string_view) { return set_kind("cdrom"); }
    Outcome set_read_only(std::string_view) { return set_access("ro"); }
    Outcome refuse_replication(std::string_view) { return failure("'colo' replication is not provided"); }
    Outcome nothing(std::string_view) { return {}; }
    Outcome note_untrusted(std::string_view)
    {
        warnings_.emplace_back("'untrusted' has no effect: it is a hint for the guest's paravirtual driver");
        return {};
    }

    Outcome unknown(std::string_view name)
    {
        std::array<std::string_view, kOptions.size() + 1> names{"target"};
        std::ranges::transform(kOptions, names.begin() + 1, &Option::name);
        const auto nearest = nearest_name(name, names);
        return nearest.empty() ? failure("'{}' is no option of a disk", name.substr(0, kLongestShown))
                               : failure("'{}' is no option of a disk; the nearest is '{}'",
                                         name.substr(0, kLongestShown), nearest);
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
        put_right_backend();
        return std::move(disk_);
    }

    void put_right_backend()
    {
        if (disk_.backend == DiskBackend::Physical && !disk_.path.empty() && !disk_.path.starts_with('/')) {
            disk_.path = "/dev/" + disk_.path;
        }
        if (disk_.path.starts_with("/dev/")) {
            disk_.backend = DiskBackend::Physical;
        }
    }

    std::string_view text_;
    std::vector<std::string>& warnings_;
    DiskConfig disk_;
    bool prefixed_ = false;
    bool has_target_ = false;
    bool has_format_ = false;
    bool has_mode_ = false;
    bool has_server_ = false;
};

constexpr std::array<DiskReader::Option, 12> DiskReader::kOptions{{{"format", &DiskReader::set_format},
                                                                   {"vdev", &DiskReader::set_drive},
                                                                   {"access", &DiskReader::set_access},
                                                                   {"devtype", &DiskReader::set_kind},
                                                                   {"backendtype", &DiskReader::set_backend_type},
                                                                   {"backend", &DiskReader::set_server},
                                                                   {"script", &DiskReader::set_script},
                                                                   {"size", &DiskReader::set_byte_size},
                                                                   {"specification", &DiskReader::set_specification},
                                                                   {"transport", &DiskReader::set_specification},
                                                                   {"grant_usage", &DiskReader::nothing},
                                                                   {"colo-host", &DiskReader::refuse_replication}}};

constexpr std::array<DiskReader::Option, 9> DiskReader::kFlags{{{"cdrom", &DiskReader::set_cdrom},
                                                                {"readonly", &DiskReader::set_read_only},
                                                                {"direct-io-safe", &DiskReader::nothing},
                                                                {"discard", &DiskReader::nothing},
                                                                {"no-discard", &DiskReader::nothing},
                                                                {"colo", &DiskReader::refuse_replication},
                                                                {"no-colo", &DiskReader::nothing},
                                                                {"trusted", &DiskReader::nothing},
                                                                {"untrusted", &DiskReader::note_untrusted}}};

} // namespace

std::expected<DiskConfig, std::string> parse_disk(std::string_view text, std::vector<std::string>& warnings)
{
    return DiskReader{text, warnings}.run();
}

std::expected<DiskConfig, std::string> parse_target(std::string_view text)
{
    std::vector<std::string> warnings;
    return DiskReader{text, warnings}.run_target();
}

} // namespace windsor::config
