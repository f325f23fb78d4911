// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i8042/ps2_keyboard.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace windsor::devices::i8042 {

namespace {

constexpr backend::KeyCode kLeftCtrl = 0x1d;
constexpr backend::KeyCode kRightCtrl = 0xe01d;
constexpr backend::KeyCode kLeftShift = 0x2a;
constexpr backend::KeyCode kRightShift = 0x36;
constexpr backend::KeyCode kLeftAlt = 0x38;
constexpr backend::KeyCode kRightAlt = 0xe038;

constexpr std::size_t kLongestRelease = 6; // Print Screen's, set 2

// The keys whose releases set 3 sends by default: left Ctrl, left Shift, Caps Lock, left Alt and right Shift.
constexpr std::array<std::uint8_t, 5> kSet3MakeBreak{0x11, 0x12, 0x14, 0x19, 0x59};

unsigned held_index(backend::KeyCode code)
{
    return (code & 0x7fu) | (code >> 8 != 0 ? 0x80u : 0u);
}

bool test(const std::array<std::uint8_t, 32>& bits, unsigned index)
{
    return (bits[index / 8 % 32] >> (index % 8) & 1) != 0;
}

void assign(std::array<std::uint8_t, 32>& bits, unsigned index, bool value)
{
    const unsigned bit = 1u << (index % 8);
    std::uint8_t& byte = bits[index / 8 % 32];
    byte = static_cast<std::uint8_t>(value ? byte | bit : byte & ~bit);
}

} // namespace

Ps2Keyboard::Ps2Keyboard()
{
    power_on();
}

void Ps2Keyboard::power_on()
{
    state_ = State{};
    defaults();
}

bool Ps2Keyboard::held(backend::KeyCode code) const
{
    return test(state_.held, held_index(code));
}

void Ps2Keyboard::set_held(backend::KeyCode code, bool value)
{
    if (held(code) != value) {
        assign(state_.held, held_index(code), value);
        state_.held_count = static_cast<std::uint16_t>(state_.held_count + (value ? 1 : -1));
    }
}

void Ps2Keyboard::key(backend::KeyCode code, bool pressed)
{
    if (!is_key(code)) {
        return;
    }
    if (pressed) {
        press(code);
    } else {
        release(code);
    }
}

ScanBytes Ps2Keyboard::press_bytes(backend::KeyCode code)
{
    const bool ctrl = modifier_held(kLeftCtrl, kRightCtrl);
    if (code == kPause && ctrl) {
        // Ctrl and Pause are Break, pressed and released at once.
        ScanBytes bytes = scan_bytes(state_.scan_set, kBreakKey, true);
        const ScanBytes released = scan_bytes(state_.scan_set, kBreakKey, false);
        for (const std::uint8_t byte : released.span()) {
            bytes.add(byte);
        }
        return bytes;
    }
    if (code != kPrintScreen) {
        return scan_bytes(state_.scan_set, code, true);
    }
    if (state_.print_screen == PrintScreen::Up) {
        state_.print_screen = modifier_held(kLeftAlt, kRightAlt)                 ? PrintScreen::SysRq
                              : ctrl || modifier_held(kLeftShift, kRightShift) ? PrintScreen::WithShiftOrCtrl
                                                                               : PrintScreen::Alone;
    }
    switch (state_.print_screen) {
    case PrintScreen::SysRq:
        return scan_bytes(state_.scan_set, kSysRq, true);
    case PrintScreen::WithShiftOrCtrl:
        return scan_bytes(state_.scan_set, kPrintScreen, true);
    default:
        return print_screen_bytes(state_.scan_set, true);
    }
}

ScanBytes Ps2Keyboard::release_bytes(backend::KeyCode code)
{
    if (code != kPrintScreen) {
        return scan_bytes(state_.scan_set, code, false);
    }
    const PrintScreen pressed_as = std::exchange(state_.print_screen, PrintScreen::Up);
    switch (pressed_as) {
    case PrintScreen::SysRq:
        return scan_bytes(state_.scan_set, kSysRq, false);
    case PrintScreen::WithShiftOrCtrl:
        return scan_bytes(state_.scan_set, kPrintScreen, false);
    default:
        return print_screen_bytes(state_.scan_set, false);
    }
}

void Ps2Keyboard::press(backend::KeyCode code)
{
    if (!state_.scanning) {
        return;
    }
    const PrintScreen before = state_.print_screen;
    const ScanBytes bytes = press_bytes(code);
    const std::size_t releases = (state_.held_count + 1u) * kLongestRelease;
    if (bytes.size == 0 || state_.scans.space() < bytes.size + releases) {
        state_.print_screen = before;
        return;
    }
    for (const std::uint8_t byte : bytes.span()) {
        state_.scans.push(byte);
    }
    if (code != kPause) {
        set_held(code, true);
    }
}

