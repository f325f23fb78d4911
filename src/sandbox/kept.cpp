// SPDX-License-Identifier: GPL-2.0-or-later
// What stays in a file system that is empty otherwise.
#include "sandbox/steps.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::sandbox {

namespace {

// struct mount_attr of mount_setattr(2), which not all headers have.
struct Attributes {
    std::uint64_t set{0};
    std::uint64_t clear{0};
    std::uint64_t propagation{0};
    std::uint64_t user_namespace{0};
};

constexpr unsigned kClone = 1;              // OPEN_TREE_CLONE
constexpr unsigned kRecursive = 0x8000;     // AT_RECURSIVE
constexpr unsigned kFromDescriptor = 0x4;   // MOVE_MOUNT_F_EMPTY_PATH
constexpr std::uint64_t kReadOnly = 0x1;    // MOUNT_ATTR_RDONLY
constexpr std::uint64_t kNoSetUserId = 0x2; // MOUNT_ATTR_NOSUID
constexpr std::uint64_t kNoExecution = 0x8; // MOUNT_ATTR_NOEXEC

std::unexpected<base::Error> failed(const Reach& reach)
{
    return base::fail("{} cannot be kept: {}", reach.path, base::errno_text(errno));
}

Attributes attributes_of(Reach::Use use)
{
    return {.set = kNoSetUserId | (use == Reach::Use::Write ? 0 : kReadOnly) |
                   (use == Reach::Use::Execute ? 0 : kNoExecution)};
}

// Whatever the process's mask for new files is, others than its present user go through it later.
void make_directory(const std::string& path)
{
    constexpr mode_t kMode = 0555;
    if (::mkdir(path.c_str(), kMode) == 0) { // else it is a part of something that stays
        static_cast<void>(::chmod(path.c_str(), kMode));
    }
}

// The directories on the way, and what is mounted upon: a directory or a file.
void make_place(const std::string& root, const std::string& path, bool directory)
{
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        make_directory(root + path.substr(0, slash));
    }
    if (directory) {
        make_directory(root + path);
    } else {
        const base::Fd file{::open((root + path).c_str(), O_CREAT | O_RDONLY | O_CLOEXEC, 0444)};
    }
}

} // namespace

base::Result<std::vector<Kept>> Kept::all_of(std::span<const Reach> reach)
{
    std::vector<Kept> all;
    for (const Reach& each : reach) {
        const long tree = ::syscall(SYS_open_tree, AT_FDCWD, each.path.c_str(), kClone | kRecursive | O_CLOEXEC);
        if (tree < 0 && (errno == ENOENT || errno == ENOTDIR)) {
            continue;
        }
        if (tree < 0) {
            return failed(each);
        }
        all.push_back(Kept{each, base::Fd{static_cast<int>(tree)}});
    }
    return all;
}

base::Status Kept::put_below(const std::string& root) const
{
    Attributes attributes = attributes_of(reach_->use);
    struct stat info{};
    if (::fstat(tree_.get(), &info) != 0 || ::syscall(SYS_mount_setattr, tree_.get(), "", AT_EMPTY_PATH | kRecursive,
                                                      &attributes, sizeof attributes) != 0) {
        return failed(*reach_);
    }
    make_place(root, reach_->path, S_ISDIR(info.st_mode));
    if (::syscall(SYS_move_mount, tree_.get(), "", AT_FDCWD, (root + reach_->path).c_str(), kFromDescriptor) != 0) {
        return failed(*reach_);
    }
    return {};
}

} // namespace windsor::sandbox
