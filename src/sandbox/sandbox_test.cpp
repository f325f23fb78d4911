// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fd.hpp"
#include "base/test_folder.hpp"
#include "sandbox/fork_apart.hpp"
#include "sandbox/testing.hpp"
#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/kvm.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::sandbox {
namespace {

using testing::Creator;
using testing::kKilled;
using testing::kSucceeded;
using testing::refused_with;
using testing::run;
using testing::run_enclosed;

constexpr auto kNoNamespaces = "this host lets nobody make user namespaces";

class Enclosed : public ::testing::TestWithParam<Creator> {
protected:
    void SetUp() override
    {
        if (testing::kSanitized) {
            GTEST_SKIP() << "the sanitizers make system calls of their own";
        }
    }
    // Where the host lets nobody make namespaces, all creators are as Unprivileged is, which is tested everywhere.
    static bool lacks_namespaces()
    {
        return GetParam() != Creator::Unprivileged && !testing::has_user_namespaces(GetParam());
    }
    testing::End attempt(const std::function<long()>& action) { return run_enclosed(Plan{}, GetParam(), action); }
};

Plan without(std::vector<WallKind> kinds)
{
    Plan plan;
    plan.without = std::move(kinds);
    return plan;
}

bool stands(const std::vector<Wall>& walls, WallKind kind)
{
    const auto found = std::ranges::find(walls, kind, &Wall::kind);
    return found != walls.end() && found->stands;
}

TEST_P(Enclosed, GoesOnWorking)
{
    EXPECT_EQ(attempt([]() -> long {
                  std::vector<char> memory(10'000'000, 'x');
                  bool ran = false;
                  std::thread{[&] {
                      confine_thread(ThreadRole::Processor);
                      ran = memory.back() == 'x';
                  }}.join();
                  const base::Fd file{::memfd_create("test", MFD_CLOEXEC)};
                  return ran && file && ::pwrite(file.get(), memory.data(), 100, 0) == 100 ? 0 : -1;
              }),
              kSucceeded);
}

TEST_P(Enclosed, AProcessorMakesCode)
{
    EXPECT_EQ(attempt([]() -> long {
                  bool made = false;
                  std::thread{[&] {
                      confine_thread(ThreadRole::Processor);
                      const base::Fd file{::memfd_create("code", MFD_CLOEXEC)};
                      made = file && ::ftruncate(file.get(), 65536) == 0 &&
                             ::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0) != MAP_FAILED &&
                             ::mmap(nullptr, 65536, PROT_READ | PROT_EXEC, MAP_SHARED, file.get(), 0) != MAP_FAILED;
                  }}.join();
                  return made ? 0 : -1;
              }),
              kSucceeded);
}

TEST_P(Enclosed, OpensNothing)
{
    EXPECT_EQ(attempt([] { return ::open("/etc/passwd", O_RDONLY); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::open("/proc/self/environ", O_RDONLY); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::socket(AF_UNIX, SOCK_STREAM, 0); }), refused_with(EPERM));
}

TEST_P(Enclosed, MakesNoProcesses)
{
    EXPECT_EQ(attempt([] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::syscall(SYS_fork); }), kKilled);
    EXPECT_EQ(attempt([]() -> long {
                  std::array<char*, 1> none{};
                  return ::execve("/bin/true", none.data(), none.data());
              }),
              kKilled);
}

