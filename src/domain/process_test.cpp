// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/process.hpp"

#include <gtest/gtest.h>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::domain {
namespace {

TEST(ProcessStat, KnowsTheParentAndTellsProcessesApart)
{
    ::prctl(PR_SET_NAME, ") 1 (x"); // which must not be taken for the fields behind it
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    const auto stat = process_stat(child);
    const auto own = process_stat(::getpid());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ASSERT_TRUE(stat && own);
    EXPECT_EQ(stat->parent, ::getpid());
    EXPECT_EQ(own->parent, ::getppid());
    EXPECT_GE(stat->start, own->start);
    EXPECT_GT(own->start, 0u);
    EXPECT_EQ(process_stat(::getpid())->start, own->start);
    EXPECT_FALSE(process_stat(child));
}

} // namespace
} // namespace windsor::domain
