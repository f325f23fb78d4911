// SPDX-License-Identifier: GPL-2.0-or-later
// The VGA's window in packed modes, the linear frame buffer, and the BLT registers in memory.
#include "devices/vga/cirrus/cirrus.hpp"
#include "devices/vga/cirrus/linear_watch.hpp"

#include <algorithm>
#include <cstring>

namespace windsor::devices::vga::cirrus {

namespace {

constexpr std::uint8_t kFloating = 0xff;
constexpr std::uint8_t kReserved = 0xff; // no register

// TRM table 9-4: which graphics register is at an offset of the BLT registers in memory.
constexpr std::array<std::uint8_t, 0x20> kMmioRegisters{
    0x00, 0x10, 0x12, 0x14, 0x01, 0x11, 0x13, 0x15, 0x20, 0x21,      0x22, 0x23, 0x24, 0x25, 0x26,      0x27,
    0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, kReserved, 0x32, 0x33, 0x34, 0x35, kReserved, kReserved};

std::uint8_t mmio_register(std::uint64_t offset)
{
    if (offset == kMmioStatus) {
        return gr::kBltStatus;
    }
    return offset < kMmioRegisters.size() ? kMmioRegisters[offset] : kReserved;
}

// By which the offset of a byte is changed in an aperture of PCI10 (TRM table 9-6).
unsigned swap_of(std::uint64_t offset)
{
    constexpr std::array<unsigned, 4> kSwaps{0, 1, 3, 0};
    return kSwaps[offset / kApertureSize % 4];
}

bool is_video(std::uint64_t offset)
{
    return offset / kApertureSize % 4 == 3;
}

std::array<std::uint8_t, 8> bytes_of(std::uint64_t value)
{
    std::array<std::uint8_t, 8> bytes{};
    for (unsigned i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
    }
    return bytes;
}

} // namespace

// Planar addressing of all of video memory (TRM 8.2, bit 0).
bool Cirrus::planar() const
{
    constexpr unsigned kChainOddEven = 0x02; // in GR6
    const unsigned mode = state_.sequencer[seq::kMemoryMode] & (seq::kMemoryChain4 | seq::kMemorySequential);
    return mode == seq::kMemorySequential && (state_.graphics[gfx::kMiscellaneous] & kChainOddEven) == 0 &&
           !extended_writes();
}

bool Cirrus::pixels_16() const
{
    constexpr std::uint8_t kBoth = gr::kExtendedWrites | gr::kPixels16;
    return (more_.graphics[gr::kExtensions] & kBoth) == kBoth;
}

std::uint8_t Cirrus::write_mode() const
{
    const std::uint8_t mode = more_.graphics[gr::kMode] & gr::kWriteModeMask;
    return extended_writes() ? mode : mode & 3;
}

bool Cirrus::takes_data() const
{
    constexpr std::uint8_t kElsewhere = blt::kPause | blt::kSecondWindow;
    return blitter_.waits() && (more_.graphics[gr::kBltStatus] & kElsewhere) == 0;
}

std::uint64_t Cirrus::linear_size() const
{
    const std::uint8_t extensions = more_.graphics[gr::kExtensions];
    const bool shifts = (extensions & gr::kBy8) != 0 || pixels_16();
    const bool latches = (extensions & gr::kEightLatches) != 0;
    if (takes_data() || shifts || latches || write_mode() >= gr::kWriteModeExpandTransparent) {
        return 0;
    }
    return mmio_at(vram().size() - 1) ? vram().size() - memory::kPageSize : vram().size();
}

bool Cirrus::mmio_at(std::uint64_t framebuffer_offset) const
{
    constexpr std::uint8_t kBoth = sr::kMmioEnabled | sr::kMmioLinear;
    return (more_.sequencer[sr::kExtendedControl] & kBoth) == kBoth && framebuffer_offset >= vram().size() - kMmioSize;
}

std::uint8_t Cirrus::read_mmio(std::uint64_t offset) const
{
    const std::uint8_t index = mmio_register(offset);
    return index == gr::kBackground0 || index == gr::kForeground0 ? more_.graphics[index]
           : index == kReserved                                   ? kFloating
                                                                  : read_graphics(index);
}

void Cirrus::write_mmio(std::uint64_t offset, std::uint8_t value)
{
    if (const std::uint8_t index = mmio_register(offset); index != kReserved) {
        write_graphics(index, value);
    }
}

// TRM 8.19: the offset registers move the window by 4 or 16 KiB, as a whole or in halves.
std::uint64_t Cirrus::banked(std::uint64_t offset) const
{
    const auto& r = more_.graphics;
    const bool halves = (r[gr::kExtensions] & gr::kSecondOffset) != 0;
    const unsigned shift = (r[gr::kExtensions] & gr::kOffset16K) != 0 ? 14 : 12;
    const unsigned bank = halves && (offset & 0x8000) != 0 ? r[gr::kOffset1] : r[gr::kOffset0];
    return (std::uint64_t{bank} << shift) + (offset & (halves ? 0x7fff : 0xffff));
}

std::uint64_t Cirrus::shifted(std::uint64_t address) const
{
    return pixels_16() ? address << 4 : (more_.graphics[gr::kExtensions] & gr::kBy8) != 0 ? address << 3 : address;
}

void Cirrus::put(std::uint64_t address, std::uint8_t value)
{
    address &= vram_mask();
    vram().data()[address] = value;
    touched(address);
}

std::uint8_t Cirrus::read_packed(std::uint64_t address)
{
    address = shifted(address) & vram_mask();
    if ((more_.graphics[gr::kExtensions] & gr::kEightLatches) != 0) {
        std::memcpy(more_.latches.data(), vram().data() + (address & ~std::uint64_t{7}), more_.latches.size());
    }
    return vram().data()[address];
}

void Cirrus::write_packed(std::uint64_t address, std::uint8_t value)
{
    if (write_mode() >= gr::kWriteModeExpandTransparent) {
        write_expanded(address, value);
    } else if (write_mode() == 1 && (more_.graphics[gr::kExtensions] & gr::kEightLatches) != 0) {
        write_latches(address);
    } else {
        put(shifted(address), value);
    }
}

// Extended write modes 4 and 5 (TRM 8.21): each bit becomes a pixel of the foreground, and in mode 5 of the background.
// SR2 has a bit for each of the eight.
void Cirrus::write_expanded(std::uint64_t address, std::uint8_t value)
{
    const auto& r = more_.graphics;
    const unsigned size = pixels_16() ? 2 : 1;
    const std::uint64_t first = shifted(address);
    for (unsigned pixel = 0; pixel < 8; ++pixel) {
        const unsigned bit = 0x80U >> pixel;
        const bool one = (value & bit) != 0;
        if ((more_.sequencer[seq::kMapMask] & bit) == 0 || (!one && write_mode() != gr::kWriteModeExpand)) {
            continue;
        }
        put(first + pixel * size, one ? r[gr::kForeground0] : r[gr::kBackground0]);
        if (size == 2) {
            put(first + pixel * size + 1, one ? r[gr::kForeground1] : r[gr::kBackground1]);
        }
    }
}

// Write mode 1 with latches of eight bytes; SR2 has a bit for each with extended writes.
void Cirrus::write_latches(std::uint64_t address)
{
    const std::uint64_t first = shifted(address) & ~std::uint64_t{7};
    const unsigned mask = extended_writes() ? more_.sequencer[seq::kMapMask] : 0xffU;
    for (unsigned i = 0; i < more_.latches.size(); ++i) {
        if ((mask & (0x80U >> i)) != 0) {
            put(first + i, more_.latches[i]);
        }
    }
}

bus::ReadResult Cirrus::read_window(std::uint64_t offset, bus::Width width)
{
    if (!packed()) {
        return Adapter::read_window(offset, width);
    }
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        value |= std::uint64_t{read_window_byte(offset + i)} << (8 * i);
    }
    return value;
}

