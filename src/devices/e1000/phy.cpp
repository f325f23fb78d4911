// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/phy.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::e1000 {

namespace {

// IEEE 802.3, table 22-6, and the Marvell 88E1011's own from 16 on.
constexpr unsigned kControl = 0;
constexpr unsigned kStatus = 1;
constexpr unsigned kIdentifier1 = 2;
constexpr unsigned kIdentifier2 = 3;
constexpr unsigned kAdvertisement = 4;
constexpr unsigned kPartnerAbility = 5;
constexpr unsigned kExpansion = 6;
constexpr unsigned kNextPage = 7;
constexpr unsigned kGigabitControl = 9;
constexpr unsigned kGigabitStatus = 10;
constexpr unsigned kExtendedStatus = 15;
constexpr unsigned kSpecificControl = 16;
constexpr unsigned kSpecificStatus = 17;
constexpr unsigned kInterruptEnable = 18;
constexpr unsigned kInterruptStatus = 19;
constexpr unsigned kExtendedControl = 20;
constexpr unsigned kLedControl = 24;
constexpr unsigned kLedOverride = 25;
constexpr unsigned kExtendedControl2 = 26;
constexpr unsigned kPage = 29;
constexpr unsigned kPageData = 30;

constexpr std::uint16_t kMarvell = 0x0141;
constexpr std::uint16_t kModel = 0x0c20;

namespace control {
constexpr std::uint16_t kReset = 0x8000;
constexpr std::uint16_t kLoopback = 0x4000;
constexpr std::uint16_t kSpeedLow = 0x2000;
constexpr std::uint16_t kNegotiate = 0x1000;
constexpr std::uint16_t kPowerDown = 0x0800;
constexpr std::uint16_t kRestart = 0x0200;
constexpr std::uint16_t kFullDuplex = 0x0100;
constexpr std::uint16_t kSpeedHigh = 0x0040;
constexpr std::uint16_t kAtReset = kNegotiate | kFullDuplex | kSpeedHigh;
// Isolation and the collision test have no effect, but are kept.
constexpr std::uint16_t kKept =
    kLoopback | kSpeedLow | kNegotiate | kPowerDown | 0x0400 | kFullDuplex | 0x0080 | kSpeedHigh;
constexpr std::uint16_t kMode = kLoopback | kSpeedLow | kNegotiate | kPowerDown | kFullDuplex | kSpeedHigh;
} // namespace control

constexpr std::uint16_t kAbilities = 0x7949; // 10 and 100 Mb/s, extended status, negotiation, extended registers
constexpr std::uint16_t kStatusComplete = 0x0020;
constexpr std::uint16_t kStatusLink = 0x0004;

// Advertisement of each mode, in registers 4 and 9.
constexpr std::uint16_t kHundredFull = 0x0100;
constexpr std::uint16_t kHundredHalf = 0x0080;
constexpr std::uint16_t kTenFull = 0x0040;
constexpr std::uint16_t kTenHalf = 0x0020;
constexpr std::uint16_t kThousandFull = 0x0200;
constexpr std::uint16_t kThousandHalf = 0x0100;
constexpr std::uint16_t kAdvertisedAtReset = 0x01e1;
constexpr std::uint16_t kNextPageAtReset = 0x2001;
constexpr std::uint16_t kThousandAtReset = kThousandFull | kThousandHalf;

constexpr std::uint16_t kPartner = 0x41e1;         // acknowledged, all modes, no pause
constexpr std::uint16_t kPartnerNegotiates = 0x000b; // next pages are able, a page has come
constexpr std::uint16_t kPartnerThousand = 0x7c00; // master, both receivers are well, both duplex modes
constexpr std::uint16_t kThousandAbilities = 0x3000;

constexpr std::uint16_t kSpecificAtReset = 0x0068;
constexpr std::uint16_t kExtendedAtReset = 0x0c64;
constexpr std::uint16_t kLedAtReset = 0x4100;

// Register 17.
constexpr unsigned kSpecificSpeedShift = 14;
constexpr std::uint16_t kSpecificFullDuplex = 0x2000;
constexpr std::uint16_t kSpecificResolved = 0x0800;
constexpr std::uint16_t kSpecificLink = 0x0400;

// Registers 18 and 19.
constexpr std::uint16_t kInterruptNegotiated = 0x0800;
constexpr std::uint16_t kInterruptLink = 0x0400;

// On a wire it takes two or three seconds. Drivers notice no difference as long as it takes any time.
constexpr base::Nanoseconds kNegotiationTime = 200 * base::kMillisecond;

} // namespace

Phy::Phy()
{
    reset(0);
}

void Phy::reset(base::Nanoseconds now)
{
    state_ = {.control = control::kAtReset,
              .advertised = kAdvertisedAtReset,
              .next_page = kNextPageAtReset,
              .advertised_1000 = kThousandAtReset,
              .specific_control = kSpecificAtReset,
              .extended_control = kExtendedAtReset,
              .led_control = kLedAtReset,
              .carrier = state_.carrier,
              .link_lost = true};
    negotiate(now);
}

bool Phy::loopback() const
{
    return (state_.control & control::kLoopback) != 0;
}

bool Phy::can_link() const
{
    return (state_.control & control::kPowerDown) == 0 && (state_.carrier || loopback());
}

