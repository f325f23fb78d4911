// SPDX-License-Identifier: GPL-2.0-or-later
// Four gigabytes of host addresses that stand for a guest's linear addresses, and guard areas around them.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>

namespace windsor::translate {

// Guest linear pages of 4096 bytes, by their number.
using LinearPage = std::uint32_t;
constexpr std::uint64_t kLinearPages = std::uint64_t{1} << 20;

class AddressWindow {
public:
    // What code may add to a linear address, or take from it, without leaving the guard areas: a displacement and the
    // size of an operand.
    static constexpr std::int32_t kLeastDisplacement = -65536;

    static base::Result<std::unique_ptr<AddressWindow>> create();
    ~AddressWindow();
    AddressWindow(const AddressWindow&) = delete;
    AddressWindow& operator=(const AddressWindow&) = delete;

    // Returns the host address of linear address 0.
    std::uint8_t* base() const { return start_ + kBelow; }

    // Pages of a file, from `offset` on (bytes). What cannot be done is false, and may have left the pages unmapped.
    [[nodiscard]] bool map(LinearPage first, std::uint64_t pages, int file, std::uint64_t offset, bool writable);
    [[nodiscard]] bool unmap(LinearPage first, std::uint64_t pages);

private:
    static constexpr std::uint64_t kBelow = std::uint64_t{1} << 20;
    static constexpr std::uint64_t kAbove = (std::uint64_t{1} << 31) + (std::uint64_t{1} << 20);
    static constexpr std::uint64_t kSize = kBelow + (std::uint64_t{1} << 32) + kAbove;

    explicit AddressWindow(std::uint8_t* start) : start_{start} {}

    std::uint8_t* start_;
};

} // namespace windsor::translate
