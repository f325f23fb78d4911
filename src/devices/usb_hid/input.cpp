// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/usb_hid/input.hpp"

#include "backend/pointer.hpp"
#include "devices/usb_hid/spec.hpp"
#include "devices/usb_hid/usages.hpp"

#include <algorithm>
#include <bit>

namespace windsor::devices::usb_hid {

namespace {

using backend::UsbKind;

constexpr std::int32_t kMostSum = 1'000'000; // counts that a guest is told of which has not asked for long
constexpr std::int32_t kMostStep = 127; // in one report
constexpr std::uint8_t kButtonBits = 0x1f;
constexpr std::uint8_t kBootButtons = 0x07;

using Bits = std::array<std::uint8_t, 32>;

bool test(const Bits& bits, std::uint8_t index)
{
    return (bits[index / 8] >> (index % 8) & 1) != 0;
}

void assign(Bits& bits, std::uint8_t index, bool value)
{
    const unsigned bit = 1U << (index % 8);
    bits[index / 8] = static_cast<std::uint8_t>(value ? bits[index / 8] | bit : bits[index / 8] & ~bit);
}

std::size_t count(const Bits& bits)
{
    std::size_t set = 0;
    for (const std::uint8_t byte : bits) {
        set += static_cast<std::size_t>(std::popcount(byte));
    }
    return set;
}

std::int32_t sum(std::int32_t a, std::int32_t b)
{
    return std::clamp(a + std::clamp(b, -kMostSum, kMostSum), -kMostSum, kMostSum);
}

std::int32_t step(std::int32_t counts)
{
    return std::clamp(counts, -kMostStep, kMostStep);
}

std::uint8_t byte(std::int32_t counts)
{
    return static_cast<std::uint8_t>(step(counts));
}

Bytes keyboard_report(const Bits& keys)
{
    Bytes report(kKeyboardReport);
    std::size_t used = 0;
    for (unsigned usage = 1; usage <= 0xff; ++usage) {
        const auto key = static_cast<std::uint8_t>(usage);
        if (!test(keys, key)) {
            continue;
        }
        if (key >= kFirstModifier && key <= kLastModifier) {
            report[0] = static_cast<std::uint8_t>(report[0] | 1U << (key - kFirstModifier));
        } else if (used++ < kReportKeys) {
            report[1 + used] = key;
        }
    }
    if (used > kReportKeys) {
        std::fill(report.begin() + 2, report.end(), kErrorRollOver);
    }
    return report;
}

} // namespace

// A sample whose buttons are as those of the one before adds to it.
void Input::add(const Sample& sample)
{
    const Sample& newest = state_.samples.empty() ? state_.last : state_.samples.back();
    if (!state_.samples.empty() && (newest.buttons == sample.buttons || state_.samples.space() == 0)) {
        Sample& back = state_.samples.back();
        back.dx = sum(back.dx, sample.dx);
        back.dy = sum(back.dy, sample.dy);
        back.wheel = sum(back.wheel, sample.wheel);
        back.x = sample.x;
        back.y = sample.y;
        back.buttons = sample.buttons;
        return;
    }
    const bool news = sample.buttons != newest.buttons || sample.x != newest.x || sample.y != newest.y ||
                      sample.dx != 0 || sample.dy != 0 || sample.wheel != 0;
    if (news) {
        state_.samples.push(sample);
    }
}

Input::Sample Input::next() const
{
    return state_.samples.empty() ? state_.last : state_.samples.front();
}

void Input::move(int dx, int dy, int wheel, std::uint8_t buttons)
{
    add({.dx = sum(0, dx),
         .dy = sum(0, dy),
         .wheel = sum(0, wheel),
         .x = 0,
         .y = 0,
         .buttons = static_cast<std::uint8_t>(buttons & kButtonBits)});
}

void Input::move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons)
{
    add({.dx = 0,
         .dy = 0,
         .wheel = sum(0, wheel),
         .x = static_cast<std::uint16_t>(std::min(x, backend::kFarthestPosition)),
         .y = static_cast<std::uint16_t>(std::min(y, backend::kFarthestPosition)),
         .buttons = static_cast<std::uint8_t>(buttons & kButtonBits)});
}

void Input::key(backend::KeyCode code, bool pressed)
{
    const std::uint8_t usage = usage_of(code);
    if (usage == 0 || test(state_.pressed, usage) == pressed) {
        return; // keys repeat by themselves in the guest
    }
    const std::size_t releases = count(state_.pressed) + (pressed ? 1 : 0);
    if (pressed && state_.changes.space() < releases + 1) {
        return;
    }
    assign(state_.pressed, usage, pressed);
    state_.changes.push({.usage = usage, .pressed = pressed});
}

Bytes Input::report(UsbKind kind, Protocol protocol) const
{
    if (kind == UsbKind::Keyboard) {
        Bits keys = state_.told;
        if (!state_.changes.empty()) {
            assign(keys, state_.changes.front().usage, state_.changes.front().pressed);
        }
        return keyboard_report(keys);
    }
    const Sample sample = next();
    // A wheel counts up as it turns away from the user.
    const std::uint8_t wheel = byte(-step(sample.wheel));
    if (kind == UsbKind::Tablet) {
        return {sample.buttons,
                static_cast<std::uint8_t>(sample.x),
                static_cast<std::uint8_t>(sample.x >> 8),
                static_cast<std::uint8_t>(sample.y),
                static_cast<std::uint8_t>(sample.y >> 8),
                wheel};
    }
    if (protocol == Protocol::Boot) {
        return {static_cast<std::uint8_t>(sample.buttons & kBootButtons), byte(sample.dx), byte(sample.dy)};
    }
    return {sample.buttons, byte(sample.dx), byte(sample.dy), wheel};
}

void Input::take(UsbKind kind)
{
    if (kind == UsbKind::Keyboard) {
        if (!state_.changes.empty()) {
            const KeyChange change = state_.changes.pop();
            assign(state_.told, change.usage, change.pressed);
        }
        return;
    }
    if (state_.samples.empty()) {
        return;
    }
    Sample& front = state_.samples.front();
    state_.last = {.dx = 0, .dy = 0, .wheel = 0, .x = front.x, .y = front.y, .buttons = front.buttons};
    front.dx -= step(front.dx);
    front.dy -= step(front.dy);
    front.wheel -= step(front.wheel);
    if (front.dx == 0 && front.dy == 0 && front.wheel == 0) {
        state_.samples.pop();
    }
}

void Input::load(const State& state, UsbKind kind)
{
    state_ = state;
    if (kind != UsbKind::Keyboard) {
        state_.changes.clear();
    }
    if (kind != UsbKind::Tablet && kind != UsbKind::Mouse) {
        state_.samples.clear();
    }
    const auto keep_possible = [](Sample& sample) {
        sample.dx = sum(0, sample.dx);
        sample.dy = sum(0, sample.dy);
        sample.wheel = sum(0, sample.wheel);
        sample.x = static_cast<std::uint16_t>(std::min<unsigned>(sample.x, backend::kFarthestPosition));
        sample.y = static_cast<std::uint16_t>(std::min<unsigned>(sample.y, backend::kFarthestPosition));
        sample.buttons &= kButtonBits;
    };
    std::ranges::for_each(state_.samples.items, keep_possible);
    keep_possible(state_.last);
    state_.last.dx = state_.last.dy = state_.last.wheel = 0;
}

} // namespace windsor::devices::usb_hid
