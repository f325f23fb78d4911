// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/serial_key.hpp"

#include <algorithm>

namespace windsor::config {

namespace {

void add_end(const std::string& text, const Location& where, Reading& reading)
{
    const auto end = serial::parse_end(text);
    if (!end) {
        complain(where, "{}", end.error().message());
    }
    if (end->awaited) {
        reading.warn(where, fmt::format("'{}' does not keep the guest from beginning: it runs at once, as with nowait",
                                        valid_utf8(text)));
    }
    reading.config.serial.push_back(text.empty() ? "null" : text);
}

// For listings: a file or a socket may have any name.
std::string shown(const std::string& text)
{
    return valid_utf8(text);
}

} // namespace

void read_serial(const KeyInfo&, const Setting& setting, Reading& reading)
{
    reading.config.serial.clear();
    const auto* items = setting.value.items();
    if (items == nullptr) {
        add_end(text_of(setting), setting.value_at, reading);
        return;
    }
    for (std::size_t number = 0; number < items->size(); ++number) {
        if (number == serial::kMostPorts) {
            complain(setting.item_at(number), "a machine has {} serial ports at the most", serial::kMostPorts);
        }
        add_end(*(*items)[number].string(), setting.item_at(number), reading);
    }
}

SxpNodes xend_serial(const DomainConfig& config, const std::optional<XendState>&)
{
    if (config.serial.size() <= 1) {
        return {SxpNode::entry("serial", config.serial.empty() ? "null" : shown(config.serial.front()))};
    }
    SxpNodes items;
    std::ranges::transform(config.serial, std::back_inserter(items),
                           [](const std::string& text) { return SxpNode::of(shown(text)); });
    return {SxpNode::list({SxpNode::of("serial"), SxpNode::list(std::move(items))})};
}

nlohmann::ordered_json xl_serial(const KeyInfo&, const DomainConfig& config)
{
    if (config.serial.empty()) {
        return nullptr;
    }
    if (config.serial.size() == 1) {
        return shown(config.serial.front());
    }
    nlohmann::ordered_json texts;
    for (const std::string& text : config.serial) {
        texts.push_back(shown(text));
    }
    return texts;
}

base::Result<std::vector<serial::End>> serial_ends(const DomainConfig& config)
{
    std::vector<serial::End> ends;
    if (config.serial.size() > serial::kMostPorts) {
        return base::fail("a machine has {} serial ports at the most", serial::kMostPorts);
    }
    for (const std::string& text : config.serial) {
        ends.push_back(WINDSOR_TRY(serial::parse_end(text)));
    }
    if (ends.empty()) {
        ends.emplace_back();
    }
    return ends;
}

bool has_terminal(const DomainConfig& config)
{
    return std::ranges::find(config.serial, "pty") != config.serial.end();
}

} // namespace windsor::config
