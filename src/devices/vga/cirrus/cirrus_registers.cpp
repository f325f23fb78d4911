// SPDX-License-Identifier: GPL-2.0-or-later
// The registers behind indices, and the hidden one.
#include "devices/vga/cirrus/cirrus.hpp"
#include "devices/vga/cirrus/linear_watch.hpp"
#include "devices/vga/cirrus/register_bits.hpp"

namespace windsor::devices::vga::cirrus {

namespace {

// Which of the DAC's three extra colours an entry is while they can be reached (TRM 8.9); nothing: an entry as ever.
constexpr std::optional<unsigned> extra_color(unsigned entry)
{
    switch (entry & 0x0f) {
    case 0x0: return 0; // the cursor's background
    case 0xf: return 1; // its foreground
    case 0x2: return 2; // the border
    default: return std::nullopt;
    }
}

constexpr bool is_cursor_position(unsigned index)
{
    return (index & 0x1f) == sr::kCursorX || (index & 0x1f) == sr::kCursorY;
}

} // namespace

// The low three bits of a cursor position are in the index by which it was written last (TRM 8.7).
std::uint8_t Cirrus::read_sequencer_index() const
{
    if (!is_cursor_position(state_.sequencer_index)) {
        return state_.sequencer_index;
    }
    const unsigned register_index = state_.sequencer_index & 0x1fU;
    const unsigned position = register_index == sr::kCursorX ? more_.cursor_x : more_.cursor_y;
    return static_cast<std::uint8_t>(register_index | ((position & 7) << 5));
}

std::uint8_t Cirrus::read_sequencer(unsigned index) const
{
    index &= 0x1f;
    switch (index) {
    case seq::kMapMask: return extended_writes() ? more_.sequencer[index] : Adapter::read_sequencer(index);
    case sr::kDdc: {
        // The lines of the display data channel have what the chip drives: no monitor answers.
        const std::uint8_t value = more_.sequencer[index];
        const auto readback = static_cast<std::uint8_t>(((value & 0x02) << 6) | ((value & 0x01) << 2));
        return (value & sr::kDdcEnabled) != 0 ? static_cast<std::uint8_t>((value & 0x7b) | readback)
                                              : static_cast<std::uint8_t>(value & 0x7f);
    }
    case sr::kCursorX: return static_cast<std::uint8_t>(more_.cursor_x >> 3);
    case sr::kCursorY: return static_cast<std::uint8_t>(more_.cursor_y >> 3);
    default: return index < seq::kCount ? Adapter::read_sequencer(index) : more_.sequencer[index];
    }
}

void Cirrus::write_sequencer(unsigned index, std::uint8_t value)
{
    const LinearWatch watch{*this, linear_changed_};
    const auto position = static_cast<std::uint16_t>((value << 3) | (index >> 5));
    index &= 0x1f;
    switch (index) {
    case sr::kKey:
        more_.sequencer[index] = (value & sr::kKeyMask) == sr::kKeyValue ? sr::kKeyValue : sr::kKeyLocked;
        break;
    case sr::kCursorX: more_.cursor_x = position & 0x7ff; break;
    case sr::kCursorY: more_.cursor_y = position & 0x7ff; break;
    case sr::kExtendedControl: {
        const unsigned fixed = more_.sequencer[index] & ~kExtendedControlBits;
        more_.sequencer[index] = static_cast<std::uint8_t>(fixed | (value & kExtendedControlBits));
        break;
    }
    default:
        Adapter::write_sequencer(index, value);
        more_.sequencer[index] = value & sequencer_bits(index);
        break;
    }
}

// The upper halves of GR0 and GR1 are there for colours only (TRM 8.2 and 8.21).
std::uint8_t Cirrus::read_graphics(unsigned index) const
{
    switch (index) {
    case gr::kBackground0:
    case gr::kForeground0: return packed() || extended_writes() ? more_.graphics[index] : Adapter::read_graphics(index);
    case gr::kMode: return more_.graphics[index];
    case gr::kBltStatus:
        return static_cast<std::uint8_t>(more_.graphics[index] | (blitter_.waits() ? blt::kBusy | blt::kStart : 0));
    default:
        return index < gfx::kCount  ? Adapter::read_graphics(index)
               : index < gr::kCount ? more_.graphics[index]
                                    : std::uint8_t{0};
    }
}

void Cirrus::write_graphics(unsigned index, std::uint8_t value)
{
    if (index >= gr::kCount) {
        return;
    }
    const LinearWatch watch{*this, linear_changed_};
    if (index == gr::kBltStatus) {
        write_status(value);
        return;
    }
    const bool had_extended_writes = extended_writes();
    Adapter::write_graphics(index, value);
    more_.graphics[index] = value & graphics_bits(index);
    if (had_extended_writes && !extended_writes()) {
        more_.graphics[gr::kBackground0] &= 0x0f; // TRM 8.21, bit 2
        more_.graphics[gr::kForeground0] &= 0x0f;
    }
    const bool autostarts = (more_.graphics[gr::kBltStatus] & blt::kAutostart) != 0;
    if (index == gr::kBltDestinationHigh && autostarts) {
        start_blt();
    }
}

// TRM 5.10. A BLT that needs no data is over before the guest can ask.
void Cirrus::write_status(std::uint8_t value)
{
    more_.graphics[gr::kBltStatus] = value & graphics_bits(gr::kBltStatus);
    if ((value & blt::kReset) != 0) {
        blitter_.reset();
    } else if ((value & blt::kStart) != 0 && !blitter_.waits()) {
        start_blt();
    }
}

void Cirrus::start_blt()
{
    blitter_.start(operation());
}

std::uint16_t Cirrus::two(unsigned first) const
{
    const auto& r = more_.graphics;
    return static_cast<std::uint16_t>(r[first] | (r[first + 1] << 8));
}

std::uint32_t Cirrus::three(unsigned first) const
{
    return two(first) | (std::uint32_t{more_.graphics[first + 2]} << 16);
}

Operation Cirrus::operation() const
{
    const auto& r = more_.graphics;
    const auto color = [&r](unsigned b0, unsigned b1, unsigned b2, unsigned b3) {
        return std::uint32_t{r[b0]} | (std::uint32_t{r[b1]} << 8) | (std::uint32_t{r[b2]} << 16) |
               (std::uint32_t{r[b3]} << 24);
    };
    return {.width = static_cast<std::uint16_t>(two(gr::kBltWidth) + 1),
            .height = static_cast<std::uint16_t>(two(gr::kBltHeight) + 1),
            .destination_pitch = two(gr::kBltDestinationPitch),
            .source_pitch = two(gr::kBltSourcePitch),
            .destination = three(gr::kBltDestination),
            .source = three(gr::kBltSource),
            .foreground = color(gr::kForeground0, gr::kForeground1, gr::kForeground2, gr::kForeground3),
            .background = color(gr::kBackground0, gr::kBackground1, gr::kBackground2, gr::kBackground3),
            .key = two(gr::kBltKey),
            .mode = r[gr::kBltMode],
            .rop = r[gr::kBltRop],
            .extensions = r[gr::kBltExtensions],
            .clip = r[gr::kBltClip]};
}

std::uint8_t Cirrus::read_crtc(unsigned index) const
{
    switch (index) {
    case cr::kPartStatus: return 0; // its meaning is the maker's
    case cr::kAttributeIndex: return state_.attribute_index;
    case cr::kId: return cr::kIdValue;
    default:
        return index >= cr::kFirst && index < cr::kFirst + cr::kCount ? more_.crtc[index - cr::kFirst]
                                                                      : Adapter::read_crtc(index);
    }
}

void Cirrus::write_crtc(unsigned index, std::uint8_t value)
{
    if (index >= cr::kFirst && index < cr::kFirst + cr::kCount) {
        more_.crtc[index - cr::kFirst] = value;
    } else {
        Adapter::write_crtc(index, value);
    }
}

// After four reads in succession the next access is one of the hidden register (TRM 8.37).
std::uint8_t Cirrus::read_pel_mask()
{
    if (more_.pel_mask_reads == hdr::kReadsBefore) {
        more_.pel_mask_reads = 0;
        return more_.hidden_dac;
    }
    ++more_.pel_mask_reads;
    return Adapter::read_pel_mask();
}

void Cirrus::write_pel_mask(std::uint8_t value)
{
    if (more_.pel_mask_reads == hdr::kReadsBefore) {
        more_.hidden_dac = value;
    } else {
        Adapter::write_pel_mask(value);
    }
    more_.pel_mask_reads = 0;
}

std::span<std::uint8_t, 3> Cirrus::dac_entry(unsigned index)
{
    const bool reached = (more_.sequencer[sr::kCursorAttribute] & sr::kCursorExtendedColors) != 0;
    if (const auto extra = extra_color(index); reached && extra) {
        return std::span<std::uint8_t, 3>{&more_.extra_colors[std::size_t{*extra} * 3], 3};
    }
    return Adapter::dac_entry(index);
}

} // namespace windsor::devices::vga::cirrus
