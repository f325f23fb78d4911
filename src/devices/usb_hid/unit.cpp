// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/usb_hid/unit.hpp"

#include "devices/usb_hid/hid_device.hpp"
#include "devices/usb_hid/saved_state.hpp"

namespace windsor::devices::usb_hid {

namespace {

using backend::UsbKind;

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(chipset::Site& site, std::size_t port, UsbKind kind)
        : device_{site.clock(), *site.outlets().usb_ports.at(port)}, keyboard_{device_}, mouse_{device_},
          tablet_{device_}
    {
        if (kind != UsbKind::None) {
            device_.plug(kind);
        }
        chipset::Outlets& outlets = site.outlets();
        outlets.usb_sockets.push_back(&device_);
        outlets.keyboards.push_back(&keyboard_);
        outlets.pointers.push_back(&mouse_);
        outlets.absolute_pointers.push_back(&tablet_);
    }
    template <typename Visit> base::Status parts(Visit visit) { return visit("", device_); }

private:
    // What the device is to a console.
    class KeyboardEnd final : public backend::Keyboard {
    public:
        explicit KeyboardEnd(HidDevice& device) : device_{device} {}
        void key(backend::KeyCode code, bool pressed) override WINDSOR_REQUIRES(bus::kMachineLock)
        {
            device_.key(code, pressed);
        }
        bool in_use() const override { return device_.kind() == UsbKind::Keyboard && device_.in_use(); }

    private:
        HidDevice& device_;
    };
    class MouseEnd final : public backend::Pointer {
    public:
        explicit MouseEnd(HidDevice& device) : device_{device} {}
        void move(int dx, int dy, int wheel, std::uint8_t buttons) override WINDSOR_REQUIRES(bus::kMachineLock)
        {
            device_.move(dx, dy, wheel, buttons);
        }
        bool in_use() const override { return device_.kind() == UsbKind::Mouse && device_.in_use(); }

    private:
        HidDevice& device_;
    };
    class TabletEnd final : public backend::AbsolutePointer {
    public:
        explicit TabletEnd(HidDevice& device) : device_{device} {}
        void move_to(unsigned x, unsigned y, int wheel, std::uint8_t buttons) override
            WINDSOR_REQUIRES(bus::kMachineLock)
        {
            device_.move_to(x, y, wheel, buttons);
        }
        bool in_use() const override { return device_.kind() == UsbKind::Tablet && device_.in_use(); }

    private:
        HidDevice& device_;
    };

    HidDevice device_;
    KeyboardEnd keyboard_;
    MouseEnd mouse_;
    TabletEnd tablet_;
};

} // namespace

chipset::Make socket(std::size_t port, UsbKind kind)
{
    return chipset::make_of<Unit>(port, kind);
}

} // namespace windsor::devices::usb_hid
