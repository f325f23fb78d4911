// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::state {

namespace {

constexpr std::size_t kBuffer = 1u << 20;

std::unexpected<base::Error> cannot_write(const std::filesystem::path& path)
{
    return base::fail("cannot write {}: {}", path.string(), base::errno_text(errno));
}

} // namespace

FileOutput::FileOutput(std::filesystem::path path, std::filesystem::path temporary, base::Fd file)
    : path_{std::move(path)}, temporary_{std::move(temporary)}, file_{std::move(file)}
{
}

FileOutput::~FileOutput()
{
    if (!committed_) {
        ::unlink(temporary_.c_str());
    }
}

base::Result<std::unique_ptr<FileOutput>> FileOutput::create(const std::filesystem::path& path)
{
    // Guest memory has secrets in it: for the owner only, as mkstemp() makes it.
    std::string temporary = path.string() + ".XXXXXX";
    struct stat found{};
    if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
        return base::fail("{} is no regular file; give the name of a file to save to", path.string());
    }
    base::Fd file{::mkostemp(temporary.data(), O_CLOEXEC)};
    if (!file) {
        return cannot_write(path);
    }
    return std::unique_ptr<FileOutput>{new FileOutput{path, temporary, std::move(file)}};
}

base::Status FileOutput::write(std::span<const std::uint8_t> bytes)
{
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    return buffer_.size() >= kBuffer ? flush() : base::Status{};
}

base::Status FileOutput::flush()
{
    std::span<const std::uint8_t> left{buffer_};
    while (!left.empty()) {
        const ssize_t written = ::write(file_.get(), left.data(), left.size());
        if (written < 0 && errno != EINTR) {
            return cannot_write(path_);
        }
        left = left.subspan(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    buffer_.clear();
    return {};
}

base::Status FileOutput::commit()
{
    WINDSOR_TRY(flush());
    if (::fsync(file_.get()) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return cannot_write(path_);
    }
    committed_ = true;
    const base::Fd folder{::open(path_.has_parent_path() ? path_.parent_path().c_str() : ".", O_RDONLY | O_CLOEXEC)};
    if (folder) {
        ::fsync(folder.get());
    }
    return {};
}

base::Result<std::unique_ptr<FileInput>> FileInput::open(const std::filesystem::path& path)
{
    base::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        return base::fail("cannot open {}: {}", path.string(), base::errno_text(errno));
    }
    return std::unique_ptr<FileInput>{new FileInput{path, std::move(file)}};
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
