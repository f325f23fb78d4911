// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vga/cirrus/cirrus.hpp"

#include "devices/vga/cirrus/pci_function.hpp"
#include "devices/vga/cirrus/saved_state.hpp"
#include "state/testing_structs.hpp"

#include <gtest/gtest.h>

#include <initializer_list>

namespace windsor::devices::vga::cirrus {

namespace {

using bus::Width;

class CirrusTest : public ::testing::Test {
protected:
    CirrusTest() : chip_{Cirrus::create(memory_, clock_).value()} { out(port::kMiscOutput, 0x67); }

    void out(unsigned port, std::uint8_t value) { chip_->ports().write(port - kPortsStart, Width::Byte, value); }
    std::uint8_t in(unsigned port)
    {
        return static_cast<std::uint8_t>(chip_->ports().read(port - kPortsStart, Width::Byte).value);
    }
    void indexed(unsigned port, unsigned index, unsigned value)
    {
        out(port, static_cast<std::uint8_t>(index));
        out(port + 1, static_cast<std::uint8_t>(value));
    }
    std::uint8_t indexed(unsigned port, unsigned index)
    {
        out(port, static_cast<std::uint8_t>(index));
        return in(port + 1);
    }
    void sequencer(unsigned index, unsigned value) { indexed(port::kSequencerIndex, index, value); }
    void graphics(unsigned index, unsigned value) { indexed(port::kGraphicsIndex, index, value); }
    void crtc(unsigned index, unsigned value) { indexed(port::kCrtcIndex, index, value); }
    void hidden_dac(std::uint8_t value)
    {
        in(port::kDacWriteIndex);
        for (unsigned i = 0; i < 4; ++i) {
            in(port::kPelMask);
        }
        out(port::kPelMask, value);
    }
    // 64 by 16 pixels, in a mode of packed pixels.
    void set_mode(std::uint8_t mode, std::uint8_t dac, unsigned pitch)
    {
        sequencer(sr::kKey, sr::kKeyValue);
        sequencer(sr::kMode, mode);
        sequencer(seq::kClocking, 0x01);
        sequencer(seq::kMemoryMode, 0x0e);
        sequencer(seq::kMapMask, 0x0f);
        graphics(gfx::kMode, 0x40);
        graphics(gfx::kMiscellaneous, 0x05);
        graphics(gfx::kBitMask, 0xff);
        crtc(crtc::kVerticalRetraceEnd, 0);
        crtc(crtc::kHorizontalDisplayEnd, 7);
        crtc(crtc::kVerticalDisplayEnd, 15);
        crtc(crtc::kOverflow, 0x10);
        crtc(crtc::kMaximumScanLine, 0x40);
        crtc(crtc::kLineCompare, 0xff);
        crtc(crtc::kOffset, pitch / 8);
        crtc(crtc::kModeControl, 0xc3);
        hidden_dac(dac);
        in(port::kInputStatus1);
        out(port::kAttribute, attr::kPaletteSource);
    }
    std::uint32_t pixel(unsigned x, unsigned y)
    {
        chip_->update(picture_);
        return picture_.pixels.at(std::size_t{y} * picture_.size.width + x);
    }
    std::uint8_t* vram() { return chip_->vram().data(); }
    void write(std::uint64_t offset, std::uint64_t value, Width width = Width::Dword)
    {
        chip_->framebuffer().write(offset, width, value);
    }
    void window(std::uint64_t offset, std::uint64_t value, Width width = Width::Byte)
    {
        chip_->window().write(offset, width, value);
    }
    // 16 by 2 bytes at `destination`, from the processor.
    void start_from_system(std::uint32_t destination, std::uint8_t control = blt::kStart)
    {
        graphics(gr::kBltWidth, 15);
        graphics(gr::kBltHeight, 1);
        graphics(gr::kBltDestinationPitch, 64);
        graphics(gr::kBltDestination, destination & 0xff);
        graphics(gr::kBltDestination + 1, destination >> 8);
        graphics(gr::kBltMode, blt::kFromSystem);
        graphics(gr::kBltRop, 0x0d);
        graphics(gr::kBltStatus, control);
    }

