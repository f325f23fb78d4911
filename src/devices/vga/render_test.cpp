// SPDX-License-Identifier: GPL-2.0-or-later
// What the screen shows.
#include "devices/vga/vga_testing.hpp"

#include <gmock/gmock.h>

namespace windsor::devices {

void PrintTo(const backend::Rectangle& r, std::ostream* out)
{
    *out << r.width << "x" << r.height << "+" << r.x << "+" << r.y;
}

} // namespace windsor::devices

namespace windsor::devices::vga {

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// 6-bit greys, widened.
constexpr std::uint32_t grey(unsigned index)
{
    const unsigned six = 4 * index;
    const unsigned eight = (six << 2) | (six >> 4);
    return (eight << 16) | (eight << 8) | eight;
}

class TextTest : public VgaTest {
protected:
    TextTest()
    {
        set_text_mode();
        crtc(crtc::kCursorStart, crtc::kCursorOff);
        set_glyph('A', 0b10000001);
        set_glyph(0xc4, 0xff);
        set_glyph('X', 0xff);
        put_text(0, std::string(80 * 25, ' '));
    }
};

TEST_F(TextTest, DrawsNineDotCellsInTheirColors)
{
    put_text(81, "A", 0x2e);
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{0, 0, 720, 400}));
    EXPECT_EQ(picture_.size, (backend::Size{720, 400}));
    EXPECT_EQ(pixel(9, 16), grey(14));
    EXPECT_EQ(pixel(10, 16), grey(2));
    EXPECT_EQ(pixel(16, 31), grey(14));
    EXPECT_EQ(pixel(17, 31), grey(2)); // the ninth column is background
    EXPECT_EQ(pixel(18, 31), grey(0));
}

TEST_F(TextTest, NinthColumnContinuesLineDrawing)
{
    put_text(0, "\xc4X", 0x0f);
    update();
    EXPECT_EQ(pixel(8, 0), grey(15));
    EXPECT_EQ(pixel(17, 0), grey(0));
    attribute(attr::kMode, 0x08);
    update();
    EXPECT_EQ(pixel(8, 0), grey(0));
}

TEST_F(TextTest, GivesOnlyChangedCellsAndNothingWhenIdle)
{
    update();
    EXPECT_THAT(update(), IsEmpty());
    put_text(80 * 3 + 10, "AX");
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{90, 48, 18, 16}));
    EXPECT_THAT(update(), IsEmpty());
}

TEST_F(TextTest, RedrawsWhenAFontOrColorChanges)
{
    put_text(0, "A");
    update();
    set_glyph('A', 0x40);
    sequencer(seq::kMapMask, 0x04);
    sequencer(seq::kMemoryMode, 0x06);
    graphics(gfx::kMiscellaneous, 0x04);
    poke(0xa0000 + 'A' * 32, 0x40);
    graphics(gfx::kMiscellaneous, 0x0e);
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{0, 0, 720, 400}));
    EXPECT_EQ(pixel(0, 0), grey(0));
    EXPECT_EQ(pixel(1, 0), grey(15));
    dac(15, {0x3f, 0, 0});
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{0, 0, 720, 400}));
    EXPECT_EQ(pixel(1, 0), 0xff0000U);
}

TEST_F(TextTest, CursorHasItsShapeAndBlinks)
{
    crtc(crtc::kCursorStart, 13);
    crtc(crtc::kCursorEnd, 14);
    crtc(crtc::kCursorLow, 81);
    update();
    EXPECT_EQ(pixel(9, 16 + 12), grey(0));
    EXPECT_EQ(pixel(9, 16 + 13), grey(15));
    EXPECT_EQ(pixel(17, 16 + 14), grey(15));
    EXPECT_EQ(pixel(9, 16 + 15), grey(0));
    clock_.advance(base::kSecond * 16 / 70);
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{9, 16, 9, 16}));
    EXPECT_EQ(pixel(9, 16 + 13), grey(0));
    clock_.advance(base::kSecond * 16 / 70);
    update();
    EXPECT_EQ(pixel(9, 16 + 13), grey(15));
}

TEST_F(TextTest, AttributeBit7BlinksOrBrightensByModeControl)
{
    put_text(0, "X", 0x9f);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
    EXPECT_EQ(pixel(8, 0), grey(1));
    clock_.advance(base::kSecond * 32 / 70);
    update();
    EXPECT_EQ(pixel(0, 0), grey(1));
    attribute(attr::kMode, 0x04);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
    EXPECT_EQ(pixel(8, 0), grey(9));
}

