// SPDX-License-Identifier: GPL-2.0-or-later
// Sends a domain to another Windsor while its guest runs, on a thread of its own.
#pragma once

#include "base/event_loop.hpp"
#include "domain/channel.hpp"
#include "domain/saved_domain.hpp"
#include "machine/machine.hpp"
#include "machine/memory_log.hpp"
#include "storage/async_disk.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace windsor::domain {

class Migrator {
public:
    // What the domain itself has to do for it, on its own thread.
    class Owner {
    public:
        virtual ~Owner() = default;
        // While the machine stands still; it goes on afterwards if it ran before.
        virtual void standing_still(const std::function<void()>& action) = 0;
        // From now on it stands still.
        virtual void stop_for_hand_over() = 0;
        // Gives its name away, and says whether the guest is to run at the other end.
        virtual base::Result<bool> step_aside() = 0;
    };
    struct Work {
        machine::Machine& machine; // this and the next two outlive the migrator
        base::EventLoop& loop;
        Owner& owner;
        std::vector<storage::AsyncDisk*> disks{};
        SavedDomain domain{};
        std::unique_ptr<Channel> channel{};
        std::function<void()> done{}; // called on the migrator's thread at the end, after which all of it is known
    };
    // What has become of the domain.
    enum class Outcome : std::uint8_t {
        Here,    // it can go on as if nothing had happened
        Stuck,   // it stands still here, since its images could not be had back
        There,   // the other end runs it
        Unknown, // the connection broke in the moment of the hand-over: it may run there
    };
    struct Progress {
        unsigned pass{0};                // from 1 on; 0: nothing is sent yet
        std::uint64_t done_bytes{0};     // of this pass
        std::uint64_t total_bytes{0};    // of this pass
        std::uint64_t sent_bytes{0};     // in all, compressed
        std::chrono::nanoseconds down{0}; // from the moment it stood still until the other end said that it runs
    };

    explicit Migrator(Work work);
    // Fails if the host has no thread to give. Called once.
    base::Status start();
    // Gives up, if it is not done.
    ~Migrator();
    Migrator(const Migrator&) = delete;
    Migrator& operator=(const Migrator&) = delete;

    // Asks it to end soon; without effect once the domain has been handed over. From any thread.
    void cancel() { cancelled_ = true; }
    // Waits for its end.
    void join();
    // There is nothing to wait for.
    bool ended() const { return ended_; }
    const base::Status& result() const { return result_; }
    Outcome outcome() const { return outcome_; }
    Progress progress() const;

private:
    base::Status move();
    base::Status send_head(state::StreamWriter& writer);
    base::Status send_memory(state::StreamWriter& writer, ChannelOutput& output);
    base::Status send_pass(state::StreamWriter& writer, ChannelOutput& output);
    base::Status send_rest(state::StreamWriter& writer, ChannelOutput& output);
    base::Status hand_over();
    void clean_up();
    base::Status given_up() const;
    // Runs an action on the domain's thread, and waits for it.
    base::Status on_domains_thread(std::function<void()> action);

    Work work_;
    std::unique_ptr<machine::MemoryLog> log_;
    std::chrono::steady_clock::time_point stopped_at_{};
    bool disks_gone_{false};
    std::atomic<Outcome> outcome_{Outcome::Here};
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> abandoned_{false};
    std::atomic<bool> ended_{false};
    std::atomic<unsigned> pass_{0};
    std::atomic<std::uint64_t> done_bytes_{0};
    std::atomic<std::uint64_t> total_bytes_{0};
    std::atomic<std::uint64_t> sent_bytes_{0};
    std::atomic<std::chrono::nanoseconds::rep> down_{0};
    base::Status result_;
    std::thread thread_;
};

} // namespace windsor::domain
