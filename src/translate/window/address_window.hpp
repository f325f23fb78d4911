// SPDX-License-Identifier: GPL-2.0-or-later
// An address window is four gigabytes of host addresses that stand for a guest's linear addresses, with guard areas
// around them.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <memory>

namespace windsor::translate {

// This is the number of a guest's linear page of 4096 bytes.
using LinearPage = std::uint32_t;
constexpr std::uint64_t kLinearPages = std::uint64_t{1} << 20;

class AddressWindow {
public:
    // An access with any displacement from this one up stays in the window or its guard areas.
    static constexpr std::int32_t kLeastDisplacement = -65536;

    static base::Result<std::unique_ptr<AddressWindow>> create();
    ~AddressWindow();
    AddressWindow(const AddressWindow&) = delete;
    AddressWindow& operator=(const AddressWindow&) = delete;

    // Returns the host address of linear address 0.
    std::uint8_t* base() const { return start_ + kBelow; }

    enum class Rights : std::uint8_t { ReadOnly, ReadWrite };
    // Maps pages of a file, from a byte's offset on. Returns false if the host refuses, which may leave the pages
    // unmapped.
    [[nodiscard]] bool map(LinearPage first, std::uint64_t pages, int file, std::uint64_t offset, Rights rights);
    [[nodiscard]] bool unmap(LinearPage first, std::uint64_t pages);

private:
    static constexpr std::uint64_t kBelow = std::uint64_t{1} << 20;
    static constexpr std::uint64_t kAbove = (std::uint64_t{1} << 31) + (std::uint64_t{1} << 20);
    static constexpr std::uint64_t kSize = kBelow + (std::uint64_t{1} << 32) + kAbove;

    explicit AddressWindow(std::uint8_t* start) : start_{start} {}

    std::uint8_t* start_;
};

} // namespace windsor::translate