TEST_P(Enclosed, TouchesNoOtherProcess)
{
    const pid_t parent = ::getpid();
    EXPECT_EQ(attempt([=] { return ::kill(parent, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([=] { return ::syscall(SYS_tgkill, parent, parent, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([=] { return ::ptrace(PTRACE_ATTACH, parent, 0, 0); }), kKilled);
}

TEST_P(Enclosed, DiesOfWhatOnlyAnIntruderTries)
{
    EXPECT_EQ(attempt([] { return ::mount("x", "/", "tmpfs", 0, ""); }), kKilled);
    EXPECT_EQ(attempt([] { return ::syscall(SYS_unshare, CLONE_NEWUSER); }), kKilled);
    EXPECT_EQ(attempt([] { return ::syscall(SYS_bpf, 0, 0, 0); }), kKilled);
    EXPECT_EQ(attempt([] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }), kKilled);
    EXPECT_EQ(attempt([] { return ::syscall(SYS_keyctl, 0, 0, 0, 0, 0); }), kKilled);
}

TEST_P(Enclosed, NeverHasMemoryToWriteAndExecute)
{
    EXPECT_EQ(attempt([]() -> long {
                  return ::mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                             ? -1
                             : 0;
              }),
              refused_with(EPERM));
}

TEST_P(Enclosed, NeverMakesMemoryExecutableThatItCanWrite)
{
    EXPECT_EQ(attempt([]() -> long {
                  void* const memory =
                      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                  return ::mprotect(memory, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
              }),
              refused_with(EPERM));
}

// A socket that is not connected, such as one that has ceased to listen, would be, past Landlock.
TEST_P(Enclosed, ConnectsNothingBySending)
{
    const base::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(attempt([&] { return ::sendto(socket.get(), "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, nullptr, 0); }),
              refused_with(EPERM));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    const auto* const generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    EXPECT_EQ(attempt([&] { return ::sendto(socket.get(), "x", 1, MSG_NOSIGNAL, generic, sizeof address); }),
              refused_with(EPERM));
}

// Others have the same open file, and would wait.
TEST_P(Enclosed, AConsoleHasNobodyWait)
{
    const base::Fd shared{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    const Plan console{.role = Role::Console};
    EXPECT_EQ(run_enclosed(console, GetParam(), [&] { return ::fcntl(shared.get(), F_SETFL, 0); }),
              refused_with(EPERM));
    EXPECT_EQ(run_enclosed(console, GetParam(), [&] { return ::fcntl(shared.get(), F_SETFL, O_NONBLOCK); }),
              kSucceeded);
    int off = 0;
    EXPECT_EQ(run_enclosed(console, GetParam(), [&] { return ::ioctl(shared.get(), FIONBIO, &off); }),
              refused_with(EPERM));
    EXPECT_NE(::fcntl(shared.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_P(Enclosed, LeavesNoDumpWithoutItsLimitsEither)
{
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp, WallKind::Limits}), GetParam(),
                           []() -> long {
                               rlimit core{};
                               ::getrlimit(RLIMIT_CORE, &core);
                               return core.rlim_max == 0 ? 0 : -1;
                           }),
              kSucceeded);
}

TEST_P(Enclosed, HasNoPrivilege)
{
    EXPECT_EQ(attempt([]() -> long { return ::geteuid() != 0 && ::getuid() != 0 ? 0 : -1; }), kSucceeded);
    Plan plan = without({WallKind::Seccomp});
    EXPECT_EQ(run_enclosed(plan, GetParam(), []() -> long {
                  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
                  std::array<__user_cap_data_struct, 2> sets{};
                  return ::syscall(SYS_capget, &header, sets.data()) == 0 && sets[0].permitted == 0 &&
                                 sets[1].permitted == 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
                             ? 0
                             : -1;
              }),
              kSucceeded);
}

TEST_P(Enclosed, LeavesNoDump)
{
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp}), GetParam(),
                           []() -> long {
                               rlimit core{};
                               ::getrlimit(RLIMIT_CORE, &core);
                               return core.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : -1;
                           }),
              kSucceeded);
}

// Each wall holds where the one before it is missing.
TEST_P(Enclosed, IsRefusedFilesBySeveralWalls)
{
    if (lacks_namespaces()) {
        GTEST_SKIP() << kNoNamespaces;
    }
    const auto open = [] { return ::open("/etc/passwd", O_RDONLY); };
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp, WallKind::EmptyRoot}), GetParam(), open), refused_with(EACCES));
    const auto only_root = without({WallKind::Seccomp, WallKind::Landlock});
    EXPECT_EQ(run_enclosed(only_root, GetParam(), open),
              GetParam() == Creator::Unprivileged ? kSucceeded : refused_with(ENOENT));
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp, WallKind::Landlock, WallKind::EmptyRoot}), GetParam(), open),
              kSucceeded);
}

TEST_P(Enclosed, HasAnEmptyReadOnlyRoot)
{
    if (GetParam() == Creator::Unprivileged || lacks_namespaces()) {
        GTEST_SKIP() << "no namespace, no root of its own";
    }
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp, WallKind::Landlock}), GetParam(),
                           [] { return ::mkdir("/new", 0700); }),
              refused_with(EROFS));
}

