// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/event_loop.hpp"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace windsor::base {

EventLoop::EventLoop(Fd epoll, Fd wake) : epoll_{std::move(epoll)}, wake_{std::move(wake)} {}

Result<std::unique_ptr<EventLoop>> EventLoop::create()
{
    Fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!epoll || !wake) {
        return fail("cannot make an event loop: {}", errno_text(errno));
    }
    std::unique_ptr<EventLoop> loop{new EventLoop{std::move(epoll), std::move(wake)}};
    EventLoop& self = *loop;
    WINDSOR_TRY(loop->watch(self.wake_.get(), EPOLLIN, [&self](std::uint32_t) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(self.wake_.get(), &count, sizeof count);
    }));
    return loop;
}

Status EventLoop::watch(int fd, std::uint32_t events, Handler handler)
{
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    const int operation = handlers_.contains(fd) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) {
        return fail("cannot watch file descriptor {}: {}", fd, errno_text(errno));
    }
    handlers_[fd] = std::make_shared<Handler>(std::move(handler));
    return {};
}

void EventLoop::modify(int fd, std::uint32_t events)
{
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (handlers_.contains(fd)) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
    }
}

void EventLoop::unwatch(int fd)
{
    if (handlers_.erase(fd) != 0) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    }
}

void EventLoop::post(std::function<void()> work)
{
    posted_.with([&](auto& posted) { posted.push_back(std::move(work)); });
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto put = ::write(wake_.get(), &one, sizeof one);
}

void EventLoop::stop()
{
    stopping_ = true;
    post([] {});
}

void EventLoop::run()
{
    std::array<epoll_event, 16> events{};
    while (!stopping_.exchange(false)) {
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            // A handler may unwatch itself or another: look each one up anew and keep it alive.
            const auto found = handlers_.find(event.data.fd);
            if (found != handlers_.end()) {
                const auto handler = found->second;
                (*handler)(event.events);
            }
        }
        run_posted();
    }
}

void EventLoop::run_posted()
{
    const auto work = posted_.with([](auto& posted) { return std::exchange(posted, {}); });
    for (const auto& item : work) {
        item();
    }
}

} // namespace windsor::base
