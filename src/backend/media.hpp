// SPDX-License-Identifier: GPL-2.0-or-later
// What a disk or CD-ROM drive needs of its medium. storage/ provides it.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <span>

namespace windsor::backend {

class BlockMedia {
public:
    using Done = std::function<void(base::Status)>;

    virtual ~BlockMedia() = default;

    virtual std::uint64_t size_bytes() const = 0;
    virtual bool read_only() const = 0;

    // Starts a transfer of `buffer`, which stays valid until `done` is called: once, with the machine
    // lock held, within the call or later. `offset` is in bytes. Beyond the end fails.
    virtual void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) = 0;
    virtual void write(std::uint64_t offset, std::span<const std::uint8_t> buffer, Done done) = 0;
    // Every write done before this call is on stable storage when `done` is called without an error.
    virtual void flush(Done done) = 0;
};

} // namespace windsor::backend
