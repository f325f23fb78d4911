// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/image.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <linux/fs.h>
#include <optional>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>

namespace windsor::storage {

using base::Fd;
using base::Result;
using base::Status;

namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::uint64_t kCdBlockBytes = 2048;

constexpr std::array<std::string_view, 5> kRawPrefixes{"file:", "tap2:aio:", "tap:aio:", "aio:", "raw:"};
// Words before a colon that mean something else than a raw image.
constexpr std::array<std::string_view, 10> kOtherPrefixes{"tap2:", "tap:", "qcow2:", "qcow:",  "vhd:",
                                                          "nbd:",  "rbd:", "drbd:",  "iscsi:", "vmdk:"};

struct Magic {
    std::string_view bytes;
    std::string_view format;
};
constexpr std::array<Magic, 5> kMagics{{
    {"QFI\xFB", "qcow2"},
    {"conectix", "VHD"},
    {"vhdxfile", "VHDX"},
    {"KDMV", "VMDK"},
    {"# Disk DescriptorFile", "VMDK"},
}};

bool is_device_path(const std::string& path)
{
    return path.starts_with("/dev/");
}

// Of an empty image, for truncate(1).
std::string_view usual_size(const ImageSpec& spec)
{
    return spec.kind == DiskKind::Floppy ? "1440K" : "10G";
}

// Advice must harm nobody who follows it: nothing is to be made where the guest's data has been, nor in /dev.
std::string missing(const std::string& path, const ImageSpec& spec)
{
    if (spec.contents == Contents::Saved) {
        return fmt::format("{}: is not there, and the guest goes on with what is on it; bring it back to this path, "
                           "or restore with a configuration that names another",
                           path);
    }
    if (spec.kind == DiskKind::CdRom) {
        return is_device_path(path)
                   ? fmt::format("{}: there is no such drive; name the host's CD drive or the file of a disc, or leave "
                                 "the guest's drive empty (',hdc:cdrom,r')",
                                 path)
                   : fmt::format("{}: there is no such image of a disc; correct the path, or leave the guest's drive "
                                 "empty (',hdc:cdrom,r')",
                                 path);
    }
    if (is_device_path(path)) {
        return fmt::format("{}: there is no such device; correct the path, or create the volume or connect the disk "
                           "first",
                           path);
    }
    if (spec.access == Access::ReadOnly) {
        return fmt::format("{}: there is no such image; correct the path", path);
    }
    return fmt::format("{}: there is no such image; correct the path, or make an empty one with "
                       "`truncate -s '>{}' {}`",
                       path, usual_size(spec), path);
}

std::string no_size(const std::string& path, const ImageSpec& spec)
{
    if (is_device_path(path) || spec.kind == DiskKind::CdRom) {
        return fmt::format("{}: has no medium in it; {}", path,
                           spec.kind == DiskKind::CdRom ? "insert a disc, or leave the guest's drive empty"
                                                        : "insert or connect one");
    }
    if (spec.contents == Contents::Saved || spec.access == Access::ReadOnly) {
        return fmt::format("{}: is empty; correct the path, or bring its contents back", path);
    }
    return fmt::format("{}: is empty; give it a size with `truncate -s '>{}' {}`", path, usual_size(spec), path);
}

base::Error open_error(const std::string& path, const ImageSpec& spec, int number)
{
    const bool writing = spec.access != Access::ReadOnly;
    switch (number) {
    case ENOENT:
    case ENOTDIR: return base::Error{missing(path, spec)};
    case ENXIO:
    case ENOMEDIUM: return base::Error{no_size(path, spec)};
    case EACCES:
    case EPERM:
        return base::Error{fmt::format("{}: no permission to {} this image; give user {} the right to, or run as a "
                                       "user who has it",
                                       path, writing ? "read and write" : "read", ::geteuid())};
    case EROFS:
        return base::Error{fmt::format("{}: lies on a read-only file system; use it read-only (mode r)", path)};
    case EBUSY:
        return base::Error{
            fmt::format("{}: the host itself uses this device; unmount it, or use it read-only (mode r)", path)};
    case ETXTBSY:
        return base::Error{fmt::format("{}: is in use as a program or swap file; use another image", path)};
    default:
        return base::Error{fmt::format("{}: cannot be opened: {}; check the path and the host's storage", path,
                                       base::errno_text(number))};
    }
}

Status check_kind(const std::string& path, const struct stat& info)
{
    if (S_ISDIR(info.st_mode)) {
        return base::fail("{}: is a directory, not an image; name the file in it", path);
    }
    if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
        return base::fail("{}: is neither a file nor a block device; name a disk image", path);
    }
    return {};
}

