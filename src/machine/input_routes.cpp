// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/input_routes.hpp"

#include <utility>
#include <vector>

namespace windsor::machine {

namespace {

template <typename Device> Device* last_in_use(const std::vector<Device*>& devices) WINDSOR_REQUIRES(bus::kMachineLock)
{
    for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
        if ((*device)->in_use()) {
            return *device;
        }
    }
    return nullptr;
}

} // namespace

void KeyboardRoute::key(backend::KeyCode code, bool pressed)
{
    backend::Keyboard* keyboard = last_in_use(outlets_.keyboards);
    const auto held = held_.find(code);
    if (held != held_.end()) {
        keyboard = held->second;
    }
    if (keyboard == nullptr) {
        return;
    }
    if (pressed) {
        held_[code] = keyboard;
    } else if (held != held_.end()) {
        held_.erase(held);
    }
    keyboard->key(code, pressed);
}

void MouseRoute::move(int dx, int dy, int wheel, std::uint8_t buttons)
{
    backend::Pointer* const mouse = last_in_use(outlets_.pointers);
    backend::Pointer* const before = std::exchange(last_, mouse);
    if (before != nullptr && before != mouse) {
        before->move(0, 0, 0, 0);
    }
    if (mouse != nullptr) {
        mouse->move(dx, dy, wheel, buttons);
    }
}

void TabletRoute::move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons)
{
    if (backend::AbsolutePointer* const tablet = last_in_use(outlets_.absolute_pointers)) {
        tablet->move_to(x, y, wheel, buttons);
    }
}

bool TabletRoute::in_use() const
{
    return last_in_use(outlets_.absolute_pointers) != nullptr;
}

} // namespace windsor::machine
