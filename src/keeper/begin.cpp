// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/begin.hpp"

#include "base/descriptors.hpp"
#include "base/fd.hpp"
#include "base/json_bounds.hpp"
#include "base/whole.hpp"
#include "domain/domain_process.hpp"
#include "domain/rpc.hpp"
#include "keeper/keeper.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::keeper {

using domain::Json;

namespace {

void detach_from_creator(const std::vector<int>& inherited)
{
    ::setsid();
    ::umask(0077);
    for (const int fd : inherited) {
        ::close(fd);
    }
    base::silence_standard_streams();
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
}

// What comes of a saved state may have made the domain an intruder's before it reports.
constexpr std::size_t kLongestReport = 1u << 20;

// Of a keeper whose domain has closed the pipe without a word.
base::Error death_of(pid_t child)
{
    ::kill(child, SIGTERM); // should the domain still live, it is of no use
    int status = 0;
    ::waitpid(child, &status, 0);
    constexpr int kKilled = static_cast<int>(domain::Ended::Killed);
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - kKilled;
    if (signal > 0) {
        return base::Error{fmt::format("the domain's process was ended by signal {} while it started", signal)};
    }
    return base::Error{"the domain's process ended while it started"};
}

} // namespace

base::Result<Started> begin(Charge charge, const std::vector<int>& inherited)
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return base::fail("cannot make a pipe: {}", base::errno_text(errno));
    }
    base::Fd receive{ends[0]};
    base::Fd send{ends[1]};
    const pid_t child = ::fork();
    if (child < 0) {
        return base::fail("cannot make a process for the domain: {}", base::errno_text(errno));
    }
    if (child == 0) {
        receive.reset();
        detach_from_creator(inherited);
        charge.report = std::move(send);
        // The creator's buffers and exit handlers are the creator's.
        ::_exit(keep(std::move(charge)));
    }
    send.reset();
    const Json answer = domain::printable(base::parse_json<Json>(base::read_whole(receive.get(), kLongestReport)));
    const bool told = answer.is_object() && answer.contains("error");
    if (!answer.is_object() || (told && !answer["error"].is_string())) {
        return std::unexpected{death_of(child)}; // the claim goes, and its folder with it
    }
    if (told) {
        ::kill(child, SIGTERM); // it is on its way out, or should be
        ::waitpid(child, nullptr, 0);
        return base::fail("{}", answer["error"].get<std::string>());
    }
    charge.claim.hand_over();
    return Started{child, domain::status_from(answer)};
}

} // namespace windsor::keeper