// Opening a FIFO would hang and opening a terminal or tape would do things, so the kind is looked at first.
Status look_first(const std::string& path, const ImageSpec& spec, struct stat& info)
{
    if (::stat(path.c_str(), &info) != 0) {
        return std::unexpected{open_error(path, spec, errno)};
    }
    return check_kind(path, info);
}

// Of a file that somebody else has opened.
Status check_flags(int fd, const std::string& path, const ImageSpec& spec)
{
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_PATH) != 0) {
        return base::fail("{}: its file is not open", path);
    }
    const int mode = flags & O_ACCMODE;
    const bool readable = mode == O_RDONLY || mode == O_RDWR;
    const bool writable = mode == O_RDWR || spec.access == Access::ReadOnly;
    if (!readable || !writable) {
        return base::fail("{}: its file is not open for {}", path, readable ? "writing" : "reading");
    }
    return {};
}

Result<std::uint64_t> stored_size(int fd, const std::string& path)
{
    struct stat info{};
    if (::fstat(fd, &info) != 0) {
        return base::fail("{}: its size cannot be found out: {}; check the host's storage", path,
                          base::errno_text(errno));
    }
    WINDSOR_TRY(check_kind(path, info));
    if (!S_ISBLK(info.st_mode)) {
        return static_cast<std::uint64_t>(info.st_size);
    }
    std::uint64_t bytes = 0;
    if (::ioctl(fd, BLKGETSIZE64, &bytes) != 0) {
        return base::fail("{}: its size cannot be found out: {}; check the device", path, base::errno_text(errno));
    }
    return bytes;
}

// A guest would see garbage instead of its disk.
Status refuse_other_formats(int fd, const std::string& path)
{
    std::array<char, 32> start{};
    const ssize_t count = ::pread(fd, start.data(), start.size(), 0);
    if (count < 0) {
        return base::fail("{}: cannot be read: {}; check the host's storage", path, base::errno_text(errno));
    }
    const std::string_view bytes{start.data(), static_cast<std::size_t>(count)};
    for (const Magic& magic : kMagics) {
        if (bytes.starts_with(magic.bytes)) {
            return base::fail("{}: is a {} image, and only raw ones can be used; convert it with "
                              "`qemu-img convert -O raw`",
                              path, magic.format);
        }
    }
    return {};
}

std::string in_use(int fd, const std::string& path, const ImageSpec& spec)
{
    const bool shareable = spec.access == Access::ReadWrite;
    return fmt::format("{}: is in use by {}; stop that first, or {}", path, lock_holder(fd, spec.users),
                       shareable ? "give both mode w! if what is on it is a file system for several machines at once"
                                 : "give both mode r");
}

Status take_lock(int fd, const std::string& path, const ImageSpec& spec, std::vector<std::string>& notes)
{
    if (spec.access == Access::SharedWrite) {
        return {};
    }
    switch (lock_file(fd, spec.access == Access::ReadWrite)) {
    case LockResult::Locked:
        break;
    case LockResult::Held: return base::fail("{}", in_use(fd, path, spec));
    case LockResult::Unsupported:
        notes.push_back(
            fmt::format("{}: its file system has no locks, so that nothing keeps a second domain from it", path));
        break;
    }
    return {};
}

Result<std::uint64_t> visible_size(std::uint64_t stored, const ImageSpec& spec, const std::string& path,
                                   std::vector<std::string>& notes)
{
    if (stored == 0) {
        return base::fail("{}", no_size(path, spec));
    }
    if (spec.kind == DiskKind::CdRom) {
        const std::uint64_t odd = stored % kCdBlockBytes;
        if (odd != 0) {
            notes.push_back(
                fmt::format("{}: is not a whole number of 2048-byte blocks; its end is filled with zeros", path));
        }
        return odd == 0 ? stored : stored - odd + kCdBlockBytes;
    }
    const std::uint64_t odd = stored % kSectorBytes;
    if (stored < kSectorBytes) {
        return base::fail("{}: is smaller than one 512-byte sector, and so no disk's image; correct the path", path);
    }
    if (odd != 0) {
        notes.push_back(fmt::format(
            "{}: is not a whole number of 512-byte sectors; the guest does not see its last {} bytes", path, odd));
    }
    return stored - odd;
}

} // namespace

