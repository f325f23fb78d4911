// SPDX-License-Identifier: GPL-2.0-or-later
// The packet commands (MMC-5; SPC-3 for those that every device has).
#include "devices/ide/cdrom.hpp"

#include <algorithm>
#include <utility>

namespace windsor::devices::ide {

namespace {

constexpr std::uint16_t kProfileCdRom = 0x0008;
constexpr std::uint16_t kProfileDvdRom = 0x0010;
constexpr std::uint8_t kEventClassMedia = 4;
constexpr std::uint32_t kFramesPerSecond = 75;
constexpr std::uint32_t kLeadInFrames = 150;

void append_text(std::vector<std::uint8_t>& to, std::string_view text, std::size_t length)
{
    for (std::size_t i = 0; i < length; ++i) {
        to.push_back(i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{' '});
    }
}

enum class Current : std::uint8_t { No, Yes, Persistent };

// A feature descriptor (MMC-5 5.2.2).
void append_feature(std::vector<std::uint8_t>& to, std::uint16_t code, std::uint8_t version, Current current,
                    std::initializer_list<std::uint8_t> data = {})
{
    append16(to, code);
    const unsigned flags = current == Current::Persistent ? 3U : current == Current::Yes ? 1U : 0U;
    to.push_back(static_cast<std::uint8_t>(unsigned{version} << 2 | flags));
    to.push_back(static_cast<std::uint8_t>(data.size()));
    to.insert(to.end(), data);
}

} // namespace

const CdRom::Handler* CdRom::find_handler(std::uint8_t code)
{
    // Code, needs a medium, ignores unit attentions, what to run.
    static constexpr std::array kHandlers{
        Handler{Packet::TestUnitReady, true, false, &CdRom::test_unit_ready},
        Handler{Packet::RequestSense, false, true, &CdRom::request_sense},
        Handler{Packet::Inquiry, false, true, &CdRom::inquiry},
        Handler{Packet::ModeSelect6, false, false, &CdRom::mode_select_6},
        Handler{Packet::ModeSense6, false, false, &CdRom::mode_sense_6},
        Handler{Packet::StartStopUnit, false, false, &CdRom::start_stop_unit},
        Handler{Packet::PreventAllow, false, false, &CdRom::prevent_allow},
        Handler{Packet::ReadCapacity, true, false, &CdRom::read_capacity},
        Handler{Packet::Read10, true, false, &CdRom::read_10},
        Handler{Packet::Seek10, true, false, &CdRom::seek},
        Handler{Packet::ReadSubChannel, true, false, &CdRom::read_sub_channel},
        Handler{Packet::ReadToc, true, false, &CdRom::read_toc},
        Handler{Packet::GetConfiguration, false, true, &CdRom::get_configuration},
        Handler{Packet::GetEventStatus, false, true, &CdRom::get_event_status},
        Handler{Packet::ReadDiscInformation, true, false, &CdRom::read_disc_information},
        Handler{Packet::ModeSelect10, false, false, &CdRom::mode_select_10},
        Handler{Packet::ModeSense10, false, false, &CdRom::mode_sense_10},
        Handler{Packet::Read12, true, false, &CdRom::read_12},
        Handler{Packet::ReadDiscStructure, true, false, &CdRom::read_disc_structure},
        Handler{Packet::ReadCdMsf, true, false, &CdRom::read_cd_msf},
        Handler{Packet::SetCdSpeed, false, false, &CdRom::set_cd_speed},
        Handler{Packet::MechanismStatus, false, false, &CdRom::mechanism_status},
        Handler{Packet::ReadCd, true, false, &CdRom::read_cd},
    };
    const auto found = std::ranges::find(kHandlers, static_cast<Packet>(code), &Handler::code);
    return found == kHandlers.end() ? nullptr : &*found;
}

std::uint32_t CdRom::packet16(std::size_t at) const
{
    return std::uint32_t{packet_[at]} << 8 | packet_[at + 1];
}

std::uint32_t CdRom::packet24(std::size_t at) const
{
    return packet16(at) << 8 | packet_[at + 2];
}

std::uint32_t CdRom::packet32(std::size_t at) const
{
    return packet16(at) << 16 | packet16(at + 2);
}

// SPC-3 6.27: reports a pending unit attention too, and forgets what it has told.
void CdRom::request_sense()
{
    Sense sense = std::exchange(sense_, sense::kNone);
    if (sense == sense::kNone && std::exchange(reset_attention_, false)) {
        sense = sense::kPowerOn;
    } else if (sense == sense::kNone && std::exchange(medium_attention_, false)) {
        sense = sense::kMediumChanged;
    }
    std::vector<std::uint8_t> data(18);
    data[0] = 0x70; // a current error, fixed format
    data[2] = static_cast<std::uint8_t>(sense.key);
    data[7] = static_cast<std::uint8_t>(data.size() - 8);
    data[12] = sense.code;
    data[13] = sense.qualifier;
    reply(std::move(data), packet_[4]);
}

void CdRom::inquiry()
{
    if ((packet_[1] & 0x01) != 0 || packet_[2] != 0) { // vital product data: none
        check(sense::kInvalidField);
        return;
    }
    std::vector<std::uint8_t> data{0x05, 0x80, 0x00, 0x21, 31, 0, 0, 0}; // CD/DVD device, removable, ATAPI
    append_text(data, config_.vendor, 8);
    append_text(data, config_.product, 16);
    append_text(data, config_.firmware, 4);
    reply(std::move(data), packet16(3));
}

void CdRom::set_tray(bool open)
{
    if (tray_open_ == open) {
        return;
    }
    tray_open_ = open;
    if (media_ != nullptr) {
        medium_changed();
    }
    if (tray_handler_) {
        tray_handler_(open);
    }
}

void CdRom::start_stop_unit()
{
    const bool power_condition = (packet_[4] & 0xF0) != 0;
    const bool load_eject = (packet_[4] & 0x02) != 0;
    const bool start = (packet_[4] & 0x01) != 0;
    if (!power_condition && load_eject) {
        if (!start && locked_) {
            check(sense::kRemovalPrevented);
            return;
        }
        set_tray(!start);
    }
    complete();
}

void CdRom::prevent_allow()
{
    locked_ = (packet_[4] & 0x01) != 0;
    complete();
}

void CdRom::read_capacity()
{
    std::vector<std::uint8_t> data;
    append32(data, std::max(blocks(), std::uint32_t{1}) - 1);
    append32(data, kCdBlockBytes);
    reply(std::move(data), 8);
}

void CdRom::read_10()
{
    read_blocks(packet32(2), packet16(7), {});
}

void CdRom::read_12()
{
    read_blocks(packet32(2), packet32(6), {});
}

void CdRom::seek()
{
    if (packet32(2) >= blocks()) {
        check(sense::kOutOfRange);
        return;
    }
    complete();
}

void CdRom::read_sub_channel()
{
    auto data = sub_channel((packet_[2] & 0x40) != 0, packet_[3], packet_[6]);
    if (!data) {
        check(sense::kInvalidField);
        return;
    }
    reply(std::move(*data), packet16(7));
}

void CdRom::read_toc()
{
    // SFF-8020i had the format in the last byte's upper bits; older drivers still put it there.
    const auto format = static_cast<std::uint8_t>((packet_[2] & 0x0F) != 0 ? packet_[2] & 0x0F : packet_[9] >> 6);
    auto data = table_of_contents(
        {.format = format, .msf = (packet_[1] & 0x02) != 0, .track = packet_[6], .blocks = blocks()});
    if (!data) {
        check(sense::kInvalidField);
        return;
    }
    reply(std::move(*data), packet16(7));
}

// MMC-5 6.6 and 5.3.
void CdRom::get_configuration()
{
    const unsigned kind = packet_[1] & 0x03;
    const std::uint32_t first = packet16(2);
    if (kind == 3) {
        check(sense::kInvalidField);
        return;
    }
    const bool dvd = has_medium() && is_dvd(blocks());
    const bool cd = has_medium() && !dvd;
    const Current any = has_medium() ? Current::Yes : Current::No;
    std::vector<std::uint8_t> data(6);
    append16(data, dvd ? kProfileDvdRom : cd ? kProfileCdRom : 0U);
    const auto add = [&](std::uint16_t code, std::uint8_t version, Current current,
                         std::initializer_list<std::uint8_t> extra) {
        const bool wanted = kind == 2 ? code == first : code >= first && (kind == 0 || current != Current::No);
        if (wanted) {
            append_feature(data, code, version, current, extra);
        }
    };
    const std::uint8_t dvd_current = dvd ? 1 : 0;
    const std::uint8_t cd_current = cd ? 1 : 0;
    add(0x0000, 0, Current::Persistent, {0, kProfileDvdRom, dvd_current, 0, 0, kProfileCdRom, cd_current, 0});
    add(0x0001, 2, Current::Persistent, {0, 0, 0, 2, 1, 0, 0, 0}); // core: ATAPI, device busy events
    add(0x0003, 0, Current::Persistent, {0x29, 0, 0, 0});          // tray that locks and ejects
    add(0x0010, 0, any, {0, 0, 0x08, 0, 0, 1, 0, 0});              // random readable, 2,048-byte blocks
    add(0x001E, 2, cd ? Current::Yes : Current::No, {0, 0, 0, 0});
    add(0x001F, 0, dvd ? Current::Yes : Current::No, {});
    add(0x0100, 0, Current::Persistent, {}); // power management
    add(0x0105, 0, Current::Persistent, {}); // time-outs
    const auto length = static_cast<std::uint32_t>(data.size() - 4);
    for (unsigned i = 0; i < 4; ++i) {
        data[i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
    }
    reply(std::move(data), packet16(7));
}

// MMC-5 6.7: media events only.
void CdRom::get_event_status()
{
    if ((packet_[1] & 0x01) == 0) { // asynchronous notification
        check(sense::kInvalidField);
        return;
    }
    constexpr std::uint8_t kSupported = 1U << kEventClassMedia;
    std::vector<std::uint8_t> data{0, 2, 0x80, kSupported}; // no event of the classes asked for
    if ((packet_[4] & kSupported) != 0) {
        data = {0, 6, kEventClassMedia, kSupported};
        data.push_back(static_cast<std::uint8_t>(std::exchange(event_, MediaEvent::None)));
        data.push_back(static_cast<std::uint8_t>((has_medium() ? 0x02U : 0U) | (tray_open_ ? 0x01U : 0U)));
        append16(data, 0);
    }
    reply(std::move(data), packet16(7));
}

void CdRom::read_disc_information()
{
    if ((packet_[1] & 0x07) != 0) {
        check(sense::kInvalidField);
        return;
    }
    reply(disc_information(), packet16(7));
}

void CdRom::read_disc_structure()
{
    auto data = is_dvd(blocks()) && packet_[6] == 0 ? dvd_structure(packet_[7], blocks()) : std::nullopt;
    if (!data) {
        check(sense::kInvalidField);
        return;
    }
    reply(std::move(*data), packet16(8));
}

void CdRom::read_cd()
{
    read_cd_parts(packet32(2), packet24(6));
}

void CdRom::read_cd_msf()
{
    const auto frames = [this](std::size_t at) {
        return (std::uint32_t{packet_[at]} * 60 + packet_[at + 1]) * kFramesPerSecond + packet_[at + 2];
    };
    const std::uint32_t start = frames(3);
    const std::uint32_t end = frames(6);
    if (start < kLeadInFrames || end < start) {
        check(start < kLeadInFrames ? sense::kOutOfRange : sense::kInvalidField);
        return;
    }
    read_cd_parts(start - kLeadInFrames, end - start);
}

// MMC-5 6.22: every sector here is of mode 1, which has no sub-header.
void CdRom::read_cd_parts(std::uint32_t lba, std::uint32_t count)
{
    constexpr unsigned kAnyType = 0;
    constexpr unsigned kMode1 = 2;
    const unsigned type = packet_[1] >> 2 & 0x07;
    const std::uint8_t fields = packet_[9];
    if (type != kAnyType && type != kMode1) {
        check(sense::kIllegalTrackMode);
    } else if ((fields & 0x06) != 0 || (packet_[10] & 0x07) != 0) { // C2 errors and sub-channels
        check(sense::kInvalidField);
    } else {
        read_blocks(lba, count,
                    {.sync = (fields & 0x80) != 0,
                     .header = (fields & 0x20) != 0,
                     .user = (fields & 0x10) != 0,
                     .check = (fields & 0x08) != 0});
    }
}

void CdRom::mechanism_status()
{
    std::vector<std::uint8_t> data(8);
    data[1] = tray_open_ ? 0x10 : 0;
    reply(std::move(data), packet16(8));
}

} // namespace windsor::devices::ide
