// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/guest_kind.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "config/device_text.hpp"
#include "config/keys.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kLongestPath = 100; // in a message
constexpr std::array<std::string_view, 2> kKindKeys{"builder", "type"};
// Of these the host needs one at least to start a guest without firmware.
constexpr std::array<std::string_view, 4> kHostStarts{"kernel", "loader", "ramdisk", "bootloader"};

// The text of a setting; empty if it is absent or none.
std::string text_of(const Setting* setting)
{
    return setting != nullptr && setting->value.string() != nullptr ? *setting->value.string() : std::string{};
}

const Setting* find(const Settings& settings, std::string_view key)
{
    const auto found = std::ranges::find_if(settings.entries,
                                            [&](const Setting& setting) { return canonical_key(setting.key) == key; });
    return found == settings.entries.end() ? nullptr : &*found;
}

// xm's files name Xen's own loader of firmware as the kernel.
bool starts_on_host(std::string_view path)
{
    return !path.empty() && path.substr(path.rfind('/') + 1) != "hvmloader";
}

std::string paravirtual(std::string_view what)
{
    return fmt::format(
        "{} describes a paravirtual guest, whose kernel the host starts; Windsor runs unmodified systems: "
        "install one from a CD, with builder = 'hvm' and without kernel, ramdisk, bootloader and root",
        what);
}

// "key" of a line such as "  key = value"; empty if it is none.
std::string_view assigned_key(std::string_view line)
{
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || line.substr(equals).starts_with("==")) {
        return {};
    }
    return trimmed(line.substr(0, equals));
}

} // namespace

std::optional<Complaint> guest_complaint(const Settings& settings)
{
    bool says_hvm = false;
    for (const auto key : kKindKeys) {
        const auto* setting = find(settings, key);
        const auto value = text_of(setting);
        says_hvm = says_hvm || value == "hvm";
        if (value == "linux" || value == "generic" || value == "pv" || value == "pvh") {
            return Complaint{setting->value_at, paravirtual(fmt::format("{} = '{}'", key, value))};
        }
    }
    for (const auto key : kHostStarts) {
        const auto* setting = find(settings, key);
        const auto path = text_of(setting);
        if (!starts_on_host(path)) {
            continue;
        }
        if (!says_hvm) {
            return Complaint{setting->value_at,
                             paravirtual(fmt::format("{} = '{}'", key, path.substr(0, kLongestPath)))};
        }
        return Complaint{setting->value_at,
                         fmt::format("{} = '{}' asks to boot a kernel directly; the guest's own boot loader starts it "
                                     "here, so remove '{}'",
                                     key, path.substr(0, kLongestPath), key)};
    }
    return std::nullopt;
}

std::optional<Complaint> guest_complaint(const std::shared_ptr<const Source>& source)
{
    const std::string_view text = source->text;
    if (text.find("hvm") != std::string_view::npos) {
        return std::nullopt;
    }
    std::uint32_t number = 1;
    for (std::size_t from = 0; from < text.size(); ++number) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const auto line = text.substr(from, end - from);
        const auto key = assigned_key(line);
        if (std::ranges::find(kHostStarts, key) != kHostStarts.end()) {
            const auto column = static_cast<std::uint32_t>(line.find(key) + 1);
            return Complaint{Location{source, {number, column}}, paravirtual(fmt::format("'{}'", key))};
        }
        from = end + 1;
    }
    return std::nullopt;
}

} // namespace windsor::config
