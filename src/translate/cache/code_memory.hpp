// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of translated code is one memfd that is mapped twice, so that no address is both writable and executable.
// Around the writable mapping, more addresses are free than an operand can span by an index and a displacement of 32
// bits, and more than a window has with its guard areas, so that translated code cannot reach it. To map it only while
// something is written would cost two system calls and a stop of all other processors for each block.
#pragma once

#include "base/huge_pages.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace windsor::translate {

class CodeMemory {
public:
    // This many bytes are kept free on either side of the writable mapping.
    static constexpr std::size_t kGuard = std::size_t{8} << 30;

    // `size` is a multiple of a page.
    static base::Result<std::unique_ptr<CodeMemory>> create(std::size_t size);
    ~CodeMemory();
    CodeMemory(const CodeMemory&) = delete;
    CodeMemory& operator=(const CodeMemory&) = delete;

    std::uint8_t* writable() { return writable_; }
    const std::uint8_t* executable() const { return executable_; }
    std::size_t size() const { return size_; }

    // Must be called before at most `bytes` of code are written at a writable address. They must be fewer than a huge
    // page has.
    void use(const std::uint8_t* from, std::size_t bytes)
    {
        const auto offset = static_cast<std::size_t>(from - writable_);
        pages_.use(offset);
        pages_.use(offset + bytes);
    }

    // Returns the writable address that belongs to an executable one.
    std::uint8_t* writable(const std::uint8_t* code) { return writable_ + (code - executable_); }

private:
    CodeMemory(std::uint8_t* reserved, std::uint8_t* writable, std::uint8_t* executable, std::size_t size)
        : reserved_{reserved}, writable_{writable}, executable_{executable}, size_{size}, pages_{writable, size}
    {
    }
    static constexpr std::size_t reserved_bytes(std::size_t size) { return size + base::kHugePage + 2 * kGuard; }

    std::uint8_t* reserved_;
    std::uint8_t* writable_;
    std::uint8_t* executable_;
    std::size_t size_;
    base::HugePages pages_;
};

} // namespace windsor::translate
