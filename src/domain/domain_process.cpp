// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/domain_process.hpp"

#include "base/descriptor_message.hpp"
#include "base/event_loop.hpp"
#include "base/file_log.hpp"
#include "domain/keeper_link.hpp"

#include <cerrno>
#include <csignal>
#include <exception>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windsor::domain {

namespace {

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

// What the keeper has made anew takes the old one's place.
base::Status take_news(int from, Claim& claim, Domain& domain, base::FileLog& log)
{
    KeeperNotice notice{};
    base::Fd descriptor;
    const ssize_t got = base::receive_with_descriptor(
        from, {static_cast<char*>(static_cast<void*>(&notice)), sizeof notice}, descriptor, MSG_DONTWAIT);
    if (got != sizeof notice || !descriptor) {
        return base::fail("the domain's keeper has ended");
    }
    switch (static_cast<KeeperNews>(notice.kind)) {
    case KeeperNews::Lock:
        notice.name.back() = '\0';
        claim.made_again(notice.number, notice.name.data(), std::move(descriptor));
        break;
    case KeeperNews::Log: log.continue_in(std::move(descriptor)); break;
    case KeeperNews::Control: return domain.serve_control(std::move(descriptor));
    }
    return {};
}

// What a creator has been told of runs to its end, whatever happens: its log says what it was.
void run_to_end(ProcessParts& parts, Domain& domain, base::EventLoop& loop, base::FileLog& file)
{
    base::Log& log = file.log();
    const int news = parts.news.get();
    const base::Status watched = loop.watch(news, EPOLLIN, [&, news](std::uint32_t) {
        if (const base::Status taken = take_news(news, parts.claim, domain, file); !taken) {
            log.error("{}", taken.error().message());
            loop.unwatch(news);
        }
    });
    if (!watched) {
        log.error("the domain cannot listen to its keeper: {}", watched.error().message());
        return;
    }
    try {
        domain.run();
    } catch (const std::exception& error) {
        log.error("the domain has failed: {}", error.what());
    }
    loop.unwatch(news);
    log.info("the domain has ended");
}

base::Status run_domain(ProcessParts& parts, KeeperLink& keeper)
{
    base::FileLog file = WINDSOR_TRY(base::FileLog::open(parts.claim.entry().log_file().string()));
    base::Log& log = file.log();
    const std::unique_ptr<base::EventLoop> loop = WINDSOR_TRY(base::EventLoop::create());
    const base::Fd signals = WINDSOR_TRY(watch_signals(*loop, log));
    for (const std::string& warning : parts.settings.warnings) {
        log.warning("{}", warning);
    }
    log.info("{}", config::graphics_line(parts.settings.config));
    const std::unique_ptr<Domain> domain = WINDSOR_TRY(Domain::create(parts.settings, keeper, parts.claim, *loop, log));
    // A creator that has gone away was interrupted: what it began is not to go on behind its back.
    // One that has been handed over goes on whatever happens.
    if (!report(parts.report, to_json(domain->status())) && !parts.settings.incoming) {
        return base::fail("interrupted");
    }
    run_to_end(parts, *domain, *loop, file);
    loop->unwatch(signals.get());
    return {};
}

} // namespace

Ended live(ProcessParts parts)
{
    parts.claim.adopt();
    if (parts.settings.incoming) {
        parts.settings.incoming->channel->give_up_when([fd = parts.report.get()] { return creator_lives(fd); });
    }
    KeeperLink keeper{std::move(parts.requests)};
    base::Status lived;
    try {
        lived = run_domain(parts, keeper);
    } catch (const std::exception& error) {
        lived = base::fail("cannot make the domain: {}", error.what());
    }
    if (!lived) {
        static_cast<void>(report(parts.report, {{"error", lived.error().message()}}));
        return Ended::NotMade;
    }
    return Ended::Lived;
}

} // namespace windsor::domain