std::uint8_t Cirrus::read_window_byte(std::uint64_t offset)
{
    if (offset < 0x10000) {
        return planar() ? read_byte(banked(offset)) : read_packed(banked(offset));
    }
    const bool mmio =
        (more_.sequencer[sr::kExtendedControl] & (sr::kMmioEnabled | sr::kMmioLinear)) == sr::kMmioEnabled;
    if (mmio && offset >= kMmioInWindow && offset < kMmioInWindow + kMmioSize) {
        return read_mmio(offset - kMmioInWindow);
    }
    return kFloating;
}

bus::AccessStatus Cirrus::write_window(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (!packed()) {
        return Adapter::write_window(offset, width, value);
    }
    const LinearWatch watch{*this, linear_changed_};
    const auto bytes = bytes_of(value);
    const unsigned count = bus::bytes(width);
    if (takes_data() && offset < 0x10000) {
        blitter_.feed({bytes.data(), count});
        return bus::AccessStatus::Ok;
    }
    const bool plain = linear_size() != 0 && !planar() && offset + count <= 0x10000;
    const std::uint64_t first = banked(offset) & vram_mask();
    if (plain && banked(offset + count - 1) == banked(offset) + count - 1 && first + count <= vram().size()) {
        std::memcpy(vram().data() + first, bytes.data(), count);
        touched(first, count);
        return bus::AccessStatus::Ok;
    }
    for (unsigned i = 0; i < count; ++i) {
        write_window_byte(offset + i, bytes[i]);
    }
    return bus::AccessStatus::Ok;
}