    memory::GuestMemory memory_;
    base::ManualClock clock_;
    std::unique_ptr<Cirrus> chip_;
    backend::Picture picture_;
};

TEST_F(CirrusTest, SaysWhatItIs)
{
    EXPECT_EQ(indexed(port::kSequencerIndex, sr::kKey), sr::kKeyLocked);
    sequencer(sr::kKey, 0x92); // bits that do not matter
    EXPECT_EQ(indexed(port::kSequencerIndex, sr::kKey), 0x12);
    sequencer(sr::kKey, 0x13);
    EXPECT_EQ(indexed(port::kSequencerIndex, sr::kKey), sr::kKeyLocked);
    EXPECT_EQ(indexed(port::kCrtcIndex, cr::kId), 0xb8);
    EXPECT_EQ(indexed(port::kSequencerIndex, sr::kDramControl) & 0x98, 0x98) << "4 MiB";
}

TEST_F(CirrusTest, KeepsItsExtensionRegisters)
{
    for (const unsigned index : {0x07U, 0x09U, 0x0aU, 0x0bU, 0x0eU, 0x14U, 0x16U, 0x1bU, 0x1eU, 0x1fU}) {
        sequencer(index, 0x5a);
        EXPECT_EQ(indexed(port::kSequencerIndex, index), 0x5a) << index;
    }
    for (const unsigned index : {0x09U, 0x0aU, 0x0cU, 0x0dU, 0x0eU, 0x10U, 0x15U, 0x20U, 0x28U, 0x30U, 0x32U, 0x35U}) {
        graphics(index, 0xa5);
        EXPECT_EQ(indexed(port::kGraphicsIndex, index), 0xa5) << index;
    }
    graphics(gr::kBltHeight + 1, 0xff);
    EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltHeight + 1), 0x07);
    graphics(gr::kBltDestinationHigh, 0xff);
    EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltDestinationHigh), 0x3f);
    for (unsigned index = 0x19; index <= 0x1d; ++index) {
        crtc(index, 0x3c);
        EXPECT_EQ(indexed(port::kCrtcIndex, index), 0x3c);
    }
    for (unsigned index = 0; index < 256; ++index) { // none of them leads elsewhere
        for (const unsigned port : {port::kSequencerIndex, port::kGraphicsIndex, port::kCrtcIndex}) {
            indexed(port, index, 0xff);
            indexed(port, index);
        }
    }
}

TEST_F(CirrusTest, HasWholeColorsInGr0AndGr1OnlyWhereTheyAreColors)
{
    graphics(0, 0xfe);
    EXPECT_EQ(indexed(port::kGraphicsIndex, 0), 0x0e);
    sequencer(sr::kMode, sr::kModePacked);
    EXPECT_EQ(indexed(port::kGraphicsIndex, 0), 0xfe);
    graphics(gr::kExtensions, gr::kExtendedWrites);
    graphics(gr::kExtensions, 0);
    EXPECT_EQ(indexed(port::kGraphicsIndex, 0), 0x0e) << "TRM 8.21, a side effect";
}

TEST_F(CirrusTest, HidesARegisterBehindFourReadsOfThePelMask)
{
    hidden_dac(0xc1);
    EXPECT_EQ(in(port::kPelMask), 0xff);
    for (unsigned i = 0; i < 3; ++i) {
        in(port::kPelMask);
    }
    EXPECT_EQ(in(port::kPelMask), 0xc1);
    out(port::kPelMask, 0x7f);
    EXPECT_EQ(in(port::kPelMask), 0x7f) << "an ordinary access again";
    in(port::kPelMask);
    in(port::kDacWriteIndex);
    in(port::kPelMask);
    in(port::kPelMask);
    in(port::kPelMask);
    EXPECT_EQ(in(port::kPelMask), 0x7f) << "the four were not in succession";
}

