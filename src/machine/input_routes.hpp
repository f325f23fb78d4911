// SPDX-License-Identifier: GPL-2.0-or-later
// A machine may have several keyboards and mice, and people have one: which of the machine's they use.
#pragma once

#include "backend/keyboard.hpp"
#include "backend/pointer.hpp"
#include "chipset/outlets.hpp"

#include <map>

namespace windsor::machine {

// Of those that the guest uses, the last that was plugged in: a USB keyboard rather than that of the mainboard, which
// is always there. A key is released where it was pressed.
class KeyboardRoute final : public backend::Keyboard {
public:
    explicit KeyboardRoute(const chipset::Outlets& outlets) : outlets_{outlets} {}
    void key(backend::KeyCode code, bool pressed) override WINDSOR_REQUIRES(bus::kMachineLock);

private:
    const chipset::Outlets& outlets_;
    std::map<backend::KeyCode, backend::Keyboard*> held_; // a key code has few values, so this does not grow
};

// The mouse, chosen in the same way. When another takes over, the buttons of the one before are let go.
class MouseRoute final : public backend::Pointer {
public:
    explicit MouseRoute(const chipset::Outlets& outlets) : outlets_{outlets} {}
    void move(int dx, int dy, int wheel, std::uint8_t buttons) override WINDSOR_REQUIRES(bus::kMachineLock);

private:
    const chipset::Outlets& outlets_;
    backend::Pointer* last_{nullptr};
};

// The tablet, of which there may be none.
class TabletRoute final : public backend::AbsolutePointer {
public:
    explicit TabletRoute(const chipset::Outlets& outlets) : outlets_{outlets} {}
    void move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons) override WINDSOR_REQUIRES(bus::kMachineLock);
    bool in_use() const override WINDSOR_REQUIRES(bus::kMachineLock);

private:
    const chipset::Outlets& outlets_;
};

struct InputRoutes {
    // The outlets outlive it.
    explicit InputRoutes(const chipset::Outlets& outlets) : keyboard{outlets}, mouse{outlets}, tablet{outlets} {}

    KeyboardRoute keyboard;
    MouseRoute mouse;
    TabletRoute tablet;
};

} // namespace windsor::machine
