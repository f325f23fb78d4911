// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/huge_pages.hpp"

#include <cerrno>
#include <new>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE // Linux 6.1
#define MADV_COLLAPSE 25
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WINDSOR_LEAKS_ARE_SOUGHT
#include <sanitizer/lsan_interface.h>
#endif
#endif

namespace windsor::base {

std::uint8_t* map_aligned(std::size_t size, int protection, int flags, int file)
{
    // Room for the mapping wherever it begins; what lies around it is given back.
    const std::size_t room = size + kHugePage;
    void* const found = ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (found == MAP_FAILED) {
        return nullptr;
    }
    auto* const first = static_cast<std::uint8_t*>(found);
    const std::size_t before = -reinterpret_cast<std::uintptr_t>(first) % kHugePage;
    auto* const start =
        static_cast<std::uint8_t*>(::mmap(first + before, size, protection, flags | MAP_FIXED, file, 0));
    if (start == MAP_FAILED) {
        ::munmap(found, room);
        return nullptr;
    }
    if (before != 0) {
        ::munmap(first, before);
    }
    constexpr std::size_t kPage = 4096;
    const std::size_t end = before + (size + kPage - 1) / kPage * kPage;
    ::munmap(first + end, room - end);
    return start;
}

namespace {

constexpr std::size_t whole(std::size_t size)
{
    return (size + kHugePage - 1) / kHugePage * kHugePage;
}

// The address sanitizer's search for leaks looks for pointers into the heap in such memory only if it is told of it.
void tell_of([[maybe_unused]] const void* start, [[maybe_unused]] std::size_t size)
{
#ifdef WINDSOR_LEAKS_ARE_SOUGHT
    __lsan_register_root_region(start, size);
#endif
}

void tell_of_end([[maybe_unused]] const void* start, [[maybe_unused]] std::size_t size)
{
#ifdef WINDSOR_LEAKS_ARE_SOUGHT
    __lsan_unregister_root_region(start, size);
#endif
}

} // namespace

std::uint8_t* allocate_huge(std::size_t size)
{
    std::uint8_t* start = map_aligned(whole(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (start == nullptr) {
        throw std::bad_alloc{};
    }
    HugePages pages{start, whole(size)};
    for (std::size_t at = 0; at < size; at += kHugePage) {
        pages.use(at);
    }
    tell_of(start, whole(size));
    return start;
}

void free_huge(void* start, std::size_t size)
{
    tell_of_end(start, whole(size));
    ::munmap(start, whole(size));
}

// Collapsing is refused where there is nothing yet, so one page goes ahead. It works where huge pages are not the
// default, as they seldom are for memfds. Hosts that cannot give small pages at once; where a control group has
// no room for a huge page (EBUSY), pages come one by one.
void HugePages::provide(std::size_t number)
{
    constexpr std::size_t kPage = 4096;
    provided_[number] = true;
    std::uint8_t* const chunk = start_ + number * kHugePage;
    if (::madvise(chunk, kPage, MADV_POPULATE_WRITE) != 0) {
        return;
    }
    if (::madvise(chunk, kHugePage, MADV_COLLAPSE) != 0 && errno != EBUSY) {
        ::madvise(chunk, kHugePage, MADV_POPULATE_WRITE);
    }
}

} // namespace windsor::base
