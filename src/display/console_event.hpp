// SPDX-License-Identifier: GPL-2.0-or-later
// What the process that serves a console tells the domain's process: events of a fixed size over a socket of type
// SOCK_SEQPACKET. That process talks to the network, so the domain believes nothing that it says.
#pragma once

#include "backend/keyboard.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace windsor::display {

using backend::KeyCode;

constexpr int kMostMotion = 4096;  // counts in one pointer event, in each direction
constexpr int kMostWheel = 16;     // clicks in one pointer event, in each direction
constexpr unsigned kMostViewers = 16;

// Of the screen, from its upper left corner.
struct Pixel {
    unsigned x{0};
    unsigned y{0};

    bool operator==(const Pixel&) const = default;
};

struct ConsoleEvent {
    enum class Kind : std::uint32_t {
        Started = 1, // a fresh process serves the console: whatever its predecessor held is let go
        Viewers = 2, // `number` viewers look at the screen
        Refresh = 3, // a viewer needs the picture as it is now; `number` counts such requests
        Key = 4,     // `number` is the key's code; `buttons` is 1 if it is pressed, 0 if it is let go
        Pointer = 5, // movement, wheel clicks, and the buttons held
        Note = 6,    // a line for the log
        PointerAt = 7, // as Pointer; besides, `number` is the pixel where it is: x in the upper half, y in the lower
    };

    std::uint32_t kind{0};
    std::uint32_t number{0};
    std::int32_t dx{0};
    std::int32_t dy{0};
    std::int32_t wheel{0};
    std::uint32_t buttons{0};
    std::array<char, 104> text{}; // zeros after the end
};
static_assert(sizeof(ConsoleEvent) == 128 && std::is_trivially_copyable_v<ConsoleEvent>);

// What `number` of PointerAt says, and has to be to say it; less than 65,536 each.
constexpr std::uint32_t pixel_number(Pixel at)
{
    return at.x << 16 | at.y;
}
constexpr Pixel pixel_of(std::uint32_t number)
{
    return {number >> 16, number & 0xffff};
}

// A code that a keyboard can send: set 1, the E0h group, or Pause.
bool is_key_code(std::uint32_t code);

// The event in a message, with motion and wheel within their limits and nothing but printable ASCII in the text; none
// if it is not one event, or its kind, key, buttons or number cannot be.
std::optional<ConsoleEvent> read_event(std::span<const std::byte> message);

// A note, cut short if it is too long.
ConsoleEvent note_event(std::string_view text);
std::string note_text(const ConsoleEvent& event);

} // namespace windsor::display
