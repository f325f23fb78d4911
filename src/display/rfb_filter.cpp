// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/rfb_filter.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace windsor::display {

namespace {

// Section 7.5, and QEMU's message of the community's RFB protocol document.
enum class Message : std::uint8_t {
    SetPixelFormat = 0,
    SetEncodings = 2,
    FramebufferUpdateRequest = 3,
    KeyEvent = 4,
    PointerEvent = 5,
    ClientCutText = 6,
    Qemu = 255,
};
constexpr std::uint8_t kQemuExtendedKey = 0;

constexpr std::size_t kEncodingsHead = 4;
constexpr std::size_t kCutTextHead = 8;

// First and last of a range of encodings that are offered (section 7.7 and 7.8, and the community's document).
using Range = std::pair<std::int32_t, std::int32_t>;
constexpr auto kOffered = std::to_array<Range>({
    {-512, -412}, // quality in finer steps
    {-260, -260}, // Tight with PNG
    {-258, -257}, // QEMU's extended key events and pointer motion
    {-256, -247}, // compression level
    {-240, -239}, // cursors
    {-224, -223}, // last rectangle, desktop size
    {-32, -23},   // quality of JPEG
    {0, 2},       // raw, CopyRect, RRE
    {4, 8},       // CoRRE, hextile, zlib, Tight, ZlibHex
    {16, 16},     // ZRLE
});

std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at)
{
    return (std::uint32_t{bytes[at]} << 24) | (std::uint32_t{bytes[at + 1]} << 16) |
           (std::uint32_t{bytes[at + 2]} << 8) | bytes[at + 3];
}

// Section 7.4: bits per pixel at 4, depth, byte order, true colour, three maxima, three shifts.
bool possible_format(std::span<const std::uint8_t> message)
{
    const unsigned bits = message[4];
    const bool true_colour = message[7] != 0;
    if ((bits != 8 && bits != 16 && bits != 32) || message[5] > bits) {
        return false;
    }
    for (std::size_t colour = 0; true_colour && colour < 3; ++colour) {
        const unsigned maximum = (unsigned{message[8 + 2 * colour]} << 8) | message[9 + 2 * colour];
        const unsigned shift = message[14 + colour];
        if (shift >= bits || (std::uint64_t{maximum} << shift) >> bits != 0) {
            return false;
        }
    }
    return true_colour || bits == 8;
}

} // namespace

// Of the message of which at least one byte is there; as far as it can be told, and as far as it is kept.
base::Result<std::size_t> RfbFilter::length() const
{
    switch (static_cast<Message>(message_[0])) {
    case Message::SetPixelFormat: return 20;
    case Message::FramebufferUpdateRequest: return 10;
    case Message::KeyEvent: return 8;
    case Message::PointerEvent: return 6;
    case Message::ClientCutText: return kCutTextHead;
    case Message::Qemu:
        if (message_.size() > 1 && message_[1] != kQemuExtendedKey) {
            return base::fail("sends QEMU's message {}, which is not offered", message_[1]);
        }
        return 12;
    case Message::SetEncodings: {
        if (message_.size() < kEncodingsHead) {
            return kEncodingsHead;
        }
        const std::size_t count = (std::size_t{message_[2]} << 8) | message_[3];
        if (count > kMostEncodings) {
            return base::fail("names {} encodings", count);
        }
        return kEncodingsHead + 4 * count;
    }
    }
    return base::fail("sends message {}, which is not offered", message_[0]);
}

base::Status RfbFilter::take(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& allowed)
{
    if (!initialised_ && !bytes.empty()) {
        allowed.push_back(bytes.front());
        bytes = bytes.subspan(1);
        initialised_ = true;
    }
    while (!bytes.empty()) {
        if (skip_ != 0) {
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
            bytes = bytes.subspan(count);
            skip_ -= count;
            continue;
        }
        // Byte by byte as long as the next may say more of the message's length; what is left of it at once.
        message_.push_back(bytes.front());
        bytes = bytes.subspan(1);
        const std::size_t whole = WINDSOR_TRY(length());
        if (message_.size() >= kEncodingsHead) {
            const std::size_t count = std::min(bytes.size(), whole - message_.size());
            message_.insert(message_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
            bytes = bytes.subspan(count);
        }
        if (message_.size() == whole) {
            WINDSOR_TRY(pass(allowed));
            message_.clear();
        }
    }
    return {};
}

base::Status RfbFilter::pass(std::vector<std::uint8_t>& allowed)
{
    switch (static_cast<Message>(message_[0])) {
    case Message::SetEncodings: pass_encodings(allowed); return {};
    case Message::ClientCutText: {
        // A negative length is that of an extended clipboard.
        const std::uint32_t length = word(message_, 4);
        skip_ = (length & 0x8000'0000) != 0 ? std::uint64_t{0x1'0000'0000} - length : length;
        return {};
    }
    case Message::SetPixelFormat:
        if (!possible_format(message_)) {
            return base::fail("asks for a pixel format that cannot be");
        }
        break;
    default: break;
    }
    allowed.insert(allowed.end(), message_.begin(), message_.end());
    return {};
}

// The library would begin to use what it finds there.
void RfbFilter::pass_encodings(std::vector<std::uint8_t>& allowed) const
{
    const std::size_t head = allowed.size();
    allowed.insert(allowed.end(), message_.begin(), message_.begin() + kEncodingsHead);
    std::size_t count = 0;
    for (std::size_t at = kEncodingsHead; at < message_.size(); at += 4) {
        const auto encoding = static_cast<std::int32_t>(word(message_, at));
        const bool offered = std::ranges::any_of(
            kOffered, [&](const Range& range) { return encoding >= range.first && encoding <= range.second; });
        if (offered) {
            const auto from = message_.begin() + static_cast<std::ptrdiff_t>(at);
            allowed.insert(allowed.end(), from, from + 4);
            ++count;
        }
    }
    allowed[head + 2] = static_cast<std::uint8_t>(count >> 8);
    allowed[head + 3] = static_cast<std::uint8_t>(count);
}

} // namespace windsor::display
