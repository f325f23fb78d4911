// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/console_event.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::display {

namespace {

constexpr std::uint32_t kPause = 0xe11d;

bool can_be(const ConsoleEvent& event)
{
    switch (static_cast<ConsoleEvent::Kind>(event.kind)) {
    case ConsoleEvent::Kind::Started:
    case ConsoleEvent::Kind::Refresh:
    case ConsoleEvent::Kind::Note: return true;
    case ConsoleEvent::Kind::Viewers: return event.number <= kMostViewers;
    case ConsoleEvent::Kind::Key: return is_key_code(event.number) && event.buttons <= 1;
    case ConsoleEvent::Kind::Pointer:
    case ConsoleEvent::Kind::PointerAt: return event.buttons <= 7;
    }
    return false;
}

} // namespace

bool is_key_code(std::uint32_t code)
{
    const std::uint32_t group = code & ~0x7fU;
    return code == kPause || ((group == 0 || group == 0xe000) && (code & 0x7f) != 0);
}

std::optional<ConsoleEvent> read_event(std::span<const std::byte> message)
{
    ConsoleEvent event;
    if (message.size() != sizeof event) {
        return std::nullopt;
    }
    std::memcpy(&event, message.data(), sizeof event);
    if (!can_be(event)) {
        return std::nullopt;
    }
    event.dx = std::clamp(event.dx, -kMostMotion, kMostMotion);
    event.dy = std::clamp(event.dy, -kMostMotion, kMostMotion);
    event.wheel = std::clamp(event.wheel, -kMostWheel, kMostWheel);
    for (char& character : event.text) {
        if (character != '\0' && (character < ' ' || character > '~')) {
            character = '?';
        }
    }
    return event;
}

ConsoleEvent note_event(std::string_view text)
{
    ConsoleEvent event{.kind = static_cast<std::uint32_t>(ConsoleEvent::Kind::Note)};
    std::copy_n(text.begin(), std::min(text.size(), event.text.size()), event.text.begin());
    return event;
}

std::string note_text(const ConsoleEvent& event)
{
    return {event.text.begin(), std::ranges::find(event.text, '\0')};
}

} // namespace windsor::display
