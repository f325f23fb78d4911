// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/whole.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unistd.h>

namespace windsor::base {

std::string read_whole(int fd, std::size_t most)
{
    std::string bytes;
    std::array<char, 4096> buffer{};
    while (bytes.size() < most) {
        const ssize_t count = ::read(fd, buffer.data(), std::min(buffer.size(), most - bytes.size()));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        bytes.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return bytes;
}

bool write_whole(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

} // namespace windsor::base
