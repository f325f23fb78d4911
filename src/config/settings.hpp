// SPDX-License-Identifier: GPL-2.0-or-later
// The assignments of a configuration, with their places, before any key's meaning is looked at.
#pragma once

#include <expected>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/value.hpp"

namespace windsor::config {

// A failure inside this folder: where, and one sentence. Rendered into base::Error at its interface.
struct Complaint {
    Location where;
    std::string message;
};

struct Setting {
    std::string key;
    Value value;
    Location key_at;
    Location value_at;
    std::vector<Location> items_at; // of a list's elements, when they are known

    // The best place for a message about element `index`.
    const Location& item_at(std::size_t index) const { return index < items_at.size() ? items_at[index] : value_at; }
};

struct Settings {
    std::vector<Setting> entries;

    const Setting* find(std::string_view key) const;
    Setting* find(std::string_view key);
    // Replaces the setting of that key, or adds it.
    void set(Setting setting);
};

enum class PlainNames { Keys, Dotted }; // Dotted: as in xl.conf, where names have dots and hyphens

// Parses the plain KEY=VALUE form (xl.cfg(5)): strings, numbers, lists; `+=` appends.
std::expected<Settings, Complaint> parse_plain(const std::shared_ptr<const Source>& source, PlainNames names);

} // namespace windsor::config