void Ps2Keyboard::release(backend::KeyCode code)
{
    if (code == kPause || !held(code)) {
        return;
    }
    set_held(code, false);
    const ScanBytes bytes = release_bytes(code);
    const bool silent = state_.scan_set == 3 && test(state_.no_break, set3_code(code));
    if (!state_.scanning || silent) {
        return;
    }
    for (const std::uint8_t byte : bytes.span()) {
        state_.scans.push(byte);
    }
}

std::uint8_t Ps2Keyboard::take()
{
    if (!state_.replies.empty()) {
        const std::uint8_t byte = state_.replies.pop();
        if (byte != kResend) {
            state_.last_sent = byte;
        }
        return byte;
    }
    if (!state_.scans.empty()) {
        state_.last_sent = state_.scans.pop();
    }
    return state_.last_sent;
}

void Ps2Keyboard::forget_keys()
{
    state_.scans.clear();
    state_.held = {};
    state_.held_count = 0;
    state_.print_screen = PrintScreen::Up;
}

void Ps2Keyboard::set_all_breaks(bool sent)
{
    state_.no_break.fill(sent ? 0x00 : 0xff);
}

// "Set Default": typematic rate and delay, key types and scan code set 2; the indicators stay.
void Ps2Keyboard::defaults()
{
    forget_keys();
    state_.typematic = kDefaultTypematic;
    state_.scan_set = 2;
    set_all_breaks(false);
    for (const std::uint8_t code : kSet3MakeBreak) {
        assign(state_.no_break, code, false);
    }
}

void Ps2Keyboard::write(std::uint8_t byte)
{
    if (state_.awaiting == 0 || !parameter(byte)) {
        command(static_cast<KeyboardCommand>(byte));
    }
}

// False if the byte is a command instead.
bool Ps2Keyboard::parameter(std::uint8_t byte)
{
    const auto command = static_cast<KeyboardCommand>(state_.awaiting);
    if (byte >= static_cast<std::uint8_t>(KeyboardCommand::SetLeds)) {
        state_.awaiting = 0;
        return false;
    }
    switch (command) {
    case KeyboardCommand::KeyTypematic:
    case KeyboardCommand::KeyMakeBreak:
    case KeyboardCommand::KeyMake:
        // Any number of keys may follow, up to the next command.
        assign(state_.no_break, byte, command != KeyboardCommand::KeyMakeBreak);
        reply(kAcknowledge);
        return true;
    case KeyboardCommand::SetLeds:
        state_.leds = byte & 7;
        break;
    case KeyboardCommand::SetTypematic:
        state_.typematic = byte & 0x7f;
        break;
    case KeyboardCommand::ScanCodeSet:
        if (byte > 3) {
            state_.awaiting = 0;
            reply(kResend);
            return true;
        }
        break;
    default:
        break;
    }
    state_.awaiting = 0;
    reply(kAcknowledge);
    if (command == KeyboardCommand::ScanCodeSet) {
        if (byte == 0) {
            reply(state_.scan_set);
        } else {
            forget_keys();
            state_.scan_set = byte;
        }
    }
    return true;
}

void Ps2Keyboard::command(KeyboardCommand command)
{
    switch (command) {
    case KeyboardCommand::Echo:
        reply(kEcho);
        return;
    case KeyboardCommand::Resend:
        reply(state_.last_sent);
        return;
    case KeyboardCommand::SetLeds:
    case KeyboardCommand::ScanCodeSet:
    case KeyboardCommand::SetTypematic:
    case KeyboardCommand::KeyTypematic:
    case KeyboardCommand::KeyMakeBreak:
    case KeyboardCommand::KeyMake:
        state_.awaiting = static_cast<std::uint8_t>(command);
        break;
    case KeyboardCommand::Identify:
        reply(kAcknowledge);
        reply(kKeyboardId[0]);
        reply(kKeyboardId[1]);
        return;
    case KeyboardCommand::Enable:
        state_.scanning = true;
        break;
    case KeyboardCommand::DefaultAndDisable:
        defaults();
        state_.scanning = false;
        break;
    case KeyboardCommand::Default:
        defaults();
        state_.scanning = true;
        break;
    case KeyboardCommand::AllTypematic:
    case KeyboardCommand::AllMake:
        set_all_breaks(false);
        break;
    case KeyboardCommand::AllMakeBreak:
    case KeyboardCommand::AllTypematicMakeBreak:
        set_all_breaks(true);
        break;
    case KeyboardCommand::Reset:
        power_on();
        reply(kAcknowledge);
        reply(kSelfTestDone);
        return;
    default:
        reply(kResend);
        return;
    }
    reply(kAcknowledge);
}

void Ps2Keyboard::load(const State& state)
{
    state_ = state;
    state_.scan_set = std::clamp<std::uint8_t>(state_.scan_set, 1, 3);
    unsigned count = 0;
    for (const std::uint8_t byte : state_.held) {
        count += static_cast<unsigned>(std::popcount(byte));
    }
    state_.held_count = static_cast<std::uint16_t>(count);
}

} // namespace windsor::devices::i8042