TEST_F(TextTest, AttributeBit3SelectsTheOtherCharacterMap)
{
    // Map A (bit 3 set) is font 1 at 16 KiB, map B (clear) stays font 0.
    set_glyph('A', 0x01, 16384);
    sequencer(seq::kCharacterMap, 0x04);
    put_text(0, "A", 0x07);
    put_text(1, "A", 0x0f);
    update();
    EXPECT_EQ(pixel(0, 0), grey(7));
    EXPECT_EQ(pixel(9, 0), grey(0));
    EXPECT_EQ(pixel(16, 0), grey(15));
}

TEST_F(TextTest, StartAddressScrolls)
{
    put_text(80, "X");
    update();
    EXPECT_EQ(pixel(0, 0), grey(0));
    crtc(crtc::kStartLow, 80);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
}

TEST_F(TextTest, FortyColumnsAndFiftyRows)
{
    sequencer(seq::kClocking, 0x09);
    set_crtc(39, 400, 7, 0x14, 0xa3);
    put_text(41, "A");
    update();
    EXPECT_EQ(picture_.size, (backend::Size{640, 400}));
    EXPECT_EQ(pixel(16, 8), grey(15));
    EXPECT_EQ(pixel(17, 8), grey(15));
    EXPECT_EQ(pixel(18, 8), grey(0));
    backend::TextScreen screen;
    ASSERT_TRUE(vga_->text(screen));
    EXPECT_EQ(screen.columns, 40U);
    EXPECT_EQ(screen.rows, 50U);
}

TEST_F(TextTest, TextGivesCellsAndCursor)
{
    crtc(crtc::kCursorStart, 13);
    crtc(crtc::kCursorEnd, 14);
    crtc(crtc::kCursorLow, 85);
    put_text(80, "hello", 0x1e);
    backend::TextScreen screen;
    ASSERT_TRUE(vga_->text(screen));
    EXPECT_EQ(screen.columns, 80U);
    EXPECT_EQ(screen.rows, 25U);
    EXPECT_EQ(screen.cells[80].character, 'h');
    EXPECT_EQ(screen.cells[84].character, 'o');
    EXPECT_EQ(screen.cells[84].attribute, 0x1e);
    EXPECT_TRUE(screen.cursor_visible);
    EXPECT_EQ(screen.cursor_column, 5U);
    EXPECT_EQ(screen.cursor_row, 1U);
    set_vbe_mode(640, 480, 32);
    EXPECT_FALSE(vga_->text(screen));
}

TEST_F(TextTest, BlankScreenIsBlackAndKeepsItsSize)
{
    put_text(0, "X");
    update();
    sequencer(seq::kClocking, seq::kClockingScreenOff);
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{0, 0, 720, 400}));
    EXPECT_EQ(pixel(0, 0), 0U);
    EXPECT_THAT(update(), IsEmpty());
    sequencer(seq::kClocking, 0);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
}

TEST_F(TextTest, AnotherPictureGetsEverything)
{
    update();
    backend::Picture other;
    EXPECT_THAT(vga_->update(other), ElementsAre(backend::Rectangle{0, 0, 720, 400}));
    EXPECT_EQ(other.pixels, picture_.pixels);
}

TEST_F(VgaTest, PowerOnShowsBlackWithoutASizeOfZero)
{
    update();
    EXPECT_EQ(picture_.size, (backend::Size{720, 400}));
    EXPECT_EQ(pixel(719, 399), 0U);
}

TEST_F(VgaTest, PlanarModeShowsSixteenColorsAndDamagedLines)
{
    set_graphics_mode(0x00, 0x06, 0x01);
    set_crtc(79, 480, 0, 0x28, 0xe3);
    update();
    EXPECT_EQ(picture_.size, (backend::Size{640, 480}));
    sequencer(seq::kMapMask, 0x09);
    poke(0xa0000 + 80 * 10 + 2, 0xc0);
    const std::vector<backend::Rectangle> damage = update();
    EXPECT_THAT(damage, ElementsAre(backend::Rectangle{16, 10, 2, 1}));
    EXPECT_EQ(pixel(16, 10), grey(9));
    EXPECT_EQ(pixel(17, 10), grey(9));
    EXPECT_EQ(pixel(18, 10), grey(0));
    attribute(attr::kPlaneEnable, 0x01);
    update();
    EXPECT_EQ(pixel(16, 10), grey(1));
}

