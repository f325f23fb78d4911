// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/enclose.hpp"

#include "base/whole.hpp"
#include "sandbox/fork_apart.hpp"
#include "sandbox/steps.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

constexpr uid_t kFirstUser = 0x7000'0000;
constexpr unsigned kUsers = 1u << 24;

// It opens paths of the host's, and its domain's process is another user's and in other namespaces.
constexpr std::array kKeeperWalls{WallKind::Environment,     WallKind::Descriptors, WallKind::Limits,
                                  WallKind::Secrecy,         WallKind::Landlock,    WallKind::Capabilities,
                                  WallKind::NoNewPrivileges, WallKind::Seccomp};

// It uses the host's network, and reads which name servers that has.
constexpr std::array kNetworkWalls{
    WallKind::Environment, WallKind::Descriptors,   WallKind::Limits,          WallKind::Secrecy,
    WallKind::User,        WallKind::UserNamespace, WallKind::IpcNamespace,    WallKind::PidNamespace,
    WallKind::Landlock,    WallKind::Capabilities,  WallKind::NoNewPrivileges, WallKind::Seccomp};

std::span<const WallKind> walls_of(Role role)
{
    switch (role) {
    case Role::Keeper: return kKeeperWalls;
    case Role::Network: return kNetworkWalls;
    default: return all_walls();
    }
}

bool is_among(std::span<const WallKind> kinds, WallKind kind)
{
    return std::ranges::find(kinds, kind) != kinds.end();
}

// A directory of proc(5) has one link for each thread beside its own two. Without /proc it cannot be told.
bool has_other_threads()
{
    struct stat tasks{};
    return ::stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3;
}

std::vector<WallKind> wanted_walls(const Plan& plan)
{
    std::vector<WallKind> wanted;
    std::ranges::copy_if(walls_of(plan.role), std::back_inserter(wanted),
                         [&](WallKind kind) { return !is_among(plan.without, kind); });
    return wanted;
}

// Whoever made this process has made the namespace of process ids, or has not: see fork_apart().
base::Status in_own_pid_namespace()
{
    if (::getpid() == 1) {
        return {};
    }
    return base::fail("the process was started in its creator's");
}

// Whether the user's threads are counted anew.
bool own_count(const Outcomes& done)
{
    const auto found = done.find(WallKind::UserNamespace);
    return found != done.end() && found->second;
}

Limits limits_for(const Plan& plan, bool counted_alone)
{
    Limits limits = plan.limits;
    if (!counted_alone) {
        limits.threads.reset();
    }
    return limits;
}

// The order is that of what each takes away: files and privileges last, system calls at the end.
Outcomes build(const Plan& plan, const std::vector<WallKind>& wanted)
{
    Outcomes done;
    const auto step = [&](WallKind kind, auto&& put_up) {
        if (is_among(wanted, kind)) {
            done.insert_or_assign(kind, put_up());
        }
    };
    step(WallKind::Environment, [&] { return clear_environment(plan.variables); });
    step(WallKind::Descriptors,
         [&] { return plan.descriptors ? close_others(*plan.descriptors) : base::Status{}; });
    const bool root = ::geteuid() == 0;
    step(WallKind::PidNamespace, [] { return in_own_pid_namespace(); });
    for (auto& [kind, outcome] : leave_host(wanted, plan.user, plan.reach)) {
        done.insert_or_assign(kind, std::move(outcome));
    }
    step(WallKind::Limits, [&] { return set_limits(limits_for(plan, own_count(done) || root)); });
    step(WallKind::Capabilities, [&] { return drop_capabilities(plan.capabilities); });
    step(WallKind::NoNewPrivileges, [] { return forbid_new_privileges(); });
    step(WallKind::Landlock, [&] { return restrict_by_landlock(plan); });
    step(WallKind::Secrecy, [] { return forbid_dumps(); });
    step(WallKind::Seccomp, [&] { return filter_system_calls(plan.role); });
    return done;
}

// From what the wall is elsewhere.
std::string difference(const Plan& plan, WallKind kind)
{
    switch (kind) {
    case WallKind::EmptyRoot:
    case WallKind::Landlock: return plan.reach.empty() ? "" : "but for what it keeps";
    case WallKind::Capabilities: return plan.capabilities.empty() || ::geteuid() != 0 ? "" : "but those that it uses";
    default: return "";
    }
}

std::vector<Wall> report(const Plan& plan, Outcomes outcomes)
{
    std::vector<Wall> walls;
    for (const WallKind kind : all_walls()) {
        const auto found = outcomes.find(kind);
        if (found == outcomes.end()) {
            if (is_among(plan.without, kind)) {
                walls.push_back({kind, std::string{name_of(kind)}, false, "left away"});
            }
            continue;
        }
        const base::Status& outcome = found->second;
        walls.push_back({kind, std::string{name_of(kind)}, outcome.has_value(),
                         outcome ? difference(plan, kind) : outcome.error().message()});
    }
    return walls;
}

std::string serialized(std::span<const Wall> walls)
{
    std::string text;
    for (const Wall& wall : walls) {
        text += fmt::format("{} {} {}\n", static_cast<int>(wall.kind), wall.stands ? 1 : 0, wall.note);
    }
    return text;
}

std::vector<Wall> parsed(const std::string& text)
{
    std::vector<Wall> walls;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
        const std::string line = text.substr(at, end - at);
        const std::size_t space = std::min(line.find(' '), line.size());
        const auto number = static_cast<std::size_t>(std::strtoul(line.c_str(), nullptr, 10));
        if (number >= all_walls().size() || line.size() < space + 3) {
            continue;
        }
        const WallKind kind = all_walls()[number];
        walls.push_back({kind, std::string{name_of(kind)}, line[space + 1] == '1', line.substr(space + 3)});
    }
    return walls;
}

} // namespace

base::Result<std::vector<Wall>> enclose(const Plan& plan)
{
    if (plan.mode == Mode::Off) {
        return std::vector<Wall>{};
    }
    if (has_other_threads()) {
        return base::fail("a process that has threads already cannot be enclosed");
    }
    std::vector<Wall> walls = report(plan, build(plan, wanted_walls(plan)));
    const auto missing = std::ranges::find(walls, false, &Wall::stands);
    if (plan.mode == Mode::Required && missing != walls.end()) {
        return base::fail("sandbox = 'required', and there is no {} here: {}; let the host allow it, or set "
                          "sandbox = 'on' to do without",
                          missing->name, missing->note);
    }
    return walls;
}

std::string describe(Mode mode, std::span<const Wall> walls)
{
    return mode == Mode::Off ? "off, as asked for" : describe(walls);
}

uid_t own_user(unsigned domain)
{
    return kFirstUser + domain % kUsers;
}

base::Result<std::vector<Wall>> survey(const Plan& plan)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail("cannot make a pipe: {}", base::errno_text(errno));
    }
    base::Fd receive{ends[0]};
    base::Fd send{ends[1]};
    const pid_t child = WINDSOR_TRY(fork_apart());
    if (child == 0) {
        Plan own = plan;
        own.descriptors = std::vector{send.get()};
        const auto walls = enclose(own);
        base::write_whole(send.get(), walls ? serialized(*walls) : std::string{});
        ::_exit(0);
    }
    send.reset();
    const std::string text = base::read_whole(receive.get(), 1u << 16);
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return parsed(text);
}

} // namespace windsor::sandbox