TEST_P(Enclosed, ReachesNoNetwork)
{
    if (lacks_namespaces()) {
        GTEST_SKIP() << kNoNamespaces;
    }
    const auto connect = []() -> long {
        const base::Fd socket{::socket(AF_INET, SOCK_STREAM, 0)};
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = ::htons(9);
        address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        return ::connect(socket.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)),
                         sizeof address);
    };
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp}), GetParam(), connect), refused_with(EACCES));
    EXPECT_EQ(run_enclosed(without({WallKind::Seccomp, WallKind::Landlock}), GetParam(), connect),
              refused_with(GetParam() == Creator::Unprivileged ? ECONNREFUSED : ENETUNREACH));
}

TEST_P(Enclosed, KeepsOnlyTheDescriptorsItNames)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const base::Fd first{ends[0]};
    const base::Fd second{ends[1]};
    Plan plan;
    plan.descriptors = std::vector{second.get()};
    EXPECT_EQ(run_enclosed(plan, GetParam(), [&] { return ::fcntl(second.get(), F_GETFD) < 0 ? -1 : 0; }), kSucceeded);
    EXPECT_EQ(run_enclosed(plan, GetParam(), [&] { return ::fcntl(first.get(), F_GETFD); }), refused_with(EBADF));
}

// The string is gone from memory, too, where /proc/PID/environ shows it.
TEST_P(Enclosed, KeepsOnlyTheVariablesItNames)
{
    Plan plan;
    plan.variables = {"WINDSOR_TEST_KEPT"};
    EXPECT_EQ(run([&] {
                  ::setenv("WINDSOR_TEST_KEPT", "kept", 1);
                  ::setenv("WINDSOR_TEST_SECRET", "secret", 1);
                  const char* secret = ::getenv("WINDSOR_TEST_SECRET");
                  testing::become(GetParam());
                  const bool enclosed = enclose(plan).has_value();
                  const char* kept = ::getenv("WINDSOR_TEST_KEPT");
                  return enclosed && kept != nullptr && std::string_view{kept} == "kept" &&
                                 ::getenv("WINDSOR_TEST_SECRET") == nullptr && *secret == '\0'
                             ? 0
                             : 1;
              }),
              kSucceeded);
}

TEST_P(Enclosed, ThreadsHaveListsOfTheirOwn)
{
    const auto read_in = [](ThreadRole role) -> long {
        const base::Fd file{::memfd_create("test", MFD_CLOEXEC)};
        long result = 0;
        std::thread{[&] {
            confine_thread(role);
            char byte = 0;
            result = ::pread(file.get(), &byte, 1, 0);
            result = result < 0 ? errno : 0;
        }}.join();
        errno = static_cast<int>(result);
        return result == 0 ? 0 : -1;
    };
    EXPECT_EQ(attempt([&] { return read_in(ThreadRole::Disk); }), kSucceeded);
    EXPECT_EQ(attempt([&] { return read_in(ThreadRole::Writer); }), kSucceeded);
    EXPECT_EQ(attempt([&] { return read_in(ThreadRole::Processor); }), refused_with(EPERM));
    EXPECT_EQ(attempt([&] { return read_in(ThreadRole::Console); }), refused_with(EPERM));
}

TEST_P(Enclosed, AThreadWithoutItsListEndsTheProcess)
{
    EXPECT_EQ(attempt([]() -> long {
                  // A filter under which the kernel takes no more of them.
                  std::array<sock_filter, 4> full{
                      {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)}};
                  const sock_fprog program{.len = full.size(), .filter = full.data()};
                  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
                      return -1;
                  }
                  std::thread{[] { confine_thread(ThreadRole::Disk); }}.join();
                  return 0;
              }),
              testing::End{.status = kNotConfined});
}

// Whoever saves the guest reads its processors' registers from KVM. Without a descriptor of KVM's that is all the same.
TEST_P(Enclosed, ThreadsThatMeetProcessorsTalkToKvm)
{
    const auto talk_in = [](ThreadRole role) -> long {
        long result = 0;
        std::thread{[&] {
            confine_thread(role);
            kvm_regs registers{};
            result = ::ioctl(-1, KVM_GET_REGS, &registers) == 0 ? 0 : errno;
        }}.join();
        errno = static_cast<int>(result);
        return -1;
    };
    for (const ThreadRole role : {ThreadRole::Processor, ThreadRole::Service, ThreadRole::Writer}) {
        EXPECT_EQ(attempt([&] { return talk_in(role); }), refused_with(EBADF));
    }
    for (const ThreadRole role : {ThreadRole::Disk, ThreadRole::Console}) {
        EXPECT_EQ(attempt([&] { return talk_in(role); }), refused_with(EPERM));
    }
}