TEST_F(VgaTest, PixelPanningAndLineCompare)
{
    set_graphics_mode(0x00, 0x06, 0x01);
    set_crtc(79, 480, 0, 0x28, 0xe3);
    poke(0xa0000, 0x10);
    poke(0xa0000 + 80 * 100, 0x80);
    attribute(attr::kPixelPanning, 3);
    crtc(crtc::kStartHigh, (80 * 100) >> 8);
    crtc(crtc::kStartLow, (80 * 100) & 0xff);
    update();
    EXPECT_EQ(pixel(0, 0), grey(0));
    attribute(attr::kPixelPanning, 0);
    crtc(crtc::kOverflow, 0x40 | 0x02);
    crtc(crtc::kMaximumScanLine, 0);
    crtc(crtc::kLineCompare, 199);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
    EXPECT_EQ(pixel(3, 199), grey(0));
    EXPECT_EQ(pixel(3, 200), grey(15));
}

// A status bar below the picture stands still while that scrolls by pixels. IBM VGA, "Attribute Mode Control Register".
TEST_F(VgaTest, PanningStopsAtTheSplitIfTheModeSaysSo)
{
    set_graphics_mode(0x00, 0x06, 0x01);
    set_crtc(79, 480, 0, 0x28, 0xe3);
    poke(0xa0000, 0x10); // the first line, and the first below the split
    attribute(attr::kPixelPanning, 3);
    crtc(crtc::kOverflow, 0x40 | 0x02);
    crtc(crtc::kMaximumScanLine, 0);
    crtc(crtc::kLineCompare, 199);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
    EXPECT_EQ(pixel(0, 200), grey(15));
    EXPECT_EQ(pixel(3, 200), grey(0));
    attribute(attr::kMode, 0x01 | attr::kModePanningCompatibility);
    update();
    EXPECT_EQ(pixel(0, 0), grey(15));
    EXPECT_EQ(pixel(0, 200), grey(0));
    EXPECT_EQ(pixel(3, 200), grey(15));
}

TEST_F(VgaTest, Mode13hDoublesPixelsBothWays)
{
    set_graphics_mode(0x40, 0x0e, 0x01);
    set_crtc(79, 400, 1, 0x28, 0xa3);
    dac(200, {0x3f, 0, 0x3f});
    poke(0xa0000 + 320 * 5 + 7, 200);
    update();
    EXPECT_EQ(picture_.size, (backend::Size{640, 400}));
    for (const auto& [x, y] : {std::pair{14U, 10U}, {15U, 10U}, {14U, 11U}, {15U, 11U}}) {
        EXPECT_EQ(pixel(x, y), 0xff00ffU);
    }
    EXPECT_EQ(pixel(16, 10), grey(0));
    EXPECT_EQ(pixel(14, 12), grey(0));
    // Mode X: the same pixel by plane.
    sequencer(seq::kMemoryMode, 0x06);
    sequencer(seq::kMapMask, 1 << 1);
    poke(0xa0000 + (320 * 6 + 9) / 4, 200);
    update();
    EXPECT_EQ(pixel(18, 12), 0xff00ffU);
}

TEST_F(VgaTest, CgaFourColorsInterleavesLines)
{
    set_graphics_mode(0x30, 0x02, 0x09);
    graphics(gfx::kMiscellaneous, 0x0f);
    set_crtc(39, 400, 0x81, 0x14, 0xa2);
    sequencer(seq::kMapMask, 0x03);
    poke(0xb8000, 0b11100100);     // line 0: colours 3 2 1 0
    poke(0xb8001, 0b01000000);     // line 0, pixels 4 to 7
    poke(0xba000, 0b10000000);     // line 1
    update();
    EXPECT_EQ(picture_.size, (backend::Size{640, 400}));
    EXPECT_EQ(pixel(0, 0), grey(3));
    EXPECT_EQ(pixel(2, 0), grey(2));
    EXPECT_EQ(pixel(4, 0), grey(1));
    EXPECT_EQ(pixel(6, 0), grey(0));
    EXPECT_EQ(pixel(8, 1), grey(1));
    EXPECT_EQ(pixel(0, 2), grey(2));
    EXPECT_EQ(pixel(0, 4), grey(0));
}

