// SPDX-License-Identifier: GPL-2.0-or-later
// A raw image as a drive's medium: a thread of its own does the work.
#pragma once

#include "base/mutex.hpp"
#include "backend/media.hpp"
#include "storage/image.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>

namespace windsor::storage {

// Requests are served one after the other in the order given; flush is fdatasync(2). read(), write(), flush()
// and retry() may be called from any thread.
class AsyncDisk final : public backend::BlockMedia {
public:
    // Takes work to be run later under the machine lock. Called on the disk's thread; must not wait for the
    // machine lock, since a disk may go away while that is held. Work left when the disk goes is still run.
    using Executor = std::function<void(std::function<void()>)>;

    struct Options {
        Executor executor;
        // The host has no space for a write (also a quota or a file size limit). The request is kept, and
        // those behind it wait, until retry(). Run through the executor. None: such writes fail.
        std::function<void()> on_no_space{};
        // Opens the image's file for take_back(), on the disk's thread. None: open_file(), for a process that can.
        std::function<base::Result<base::Fd>()> open{};
        // Requests beyond this many waiting are refused; a drive has one at a time.
        std::size_t most_waiting{256};
    };

    static base::Result<std::unique_ptr<AsyncDisk>> create(std::unique_ptr<Image> image, Options options);

    // Finishes what was asked for, then ends the thread. A write that waits for space gets one more try and fails.
    ~AsyncDisk() override;
    AsyncDisk(const AsyncDisk&) = delete;
    AsyncDisk& operator=(const AsyncDisk&) = delete;

    const Image& image() const { return *image_; }
    std::uint64_t size_bytes() const override { return image_->size_bytes(); }
    bool read_only() const override { return image_->read_only(); }

    // Always end through the executor, never within the call.
    void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) override;
    void write(std::uint64_t offset, std::span<const std::uint8_t> buffer, Done done) override;
    void flush(Done done) override;

    // Behind what was asked for before: flushes, then closes the image, for another process to take over; and opens it
    // again. In between, reads and writes fail. After a failure the image is as it was.
    void let_go(Done done);
    void take_back(Done done);

    // Tries the write again that waits for space.
    void retry();
    bool waiting_for_space() const;

private:
    enum class Kind : std::uint8_t { Read, Write, Flush, LetGo, TakeBack };
    struct Request {
        Kind kind;
        std::uint64_t offset;
        std::span<std::uint8_t> into;
        std::span<const std::uint8_t> from;
        Done done;
    };

    AsyncDisk(std::unique_ptr<Image> image, Options options);
    void submit(Request request);
    void submit(Kind kind, Done done);
    bool within(std::uint64_t offset, std::size_t bytes) const;
    void work();
    base::Status serve(const Request& request);
    base::Status do_read(std::uint64_t offset, std::span<std::uint8_t> into);
    base::Status do_write(std::uint64_t offset, std::span<const std::uint8_t> from);
    base::Status do_flush();
    base::Status do_let_go();
    base::Status do_take_back();
    // True to try again.
    bool wait_for_space();
    void finish(Done done, base::Status result);

    std::unique_ptr<Image> image_;
    Options options_;

    mutable base::Mutex mutex_; // nothing else is locked under it
    std::deque<Request> requests_ WINDSOR_GUARDED_BY(mutex_);
    bool stopping_ WINDSOR_GUARDED_BY(mutex_){false};
    bool no_space_ WINDSOR_GUARDED_BY(mutex_){false};
    bool retry_ WINDSOR_GUARDED_BY(mutex_){false};
    base::Condition changed_;

    // Used by the thread only.
    base::Status flush_result_;
    bool unflushed_{true}; // something may have been written since the last flush
    std::thread thread_;
};

} // namespace windsor::storage
