// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log_file.hpp"

#include "base/whole.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::base {

namespace {

constexpr std::string_view kCut = "(older lines have been removed: the log has reached its greatest size)\n";

// What stands from `offset` on, as far as it can be read.
std::string read_from(int fd, off_t offset, std::size_t most)
{
    std::string text(most, '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = ::pread(fd, text.data() + done, text.size() - done, offset + static_cast<off_t>(done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    text.resize(done);
    return text;
}

} // namespace

Result<LogFile> LogFile::open(const std::string& path, std::size_t most)
{
    Fd fd{::open(path.c_str(), O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0600)};
    if (!fd) {
        return fail("cannot write the log {}: {}", path, errno_text(errno));
    }
    return LogFile{std::move(fd), most};
}

void LogFile::append(std::string_view text)
{
    struct stat status {};
    const bool known = ::fstat(fd_.get(), &status) == 0;
    if (known && static_cast<std::size_t>(std::max<off_t>(status.st_size, 0)) + text.size() > most_) {
        drop_older_half();
    }
    write_whole(fd_.get(), text.substr(0, most_ / 4));
}

Status LogFile::move_to(const std::string& path)
{
    LogFile next = WINDSOR_TRY(open(path, most_));
    write_whole(next.fd_.get(), read_from(fd_.get(), 0, most_));
    fd_ = std::move(next.fd_);
    return {};
}

void LogFile::drop_older_half()
{
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
        return;
    }
    const auto keep = static_cast<off_t>(most_ / 2);
    std::string kept = read_from(fd_.get(), std::max<off_t>(status.st_size - keep, 0), most_ / 2);
    kept.erase(0, std::min(kept.find('\n'), kept.size() - 1) + 1); // from the beginning of a line
    if (::ftruncate(fd_.get(), 0) == 0) {
        write_whole(fd_.get(), kCut);
        write_whole(fd_.get(), kept);
    }
}

} // namespace windsor::base
