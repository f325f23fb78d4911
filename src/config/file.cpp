// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.hpp"

namespace windsor::config {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;

} // namespace

base::Result<std::string> read_config_file(const std::string& path, std::string_view purpose)
{
    // O_NONBLOCK: opening a FIFO by mistake must not wait for a writer.
    const base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    if (file.get() < 0) {
        return base::fail("{}: the {} cannot be opened: {}", path, purpose, base::errno_text(errno));
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return base::fail("{}: the {} must be a regular file", path, purpose);
    }
    std::string text;
    std::array<char, 16384> buffer{};
    for (;;) {
        const auto count = ::read(file.get(), buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) {
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
