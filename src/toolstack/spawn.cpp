// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/spawn.hpp"

#include "base/descriptors.hpp"
#include "base/fd.hpp"
#include "base/json_bounds.hpp"
#include "base/whole.hpp"
#include "config/build.hpp"
#include "keeper/keeper.hpp"
#include "toolstack/restart.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::toolstack {

namespace fs = std::filesystem;
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
    constexpr int kKilled = static_cast<int>(keeper::Ended::Killed);
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status) - kKilled;
    if (signal > 0) {
        return base::Error{fmt::format("the domain's process was ended by signal {} while it started", signal)};
    }
    return base::Error{"the domain's process ended while it started"};
}

} // namespace

base::Result<Started> start_domain(domain::Settings settings, domain::Claim claim, const Origin& origin,
                                   const domain::Paths& paths, const std::vector<int>& inherited)
{
    settings.origin = origin;
    Restart restart{.origin = origin, .paths = paths};
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
        // The creator's buffers and exit handlers are the creator's.
        ::_exit(keeper::keep({.settings = std::move(settings),
                              .claim = std::move(claim),
                              .report = std::move(send),
                              .paths = paths,
                              .restart = std::move(restart)}));
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
    claim.hand_over();
    return Started{child, domain::status_from(answer)};
}

std::function<void()> say_measuring(std::ostream& to)
{
    return [&to] {
        to << "Measuring how well KVM runs guests here, once after each start of the host; this may take seconds.\n"
           << std::flush;
    };
}

base::Result<config::EngineChoice> engine_named(const std::string& name)
{
    const auto choice = config::engine_from(name);
    if (!choice) {
        return base::fail("'{}' is no engine; give --engine one of auto, kvm, translate and emulate", name);
    }
    return *choice;
}

void print_started(Context& context, const domain::DomainStatus& status)
{
    context.out << status.engine_line << '\n';
    if (status.vnc) {
        context.out << fmt::format("VNC: {}:{} (display :{})\n", status.vnc->listen, status.vnc->port,
                                   status.vnc->display);
    }
    context.out << fmt::format("Started domain {} (id={})\n", status.name, status.id) << std::flush;
}

} // namespace windsor::toolstack
