// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/pty.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

namespace windsor::domain {

namespace {

constexpr std::size_t kMostOutput = 64u << 10;
constexpr std::size_t kMostInput = 4096;

} // namespace

Pty::Pty(base::EventLoop& loop, base::Fd master, base::Fd slave, std::string path)
    : loop_{loop}, master_{std::move(master)}, slave_{std::move(slave)}, path_{std::move(path)},
      output_{std::make_shared<base::Guarded<std::deque<std::uint8_t>>>()}
{
}

base::Result<std::unique_ptr<Pty>> Pty::create(base::EventLoop& loop)
{
    base::Fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)};
    std::array<char, 128> name{};
    const bool named = master && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0 &&
                       ::ptsname_r(master.get(), name.data(), name.size()) == 0;
    base::Fd slave{named ? ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC) : -1};
    if (!slave) {
        return base::fail("cannot make a pseudo-terminal for the serial line: {}", base::errno_text(errno));
    }
    termios raw{};
    ::tcgetattr(slave.get(), &raw);
    ::cfmakeraw(&raw);
    ::tcsetattr(slave.get(), TCSANOW, &raw);
    std::unique_ptr<Pty> pty{new Pty{loop, std::move(master), std::move(slave), name.data()}};
    Pty& self = *pty;
    WINDSOR_TRY(loop.watch(self.master_.get(), EPOLLIN, [&self](std::uint32_t events) { self.handle(events); }));
    return pty;
}

Pty::~Pty()
{
    loop_.unwatch(master_.get());
}

void Pty::handle(std::uint32_t events)
{
    if ((events & EPOLLIN) != 0) {
        read_input();
    }
    if ((events & EPOLLOUT) != 0) {
        write_output();
    }
    watch();
}

void Pty::read_input()
{
    std::array<std::uint8_t, 512> buffer{};
    const ssize_t count = ::read(master_.get(), buffer.data(), buffer.size());
    if (count > 0) {
        typed_.insert(typed_.end(), buffer.begin(), buffer.begin() + count);
        offer();
    }
}

void Pty::offer()
{
    if (input_ && !typed_.empty()) {
        const std::size_t taken = input_(typed_);
        typed_.erase(typed_.begin(), typed_.begin() + static_cast<std::ptrdiff_t>(std::min(taken, typed_.size())));
    }
}

void Pty::input_wanted()
{
    // The terminal may be gone by the time the loop comes to it; output_ tells.
    loop_.post([this, alive = std::weak_ptr{output_}] {
        if (!alive.expired()) {
            offer();
            watch();
        }
    });
}

void Pty::transmit(std::uint8_t byte)
{
    const bool first = output_->with([&](auto& output) {
        output.push_back(byte);
        if (output.size() > kMostOutput) {
            output.pop_front();
        }
        return output.size() == 1;
    });
    if (first) {
        loop_.post([this, alive = std::weak_ptr{output_}] {
            if (!alive.expired()) {
                write_output();
                watch();
            }
        });
    }
}

void Pty::write_output()
{
    output_->with([this](auto& output) {
        while (!output.empty()) {
            const std::vector<std::uint8_t> chunk{output.begin(), output.end()};
            const ssize_t count = ::write(master_.get(), chunk.data(), chunk.size());
            if (count <= 0) {
                return;
            }
            output.erase(output.begin(), output.begin() + count);
        }
    });
}

// Reads only while the guest takes input, writes only while there is output.
void Pty::watch()
{
    const bool pending = output_->with([](auto& output) { return !output.empty(); });
    const std::uint32_t readable = typed_.size() < kMostInput ? EPOLLIN : 0u;
    loop_.modify(master_.get(), readable | (pending ? EPOLLOUT : 0u));
}

} // namespace windsor::domain
