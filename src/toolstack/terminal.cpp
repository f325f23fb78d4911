// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/terminal.hpp"

#include "base/fd.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace windsor::toolstack {

namespace {

// Raw mode while it lives; does nothing to what is no terminal.
class RawMode {
public:
    explicit RawMode(int fd) : fd_{fd}
    {
        termios now{};
        if (::tcgetattr(fd, &now) != 0) {
            return;
        }
        before_ = now;
        ::cfmakeraw(&now);
        ::tcsetattr(fd, TCSAFLUSH, &now);
    }
    ~RawMode()
    {
        if (before_) {
            ::tcsetattr(fd_, TCSAFLUSH, &*before_);
        }
    }
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;

private:
    int fd_;
    std::optional<termios> before_{};
};

// The ending signals as a descriptor while it lives, so that raw mode is always undone.
class SignalWatch {
public:
    SignalWatch()
    {
        sigset_t set{};
        ::sigemptyset(&set);
        for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
            ::sigaddset(&set, signal);
        }
        ::pthread_sigmask(SIG_BLOCK, &set, &before_);
        fd_.reset(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    ~SignalWatch() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

    int fd() const { return fd_.get(); }

private:
    sigset_t before_{};
    base::Fd fd_;
};

bool write_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        text.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return true;
}

// Reads once; empty at the end of the file or after an error.
std::string_view read_some(int fd, std::array<char, 4096>& buffer)
{
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

// For a moment, and a while at the most.
void show_rest(int line, int output)
{
    constexpr int kSilence = 100; // milliseconds
    constexpr int kMostPieces = 50;
    std::array<char, 4096> buffer{};
    pollfd watched{.fd = line, .events = POLLIN, .revents = 0};
    for (int piece = 0; piece < kMostPieces && ::poll(&watched, 1, kSilence) > 0; ++piece) {
        const std::string_view shown = read_some(line, buffer);
        if (shown.empty() || !write_all(output, shown)) {
            return;
        }
    }
}

} // namespace

base::Result<char> escape_key(const std::string& name)
{
    constexpr char kControl = 0x1f;
    if (name.size() == 1) {
        return name[0];
    }
    if (name.size() == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '~') {
        return static_cast<char>(name[1] & kControl);
    }
    return base::fail("'{}' is no key to leave a console with; give a character, or ^ and a letter as in ^]", name);
}

base::Result<ConsoleEnd> join_console(const std::string& path, int input, int output, char escape_key)
{
    const base::Fd line{::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (!line) {
        return base::fail("cannot open the domain's serial line {}: {}", path, base::errno_text(errno));
    }
    const SignalWatch signals;
    const RawMode raw{input};
    std::array<pollfd, 3> watched{{{.fd = line.get(), .events = POLLIN, .revents = 0},
                                   {.fd = input, .events = POLLIN, .revents = 0},
                                   {.fd = signals.fd(), .events = POLLIN, .revents = 0}}};
    std::array<char, 4096> buffer{};
    for (;;) {
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) {
            return base::fail("cannot wait for the serial line: {}", base::errno_text(errno));
        }
        if (watched[2].revents != 0) {
            return ConsoleEnd::Signal;
        }
        if (watched[0].revents != 0) {
            const std::string_view shown = read_some(line.get(), buffer);
            if (shown.empty() || !write_all(output, shown)) {
                return ConsoleEnd::Hangup;
            }
        }
        if (watched[1].revents != 0) {
            const std::string_view typed = read_some(input, buffer);
            const std::size_t escape = typed.find(escape_key);
            if (!write_all(line.get(), typed.substr(0, escape))) {
                return ConsoleEnd::Hangup;
            }
            if (escape != std::string_view::npos) {
                return ConsoleEnd::Left;
            }
            if (typed.empty()) {
                show_rest(line.get(), output);
                return ConsoleEnd::Left;
            }
        }
    }
}

} // namespace windsor::toolstack
