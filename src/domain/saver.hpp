// SPDX-License-Identifier: GPL-2.0-or-later
// Saves a machine that stands still into an open file, on a thread of its own.
#pragma once

#include "base/fd.hpp"
#include "domain/saved_domain.hpp"
#include "machine/machine.hpp"
#include "storage/async_disk.hpp"

#include <atomic>
#include <functional>
#include <span>
#include <thread>

namespace windsor::domain {

class Saver {
public:
    struct Work {
        machine::Machine& machine; // outlives the saver
        std::vector<storage::AsyncDisk*> disks{};
        SavedDomain domain{};
        base::Fd file{};
        std::function<void()> done{}; // called on the saver's thread at the end, after which result() holds
    };

    explicit Saver(Work work);
    // Fails if the host has no thread to give. Called once.
    base::Status start();
    // Gives up, if it is not done; the file is of no use then.
    ~Saver();
    Saver(const Saver&) = delete;
    Saver& operator=(const Saver&) = delete;

    // Asks it to end soon; from any thread.
    void cancel() { cancelled_ = true; }
    // Waits for its end.
    void join();
    // There is nothing to wait for.
    bool ended() const { return ended_; }
    const base::Status& result() const { return result_; }

    std::uint64_t done_bytes() const { return bytes_; }
    std::uint64_t total_bytes() const { return total_; }

private:
    base::Status save();

    Work work_;
    std::uint64_t total_;
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> ended_{false};
    base::Status result_;
    std::thread thread_;
};

} // namespace windsor::domain
