// SPDX-License-Identifier: GPL-2.0-or-later
// Which graphics card a domain has, and how much memory the card has.
#include "config/machine_keys.hpp"

#include <bit>

namespace windsor::config {

namespace {

constexpr std::int64_t kCirrusMemory = 4; // MiB
constexpr std::int64_t kLeastVideoMemory = 8;  // of the standard VGA
constexpr std::int64_t kMostVideoMemory = 256;

// The keys that stand in configurations that were written for a Xen whose default was the Cirrus.
const char* key_of_xen(const Reading& reading)
{
    for (const char* key : {"builder", "device_model"}) {
        if (reading.find(key) != nullptr) {
            return key;
        }
    }
    return nullptr;
}

std::string_view card_name(GraphicsCard card)
{
    switch (card) {
    case GraphicsCard::Cirrus: return "Cirrus Logic GD5446";
    case GraphicsCard::None: return "none";
    default: return "standard VGA";
    }
}

} // namespace

void settle_graphics_card(Reading& reading)
{
    auto& config = reading.config;
    if (!reading.text("vga").value_or("").empty()) {
        config.card_reason = "as 'vga' says"; // which has been read
    } else if (reading.find("stdvga") != nullptr) {
        config.card = reading.is_on("stdvga") ? GraphicsCard::StandardVga : GraphicsCard::Cirrus;
        config.card_reason = "as 'stdvga' says";
    } else if (const char* const key = key_of_xen(reading)) {
        config.card = GraphicsCard::Cirrus;
        config.card_reason = fmt::format("as Xen has it where 'stdvga' is not set, since '{}' shows that the "
                                         "configuration was written for Xen",
                                         key);
    } else {
        config.card_reason = "since neither 'stdvga' nor 'vga' is set";
    }
}

void settle_video_memory(Reading& reading)
{
    auto& config = reading.config;
    const auto* const setting = reading.find("videoram");
    if (config.card == GraphicsCard::StandardVga) {
        const std::int64_t megabytes = config.videoram_mb;
        const bool fits = megabytes >= kLeastVideoMemory && megabytes <= kMostVideoMemory &&
                          std::has_single_bit(static_cast<std::uint64_t>(megabytes));
        if (setting != nullptr && !fits) {
            complain(setting->value_at,
                     "the standard VGA cannot have {} MiB; write videoram = 8, 16, 32, 64, 128 or 256", megabytes);
        }
        return;
    }
    const std::int64_t megabytes = config.card == GraphicsCard::Cirrus ? kCirrusMemory : 0;
    if (setting != nullptr && config.videoram_mb != megabytes) {
        reading.warn(setting->key_at,
                     config.card == GraphicsCard::Cirrus
                         ? fmt::format("'videoram' has no effect: the Cirrus card has {} MiB", megabytes)
                         : "'videoram' has no effect: there is no graphics card");
    }
    config.videoram_mb = DomainConfig{}.videoram_mb;
}

std::string graphics_line(const DomainConfig& config)
{
    const std::string_view reason = config.card_reason;
    return fmt::format("graphics card: {}{}{}", card_name(config.card), reason.empty() ? "" : ", ", reason);
}

} // namespace windsor::config