TEST_P(Enclosed, SaysWhichWallsStand)
{
    if (lacks_namespaces()) {
        GTEST_SKIP() << kNoNamespaces;
    }
    EXPECT_EQ(run([&] {
                  testing::become(GetParam());
                  const auto walls = enclose(Plan{.user = own_user(7)});
                  if (!walls) {
                      return 1;
                  }
                  const bool spaces = GetParam() != Creator::Unprivileged;
                  bool right = stands(*walls, WallKind::Seccomp) && stands(*walls, WallKind::Landlock) &&
                               stands(*walls, WallKind::NoNewPrivileges) && stands(*walls, WallKind::Capabilities) &&
                               stands(*walls, WallKind::User) && stands(*walls, WallKind::Limits);
                  for (const WallKind kind : {WallKind::UserNamespace, WallKind::EmptyRoot, WallKind::IpcNamespace,
                                              WallKind::NetworkNamespace}) {
                      right = right && stands(*walls, kind) == spaces;
                  }
                  return right && !stands(*walls, WallKind::PidNamespace) ? 0 : 2;
              }),
              kSucceeded);
}

INSTANTIATE_TEST_SUITE_P(By, Enclosed, ::testing::Values(Creator::Itself, Creator::Nobody, Creator::Unprivileged),
                         [](const auto& tested) {
                             return tested.param == Creator::Itself   ? "Itself"
                                    : tested.param == Creator::Nobody ? "Nobody"
                                                                      : "Unprivileged";
                         });

TEST(Sandbox, LeavesTheProcessAloneWhereItIsOff)
{
    EXPECT_EQ(run_enclosed(Plan{.mode = Mode::Off}, Creator::Itself, [] { return ::open("/etc/passwd", O_RDONLY); }),
              kSucceeded);
}

TEST(Sandbox, RefusesToGoWithoutAWallThatIsRequired)
{
    if (!testing::has_user_namespaces(Creator::Itself)) {
        GTEST_SKIP() << kNoNamespaces;
    }
    EXPECT_EQ(run([] {
                  Plan plan{.mode = Mode::Required, .without = {WallKind::PidNamespace, WallKind::Landlock}};
                  const auto walls = enclose(plan);
                  return !walls && walls.error().message().find("pid-namespace") != std::string::npos ? 0 : 1;
              }),
              kSucceeded);
}

TEST(Sandbox, RefusesAProcessWithThreads)
{
    EXPECT_EQ(run([] {
                  std::jthread other{[](const std::stop_token& stop) {
                      while (!stop.stop_requested()) {
                          std::this_thread::yield();
                      }
                  }};
                  return enclose(Plan{}) ? 1 : 0;
              }),
              kSucceeded);
}

// Whoever starts it may have forbidden new privileges, as containers do.
TEST(Sandbox, LeavesThreadsOfAnOpenProcessAlone)
{
    for (const bool may_get_privileges : {true, false}) {
        EXPECT_EQ(run([=] {
                      if (!may_get_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
                          return 1;
                      }
                      if (!enclose(Plan{.mode = Mode::Off})) {
                          return 2;
                      }
                      confine_thread(ThreadRole::Console);
                      return ::open("/etc/passwd", O_RDONLY) >= 0 ? 0 : 3;
                  }),
                  kSucceeded)
            << may_get_privileges;
    }
}

// The child is the first of its namespace where there is one, the caller's own, and ends with what it said.
TEST(ForkApart, MakesAChildOfTheCallers)
{
    EXPECT_EQ(run([] {
                  const auto child = fork_apart();
                  if (!child) {
                      return 1;
                  }
                  if (*child == 0) {
                      ::_exit(::getpid() == 1 ? 42 : 43);
                  }
                  int status = 0;
                  return ::waitpid(*child, &status, 0) == *child && WEXITSTATUS(status) >= 42 ? WEXITSTATUS(status) - 42
                                                                                             : 2;
              }),
              kSucceeded);
}