TEST_F(VgaTest, CgaTwoColorsInterleavesLines)
{
    set_graphics_mode(0x00, 0x06, 0x01);
    graphics(gfx::kMiscellaneous, 0x0d);
    set_crtc(79, 400, 0x81, 0x28, 0xc2);
    attribute(attr::kPlaneEnable, 0x01);
    poke(0xb8000, 0x80);
    poke(0xba000 + 1, 0x80);
    poke(0xb8000 + 80, 0x01);
    update();
    EXPECT_EQ(pixel(0, 0), grey(1));
    EXPECT_EQ(pixel(0, 1), grey(1));
    EXPECT_EQ(pixel(8, 2), grey(1));
    EXPECT_EQ(pixel(7, 4), grey(1));
}

class VbeTest : public VgaTest {
protected:
    void store(std::uint64_t offset, std::initializer_list<std::uint8_t> bytes)
    {
        std::ranges::copy(bytes, vga_->vram().data() + offset);
        vga_->vram().page_flags(offset / memory::kPageSize) |= memory::kPageDirty;
    }
};

TEST_F(VbeTest, EachDepthShowsItsPixels)
{
    set_vbe_mode(640, 480, 32);
    store(4 * (640 * 3 + 5), {0x33, 0x22, 0x11, 0xff});
    update();
    EXPECT_EQ(picture_.size, (backend::Size{640, 480}));
    EXPECT_EQ(pixel(5, 3), 0x112233U);

    set_vbe_mode(640, 480, 24);
    store(3 * 7, {0x33, 0x22, 0x11});
    update();
    EXPECT_EQ(pixel(7, 0), 0x112233U);

    set_vbe_mode(640, 480, 16);
    store(2 * 640, {0x1f, 0xf8});
    update();
    EXPECT_EQ(pixel(0, 1), 0xff00ffU);

    set_vbe_mode(640, 480, 15);
    store(2 * 640, {0xe0, 0x03});
    update();
    EXPECT_EQ(pixel(0, 1), 0x00ff00U);

    set_vbe_mode(640, 480, 8, dispi::k8BitDac);
    dac(0x42, {0x10, 0x20, 0x30});
    store(640 * 2 + 1, {0x42});
    update();
    EXPECT_EQ(pixel(1, 2), 0x102030U);

    set_vbe_mode(800, 600, 4);
    set_palette();
    store(4 * 100 + 4, {0x80, 0x00, 0x80, 0x00});
    update();
    EXPECT_EQ(picture_.size, (backend::Size{800, 600}));
    EXPECT_EQ(pixel(8, 1), grey(5));
}

TEST_F(VbeTest, FramebufferWritesDamageTheirPixelsOnly)
{
    set_vbe_mode(1280, 800, 32);
    update();
    EXPECT_THAT(update(), IsEmpty());
    store(4 * (1280 * 100 + 20), {1, 2, 3, 0});
    store(4 * (1280 * 101 + 22), {1, 2, 3, 0});
    store(4 * (1280 * 700 + 3), {1, 2, 3, 0});
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{20, 100, 3, 2}, backend::Rectangle{3, 700, 1, 1}));
    EXPECT_THAT(update(), IsEmpty());
}

TEST_F(VbeTest, BankedWritesDamageToo)
{
    set_vbe_mode(1024, 768, 32);
    graphics(gfx::kBitMask, 0xff);
    update();
    dispi(dispi::kBank, 1);
    poke(0xa0000, 0x00ffffff, bus::Width::Dword);
    EXPECT_THAT(update(), ElementsAre(backend::Rectangle{0, 16, 1, 1}));
}

TEST_F(VbeTest, VirtualWidthAndOffsetsMoveThePicture)
{
    set_vbe_mode(640, 480, 32);
    dispi(dispi::kVirtualWidth, 1024);
    dispi(dispi::kXoffset, 100);
    dispi(dispi::kYoffset, 50);
    store(4 * (1024 * 52 + 103), {0x33, 0x22, 0x11, 0});
    update();
    EXPECT_EQ(pixel(3, 2), 0x112233U);
}

TEST_F(VbeTest, LeavingVbeShowsTheTextScreenAgain)
{
    set_text_mode();
    set_vbe_mode(640, 480, 32);
    update();
    dispi(dispi::kEnable, 0);
    set_text_mode();
    update();
    EXPECT_EQ(picture_.size, (backend::Size{720, 400}));
}

} // namespace

} // namespace windsor::devices::vga
