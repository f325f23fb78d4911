// SPDX-License-Identifier: GPL-2.0-or-later
// The legacy I/O ports.
#include "devices/vga/adapter.hpp"

#include <algorithm>

namespace windsor::devices::vga {

namespace {

// Bits that exist in each register; the rest read as zero.
constexpr std::array<std::uint8_t, seq::kCount> kSequencerBits{0x03, 0x3d, 0x0f, 0x3f, 0x0e};
constexpr std::array<std::uint8_t, gfx::kCount> kGraphicsBits{0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};

constexpr std::uint8_t attribute_bits(unsigned index)
{
    switch (index) {
    case attr::kMode: return 0xef;
    case attr::kOverscan: return 0xff;
    case attr::kPixelPanning:
    case attr::kColorSelect: return 0x0f;
    default: // the palette and the plane enable register
        return 0x3f;
    }
}

// The ports of the CRTC and input status 1 answer at 3Bxh or at 3Dxh.
constexpr bool moves_with_color(unsigned port)
{
    const unsigned low = port & 0xf;
    return (port < 0x3c0 || port >= 0x3d0) && (low == 4 || low == 5 || low == 0xa);
}

constexpr std::uint8_t kFloating = 0xff;

} // namespace

bool Adapter::port_decoded(unsigned port) const
{
    if (port >= 0x3c0 && port < 0x3d0) {
        return true;
    }
    const bool color = (state_.misc_output & kMiscColor) != 0;
    return moves_with_color(port) && color == (port >= 0x3d0);
}

bus::ReadResult Adapter::read_ports(std::uint64_t offset, bus::Width width)
{
    if (width != bus::Width::Byte) {
        return bus::AccessStatus::BadWidth;
    }
    return read_port(static_cast<unsigned>(kPortsStart + offset));
}

// A word written to an index port is an index and its data: the usual way to program the chip.
bus::AccessStatus Adapter::write_ports(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        const unsigned port = static_cast<unsigned>(kPortsStart + offset + i);
        const bus::AccessStatus status = write_port(port, static_cast<std::uint8_t>(value >> (8 * i)));
        if (width == bus::Width::Byte) {
            return status;
        }
    }
    return bus::AccessStatus::Ok;
}

bus::ReadResult Adapter::read_port(unsigned port)
{
    if (!port_decoded(port)) {
        return kFloating; // other adapters' ports, which systems probe
    }
    switch (port < 0x3c0 ? port + 0x20 : port) {
    case port::kAttribute: return state_.attribute_data_next ? read_attribute() : state_.attribute_index;
    case port::kAttributeRead: return read_attribute();
    case port::kMiscOutput: return kSwitchSense;
    case port::kVideoEnable: return state_.video_enable;
    case port::kSequencerIndex: return read_sequencer_index();
    case port::kSequencerData: return read_sequencer(state_.sequencer_index);
    case port::kPelMask: return read_pel_mask();
    case port::kDacReadIndex: dac_accessed(); return state_.dac_state;
    case port::kDacWriteIndex: dac_accessed(); return state_.dac_write_index;
    case port::kDacData: return read_dac();
    case port::kFeatureRead: return state_.feature_control;
    case port::kMiscRead: return state_.misc_output;
    case port::kGraphicsIndex: return state_.graphics_index;
    case port::kGraphicsData: return read_graphics(state_.graphics_index);
    case port::kCrtcIndex: return state_.crtc_index;
    case port::kCrtcData: return read_crtc(state_.crtc_index);
    case port::kInputStatus1: return input_status_1();
    default: return bus::AccessStatus::NoRegister;
    }
}

bus::AccessStatus Adapter::write_port(unsigned port, std::uint8_t value)
{
    if (!port_decoded(port)) {
        return bus::AccessStatus::Ok; // nobody's
    }
    switch (port < 0x3c0 ? port + 0x20 : port) {
    case port::kAttribute: write_attribute(value); break;
    case port::kMiscOutput: state_.misc_output = value & 0xef; break;
    case port::kVideoEnable: state_.video_enable = value & 1; break;
    case port::kSequencerIndex: state_.sequencer_index = value & index_bits_.sequencer; break;
    case port::kSequencerData: write_sequencer(state_.sequencer_index, value); break;
    case port::kPelMask: write_pel_mask(value); break;
    case port::kDacReadIndex:
        dac_accessed();
        state_.dac_read_index = value;
        state_.dac_component = 0;
        state_.dac_state = 3;
        break;
    case port::kDacWriteIndex:
        dac_accessed();
        state_.dac_write_index = value;
        state_.dac_component = 0;
        state_.dac_state = 0;
        break;
    case port::kDacData: write_dac(value); break;
    case port::kGraphicsIndex: state_.graphics_index = value & index_bits_.graphics; break;
    case port::kGraphicsData: write_graphics(state_.graphics_index, value); break;
    case port::kCrtcIndex: state_.crtc_index = value; break;
    case port::kCrtcData: write_crtc(state_.crtc_index, value); break;
    case port::kInputStatus1: state_.feature_control = value & 0x0b; break;
    default: return bus::AccessStatus::NoRegister;
    }
    return bus::AccessStatus::Ok;
}

std::uint8_t Adapter::read_sequencer(unsigned index) const
{
    return index < seq::kCount ? state_.sequencer[index] : std::uint8_t{0};
}

void Adapter::write_sequencer(unsigned index, std::uint8_t value)
{
    if (index < seq::kCount) {
        state_.sequencer[index] = value & kSequencerBits[index];
    }
}

std::uint8_t Adapter::read_graphics(unsigned index) const
{
    return index < gfx::kCount ? state_.graphics[index] : std::uint8_t{0};
}

