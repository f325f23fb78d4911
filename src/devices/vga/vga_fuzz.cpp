// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to every range of the chip, with updates in between.
#include "devices/vga/vga.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace windsor;

class Bytes {
public:
    Bytes(const std::uint8_t* data, std::size_t size) : data_{data}, size_{size} {}
    bool empty() const { return size_ == 0; }
    std::uint32_t take(unsigned count)
    {
        std::uint32_t value = 0;
        for (; count > 0 && size_ > 0; --count, --size_) {
            value = (value << 8) | *data_++;
        }
        return value;
    }

private:
    const std::uint8_t* data_;
    std::size_t size_;
};

void access(bus::AccessHandler& handler, std::uint64_t range, Bytes& bytes, bool write)
{
    const auto width = static_cast<bus::Width>(1U << (bytes.take(1) & 3));
    const std::uint64_t offset = bytes.take(range > 0x10000 ? 3 : range > 0x100 ? 2 : 1) % range;
    if (offset + bus::bytes(width) > range) {
        return;
    }
    if (write) {
        handler.write(offset, width, bytes.take(4));
    } else {
        handler.read(offset, width);
    }
}

// The picture must be whole, and the damage lie within it.
void update(devices::vga::Vga& vga, backend::Picture& picture)
{
    for (const backend::Rectangle& r : vga.update(picture)) {
        if (r.width == 0 || r.height == 0 || r.x + r.width > picture.size.width ||
            r.y + r.height > picture.size.height) {
            std::abort();
        }
    }
    const backend::Size size = picture.size;
    if (size.width > devices::vga::kMaxWidth || size.height > devices::vga::kMaxHeight ||
        picture.pixels.size() != std::size_t{size.width} * size.height) {
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bytes bytes{data, size};
    memory::GuestMemory memory;
    base::ManualClock clock;
    auto created = devices::vga::Vga::create(memory, clock);
    if (!created) {
        return 0;
    }
    devices::vga::Vga& vga = **created;
    backend::Picture picture;
    unsigned updates = 0;
    while (!bytes.empty()) {
        const std::uint32_t action = bytes.take(1);
        const bool write = (action & 0x80) != 0;
        switch (action % 6) {
        case 0:
            access(vga.ports(), devices::vga::kPortsSize, bytes, write);
            break;
        case 1:
            access(vga.dispi_ports(), devices::vga::dispi::kPortsSize, bytes, write);
            break;
        case 2:
            access(vga.window(), devices::vga::kWindowSize, bytes, write);
            break;
        case 3:
            access(vga.registers(), devices::vga::mmio::kSize, bytes, write);
            break;
        case 4:
            clock.advance(bytes.take(2) * base::kMillisecond);
            break;
        default:
            if (++updates <= 4) {
                update(vga, picture);
            }
            break;
        }
    }
    update(vga, picture);
    backend::TextScreen screen;
    vga.text(screen);
    return 0;
}