TEST_F(CirrusTest, ShowsAllDepths)
{
    set_mode(0x11, 0x00, 64);
    out(port::kDacWriteIndex, 7);
    for (const int component : {0x3f, 0x00, 0x20}) {
        out(port::kDacData, static_cast<std::uint8_t>(component));
    }
    vram()[65] = 7;
    sequencer(seq::kClocking, 0x01 | seq::kClockingScreenOff); // as the VGA BIOS has it
    EXPECT_EQ(pixel(1, 1), 0xff0082U);
    EXPECT_EQ(picture_.size, (backend::Size{64, 16}));
    hidden_dac(0xc8);
    EXPECT_EQ(pixel(1, 1), 0x070707U) << "grey";
    vram()[65] = 0xe3;
    hidden_dac(0xc9);
    EXPECT_EQ(pixel(1, 1), 0xff00ffU) << "3:3:2";
    set_mode(0x17, 0xc1, 128);
    chip_->invalidate();
    vram()[130] = 0xe0;
    vram()[131] = 0x07;
    EXPECT_EQ(pixel(1, 1), 0x00ff00U) << "5:6:5";
    hidden_dac(0xc0);
    EXPECT_EQ(pixel(1, 1), 0x08ff00U) << "5:5:5";
    set_mode(0x15, 0xc5, 192);
    vram()[195] = 1;
    vram()[196] = 2;
    vram()[197] = 3;
    chip_->invalidate();
    EXPECT_EQ(pixel(1, 1), 0x030201U) << "8:8:8";
    set_mode(0x19, 0xc5, 256);
    vram()[260] = 1;
    vram()[261] = 2;
    vram()[262] = 3;
    chip_->invalidate();
    EXPECT_EQ(pixel(1, 1), 0x030201U) << "with a byte between";
}

TEST_F(CirrusTest, StartsAndStepsBeyondTheVga)
{
    set_mode(0x17, 0xc1, 128);
    crtc(crtc::kOffset, 0x01);
    crtc(cr::kExtendedDisplay, 0x10 | 0x04 | 0x01 | 0x02); // pitch 8 * 101h, start 30000h
    crtc(cr::kOverlay, 0x80);                              // and 80000h
    const std::uint32_t start = 4 * 0xb0000;
    vram()[start + 0x808] = 0x1f;
    EXPECT_EQ(pixel(0, 1), 0x0000ffU);
    crtc(cr::kMiscellaneous, cr::kInterlaced);
    chip_->update(picture_);
    EXPECT_EQ(picture_.size.height, 32U);
    crtc(cr::kMiscellaneous, 0);
    crtc(crtc::kMaximumScanLine, 0xc0);
    EXPECT_EQ(pixel(0, 2), 0x0000ffU) << "each line twice";
    EXPECT_EQ(pixel(0, 3), 0x0000ffU);
}

TEST_F(CirrusTest, DrawsThePointerOverThePicture)
{
    set_mode(0x11, 0x00, 64);
    sequencer(sr::kCursorAttribute, sr::kCursorExtendedColors);
    out(port::kDacWriteIndex, 0x00);
    for (const int component : {0x3f, 0x00, 0x00}) {
        out(port::kDacData, static_cast<std::uint8_t>(component));
    }
    out(port::kDacWriteIndex, 0x0f);
    for (const int component : {0x00, 0x3f, 0x00}) {
        out(port::kDacData, static_cast<std::uint8_t>(component));
    }
    const std::uint32_t pattern = kVramSize - 16 * 1024 + 3 * 256;
    vram()[pattern + 4] = 0b0101'0000;       // of line 1: transparent, inverted, background, foreground
    vram()[pattern + 128 + 4] = 0b0011'0000;
    sequencer(sr::kCursorPattern, 3);
    sequencer(sr::kCursorX | (5 << 5), 1); // 13
    sequencer(sr::kCursorY | (2 << 5), 0); // 2
    sequencer(sr::kCursorAttribute, sr::kCursorEnabled);
    EXPECT_EQ(pixel(13, 3), 0x000000U);
    EXPECT_EQ(pixel(14, 3), 0xffffffU);
    EXPECT_EQ(pixel(15, 3), 0xff0000U);
    EXPECT_EQ(pixel(16, 3), 0x00ff00U);
    out(port::kSequencerIndex, sr::kCursorX);
    EXPECT_EQ(in(port::kSequencerIndex), sr::kCursorX | (5 << 5)) << "the low bits read back in the index";
    sequencer(sr::kCursorX | (6 << 5), 1);
    EXPECT_EQ(chip_->update(picture_).size(), 1U) << "moved by one";
    EXPECT_EQ(pixel(15, 3), 0xffffffU);
    EXPECT_EQ(pixel(14, 3), 0x000000U) << "and what was below is back";
    sequencer(sr::kCursorAttribute, sr::kCursorEnabled | sr::kCursor64);
    vram()[kVramSize - 16 * 1024 + 16 + 8] = 0x80;
    chip_->invalidate();
    EXPECT_EQ(pixel(14, 3), 0xff0000U) << "64 pixels, whose planes alternate";
    sequencer(sr::kCursorX | (7 << 5), 0xff);
    sequencer(sr::kCursorY | (7 << 5), 0xff);
    chip_->update(picture_); // far outside
    EXPECT_EQ(pixel(14, 3), 0x000000U);
}