void Adapter::write_graphics(unsigned index, std::uint8_t value)
{
    if (index < gfx::kCount) {
        state_.graphics[index] = value & kGraphicsBits[index];
    }
}

std::uint8_t Adapter::read_crtc(unsigned index) const
{
    switch (index) {
    case crtc::kLatchRead: return static_cast<std::uint8_t>(state_.latch >> (8 * (state_.graphics[gfx::kReadMap] & 3)));
    case crtc::kAttributeState: return state_.attribute_data_next ? 0x80 : 0x00;
    default: return index < crtc::kCount ? state_.crtc[index] : std::uint8_t{0};
    }
}

void Adapter::write_crtc(unsigned index, std::uint8_t value)
{
    if (index >= crtc::kCount) {
        return;
    }
    const bool locked = (state_.crtc[crtc::kVerticalRetraceEnd] & crtc::kProtect) != 0;
    if (locked && index <= crtc::kOverflow) {
        // Only bit 8 of the line compare field stays writable.
        if (index == crtc::kOverflow) {
            std::uint8_t& overflow = state_.crtc[crtc::kOverflow];
            overflow = static_cast<std::uint8_t>((overflow & ~crtc::kOverflowLineCompare) |
                                                 (value & crtc::kOverflowLineCompare));
        }
        return;
    }
    state_.crtc[index] = value;
}

void Adapter::write_attribute(std::uint8_t value)
{
    if (!state_.attribute_data_next) {
        state_.attribute_index = value & 0x3f;
    } else if (const unsigned index = state_.attribute_index & 0x1f; index < attr::kCount) {
        state_.attribute[index] = value & attribute_bits(index);
    }
    state_.attribute_data_next = !state_.attribute_data_next;
}

std::uint8_t Adapter::read_attribute() const
{
    const unsigned index = state_.attribute_index & 0x1f;
    return index < attr::kCount ? state_.attribute[index] : std::uint8_t{0};
}

std::span<std::uint8_t, 3> Adapter::dac_entry(unsigned index)
{
    return std::span<std::uint8_t, 3>{&state_.dac[std::size_t{index & 0xff} * 3], 3};
}

std::uint8_t Adapter::read_dac()
{
    dac_accessed();
    const std::uint8_t value = dac_entry(state_.dac_read_index)[state_.dac_component];
    if (++state_.dac_component == 3) {
        state_.dac_component = 0;
        ++state_.dac_read_index;
    }
    return value;
}

// The three components take effect together, with the last.
void Adapter::write_dac(std::uint8_t value)
{
    dac_accessed();
    state_.dac_pending[state_.dac_component] = state_.dac_8bit ? value : value & 0x3f;
    if (++state_.dac_component == 3) {
        std::ranges::copy(state_.dac_pending, dac_entry(state_.dac_write_index).begin());
        state_.dac_component = 0;
        ++state_.dac_write_index;
    }
}

namespace {

// How long one frame takes and how its lines divide, from the CRTC if its values make sense.
struct Timing {
    base::Nanoseconds frame{base::kSecond / 60};
    unsigned total_lines{525};
    unsigned shown_lines{480};
    unsigned total_dots{100}; // characters, in fact
    unsigned shown_dots{80};
};

Timing timing_of(const Registers& state, std::int64_t dot_clock)
{
    Timing timing;
    const auto& r = state.crtc;
    const unsigned overflow = r[crtc::kOverflow];
    const unsigned lines = (r[crtc::kVerticalTotal] | ((overflow & 0x01) << 8) | ((overflow & 0x20) << 4)) + 2;
    const unsigned shown = (r[crtc::kVerticalDisplayEnd] | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
    const unsigned characters = r[crtc::kHorizontalTotal] + 5U;
    const unsigned shown_characters = r[crtc::kHorizontalDisplayEnd] + 1U;
    const unsigned character_dots = (state.sequencer[seq::kClocking] & seq::kClocking8Dot) != 0 ? 8 : 9;
    if (dot_clock == 0) {
        return timing;
    }
    if ((state.sequencer[seq::kClocking] & seq::kClockingHalf) != 0) {
        dot_clock /= 2;
    }
    const std::int64_t frame = std::int64_t{lines} * characters * character_dots * base::kSecond / dot_clock;
    const bool plausible =
        shown < lines && shown_characters < characters && frame > base::kSecond / 120 && frame < base::kSecond / 40;
    if (plausible) {
        timing = {.frame = frame,
                  .total_lines = lines,
                  .shown_lines = shown,
                  .total_dots = characters,
                  .shown_dots = shown_characters};
    }
    return timing;
}

} // namespace

std::int64_t Adapter::dot_clock() const
{
    return (state_.misc_output & kMiscClockMask) == kMiscClock28 ? 28'322'000 : 25'175'000;
}

// The retrace lasts until the frame's end: longer than on a real chip, so that no poll misses it.
std::uint8_t Adapter::input_status_1()
{
    state_.attribute_data_next = false;
    const Timing timing = timing_of(state_, dot_clock());
    const base::Nanoseconds in_frame = clock_.now() % timing.frame;
    const base::Nanoseconds lines = in_frame * timing.total_lines;
    const auto line = static_cast<unsigned>(lines / timing.frame);
    const auto dot = static_cast<unsigned>(lines % timing.frame * timing.total_dots / timing.frame);
    std::uint8_t status = 0;
    if (line >= timing.shown_lines) {
        status = kDisplayDisabled;
        const unsigned porch = (timing.total_lines - timing.shown_lines) / 4;
        if (line >= timing.shown_lines + porch) {
            status |= kVerticalRetrace;
        }
    } else if (dot >= timing.shown_dots) {
        status = kDisplayDisabled;
    }
    return status;
}

} // namespace windsor::devices::vga
