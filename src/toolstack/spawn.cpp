// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/spawn.hpp"

#include "base/fd.hpp"
#include "config/build.hpp"
#include "toolstack/host.hpp"
#include "toolstack/restart.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
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
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::dup2(null, fd);
    }
    if (null > STDERR_FILENO) {
        ::close(null);
    }
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
}

// SIGTERM and SIGINT as events of the loop. Threads made later inherit the mask.
base::Result<base::Fd> watch_signals(base::EventLoop& loop, base::Log& log)
{
    sigset_t set{};
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigaddset(&set, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    base::Fd signals{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!signals) {
        return base::fail("cannot receive signals: {}", base::errno_text(errno));
    }
    WINDSOR_TRY(loop.watch(signals.get(), EPOLLIN, [&loop, &log](std::uint32_t) {
        log.info("told to end by a signal");
        loop.stop();
    }));
    return signals;
}

// False if nobody reads any more.
bool report(base::Fd& to, const Json& message)
{
    const std::string text = message.dump(-1, ' ', true, Json::error_handler_t::replace);
    const bool sent = ::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    to.reset();
    return sent;
}

// Whether somebody still reads from the other end of a pipe.
base::Status creator_lives(int pipe)
{
    pollfd end{.fd = pipe, .events = 0, .revents = 0};
    if (::poll(&end, 1, 0) > 0 && (end.revents & POLLERR) != 0) {
        return base::fail("interrupted");
    }
    return {};
}

// For `dmesg NAME` after the end.
void keep_log(const domain::Paths& paths, const domain::Entry& entry)
{
    const fs::path kept = ended_log(paths, entry.name);
    std::error_code error;
    fs::create_directories(kept.parent_path(), error);
    fs::rename(entry.log_file(), kept, error);
}

base::Status run_domain(const domain::Settings& settings, domain::Claim& claim, base::Fd& report_to)
{
    base::Log log = WINDSOR_TRY(base::Log::to_file(claim.entry().log_file().string()));
    const std::unique_ptr<base::EventLoop> loop = WINDSOR_TRY(base::EventLoop::create());
    const base::Fd signals = WINDSOR_TRY(watch_signals(*loop, log));
    for (const std::string& warning : settings.warnings) {
        log.warning("{}", warning);
    }
    const std::unique_ptr<domain::Domain> domain = WINDSOR_TRY(domain::Domain::create(settings, claim, *loop, log));
    // A creator that has gone away was interrupted: what it began is not to go on behind its back.
    // One that has been handed over goes on whatever happens.
    if (!report(report_to, domain->status()) && !settings.incoming) {
        return base::fail("interrupted");
    }
    static_cast<void>(::chdir("/")); // not to keep a file system busy
    domain->run();
    log.info("the domain has ended");
    loop->unwatch(signals.get());
    return {};
}

// The whole life of the child process.
void live(const domain::Settings& settings, domain::Claim claim, base::Fd report_to, const domain::Paths& paths)
{
    claim.adopt();
    if (settings.incoming) {
        settings.incoming->channel->give_up_when([fd = report_to.get()] { return creator_lives(fd); });
    }
    base::Status lived;
    try {
        lived = run_domain(settings, claim, report_to);
    } catch (const std::exception& error) {
        lived = base::fail("cannot make the domain: {}", error.what());
    }
    if (!lived) {
        static_cast<void>(report(report_to, {{"error", lived.error().message()}}));
        return;
    }
    keep_log(paths, claim.entry());
}

std::string read_all(int fd)
{
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

base::Error death_of(pid_t child)
{
    ::kill(child, SIGKILL); // it has closed the pipe without a word: should it still live, it is of no use
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) {
        return base::Error{
            fmt::format("the domain's process was ended by signal {} while it started", WTERMSIG(status))};
    }
    return base::Error{"the domain's process ended while it started"};
}

base::Status save_origin(const fs::path& path, const Origin& origin)
{
    std::ofstream file{path};
    file << origin.text;
    file.close();
    if (!file.good()) {
        return base::fail("cannot write {}: the disk may be full", path.string());
    }
    return {};
}

} // namespace

std::vector<int> open_descriptors()
{
    std::vector<int> descriptors;
    std::error_code error;
    for (const fs::directory_entry& item : fs::directory_iterator{"/proc/self/fd", error}) {
        const std::string name = item.path().filename().string();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        if (fd > STDERR_FILENO) {
            descriptors.push_back(fd);
        }
    }
    // One of them was the listing's own.
    std::erase_if(descriptors, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; });
    return descriptors;
}

base::Result<Started> start_domain(domain::Settings settings, domain::Claim claim, const Origin& origin,
                                   const domain::Paths& paths, const std::vector<int>& inherited)
{
    const fs::path source = claim.entry().folder / "source";
    WINDSOR_TRY(save_origin(source, origin));
    settings.origin = origin;
    settings.restart = Restart{.source = source,
                               .overrides = origin.overrides,
                               .directory = origin.directory,
                               .paths = paths,
                               .log = claim.entry().log_file()};
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
        live(settings, std::move(claim), std::move(send), paths);
        ::_exit(0); // the creator's buffers and exit handlers are the creator's
    }
    send.reset();
    const Json answer = Json::parse(read_all(receive.get()), nullptr, false);
    if (!answer.is_object()) {
        return std::unexpected{death_of(child)}; // the claim goes, and its folder with it
    }
    if (answer.contains("error")) {
        ::waitpid(child, nullptr, 0);
        return base::fail("{}", answer["error"].get<std::string>());
    }
    claim.hand_over();
    return Started{child, answer};
}

base::Result<config::EngineChoice> engine_named(const std::string& name)
{
    const auto choice = config::engine_from(name);
    if (!choice) {
        return base::fail("'{}' is no engine; give --engine one of auto, kvm, translate and emulate", name);
    }
    return *choice;
}

void print_started(Context& context, const domain::Json& status)
{
    context.out << status.value("engine_line", "") << '\n';
    if (status.contains("vnc")) {
        context.out << fmt::format("VNC: {}:{} (display :{})\n", status["vnc"].value("listen", ""),
                                   status["vnc"].value("port", 0), status["vnc"].value("display", 0));
    }
    context.out << fmt::format("Started domain {} (id={})\n", status.value("name", ""), status.value("id", 0u))
                << std::flush;
}

} // namespace windsor::toolstack
