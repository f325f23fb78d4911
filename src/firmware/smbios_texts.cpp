// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/smbios_texts.hpp"

#include "base/printable.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace windsor::firmware {

namespace {

using enum SmbiosText;
constexpr auto kXl = SmbiosWord::Of::Xl;
constexpr auto kWindsor = SmbiosWord::Of::Windsor;

constexpr std::array<SmbiosWord, kSmbiosTexts> kWords{{
    {"bios_vendor", BiosVendor, kXl, "bios_vendor", "Windsor"},
    {"bios_version", BiosVersion, kXl, "bios_version", "1.0"},
    {"bios_release_date", BiosReleaseDate, kWindsor, "bios_date", "01/01/2026"},
    {"system_manufacturer", SystemManufacturer, kXl, "sys_vendor", "Windsor"},
    {"system_product_name", SystemProductName, kXl, "product_name", "HVM domU"},
    {"system_version", SystemVersion, kXl, "product_version", "1.0"},
    {"system_serial_number", SystemSerialNumber, kXl, "product_serial", ""},
    {"system_sku_number", SystemSkuNumber, kWindsor, "product_sku", ""},
    {"system_family", SystemFamily, kWindsor, "product_family", ""},
    {"baseboard_manufacturer", BaseboardManufacturer, kXl, "board_vendor", ""},
    {"baseboard_product_name", BaseboardProductName, kXl, "board_name", ""},
    {"baseboard_version", BaseboardVersion, kXl, "board_version", ""},
    {"baseboard_serial_number", BaseboardSerialNumber, kXl, "board_serial", ""},
    {"baseboard_asset_tag", BaseboardAssetTag, kXl, "board_asset_tag", ""},
    {"baseboard_location_in_chassis", BaseboardLocationInChassis, kXl, "", ""},
    {"enclosure_manufacturer", EnclosureManufacturer, kXl, "chassis_vendor", "Windsor"},
    {"enclosure_version", EnclosureVersion, kWindsor, "chassis_version", ""},
    {"enclosure_serial_number", EnclosureSerialNumber, kXl, "chassis_serial", ""},
    {"enclosure_asset_tag", EnclosureAssetTag, kXl, "chassis_asset_tag", ""},
    {"battery_manufacturer", BatteryManufacturer, kXl, "", ""},
    {"battery_device_name", BatteryDeviceName, kXl, "", ""},
}};

constexpr bool in_order()
{
    for (std::size_t i = 0; i < kWords.size(); ++i) {
        if (kWords[i].text != static_cast<SmbiosText>(i)) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "words are found by the number of their text");

constexpr std::size_t kLongestShown = 40; // characters of a text in a message

std::string all_words()
{
    std::vector<std::string_view> words;
    std::ranges::transform(kWords, std::back_inserter(words), &SmbiosWord::word);
    words.push_back(kOemWord);
    return fmt::format("{}", fmt::join(words, ", "));
}

base::Status check_text(std::string_view word, std::string_view text)
{
    if (text.size() > kLongestSmbiosText) {
        return base::fail("the SMBIOS text '{}' has {} characters; {} are the most", word, text.size(),
                          kLongestSmbiosText);
    }
    if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) {
        return base::fail("the SMBIOS text '{}' has a character that is none of printable ASCII", word);
    }
    return {};
}

base::Status add_oem(std::optional<std::vector<std::string>>& oem, std::string_view text)
{
    if (!oem) {
        oem.emplace();
    }
    if (text.empty()) {
        return {}; // there are to be none, unless others follow
    }
    if (oem->size() == kMostOemTexts) {
        return base::fail("there are more than {} OEM strings; take some 'oem=' out", kMostOemTexts);
    }
    oem->emplace_back(text);
    return {};
}

} // namespace

std::span<const SmbiosWord> smbios_words()
{
    return kWords;
}

void SmbiosTexts::fill_in(const SmbiosTexts& others)
{
    for (std::size_t i = 0; i < texts.size(); ++i) {
        texts[i] = texts[i] ? std::move(texts[i]) : others.texts[i];
    }
    oem = oem ? std::move(oem) : others.oem;
}

base::Status add_smbios_text(SmbiosTexts& texts, std::string_view said)
{
    const std::size_t sign = said.find('=');
    const std::string_view word = said.substr(0, sign);
    if (sign == std::string_view::npos) {
        return base::fail("'{}' is no SMBIOS text; texts are written WORD=TEXT, such as system_manufacturer=ACME",
                          base::printable(std::string{word.substr(0, kLongestShown)}));
    }
    const std::string_view text = said.substr(sign + 1);
    const auto known = std::ranges::find(kWords, word, &SmbiosWord::word);
    if (known == kWords.end() && word != kOemWord) {
        return base::fail("'{}' is no SMBIOS text; the texts are: {}",
                          base::printable(std::string{word.substr(0, kLongestShown)}), all_words());
    }
    WINDSOR_TRY(check_text(word, text));
    if (known == kWords.end()) {
        return add_oem(texts.oem, text);
    }
    texts[known->text] = text;
    return {};
}

base::Result<SmbiosTexts> parse_smbios_texts(std::span<const std::string> said)
{
    SmbiosTexts texts;
    for (const std::string& each : said) {
        WINDSOR_TRY(add_smbios_text(texts, each));
    }
    return texts;
}

std::vector<std::string> print_smbios_texts(const SmbiosTexts& texts)
{
    std::vector<std::string> said;
    for (const SmbiosWord& word : kWords) {
        if (texts[word.text]) {
            said.push_back(fmt::format("{}={}", word.word, *texts[word.text]));
        }
    }
    if (texts.oem && texts.oem->empty()) {
        said.push_back(fmt::format("{}=", kOemWord));
    }
    for (const std::string& text : texts.oem.value_or(std::vector<std::string>{})) {
        said.push_back(fmt::format("{}={}", kOemWord, text));
    }
    return said;
}

SmbiosTexts default_smbios_texts(std::span<const std::uint8_t, 16> uuid)
{
    SmbiosTexts texts;
    for (const SmbiosWord& word : kWords) {
        texts[word.text] =
            follows_from_uuid(word.text) ? fmt::format("{:02x}", fmt::join(uuid, "")) : std::string{word.otherwise};
    }
    texts.oem.emplace();
    return texts;
}

} // namespace windsor::firmware
