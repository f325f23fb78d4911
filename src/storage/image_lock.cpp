// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/image_lock.hpp"

#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace windsor::storage {

namespace {

namespace fs = std::filesystem;

bool is_number(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// proc_pid_fdinfo(5): the locks that an open file holds have lines of their own.
bool holds_lock(const fs::path& fdinfo)
{
    std::ifstream file{fdinfo};
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("lock:")) {
            return true;
        }
    }
    return false;
}

// Whether a process has the file open, otherwise than as `own_fd`, with a lock on it.
bool process_holds(const fs::path& process, const struct stat& wanted, std::optional<int> own_fd)
{
    std::error_code error;
    for (fs::directory_iterator entry{process / "fd", error}, end; !error && entry != end; entry.increment(error)) {
        const std::string number = entry->path().filename().string();
        struct stat found{};
        if ((own_fd && number == std::to_string(*own_fd)) || ::stat(entry->path().c_str(), &found) != 0) {
            continue;
        }
        if (found.st_dev == wanted.st_dev && found.st_ino == wanted.st_ino &&
            holds_lock(process / "fdinfo" / number)) {
            return true;
        }
    }
    return false;
}

std::string describe(const std::string& number, const ProcessNames& names)
{
    std::string said = names ? names(std::atoi(number.c_str())) : std::string{};
    if (said.empty()) {
        std::string name;
        std::ifstream comm{fs::path{"/proc"} / number / "comm"};
        std::getline(comm, name);
        said = fmt::format("process {} ({})", number, name);
    }
    return said;
}

} // namespace

LockResult lock_file(int fd, bool for_writing)
{
    flock lock{};
    lock.l_type = static_cast<short>(for_writing ? F_WRLCK : F_RDLCK);
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        return LockResult::Locked;
    }
    return errno == EAGAIN || errno == EACCES ? LockResult::Held : LockResult::Unsupported;
}

std::string lock_holder(int fd, const ProcessNames& names)
{
    struct stat wanted{};
    std::error_code error;
    if (::fstat(fd, &wanted) != 0) {
        return "another process";
    }
    // Where /proc is of another namespace of process ids than this process, it has another number there.
    const std::string self = fs::read_symlink("/proc/self", error).string();
    for (fs::directory_iterator entry{"/proc", error}, end; !error && entry != end; entry.increment(error)) {
        const std::string number = entry->path().filename().string();
        const bool is_self = number == self;
        if (is_number(number) && process_holds(entry->path(), wanted, is_self ? std::optional{fd} : std::nullopt)) {
            return is_self ? "another disk of this same domain" : describe(number, names);
        }
    }
    return "another process";
}

} // namespace windsor::storage
