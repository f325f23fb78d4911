// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/keysym.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace windsor::display {

namespace {

constexpr std::size_t kMostHeldKeys = 64;

template <typename Value> using Table = std::pair<std::uint32_t, Value>;

constexpr std::uint32_t kCapsLock = 0xffe5;

constexpr auto kKeys = std::to_array<Table<KeyCode>>({
    {0xfe03, 0xe038}, // ISO_Level3_Shift
    {0xfe20, 0x0f},   // ISO_Left_Tab
    {0xff08, 0x0e},   {0xff09, 0x0f},   {0xff0d, 0x1c},   // BackSpace Tab Return
    {0xff13, 0xe11d}, {0xff14, 0x46},   {0xff15, 0xe037}, // Pause Scroll_Lock Sys_Req
    {0xff1b, 0x01},                                       // Escape
    {0xff22, 0x7b},   {0xff23, 0x79},   {0xff27, 0x70},   {0xff2a, 0x29}, // Japanese conversion keys
    {0xff50, 0xe047}, {0xff51, 0xe04b}, {0xff52, 0xe048}, {0xff53, 0xe04d}, // Home Left Up Right
    {0xff54, 0xe050}, {0xff55, 0xe049}, {0xff56, 0xe051}, {0xff57, 0xe04f}, // Down Prior Next End
    {0xff61, 0xe037}, {0xff63, 0xe052}, {0xff67, 0xe05d}, {0xff6b, 0xe11d}, // Print Insert Menu Break
    {0xff7e, 0xe038}, {0xff7f, 0x45},                                       // Mode_switch Num_Lock
    {0xff8d, 0xe01c},                                                       // KP_Enter
    {0xff95, 0x47},   {0xff96, 0x4b},   {0xff97, 0x48},   {0xff98, 0x4d},   // KP_Home KP_Left KP_Up KP_Right
    {0xff99, 0x50},   {0xff9a, 0x49},   {0xff9b, 0x51},   {0xff9c, 0x4f},   // KP_Down KP_Prior KP_Next KP_End
    {0xff9d, 0x4c},   {0xff9e, 0x52},   {0xff9f, 0x53},                     // KP_Begin KP_Insert KP_Delete
    {0xffaa, 0x37},   {0xffab, 0x4e},   {0xffad, 0x4a},   {0xffaf, 0xe035}, // KP_Multiply KP_Add …
    {0xffbe, 0x3b},   {0xffbf, 0x3c},   {0xffc0, 0x3d},   {0xffc1, 0x3e},   // F1 …
    {0xffc2, 0x3f},   {0xffc3, 0x40},   {0xffc4, 0x41},   {0xffc5, 0x42},
    {0xffc6, 0x43},   {0xffc7, 0x44},   {0xffc8, 0x57},   {0xffc9, 0x58},   // … F12
    {0xffe1, 0x2a},   {0xffe2, 0x36},   {0xffe3, 0x1d},   {0xffe4, 0xe01d}, // Shift_L Shift_R Control_L …
    {0xffe7, 0x38},   {0xffe8, 0xe038}, {0xffe9, 0x38},   {0xffea, 0xe038}, // Meta_L Meta_R Alt_L Alt_R
    {0xffeb, 0xe05b}, {0xffec, 0xe05c},                                     // Super_L Super_R
    {0xffff, 0xe053},                                                       // Delete
});

// Symbols whose number is neither Latin-1 nor Unicode.
constexpr auto kCharacters = std::to_array<Table<char32_t>>({
    {0x01a1, U'Ą'}, {0x01a9, U'Š'}, {0x01aa, U'Ş'}, {0x01ac, U'Ź'}, {0x01ae, U'Ž'}, {0x01af, U'Ż'},
    {0x01b1, U'ą'}, {0x01b3, U'ł'}, {0x01b6, U'ś'}, {0x01b9, U'š'}, {0x01ba, U'ş'}, {0x01bc, U'ź'},
    {0x01be, U'ž'}, {0x01bf, U'ż'}, {0x02a9, U'İ'}, {0x02ab, U'Ğ'}, {0x02b9, U'ı'}, {0x02bb, U'ğ'},
    {0x13bc, U'Œ'}, {0x13bd, U'œ'}, {0x13be, U'Ÿ'}, {0x20ac, U'€'},
    {0xfe50, U'\u0300'}, {0xfe51, U'\u0301'}, {0xfe52, U'\u0302'}, {0xfe53, U'\u0303'}, {0xfe57, U'\u0308'},
    {0xff80, U' '}, // KP_Space
    // The keypad's digits, whatever Num Lock is in the guest.
    {0xffac, U','}, {0xffae, U'.'}, {0xffb0, U'0'}, {0xffb1, U'1'}, {0xffb2, U'2'}, {0xffb3, U'3'}, {0xffb4, U'4'},
    {0xffb5, U'5'}, {0xffb6, U'6'}, {0xffb7, U'7'}, {0xffb8, U'8'}, {0xffb9, U'9'}, {0xffbd, U'='},
});

template <typename Value, std::size_t kSize>
std::optional<Value> look_up(const std::array<Table<Value>, kSize>& table, std::uint32_t keysym)
{
    const auto found = std::ranges::lower_bound(table, keysym, {}, &Table<Value>::first);
    return found != table.end() && found->first == keysym ? std::optional{found->second} : std::nullopt;
}

static_assert(std::ranges::is_sorted(kKeys, {}, &Table<KeyCode>::first));
static_assert(std::ranges::is_sorted(kCharacters, {}, &Table<char32_t>::first));

constexpr bool is_layout_modifier(KeyCode code)
{
    return code == key::kLeftShift || code == key::kRightShift || code == key::kRightAlt;
}

} // namespace

