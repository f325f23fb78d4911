// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>

#include "base/fd.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPatience{10}; // for all of a text that comes through a pipe

bool is_null_device(const struct stat& status)
{
    constexpr unsigned kMemoryDevices = 1;
    constexpr unsigned kNull = 3; // null(4)
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(kMemoryDevices, kNull);
}

// The file is open without waiting, as a FIFO may have nobody who writes, or one who never ends. Such a one is waited
// for until `end`.
base::Status await_text(int file, Clock::time_point end, const std::string& path, std::string_view purpose)
{
    pollfd watched{.fd = file, .events = POLLIN, .revents = 0};
    int ready = 0;
    do {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        ready = left > 0 ? ::poll(&watched, 1, static_cast<int>(left)) : 0;
    } while (ready < 0 && errno == EINTR);
    return ready > 0 ? base::Status{}
                     : base::fail("{}: nobody has written the whole {} to this pipe within {} s", path, purpose,
                                  kPatience.count());
}

} // namespace

base::Result<std::string> read_config_file(const std::string& path, std::string_view purpose)
{
    // O_NONBLOCK: opening a FIFO by mistake must not wait for a writer.
    const base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (file.get() < 0) {
        return base::fail("{}: the {} cannot be opened: {}", path, purpose, base::errno_text(errno));
    }
    struct stat status {};
    const bool known = ::fstat(file.get(), &status) == 0;
    const bool pipe = known && S_ISFIFO(status.st_mode);
    if (!known || (!S_ISREG(status.st_mode) && !pipe && !is_null_device(status))) {
        return base::fail("{}: the {} must be a file or a pipe", path, purpose);
    }
    const auto end = Clock::now() + kPatience;
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        if (pipe) {
            WINDSOR_TRY(await_text(file.get(), end, path, purpose));
        }
        const auto count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (count < 0) {
            return base::fail("{}: the {} cannot be read: {}", path, purpose, base::errno_text(errno));
        }
        if (count == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > kLargestFile) {
            return base::fail("{}: the {} is larger than 1 MiB", path, purpose);
        }
    }
}

bool config_file_exists(const std::string& path)
{
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

} // namespace windsor::config
