// SPDX-License-Identifier: GPL-2.0-or-later
// Which device answers at which address.
#pragma once

#include "base/log.hpp"
#include "base/strong.hpp"
#include "bus/access.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace windsor::bus {

class Router;

// A range of a router that leads to a handler as long as this lives. It belongs to whoever has asked for it, and may be
// moved. Made, moved over and destroyed under the machine lock; the router outlives it.
class [[nodiscard]] Claim {
public:
    // No range.
    Claim() = default;
    Claim(Claim&& other) noexcept : router_{std::exchange(other.router_, nullptr)}, serial_{other.serial_} {}
    Claim& operator=(Claim&& other) noexcept;
    ~Claim() { let_go(); }

    // The range leads where it led before.
    void release() WINDSOR_REQUIRES(kMachineLock) { let_go(); }
    explicit operator bool() const { return router_ != nullptr; }

private:
    friend class Router;
    // The analysis of locks does not see who destroys a member.
    void let_go() WINDSOR_NO_LOCK_ANALYSIS;
    Claim(Router& router, std::uint64_t serial) : router_{&router}, serial_{serial} {}

    Router* router_{nullptr};
    std::uint64_t serial_{0};
};

// An address space of ranges. Where nobody answers, reads give all ones and writes vanish, quietly. PortRouter and
// MmioRouter, below, are what machines have.
class Router {
public:
    // `log` outlives the router; `name` heads its lines ("port", "mmio").
    Router(std::string name, base::Log& log) : name_{std::move(name)}, log_{log} {}

    // Routes [start, start + size) to `handler`, which outlives the claim. Of overlapping claims the newest answers;
    // its end uncovers the older one. The log calls the range by its `owner`.
    Claim claim(std::uint64_t start, std::uint64_t size, AccessHandler& handler, std::string owner)
        WINDSOR_REQUIRES(kMachineLock);

    // An access that its handler refuses as too wide is split into bytes, as the ISA bus does.
    std::uint64_t read(std::uint64_t address, Width width) WINDSOR_REQUIRES(kMachineLock);
    void write(std::uint64_t address, Width width, std::uint64_t value) WINDSOR_REQUIRES(kMachineLock);

    // Accesses to one address for all elements of `data`, which is a multiple of the width.
    void read_run(std::uint64_t address, Width width, std::span<std::uint8_t> data) WINDSOR_REQUIRES(kMachineLock);
    void write_run(std::uint64_t address, Width width, std::span<const std::uint8_t> data)
        WINDSOR_REQUIRES(kMachineLock);

private:
    friend class Claim;
    struct Range {
        std::uint64_t start;
        std::uint64_t size;
        AccessHandler* handler;
        std::string owner;
    };

    void release(std::uint64_t serial) WINDSOR_REQUIRES(kMachineLock);
    const Range* find(std::uint64_t address) const WINDSOR_REQUIRES(kMachineLock);
    // The same, if the whole access lies within it.
    const Range* find(std::uint64_t address, Width width) const WINDSOR_REQUIRES(kMachineLock);
    std::uint64_t read_bytes(std::uint64_t address, Width width) WINDSOR_REQUIRES(kMachineLock);
    void write_bytes(std::uint64_t address, Width width, std::uint64_t value) WINDSOR_REQUIRES(kMachineLock);
    void log_refusal(std::uint64_t address, Width width, std::string_view what) WINDSOR_REQUIRES(kMachineLock);
    void rebuild() WINDSOR_REQUIRES(kMachineLock);

    std::string name_;
    base::Log& log_;
    std::uint64_t next_serial_ WINDSOR_GUARDED_BY(kMachineLock){0};
    // By their age, the newest last.
    std::map<std::uint64_t, Range> claims_ WINDSOR_GUARDED_BY(kMachineLock);
    // Disjoint pieces by their start: where each ends, and which range answers there.
    std::map<std::uint64_t, std::pair<std::uint64_t, const Range*>> visible_ WINDSOR_GUARDED_BY(kMachineLock);
};

// A router whose addresses are of a type of their own.
template <typename Address> class RouterOf {
public:
    RouterOf(std::string name, base::Log& log) : router_{std::move(name), log} {}

    Claim claim(Address start, std::uint64_t size, AccessHandler& handler, std::string owner)
        WINDSOR_REQUIRES(kMachineLock)
    {
        return router_.claim(start.raw(), size, handler, std::move(owner));
    }
    std::uint64_t read(Address address, Width width) WINDSOR_REQUIRES(kMachineLock)
    {
        return router_.read(address.raw(), width);
    }
    void write(Address address, Width width, std::uint64_t value) WINDSOR_REQUIRES(kMachineLock)
    {
        router_.write(address.raw(), width, value);
    }
    void read_run(Address address, Width width, std::span<std::uint8_t> data) WINDSOR_REQUIRES(kMachineLock)
    {
        router_.read_run(address.raw(), width, data);
    }
    void write_run(Address address, Width width, std::span<const std::uint8_t> data) WINDSOR_REQUIRES(kMachineLock)
    {
        router_.write_run(address.raw(), width, data);
    }

private:
    Router router_;
};

using PortRouter = RouterOf<base::Port>;          // the 64 KiB of I/O ports
using MmioRouter = RouterOf<base::GuestPhysical>; // guest-physical addresses without memory

} // namespace windsor::bus
