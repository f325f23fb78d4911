// SPDX-License-Identifier: GPL-2.0-or-later
// landlock(7): a set of rules that refuses all that it can refuse, but for what a plan leaves within reach.
#include "base/fd.hpp"
#include "sandbox/steps.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

// struct landlock_ruleset_attr as of version 6; older kernels take a shorter one. Headers of the oldest distribution
// that Windsor is built on know but the first field.
struct Ruleset {
    std::uint64_t handled_access_fs{0};
    std::uint64_t handled_access_net{0};
    std::uint64_t scoped{0};
};

// struct landlock_path_beneath_attr.
struct __attribute__((packed)) PathBeneath {
    std::uint64_t allowed_access{0};
    std::int32_t parent_fd{-1};
};

constexpr long kCreateRuleset = 444; // landlock_create_ruleset(2)
constexpr long kAddRule = 445;       // landlock_add_rule(2)
constexpr long kRestrictSelf = 446;  // landlock_restrict_self(2)
constexpr std::uint32_t kAskVersion = 1;
constexpr int kPathBeneath = 1; // LANDLOCK_RULE_PATH_BENEATH

constexpr std::uint64_t kFiles1 = 0x1fff;     // from LANDLOCK_ACCESS_FS_EXECUTE to …_MAKE_SYM
constexpr std::uint64_t kRefer = 1u << 13;    // version 2
constexpr std::uint64_t kTruncate = 1u << 14; // version 3
constexpr std::uint64_t kBindAndConnect = 3;  // version 4: TCP
constexpr std::uint64_t kIoctlDev = 1u << 15; // version 5
constexpr std::uint64_t kScopeSockets = 1;    // version 6: abstract UNIX sockets
constexpr std::uint64_t kScopeSignals = 2;    // version 6

// From LANDLOCK_ACCESS_FS_*. A descriptor keeps what it was opened with when another process gets it.
constexpr std::uint64_t kExecute = 1u << 0;
constexpr std::uint64_t kWriteFile = 1u << 1;
constexpr std::uint64_t kReadFile = 1u << 2;
constexpr std::uint64_t kReadDirectory = 1u << 3;
constexpr std::uint64_t kMakeDevices = 1u << 6 | 1u << 11; // characters and blocks
constexpr std::uint64_t kOfFiles = kExecute | kWriteFile | kReadFile | kTruncate | kIoctlDev;

struct Shape {
    Ruleset rules;
    std::size_t size;
};

Shape shape_of(long version, Role role)
{
    Shape shape{.rules = {.handled_access_fs = kFiles1}, .size = sizeof(std::uint64_t)};
    shape.rules.handled_access_fs |= version >= 2 ? kRefer : 0;
    shape.rules.handled_access_fs |= version >= 3 ? kTruncate : 0;
    shape.rules.handled_access_fs |= version >= 5 ? kIoctlDev : 0;
    if (version >= 4) {
        shape.rules.handled_access_net = role == Role::Network ? 0 : kBindAndConnect;
        shape.size = offsetof(Ruleset, scoped);
    }
    if (version >= 6) {
        // A keeper ends processes that were made before its walls, which are outside of them.
        shape.rules.scoped = role == Role::Keeper ? kScopeSockets : kScopeSockets | kScopeSignals;
        shape.size = sizeof(Ruleset);
    }
    return shape;
}

// What is not there needs no rule.
bool leave_within_reach(int rules, const Reach& reach, std::uint64_t handled)
{
    const base::Fd place{::open(reach.path.c_str(), O_PATH | O_CLOEXEC)};
    struct stat info{};
    if (!place || ::fstat(place.get(), &info) != 0) {
        return true;
    }
    std::uint64_t access = reach.use == Reach::Use::Write ? handled & ~(kExecute | kMakeDevices)
                                                          : handled & (kReadFile | kReadDirectory | kIoctlDev);
    access |= reach.use == Reach::Use::Execute ? kExecute : 0;
    access &= S_ISDIR(info.st_mode) ? ~std::uint64_t{0} : kOfFiles;
    const PathBeneath rule{.allowed_access = access, .parent_fd = place.get()};
    return ::syscall(kAddRule, rules, kPathBeneath, &rule, 0) == 0;
}

} // namespace

base::Status restrict_by_landlock(const Plan& plan)
{
    const long version = ::syscall(kCreateRuleset, nullptr, 0, kAskVersion);
    if (version < 1) {
        return base::fail("the host's kernel has none: {}", base::errno_text(errno));
    }
    const Shape shape = shape_of(version, plan.role);
    const base::Fd rules{static_cast<int>(::syscall(kCreateRuleset, &shape.rules, shape.size, 0))};
    bool good = static_cast<bool>(rules);
    for (const Reach& reach : plan.reach) {
        good = good && leave_within_reach(rules.get(), reach, shape.rules.handled_access_fs);
    }
    if (!good || ::syscall(kRestrictSelf, rules.get(), 0) != 0) {
        return base::fail("{}", base::errno_text(errno));
    }
    return {};
}

} // namespace windsor::sandbox
