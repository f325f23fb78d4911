// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/huge_pages.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace windsor::base {

namespace {

constexpr std::size_t kPage = 4096;

std::size_t pages_in_memory(std::uint8_t* start, std::size_t size)
{
    std::vector<unsigned char> each(size / kPage);
    EXPECT_EQ(::mincore(start, size, each.data()), 0);
    return static_cast<std::size_t>(std::ranges::count_if(each, [](unsigned char page) { return (page & 1) != 0; }));
}

class Mapping {
public:
    explicit Mapping(std::size_t size) : size_{size}, file_{::memfd_create("huge_pages_test", MFD_CLOEXEC)}
    {
        EXPECT_EQ(::ftruncate(file_.get(), static_cast<off_t>(size)), 0);
        start_ = map_aligned(size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get());
    }
    ~Mapping() { ::munmap(start_, size_); }
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    std::uint8_t* start() { return start_; }

private:
    std::size_t size_;
    Fd file_;
    std::uint8_t* start_{nullptr};
};

TEST(HugePages, BeginAtTheirAlignment)
{
    for (const std::size_t size : {kPage, kHugePage - kPage, kHugePage, 2 * kHugePage + 3 * kPage}) {
        Mapping mapping{size};
        ASSERT_NE(mapping.start(), nullptr);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(mapping.start()) % kHugePage, 0U);
        mapping.start()[size - 1] = 1;
    }
}

TEST(HugePages, AreProvidedAsAWholeWhenUsed)
{
    constexpr std::size_t kSize = 3 * kHugePage + kPage;
    Mapping mapping{kSize};
    HugePages pages{mapping.start(), kSize};
    EXPECT_EQ(pages_in_memory(mapping.start(), kSize), 0U);

    pages.use(kHugePage + 5 * kPage);
    EXPECT_EQ(pages_in_memory(mapping.start(), kHugePage), 0U);
    EXPECT_EQ(pages_in_memory(mapping.start() + kHugePage, kHugePage), kHugePage / kPage);
    EXPECT_EQ(pages_in_memory(mapping.start() + 2 * kHugePage, kHugePage + kPage), 0U);

    pages.use(kSize - 1); // what is left over
    pages.use(kSize);
    EXPECT_EQ(pages_in_memory(mapping.start() + 2 * kHugePage, kHugePage + kPage), 0U);
}

TEST(HugePages, KeepWhatWasThere)
{
    Mapping mapping{kHugePage};
    mapping.start()[3 * kPage + 7] = 42;
    HugePages pages{mapping.start(), kHugePage};
    pages.use(0);
    EXPECT_EQ(mapping.start()[3 * kPage + 7], 42);
    EXPECT_EQ(std::count(mapping.start(), mapping.start() + kHugePage, 0), static_cast<std::ptrdiff_t>(kHugePage - 1));
}

TEST(HugePages, AllocatedOnesAreThereAndEmpty)
{
    std::uint8_t* start = allocate_huge(kHugePage + 1);
    EXPECT_EQ(pages_in_memory(start, 2 * kHugePage), 2 * kHugePage / kPage);
    EXPECT_EQ(std::count(start, start + 2 * kHugePage, 0), static_cast<std::ptrdiff_t>(2 * kHugePage));
    free_huge(start, kHugePage + 1);
}

} // namespace

} // namespace windsor::base
