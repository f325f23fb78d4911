// SPDX-License-Identifier: GPL-2.0-or-later
// Raw images in files and on block devices: finding, checking, locking and making them.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "storage/image_lock.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace windsor::storage {

// The access modes of Xen's disk lines: r, w and w!.
enum class Access : std::uint8_t {
    ReadOnly,    // others may read, nobody may write
    ReadWrite,   // nobody else may use it
    SharedWrite, // no lock: for guests with a cluster file system
};

enum class DiskKind : std::uint8_t { HardDisk, CdRom, Floppy };

// Saved: a guest that goes on has used it, and would go wrong with another one or a new one.
enum class Contents : std::uint8_t { Any, Saved };

struct ImageSpec {
    // As in a disk line: "file:/path", "phy:/dev/node", "phy:node" below /dev, or a path. Xen's other
    // words for raw files, "tap:aio:", "tap2:aio:", "aio:" and "raw:", mean the same as "file:".
    std::string target;
    Access access{Access::ReadOnly};
    DiskKind kind{DiskKind::HardDisk};
    Contents contents{Contents::Any};
    ProcessNames users{}; // how messages call who uses it
};

// A raw image, open and locked for as long as it lives, but for the time between close() and reopen().
class Image {
public:
    // The path that was opened.
    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); } // -1 while closed
    bool read_only() const { return spec_.access == Access::ReadOnly; }
    const ImageSpec& spec() const { return spec_; }

    // Lets go of file and lock, for another process to take over. Other descriptors of the same open file stay, without
    // a lock.
    void close();
    // Checks and locks it again, with a descriptor from open_file(). Fails as open_image() does, and if the guest would
    // see another size.
    base::Status reopen(base::Fd file);

    // What the guest sees, in bytes: whole sectors of a hard disk (an odd end is left out), whole blocks of
    // a CD-ROM (an odd end is filled with zeros).
    std::uint64_t size_bytes() const { return size_; }
    // What the file has.
    std::uint64_t stored_bytes() const { return stored_; }
    // What the user should know, a sentence each: an odd size, a file system without locks.
    const std::vector<std::string>& notes() const { return notes_; }

private:
    friend base::Result<std::unique_ptr<Image>> open_image(const ImageSpec& spec);
    friend base::Result<std::unique_ptr<Image>> inspect_image(const ImageSpec& spec);
    friend base::Result<std::unique_ptr<Image>> adopt_image(const ImageSpec& spec, base::Fd file);
    friend base::Result<std::unique_ptr<Image>> expect_image(const ImageSpec& spec, std::uint64_t size);
    enum class Locking : std::uint8_t { Yes, No };
    static base::Result<std::unique_ptr<Image>> open(const ImageSpec& spec, Locking locking);
    static base::Result<base::Fd> open_file(const ImageSpec& spec, Locking locking);
    base::Status adopt(base::Fd file, Locking locking);
    friend base::Result<base::Fd> open_file(const ImageSpec& spec);
    Image() = default;

    ImageSpec spec_;
    std::string path_;
    base::Fd fd_;
    std::uint64_t size_{0};
    std::uint64_t stored_{0};
    std::vector<std::string> notes_;
};

// Opens, checks and locks an image. Fails with one sentence that says what is wrong and what to do: no such
// image, no permission, a directory, empty, another format, in use (by whom, if that can be found out).
base::Result<std::unique_ptr<Image>> open_image(const ImageSpec& spec);

// The same without a lock, whoever uses the image: only to be looked at.
base::Result<std::unique_ptr<Image>> inspect_image(const ImageSpec& spec);

// Opens the file or device alone: for a process that cannot, and then looks at what is in it.
base::Result<base::Fd> open_file(const ImageSpec& spec);

// The same as open_image() with a file that somebody else has opened for it: checks that it is one that the target can
// stand for, open for what the access wants, and locks it.
base::Result<std::unique_ptr<Image>> adopt_image(const ImageSpec& spec, base::Fd file);

// An image that is closed as yet, since another process uses it, and will be of `size` bytes when reopen() has taken it
// over. Nothing is looked at but the target's form.
base::Result<std::unique_ptr<Image>> expect_image(const ImageSpec& spec, std::uint64_t size);

// The path that a disk line's target means. Fails for formats and protocols that are not raw images.
base::Result<std::string> resolve_target(const std::string& target);

} // namespace windsor::storage
