// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/smbios_key.hpp"

#include <algorithm>

#include "firmware/smbios_texts.hpp"

namespace windsor::config {
namespace {

// libxl knows no other words of Windsor's.
bool is_of_xl(std::string_view word)
{
    const auto words = firmware::smbios_words();
    const auto known = std::ranges::find(words, word, &firmware::SmbiosWord::word);
    return word == firmware::kOemWord || (known != words.end() && known->of == firmware::SmbiosWord::Of::Xl);
}

} // namespace

void read_smbios(const KeyInfo&, const Setting& setting, Reading& reading)
{
    firmware::SmbiosTexts texts;
    std::vector<std::string> said;
    const auto take = [&](const std::string& text, const Location& where) {
        if (text != kHostTexts) {
            if (const auto added = firmware::add_smbios_text(texts, text); !added) {
                complain(where, "{}", added.error().message());
            }
        }
        said.push_back(text);
    };
    if (const auto* items = setting.value.items()) {
        for (std::size_t i = 0; i < items->size(); ++i) {
            take(*(*items)[i].string(), setting.item_at(i));
        }
    } else if (const std::string text = text_of(setting); !text.empty()) {
        take(text, setting.value_at);
    }
    reading.config.smbios = std::move(said);
}

nlohmann::ordered_json xl_smbios(const KeyInfo&, const DomainConfig& config)
{
    nlohmann::ordered_json pairs;
    for (const std::string& said : own_texts(config)) {
        const std::size_t sign = said.find('=');
        if (is_of_xl(said.substr(0, sign))) {
            pairs.push_back({{"key", said.substr(0, sign)}, {"value", valid_utf8(said.substr(sign + 1))}});
        }
    }
    return pairs;
}

bool wants_host_texts(const DomainConfig& config)
{
    return std::ranges::find(config.smbios, kHostTexts) != config.smbios.end();
}

std::vector<std::string> own_texts(const DomainConfig& config)
{
    std::vector<std::string> texts;
    std::ranges::remove_copy(config.smbios, std::back_inserter(texts), kHostTexts);
    return texts;
}

bool is_sensible(const DriveTexts& told)
{
    const auto fits = [](const std::string& text, std::size_t most, char least) {
        return text.size() <= most && std::ranges::all_of(text, [least](char c) { return c >= least && c <= '~'; });
    };
    return fits(told.model, 40, ' ') && fits(told.firmware, 8, '!') && fits(told.serial, 20, '!');
}

bool has_sensible_texts(const DomainConfig& config)
{
    constexpr std::size_t kMost = 4 * firmware::kMostOemTexts; // of which some may be for one word
    return config.smbios.size() <= kMost && config.smbios_texts.size() <= kMost &&
           firmware::parse_smbios_texts(own_texts(config)) && firmware::parse_smbios_texts(config.smbios_texts);
}

} // namespace windsor::config
