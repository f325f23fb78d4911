// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/rfb_greeter.hpp"

#include <algorithm>

#include <rfb/rfb.h>

namespace windsor::display {

namespace {

// Security types, section 7.2.
constexpr std::uint8_t kNone = 1;
constexpr std::uint8_t kVncAuthentication = 2;

constexpr std::size_t kPasswordCharacters = 8;

void append_u32(std::uint32_t value, std::vector<std::uint8_t>& to)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        to.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// The minor version that is spoken with a client that names this one; none if it is no version of RFB 3 or later.
std::optional<unsigned> spoken_version(std::string_view text)
{
    const auto number = [&](std::size_t at) {
        return static_cast<unsigned>((text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0'));
    };
    const bool formed = text.starts_with("RFB ") && text[7] == '.' && text[11] == '\n' &&
                        std::ranges::all_of(text.substr(4, 3), is_digit) &&
                        std::ranges::all_of(text.substr(8, 3), is_digit);
    if (!formed || number(4) < 3) {
        return std::nullopt;
    }
    if (number(4) > 3 || number(8) >= 8) {
        return 8;
    }
    return number(8) == 7 ? 7 : 3;
}

} // namespace

RfbGreeter::RfbGreeter(std::optional<std::string> password, const Challenge& challenge, PasswordGate gate)
    : password_{std::move(password)}, challenge_{challenge}, gate_{std::move(gate)}
{
    if (password_ && password_->size() > kPasswordCharacters) {
        password_->resize(kPasswordCharacters);
    }
}

std::size_t RfbGreeter::wanted() const
{
    switch (stage_) {
    case Stage::Version: return kRfbVersion.size();
    case Stage::Type: return 1;
    case Stage::Password: return challenge_.size();
    case Stage::Done: break;
    }
    return 0;
}

base::Status RfbGreeter::take(std::span<const std::uint8_t>& bytes, std::vector<std::uint8_t>& answer)
{
    while (!done() && !bytes.empty()) {
        const std::size_t count = std::min(bytes.size(), wanted() - got_.size());
        got_.insert(got_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        bytes = bytes.subspan(count);
        if (got_.size() < wanted()) {
            break;
        }
        base::Status taken;
        switch (stage_) {
        case Stage::Version: taken = take_version(answer); break;
        case Stage::Type: taken = take_type(answer); break;
        case Stage::Password: taken = take_password(answer); break;
        case Stage::Done: break;
        }
        got_.clear();
        WINDSOR_TRY(taken);
    }
    return {};
}

base::Status RfbGreeter::take_version(std::vector<std::uint8_t>& answer)
{
    const std::string text{got_.begin(), got_.end()};
    const auto version = spoken_version(text);
    if (!version) {
        return base::fail("does not speak VNC");
    }
    minor_ = *version;
    if (const base::Status open = check_gate(); !open) {
        refuse_early("too many wrong passwords; try again later", answer);
        return open;
    }
    const std::uint8_t type = password_ ? kVncAuthentication : kNone;
    if (minor_ == 3) { // the server chooses
        append_u32(type, answer);
        begin_type(answer);
    } else {
        answer.push_back(1);
        answer.push_back(type);
        stage_ = Stage::Type;
    }
    return {};
}

base::Status RfbGreeter::take_type(std::vector<std::uint8_t>& answer)
{
    if (got_[0] != (password_ ? kVncAuthentication : kNone)) {
        refuse("this kind of security is not offered", answer);
        return base::fail("asks for a kind of security that is not offered");
    }
    begin_type(answer);
    if (!password_ && minor_ >= 8) {
        append_u32(0, answer);
    }
    return {};
}

void RfbGreeter::begin_type(std::vector<std::uint8_t>& answer)
{
    stage_ = password_ ? Stage::Password : Stage::Done;
    if (password_) {
        answer.insert(answer.end(), challenge_.begin(), challenge_.end());
    }
}

base::Status RfbGreeter::check_gate() const
{
    const auto wait = password_ && gate_.closed_for ? gate_.closed_for() : std::nullopt;
    return wait ? base::fail("has given too many wrong passwords, and has to wait {} s", wait->count())
                : base::Status{};
}

// It may be closed by now: many can have been asked for the password while it was open.
base::Status RfbGreeter::take_password(std::vector<std::uint8_t>& answer)
{
    if (const base::Status open = check_gate(); !open) {
        refuse("too many wrong passwords; try again later", answer);
        return open;
    }
    Challenge expected = challenge_;
    rfbEncryptBytes(expected.data(), password_->data());
    unsigned differs = 0; // found without a hint of where
    for (std::size_t i = 0; i < expected.size(); ++i) {
        differs |= static_cast<unsigned>(expected[i] ^ got_[i]);
    }
    if (gate_.tried) {
        gate_.tried(differs == 0);
    }
    if (differs != 0) {
        refuse("wrong password", answer);
        return base::fail("gave a wrong password");
    }
    append_u32(0, answer);
    stage_ = Stage::Done;
    return {};
}

// Instead of the kinds of security that are offered (section 7.1.2): there is none.
void RfbGreeter::refuse_early(std::string_view reason, std::vector<std::uint8_t>& answer) const
{
    if (minor_ == 3) {
        append_u32(0, answer);
    } else {
        answer.push_back(0);
    }
    append_u32(static_cast<std::uint32_t>(reason.size()), answer);
    answer.insert(answer.end(), reason.begin(), reason.end());
}

// The security result of a client that is not let in (section 7.1.3).
void RfbGreeter::refuse(std::string_view reason, std::vector<std::uint8_t>& answer) const
{
    append_u32(1, answer);
    if (minor_ >= 8) {
        append_u32(static_cast<std::uint32_t>(reason.size()), answer);
        answer.insert(answer.end(), reason.begin(), reason.end());
    }
}

} // namespace windsor::display