void Cirrus::write_window_byte(std::uint64_t offset, std::uint8_t value)
{
    if (offset < 0x10000) {
        if (planar()) {
            write_byte(banked(offset), value);
        } else {
            write_packed(banked(offset), value);
        }
        return;
    }
    const bool mmio =
        (more_.sequencer[sr::kExtendedControl] & (sr::kMmioEnabled | sr::kMmioLinear)) == sr::kMmioEnabled;
    if (mmio && offset >= kMmioInWindow && offset < kMmioInWindow + kMmioSize) {
        write_mmio(offset - kMmioInWindow, value);
    }
}

bus::ReadResult Cirrus::read_framebuffer(std::uint64_t offset, bus::Width width)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const std::uint64_t at = ((offset + i) % kApertureSize) ^ swap_of(offset);
        const bool readable = offset < kSystemSourceStart && !is_video(offset);
        const std::uint8_t byte = !readable ? kFloating : mmio_at(at) ? read_mmio(at % kMmioSize) : read_packed(at);
        value |= std::uint64_t{byte} << (8 * i);
    }
    return value;
}

// The processor's data for a BLT are taken in whatever place they are written to (TRM 5.9).
bus::AccessStatus Cirrus::write_framebuffer(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    if (is_video(offset)) {
        return bus::AccessStatus::Ok;
    }
    const LinearWatch watch{*this, linear_changed_};
    const auto bytes = bytes_of(value);
    const unsigned count = bus::bytes(width);
    const bool paused = (more_.graphics[gr::kBltStatus] & blt::kPause) != 0;
    const bool for_blt = offset >= kSystemSourceStart;
    if (for_blt ? !paused : takes_data()) {
        std::array<std::uint8_t, 8> swapped{};
        for (unsigned i = 0; i < count; ++i) {
            swapped[i] = bytes[i ^ std::min(swap_of(offset), count - 1)];
        }
        blitter_.feed({swapped.data(), count});
        return bus::AccessStatus::Ok;
    }
    for (unsigned i = 0; i < count && !for_blt; ++i) {
        const std::uint64_t at = ((offset + i) % kApertureSize) ^ swap_of(offset);
        if (mmio_at(at)) {
            write_mmio(at % kMmioSize, bytes[i]);
        } else {
            write_packed(at, bytes[i]);
        }
    }
    return bus::AccessStatus::Ok;
}

bus::ReadResult Cirrus::read_registers(std::uint64_t offset, bus::Width width)
{
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const std::uint64_t at = offset + i;
        std::uint8_t byte = kFloating;
        if (at < mmio::kVgaSize) {
            const bus::ReadResult result = read_port(static_cast<unsigned>(port::kAttribute + at));
            byte = result.status == bus::AccessStatus::Ok ? static_cast<std::uint8_t>(result.value) : kFloating;
        } else if (at >= kRegistersBlt && at < kRegistersBlt + kMmioSize) {
            byte = read_mmio(at - kRegistersBlt);
        }
        value |= std::uint64_t{byte} << (8 * i);
    }
    return value;
}

bus::AccessStatus Cirrus::write_registers(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    const LinearWatch watch{*this, linear_changed_};
    const auto bytes = bytes_of(value);
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const std::uint64_t at = offset + i;
        if (at < mmio::kVgaSize) {
            static_cast<void>(write_port(static_cast<unsigned>(port::kAttribute + at), bytes[i]));
        } else if (at >= kRegistersBlt && at < kRegistersBlt + kMmioSize) {
            write_mmio(at - kRegistersBlt, bytes[i]);
        }
    }
    return bus::AccessStatus::Ok;
}

} // namespace windsor::devices::vga::cirrus
