// SPDX-License-Identifier: GPL-2.0-or-later
// What clients and users send: key symbols, key codes, key names, text.
#include "display/codepage437.hpp"
#include "display/key_names.hpp"
#include "display/keymap.hpp"
#include "display/keysym.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

namespace {

using namespace windsor::display;

// However a client plays its keys, letting go of all of them lets go of all of the guest's.
void play_keys(const std::uint8_t* data, std::size_t size)
{
    const std::vector<std::string_view> names = Keymap::names();
    const Keymap keymap = Keymap::find(names[data[0] % names.size()]).value();
    KeysymTranslator translator{keymap};
    std::set<std::uint32_t> held;
    std::set<windsor::backend::KeyCode> down;
    const auto play = [&](std::uint32_t keysym, bool pressed) {
        for (const KeyEvent& event : translator.key(keysym, pressed)) {
            if (event.pressed) {
                down.insert(event.code);
            } else {
                down.erase(event.code);
            }
        }
    };
    for (std::size_t i = 1; i + 3 <= size; i += 3) {
        std::uint32_t keysym = (std::uint32_t{data[i + 1]} << 8) | data[i + 2];
        keysym |= (data[i] & 2) != 0 ? 0x01000000U : 0U;
        const bool pressed = (data[i] & 1) != 0;
        play(keysym, pressed);
        if (pressed) {
            held.insert(keysym);
        }
        if (const auto code = key_from_xt(keysym); code && *code == 0) {
            std::abort();
        }
    }
    for (const std::uint32_t keysym : held) {
        play(keysym, false);
    }
    if (!down.empty()) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    play_keys(data, size);
    const std::string_view text{static_cast<const char*>(static_cast<const void*>(data)), size};
    if (const auto chords = parse_keys(text); chords && chords->empty()) {
        std::abort();
    }
    std::string again;
    for (const char32_t character : decode_utf8(text)) {
        append_utf8(again, character);
    }
    if (decode_utf8(again) != decode_utf8(text)) {
        std::abort();
    }
    return 0;
}
