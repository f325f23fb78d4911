// SPDX-License-Identifier: GPL-2.0-or-later
#include "display/console_server.hpp"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace windsor::display {

namespace {

constexpr int kBeatMilliseconds = 5'500;  // longer than the server's threads stand still
constexpr unsigned kMostMisses = 4;      // a busy host makes everything slow
constexpr int kSendMilliseconds = 5'000; // for a domain that takes no events
constexpr std::chrono::seconds kPicturePatience{2};

constexpr std::uint32_t kind(ConsoleEvent::Kind kind)
{
    return static_cast<std::uint32_t>(kind);
}

} // namespace

ConsoleServer::ConsoleServer(base::Fd events, base::Fd wake, base::Fd life, base::Fd poke, FrameReader frame)
    : events_{std::move(events)},
      wake_{std::move(wake)},
      life_{std::move(life)},
      poke_{std::move(poke)},
      log_{base::Log::to([this](base::Log::Level, std::string_view text) {
          constexpr std::string_view kTopic = "vnc: "; // the domain says it again
          text.remove_prefix(text.starts_with(kTopic) ? kTopic.size() : 0);
          send(note_event(text), Hurry::Drop);
      })},
      frame_{std::move(frame)},
      requests_{frame_.answered()},
      answered_{requests_}
{
}

base::Result<std::unique_ptr<ConsoleServer>> ConsoleServer::create(Parts parts)
{
    FrameReader frame = WINDSOR_TRY(FrameReader::map(parts.frame));
    base::Fd poke{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!poke) {
        return base::fail("cannot serve the console: {}", base::errno_text(errno));
    }
    std::unique_ptr<ConsoleServer> server{
        new ConsoleServer{std::move(parts.events), std::move(parts.wake), std::move(parts.life), std::move(poke),
                          std::move(frame)}};
    server->send({.kind = kind(ConsoleEvent::Kind::Started)}, Hurry::Wait);
    server->server_ =
        WINDSOR_TRY(VncServer::serve(std::move(parts.listener), parts.options, *server, server->log_));
    return server;
}

ConsoleServer::~ConsoleServer()
{
    stop();
    server_.reset();
}

void ConsoleServer::stop()
{
    {
        const base::MutexLock lock{mutex_};
        stopping_ = true;
    }
    answered_changed_.notify_all();
    static_cast<void>(::eventfd_write(poke_.get(), 1));
}

void ConsoleServer::run(const std::function<void()>& alive)
{
    using Clock = std::chrono::steady_clock;
    auto beat = Clock::now();
    unsigned misses = 0;
    alive();
    while (!stopping_) {
        std::array<pollfd, 3> waits{{{wake_.get(), POLLIN, 0}, {poke_.get(), POLLIN, 0}, {life_.get(), 0, 0}}};
        static_cast<void>(::poll(waits.data(), waits.size(), kBeatMilliseconds));
        if (waits[2].revents != 0) {
            return;
        }
        eventfd_t count = 0;
        static_cast<void>(::eventfd_read(wake_.get(), &count));
        static_cast<void>(::eventfd_read(poke_.get(), &count));
        take_picture();
        tell_viewers();
        if (Clock::now() - beat < std::chrono::milliseconds{kBeatMilliseconds}) {
            continue;
        }
        beat = Clock::now();
        if (server_->healthy()) {
            misses = 0;
            alive();
        } else if (++misses == kMostMisses) {
            return;
        }
    }
}

void ConsoleServer::take_picture()
{
    // Before the picture: an answer says that this is no older.
    const std::uint32_t answered = frame_.answered();
    const std::vector<backend::Rectangle> damage = frame_.read(picture_);
    if (!damage.empty()) {
        server_->show(picture_, damage);
    }
    server_->set_pointer(frame_.pointer());
    {
        const base::MutexLock lock{mutex_};
        answered_ = answered;
    }
    answered_changed_.notify_all();
}

void ConsoleServer::tell_viewers()
{
    const unsigned viewers = viewers_;
    if (viewers != told_viewers_ &&
        send({.kind = kind(ConsoleEvent::Kind::Viewers), .number = viewers}, Hurry::Drop)) {
        told_viewers_ = viewers;
    }
}

bool ConsoleServer::send(const ConsoleEvent& event, Hurry hurry)
{
    const auto try_once = [&] {
        return ::send(events_.get(), &event, sizeof event, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof event;
    };
    if (try_once()) {
        domain_stands_ = false;
        return true;
    }
    const bool full = errno == EAGAIN || errno == EINTR;
    if (!full || hurry == Hurry::Drop || domain_stands_) {
        return false;
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{kSendMilliseconds};
    while (!stopping_ && std::chrono::steady_clock::now() < end) {
        pollfd wait{events_.get(), POLLOUT, 0};
        static_cast<void>(::poll(&wait, 1, kSendMilliseconds));
        if (try_once()) {
            return true;
        }
    }
    domain_stands_ = true;
    return false;
}

// Without an answer the viewer sees the picture of before, and the next one as soon as it comes.
void ConsoleServer::refresh()
{
    const base::MutexLock lock{mutex_};
    const std::uint32_t request = ++requests_;
    {
        const base::MutexUnlock unlocked{mutex_};
        send({.kind = kind(ConsoleEvent::Kind::Refresh), .number = request}, Hurry::Wait);
    }
    const auto end = std::chrono::steady_clock::now() + kPicturePatience;
    const auto is_answered = [request](std::uint32_t last) {
        return static_cast<std::int32_t>(last - request) >= 0; // numbers may wrap around
    };
    while (!stopping_ && !is_answered(answered_) && answered_changed_.wait_until(mutex_, end)) {
    }
}

void ConsoleServer::key(KeyCode code, bool pressed)
{
    send({.kind = kind(ConsoleEvent::Kind::Key), .number = code, .buttons = pressed ? 1U : 0U}, Hurry::Wait);
}

void ConsoleServer::pointer(int dx, int dy, int wheel, std::uint8_t buttons)
{
    send({.kind = kind(ConsoleEvent::Kind::Pointer), .dx = dx, .dy = dy, .wheel = wheel, .buttons = buttons},
         Hurry::Wait);
}

void ConsoleServer::pointer_at(Pixel at, int dx, int dy, int wheel, std::uint8_t buttons)
{
    send({.kind = kind(ConsoleEvent::Kind::PointerAt),
          .number = pixel_number(at),
          .dx = dx,
          .dy = dy,
          .wheel = wheel,
          .buttons = buttons},
         Hurry::Wait);
}

void ConsoleServer::clients_changed(unsigned count)
{
    viewers_ = count;
    static_cast<void>(::eventfd_write(poke_.get(), 1));
}

} // namespace windsor::display
