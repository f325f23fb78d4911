// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/shared_frame.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace windsor::display {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Rectangles = std::vector<backend::Rectangle>;

class SharedFrameTest : public ::testing::Test {
protected:
    static backend::Picture picture(unsigned width, unsigned height, std::uint32_t colour)
    {
        return {.size = {width, height}, .pixels = std::vector<std::uint32_t>(std::size_t{width} * height, colour)};
    }
    static Rectangles whole(const backend::Picture& of) { return {{0, 0, of.size.width, of.size.height}}; }
    static std::size_t area(const Rectangles& damage)
    {
        std::size_t pixels = 0;
        for (const backend::Rectangle& r : damage) {
            pixels += std::size_t{r.width} * r.height;
        }
        return pixels;
    }
    FrameHeader& header() const { return raw_->header(); }

    SharedFrame frame_ = *SharedFrame::create();
    base::Fd memory_{::dup(frame_.memory.get())};
    FrameReader reader_ = *FrameReader::map(frame_.memory);
    // What a writer that keeps to no rules could do.
    std::optional<FrameMapping> raw_;
    backend::Picture seen_;
};

TEST_F(SharedFrameTest, ShowsThePictureThenOnlyTheTilesThatChange)
{
    FrameWriter writer{std::move(frame_.writable)};
    EXPECT_THAT(reader_.read(seen_), IsEmpty());
    backend::Picture drawn = picture(130, 40, 0x112233);
    writer.write(drawn, whole(drawn));
    EXPECT_EQ(area(reader_.read(seen_)), 130U * 40U);
    EXPECT_EQ(seen_.size, drawn.size);
    EXPECT_EQ(seen_.pixels, drawn.pixels);
    EXPECT_THAT(reader_.read(seen_), IsEmpty());

    drawn.pixels[130 * 17 + 63] = 1;
    drawn.pixels[130 * 17 + 64] = 2;
    writer.write(drawn, Rectangles{{63, 17, 2, 1}});
    EXPECT_THAT(reader_.read(seen_), ElementsAre(backend::Rectangle{0, 16, 128, 16}));
    drawn.pixels[130 * 39 + 129] = 3; // in the tile that is cut off at both edges
    writer.write(drawn, Rectangles{{129, 39, 1, 1}});
    EXPECT_THAT(reader_.read(seen_), ElementsAre(backend::Rectangle{128, 32, 2, 8}));
    EXPECT_EQ(seen_.pixels, drawn.pixels);
}

TEST_F(SharedFrameTest, ANewSizeIsSeenWhole)
{
    FrameWriter writer{std::move(frame_.writable)};
    for (const backend::Size size : {backend::Size{640, 480}, backend::Size{80, 25}, backend::Size{4096, 4096}}) {
        const backend::Picture drawn = picture(size.width, size.height, size.width);
        writer.write(drawn, {}); // whatever is said to have changed
        EXPECT_EQ(area(reader_.read(seen_)), std::size_t{size.width} * size.height);
        EXPECT_EQ(seen_.pixels, drawn.pixels);
    }
    const backend::Picture too_wide = picture(4097, 1, 0);
    writer.write(too_wide, whole(too_wide));
    EXPECT_THAT(reader_.read(seen_), IsEmpty());
}

TEST_F(SharedFrameTest, AnAnswerIsANumber)
{
    FrameWriter writer{std::move(frame_.writable)};
    EXPECT_EQ(reader_.answered(), 0U);
    writer.answer(7);
    EXPECT_EQ(reader_.answered(), 7U);
}

TEST_F(SharedFrameTest, NoSizeThatAWriterClaimsIsBelieved)
{
    raw_.emplace(std::move(frame_.writable));
    for (const std::uint64_t size : {0x0000'1001'0000'0001ULL, 0x0000'0001'0000'1001ULL, 0x0000'0000'0000'0010ULL,
                                     0x0000'0010'0000'0000ULL, 0xffff'ffff'ffff'ffffULL, 0x8000'0000'8000'0000ULL}) {
        header().size = size;
        EXPECT_THAT(reader_.read(seen_), IsEmpty());
        EXPECT_TRUE(seen_.pixels.empty());
    }
    header().size = (4096ULL << 32) | 4096;
    for (auto& tile : header().tiles) {
        tile = 0xffff'ffff;
    }
    EXPECT_EQ(area(reader_.read(seen_)), 4096U * 4096U);
}

TEST_F(SharedFrameTest, NobodyElseCanEverWriteOrShrinkIt)
{
    constexpr std::size_t kPage = 4096;
    EXPECT_EQ(::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0), MAP_FAILED);
    EXPECT_EQ(::ftruncate(memory_.get(), 0), -1);
    EXPECT_EQ(::write(memory_.get(), "x", 1), -1);
    void* const seen = ::mmap(nullptr, kPage, PROT_READ, MAP_SHARED, memory_.get(), 0);
    ASSERT_NE(seen, MAP_FAILED);
    EXPECT_EQ(::mprotect(seen, kPage, PROT_READ | PROT_WRITE), -1);
    ::munmap(seen, kPage);
}

} // namespace
} // namespace windsor::display
