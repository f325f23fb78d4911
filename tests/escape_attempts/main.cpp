// SPDX-License-Identifier: GPL-2.0-or-later
// Takes the place of a domain's process behind its walls, or of its console's, and tries what somebody would who has
// taken it over.
//
//     escape [--console] [--as CREATOR]... [--without WALL[,WALL]...] [--only WALL[,WALL]...] [--matrix]
//
// CREATOR, who starts the domain: itself (whoever runs this, root say), nobody, unprivileged (nobody, on a host that
// lets him make no namespaces). Prints what has become of each attempt; fails if one succeeded that should not.
#include "surroundings.hpp"

#include "sandbox/domain_plan.hpp"
#include "sandbox/fork_apart.hpp"
#include "sandbox/testing.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <sched.h>
#include <string_view>
#include <sys/mount.h>

namespace windsor::escape {

namespace {

using sandbox::Role;
using sandbox::WallKind;
using sandbox::testing::Creator;

constexpr std::uint64_t kLargestFile = 1u << 30;
constexpr std::uint64_t kConsoleData = 3u << 30;
constexpr int kDone = 0;
constexpr int kNotEnclosed = 255;

// What is known to be possible: a host without namespaces shows names, and processors' bounds of the same user's
// threads.
struct Known {
    Creator creator;
    std::string_view attempt;
};
constexpr std::array kKnown{
    Known{Creator::Unprivileged, "see whether /etc/passwd is there"},
    Known{Creator::Unprivileged, "move the neighbour to another processor"},
};

struct Row {
    std::string attempt;
    int status{0};
    int signal{0};

