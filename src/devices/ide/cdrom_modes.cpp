// SPDX-License-Identifier: GPL-2.0-or-later
// MODE SENSE and MODE SELECT (SPC-3 6.7 to 6.10) with the pages of MMC-5 7 and SFF-8020i.
#include "devices/ide/cdrom.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::ide {

namespace {

constexpr std::size_t kHeader6 = 4;
constexpr std::size_t kHeader10 = 8;
constexpr std::uint32_t kSpeed = 7056; // kB/s: forty times

// MODE SENSE's page control field.
enum class PageControl : std::uint8_t { Current = 0, Changeable = 1, Default = 2, Saved = 3 };

std::vector<std::uint8_t> capabilities_page(bool locked)
{
    constexpr std::uint8_t kSpeedHigh = kSpeed >> 8;
    constexpr std::uint8_t kSpeedLow = kSpeed & 0xFF;
    return {
        0x2A,                                               // this page,
        0x14,                                               // with so many bytes from here on
        0x0B,                                               // reads CD-R, CD-RW, DVD-ROM
        0x00,                                               // writes nothing
        0x40,                                               // multi-session
        0x00,                                               // no audio
        locked ? std::uint8_t{0x2B} : std::uint8_t{0x29},   // a tray that ejects and locks
        0x00,
        kSpeedHigh, kSpeedLow,                              // the most
        0, 0,                                               // no volume levels
        512 >> 8, 512 & 0xFF,                               // KiB of buffer
        kSpeedHigh, kSpeedLow,                              // now
        0, 0, 0, 0, 0, 0,
    };
}

} // namespace

// Medium types of SFF-8020i 10.8.3.
std::uint8_t CdRom::medium_type() const
{
    if (tray_open_) {
        return 0x71;
    }
    return media_ == nullptr ? 0x70 : 0x01;
}

// The pages that the packet asks for, without a header. None: there is no such page.
std::optional<std::vector<std::uint8_t>> CdRom::mode_pages() const
{
    const auto control = static_cast<PageControl>(packet_[2] >> 6);
    const auto code = static_cast<ModePage>(packet_[2] & 0x3F);
    const bool changeable = control == PageControl::Changeable;
    std::vector<std::uint8_t> result;
    bool found = code == ModePage::All;
    const auto add = [&](ModePage page, std::vector<std::uint8_t> data) {
        if (code != page && code != ModePage::All) {
            return;
        }
        found = true;
        if (changeable && page != ModePage::ErrorRecovery) {
            std::fill(data.begin() + 2, data.end(), std::uint8_t{0});
        }
        result.insert(result.end(), data.begin(), data.end());
    };
    const std::array<std::uint8_t, 2> mask{0xFF, 0xFF};
    const auto& recovery = changeable ? mask : error_recovery_;
    add(ModePage::ErrorRecovery, {0x01, 0x0A, recovery[0], recovery[1], 0, 0, 0, 0, 0, 0, 0, 0});
    add(ModePage::CdDevice, {0x0D, 0x06, 0, 0x0D, 0, 60, 0, 75});
    add(ModePage::AudioControl, {0x0E, 0x0E, 0x04, 0, 0, 0, 0, 0, 1, 0xFF, 2, 0xFF, 0, 0, 0, 0});
    add(ModePage::Capabilities, capabilities_page(locked_));
    return found ? std::optional{std::move(result)} : std::nullopt;
}

void CdRom::mode_sense_6()
{
    const auto pages = mode_pages();
    if (static_cast<PageControl>(packet_[2] >> 6) == PageControl::Saved) {
        check(sense::kSavingNotSupported);
    } else if (!pages) {
        check(sense::kInvalidField);
    } else {
        std::vector<std::uint8_t> data(kHeader6);
        data[0] = static_cast<std::uint8_t>(pages->size() + kHeader6 - 1);
        data[1] = medium_type();
        data.insert(data.end(), pages->begin(), pages->end());
        reply(std::move(data), packet_[4]);
    }
}

void CdRom::mode_sense_10()
{
    const auto pages = mode_pages();
    if (static_cast<PageControl>(packet_[2] >> 6) == PageControl::Saved) {
        check(sense::kSavingNotSupported);
    } else if (!pages) {
        check(sense::kInvalidField);
    } else {
        std::vector<std::uint8_t> data(kHeader10);
        data[1] = static_cast<std::uint8_t>(pages->size() + kHeader10 - 2);
        data[2] = medium_type();
        data.insert(data.end(), pages->begin(), pages->end());
        reply(std::move(data), packet16(7));
    }
}

void CdRom::mode_select_6()
{
    take_parameters(packet_[4]);
}

void CdRom::mode_select_10()
{
    take_parameters(packet16(7));
}

void CdRom::apply_parameters()
{
    expecting_ = Expecting::Nothing;
    const std::vector<std::uint8_t> data = std::exchange(common_.buffer, {});
    set_busy();
    const bool six = packet_[0] == static_cast<std::uint8_t>(Packet::ModeSelect6);
    const std::size_t header = six ? kHeader6 : kHeader10;
    if (data.size() < header) {
        check(sense::kParameterLength);
        return;
    }
    const std::size_t descriptors = six ? data[3] : std::size_t{data[6]} << 8 | data[7];
    if (data.size() - header < descriptors) {
        check(sense::kParameterLength);
        return;
    }
    if (!apply_pages(std::span{data}.subspan(header + descriptors))) {
        check(sense::kInvalidParameter);
        return;
    }
    complete();
}

bool CdRom::apply_pages(std::span<const std::uint8_t> pages)
{
    while (!pages.empty()) {
        if (pages.size() < 2 || pages.size() - 2 < pages[1]) {
            return false;
        }
        const auto page = pages.first(std::size_t{pages[1]} + 2);
        switch (static_cast<ModePage>(page[0] & 0x3F)) {
        case ModePage::ErrorRecovery:
            if (page.size() < 4) {
                return false;
            }
            error_recovery_ = {page[2], page[3]};
            break;
        case ModePage::CdDevice:
        case ModePage::AudioControl:
            break; // nothing in them can change, and drivers write them back as they read them
        default:
            return false;
        }
        pages = pages.subspan(page.size());
    }
    return true;
}

} // namespace windsor::devices::ide