Result<std::string> resolve_target(const std::string& target)
{
    std::string path = target;
    if (target.starts_with("phy:")) {
        path = target.substr(4);
        if (!path.empty() && !path.starts_with('/')) {
            path = "/dev/" + path;
        }
    } else {
        std::optional<std::size_t> prefix;
        for (const std::string_view raw : kRawPrefixes) {
            if (!prefix && target.starts_with(raw)) {
                prefix = raw.size();
            }
        }
        for (const std::string_view other : kOtherPrefixes) {
            if (!prefix && target.starts_with(other)) {
                return base::fail("{}: '{}' is not supported; use file: or phy: with a raw image", target,
                                  other.substr(0, other.size() - 1));
            }
        }
        path = target.substr(prefix.value_or(0));
    }
    if (path.empty() || path.find('\0') != std::string::npos) {
        return base::fail("'{}': names no image; write file:/path or phy:/dev/node", target);
    }
    return path;
}

Result<std::unique_ptr<Image>> open_image(const ImageSpec& spec)
{
    return Image::open(spec, Image::Locking::Yes);
}

Result<std::unique_ptr<Image>> inspect_image(const ImageSpec& spec)
{
    return Image::open(spec, Image::Locking::No);
}

Result<Fd> open_file(const ImageSpec& spec)
{
    return Image::open_file(spec, Image::Locking::Yes);
}

Result<std::unique_ptr<Image>> expect_image(const ImageSpec& spec, std::uint64_t size)
{
    std::unique_ptr<Image> image{new Image};
    image->path_ = WINDSOR_TRY(resolve_target(spec.target));
    image->spec_ = spec;
    image->size_ = size;
    return image;
}

Result<std::unique_ptr<Image>> adopt_image(const ImageSpec& spec, Fd file)
{
    std::unique_ptr<Image> image{new Image};
    image->path_ = WINDSOR_TRY(resolve_target(spec.target));
    image->spec_ = spec;
    WINDSOR_TRY(check_flags(file.get(), image->path_, spec));
    WINDSOR_TRY(image->adopt(std::move(file), Image::Locking::Yes));
    return image;
}

void Image::close()
{
    if (fd_) {
        unlock_file(fd_.get());
    }
    fd_.reset();
}

Status Image::reopen(Fd file)
{
    const std::unique_ptr<Image> fresh{new Image};
    fresh->path_ = path_;
    fresh->spec_ = spec_;
    WINDSOR_TRY(fresh->adopt(std::move(file), Locking::Yes));
    if (fresh->size_ != size_) {
        return base::fail("{}: is {} bytes long now, and the guest knows it with {}; give it its old size", path_,
                          fresh->size_, size_);
    }
    fd_ = std::move(fresh->fd_);
    stored_ = fresh->stored_;
    return {};
}

Result<std::unique_ptr<Image>> Image::open(const ImageSpec& spec, Locking locking)
{
    std::unique_ptr<Image> image{new Image};
    image->path_ = WINDSOR_TRY(resolve_target(spec.target));
    image->spec_ = spec;
    Fd file = WINDSOR_TRY(open_file(spec, locking));
    WINDSOR_TRY(image->adopt(std::move(file), locking));
    return image;
}

Result<Fd> Image::open_file(const ImageSpec& spec, Locking locking)
{
    const std::string path = WINDSOR_TRY(resolve_target(spec.target));
    struct stat info{};
    WINDSOR_TRY(look_first(path, spec, info));

    int flags = O_CLOEXEC | O_NONBLOCK | (spec.access == Access::ReadOnly ? O_RDONLY : O_RDWR);
    if (S_ISBLK(info.st_mode) && spec.access == Access::ReadWrite && locking == Locking::Yes) {
        flags |= O_EXCL; // open(2): refused while the host has it mounted
    }
    Fd file{::open(path.c_str(), flags)};
    if (!file) {
        return std::unexpected{open_error(path, spec, errno)};
    }
    return file;
}

Status Image::adopt(Fd file, Locking locking)
{
    stored_ = WINDSOR_TRY(stored_size(file.get(), path_));
    size_ = WINDSOR_TRY(visible_size(stored_, spec_, path_, notes_));
    WINDSOR_TRY(refuse_other_formats(file.get(), path_));
    if (locking == Locking::Yes) {
        WINDSOR_TRY(take_lock(file.get(), path_, spec_, notes_));
    }
    fd_ = std::move(file);
    return {};
}

} // namespace windsor::storage