LinkMode Phy::mode() const
{
    if ((state_.control & control::kNegotiate) == 0) {
        const bool full_duplex = (state_.control & control::kFullDuplex) != 0;
        if ((state_.control & control::kSpeedHigh) != 0) {
            return {Speed::Thousand, full_duplex};
        }
        return {(state_.control & control::kSpeedLow) != 0 ? Speed::Hundred : Speed::Ten, full_duplex};
    }
    if ((state_.advertised_1000 & (kThousandFull | kThousandHalf)) != 0) {
        return {Speed::Thousand, (state_.advertised_1000 & kThousandFull) != 0};
    }
    if ((state_.advertised & (kHundredFull | kHundredHalf)) != 0) {
        return {Speed::Hundred, (state_.advertised & kHundredFull) != 0};
    }
    return {Speed::Ten, (state_.advertised & kTenFull) != 0 || (state_.advertised & kTenHalf) == 0};
}

void Phy::set_link(bool up)
{
    if (state_.link == up) {
        return;
    }
    state_.link = up;
    state_.link_lost = state_.link_lost || !up;
    state_.interrupt_status |= static_cast<std::uint16_t>(kInterruptLink | (up ? kInterruptNegotiated : 0));
}

// The link goes down, and comes up again a moment later if anybody is there.
void Phy::negotiate(base::Nanoseconds now)
{
    set_link(false);
    state_.link_at.reset();
    if (can_link()) {
        state_.link_at = now + kNegotiationTime;
    }
}

void Phy::settle(base::Nanoseconds now)
{
    if (state_.link_at && *state_.link_at <= now) {
        state_.link_at.reset();
        set_link(true);
    }
}

void Phy::set_carrier(bool present, base::Nanoseconds now)
{
    if (state_.carrier != present) {
        state_.carrier = present;
        negotiate(now);
    }
}

// Link status shows a loss until it has been read (IEEE 802.3, 22.2.4.2.13).
std::uint16_t Phy::basic_status()
{
    std::uint16_t status = kAbilities;
    if (state_.link && (state_.control & control::kNegotiate) != 0) {
        status |= kStatusComplete;
    }
    const bool lost = std::exchange(state_.link_lost, false);
    if (state_.link && !lost) {
        status |= kStatusLink;
    }
    return status;
}

std::uint16_t Phy::specific_status() const
{
    const LinkMode agreed = mode();
    unsigned status = 0;
    if (state_.link || (state_.control & control::kNegotiate) == 0) {
        status = unsigned{std::to_underlying(agreed.speed)} << kSpecificSpeedShift | kSpecificResolved |
                 (agreed.full_duplex ? kSpecificFullDuplex : 0U);
    }
    return static_cast<std::uint16_t>(status | (state_.link ? kSpecificLink : 0U));
}

std::uint16_t Phy::read(unsigned index)
{
    switch (index) {
    case kControl: return state_.control;
    case kStatus: return basic_status();
    case kIdentifier1: return kMarvell;
    case kIdentifier2: return kModel;
    case kAdvertisement: return state_.advertised;
    case kPartnerAbility: return state_.link ? kPartner : std::uint16_t{0};
    case kExpansion: return state_.link ? kPartnerNegotiates : std::uint16_t{0};
    case kNextPage: return state_.next_page;
    case kGigabitControl: return state_.advertised_1000;
    case kGigabitStatus: return state_.link && mode().speed == Speed::Thousand ? kPartnerThousand : std::uint16_t{0};
    case kExtendedStatus: return kThousandAbilities;
    case kSpecificControl: return state_.specific_control;
    case kSpecificStatus: return specific_status();
    case kInterruptEnable: return state_.interrupt_enable;
    case kInterruptStatus: return std::exchange(state_.interrupt_status, std::uint16_t{0});
    case kExtendedControl: return state_.extended_control;
    case kLedControl: return state_.led_control;
    case kLedOverride: return state_.led_override;
    case kExtendedControl2: return state_.extended_control_2;
    case kPage: return state_.page;
    case kPageData: return state_.page_data;
    default: return 0;
    }
}

// The reset bit of the control register keeps what the others say, and has them take effect (88E1011, register 0).
void Phy::write_control(std::uint16_t value, base::Nanoseconds now)
{
    const std::uint16_t before = state_.control;
    state_.control = value & control::kKept;
    if ((value & (control::kReset | control::kRestart)) != 0 || ((before ^ value) & control::kMode) != 0) {
        negotiate(now);
    }
}

void Phy::write(unsigned index, std::uint16_t value, base::Nanoseconds now)
{
    switch (index) {
    case kControl: write_control(value, now); break;
    case kAdvertisement: state_.advertised = value; break;
    case kNextPage: state_.next_page = value; break;
    case kGigabitControl: state_.advertised_1000 = value; break;
    case kSpecificControl: state_.specific_control = value; break;
    case kInterruptEnable: state_.interrupt_enable = value; break;
    case kExtendedControl: state_.extended_control = value; break;
    case kLedControl: state_.led_control = value; break;
    case kLedOverride: state_.led_override = value; break;
    case kExtendedControl2: state_.extended_control_2 = value; break;
    case kPage: state_.page = value; break;
    case kPageData: state_.page_data = value; break;
    default: break;
    }
}

void Phy::load(const State& state, base::Nanoseconds now)
{
    state_ = state;
    state_.control &= control::kKept;
    state_.interrupt_status &= kInterruptNegotiated | kInterruptLink;
    state_.link = state_.link && can_link();
    if (!can_link() || state_.link) {
        state_.link_at.reset();
    }
    if (state_.link_at) {
        state_.link_at = std::min(*state_.link_at, now + kNegotiationTime);
    }
}

} // namespace windsor::devices::e1000
