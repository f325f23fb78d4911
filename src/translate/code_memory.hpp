// SPDX-License-Identifier: GPL-2.0-or-later
// The memory of translated code: one memfd, mapped twice, so that no address is writable and executable.
#pragma once

#include "base/huge_pages.hpp"
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

    // At most `bytes` of code are about to be written from a writable address on; fewer than a huge page has.
    void use(const std::uint8_t* from, std::size_t bytes)
    {
        const auto offset = static_cast<std::size_t>(from - writable_);
        pages_.use(offset);
        pages_.use(offset + bytes);
    }

    // The writable address of an executable one.
    std::uint8_t* writable(const std::uint8_t* code) { return writable_ + (code - executable_); }

private:
    CodeMemory(std::uint8_t* writable, std::uint8_t* executable, std::size_t size)
        : writable_{writable}, executable_{executable}, size_{size}, pages_{writable, size}
    {
    }

    std::uint8_t* writable_;
    std::uint8_t* executable_;
    std::size_t size_;
    base::HugePages pages_;
};

} // namespace windsor::translate
