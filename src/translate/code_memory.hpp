// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of translated code: one memfd, mapped twice, so that no address is writable and executable.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace windsor::translate {

class CodeMemory {
public:
    // `size` in bytes, a multiple of a page.
    static base::Result<std::unique_ptr<CodeMemory>> create(std::size_t size);
    ~CodeMemory();
    CodeMemory(const CodeMemory&) = delete;
    CodeMemory& operator=(const CodeMemory&) = delete;

    std::uint8_t* writable() { return writable_; }
    const std::uint8_t* executable() const { return executable_; }
    std::size_t size() const { return size_; }

    // The writable address of an executable one.
    std::uint8_t* writable(const std::uint8_t* code) { return writable_ + (code - executable_); }

private:
    CodeMemory(std::uint8_t* writable, std::uint8_t* executable, std::size_t size)
        : writable_{writable}, executable_{executable}, size_{size}
    {
    }

    std::uint8_t* writable_;
    std::uint8_t* executable_;
    std::size_t size_;
};

} // namespace windsor::translate
