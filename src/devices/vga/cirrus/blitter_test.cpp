// SPDX-License-Identifier: GPL-2.0-or-later
// Holds the engine against a plain reference: one byte after the other, by the words of the manual.
#include "devices/vga/cirrus/blitter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

namespace windsor::devices::vga::cirrus {

namespace {

constexpr std::size_t kSize = 1 << 20;

using Memory = std::vector<std::uint8_t>;

class Pages final : public WriteListener {
public:
    void written(std::uint64_t offset, std::uint64_t size) override
    {
        EXPECT_LE(offset + size, kSize);
        bytes += size;
    }
    std::uint64_t bytes{0};
};

struct RopName {
    std::uint8_t value;
    std::function<int(int, int)> of;
};

// TRM 5.11, by the second column of its table.
const std::vector<RopName> kRops{
    {0x00, [](int, int) { return 0; }},          {0x90, [](int s, int d) { return ~s & ~d; }},
    {0x50, [](int s, int d) { return ~s & d; }}, {0xd0, [](int s, int) { return ~s; }},
    {0x09, [](int s, int d) { return s & ~d; }}, {0x0b, [](int, int d) { return ~d; }},
    {0x59, [](int s, int d) { return s ^ d; }},  {0xda, [](int s, int d) { return ~s | ~d; }},
    {0x05, [](int s, int d) { return s & d; }},  {0x95, [](int s, int d) { return ~(s ^ d); }},
    {0x06, [](int, int d) { return d; }},        {0xd6, [](int s, int d) { return ~s | d; }},
    {0x0d, [](int s, int) { return s; }},        {0xad, [](int s, int d) { return s | ~d; }},
    {0x6d, [](int s, int d) { return s | d; }},  {0x0e, [](int, int) { return 0xff; }}};

int size_of(const Operation& o)
{
    return ((o.mode >> 4) & 3) + 1;
}

// What the source is at byte `x` of line `y`, and whether it is there at all, for what reads a monochrome source.
struct Source {
    int value;
    bool there;
};

// `bit` says which bit of the monochrome data belongs to a pixel of a line.
Source expanded(const Operation& o, int x, const std::function<bool(int pixel)>& bit)
{
    const bool one = bit(x / size_of(o));
    const bool transparent = (o.mode & blt::kTransparent) != 0;
    const bool inverted = transparent && (o.extensions & blt::kInvert) != 0;
    const std::uint32_t color = one ? o.foreground : o.background;
    const int clip = size_of(o) == 3 ? o.clip & 0x1f : (o.clip & 7) * size_of(o);
    const int skipped = (o.mode & blt::kFromSystem) != 0 ? ((o.clip >> 5) & 3) * 8 * size_of(o) : 0;
    const bool clipped = x < clip + skipped && !((o.extensions & blt::kClipBackground) != 0 && one);
    return {static_cast<int>((color >> (8 * (x % size_of(o)))) & 0xff), (!transparent || one != inverted) && !clipped};
}

class Reference {
public:
    Reference(Memory memory, const Operation& operation) : memory_{std::move(memory)}, o_{operation} {}

    const Memory& run(const std::vector<std::uint8_t>& data = {})
    {
        for (int y = 0; y < std::min<int>(o_.height, static_cast<int>(kSize) / o_.width); ++y) {
            if ((o_.mode & blt::kFromSystem) != 0 && (o_.mode & blt::kPattern) == 0) {
                given_line(y, data);
            } else if ((o_.mode & blt::kPattern) != 0) {
                pattern_line(y);
            } else if ((o_.mode & blt::kExpand) != 0) {
                expanded_line(y);
            } else {
                copied_line(y);
            }
        }
        return memory_;
    }

private:
    std::uint8_t& at(std::int64_t address) { return memory_[static_cast<std::uint64_t>(address) % kSize]; }
    int rop(int s, int d) const
    {
        for (const RopName& name : kRops) {
            if (name.value == o_.rop) {
                return name.of(s, d) & 0xff;
            }
        }
        return d;
    }
    std::int64_t destination(int y) const
    {
        return std::int64_t{o_.destination} + y * std::int64_t{o_.destination_pitch};
    }

