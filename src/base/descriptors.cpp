// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptors.hpp"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace windsor::base {

std::vector<int> open_descriptors()
{
    std::vector<int> descriptors;
    std::error_code error;
    for (const std::filesystem::directory_entry& item : std::filesystem::directory_iterator{"/proc/self/fd", error}) {
        const std::string name = item.path().filename().string();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        if (fd > STDERR_FILENO) {
            descriptors.push_back(fd);
        }
    }
    // One of them was the listing's own.
    std::erase_if(descriptors, [](int fd) { return ::fcntl(fd, F_GETFD) < 0; });
    return descriptors;
}

void close_all_but(std::span<const int> kept)
{
    for (const int fd : open_descriptors()) {
        if (std::ranges::find(kept, fd) == kept.end()) {
            ::close(fd);
        }
    }
}

void silence_standard_streams()
{
    const int null = ::open("/dev/null", O_RDWR);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::dup2(null, fd);
    }
    if (null > STDERR_FILENO) {
        ::close(null);
    }
}

} // namespace windsor::base
