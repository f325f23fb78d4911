// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/window/address_window.hpp"

#include <cerrno>
#include <sys/mman.h>

namespace windsor::translate {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr int kEmpty = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

} // namespace

base::Result<std::unique_ptr<AddressWindow>> AddressWindow::create()
{
    void* start = ::mmap(nullptr, kSize, PROT_NONE, kEmpty, -1, 0);
    if (start == MAP_FAILED) {
        return base::fail("the host refuses {} GiB of addresses: {}", kSize >> 30, base::errno_text(errno));
    }
    return std::unique_ptr<AddressWindow>{new AddressWindow{static_cast<std::uint8_t*>(start)}};
}

AddressWindow::~AddressWindow()
{
    ::munmap(start_, kSize);
}

bool AddressWindow::map(LinearPage first, std::uint64_t pages, int file, std::uint64_t offset, Rights rights)
{
    const int protection = rights == Rights::ReadWrite ? PROT_READ | PROT_WRITE : PROT_READ;
    return ::mmap(base() + first * kPage, pages * kPage, protection, MAP_SHARED | MAP_FIXED | MAP_POPULATE, file,
                  static_cast<off_t>(offset)) != MAP_FAILED;
}

bool AddressWindow::unmap(LinearPage first, std::uint64_t pages)
{
    return ::mmap(base() + first * kPage, pages * kPage, PROT_NONE, kEmpty | MAP_FIXED, -1, 0) != MAP_FAILED;
}

} // namespace windsor::translate
