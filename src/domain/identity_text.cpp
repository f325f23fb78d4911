// SPDX-License-Identifier: GPL-2.0-or-later
// The file of an identity: it may have been edited, cut off, or written by somebody else.
#include "domain/identity.hpp"

#include "base/printable.hpp"
#include "config/smbios_key.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace windsor::domain {

namespace {

constexpr std::string_view kHeader = "windsor-identity ";
constexpr unsigned kVersion = 2; // of which 1 had neither SMBIOS texts nor drives
constexpr std::size_t kLongestValue = 4096;
constexpr std::size_t kMostMacs = 8;

using Set = bool (*)(Identity&, std::string_view); // false: the value is none

template <std::string Identity::* Member> bool set_text(Identity& identity, std::string_view value)
{
    identity.*Member = value;
    return true;
}

template <typename Number> bool read_number(std::string_view text, Number most, Number& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() && number <= most;
}

bool set_uuid(Identity& identity, std::string_view value)
{
    const Uuid uuid = parse_uuid(value);
    identity.uuid = format_uuid(uuid);
    return uuid != Uuid{} && identity.uuid == value;
}

bool set_switch(bool& to, std::string_view value)
{
    to = value == "1";
    return value == "0" || value == "1";
}

bool is_mac(std::string_view value)
{
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (value.size() != 17) {
        return false;
    }
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (i % 3 == 2 ? value[i] != ':' : kDigits.find(value[i]) == std::string_view::npos) {
            return false;
        }
    }
    return true;
}

bool set_mac(Identity& identity, std::string_view value)
{
    identity.macs.emplace_back(value);
    return is_mac(value) && identity.macs.size() <= kMostMacs;
}

constexpr std::array<std::pair<std::string_view, InstallStage>, 3> kStages{
    {{"1", InstallStage::First}, {"2", InstallStage::Second}, {"done", InstallStage::Done}}};

bool set_stage(Identity& identity, std::string_view value)
{
    const auto stage = std::ranges::find(kStages, value, [](const auto& each) { return each.first; });
    identity.stage = stage != kStages.end() ? stage->second : InstallStage::None;
    return stage != kStages.end();
}

bool set_processors(Identity& identity, std::string_view value)
{
    return read_number(value, static_cast<unsigned>(config::kMostVcpus), identity.hal.processors) &&
           identity.hal.processors != 0;
}

bool set_memory(Identity& identity, std::string_view value)
{
    return read_number(value, static_cast<std::uint64_t>(config::kMostMemory), identity.memory_mb) &&
           identity.memory_mb != 0;
}

// A word has one text at the most, and there are OEM strings.
bool set_smbios(Identity& identity, std::string_view value)
{
    const firmware::SmbiosTexts before = identity.smbios;
    if (!firmware::add_smbios_text(identity.smbios, value)) {
        return false;
    }
    for (const firmware::SmbiosWord& word : firmware::smbios_words()) {
        if (value.substr(0, value.find('=')) == word.word) {
            return !before[word.text];
        }
    }
    return true;
}

constexpr std::array<std::pair<std::string_view, config::DiskKind>, 2> kDriveKinds{
    {{":disk", config::DiskKind::Disk}, {":cdrom", config::DiskKind::Cdrom}}};
constexpr std::size_t kMostDrives = 8; // four places, two kinds

// The word before the first blank, which is taken off together with that.
std::string_view take_word(std::string_view& text)
{
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    return word;
}

// "hda:disk SERIAL FIRMWARE MODEL": only a model has blanks.
bool set_drive(Identity& identity, std::string_view value)
{
    const std::string_view place = take_word(value);
    const std::string_view name = place.substr(0, 3);
    const auto kind =
        std::ranges::find(kDriveKinds, place.substr(name.size()), [](const auto& each) { return each.first; });
    if (kind == kDriveKinds.end() || !name.starts_with("hd") || name[2] < 'a' || name[2] > 'd') {
        return false;
    }
    KnownDrive drive{.vdev = std::string{name}, .kind = kind->second};
    drive.told.serial = take_word(value);
    drive.told.firmware = take_word(value);
    drive.told.model = value;
    const bool whole = !drive.told.serial.empty() && !drive.told.firmware.empty() && !drive.told.model.empty();
    const bool again = std::ranges::any_of(
        identity.drives, [&](const KnownDrive& other) { return other.vdev == drive.vdev && other.kind == drive.kind; });
    const bool good = whole && !again && config::is_sensible(drive.told) && identity.drives.size() < kMostDrives;
    identity.drives.push_back(std::move(drive));
    return good;
}

std::string print_drive(const KnownDrive& drive)
{
    const auto kind = std::ranges::find(kDriveKinds, drive.kind, [](const auto& each) { return each.second; });
    return fmt::format("{}{} {} {} {}", drive.vdev, kind->first, drive.told.serial, drive.told.firmware,
                       drive.told.model);
}

constexpr std::string_view kHost = "host";

bool set_smbios_source(Identity& identity, std::string_view value)
{
    identity.smbios_source = SmbiosSource::Host;
    return value == kHost;
}

struct Field {
    std::string_view word;
    Set set;
    enum class Needed { Yes, No } needed;
    enum class Lines { One, Several } lines = Lines::One;
};

