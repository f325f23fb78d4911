// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/viewers.hpp"

#include "sandbox/thread_role.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <utility>

namespace windsor::display {

base::Result<ViewerChannel> ViewerChannel::create()
{
    std::array<int, 2> ends{-1, -1};
    base::Fd wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!wake || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return base::fail("cannot connect the console: {}", base::errno_text(errno));
    }
    return ViewerChannel{base::Fd{ends[0]}, base::Fd{ends[1]}, std::move(wake)};
}

Viewers::Viewers(Ends ends, base::Fd stop, ViewerHandler& handler, base::Log& log)
    : events_{std::move(ends.events)},
      wake_{std::move(ends.wake)},
      stop_{std::move(stop)},
      frame_{std::move(ends.frame)},
      port_{ends.port},
      handler_{handler},
      log_{log},
      thread_{[this] {
          sandbox::confine_thread(sandbox::ThreadRole::Viewer);
          run();
      }}
{
}

base::Result<std::unique_ptr<Viewers>> Viewers::start(Ends ends, ViewerHandler& handler, base::Log& log)
{
    base::Fd stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!stop) {
        return base::fail("cannot connect the console: {}", base::errno_text(errno));
    }
    return std::unique_ptr<Viewers>{new Viewers{std::move(ends), std::move(stop), handler, log}};
}

Viewers::~Viewers()
{
    stopping_ = true;
    static_cast<void>(::eventfd_write(stop_.get(), 1));
    thread_.join();
    let_go();
}

void Viewers::show(const backend::Picture& picture, std::span<const backend::Rectangle> damage)
{
    frame_.write(picture, damage);
    if (!damage.empty()) {
        wake();
    }
}

void Viewers::answer(std::uint32_t request)
{
    frame_.answer(request);
    wake();
}

void Viewers::tell_pointer(PointerMode mode)
{
    if (frame_.tell_pointer(mode)) {
        wake();
    }
}

// The eventfd does not block: if the counter is full, because the other process reads nothing or has filled it, this
// fails, and who is to be woken has been told already.
void Viewers::wake() const
{
    static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void Viewers::run()
{
    while (!stopping_) {
        std::array<pollfd, 2> waits{{{stop_.get(), POLLIN, 0}, {events_.get(), POLLIN, 0}}};
        static_cast<void>(::poll(waits.data(), waits.size(), -1));
        if (stopping_) {
            return;
        }
        if ((waits[1].revents & (POLLHUP | POLLERR)) != 0) {
            // Nobody can send any more: the keeper, which holds the other end, has gone.
            let_go();
            handler_.viewers_changed(0);
            return;
        }
        take_slice();
        pollfd stop{stop_.get(), POLLIN, 0};
        static_cast<void>(::poll(&stop, 1, kSlice));
    }
}

void Viewers::take_slice()
{
    for (unsigned i = 0; i < kEventsInSlice && !stopping_; ++i) {
        std::array<std::byte, sizeof(ConsoleEvent)> message{};
        const ssize_t got = ::recv(events_.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0) {
            return;
        }
        const bool whole = got == static_cast<ssize_t>(message.size());
        if (const auto event = whole ? read_event(message) : std::nullopt) {
            take(*event);
        } else {
            log_.guest("vnc", "the console's process sends what is no event");
        }
    }
}

void Viewers::take(const ConsoleEvent& event)
{
    switch (static_cast<ConsoleEvent::Kind>(event.kind)) {
    case ConsoleEvent::Kind::Started:
        let_go();
        handler_.viewers_changed(0);
        break;
    case ConsoleEvent::Kind::Viewers: handler_.viewers_changed(event.number); break;
    case ConsoleEvent::Kind::Refresh: handler_.refresh(event.number); break;
    case ConsoleEvent::Kind::Key: {
        const auto code = static_cast<KeyCode>(event.number);
        if (event.buttons != 0) {
            held_.insert(code);
        } else if (held_.erase(code) == 0) {
            break;
        }
        handler_.key(code, event.buttons != 0);
        break;
    }
    case ConsoleEvent::Kind::Pointer:
        buttons_ = static_cast<std::uint8_t>(event.buttons);
        handler_.pointer(event.dx, event.dy, event.wheel, buttons_);
        break;
    case ConsoleEvent::Kind::PointerAt:
        buttons_ = static_cast<std::uint8_t>(event.buttons);
        handler_.pointer_at(pixel_of(event.number), event.dx, event.dy, event.wheel, buttons_);
        break;
    case ConsoleEvent::Kind::Note: log_.guest("vnc", "{}", note_text(event)); break;
    }
}

void Viewers::let_go()
{
    for (const KeyCode code : std::exchange(held_, {})) {
        handler_.key(code, false);
    }
    if (std::exchange(buttons_, 0) != 0) {
        handler_.pointer(0, 0, 0, 0);
    }
}

} // namespace windsor::display
