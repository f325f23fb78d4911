// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.hpp"
#include "base/whole.hpp"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>

namespace windsor::base {
namespace {

struct Pipe {
    Pipe()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        out.reset(ends[0]);
        in.reset(ends[1]);
    }
    Fd out, in;
};

TEST(Whole, MovesMoreThanAPipeHolds)
{
    Pipe pipe;
    std::string bytes(3'000'000, 'x');
    bytes.back() = 'y';
    std::jthread writer{[&] {
        EXPECT_TRUE(write_whole(pipe.in.get(), bytes));
        pipe.in.reset();
    }};
    EXPECT_EQ(read_whole(pipe.out.get(), bytes.size() + 1), bytes);
}

TEST(Whole, ReadsNoMoreThanItMay)
{
    Pipe pipe;
    ASSERT_TRUE(write_whole(pipe.in.get(), std::string(5000, 'a') + "rest"));
    pipe.in.reset();
    EXPECT_EQ(read_whole(pipe.out.get(), 5000), std::string(5000, 'a'));
    EXPECT_EQ(read_whole(pipe.out.get(), 5000), "rest");
}

TEST(Whole, SaysWhatCannotBeWritten)
{
    const Fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    EXPECT_FALSE(write_whole(full.get(), "x"));
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_EQ(read_whole(-1, 10), "");
}

} // namespace
} // namespace windsor::base