TEST_F(CirrusTest, MovesTheWindowByItsOffsets)
{
    set_mode(0x11, 0x00, 64);
    graphics(gr::kOffset0, 0x10);
    window(0x1234, 0x5a);
    EXPECT_EQ(vram()[0x11234], 0x5a) << "by 4 KiB";
    graphics(gr::kExtensions, gr::kOffset16K | gr::kSecondOffset);
    graphics(gr::kOffset1, 0xff);
    window(0x1235, 0x5b);
    window(0x9234, 0x04030201, Width::Dword);
    EXPECT_EQ(vram()[0x41235], 0x5b) << "by 16 KiB, the first half";
    EXPECT_EQ(vram()[0x3fd234], 0x01) << "the second";
    EXPECT_EQ(chip_->window().read(0x9234, Width::Dword).value, 0x04030201U);
    graphics(gr::kExtensions, gr::kOffset16K);
    window(0xfffe, 0xddccbbaa, Width::Dword);
    EXPECT_EQ(vram()[0x4fffe], 0xaa);
    EXPECT_EQ(vram()[0x4ffff], 0xbb);
    EXPECT_EQ(vram()[0x50000], 0) << "beyond the window";
    graphics(gr::kOffset0, 0xff);
    window(0x4001, 0x77);
    EXPECT_EQ(vram()[1], 0x77) << "wraps around in video memory";
}

TEST_F(CirrusTest, ExpandsWhatIsWrittenInModes4And5)
{
    set_mode(0x11, 0x00, 64);
    sequencer(seq::kMapMask, 0xff);
    graphics(gr::kExtensions, gr::kExtendedWrites | gr::kBy8);
    sequencer(seq::kMapMask, 0xef); // all but the fourth pixel
    graphics(gr::kBackground0, 0xb0);
    graphics(gr::kForeground0, 0xf0);
    graphics(gr::kMode, 0x45);
    std::fill_n(vram() + 80, 8, std::uint8_t{0x11});
    window(10, 0b1011'0001);
    EXPECT_EQ(std::vector(vram() + 80, vram() + 88),
              (std::vector<std::uint8_t>{0xf0, 0xb0, 0xf0, 0x11, 0xb0, 0xb0, 0xb0, 0xf0}));
    graphics(gr::kMode, 0x44);
    std::fill_n(vram() + 80, 8, std::uint8_t{0x11});
    write(10, 0b1010'0001, Width::Byte); // by the linear frame buffer, too
    EXPECT_EQ(std::vector(vram() + 80, vram() + 88),
              (std::vector<std::uint8_t>{0xf0, 0x11, 0xf0, 0x11, 0x11, 0x11, 0x11, 0xf0}));
    graphics(gr::kExtensions, gr::kExtendedWrites | gr::kPixels16);
    graphics(gr::kForeground1, 0xf1);
    window(10, 0x80);
    EXPECT_EQ(vram()[160], 0xf0);
    EXPECT_EQ(vram()[161], 0xf1);
}

TEST_F(CirrusTest, CopiesEightLatchesAtOnce)
{
    set_mode(0x11, 0x00, 64);
    graphics(gr::kExtensions, gr::kBy8 | gr::kEightLatches);
    graphics(gr::kMode, 0x41);
    for (std::uint8_t i = 0; i < 8; ++i) {
        vram()[16 + i] = static_cast<std::uint8_t>(0x30 + i);
    }
    EXPECT_EQ(chip_->window().read(2, Width::Byte).value, 0x30U);
    window(5, 0);
    EXPECT_EQ(vram()[40], 0x30);
    EXPECT_EQ(vram()[47], 0x37);
}

TEST_F(CirrusTest, SwapsBytesInItsApertures)
{
    write(kApertureSize + 8, 0x04030201);
    EXPECT_EQ(std::vector(vram() + 8, vram() + 12), (std::vector<std::uint8_t>{2, 1, 4, 3}));
    write(2 * kApertureSize + 8, 0x04030201);
    EXPECT_EQ(std::vector(vram() + 8, vram() + 12), (std::vector<std::uint8_t>{4, 3, 2, 1}));
    EXPECT_EQ(chip_->framebuffer().read(2 * kApertureSize + 8, Width::Dword).value, 0x04030201U);
    write(3 * kApertureSize + 8, 0);
    EXPECT_EQ(vram()[8], 4) << "the video aperture has none";
}

TEST_F(CirrusTest, TakesDataWhereverTheyAreWritten)
{
    set_mode(0x11, 0x00, 64);
    start_from_system(0x100);
    EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltStatus) & 3, blt::kBusy | blt::kStart);
    EXPECT_EQ(chip_->linear_size(), 0U) << "what is written is not memory";
    for (unsigned i = 0; i < 4; ++i) {
        write(0x3000, 0x01010101 * (i + 1));
    }
    for (unsigned i = 4; i < 7; ++i) {
        window(0x40, 0x01010101 * (i + 1), Width::Dword);
    }
    write(kSystemSourceStart + 4, 0x08080808);
    EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltStatus), 0);
    EXPECT_EQ(chip_->linear_size(), kVramSize);
    EXPECT_EQ(vram()[0x100], 1);
    EXPECT_EQ(vram()[0x10f], 4);
    EXPECT_EQ(vram()[0x140], 5);
    EXPECT_EQ(vram()[0x14f], 8);
    EXPECT_EQ(vram()[0x3000], 0);
}