std::optional<char32_t> keysym_character(std::uint32_t keysym)
{
    if ((keysym >= 0x20 && keysym <= 0x7e) || (keysym >= 0xa0 && keysym <= 0xff)) {
        return keysym;
    }
    if (keysym >= 0x0100'0100 && keysym <= 0x0110'ffff) {
        return keysym & 0x00ff'ffff;
    }
    return look_up(kCharacters, keysym);
}

std::optional<KeyCode> keysym_key(std::uint32_t keysym)
{
    return look_up(kKeys, keysym);
}

std::optional<KeyCode> key_from_xt(std::uint32_t xt)
{
    switch (xt) {
    case 0x54: // SysRq, which is Alt with Print Screen
    case 0xb7:
        return 0xe037;
    case 0xc6:
        return 0xe11d;
    default:
        break;
    }
    if (xt > 0xff || (xt & 0x7f) == 0) {
        return std::nullopt;
    }
    return static_cast<KeyCode>((xt & 0x80) != 0 ? 0xe000 | (xt & 0x7f) : xt);
}

std::vector<KeyEvent> KeysymTranslator::key(std::uint32_t keysym, bool pressed)
{
    std::vector<KeyEvent> events;
    auto held = pressed_.find(keysym);
    if (!pressed) {
        held = held != pressed_.end() ? held : held_by_another_name(keysym);
        if (held != pressed_.end()) {
            events.push_back({held->second, false});
            modifiers_.erase(held->second);
            pressed_.erase(held);
        }
        return events;
    }
    if (held != pressed_.end()) {
        return {{held->second, true}};
    }
    if (keysym == kCapsLock || pressed_.size() >= kMostHeldKeys) {
        return events;
    }
    if (const std::optional<KeyCode> code = keysym_key(keysym)) {
        pressed_[keysym] = *code;
        if (is_layout_modifier(*code)) {
            modifiers_.insert(*code);
        }
        events.push_back({*code, true});
    } else if (const std::optional<char32_t> character = keysym_character(keysym)) {
        press_character(*character, keysym, events);
    }
    return events;
}

// Clients that look at their modifiers anew release A as a, and ! as 1, when Shift was let go first.
KeysymTranslator::Held::iterator KeysymTranslator::held_by_another_name(std::uint32_t keysym)
{
    std::optional<KeyCode> code = keysym_key(keysym);
    if (const std::optional<char32_t> character = keysym_character(keysym); !code && character) {
        const std::vector<Stroke> strokes = keymap_.strokes(*character);
        if (strokes.size() == 1) {
            code = strokes.front().code;
        }
    }
    return std::ranges::find_if(pressed_, [&](const auto& held) { return held.second == code; });
}

void KeysymTranslator::press_character(char32_t character, std::uint32_t keysym, std::vector<KeyEvent>& events)
{
    const std::vector<Stroke> strokes = keymap_.strokes(character);
    for (const Stroke& stroke : strokes) {
        press(stroke, events);
        if (strokes.size() == 1) {
            pressed_[keysym] = stroke.code;
        } else {
            events.push_back({stroke.code, false});
        }
    }
}

void KeysymTranslator::press(const Stroke& stroke, std::vector<KeyEvent>& events) const
{
    const bool shifted = modifiers_.contains(key::kLeftShift) || modifiers_.contains(key::kRightShift);
    const bool alt_gr = modifiers_.contains(key::kRightAlt);
    // Space, Tab and the like mean something with Shift; characters say by themselves what they need.
    const bool free = stroke.code == key::kSpace;
    std::vector<KeyEvent> around;
    if (stroke.shift && !shifted) {
        around.push_back({key::kLeftShift, true});
    }
    if (stroke.alt_gr && !alt_gr) {
        around.push_back({key::kRightAlt, true});
    }
    for (const KeyCode modifier : modifiers_) {
        const bool wanted = modifier == key::kRightAlt ? stroke.alt_gr : stroke.shift;
        if (!wanted && !free) {
            around.push_back({modifier, false});
        }
    }
    events.insert(events.end(), around.begin(), around.end());
    events.push_back({stroke.code, true});
    for (auto event = around.rbegin(); event != around.rend(); ++event) {
        events.push_back({event->code, !event->pressed});
    }
}

} // namespace windsor::display
