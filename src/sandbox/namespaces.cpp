// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/steps.hpp"
#include "sandbox/user_map.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

constexpr uid_t kNobody = 65534;

struct Namespace {
    WallKind kind;
    int flag;
};
constexpr std::array kNamespaces{Namespace{WallKind::EmptyRoot, CLONE_NEWNS},
                                 Namespace{WallKind::IpcNamespace, CLONE_NEWIPC},
                                 Namespace{WallKind::NetworkNamespace, CLONE_NEWNET}};

bool is_among(std::span<const WallKind> kinds, WallKind kind)
{
    return std::ranges::find(kinds, kind) != kinds.end();
}

base::Status failed(const char* what)
{
    return base::fail("{}: {}", what, base::errno_text(errno));
}

// A directory that may be covered: every host has one of them.
const char* some_directory()
{
    for (const char* path : {"/tmp", "/run", "/proc"}) {
        if (::access(path, F_OK) == 0) {
            return path;
        }
    }
    return "/";
}

// In a mount namespace of its own. pivot_root(2), "pivot_root(".", ".")": the old root comes to lie over the new one,
// and is taken away.
base::Status empty_root(std::span<const Reach> reach)
{
    const char* const place = some_directory();
    // Directories on the way to what stays take an inode each.
    const char* const options =
        reach.empty() ? "mode=0555,nr_inodes=2,size=4096" : "mode=0555,nr_inodes=1024,size=65536";
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
        return failed("mounts cannot be made private");
    }
    const std::vector<Kept> kept = WINDSOR_TRY(Kept::all_of(reach));
    if (::mount("windsor", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0) {
        return failed("an empty file system cannot be mounted");
    }
    for (const Kept& each : kept) {
        WINDSOR_TRY(each.put_below(place));
    }
    if (::chdir(place) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0 || ::umount2(".", MNT_DETACH) != 0 ||
        ::chdir("/") != 0) {
        return failed("the root directory cannot be changed");
    }
    if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) !=
        0) {
        return failed("the empty file system cannot be made read-only");
    }
    return {};
}

// Root becomes `user`. In a container that does not have this one, it becomes nobody.
base::Status become(uid_t user)
{
    if (::geteuid() != 0) {
        return {};
    }
    bool done = ::setgroups(0, nullptr) == 0;
    uid_t taken = user;
    if (done && ::setresgid(user, user, user) != 0) {
        taken = kNobody;
        done = ::setresgid(kNobody, kNobody, kNobody) == 0;
    }
    done = done && ::setresuid(taken, taken, taken) == 0;
    if (!done) {
        return failed("root cannot become another user");
    }
    return taken == user ? base::Status{}
                         : base::fail("it is nobody's, whom others share: {} cannot be had here", user);
}

// The files of /proc/self belong to root while the process must not be looked at, as after a change of user.
base::Status enter_user_namespace(const UserMap& map)
{
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (::unshare(CLONE_NEWUSER) != 0) {
        return failed("user namespaces cannot be made here");
    }
    return map.write();
}

base::Status enter(const Namespace& space, std::span<const Reach> reach)
{
    if (::unshare(space.flag) != 0) {
        return failed("it cannot be made here");
    }
    return space.kind == WallKind::EmptyRoot ? empty_root(reach) : base::Status{};
}

void enter_all(std::span<const WallKind> wanted, std::span<const Reach> reach, Outcomes& outcomes)
{
    for (const Namespace& space : kNamespaces) {
        const auto before = outcomes.find(space.kind);
        if (is_among(wanted, space.kind) && (before == outcomes.end() || !before->second)) {
            outcomes.insert_or_assign(space.kind, enter(space, reach));
        }
    }
}

} // namespace

// Root's privilege makes the namespaces even where ordinary users may make none. Who has none gets it in a user
// namespace. A user namespace comes last for root, so that it is that of its new user.
Outcomes leave_host(std::span<const WallKind> wanted, uid_t user, std::span<const Reach> reach)
{
    Outcomes outcomes;
    const base::Fd process{::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC)};
    enter_all(wanted, reach, outcomes);
    if (is_among(wanted, WallKind::User)) {
        outcomes.insert_or_assign(WallKind::User, become(user));
    }
    if (is_among(wanted, WallKind::UserNamespace)) {
        const base::Status entered = enter_user_namespace(UserMap{process});
        outcomes.insert_or_assign(WallKind::UserNamespace, entered);
        if (entered) {
            enter_all(wanted, reach, outcomes);
        }
    }
    return outcomes;
}

} // namespace windsor::sandbox
