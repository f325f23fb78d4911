// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to every range of the chip, with updates in between, and saves and loads it.
#include "devices/vga/cirrus/cirrus.hpp"
#include "devices/vga/cirrus/saved_state.hpp"
#include "state/filler.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace windsor;
using devices::vga::cirrus::Cirrus;

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
    const std::uint64_t offset = bytes.take(range > 0x1000000 ? 4
                                            : range > 0x10000 ? 3
                                            : range > 0x100   ? 2
                                                              : 1) %
                                 range;
    if (offset + bus::bytes(width) > range) {
        return;
    }
    if (write) {
        handler.write(offset, width, bytes.take(4));
    } else {
        handler.read(offset, width);
    }
}

// An index and its data: what most of the chip is reached by.
void set_register(Cirrus& chip, Bytes& bytes)
{
    constexpr std::uint16_t kPorts[] = {0x3c4, 0x3ce, 0x3d4};
    const std::uint16_t port = kPorts[bytes.take(1) % 3];
    chip.ports().write(port - devices::vga::kPortsStart, bus::Width::Word, bytes.take(2));
}

// The picture must be whole, and the damage lie within it.
void update(Cirrus& chip, backend::Picture& picture)
{
    for (const backend::Rectangle& r : chip.update(picture)) {
        if (r.width == 0 || r.height == 0 || r.x + r.width > picture.size.width ||
            r.y + r.height > picture.size.height) {
            std::abort();
        }
    }
    if (picture.size.width > devices::vga::kMaxWidth || picture.size.height > devices::vga::kMaxHeight ||
        picture.pixels.size() != std::size_t{picture.size.width} * picture.size.height) {
        std::abort();
    }
}

// A state that the chip is in is one that it takes.
void save_and_load(Cirrus& chip)
{
    const auto state = chip.state();
    chip.load(state);
    if (!state::difference(state::pack(state), state::pack(chip.state())).empty()) {
        std::abort();
    }
}

void load_anything(Cirrus& chip, Bytes& bytes)
{
    auto state = chip.state();
    state::Filler filler{bytes.take(4)};
    filler.fill(state);
    chip.load(state);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bytes bytes{data, size};
    memory::GuestMemory memory;
    base::ManualClock clock;
    auto created = Cirrus::create(memory, clock);
    if (!created) {
        return 0;
    }
    Cirrus& chip = **created;
    chip.ports().write(devices::vga::port::kMiscOutput - devices::vga::kPortsStart, bus::Width::Byte, 0x67);
    backend::Picture picture;
    unsigned updates = 0;
    unsigned starts = 0;
    while (!bytes.empty() && starts < 256) { // a BLT takes its time
        const std::uint32_t action = bytes.take(1);
        const bool write = (action & 0x80) != 0;
        switch (action % 9) {
        case 0: access(chip.ports(), devices::vga::kPortsSize, bytes, write); break;
        case 1: access(chip.window(), devices::vga::kWindowSize, bytes, write); break;
        case 2: access(chip.registers(), devices::vga::cirrus::kRegistersRange, bytes, write); break;
        case 3: access(chip.framebuffer(), devices::vga::cirrus::kFramebufferRange, bytes, write); break;
        case 4:
        case 5:
            ++starts;
            set_register(chip, bytes);
            break;
        case 6: load_anything(chip, bytes); break;
        case 7:
            save_and_load(chip);
            clock.advance(bytes.take(2) * base::kMillisecond);
            break;
        default:
            if (++updates <= 4) {
                update(chip, picture);
            }
            break;
        }
    }
    update(chip, picture);
    save_and_load(chip);
    backend::TextScreen screen;
    chip.text(screen);
    return 0;
}
