// SPDX-License-Identifier: GPL-2.0-or-later
// Which device answers at which address.
#pragma once

#include "base/log.hpp"
#include "bus/access.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace windsor::bus {

// An address space of ranges: the I/O ports (64 KiB) or the MMIO space.
// Where nobody answers, reads give all ones and writes vanish, quietly.
class Router {
public:
    // `log` outlives the router; `name` heads its lines ("port", "mmio").
    Router(std::string name, base::Log& log) : name_{std::move(name)}, log_{log} {}

    // Routes [start, start + size) to `handler`, which outlives the claim. Of overlapping claims the
    // newest answers; releasing it uncovers the older one.
    void claim(std::uint64_t start, std::uint64_t size, AccessHandler& handler, std::string owner)
        WINDSOR_REQUIRES(kMachineLock);
    // Undoes the claim of that handler at that start, if there is one.
    void release(std::uint64_t start, const AccessHandler& handler) WINDSOR_REQUIRES(kMachineLock);

    // An access that its handler refuses as too wide is split into bytes, as the ISA bus does.
    std::uint64_t read(std::uint64_t address, Width width) WINDSOR_REQUIRES(kMachineLock);
    void write(std::uint64_t address, Width width, std::uint64_t value) WINDSOR_REQUIRES(kMachineLock);

    // Accesses to one address for all elements of `data`, which is a multiple of the width.
    void read_run(std::uint64_t address, Width width, std::span<std::uint8_t> data) WINDSOR_REQUIRES(kMachineLock);
    void write_run(std::uint64_t address, Width width, std::span<const std::uint8_t> data)
        WINDSOR_REQUIRES(kMachineLock);

private:
    struct Claim {
        std::uint64_t start;
        std::uint64_t size;
        AccessHandler* handler;
        std::string owner;
        std::uint64_t serial;
    };

    const Claim* find(std::uint64_t address) const WINDSOR_REQUIRES(kMachineLock);
    // The same, if the whole access lies within it.
    const Claim* find(std::uint64_t address, Width width) const WINDSOR_REQUIRES(kMachineLock);
    std::uint64_t read_bytes(std::uint64_t address, Width width) WINDSOR_REQUIRES(kMachineLock);
    void write_bytes(std::uint64_t address, Width width, std::uint64_t value) WINDSOR_REQUIRES(kMachineLock);
    void rebuild() WINDSOR_REQUIRES(kMachineLock);

    std::string name_;
    base::Log& log_;
    std::uint64_t next_serial_ WINDSOR_GUARDED_BY(kMachineLock){0};
    std::multimap<std::uint64_t, Claim> claims_ WINDSOR_GUARDED_BY(kMachineLock);
    // Disjoint ranges by their start: which claim answers there.
    std::map<std::uint64_t, std::pair<std::uint64_t, const Claim*>> visible_ WINDSOR_GUARDED_BY(kMachineLock);
};

} // namespace windsor::bus
