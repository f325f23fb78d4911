// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/domain_process.hpp"

#include "base/event_loop.hpp"
#include "base/file_log.hpp"
#include "domain/descriptor_message.hpp"
#include "domain/keeper_link.hpp"

#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::keeper {

using domain::Json;

namespace {

// Until a fresh domain runs.
constexpr std::chrono::seconds kRestartPatience{120};
constexpr std::chrono::seconds kStopPatience{10};

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

bool ask_for_restart(domain::KeeperLink& keeper, base::Log& log, const std::string& name)
{
    const auto request = domain::keeper_request(domain::KeeperAsk::Restart, name);
    const base::Status asked = request ? keeper.ask(*request, kRestartPatience) : std::unexpected{request.error()};
    if (!asked) {
        log.error("{}", asked.error().message());
    }
    return asked.has_value();
}

void stop_console(domain::KeeperLink& keeper, base::Log& log)
{
    const base::Status stopped =
        keeper.ask({.kind = static_cast<std::uint32_t>(domain::KeeperAsk::StopConsole)}, kStopPatience);
    if (!stopped) {
        log.error("{}", stopped.error().message());
    }
}

// What the keeper has made anew takes the old one's place.
base::Status take_news(int from, Charge& charge, domain::Domain& domain, base::FileLog& log)
{
    domain::KeeperNotice notice{};
    base::Fd descriptor;
    const ssize_t got = domain::receive_with_descriptor(
        from, {static_cast<char*>(static_cast<void*>(&notice)), sizeof notice}, descriptor, MSG_DONTWAIT);
    if (got != sizeof notice || !descriptor) {
        return base::fail("the domain's keeper has ended");
    }
    switch (static_cast<domain::KeeperNews>(notice.kind)) {
    case domain::KeeperNews::Lock:
        notice.name.back() = '\0';
        charge.claim.made_again(notice.number, notice.name.data(), std::move(descriptor));
        break;
    case domain::KeeperNews::Log: log.continue_in(std::move(descriptor)); break;
    case domain::KeeperNews::Control: return domain.serve_control(std::move(descriptor));
    }
    return {};
}

base::Status run_domain(Charge& charge, domain::KeeperLink& keeper, int news)
{
    base::FileLog file = WINDSOR_TRY(base::FileLog::open(charge.claim.entry().log_file().string()));
    base::Log& log = file.log();
    const std::unique_ptr<base::EventLoop> loop = WINDSOR_TRY(base::EventLoop::create());
    const base::Fd signals = WINDSOR_TRY(watch_signals(*loop, log));
    domain::Settings& settings = charge.settings;
    for (const std::string& warning : settings.warnings) {
        log.warning("{}", warning);
    }
    settings.restart = [&](const std::string& name) { return ask_for_restart(keeper, log, name); };
    settings.rename = [&](const std::string& name) { return keeper.rename(name); };
    if (settings.config.sandbox != sandbox::Mode::Off) {
        settings.open_image = [&](unsigned slot) { return keeper.open_image(slot); };
    }
    settings.stop_console = [&] { stop_console(keeper, log); };
    settings.ending = [&] { keeper.tell({.kind = static_cast<std::uint32_t>(domain::KeeperAsk::Ending)}); };
    const std::unique_ptr<domain::Domain> domain =
        WINDSOR_TRY(domain::Domain::create(settings, charge.claim, *loop, log));
    // A creator that has gone away was interrupted: what it began is not to go on behind its back.
    // One that has been handed over goes on whatever happens.
    if (!report(charge.report, domain::to_json(domain->status())) && !settings.incoming) {
        return base::fail("interrupted");
    }
    WINDSOR_TRY(loop->watch(news, EPOLLIN, [&](std::uint32_t) {
        if (const base::Status taken = take_news(news, charge, *domain, file); !taken) {
            log.error("{}", taken.error().message());
            loop->unwatch(news);
        }
    }));
    domain->run();
    loop->unwatch(news);
    log.info("the domain has ended");
    loop->unwatch(signals.get());
    return {};
}

} // namespace

Ended live(Charge& charge, base::Fd requests, base::Fd news)
{
    charge.claim.adopt();
    if (charge.settings.incoming) {
        charge.settings.incoming->channel->give_up_when(
            [fd = charge.report.get()] { return creator_lives(fd); });
    }
    domain::KeeperLink keeper{std::move(requests)};
    base::Status lived;
    try {
        lived = run_domain(charge, keeper, news.get());
    } catch (const std::exception& error) {
        lived = base::fail("cannot make the domain: {}", error.what());
    }
    if (!lived) {
        static_cast<void>(report(charge.report, {{"error", lived.error().message()}}));
        return Ended::NotMade;
    }
    return Ended::Lived;
}

} // namespace windsor::keeper
