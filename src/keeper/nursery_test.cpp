// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/nursery.hpp"

#include "sandbox/fork_apart.hpp"
#include "sandbox/testing.hpp"

#include <array>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::keeper {
namespace {

using sandbox::testing::kSucceeded;
using sandbox::testing::run;

// The exit status of the child; -1 if it is nobody's whom this process can wait for, or if it was ended by a signal.
int end_of(const Child& child)
{
    int status = 0;
    return ::waitpid(child.pid, &status, 0) == child.pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// In a process of its own, as the tests' would become the parent of all that is orphaned.
int with_nursery(const Nursery::Makers& makers, const std::function<int(Nursery&)>& action,
                 std::chrono::milliseconds patience = Nursery::kPatience, std::span<const int> kept = {})
{
    return run([&] {
               const auto first = sandbox::fork_apart();
               if (first && *first == 0) {
                   ::_exit(0);
               }
               auto nursery = Nursery::start(makers, kept, patience);
               return nursery ? action(*nursery) : 100;
           })
        .status;
}

pid_t fork_that_ends_with(int status)
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(status);
    }
    return child;
}

TEST(Nursery, MakesHelpersThatAreTheCallersChildren)
{
    const Nursery::Makers makers{
        .become_helper = {[](base::Fd report) { ::_exit(::write(report.get(), "walls", 5) == 5 ? 7 : 8); }}};
    EXPECT_EQ(with_nursery(makers,
                           [](Nursery& nursery) {
                               for (int round = 0; round < 3; ++round) {
                                   std::array<int, 2> ends{-1, -1};
                                   if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
                                       return 1;
                                   }
                                   const base::Fd receive{ends[0]};
                                   base::Fd send{ends[1]};
                                   const auto child = nursery.helper(0, send.get());
                                   send.reset();
                                   std::array<char, 8> said{};
                                   if (!child || !child->handle || end_of(*child) != 7 ||
                                       ::read(receive.get(), said.data(), said.size()) != 5 ||
                                       ::read(receive.get(), said.data(), said.size()) != 0) {
                                       return 2;
                                   }
                               }
                               return 0;
                           }),
              0);
}

TEST(Nursery, AChildIsEndedByItsHandle)
{
    const Nursery::Makers makers{.become_helper = {[](base::Fd) { ::pause(); }}};
    EXPECT_EQ(with_nursery(makers,
                           [](Nursery& nursery) {
                               const auto child = nursery.helper(0, STDERR_FILENO);
                               if (!child) {
                                   return 1;
                               }
                               child->end(SIGKILL);
                               int status = 0;
                               return ::waitpid(child->pid, &status, 0) == child->pid && WIFSIGNALED(status) &&
                                              WTERMSIG(status) == SIGKILL
                                          ? 0
                                          : 2;
                           }),
              0);
}

TEST(Nursery, MakesOneProcessOfAHelperAtATime)
{
    const Nursery::Makers makers{.become_helper = {[](base::Fd) { ::pause(); }}};
    EXPECT_EQ(with_nursery(makers,
                           [](Nursery& nursery) {
                               const auto first = nursery.helper(0, STDERR_FILENO);
                               if (!first || nursery.helper(0, STDERR_FILENO)) {
                                   return 1;
                               }
                               first->end(SIGKILL);
                               siginfo_t ended{}; // waited for, and left as it is
                               ::waitid(P_PID, static_cast<id_t>(first->pid), &ended, WEXITED | WNOWAIT);
                               if (nursery.helper(0, STDERR_FILENO)) {
                                   return 2;
                               }
                               ::waitpid(first->pid, nullptr, 0);
                               const auto second = nursery.helper(0, STDERR_FILENO);
                               if (!second) {
                                   return 3;
                               }
                               second->end(SIGKILL);
                               ::waitpid(second->pid, nullptr, 0);
                               return 0;
                           }),
              0);
}