// The process of networks has the Internet's sockets and reads a file, and has nothing else of what others lack.
TEST(Sandbox, TheProcessOfNetworksReachesTheNetwork)
{
    if (testing::kSanitized) {
        GTEST_SKIP() << "the sanitizers make system calls of their own";
    }
    const Plan plan{.role = Role::Network, .reach = {{.path = "/etc/hostname"}}};
    const auto attempt = [&](const std::function<long()>& action) {
        return run_enclosed(plan, Creator::Itself, action);
    };
    EXPECT_EQ(attempt([]() -> long {
                  const base::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
                  const int on = 1;
                  sockaddr_in at{};
                  at.sin_family = AF_INET;
                  at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
                  return ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                                 ::bind(socket.get(), static_cast<const sockaddr*>(static_cast<const void*>(&at)),
                                        sizeof at) == 0 &&
                                 ::listen(socket.get(), 1) == 0
                             ? 0
                             : -1;
              }),
              kSucceeded);
    EXPECT_EQ(attempt([] { return ::open("/etc/hostname", O_RDONLY); }), kSucceeded);
    EXPECT_EQ(attempt([] { return ::open("/etc/passwd", O_RDONLY); }), refused_with(EACCES));
    EXPECT_EQ(attempt([] { return ::open("/etc/hostname", O_RDWR); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::open("/tmp/new", O_RDONLY | O_CREAT, 0600); }), refused_with(EPERM));
    for (const int family : {AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK}) {
        EXPECT_EQ(attempt([=] { return ::socket(family, SOCK_DGRAM, 0); }), refused_with(EPERM)) << family;
    }
    EXPECT_EQ(attempt([] { return ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }), refused_with(EPERM));
    for (const int protocol : {IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_MPTCP}) {
        for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET}) {
            EXPECT_EQ(attempt([=] { return ::socket(AF_INET, type, protocol); }), refused_with(EPERM)) << protocol;
        }
    }
    EXPECT_EQ(attempt([]() -> long {
                  const base::Fd socket{::socket(AF_INET, SOCK_DGRAM, 0)};
                  const sock_fprog program{};
                  return ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
              }),
              refused_with(EPERM));
    // Its sockets are its successors', too.
    const auto with_socket = [&](const std::function<long(int)>& action) {
        return attempt([&] { return action(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); });
    };
    EXPECT_EQ(with_socket([](int fd) { return ::fcntl(fd, F_SETFL, O_NONBLOCK); }), kSucceeded);
    EXPECT_EQ(with_socket([](int fd) { return ::fcntl(fd, F_SETFL, 0); }), refused_with(EPERM));
    EXPECT_EQ(with_socket([](int fd) {
                  int off = 0;
                  return ::ioctl(fd, FIONBIO, &off);
              }),
              refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::syscall(SYS_fork); }), kKilled);
}

