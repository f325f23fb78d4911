// SPDX-License-Identifier: GPL-2.0-or-later
// What a device answers to an access. Only the bus turns a refusal into a floating value and a log line.
#pragma once

#include "bus/machine_lock.hpp"

#include <cstdint>
#include <span>

namespace windsor::bus {

// Bytes of one access.
enum class Width : std::uint8_t { Byte = 1, Word = 2, Dword = 4, Qword = 8 };

constexpr unsigned bytes(Width width)
{
    return static_cast<unsigned>(width);
}

// All ones of a width: what an undriven bus reads as.
constexpr std::uint64_t all_ones(Width width)
{
    return width == Width::Qword ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * bytes(width))) - 1;
}

enum class AccessStatus : std::uint8_t {
    Ok,
    NoRegister, // the device has nothing at this offset
    BadWidth,   // the register does not take this width
};

struct ReadResult {
    AccessStatus status{AccessStatus::Ok};
    std::uint64_t value{0}; // valid if Ok; the bus masks it to the width

    // NOLINTNEXTLINE(google-explicit-constructor): a handler returns a plain value
    constexpr ReadResult(std::uint64_t read) : value{read} {}
    constexpr ReadResult(AccessStatus refusal) : status{refusal} {}
};

// A device that answers accesses in ranges it was given; `offset` counts bytes from the range's start,
// and the access lies wholly within the range.
class AccessHandler {
public:
    virtual ~AccessHandler() = default;
    virtual ReadResult read(std::uint64_t offset, Width width) WINDSOR_REQUIRES(kMachineLock) = 0;
    virtual AccessStatus write(std::uint64_t offset, Width width, std::uint64_t value)
        WINDSOR_REQUIRES(kMachineLock) = 0;

    // As many accesses to one register as `data` has elements, which string instructions make: for data ports that can
    // do better than one by one. False, with nothing done, if the register is none.
    virtual bool read_run(std::uint64_t /*offset*/, Width /*width*/, std::span<std::uint8_t> /*data*/)
        WINDSOR_REQUIRES(kMachineLock)
    {
        return false;
    }
    virtual bool write_run(std::uint64_t /*offset*/, Width /*width*/, std::span<const std::uint8_t> /*data*/)
        WINDSOR_REQUIRES(kMachineLock)
    {
        return false;
    }
};

} // namespace windsor::bus