TEST(Nursery, StartsOneDomainAndNoMore)
{
    const Nursery::Makers makers{.restart = [](int errors, const std::string& name) -> base::Result<pid_t> {
        return fork_that_ends_with(name == "fresh" && ::write(errors, "no", 2) == 2 ? 42 : 43);
    }};
    EXPECT_EQ(with_nursery(makers,
                           [](Nursery& nursery) {
                               std::array<int, 2> ends{-1, -1};
                               if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
                                   return 1;
                               }
                               const base::Fd receive{ends[0]};
                               base::Fd send{ends[1]};
                               const auto child = nursery.restart(send.get(), "fresh");
                               const bool again = nursery.restart(send.get(), "fresh").has_value();
                               send.reset();
                               const int status = child ? end_of(*child) : -1;
                               std::array<char, 4> said{};
                               return status == 42 && !again && ::read(receive.get(), said.data(), said.size()) == 2 &&
                                              ::read(receive.get(), said.data(), said.size()) == 0
                                          ? 0
                                          : 2;
                           }),
              0);
}

// Where the helpers of the domain before listened, the fresh one's shall.
TEST(Nursery, AFreshDomainFindsFreeWhatHelpersHad)
{
    const base::Fd kept{::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100)};
    const auto is_open = [&] { return ::fcntl(kept.get(), F_GETFD) >= 0; };
    const Nursery::Makers makers{.become_helper = {[&](base::Fd) { ::_exit(is_open() ? 0 : 1); }},
                                 .restart = [&](int, const std::string&) -> base::Result<pid_t> {
                                     return fork_that_ends_with(is_open() ? 1 : 0);
                                 }};
    EXPECT_EQ(with_nursery(
                  makers,
                  [](Nursery& nursery) {
                      const auto helper = nursery.helper(0, STDERR_FILENO);
                      if (!helper || end_of(*helper) != 0) {
                          return 1;
                      }
                      const auto domain = nursery.restart(STDERR_FILENO, "fresh");
                      if (!domain || end_of(*domain) != 0) {
                          return 2;
                      }
                      return nursery.helper(0, STDERR_FILENO) ? 3 : 0; // it would lack what it needs
                  },
                  Nursery::kPatience, std::array{kept.get()}),
              0);
}

TEST(Nursery, StartsNothingUnderANameThatCannotBe)
{
    const Nursery::Makers makers{
        .restart = [](int, const std::string&) -> base::Result<pid_t> { return fork_that_ends_with(0); }};
    EXPECT_EQ(with_nursery(makers,
                           [](Nursery& nursery) {
                               for (const char* name : {"", "../up", "a b", "-x", "12"}) {
                                   if (nursery.restart(-1, name)) {
                                       return 1;
                                   }
                               }
                               return nursery.restart(-1, "good") ? 0 : 2;
                           }),
              0);
}

TEST(Nursery, HasNothingToMakeWhereNothingWasGivenToIt)
{
    EXPECT_EQ(with_nursery({},
                           [](Nursery& nursery) {
                               return nursery.helper(0, STDERR_FILENO) || nursery.restart(-1, "good") ? 1 : 0;
                           }),
              0);
}

TEST(Nursery, IsNotWaitedForWithoutEnd)
{
    const Nursery::Makers makers{.become_helper = {[](base::Fd) { ::_exit(0); }},
                                 .restart = [](int, const std::string&) -> base::Result<pid_t> {
                                     ::usleep(600'000);
                                     return fork_that_ends_with(0);
                                 }};
    EXPECT_EQ(with_nursery(
                  makers,
                  [](Nursery& nursery) {
                      if (nursery.restart(STDERR_FILENO, "slow")) {
                          return 1;
                      }
                      ::usleep(800'000); // until the late answer has come
                      return nursery.helper(0, STDERR_FILENO) ? 2 : 0;
                  },
                  std::chrono::milliseconds{100}),
              0);
}

} // namespace
} // namespace windsor::keeper