    bool done() const { return signal == 0 && status == kDone; }
    std::string outcome() const
    {
        return signal != 0               ? "killed (" + std::string{::sigabbrev_np(signal)} + ")"
               : status == kNotEnclosed ? "NOT ENCLOSED"
               : done()                 ? "DONE"
                                        : "refused (" + std::string{::strerrorname_np(status)} + ")";
    }
};
using Rows = std::vector<Row>;

std::string_view name_of(Creator creator)
{
    return creator == Creator::Itself ? "itself" : creator == Creator::Nobody ? "nobody" : "unprivileged";
}

sandbox::Plan plan_without(const Surroundings& around, Role role, std::vector<WallKind> without)
{
    sandbox::Plan plan = sandbox::plan_for_domain({.id = 1, .largest_file = kLargestFile});
    if (role == Role::Console) {
        plan = {.role = role, .limits = {.data_bytes = kConsoleData, .file_bytes = 0}, .user = plan.user};
    }
    plan.descriptors = std::vector{around.listener, around.events, around.wake};
    if (role == Role::Domain) {
        plan.descriptors->push_back(around.log);
    }
    plan.without = std::move(without);
    return plan;
}

[[noreturn]] void try_it(const Attempt& attempt, const Surroundings& around, const sandbox::Plan& plan)
{
    if (!sandbox::enclose(plan)) {
        ::_exit(kNotEnclosed);
    }
    errno = 0;
    const long result = attempt.action(around);
    ::_exit(result == -1 ? std::clamp(errno, 1, kNotEnclosed - 1) : kDone);
}

Row run_one(const Attempt& attempt, const Surroundings& around, const sandbox::Plan& plan)
{
    const bool apart = std::ranges::find(plan.without, WallKind::PidNamespace) == plan.without.end();
    const auto child = apart ? sandbox::fork_apart() : base::Result<pid_t>{::fork()};
    if (!child) {
        return {attempt.name, kNotEnclosed, 0};
    }
    if (*child == 0) {
        ::alarm(20); // an attempt that hangs is an attempt that has failed
        try_it(attempt, around, plan);
    }
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
    }
    return {attempt.name, WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

// On the pipe between runner and printer.
void put(int to, const Row& row)
{
    const std::string line = row.attempt + '\t' + std::to_string(row.status) + '\t' + std::to_string(row.signal) + '\n';
    if (::write(to, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        ::_exit(1); // the printer misses a row then
    }
}

// Without walls, attempts succeed: what root mounts or names in them must not be the host's. An ordinary user may
// neither mount nor name anything.
bool protect_host()
{
    const bool apart = ::unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) == 0 &&
                       ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    return apart || ::geteuid() != 0;
}

// Whether protect_host() will succeed, found out in a process of its own. In most containers root may make no
// namespaces.
bool host_can_be_protected()
{
    return sandbox::testing::run([] { return protect_host() ? 0 : 1; }) == sandbox::testing::kSucceeded;
}

// A process that becomes the creator, and runs all of them.
Rows run_as(Creator creator, Role role, const std::vector<WallKind>& without)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return {};
    }
    const pid_t runner = ::fork();
    if (runner == 0) {
        ::close(ends[0]);
        if (!protect_host()) {
            ::_exit(1);
        }
        sandbox::testing::become(creator);
        ::setenv("WINDSOR_ESCAPE_SECRET", "x", 1);
        {
            const Stage stage;
            for (const Attempt& attempt : stage.complete() ? all_attempts(role) : std::vector<Attempt>{}) {
                put(ends[1], run_one(attempt, stage.surroundings(), plan_without(stage.surroundings(), role, without)));
            }
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    Rows rows;
    FILE* const from = ::fdopen(ends[0], "r");
    std::array<char, 200> name{};
    for (Row row; std::fscanf(from, "%199[^\t]\t%d\t%d\n", name.data(), &row.status, &row.signal) == 3;) {
        row.attempt = name.data();
        rows.push_back(row);
    }
    std::fclose(from);
    ::waitpid(runner, nullptr, 0);
    return rows;
}

bool is_known(Creator creator, const std::string& attempt)
{
    return std::ranges::any_of(
        kKnown, [&](const Known& known) { return known.creator == creator && known.attempt == attempt; });
}

// One column for each creator. Gives whether all held.
bool print_table(const std::vector<Creator>& creators, Role role, const std::vector<WallKind>& without)
{
    std::map<Creator, Rows> columns;
    std::printf("%-48s", "attempt");
    for (const Creator creator : creators) {
        columns[creator] = run_as(creator, role, without);
        std::printf(" %-20s", std::string{name_of(creator)}.c_str());
    }
    std::printf("\n");
    bool held = true;
    const std::vector<Attempt> attempts = all_attempts(role);
    for (std::size_t number = 0; number < attempts.size(); ++number) {
        std::printf("%-48s", attempts[number].name.c_str());
        for (const Creator creator : creators) {
            const Rows& rows = columns[creator];
            const Row row = number < rows.size() ? rows[number] : Row{"", kNotEnclosed, 0};
            const bool known = row.done() && is_known(creator, row.attempt);
            held = held && (known || (!row.done() && row.status != kNotEnclosed));
            std::printf(" %-20s", (row.outcome() + (known ? ", known" : "")).c_str());
        }
        std::printf("\n");
    }
    return held;
}

std::vector<WallKind> all_but(std::span<const WallKind> kept)
{
    std::vector<WallKind> rest;
    std::ranges::copy_if(sandbox::all_walls(), std::back_inserter(rest),
                         [&](WallKind kind) { return std::ranges::find(kept, kind) == kept.end(); });
    return rest;
}

// Which wall alone refuses what is done without any: each has to be good for something, for one creator at least.
bool print_matrix(const std::vector<Creator>& creators, Role role)
{
    std::map<WallKind, unsigned> stopped;
    for (const Creator creator : creators) {
        std::printf("\n%s: what each wall refuses alone\n", std::string{name_of(creator)}.c_str());
        const Rows open = run_as(creator, role, all_but({}));
        for (const WallKind kind : sandbox::all_walls()) {
            const Rows rows = run_as(creator, role, all_but(std::array{kind}));
            std::string list;
            for (std::size_t number = 0; number < std::min(rows.size(), open.size()); ++number) {
                if (open[number].done() && !rows[number].done()) {
                    list += (list.empty() ? "" : "; ") + rows[number].attempt;
                    ++stopped[kind];
                }
            }
            std::printf("  %-20s %s\n", std::string{sandbox::name_of(kind)}.c_str(), list.empty() ? "-" : list.c_str());
        }
    }
    bool all = true;
    for (const WallKind kind : sandbox::all_walls()) {
        if (stopped[kind] == 0) {
            std::printf("the wall %s refuses nothing\n", std::string{sandbox::name_of(kind)}.c_str());
            all = false;
        }
    }
    return all;
}

std::optional<std::vector<WallKind>> walls_named(std::string_view list)
{
    std::vector<WallKind> kinds;
    while (!list.empty()) {
        const std::string_view name = list.substr(0, list.find(','));
        list.remove_prefix(std::min(name.size() + 1, list.size()));
        const auto found = std::ranges::find(sandbox::all_walls(), name, &sandbox::name_of);
        if (found == sandbox::all_walls().end()) {
            std::fprintf(stderr, "escape: there is no wall '%s'\n", std::string{name}.c_str());
            return std::nullopt;
        }
        kinds.push_back(*found);
    }
    return kinds;
}

struct Order {
    std::vector<Creator> creators;
    std::vector<WallKind> without;
    Role role{Role::Domain};
    bool matrix{false};
};

std::optional<Order> parse(std::span<char*> words)
{
    Order order;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string_view word = words[at];
        const std::string_view value = at + 1 < words.size() ? words[at + 1] : "";
        if (word == "--matrix") {
            order.matrix = true;
            continue;
        }
        if (word == "--console") {
            order.role = Role::Console;
            continue;
        }
        if (word == "--as") {
            order.creators.push_back(value == "nobody"         ? Creator::Nobody
                                     : value == "unprivileged" ? Creator::Unprivileged
                                                               : Creator::Itself);
        } else if (word == "--without" || word == "--only") {
            const auto named = walls_named(value);
            if (!named) {
                return std::nullopt;
            }
            order.without = word == "--only" ? all_but(*named) : *named;
        } else {
            std::fprintf(stderr, "escape: '%s' is no option\n", std::string{word}.c_str());
            return std::nullopt;
        }
        ++at;
    }
    if (order.creators.empty()) {
        order.creators = {Creator::Itself, Creator::Nobody, Creator::Unprivileged};
    }
    return order;
}

} // namespace

std::vector<Attempt> all_attempts(Role role)
{
    std::vector<Attempt> all;
    for (auto&& group : {attempts_on_files(), attempts_on_sockets(), attempts_with_what_is_left(),
                         attempts_on_processes(), attempts_on_kernel(), attempts_on_resources()}) {
        std::ranges::copy_if(group, std::back_inserter(all),
                             [&](const Attempt& attempt) { return attempt.role.value_or(role) == role; });
    }
    return all;
}

} // namespace windsor::escape

int main(int count, char** words)
{
    using namespace windsor;
    const auto order = escape::parse(std::span{words, static_cast<std::size_t>(count)}.subspan(1));
    if (!order) {
        return 2;
    }
    if (!escape::host_can_be_protected()) {
        std::fprintf(stderr, "escape: nothing is tried as root where the host cannot be protected by namespaces\n");
        return 77; // which CTest takes for "skipped"
    }
    const bool held = order->matrix ? escape::print_matrix(order->creators, order->role)
                                    : escape::print_table(order->creators, order->role, order->without);
    return held ? 0 : 1;
}
