// SPDX-License-Identifier: GPL-2.0-or-later
// The texts of the SMBIOS tables that can be chosen: by the words of xl.cfg(5)'s key smbios, and a few more that Linux
// shows of a host.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::firmware {

enum class SmbiosText : std::uint8_t {
    BiosVendor,
    BiosVersion,
    BiosReleaseDate,
    SystemManufacturer,
    SystemProductName,
    SystemVersion,
    SystemSerialNumber,
    SystemSkuNumber,
    SystemFamily,
    BaseboardManufacturer,
    BaseboardProductName,
    BaseboardVersion,
    BaseboardSerialNumber,
    BaseboardAssetTag,
    BaseboardLocationInChassis,
    EnclosureManufacturer,
    EnclosureVersion,
    EnclosureSerialNumber,
    EnclosureAssetTag,
    BatteryManufacturer,
    BatteryDeviceName,
};
constexpr std::size_t kSmbiosTexts = 21;

// The specification says 64, which texts of real machines do not keep to; Linux and Windows take them longer.
constexpr std::size_t kLongestSmbiosText = 255;

// OEM strings, which have a word of their own that may stand several times; as many as xl takes.
constexpr std::string_view kOemWord = "oem";
constexpr std::size_t kMostOemTexts = 99;

struct SmbiosWord {
    std::string_view word;
    SmbiosText text;
    enum class Of : std::uint8_t { Xl, Windsor } of; // whether xl has the word, too
    std::string_view host_file;                      // in Linux' /sys/class/dmi/id; empty: it does not show the text
    std::string_view otherwise; // what the guest is told if nobody has chosen; serial numbers follow from the UUID
};

// In the order of SmbiosText.
std::span<const SmbiosWord> smbios_words();

struct SmbiosTexts {
    // Nothing: nobody has chosen. Empty: there is to be none.
    std::array<std::optional<std::string>, kSmbiosTexts> texts{};
    std::optional<std::vector<std::string>> oem{};

    std::optional<std::string>& operator[](SmbiosText text) { return texts.at(static_cast<std::size_t>(text)); }
    const std::optional<std::string>& operator[](SmbiosText text) const
    {
        return texts.at(static_cast<std::size_t>(text));
    }
    // What is not chosen here is as it is there.
    void fill_in(const SmbiosTexts& others);

    bool operator==(const SmbiosTexts&) const = default;
};

// Each WORD=TEXT; the last of several for one word counts. The error is a sentence. Takes anything.
base::Result<SmbiosTexts> parse_smbios_texts(std::span<const std::string> said);
base::Status add_smbios_text(SmbiosTexts& texts, std::string_view said);
// The other way round: what has been chosen, in the order of the words.
std::vector<std::string> print_smbios_texts(const SmbiosTexts& texts);

// What a machine of that UUID says if nobody chooses.
SmbiosTexts default_smbios_texts(std::span<const std::uint8_t, 16> uuid);

// Whether a text follows from the UUID where nobody chooses it.
constexpr bool follows_from_uuid(SmbiosText text)
{
    return text == SmbiosText::SystemSerialNumber || text == SmbiosText::EnclosureSerialNumber;
}

} // namespace windsor::firmware
