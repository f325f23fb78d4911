// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/share_key.hpp"

#include "share/folder.hpp"

namespace windsor::config {

namespace {

// With those before it: two of the same name are a mistake of the second one.
void add_folder(std::string text, const Location& where, Reading& reading)
{
    reading.config.share.push_back(std::move(text));
    if (const auto folders = share::parse_folders(reading.config.share); !folders) {
        complain(where, "{}", folders.error().message());
    }
}

} // namespace

void read_share(const KeyInfo&, const Setting& setting, Reading& reading)
{
    reading.config.share.clear();
    const auto* items = setting.value.items();
    if (items == nullptr) {
        if (const std::string text = text_of(setting); !text.empty()) {
            add_folder(text, setting.value_at, reading);
        }
        return;
    }
    for (std::size_t number = 0; number < items->size(); ++number) {
        add_folder(*(*items)[number].string(), setting.item_at(number), reading);
    }
}

} // namespace windsor::config