    void put_line(int y, const std::function<Source(int)>& source)
    {
        for (int x = 0; x < o_.width; ++x) {
            const Source s = source(x);
            std::uint8_t& d = at(destination(y) + x);
            d = s.there ? static_cast<std::uint8_t>(rop(s.value, d)) : d;
        }
    }
    void pattern_line(int y)
    {
        const std::uint32_t start = o_.source & ~7U;
        const int row = static_cast<int>((o_.source + static_cast<unsigned>(y)) & 7);
        if ((o_.extensions & blt::kSolid) != 0 && (o_.mode & (blt::kExpand | blt::kTransparent)) == blt::kExpand) {
            put_line(y, [&](int x) {
                return Source{static_cast<int>(o_.foreground >> (8 * (x % size_of(o_))) & 0xff), true};
            });
        } else if ((o_.mode & blt::kExpand) != 0) {
            const int bits = at(std::int64_t{start} + row);
            put_line(y, [&](int x) {
                return expanded(o_, x, [&](int pixel) { return (bits >> (7 - pixel % 8) & 1) != 0; });
            });
        } else {
            const int line = 8 * size_of(o_);
            const int pitch = size_of(o_) == 3 ? 32 : line;
            const int clip = size_of(o_) == 3 ? o_.clip & 0x1f : (o_.clip & 7) * size_of(o_);
            put_line(y, [&](int x) { return Source{at(std::int64_t{start} + row * pitch + x % line), x >= clip}; });
        }
    }
    void expanded_line(int y)
    {
        const int pixels = (o_.width + size_of(o_) - 1) / size_of(o_);
        const std::int64_t line = o_.source + std::int64_t{y} * ((pixels + 7) / 8);
        put_line(y, [&](int x) {
            return expanded(o_, x, [&](int pixel) { return (at(line + pixel / 8) >> (7 - pixel % 8) & 1) != 0; });
        });
    }
    void given_line(int y, const std::vector<std::uint8_t>& data)
    {
        if ((o_.mode & blt::kExpand) != 0) {
            const int pixels = (o_.width + size_of(o_) - 1) / size_of(o_);
            const int bytes = (pixels + 7) / 8;
            const int pitch = (o_.extensions & blt::kDwordGranularity) != 0 ? (bytes + 3) / 4 * 4 : bytes;
            put_line(y, [&](int x) {
                return expanded(o_, x, [&](int pixel) {
                    return (data.at(static_cast<std::size_t>(y * pitch + pixel / 8)) >> (7 - pixel % 8) & 1) != 0;
                });
            });
            return;
        }
        const int pitch = (o_.width + 3) / 4 * 4;
        put_line(y, [&](int x) {
            return Source{data.at(static_cast<std::size_t>(y * pitch + x)), x >= ((o_.clip >> 5) & 3)};
        });
    }
    void copied_line(int y)
    {
        const int sign = (o_.mode & blt::kBackward) != 0 ? -1 : 1;
        const std::int64_t from = o_.source + sign * std::int64_t{y} * o_.source_pitch + 8 * std::int64_t{kSize};
        const std::int64_t to =
            o_.destination + sign * std::int64_t{y} * o_.destination_pitch + 8 * std::int64_t{kSize};
        const int step = (o_.mode & blt::kTransparent) != 0 ? size_of(o_) : 1;
        for (int x = 0; x + step <= o_.width; x += step) {
            int low = sign * x - (sign < 0 ? step - 1 : 0);
            const int first = rop(at(from + low), at(to + low));
            const int second = step == 2 ? rop(at(from + low + 1), at(to + low + 1)) : 0;
            const int key = step == 2 ? o_.key : o_.key & 0xff;
            if ((o_.mode & blt::kTransparent) != 0 && (first | (second << 8)) == key) {
                continue;
            }
            at(to + low) = static_cast<std::uint8_t>(first);
            if (step == 2) {
                at(to + low + 1) = static_cast<std::uint8_t>(second);
            }
        }
    }

    Memory memory_;
    Operation o_;
};

class BlitterTest : public ::testing::Test {
protected:
    BlitterTest() : memory_(kSize)
    {
        for (std::uint8_t& byte : memory_) {
            byte = static_cast<std::uint8_t>(random_());
        }
    }
    // Draws and compares; `data` is what the processor gives.
    void expect_alike(const Operation& operation, const std::vector<std::uint8_t>& data = {})
    {
        Reference reference{memory_, operation};
        Blitter blitter{memory_, pages_};
        blitter.start(operation);
        blitter.feed(data);
        EXPECT_FALSE(blitter.waits());
        const Memory& expected = reference.run(data);
        const auto [here, there] = std::ranges::mismatch(memory_, expected);
        EXPECT_EQ(here, memory_.end()) << "byte " << here - memory_.begin();
    }
    std::vector<std::uint8_t> data(std::size_t size)
    {
        std::vector<std::uint8_t> bytes(size);
        for (std::uint8_t& byte : bytes) {
            byte = static_cast<std::uint8_t>(random_());
        }
        return bytes;
    }
    Operation operation(std::uint8_t mode, unsigned pixel_bytes = 1)
    {
        return {.width = static_cast<std::uint16_t>(24 * pixel_bytes),
                .height = 13,
                .destination_pitch = 640,
                .source_pitch = 512,
                .destination = 0x1235,
                .source = 0x40000,
                .foreground = 0x44332211,
                .background = 0x88776655,
                .mode = static_cast<std::uint8_t>(mode | ((pixel_bytes - 1) << blt::kPixelShift)),
                .rop = 0x0d};
    }

