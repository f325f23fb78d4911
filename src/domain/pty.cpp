// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/pty.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace windsor::domain {

Pty::Pty(base::EventLoop& loop, base::Fd master, base::Fd slave, std::string path)
    : SerialLine{loop, std::move(master)}, slave_{std::move(slave)}, path_{std::move(path)}
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
    WINDSOR_TRY(pty->begin());
    return pty;
}

bool Pty::receive()
{
    std::array<std::uint8_t, 512> buffer{};
    const ssize_t count = ::read(fd(), buffer.data(), buffer.size());
    if (count > 0) {
        type({buffer.data(), static_cast<std::size_t>(count)});
    }
    return true;
}

std::size_t Pty::send(std::span<const std::uint8_t> bytes)
{
    return static_cast<std::size_t>(std::max<ssize_t>(::write(fd(), bytes.data(), bytes.size()), 0));
}

} // namespace windsor::domain
