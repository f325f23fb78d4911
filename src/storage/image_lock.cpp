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
#include <vector>

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

// QEMU's protocol (its block/file-posix.c and include/block/block-common.h): who uses an image holds a read lock on one
// byte for each right that he takes, and on another for each right that he grants nobody else. Read locks never
// collide; when he has them, he looks whether somebody has a lock on a byte that contradicts his. Two who come at once
// may both be refused, but are never both let in.
constexpr off_t kFirstTaken = 100;
constexpr off_t kFirstRefused = 200;

// The number of a right is its bit among QEMU's permissions.
enum class Right : std::uint8_t { ConsistentRead = 0, Write = 1, Resize = 3 };

struct Rights {
    std::vector<Right> taken;
    std::vector<Right> refused;

    static off_t byte(off_t first, Right right) { return first + static_cast<off_t>(right); }
    std::vector<off_t> bytes() const { return bytes(kFirstTaken, taken, kFirstRefused, refused); }
    std::vector<off_t> contradicting_bytes() const { return bytes(kFirstRefused, taken, kFirstTaken, refused); }

private:
    static std::vector<off_t> bytes(off_t first, const std::vector<Right>& some, off_t second,
                                    const std::vector<Right>& others)
    {
        std::vector<off_t> all;
        for (const Right right : some) {
            all.push_back(byte(first, right));
        }
        for (const Right right : others) {
            all.push_back(byte(second, right));
        }
        return all;
    }
};

// Readers stand other readers; a writer stands nobody.
Rights rights_of(bool for_writing)
{
    using enum Right;
    if (for_writing) {
        return {.taken = {ConsistentRead, Write}, .refused = {ConsistentRead, Write, Resize}};
    }
    return {.taken = {ConsistentRead}, .refused = {Write, Resize}};
}

int lock_bytes(int fd, short type, off_t start, off_t length)
{
    flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return ::fcntl(fd, F_OFD_SETLK, &lock);
}

// Any lock, of another open of the file.
bool others_have(int fd, off_t byte)
{
    flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
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
    const Rights rights = rights_of(for_writing);
    for (const off_t byte : rights.bytes()) {
        if (lock_bytes(fd, F_RDLCK, byte, 1) != 0) {
            const int number = errno;
            unlock_file(fd);
            return number == EAGAIN || number == EACCES ? LockResult::Held : LockResult::Unsupported;
        }
    }
    for (const off_t byte : rights.contradicting_bytes()) {
        if (others_have(fd, byte)) {
            unlock_file(fd);
            return LockResult::Held;
        }
    }
    return LockResult::Locked;
}

void unlock_file(int fd)
{
    static_cast<void>(lock_bytes(fd, F_UNLCK, 0, 0));
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