    std::mt19937 random_{1};
    Memory memory_;
    Pages pages_;
};

TEST_F(BlitterTest, HasAllRasterOperations)
{
    for (const RopName& name : kRops) {
        for (const int s : {0x00, 0x0f, 0x35, 0xff}) {
            for (const int d : {0x00, 0x55, 0xf0, 0xff}) {
                EXPECT_EQ(raster_operation(name.value, static_cast<std::uint8_t>(s), static_cast<std::uint8_t>(d)),
                          name.of(s, d) & 0xff)
                    << std::hex << int{name.value};
            }
        }
        Operation o = operation(0);
        o.rop = name.value;
        expect_alike(o);
    }
    EXPECT_EQ(raster_operation(0x33, 0x12, 0x34), 0x34) << "which is none";
}

TEST_F(BlitterTest, CopiesForwardAndBackwardOverItself)
{
    for (const int distance : {1, -1, 5, -5, 640, -640, 700, -700}) {
        for (const std::uint8_t mode : {std::uint8_t{0}, std::uint8_t{blt::kBackward}}) {
            Operation o = operation(mode);
            o.source_pitch = o.destination_pitch;
            o.destination = 0x20000;
            o.source = static_cast<std::uint32_t>(0x20000 + distance);
            expect_alike(o);
        }
    }
}

TEST_F(BlitterTest, CopiesAllButTheKeyColor)
{
    for (const unsigned size : {1U, 2U}) {
        Operation o = operation(blt::kTransparent, size);
        o.key = size == 1 ? 0x2a2a : 0x2b2a;
        for (unsigned i = 0; i < 100; i += 3 * size) {
            memory_[o.source + i] = 0x2a;
            memory_[o.source + i + size - 1] = size == 1 ? 0x2a : 0x2b;
        }
        expect_alike(o);
        o.source = o.destination - size; // what is copied is the source of the next
        o.source_pitch = o.destination_pitch;
        expect_alike(o);
    }
    const Memory before = memory_;
    Blitter blitter{memory_, pages_};
    blitter.start(operation(blt::kTransparent, 4));
    EXPECT_EQ(memory_, before) << "there are no keys of 32 bits";
}

TEST_F(BlitterTest, FillsWithPatterns)
{
    for (const unsigned size : {1U, 2U, 3U, 4U}) {
        for (const int clip : {0, 3, 5}) {
            for (const std::uint8_t expand : {std::uint8_t{0}, std::uint8_t{blt::kExpand}}) {
                Operation o = operation(blt::kPattern | expand, size);
                o.clip = static_cast<std::uint8_t>(clip);
                o.source += 6; // begins with its line 6
                o.rop = 0x59;
                expect_alike(o);
            }
        }
    }
}

TEST_F(BlitterTest, ExpandsColors)
{
    for (const unsigned size : {1U, 2U, 3U, 4U}) {
        for (const unsigned pattern : {0U, unsigned{blt::kPattern}}) {
            for (const unsigned transparent : {0U, unsigned{blt::kTransparent}}) {
                for (const unsigned extensions :
                     {0U, unsigned{blt::kInvert}, unsigned{blt::kClipBackground}, unsigned{blt::kSolid}}) {
                    Operation o = operation(static_cast<std::uint8_t>(blt::kExpand | pattern | transparent), size);
                    o.width = static_cast<std::uint16_t>(21 * size - 1); // ends within a byte, and within a pixel
                    o.extensions = static_cast<std::uint8_t>(extensions);
                    o.clip = 5;
                    if (pattern == 0 && extensions == blt::kSolid) {
                        continue;
                    }
                    expect_alike(o);
                }
            }
        }
    }
}

TEST_F(BlitterTest, TakesDataOfTheProcessor)
{
    for (const unsigned size : {1U, 2U, 3U, 4U}) {
        for (const std::uint8_t extensions : {std::uint8_t{0}, std::uint8_t{blt::kDwordGranularity}}) {
            Operation o = operation(blt::kFromSystem | blt::kExpand, size);
            o.extensions = extensions;
            o.width = static_cast<std::uint16_t>(50 * size);
            o.clip = extensions != 0 ? 0x23 : 0x02;
            expect_alike(o, data(8 * 13));
        }
        Operation o = operation(blt::kFromSystem, size);
        o.width = static_cast<std::uint16_t>(25 * size);
        o.clip = 0x40;
        expect_alike(o, data(104 * 13));
    }
}

TEST_F(BlitterTest, TakesPatternsOfTheProcessor)
{
    for (const unsigned size : {1U, 3U}) {
        for (const unsigned expand : {0U, unsigned{blt::kExpand}}) {
            Operation o = operation(static_cast<std::uint8_t>(blt::kPattern | expand), size);
            std::vector<std::uint8_t> pattern{memory_.begin() + o.source, memory_.begin() + o.source + 256};
            Memory given = memory_;
            Blitter{memory_, pages_}.start(o);
            o.mode |= blt::kFromSystem;
            Blitter blitter{given, pages_};
            blitter.start(o);
            blitter.feed(pattern);
            EXPECT_EQ(given, memory_);
        }
    }
}

TEST_F(BlitterTest, StaysWithinMemoryWhateverItIsAsked)
{
    for (const unsigned mode : {0x00U, 0x01U, 0x80U, 0x40U, 0xc0U, 0x70U, 0xf8U, 0x08U, 0x18U}) {
        Operation o = operation(static_cast<std::uint8_t>(mode), ((mode >> 4) & 3) + 1U);
        o.width = blt::kMostWidth;
        o.height = blt::kMostHeight;
        o.destination_pitch = o.source_pitch = blt::kMostPitch;
        o.destination = kSize - 3;
        o.source = kSize - 5;
        pages_.bytes = 0;
        Blitter{memory_, pages_}.start(o);
        EXPECT_LE(pages_.bytes, kSize) << "which no guest can have it exceed by one start";
    }
}

TEST_F(BlitterTest, WrapsAroundInMemory)
{
    for (const std::uint8_t mode : {std::uint8_t{0}, std::uint8_t{blt::kBackward}}) {
        for (const std::uint32_t destination : {0U, 3U, 1000U, static_cast<unsigned>(kSize) - 10}) {
            Operation o = operation(mode);
            o.destination = destination;
            o.source = kSize - 7;
            expect_alike(o);
        }
    }
    Operation pattern = operation(blt::kPattern, 4);
    pattern.destination = kSize - 700;
    expect_alike(pattern);
}

TEST_F(BlitterTest, GivesUpAndStartsAgain)
{
    Blitter blitter{memory_, pages_};
    blitter.start(operation(blt::kFromSystem));
    blitter.feed(data(10));
    EXPECT_TRUE(blitter.waits());
    blitter.reset();
    EXPECT_FALSE(blitter.waits());
    const Memory before = memory_;
    blitter.feed(data(1000));
    EXPECT_EQ(memory_, before) << "nobody asked for these";
}

TEST_F(BlitterTest, GoesOnWhereItWasSaved)
{
    const Operation o = operation(blt::kFromSystem);
    const auto bytes = data(24 * 13);
    Memory other = memory_;
    Blitter first{memory_, pages_};
    first.start(o);
    first.feed(std::span{bytes}.first(100));
    Memory half = memory_;
    Blitter second{half, pages_};
    second.load(first.transfer());
    second.feed(std::span{bytes}.subspan(100));
    EXPECT_FALSE(second.waits());
    EXPECT_EQ(half, (Reference{other, o}.run(bytes)));
}

TEST_F(BlitterTest, LoadsNoTransferThatItCouldNotHave)
{
    Transfer forged{.active = true, .line = 60000, .filled = 60000};
    forged.operation = {.width = 0xffff,
                        .height = 0xffff,
                        .destination_pitch = 0xffff,
                        .source_pitch = 0xffff,
                        .destination = 0xffffffff,
                        .source = 0xffffffff,
                        .mode = 0x3b};
    Blitter blitter{memory_, pages_};
    blitter.load(forged);
    const Transfer& loaded = blitter.transfer();
    EXPECT_LE(loaded.operation.width, blt::kMostWidth);
    EXPECT_LT(loaded.operation.destination, kSize);
    EXPECT_LT(loaded.filled, blt::kMostWidth);
    const auto bytes = data(blt::kMostWidth);
    for (unsigned line = 0; line < blt::kMostHeight && blitter.waits(); ++line) {
        blitter.feed(bytes);
    }
    EXPECT_FALSE(blitter.waits());
}

} // namespace

} // namespace windsor::devices::vga::cirrus
