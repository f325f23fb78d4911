// SPDX-License-Identifier: GPL-2.0-or-later
// Registers, the memory window and the VBE extension.
#include "devices/vga/vga_testing.hpp"

#include "devices/vga/edid.hpp"

#include <gmock/gmock.h>

namespace windsor::devices::vga {

namespace {

using ::testing::ElementsAre;
using bus::AccessStatus;
using bus::Width;

// Planar 640x480x16 without tricks.
class WindowTest : public VgaTest {
protected:
    WindowTest()
    {
        set_graphics_mode(0x00, 0x06, 0x01);
    }
};

TEST_F(WindowTest, WriteMode0WritesThePlanesOfTheMapMask)
{
    sequencer(seq::kMapMask, 0x05);
    poke(0xa0010, 0xab);
    EXPECT_THAT(planes(0x10), ElementsAre(0xab, 0, 0xab, 0));
}

TEST_F(WindowTest, WriteMode0RotatesRight)
{
    graphics(gfx::kDataRotate, 3);
    poke(0xa0000, 0b00001101);
    EXPECT_THAT(planes(0), ElementsAre(0b10100001, 0b10100001, 0b10100001, 0b10100001));
}

TEST_F(WindowTest, WriteMode0SetResetReplacesDataOnEnabledPlanes)
{
    graphics(gfx::kSetReset, 0b0010);
    graphics(gfx::kEnableSetReset, 0b0011);
    poke(0xa0000, 0x3c);
    EXPECT_THAT(planes(0), ElementsAre(0x00, 0xff, 0x3c, 0x3c));
}

TEST_F(WindowTest, WriteMode0BitMaskTakesTheRestFromTheLatches)
{
    set_planes(0, {0x11, 0x22, 0x44, 0x88});
    peek(0xa0000);
    graphics(gfx::kBitMask, 0xf0);
    poke(0xa0001, 0x5a);
    EXPECT_THAT(planes(1), ElementsAre(0x51, 0x52, 0x54, 0x58));
}

TEST_F(WindowTest, WriteMode0AppliesTheLogicalFunctionToTheLatches)
{
    set_planes(0, {0x0f, 0xf0, 0xff, 0x00});
    peek(0xa0000);
    graphics(gfx::kDataRotate, 1 << 3);
    poke(0xa0001, 0x3c);
    EXPECT_THAT(planes(1), ElementsAre(0x0c, 0x30, 0x3c, 0x00));
    graphics(gfx::kDataRotate, 2 << 3);
    poke(0xa0001, 0x3c);
    EXPECT_THAT(planes(1), ElementsAre(0x3f, 0xfc, 0xff, 0x3c));
    graphics(gfx::kDataRotate, 3 << 3);
    poke(0xa0001, 0x3c);
    EXPECT_THAT(planes(1), ElementsAre(0x33, 0xcc, 0xc3, 0x3c));
}

TEST_F(WindowTest, WriteMode1CopiesTheLatches)
{
    set_planes(0x20, {1, 2, 3, 4});
    peek(0xa0020);
    graphics(gfx::kMode, 1);
    sequencer(seq::kMapMask, 0x0e);
    poke(0xa0030, 0xff);
    EXPECT_THAT(planes(0x30), ElementsAre(0, 2, 3, 4));
}

TEST_F(WindowTest, WriteMode2ExpandsAColorUnderTheBitMask)
{
    set_planes(0, {0xff, 0xff, 0x00, 0x00});
    peek(0xa0000);
    graphics(gfx::kMode, 2);
    graphics(gfx::kBitMask, 0x81);
    poke(0xa0000, 0b1001);
    EXPECT_THAT(planes(0), ElementsAre(0xff, 0x7e, 0x00, 0x81));
}

TEST_F(WindowTest, WriteMode3UsesTheRotatedByteAsMaskForSetReset)
{
    set_planes(0, {0x00, 0xff, 0x00, 0xff});
    peek(0xa0000);
    graphics(gfx::kMode, 3);
    graphics(gfx::kSetReset, 0b0101);
    graphics(gfx::kDataRotate, 4);
    graphics(gfx::kBitMask, 0x3f);
    poke(0xa0000, 0x1f); // rotated F1h, masked 31h
    EXPECT_THAT(planes(0), ElementsAre(0x31, 0xce, 0x31, 0xce));
}

TEST_F(WindowTest, ReadMode0ReadsTheSelectedPlaneAndFillsTheLatches)
{
    set_planes(5, {1, 2, 3, 4});
    for (unsigned plane = 0; plane < 4; ++plane) {
        graphics(gfx::kReadMap, plane);
        EXPECT_EQ(peek(0xa0005), plane + 1);
    }
    EXPECT_EQ(vga_->state().latch, 0x04030201U);
    out(port::kCrtcIndex, crtc::kLatchRead);
    EXPECT_EQ(in(port::kCrtcData), 4);
}

TEST_F(WindowTest, ReadMode1ComparesColorsOnPlanesThatMatter)
{
    // Pixels 0 to 3 from the left: colours 0, 5, 15, 7.
    set_planes(0, {0b01110000, 0b00110000, 0b01110000, 0b00100000});
    graphics(gfx::kMode, gfx::kModeReadCompare);
    graphics(gfx::kColorCompare, 5);
    EXPECT_EQ(peek(0xa0000), 0b01000000U);
    graphics(gfx::kColorDontCare, 0b0101);
    EXPECT_EQ(peek(0xa0000), 0b01110000U);
    graphics(gfx::kColorDontCare, 0);
    EXPECT_EQ(peek(0xa0000), 0xffU);
}

TEST_F(WindowTest, Chain4SelectsThePlaneByTheLowAddressBits)
{
    sequencer(seq::kMemoryMode, 0x0e);
    poke(0xa0004, 0x44332211, Width::Dword);
    EXPECT_THAT(planes(1), ElementsAre(0x11, 0x22, 0x33, 0x44));
    EXPECT_EQ(peek(0xa0005, Width::Word), 0x3322U);
    sequencer(seq::kMapMask, 0x02);
    poke(0xa0004, 0xffffffff, Width::Dword);
    EXPECT_THAT(planes(1), ElementsAre(0x11, 0xff, 0x33, 0x44));
}

TEST_F(WindowTest, Chain4StillRotates)
{
    sequencer(seq::kMemoryMode, 0x0e);
    graphics(gfx::kDataRotate, 4);
    poke(0xa0000, 0x12);
    EXPECT_THAT(planes(0), ElementsAre(0x21, 0, 0, 0));
}

TEST_F(WindowTest, OddEvenSplitsCharactersFromAttributes)
{
    set_text_mode();
    poke(0xb8000, 0x1f41, Width::Word);
    poke(0xb8002, 0x2e42, Width::Word);
    EXPECT_THAT(planes(0), ElementsAre(0x41, 0x1f, 0, 0));
    EXPECT_THAT(planes(1), ElementsAre(0x42, 0x2e, 0, 0));
    EXPECT_EQ(peek(0xb8000, Width::Dword), 0x2e421f41U);
}

TEST_F(WindowTest, Gr6SelectsWhereTheWindowAnswers)
{
    const auto answers = [&](unsigned map, std::uint64_t address) {
        graphics(gfx::kMiscellaneous, (map << 2) | 1);
        graphics(gfx::kReadMap, 0);
        set_planes(0, {0x5a, 0, 0, 0});
        return peek(address) == 0x5a;
    };
    EXPECT_TRUE(answers(0, 0xa0000));
    EXPECT_FALSE(answers(0, 0xb0000)); // answers, from elsewhere
    EXPECT_EQ(peek(0xb0000), 0U);
    EXPECT_TRUE(answers(1, 0xa0000));
    EXPECT_FALSE(answers(1, 0xb0000));
    EXPECT_EQ(peek(0xb0000), 0xffU);
    EXPECT_TRUE(answers(2, 0xb0000));
    EXPECT_EQ(peek(0xa0000), 0xffU);
    EXPECT_EQ(peek(0xb8000), 0xffU);
    EXPECT_TRUE(answers(3, 0xb8000));
    EXPECT_EQ(peek(0xb0000), 0xffU);
}

TEST_F(VgaTest, CrtcLocksItsFirstRegistersButLineCompare)
{
    crtc(crtc::kHorizontalDisplayEnd, 79);
    crtc(crtc::kOverflow, 0x1f);
    crtc(crtc::kVerticalRetraceEnd, 0x8e);
    crtc(crtc::kHorizontalDisplayEnd, 12);
    crtc(crtc::kOverflow, 0x00);
    EXPECT_EQ(vga_->state().crtc[crtc::kHorizontalDisplayEnd], 79);
    EXPECT_EQ(vga_->state().crtc[crtc::kOverflow], 0x0f);
    crtc(crtc::kStartLow, 7);
    EXPECT_EQ(vga_->state().crtc[crtc::kStartLow], 7);
}

TEST_F(VgaTest, CrtcMovesWithTheMiscellaneousOutputRegister)
{
    EXPECT_EQ(vga_->ports().read(0x3b4 - kPortsStart, Width::Byte).value, 0xffu);
    out(port::kMiscOutput, 0x66);
    out(0x3b4, crtc::kCursorLow);
    out(0x3b5, 0x77);
    EXPECT_EQ(in(0x3b5), 0x77);
    EXPECT_EQ(vga_->ports().read(0x3d4 - kPortsStart, Width::Byte).value, 0xffu);
    EXPECT_EQ(vga_->ports().write(0x3da - kPortsStart, Width::Byte, 0), AccessStatus::Ok);
    // Ports of adapters that there are not, which systems probe: nothing to warn of.
    EXPECT_EQ(vga_->ports().read(0x3b3 - kPortsStart, Width::Byte).status, AccessStatus::Ok);
    EXPECT_EQ(vga_->ports().read(0x3b3 - kPortsStart, Width::Byte).value, 0xffu);
}

TEST_F(VgaTest, AttributeFlipFlopAlternatesAndInputStatus1ResetsIt)
{
    in(port::kInputStatus1);
    out(port::kAttribute, attr::kOverscan);
    out(port::kAttribute, 0x2a);
    out(port::kAttribute, attr::kOverscan);
    in(port::kInputStatus1);
    out(port::kAttribute, attr::kOverscan | attr::kPaletteSource);
    EXPECT_EQ(in(port::kAttributeRead), 0x2a);
    EXPECT_EQ(vga_->state().attribute_index, attr::kOverscan | attr::kPaletteSource);
}

TEST_F(VgaTest, DacCountsThroughComponentsAndEntries)
{
    dac(10, {1, 2, 3, 0xff, 5, 6});
    EXPECT_EQ(in(port::kDacReadIndex), 0);
    out(port::kDacReadIndex, 10);
    EXPECT_EQ(in(port::kDacReadIndex), 3);
    for (const unsigned expected : {1U, 2U, 3U, 0x3fU, 5U, 6U}) {
        EXPECT_EQ(in(port::kDacData), expected);
    }
}

TEST_F(VgaTest, DacWithEightBitsKeepsColorsOverTheChange)
{
    dac(1, {0x3f, 0x20, 0});
    set_vbe_mode(640, 480, 8, dispi::k8BitDac);
    out(port::kDacReadIndex, 1);
    EXPECT_EQ(in(port::kDacData), 0xff);
    EXPECT_EQ(in(port::kDacData), 0x82);
    dac(1, {0xc3, 0, 0});
    out(port::kDacReadIndex, 1);
    EXPECT_EQ(in(port::kDacData), 0xc3);
    dispi(dispi::kEnable, 0);
    out(port::kDacReadIndex, 1);
    EXPECT_EQ(in(port::kDacData), 0x30);
}

TEST_F(VgaTest, InputStatus1ShowsRetraceOnceAFrame)
{
    set_text_mode();
    unsigned rises = 0;
    bool before = false;
    unsigned disabled = 0;
    for (unsigned i = 0; i < 100'000; ++i) {
        clock_.advance(10 * base::kMicrosecond);
        const std::uint8_t status = in(port::kInputStatus1);
        const bool now = (status & kVerticalRetrace) != 0;
        EXPECT_TRUE(!now || (status & kDisplayDisabled) != 0);
        rises += now && !before ? 1 : 0;
        before = now;
        disabled += (status & kDisplayDisabled) != 0 ? 1 : 0;
    }
    EXPECT_NEAR(rises, 70, 2);
    EXPECT_GT(disabled, 15'000U);
    EXPECT_LT(disabled, 40'000U);
}

TEST_F(VgaTest, DispiReportsIdMemoryAndCapabilities)
{
    EXPECT_EQ(dispi(dispi::kId), dispi::kId5);
    dispi(dispi::kId, 0xb0c2);
    EXPECT_EQ(dispi(dispi::kId), 0xb0c2);
    dispi(dispi::kId, 0x1234);
    EXPECT_EQ(dispi(dispi::kId), 0xb0c2);
    EXPECT_EQ(dispi(dispi::kVideoMemory64k), 256);
    dispi(dispi::kEnable, dispi::kGetCaps);
    EXPECT_EQ(dispi(dispi::kXres), kMaxWidth);
    EXPECT_EQ(dispi(dispi::kYres), kMaxHeight);
    EXPECT_EQ(dispi(dispi::kBpp), 32);
    EXPECT_EQ(vga_->dispi_ports().read(2, Width::Word).value, 32U); // the aligned data port
}

TEST_F(VgaTest, DispiLimitsModesToWhatFits)
{
    set_vbe_mode(0xffff, 0xffff, 32);
    EXPECT_EQ(dispi(dispi::kXres), 4096);
    EXPECT_EQ(dispi(dispi::kYres), 1024);
    set_vbe_mode(0, 0, 99);
    EXPECT_EQ(dispi(dispi::kXres), 8);
    EXPECT_EQ(dispi(dispi::kYres), 1);
    EXPECT_EQ(dispi(dispi::kBpp), 8);
    set_vbe_mode(800, 600, 32);
    EXPECT_EQ(dispi(dispi::kVirtualWidth), 800);
    EXPECT_EQ(dispi(dispi::kVirtualHeight), kVramSize / 3200);
    dispi(dispi::kYoffset, 0xffff);
    EXPECT_EQ(dispi(dispi::kYoffset), 0);
    dispi(dispi::kYoffset, 600);
    EXPECT_EQ(dispi(dispi::kYoffset), 600);
}

TEST_F(VgaTest, DispiClearsMemoryUnlessToldNotTo)
{
    vga_->vram().data()[1000] = 7;
    set_vbe_mode(640, 480, 8, dispi::kNoClearMemory);
    EXPECT_EQ(vga_->vram().data()[1000], 7);
    set_vbe_mode(640, 480, 8);
    EXPECT_EQ(vga_->vram().data()[1000], 0);
}

// For live migration: the picture's log does not take it away, nor the other way round.
TEST_F(VgaTest, WritesThroughTheWindowAreLogged)
{
    const auto written = [&](std::uint64_t page) -> bool { return memory_.take_unsent(vga_->vram())[page]; };
    set_vbe_mode(1024, 768, 16);
    EXPECT_TRUE(written((1024 * 768 * 2 - 1) / memory::kPageSize)) << "cleared";
    graphics(gfx::kBitMask, 0xff);
    dispi(dispi::kBank, 3);
    backend::Picture picture;
    for (unsigned round = 0; round < 2; ++round) {
        poke(0xa1fff, 0xbeef, Width::Word);
        static_cast<void>(vga_->update(picture));
        const std::vector<bool> unsent = memory_.take_unsent(vga_->vram());
        EXPECT_TRUE(unsent[0x31] && unsent[0x32]);
        EXPECT_FALSE(unsent[0x30] || unsent[0x33]);
    }
    poke(0xa1fff, 0x1234, Width::Word);
    static_cast<void>(memory_.take_unsent(vga_->vram()));
    EXPECT_FALSE(vga_->update(picture).empty());
}

TEST_F(VgaTest, DispiBanksMoveTheWindow)
{
    set_vbe_mode(1024, 768, 16);
    graphics(gfx::kBitMask, 0xff);
    dispi(dispi::kBank, 3);
    poke(0xa1234, 0xbeef, Width::Word);
    EXPECT_EQ(vga_->vram().data()[0x31234], 0xef);
    EXPECT_EQ(vga_->vram().data()[0x31235], 0xbe);
    EXPECT_EQ(peek(0xa1234, Width::Word), 0xbeefU);
    dispi(dispi::kBank, 0xffff);
    EXPECT_EQ(dispi(dispi::kBank), 255);
    dispi(dispi::kEnable, 0);
    EXPECT_EQ(dispi(dispi::kBank), 0);
}

TEST_F(VgaTest, RegisterWindowReachesVgaDispiAndExtension)
{
    bus::AccessHandler& window = vga_->registers();
    EXPECT_EQ(window.read(mmio::kDispi, Width::Word).value, dispi::kId5);
    EXPECT_EQ(window.read(mmio::kExtension, Width::Dword).value, mmio::kExtensionSize);
    EXPECT_EQ(window.read(mmio::kExtension + 4, Width::Dword).value, mmio::kLittleEndian);
    window.write(mmio::kDispi + 2 * dispi::kXres, Width::Word, 640);
    EXPECT_EQ(dispi(dispi::kXres), 640);
    window.write(mmio::kVga + (port::kDacWriteIndex - port::kAttribute), Width::Byte, 9);
    EXPECT_EQ(in(port::kDacWriteIndex), 9);
    window.write(mmio::kVga + (port::kSequencerIndex - port::kAttribute), Width::Word, 0x0502);
    EXPECT_EQ(vga_->state().sequencer[seq::kMapMask], 5);
    EXPECT_EQ(window.read(0xff0, Width::Dword).value, 0xffffffffU);
}

TEST_F(VgaTest, EdidPrefers1280x800AndAddsUp)
{
    unsigned sum = 0;
    std::vector<std::uint8_t> edid;
    for (unsigned i = 0; i < 128; ++i) {
        edid.push_back(static_cast<std::uint8_t>(vga_->registers().read(i, Width::Byte).value));
        sum += edid.back();
    }
    EXPECT_EQ(sum % 256, 0U);
    EXPECT_EQ(edid[0], 0x00);
    EXPECT_EQ(edid[1], 0xff);
    EXPECT_EQ(edid[56] | ((edid[58] & 0xf0) << 4), 1280);
    EXPECT_EQ(edid[59] | ((edid[61] & 0xf0) << 4), 800);
    const double clock = (edid[54] | (edid[55] << 8)) * 10'000.0;
    EXPECT_NEAR(clock / ((1280 + 160) * (800.0 + edid[60])), 60, 0.5);
}

TEST_F(VgaTest, LoadTakesOverStateAndBoundsIt)
{
    set_text_mode();
    const State saved = vga_->state();
    vga_->reset();
    EXPECT_EQ(vga_->state().crtc[crtc::kOffset], 0);
    vga_->load(saved);
    EXPECT_EQ(vga_->state().crtc[crtc::kOffset], 0x28);
    State hostile = saved;
    hostile.dispi.fill(0xffff);
    hostile.dac_component = 200;
    vga_->load(hostile);
    out(port::kDacData, 1);
    update();
    EXPECT_LE(picture_.size.width, kMaxWidth);
    EXPECT_LE(picture_.size.height, kMaxHeight);
}

} // namespace

} // namespace windsor::devices::vga