TEST_F(CirrusTest, LeavesTheFrameBufferAloneWhileABltPausesOrHasItsOwnWindow)
{
    set_mode(0x11, 0x00, 64);
    for (const std::uint8_t elsewhere : {blt::kPause, blt::kSecondWindow}) {
        start_from_system(0x100, blt::kStart | elsewhere);
        EXPECT_EQ(chip_->linear_size(), kVramSize);
        write(0x3000, 0x11223344);
        EXPECT_EQ(vram()[0x3000], 0x44);
        graphics(gr::kBltStatus, blt::kReset);
        EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltStatus) & blt::kBusy, 0);
        graphics(gr::kBltStatus, 0);
    }
}

TEST_F(CirrusTest, HasBltRegistersInMemory)
{
    set_mode(0x11, 0x00, 64);
    chip_->registers().write(kRegistersBlt + 0x08, Width::Dword, 0x0001'0003); // 4 bytes, 2 lines
    EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltWidth), 3);
    sequencer(sr::kExtendedControl, sr::kMmioEnabled);
    window(kMmioInWindow + 0x0c, 0x0010, Width::Word); // the pitch
    EXPECT_EQ(indexed(port::kGraphicsIndex, gr::kBltDestinationPitch), 0x10);
    sequencer(sr::kExtendedControl, sr::kMmioEnabled | sr::kMmioLinear);
    EXPECT_EQ(chip_->linear_size(), kVramSize - memory::kPageSize);
    const std::uint64_t mmio = kVramSize - kMmioSize;
    write(mmio + 0x04, 0x000000c3);                        // foreground
    write(mmio + 0x18, 0x040d00c0);                        // pattern, expand; copy; solid
    write(mmio + kMmioStatus, blt::kAutostart, Width::Byte);
    write(mmio + 0x10, 0x00000200);                        // the destination, which starts it
    EXPECT_EQ(vram()[0x203], 0xc3);
    EXPECT_EQ(vram()[0x213], 0xc3);
    EXPECT_EQ(vram()[0x204], 0);
    EXPECT_EQ(chip_->registers().read(0x15, Width::Byte).value, in(0x3d5)) << "ports 3C0h-3DFh";
}