constexpr std::array kFields{
    Field{"name", set_text<&Identity::name>, Field::Needed::Yes},
    Field{"configuration", set_text<&Identity::configuration>, Field::Needed::No},
    Field{"uuid", set_uuid, Field::Needed::Yes},
    Field{"acpi", [](Identity& to, std::string_view value) { return set_switch(to.hal.acpi, value); },
          Field::Needed::Yes},
    Field{"apic", [](Identity& to, std::string_view value) { return set_switch(to.hal.apic, value); },
          Field::Needed::Yes},
    Field{"vcpus", set_processors, Field::Needed::Yes},
    Field{"memory", set_memory, Field::Needed::Yes},
    Field{"mac", set_mac, Field::Needed::No, Field::Lines::Several},
    Field{"graphics", set_text<&Identity::graphics>, Field::Needed::No},
    Field{"cdrom", set_text<&Identity::cdrom>, Field::Needed::No},
    Field{"disk", set_text<&Identity::disk>, Field::Needed::No},
    Field{"processor", set_text<&Identity::processor>, Field::Needed::Yes},
    Field{"volume", set_text<&Identity::volume>, Field::Needed::No},
    Field{"smbios", set_smbios, Field::Needed::No, Field::Lines::Several},
    Field{"smbios-source", set_smbios_source, Field::Needed::No},
    Field{"firmware-files", set_text<&Identity::firmware_files>, Field::Needed::No},
    Field{"drive", set_drive, Field::Needed::No, Field::Lines::Several},
    Field{"install-stage", set_stage, Field::Needed::No},
};

// Reads the lines after the first.
class Reader {
public:
    base::Status line(std::string_view line, unsigned number)
    {
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view word = line.substr(0, space);
        const std::string_view value = space < line.size() ? line.substr(space + 1) : std::string_view{};
        const auto field = std::ranges::find(kFields, word, &Field::word);
        if (field == kFields.end()) {
            return base::fail("line {} begins with '{}', which is no word of it", number,
                              base::printable(std::string{word.substr(0, 64)}));
        }
        bool& seen = seen_[static_cast<std::size_t>(field - kFields.begin())];
        if (seen && field->lines == Field::Lines::One) {
            return base::fail("line {} has '{}' a second time", number, word);
        }
        const bool plain = std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
        if (value.empty() || value.size() > kLongestValue || !plain || !field->set(identity_, value)) {
            return base::fail("line {} has no value that '{}' can have", number, word);
        }
        seen = true;
        return {};
    }
    base::Result<Identity> finish()
    {
        for (std::size_t i = 0; i < kFields.size(); ++i) {
            if (kFields[i].needed == Field::Needed::Yes && !seen_[i]) {
                return base::fail("it has no line '{}'", kFields[i].word);
            }
        }
        return std::move(identity_);
    }

private:
    Identity identity_;
    std::array<bool, kFields.size()> seen_{};
};

base::Status check_header(std::string_view line)
{
    unsigned version = 0;
    if (!line.starts_with(kHeader) || !read_number(line.substr(kHeader.size()), 1'000'000u, version) || version == 0) {
        return base::fail("line 1 is not 'windsor-identity {}'", kVersion);
    }
    if (version > kVersion) {
        return base::fail("it is of version {}, from a newer Windsor; this one knows them up to {}", version, kVersion);
    }
    return {};
}

} // namespace

std::string print_identity(const Identity& identity)
{
    std::string text = fmt::format("{}{}\n", kHeader, kVersion);
    const auto line = [&text](std::string_view word, std::string_view value) {
        if (!value.empty()) {
            text += fmt::format("{} {}\n", word, value);
        }
    };
    line("name", identity.name);
    line("configuration", identity.configuration);
    line("uuid", identity.uuid);
    line("acpi", identity.hal.acpi ? "1" : "0");
    line("apic", identity.hal.apic ? "1" : "0");
    line("vcpus", std::to_string(identity.hal.processors));
    line("memory", std::to_string(identity.memory_mb));
    for (const std::string& mac : identity.macs) {
        line("mac", mac);
    }
    line("graphics", identity.graphics);
    line("cdrom", identity.cdrom);
    line("disk", identity.disk);
    line("processor", identity.processor);
    line("volume", identity.volume);
    for (const std::string& smbios : firmware::print_smbios_texts(identity.smbios)) {
        line("smbios", smbios);
    }
    line("smbios-source", identity.smbios_source == SmbiosSource::Host ? kHost : "");
    line("firmware-files", identity.firmware_files);
    for (const KnownDrive& drive : identity.drives) {
        line("drive", print_drive(drive));
    }
    for (const auto& [word, stage] : kStages) {
        if (stage == identity.stage) {
            line("install-stage", word);
        }
    }
    return text;
}

base::Result<Identity> parse_identity(std::string_view text)
{
    Reader reader;
    unsigned number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return base::fail("it ends in the middle of line {}", number + 1);
        }
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        ++number;
        WINDSOR_TRY(number == 1 ? check_header(line) : reader.line(line, number));
    }
    if (number == 0) {
        return base::fail("it is empty");
    }
    return reader.finish();
}

} // namespace windsor::domain
