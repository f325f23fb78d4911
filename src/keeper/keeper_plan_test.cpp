// SPDX-License-Identifier: GPL-2.0-or-later
// A keeper's place behind its walls: what it has to do works, and what somebody would try who has taken it over does
// not.
#include "keeper/keeper_plan.hpp"

#include "base/test_folder.hpp"
#include "domain/registry.hpp"
#include "domain/rpc.hpp"
#include "keeper/nursery.hpp"
#include "keeper/requests.hpp"
#include "sandbox/fork_apart.hpp"
#include "sandbox/testing.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

namespace windsor::keeper {
namespace {

namespace fs = std::filesystem;
using sandbox::testing::Creator;
using sandbox::testing::End;
using sandbox::testing::kKilled;
using sandbox::testing::kSucceeded;
using sandbox::testing::refused_with;
using sandbox::testing::run;
using sandbox::testing::run_enclosed;

constexpr long kFchmodat2 = 452;

sockaddr_un address_of(const fs::path& path)
{
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

const sockaddr* generic(const sockaddr_un& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

// With sendmsg(2), in which no filter sees the address.
long send_to(sockaddr_un address, int type)
{
    const base::Fd socket{::socket(AF_UNIX, type, 0)};
    char word = 1;
    iovec text{.iov_base = &word, .iov_len = 1};
    msghdr message{};
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    return socket ? ::sendmsg(socket.get(), &message, 0) : -1;
}

class KeeperPlan : public ::testing::TestWithParam<Creator> {
protected:
    void SetUp() override
    {
        if (sandbox::testing::kSanitized) {
            GTEST_SKIP() << "the sanitizers make system calls of their own";
        }
        for (const char* name : {"disk.img", "cd.iso", "other.img"}) {
            std::ofstream{folder_ / name} << name;
        }
        add("disk.img", "hda", config::DiskAccess::ReadWrite);
        add("cd.iso", "hdc", config::DiskAccess::ReadOnly);
        // As one user, so that walls refuse what is refused, and not the owner of the files.
        fs::permissions(folder_.path(), fs::perms::all);
        for (const fs::directory_entry& item : fs::directory_iterator{folder_.path()}) {
            fs::permissions(item.path(), fs::perms{0666});
        }
    }
    void add(const std::string& path, const std::string& drive, config::DiskAccess access)
    {
        config::DiskConfig disk;
        disk.path = path;
        disk.vdev = drive;
        disk.access = access;
        config_.disks.push_back(std::move(disk));
    }
    sandbox::Plan plan() const
    {
        return plan_for_keeper(config_, folder_.path(), {.runtime = folder_ / "run/windsor", .data = folder_ / "data"});
    }
    End attempt(const std::function<long()>& action) { return run_enclosed(plan(), GetParam(), action); }
    int open(const char* name, int flags) { return ::open((folder_ / name).c_str(), flags, 0600); }

    base::TestFolder folder_;
    config::DomainConfig config_;
};

TEST_P(KeeperPlan, AnIntruderRunsNothingElse)
{
    std::array<char*, 1> none{};
    EXPECT_EQ(attempt([&]() -> long { return ::execve("/bin/true", none.data(), none.data()); }), kKilled);
    EXPECT_EQ(attempt([] { return ::syscall(SYS_fork); }), kKilled);
    EXPECT_EQ(attempt([] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([]() -> long {
                  return ::mmap(nullptr, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                             ? -1
                             : 0;
              }),
              refused_with(EPERM));
}

TEST_P(KeeperPlan, AnIntruderHasLittleOfTheKernel)
{
    for (const long call : {SYS_bpf,         SYS_perf_event_open, SYS_keyctl,           SYS_add_key,     SYS_kexec_load,
                            SYS_init_module, SYS_finit_module,    SYS_io_uring_setup,   SYS_userfaultfd, SYS_unshare,
                            SYS_setns,       SYS_mount,           SYS_umount2,          SYS_pivot_root,  SYS_chroot,
                            SYS_fsopen,      SYS_move_mount,      SYS_setuid,           SYS_setresuid,   SYS_mknod,
                            SYS_reboot,      SYS_swapon,          SYS_open_by_handle_at}) {
        EXPECT_EQ(attempt([=] { return ::syscall(call, 0, 0, 0, 0, 0); }), kKilled) << call;
    }
}

TEST_P(KeeperPlan, AnIntruderTouchesNoOtherProcess)
{
    const pid_t parent = ::getpid();
    EXPECT_EQ(attempt([=] { return ::ptrace(PTRACE_ATTACH, parent, 0, 0); }), kKilled);
    EXPECT_EQ(attempt([=] { return ::syscall(SYS_process_vm_readv, parent, nullptr, 0, nullptr, 0, 0); }), kKilled);
    EXPECT_EQ(attempt([=] { return ::syscall(SYS_pidfd_open, parent, 0); }), kKilled);
    EXPECT_EQ(attempt([=] { return ::kill(parent, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([=] { return ::syscall(SYS_tgkill, parent, parent, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([=] { return ::setpriority(PRIO_PROCESS, static_cast<id_t>(parent), 19); }), refused_with(EPERM));
}

TEST_P(KeeperPlan, AnIntruderReachesNobody)
{
    EXPECT_EQ(attempt([] { return ::socket(AF_INET, SOCK_STREAM, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([] { return ::socket(AF_NETLINK, SOCK_RAW, 0); }), refused_with(EPERM));
    EXPECT_EQ(attempt([]() -> long {
                  const base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
                  const sockaddr_un address = address_of("/run/dbus/system_bus_socket");
                  return ::connect(socket.get(), generic(address), sizeof address);
              }),
              refused_with(EPERM));
}

TEST_P(KeeperPlan, AnIntruderSendsNoDatagrams)
{
    const sockaddr_un address = address_of(folder_ / "daemon");
    const base::Fd daemon{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ASSERT_EQ(::bind(daemon.get(), generic(address), sizeof address), 0);
    fs::permissions(folder_ / "daemon", fs::perms{0666});
    for (const int type : {SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW}) {
        EXPECT_EQ(attempt([&] { return send_to(address, type | SOCK_CLOEXEC | SOCK_NONBLOCK); }), refused_with(EPERM));
    }
    char word = 0;
    EXPECT_EQ(::recv(daemon.get(), &word, 1, MSG_DONTWAIT), -1);
}

TEST_P(KeeperPlan, AnIntruderChangesNoModes)
{
    EXPECT_EQ(run([&] {
                  sandbox::testing::become(GetParam());
                  const fs::path own = folder_ / "own";
                  std::ofstream{own} << "a secret";
                  fs::permissions(own, fs::perms{0600});
                  if (!sandbox::enclose(plan())) {
                      return 1;
                  }
                  const base::Fd image{open("disk.img", O_RDWR | O_CLOEXEC)};
                  const bool changed = ::chmod(own.c_str(), 04777) == 0 || ::fchmod(image.get(), 04777) == 0 ||
                                       ::syscall(SYS_fchmodat, AT_FDCWD, own.c_str(), 04777) == 0 ||
                                       ::syscall(kFchmodat2, AT_FDCWD, own.c_str(), 04777, 0) == 0;
                  return changed || errno != EPERM ? 2 : 0;
              }),
              kSucceeded);
}

TEST_P(KeeperPlan, AnIntruderMakesNoProgramsOfItsUser)
{
    fs::create_directory(folder_ / "run");
    fs::permissions(folder_ / "run", fs::perms::all);
    const auto make = [this](const char* name, mode_t mode) {
        return ::open((folder_ / "run" / name).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, mode);
    };
    EXPECT_EQ(attempt([&] { return make("plain", 0755); }), kSucceeded);
    EXPECT_EQ(attempt([&] { return make("user", 04755); }), refused_with(EPERM));
    EXPECT_EQ(attempt([&] { return make("group", 02755); }), refused_with(EPERM));
}

TEST_P(KeeperPlan, AnIntruderOpensNoOtherFiles)
{
    EXPECT_EQ(attempt([] { return ::open("/etc/passwd", O_RDONLY); }), refused_with(EACCES));
    EXPECT_EQ(attempt([this] { return open("other.img", O_RDWR); }), refused_with(EACCES));
    EXPECT_EQ(attempt([this] { return open("new", O_CREAT | O_RDWR); }), refused_with(EACCES));
    EXPECT_EQ(attempt([this] { return open("cd.iso", O_RDWR); }), refused_with(EACCES));
    EXPECT_EQ(attempt([this] { return open("cd.iso", O_RDONLY); }), kSucceeded);
    EXPECT_EQ(attempt([this] { return open("disk.img", O_RDWR); }), kSucceeded);
    EXPECT_EQ(attempt([this] { return ::unlink((folder_ / "disk.img").c_str()); }), refused_with(EACCES));
    EXPECT_EQ(attempt([] { return ::open("/proc/1/environ", O_RDONLY); }), refused_with(EACCES));
}

TEST_P(KeeperPlan, LeavesNoDump)
{
    EXPECT_EQ(attempt([]() -> long {
                  rlimit core{};
                  ::getrlimit(RLIMIT_CORE, &core);
                  return core.rlim_max == 0 ? 0 : -1;
              }),
              kSucceeded);
    sandbox::Plan open = plan();
    open.without = {sandbox::WallKind::Seccomp};
    EXPECT_EQ(run_enclosed(open, GetParam(),
                           []() -> long {
                               return ::prctl(PR_GET_DUMPABLE) == 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
                                          ? 0
                                          : -1;
                           }),
              kSucceeded);
}

TEST_P(KeeperPlan, KeepsTheCapabilitiesThatItUsesAndNoOthers)
{
    sandbox::Plan open = plan();
    open.without = {sandbox::WallKind::Seccomp};
    EXPECT_EQ(run_enclosed(open, GetParam(),
                           []() -> long {
                               __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
                               std::array<__user_cap_data_struct, 2> sets{};
                               const std::uint32_t kept =
                                   ::geteuid() == 0 ? 1u << CAP_DAC_OVERRIDE | 1u << CAP_KILL : 0;
                               return ::syscall(SYS_capget, &header, sets.data()) == 0 && sets[0].permitted == kept &&
                                              sets[1].permitted == 0 && sets[0].inheritable == 0 &&
                                              (::geteuid() != 0 || ::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 0)
                                          ? 0
                                          : -1;
                           }),
              kSucceeded);
}

TEST_P(KeeperPlan, ItsWorkGoesOn)
{
    EXPECT_EQ(run([&] {
                  sandbox::testing::become(GetParam());
                  const auto registry = domain::Registry::open(folder_ / "run/windsor");
                  auto claim = registry ? registry->claim("first") : std::unexpected{registry.error()};
                  const auto child = sandbox::fork_apart();
                  if (!claim || !child) {
                      return 1;
                  }
                  if (*child == 0) {
                      ::pause();
                  }
                  const auto held = Child::of(*child);
                  if (!held || !sandbox::enclose(plan())) {
                      return 2;
                  }
                  if (!open_configured_image(config_, folder_.path(), 0) ||
                      !open_configured_image(config_, folder_.path(), 2)) {
                      return 3;
                  }
                  std::error_code error;
                  fs::remove_all(folder_ / "run/windsor", error);
                  if (error || !claim->make_again() || !claim->rename("second").value_or(false) ||
                      !domain::RpcServer::bind(claim->entry().control_socket())) {
                      return 4;
                  }
                  held->end(SIGKILL);
                  int status = 0;
                  if (::waitpid(*child, &status, 0) != *child || !WIFSIGNALED(status)) {
                      return 5;
                  }
                  const fs::path entry = claim->entry().folder;
                  const domain::Claim gone{*std::move(claim)};
                  return 0;
              }),
              kSucceeded);
}

TEST_P(KeeperPlan, SaysWhichWallsStand)
{
    EXPECT_EQ(run([&] {
                  sandbox::testing::become(GetParam());
                  const auto walls = sandbox::enclose(plan());
                  return walls &&
                                 sandbox::describe(*walls).starts_with(
                                     "environment, descriptors, limits, no-dumps, landlock (but for what it keeps), "
                                     "no-capabilities") &&
                                 !sandbox::describe(*walls).contains("without")
                             ? 0
                             : 1;
              }),
              kSucceeded);
}

INSTANTIATE_TEST_SUITE_P(By, KeeperPlan, ::testing::Values(Creator::Itself, Creator::Nobody),
                         [](const auto& tested) { return tested.param == Creator::Itself ? "Itself" : "Nobody"; });

} // namespace
} // namespace windsor::keeper
