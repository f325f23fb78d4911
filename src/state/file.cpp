// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/file.hpp"

#include "base/whole.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::state {

namespace {

constexpr std::size_t kBuffer = 1u << 20;

std::unexpected<base::Error> cannot_write(const std::string& name)
{
    return base::fail("cannot write {}: {}", name, base::errno_text(errno));
}

} // namespace

NewFile::NewFile(std::filesystem::path path, std::filesystem::path temporary, base::Fd file)
    : path_{std::move(path)}, temporary_{std::move(temporary)}, file_{std::move(file)}
{
}

NewFile::~NewFile()
{
    if (file_) {
        ::unlink(temporary_.c_str());
    }
}

base::Result<NewFile> NewFile::create(const std::filesystem::path& path)
{
    // Guest memory has secrets in it: for the owner only, as mkstemp() makes it.
    std::string temporary = path.string() + ".XXXXXX";
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
        return base::fail("{} is no regular file; give the name of a file to save to", path.string());
    }
    base::Fd file{::mkostemp(temporary.data(), O_CLOEXEC)};
    if (!file) {
        return cannot_write(path.string());
    }
    return NewFile{path, temporary, std::move(file)};
}

base::Status NewFile::commit()
{
    if (::fsync(file_.get()) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return cannot_write(path_.string());
    }
    file_.reset();
    const base::Fd folder{::open(path_.has_parent_path() ? path_.parent_path().c_str() : ".", O_RDONLY | O_CLOEXEC)};
    if (folder) {
        ::fsync(folder.get());
    }
    return {};
}

base::Status FileOutput::write(std::span<const std::uint8_t> bytes)
{
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return buffer_.size() >= kBuffer ? flush() : base::Status{};
}

base::Status FileOutput::flush()
{
    if (!base::write_whole(file_.get(), {reinterpret_cast<const char*>(buffer_.data()), buffer_.size()})) {
        return cannot_write(name_);
    }
    buffer_.clear();
    return {};
}

base::Status FileOutput::finish()
{
    WINDSOR_TRY(flush());
    return ::fsync(file_.get()) == 0 || errno == EINVAL ? base::Status{} : cannot_write(name_);
}

base::Result<std::unique_ptr<FileInput>> FileInput::open(const std::filesystem::path& path)
{
    base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        return base::fail("cannot open {}: {}", path.string(), base::errno_text(errno));
    }
    return std::unique_ptr<FileInput>{new FileInput{path, std::move(file)}};
}

bool FileInput::is_own() const
{
    struct stat info{};
    return ::fstat(file_.get(), &info) == 0 && (info.st_uid == ::geteuid() || info.st_uid == 0) &&
           (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

base::Result<std::size_t> FileInput::read(std::span<std::uint8_t> into)
{
    std::size_t done = 0;
    while (done < into.size()) {
        if (position_ == buffer_.size()) {
            buffer_.resize(kBuffer);
            const ssize_t got = ::read(file_.get(), buffer_.data(), buffer_.size());
            if (got < 0 && errno != EINTR) {
                return base::fail("cannot read {}: {}", path_.string(), base::errno_text(errno));
            }
            buffer_.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
            position_ = 0;
            if (got == 0) {
                break;
            }
            continue;
        }
        const std::size_t step = std::min(into.size() - done, buffer_.size() - position_);
        std::memcpy(into.data() + done, buffer_.data() + position_, step);
        done += step;
        position_ += step;
    }
    return done;
}

} // namespace windsor::state