// The server of shared folders is a program that finds its libraries and its folders, and nothing else of the host's.
TEST(Sandbox, AProgramThatServesFilesSeesItsFoldersAlone)
{
    if (testing::kSanitized) {
        GTEST_SKIP() << "the sanitizers make system calls of their own";
    }
    base::TestFolder folder;
    ::chmod(folder.path().c_str(), 0755);
    for (const char* const name : {"read", "written"}) {
        std::filesystem::create_directory(folder / name);
        ::chmod((folder / name).c_str(), 0777);
    }
    std::ofstream{folder / "read" / "file"} << "text";
    std::filesystem::create_symlink("/etc/hostname", folder / "written" / "link");
    using Use = Reach::Use;
    const Plan plan{.role = Role::Share,
                    .reach = {{"/usr", Use::Execute},
                              {"/lib", Use::Execute},
                              {"/lib64", Use::Execute},
                              {"/bin", Use::Execute},
                              {(folder / "read").string(), Use::Read},
                              {(folder / "written").string(), Use::Write}}};
    const auto shell = [&](const std::string& line) -> long {
        const std::string in = "cd " + folder.path().string() + " && " + line;
        ::execl("/bin/sh", "sh", "-c", in.c_str(), nullptr);
        return -1;
    };
    for (const Creator creator : {Creator::Itself, Creator::Nobody, Creator::Unprivileged}) {
        const auto attempt = [&](const std::function<long()>& action) {
            const mode_t before = ::umask(0077); // as keepers have it
            const testing::End end = run_enclosed(plan, creator, action);
            ::umask(before);
            return end;
        };
        const bool landlock = attempt([] { return ::open("/etc/hostname", O_RDONLY); }) != kSucceeded;
        ASSERT_TRUE(landlock || !testing::has_user_namespaces(creator));
        EXPECT_EQ(attempt([&] { return shell("read text < read/file; [ $text = text ]"); }), kSucceeded);
        EXPECT_EQ(attempt([&] { return shell("echo x > written/file && rm written/file"); }), kSucceeded);
        if (landlock) {
            EXPECT_NE(attempt([&] { return shell("echo x > read/file"); }), kSucceeded);
            EXPECT_NE(attempt([&] { return shell("read text < written/link"); }), kSucceeded);
            EXPECT_NE(attempt([&] { return shell("cp /bin/true written/program && written/program"); }), kSucceeded);
            std::filesystem::remove(folder / "written" / "program");
        }
        for (const int family : {AF_INET, AF_INET6, AF_PACKET, AF_VSOCK}) {
            EXPECT_EQ(attempt([=] { return ::socket(family, SOCK_DGRAM, 0); }), refused_with(EPERM)) << family;
        }
        EXPECT_EQ(attempt([] { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }), refused_with(EPERM));
        EXPECT_EQ(attempt([] { return ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); }), kSucceeded);
        EXPECT_EQ(attempt([] { return ::kill(-1, SIGTERM); }), refused_with(EPERM));
        EXPECT_EQ(attempt([] { return ::unshare(CLONE_NEWUSER); }), refused_with(EPERM));
        EXPECT_EQ(attempt([] { return ::syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0); }), refused_with(EPERM));
    }
}

// It may let a connection go that it was given, and make another of its socket nowhere.
TEST(Sandbox, AProgramThatServesFilesHasNoConnectionsOfItsOwn)
{
    if (testing::kSanitized) {
        GTEST_SKIP() << "the sanitizers make system calls of their own";
    }
    const base::Fd given{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = ::htons(9);
    to.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    const auto* const address = static_cast<const sockaddr*>(static_cast<const void*>(&to));
    const auto attempt = [&](const std::function<long()>& action) {
        return run_enclosed({.role = Role::Share}, Creator::Unprivileged, action);
    };
    EXPECT_EQ(attempt([&] { return ::connect(given.get(), address, sizeof to); }), refused_with(EPERM));
    EXPECT_EQ(attempt([&] { return ::listen(given.get(), 1); }), refused_with(EPERM));
    EXPECT_EQ(attempt([&] { return ::sendto(given.get(), "x", 1, MSG_FASTOPEN, address, sizeof to); }),
              refused_with(EPERM));
}

// The console's process may write no file at all.
TEST(Sandbox, FiltersNeedNoFile)
{
    EXPECT_EQ(run([] {
                  const auto walls = enclose({.role = Role::Console, .limits = {.file_bytes = 0}});
                  return walls && stands(*walls, WallKind::Seccomp) ? 0 : 1;
              }),
              kSucceeded);
}

TEST(Sandbox, EveryDomainHasAUserOfItsOwn)
{
    EXPECT_NE(own_user(1), own_user(2));
    EXPECT_GE(own_user(1), 0x7000'0000u);
    EXPECT_LT(own_user(~0u), 0x7800'0000u);
}

TEST(Walls, AreDescribedInOneLine)
{
    const std::vector<Wall> walls{{WallKind::Limits, "limits", true, ""},
                                  {WallKind::Landlock, "landlock", false, "the kernel has none"},
                                  {WallKind::Seccomp, "seccomp", true, ""}};
    EXPECT_EQ(describe(walls), "limits, seccomp; without landlock (the kernel has none)");
    EXPECT_EQ(describe({}), "none");
}

TEST(Survey, TellsOfWallsInAProcessOfItsOwn)
{
    if (testing::kSanitized) {
        GTEST_SKIP() << "the sanitizers make system calls of their own";
    }
    EXPECT_EQ(run([] {
                  const auto walls = survey(Plan{});
                  return walls && walls->size() == all_walls().size() && stands(*walls, WallKind::Seccomp) &&
                                 ::open("/etc/passwd", O_RDONLY) >= 0
                             ? 0
                             : 1;
              }),
              kSucceeded);
}

} // namespace
} // namespace windsor::sandbox