TEST_F(CirrusTest, IsAVgaUntilItIsMoreThanThat)
{
    sequencer(seq::kMapMask, 0x0f);
    sequencer(seq::kMemoryMode, seq::kMemorySequential);
    graphics(gfx::kMiscellaneous, 0x05);
    graphics(gfx::kBitMask, 0xff);
    window(0x10, 0x5a);
    EXPECT_EQ(std::vector(vram() + 0x40, vram() + 0x44), (std::vector<std::uint8_t>{0x5a, 0x5a, 0x5a, 0x5a}));
    backend::TextScreen text;
    EXPECT_FALSE(chip_->text(text));
    crtc(crtc::kHorizontalDisplayEnd, 79);
    graphics(gfx::kMiscellaneous, 0x0e);
    EXPECT_TRUE(chip_->text(text));
    sequencer(sr::kMode, sr::kModePacked);
    EXPECT_FALSE(chip_->text(text)) << "text is not shown with packed pixels";
}

TEST_F(CirrusTest, IsAsFreshAfterAReset)
{
    const auto fresh = state::pack(chip_->state());
    set_mode(0x17, 0xc1, 128);
    start_from_system(0x100);
    write(0, 1);
    chip_->reset();
    EXPECT_EQ(
        state::difference(state::pack(chip_->state()), state::pack(Cirrus::create(memory_, clock_).value()->state())),
        "");
    EXPECT_EQ(chip_->linear_size(), kVramSize);
}

class CirrusPciTest : public CirrusTest {
protected:
    CirrusPciTest()
    {
        const std::vector<std::uint8_t> rom(40'000, 0x55);
        function_ = PciFunction::create(*chip_, rom).value();
        function_->connect({.lock = lock_, .ports = ports_, .mmio = mmio_, .memory = memory_, .layer = 1});
    }
    void config(unsigned offset, std::uint32_t value) { function_->config_write(offset, 4, value); }
    bool is_memory(std::uint64_t address) { return memory_.lookup(base::GuestPhysical{address}).host != nullptr; }

    bus::MachineLock lock_;
    bus::MachineGuard guard_{lock_};
    base::Log log_{base::Log::discard()};
    bus::PortRouter ports_{"port", log_};
    bus::MmioRouter mmio_{"mmio", log_};
    std::unique_ptr<PciFunction> function_;
};

TEST_F(CirrusPciTest, IdentifiesItself)
{
    EXPECT_EQ(function_->config_read(0x00, 4), 0x00b81013U);
    EXPECT_EQ(function_->config_read(0x08, 4), 0x03000000U);
    EXPECT_EQ(function_->config_read(0x2c, 4), 0x00015853U);
    config(0x10, 0xffffffff);
    config(0x14, 0xffffffff);
    EXPECT_EQ(function_->config_read(0x10, 4), 0xfe000008U);
    EXPECT_EQ(function_->config_read(0x14, 4), 0xfffff000U);
}

TEST_F(CirrusPciTest, HasMemoryWhereTheFrameBufferIsPlain)
{
    config(0x10, 0xf0000000);
    config(0x04, 0x0002);
    EXPECT_EQ(memory_.lookup(base::GuestPhysical{0xf0001000}).host, vram() + 0x1000);
    EXPECT_TRUE(memory_.lookup(base::GuestPhysical{0xf0001000}).logged);
    EXPECT_FALSE(is_memory(0xf0400000)) << "the aperture that swaps";
    set_mode(0x11, 0x00, 64);
    start_from_system(0x100);
    EXPECT_FALSE(is_memory(0xf0001000));
    for (unsigned i = 0; i < 8; ++i) {
        mmio_.write(base::GuestPhysical{0xf0000000}, Width::Dword, 0x01010101);
    }
    EXPECT_TRUE(is_memory(0xf0001000));
    sequencer(sr::kExtendedControl, sr::kMmioEnabled | sr::kMmioLinear);
    EXPECT_FALSE(is_memory(0xf03ff000));
    EXPECT_TRUE(is_memory(0xf03fe000));
    config(0x10, 0xe0000000);
    EXPECT_FALSE(is_memory(0xf0001000));
    EXPECT_TRUE(is_memory(0xe0001000));
    function_->reset();
    EXPECT_FALSE(is_memory(0xe0001000));
}

} // namespace

} // namespace windsor::devices::vga::cirrus
