// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/vfb_key.hpp"

#include <array>

#include <fmt/format.h>

#include "config/device_text.hpp"
#include "config/keys.hpp"

namespace windsor::config {
namespace {

constexpr std::array<std::string_view, 14> kOptions{"type",      "vnc",    "vnclisten",  "vncdisplay", "vncpasswd",
                                                    "vncunused", "sdl",    "vncviewer",  "vncconsole", "display",
                                                    "keymap",    "opengl", "xauthority", "videoram"};

using Outcome = std::expected<void, Complaint>;

// The settings of one entry go into a copy of the others.
class EntryReader {
public:
    EntryReader(Settings& into, const Location& where, std::vector<Warning>& warnings)
        : into_{into}, where_{where}, warnings_{warnings}
    {
    }

    Outcome read(std::string_view entry)
    {
        while (!entry.empty()) {
            const auto field = take_field(entry);
            const auto equals = field.find('=');
            if (field.empty()) {
                continue;
            }
            if (equals == std::string_view::npos) {
                return complaint("an option of 'vfb' has no value; options are written NAME=VALUE");
            }
            if (auto outcome = set(trimmed(field.substr(0, equals)), trimmed(field.substr(equals + 1))); !outcome) {
                return outcome;
            }
        }
        return {};
    }

private:
    std::unexpected<Complaint> complaint(std::string message) const
    {
        return std::unexpected{Complaint{where_, std::move(message)}};
    }

    Outcome set(std::string_view name, std::string_view value)
    {
        if (name == "type") {
            return value == "vnc" || value == "sdl"
                       ? set(value, "1")
                       : complaint("'vfb' has a type that is no kind of console; 'vnc' and 'sdl' are");
        }
        if (std::ranges::find(kOptions, name) == kOptions.end()) {
            const auto nearest = nearest_name(name, kOptions);
            warnings_.push_back(
                {where_, fmt::format("'{}' is no option of 'vfb' and has no effect{}", name.substr(0, kLongestShown),
                                     nearest.empty() ? "" : fmt::format("; the nearest is '{}'", nearest))});
            return {};
        }
        const Setting* const other = find(name);
        if (other == nullptr) {
            into_.set({std::string{name}, Value{std::string{value}}, where_, where_, {}});
            return {};
        }
        const bool from_elsewhere = other->key_at.source != where_.source; // the command line, which has the last word
        const std::string_view said = other->value.string() != nullptr ? *other->value.string() : std::string_view{};
        const bool same = other->value.string() != nullptr ? said == value : to_text(other->value) == value;
        return same || from_elsewhere
                   ? Outcome{}
                   : complaint(fmt::format("'vfb' gives another '{}' than line {} does; give it once", name,
                                           other->key_at.at.line));
    }

    const Setting* find(std::string_view name) const
    {
        const auto found = std::ranges::find_if(into_.entries, [&](const Setting& setting) {
            return canonical_key(setting.key) == name && !setting.value.is_none();
        });
        return found == into_.entries.end() ? nullptr : &*found;
    }

    Settings& into_;
    Location where_;
    std::vector<Warning>& warnings_;
};

} // namespace

std::expected<Settings, Complaint> with_vfb(Settings settings, std::vector<Warning>& warnings)
{
    const Setting* const vfb = settings.find("vfb");
    if (vfb == nullptr || vfb->value.items() == nullptr) {
        return settings; // a value of another type is refused like any key's
    }
    const Setting entries = *vfb; // the settings grow
    const auto& items = *entries.value.items();
    bool has_vnc = false;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string* const entry = items[i].string();
        if (entry == nullptr) {
            return settings;
        }
        const bool is_vnc = entry->find("vnc") != std::string::npos;
        if (has_vnc && is_vnc) {
            return std::unexpected{
                Complaint{entries.item_at(i), "'vfb' describes a second VNC console, and a domain has one"}};
        }
        has_vnc = has_vnc || is_vnc;
        if (auto outcome = EntryReader{settings, entries.item_at(i), warnings}.read(*entry); !outcome) {
            return std::unexpected{outcome.error()};
        }
    }
    return settings;
}

} // namespace windsor::config
