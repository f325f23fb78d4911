// SPDX-License-Identifier: GPL-2.0-or-later
// Memory in huge pages of the host. A page that is touched for the first time costs a fault, on virtual machines one of
// 10 µs and more; a huge page costs hardly more than that, and takes one entry of the processor's TLB for 512.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace windsor::base {

constexpr std::size_t kHugePage = std::size_t{2} << 20; // bytes

// As mmap(2) of `size` bytes from the beginning of a file, or of anonymous memory, at an address that is a multiple of
// kHugePage; null: errno says why not.
std::uint8_t* map_aligned(std::size_t size, int protection, int flags, int file);

// Anonymous memory in whole huge pages, all of them provided: at least `size` bytes. Throws std::bad_alloc.
std::uint8_t* allocate_huge(std::size_t size);
void free_huge(void* start, std::size_t size);

// Memory that map_aligned() gave, whose pages the host provides kHugePage bytes at once, shortly before they are used.
// What is left over at its end is provided as it is touched, and so is everything that the host has no huge page for
// and won't provide otherwise.
class HugePages {
public:
    HugePages(std::uint8_t* start, std::size_t size) : start_{start}, provided_(size / kHugePage) {}

    // The byte at `offset` is about to be used.
    void use(std::size_t offset)
    {
        const std::size_t number = offset / kHugePage;
        if (number < provided_.size() && !provided_[number]) {
            provide(number);
        }
    }

private:
    void provide(std::size_t number);

    std::uint8_t* start_;
    std::vector<bool> provided_;
};

} // namespace windsor::base
