// SPDX-License-Identifier: GPL-2.0-or-later
// Which pages of a machine's memory another machine does not have yet, for live migration: at first all that were ever
// touched, later those that have been written since they were sent.
#pragma once

#include "bus/machine_lock.hpp"
#include "machine/named_memory.hpp"
#include "memory/guest_memory.hpp"
#include "state/pages.hpp"

#include <cstdint>
#include <vector>

namespace windsor::machine {

class MemoryLog {
public:
    // Logs from now on. Like collect() and the destructor, of a machine that stands still. `lock` is the machine lock.
    MemoryLog(bus::MachineLock& lock, memory::GuestMemory& memory, std::vector<NamedMemory> blocks);
    ~MemoryLog();
    MemoryLog(const MemoryLog&) = delete;
    MemoryLog& operator=(const MemoryLog&) = delete;

    // Adds what has been written since the last call.
    void collect();
    // How many pages there are to be sent.
    std::uint64_t pages() const { return pages_; }
    // Sends them, also while the guest runs: what it writes meanwhile is found by the next collect(). `progress` is
    // told of the bytes sent by this call, and can stop it.
    base::Status send(state::StreamWriter& to, const state::Progress& progress = {});

private:
    struct Part {
        NamedMemory memory;
        std::vector<bool> unsent; // by page
    };

    base::Status send(state::PageWriter& to, Part& part, const state::Progress& progress, std::uint64_t& sent);

    bus::MachineLock& lock_;
    memory::GuestMemory& memory_ WINDSOR_GUARDED_BY(bus::kMachineLock);
    std::vector<Part> parts_;
    std::uint64_t pages_{0};
};

} // namespace windsor::machine
