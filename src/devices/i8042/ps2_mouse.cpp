// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/ps2_mouse.hpp"

#include <algorithm>
#include <cstdlib>

namespace windsor::devices::i8042 {

namespace {

constexpr std::int32_t kMostCounts = 255; // what a packet's nine bits take
constexpr std::int32_t kFarthest = 1 << 16;
constexpr std::uint8_t kThreeButtons = 0x07;
constexpr unsigned kSideButtons = 0x18;
constexpr std::uint8_t kAllButtons = 0x1f;

namespace packet {
constexpr unsigned kAlwaysOne = 0x08;
constexpr unsigned kNegativeX = 0x10;
constexpr unsigned kNegativeY = 0x20;
constexpr unsigned kSideButtonsShift = 1; // from bits 3 and 4 of the buttons to 4 and 5 of the fourth byte
} // namespace packet

namespace mouse_status {
constexpr unsigned kRight = 0x01;
constexpr unsigned kMiddle = 0x02;
constexpr unsigned kLeft = 0x04;
constexpr unsigned kScaling21 = 0x10;
constexpr unsigned kReporting = 0x20;
constexpr unsigned kRemote = 0x40;
} // namespace mouse_status

std::int32_t add(std::int32_t sum, int by)
{
    return std::clamp(sum + std::clamp(by, -kFarthest, kFarthest), -kFarthest, kFarthest);
}

// Takes at most `most` counts off `sum`.
std::int32_t take_counts(std::int32_t& sum, std::int32_t least, std::int32_t most)
{
    const std::int32_t counts = std::clamp(sum, least, most);
    sum -= counts;
    return counts;
}

// "Set Scaling 2:1".
std::int32_t scaled(std::int32_t counts)
{
    constexpr std::array<std::int32_t, 6> kSmall{0, 1, 1, 3, 6, 9};
    const auto size = static_cast<std::size_t>(std::abs(counts));
    const std::int32_t result = size < kSmall.size() ? kSmall[size] : std::min(2 * std::abs(counts), kMostCounts);
    return counts < 0 ? -result : result;
}

} // namespace

void Ps2Mouse::move(int dx, int dy, int wheel, std::uint8_t buttons)
{
    const auto pressed = static_cast<std::uint8_t>(buttons & kAllButtons);
    const bool changed = pressed != state_.buttons;
    state_.buttons = pressed;
    const bool listening = streaming() || state_.remote;
    if (!listening || (!changed && dx == 0 && dy == 0 && wheel == 0)) {
        return;
    }
    // A sample of the same buttons takes the movement; if there is no room for another, the newest takes all.
    const bool merge = !state_.samples.empty() && !changed;
    if (!merge) {
        state_.samples.push({});
    }
    Sample& sample = state_.samples.back();
    sample.dx = add(sample.dx, dx);
    sample.dy = add(sample.dy, dy < -kFarthest ? kFarthest : -dy);
    sample.wheel = add(sample.wheel, wheel);
    sample.buttons = pressed;
}

void Ps2Mouse::fill_packet(bool scale)
{
    Sample sample{.buttons = state_.buttons};
    if (!state_.samples.empty()) {
        sample = state_.samples.front();
    }
    std::int32_t dx = take_counts(sample.dx, -kMostCounts, kMostCounts);
    std::int32_t dy = take_counts(sample.dy, -kMostCounts, kMostCounts);
    if (scale) {
        dx = scaled(dx);
        dy = scaled(dy);
    }
    state_.packet.clear();
    state_.packet.push(static_cast<std::uint8_t>((sample.buttons & kThreeButtons) | packet::kAlwaysOne |
                                                 (dx < 0 ? packet::kNegativeX : 0u) |
                                                 (dy < 0 ? packet::kNegativeY : 0u)));
    state_.packet.push(static_cast<std::uint8_t>(dx & 0xff));
    state_.packet.push(static_cast<std::uint8_t>(dy & 0xff));
    switch (state_.type) {
    case MouseType::Standard:
        sample.wheel = 0;
        break;
    case MouseType::Wheel:
        state_.packet.push(static_cast<std::uint8_t>(take_counts(sample.wheel, -128, 127) & 0xff));
        break;
    case MouseType::FiveButtons: {
        const auto wheel = static_cast<unsigned>(take_counts(sample.wheel, -8, 7)) & 0x0f;
        const unsigned side = (sample.buttons & kSideButtons) << packet::kSideButtonsShift;
        state_.packet.push(static_cast<std::uint8_t>(wheel | side));
        break;
    }
    }
    if (sample.dx == 0 && sample.dy == 0 && sample.wheel == 0) {
        state_.samples.pop();
    } else {
        state_.samples.front() = sample;
    }
}

// "Set Sampling Rate": 10 to 200 samples a second; whatever else a guest writes is taken for the nearest.
base::Nanoseconds Ps2Mouse::sample_interval() const
{
    constexpr std::uint8_t kSlowest = 10;
    constexpr std::uint8_t kFastest = 200;
    static_assert(base::kSecond / kSlowest == kLongestInterval);
    return base::kSecond / std::clamp(state_.rate, kSlowest, kFastest);
}

bool Ps2Mouse::has_byte(base::Nanoseconds now) const
{
    return !state_.replies.empty() || !state_.packet.empty() || (waits_for_sample() && now >= state_.next_packet);
}

std::uint8_t Ps2Mouse::take(base::Nanoseconds now)
{
    if (!state_.replies.empty()) {
        const std::uint8_t byte = state_.replies.pop();
        if (byte != kResend) {
            state_.last_sent = byte;
        }
        return byte;
    }
    if (state_.packet.empty() && waits_for_sample()) {
        fill_packet(state_.scaling21);
        state_.next_packet = now + sample_interval();
    }
    if (!state_.packet.empty()) {
        state_.last_sent = state_.packet.pop();
    }
    return state_.last_sent;
}

void Ps2Mouse::forget_movement()
{
    state_.packet.clear();
    state_.samples.clear();
}

// "Set Default": 100 samples a second, linear scaling, stream mode, 4 counts a millimetre, reporting off.
void Ps2Mouse::defaults()
{
    forget_movement();
    state_.rate = 100;
    state_.resolution = 2;
    state_.scaling21 = false;
    state_.remote = false;
    state_.reporting = false;
}

void Ps2Mouse::write(std::uint8_t byte)
{
    const auto command = static_cast<MouseCommand>(byte);
    if (state_.wrap && command != MouseCommand::LeaveWrap && command != MouseCommand::Reset) {
        reply(byte);
    } else if (state_.awaiting != 0) {
        parameter(byte);
    } else {
        // Whatever the host says ends the packet that was on its way.
        state_.packet.clear();
        this->command(command);
    }
}

void Ps2Mouse::parameter(std::uint8_t byte)
{
    const auto command = static_cast<MouseCommand>(state_.awaiting);
    state_.awaiting = 0;
    if (command == MouseCommand::SetRate) {
        set_rate(byte);
    } else {
        state_.resolution = byte & 3;
    }
    reply(kAcknowledge);
}

// Microsoft's knocks: 200, 100, 80 for the wheel; 200, 200, 80 for five buttons.
void Ps2Mouse::set_rate(std::uint8_t rate)
{
    state_.rate = rate;
    state_.last_rates = {state_.last_rates[1], state_.last_rates[2], rate};
    if (state_.last_rates == std::array<std::uint8_t, 3>{200, 100, 80}) {
        state_.type = MouseType::Wheel;
    } else if (state_.last_rates == std::array<std::uint8_t, 3>{200, 200, 80}) {
        state_.type = MouseType::FiveButtons;
    }
}

void Ps2Mouse::reply_status()
{
    reply(kAcknowledge);
    reply(static_cast<std::uint8_t>(
        ((state_.buttons & 1) != 0 ? mouse_status::kLeft : 0u) |
        ((state_.buttons & 2) != 0 ? mouse_status::kRight : 0u) |
        ((state_.buttons & 4) != 0 ? mouse_status::kMiddle : 0u) | (state_.scaling21 ? mouse_status::kScaling21 : 0u) |
        (state_.reporting ? mouse_status::kReporting : 0u) | (state_.remote ? mouse_status::kRemote : 0u)));
    reply(state_.resolution);
    reply(state_.rate);
}

void Ps2Mouse::read_data()
{
    reply(kAcknowledge);
    fill_packet(false); // scaling is for stream mode
    while (!state_.packet.empty()) {
        reply(state_.packet.pop());
    }
}

void Ps2Mouse::command(MouseCommand command)
{
    switch (command) {
    case MouseCommand::Status:
        reply_status();
        return;
    case MouseCommand::ReadData:
        read_data();
        return;
    case MouseCommand::Identify:
        reply(kAcknowledge);
        reply(static_cast<std::uint8_t>(state_.type));
        return;
    case MouseCommand::Resend:
        reply(state_.last_sent);
        return;
    case MouseCommand::Reset:
        power_on();
        reply(kAcknowledge);
        reply(kSelfTestDone);
        reply(static_cast<std::uint8_t>(MouseType::Standard));
        return;
    case MouseCommand::Scaling11:
    case MouseCommand::Scaling21:
        state_.scaling21 = command == MouseCommand::Scaling21;
        break;
    case MouseCommand::SetResolution:
    case MouseCommand::SetRate:
        state_.awaiting = static_cast<std::uint8_t>(command);
        break;
    case MouseCommand::StreamMode:
    case MouseCommand::RemoteMode:
        forget_movement();
        state_.remote = command == MouseCommand::RemoteMode;
        break;
    case MouseCommand::EnterWrap:
    case MouseCommand::LeaveWrap:
        forget_movement();
        state_.wrap = command == MouseCommand::EnterWrap;
        break;
    case MouseCommand::Enable:
    case MouseCommand::Disable:
        forget_movement();
        state_.reporting = command == MouseCommand::Enable;
        break;
    case MouseCommand::Default:
        defaults();
        break;
    default:
        reply(kResend);
        return;
    }
    reply(kAcknowledge);
}

void Ps2Mouse::load(const State& state)
{
    state_ = state;
    for (Sample& sample : state_.samples.items) {
        sample.dx = std::clamp(sample.dx, -kFarthest, kFarthest);
        sample.dy = std::clamp(sample.dy, -kFarthest, kFarthest);
        sample.wheel = std::clamp(sample.wheel, -kFarthest, kFarthest);
    }
    if (state_.type != MouseType::Wheel && state_.type != MouseType::FiveButtons) {
        state_.type = MouseType::Standard;
    }
}

} // namespace windsor::devices::i8042
