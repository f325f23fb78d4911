// SPDX-License-Identifier: GPL-2.0-or-later
#include "storage/async_disk.hpp"

#include "sandbox/thread_role.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <pthread.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace windsor::storage {

using base::Result;
using base::Status;

namespace {

// EFBIG comes from a limit on the size of files (setrlimit(2), RLIMIT_FSIZE), which can be raised.
bool is_no_space(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

} // namespace

AsyncDisk::AsyncDisk(std::unique_ptr<Image> image, Options options)
    : image_{std::move(image)}, options_{std::move(options)}
{
}

Result<std::unique_ptr<AsyncDisk>> AsyncDisk::create(std::unique_ptr<Image> image, Options options)
{
    std::unique_ptr<AsyncDisk> disk{new AsyncDisk{std::move(image), std::move(options)}};
    // Signals belong to other threads; SIGXFSZ, which a write can raise, must not end the process.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    Status result;
    try {
        disk->thread_ = std::thread{[raw = disk.get()] {
            sandbox::confine_thread(sandbox::ThreadRole::Disk);
            raw->work();
        }};
    } catch (const std::system_error& error) {
        result = base::fail("{}: no thread can be started for this disk: {}; raise the limit on processes",
                            disk->image_->path(), error.what());
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    WINDSOR_TRY(std::move(result));
    return disk;
}

AsyncDisk::~AsyncDisk()
{
    {
        const base::MutexLock lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

bool AsyncDisk::within(std::uint64_t offset, std::size_t bytes) const
{
    return offset <= size_bytes() && bytes <= size_bytes() - offset;
}

void AsyncDisk::read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done)
{
    if (!within(offset, buffer.size())) {
        finish(std::move(done), base::fail("{}: read beyond the end", image_->path()));
        return;
    }
    submit({.kind = Kind::Read, .offset = offset, .into = buffer, .from = {}, .done = std::move(done)});
}

void AsyncDisk::write(std::uint64_t offset, std::span<const std::uint8_t> buffer, Done done)
{
    if (read_only()) {
        finish(std::move(done), base::fail("{}: is used read-only", image_->path()));
        return;
    }
    if (!within(offset, buffer.size())) {
        finish(std::move(done), base::fail("{}: write beyond the end", image_->path()));
        return;
    }
    submit({.kind = Kind::Write, .offset = offset, .into = {}, .from = buffer, .done = std::move(done)});
}

void AsyncDisk::flush(Done done)
{
    submit(Kind::Flush, std::move(done));
}

void AsyncDisk::let_go(Done done)
{
    submit(Kind::LetGo, std::move(done));
}

void AsyncDisk::take_back(Done done)
{
    submit(Kind::TakeBack, std::move(done));
}

void AsyncDisk::submit(Kind kind, Done done)
{
    submit({.kind = kind, .offset = 0, .into = {}, .from = {}, .done = std::move(done)});
}

void AsyncDisk::submit(Request request)
{
    {
        const base::MutexLock lock{mutex_};
        if (requests_.size() < options_.most_waiting) {
            requests_.push_back(std::move(request));
            changed_.notify_all();
            return;
        }
    }
    finish(std::move(request.done), base::fail("{}: too many requests at once", image_->path()));
}

void AsyncDisk::retry()
{
    {
        const base::MutexLock lock{mutex_};
        retry_ = no_space_;
    }
    changed_.notify_all();
}

bool AsyncDisk::waiting_for_space() const
{
    const base::MutexLock lock{mutex_};
    return no_space_;
}

void AsyncDisk::work()
{
    for (;;) {
        Request request{};
        {
            const base::MutexLock lock{mutex_};
            while (!stopping_ && requests_.empty()) {
                changed_.wait(mutex_);
            }
            if (requests_.empty()) {
                return;
            }
            request = std::move(requests_.front());
            requests_.pop_front();
        }
        Status result = serve(request);
        finish(std::move(request.done), std::move(result));
    }
}

void AsyncDisk::finish(Done done, Status result)
{
    options_.executor([done = std::move(done), result = std::move(result)] { done(result); });
}

Status AsyncDisk::serve(const Request& request)
{
    switch (request.kind) {
    case Kind::Read:
        return do_read(request.offset, request.into);
    case Kind::Write:
        return do_write(request.offset, request.from);
    case Kind::LetGo:
        return do_let_go();
    case Kind::TakeBack:
        return do_take_back();
    case Kind::Flush:
        break;
    }
    return do_flush();
}

Status AsyncDisk::do_let_go()
{
    if (image_->fd() >= 0) {
        WINDSOR_TRY(do_flush());
        image_->close();
    }
    return {};
}

Status AsyncDisk::do_take_back()
{
    if (image_->fd() >= 0) {
        return {};
    }
    return image_->reopen(WINDSOR_TRY(options_.open ? options_.open() : open_file(image_->spec())));
}

Status AsyncDisk::do_read(std::uint64_t offset, std::span<std::uint8_t> into)
{
    while (!into.empty()) {
        const std::uint64_t stored = image_->stored_bytes();
        if (offset >= stored) { // the odd end of a CD-ROM image
            std::ranges::fill(into, std::uint8_t{0});
            break;
        }
        const std::size_t most = std::min<std::uint64_t>(into.size(), stored - offset);
        const ssize_t count = ::pread(image_->fd(), into.data(), most, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return base::fail("{}: cannot be read at byte {}: {}", image_->path(), offset, base::errno_text(errno));
        }
        if (count == 0) {
            return base::fail("{}: ends at byte {}; it has been cut short while in use", image_->path(), offset);
        }
        offset += static_cast<std::uint64_t>(count);
        into = into.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Status AsyncDisk::do_write(std::uint64_t offset, std::span<const std::uint8_t> from)
{
    unflushed_ = true;
    while (!from.empty()) {
        const ssize_t count = ::pwrite(image_->fd(), from.data(), from.size(), static_cast<off_t>(offset));
        const int number = count < 0 ? errno : count == 0 ? ENOSPC : 0;
        if (number == EINTR || (is_no_space(number) && wait_for_space())) {
            continue;
        }
        if (number != 0) {
            return base::fail("{}: cannot be written at byte {}: {}", image_->path(), offset, base::errno_text(number));
        }
        offset += static_cast<std::uint64_t>(count);
        from = from.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

// After a failure the kernel may have dropped the pages that it could not write, and a later fdatasync(2) would
// succeed without them: no flush may claim success any more.
Status AsyncDisk::do_flush()
{
    if (!flush_result_ || !unflushed_ || read_only() || image_->fd() < 0) {
        return flush_result_;
    }
    int result = 0;
    do {
        result = ::fdatasync(image_->fd());
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        flush_result_ = base::fail("{}: cannot be flushed: {}", image_->path(), base::errno_text(errno));
    }
    unflushed_ = false;
    return flush_result_;
}

bool AsyncDisk::wait_for_space()
{
    if (!options_.on_no_space) {
        return false;
    }
    const base::MutexLock lock{mutex_};
    if (stopping_) {
        return false;
    }
    no_space_ = true;
    {
        const base::MutexUnlock unlocked{mutex_};
        options_.executor(options_.on_no_space);
    }
    while (!stopping_ && !retry_) {
        changed_.wait(mutex_);
    }
    no_space_ = false;
    retry_ = false;
    return true; // once more even when stopping: there may be space by now
}

} // namespace windsor::storage
