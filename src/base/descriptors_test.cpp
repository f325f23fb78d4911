// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptors.hpp"

#include "base/fd.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/wait.h>

namespace windsor::base {
namespace {

TEST(DescriptorsTest, ListsWhatIsOpenAndNothingElse)
{
    const Fd file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    EXPECT_EQ(std::ranges::count(open_descriptors(), file.get()), 1);
    for (const int fd : open_descriptors()) {
        EXPECT_GE(::fcntl(fd, F_GETFD), 0);
    }
}

TEST(DescriptorsTest, ClosesAllButTheKept)
{
    const Fd kept{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const Fd other{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    const pid_t child = ::fork();
    if (child == 0) {
        close_all_but(std::array{kept.get()});
        ::_exit(open_descriptors() == std::vector{kept.get()} ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_GE(::fcntl(other.get(), F_GETFD), 0);
}

} // namespace
} // namespace windsor::base
