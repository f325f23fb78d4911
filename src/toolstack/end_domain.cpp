// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/end_domain.hpp"

#include "base/fd.hpp"
#include "domain/process.hpp"
#include "domain/rpc.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace windsor::toolstack {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Together with the death of a large process, less than the two seconds that are promised.
constexpr milliseconds kPolitely{800};
constexpr milliseconds kMeeting{200}; // for a domain that does not even accept connections
constexpr milliseconds kLongestEnd{10'000}; // of a killed process, on a host that is very busy
constexpr milliseconds kLook{10};

bool gone_by(Clock::time_point until, const domain::Registry& registry, const domain::Entry& entry)
{
    while (!registry.is_gone(entry)) {
        if (Clock::now() >= until) {
            return false;
        }
        std::this_thread::sleep_for(kLook);
    }
    return true;
}

// Whoever listens on the control socket now; nothing if nobody does.
std::optional<pid_t> listener_of(const domain::Entry& entry)
{
    const auto client = domain::RpcClient::connect(entry.control_socket(), kMeeting);
    return client ? client->listener() : std::nullopt;
}

// Whether the process has the domain's lock open, where it can be looked at.
bool holds_lock(pid_t pid, const domain::Entry& entry)
{
    struct stat lock{};
    if (::stat((entry.folder / "lock").c_str(), &lock) != 0) {
        return false;
    }
    std::error_code error;
    const fs::path folder = fs::path{"/proc"} / std::to_string(pid) / "fd";
    for (fs::directory_iterator item{folder, error}, end; !error && item != end; item.increment(error)) {
        struct stat open{};
        if (::stat(item->path().c_str(), &open) == 0 && open.st_dev == lock.st_dev && open.st_ino == lock.st_ino) {
            return true;
        }
    }
    return false;
}

// A process can close its sockets and its locks, but not choose another parent.
bool belongs_to_keeper(pid_t pid, const domain::Entry& entry)
{
    std::ifstream file{entry.folder / "keeper"};
    pid_t keeper = 0;
    std::uint64_t start = 0;
    if (!(file >> keeper >> start)) {
        return false;
    }
    const auto process = domain::process_stat(pid);
    const auto its_keeper = domain::process_stat(keeper);
    return process && process->parent == keeper && its_keeper && its_keeper->start == start;
}

// Numbers of processes are used again: that it is the right one is seen after it is held by a descriptor.
base::Status kill_process(const domain::Entry& entry)
{
    const pid_t pid = listener_of(entry).value_or(entry.pid);
    const base::Fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process) {
        return errno == ESRCH ? base::Status{} : base::fail("process {}: {}", pid, base::errno_text(errno));
    }
    if (listener_of(entry) != pid && !holds_lock(pid, entry) && !belongs_to_keeper(pid, entry)) {
        return base::fail("process {} is not known to be the domain's", pid);
    }
    if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
        return base::fail("process {}: {}", pid, base::errno_text(errno));
    }
    return {};
}

} // namespace

base::Status end_domain(const Context& context, const domain::Entry& entry)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    const auto start = Clock::now();
    if (auto client = domain::RpcClient::connect(entry.control_socket(), kMeeting);
        client && client->send("destroy", domain::Json::object())) {
        static_cast<void>(client->answer_within(kPolitely));
    }
    if (gone_by(start + kPolitely, registry, entry)) {
        return {};
    }
    const base::Status killed = kill_process(entry);
    if (gone_by(Clock::now() + kLongestEnd, registry, entry)) {
        return {};
    }
    return base::fail("domain '{}' (process {}) does not end{}{}", entry.name, entry.pid,
                      killed ? ", although its process was killed" : ", and cannot be killed: ",
                      killed ? "" : killed.error().message());
}

} // namespace windsor::toolstack
