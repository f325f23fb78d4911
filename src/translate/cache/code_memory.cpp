// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/cache/code_memory.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace windsor::translate {

base::Result<std::unique_ptr<CodeMemory>> CodeMemory::create(std::size_t size)
{
    const int file = ::memfd_create("windsor-code", MFD_CLOEXEC);
    if (file < 0 || ::ftruncate(file, static_cast<off_t>(size)) != 0) {
        const int error = errno;
        if (file >= 0) {
            ::close(file);
        }
        return base::fail("the host gives no memory for translated code: {}", base::errno_text(error));
    }
    std::uint8_t* reserved =
        base::map_aligned(reserved_bytes(size), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    std::uint8_t* executable = base::map_aligned(size, PROT_READ | PROT_EXEC, MAP_SHARED, file);
    std::uint8_t* writable = reserved != nullptr ? reserved + kGuard : nullptr; // kGuard keeps it aligned
    const bool mapped = writable != nullptr && executable != nullptr &&
                        ::mmap(writable, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
    const int error = errno;
    ::close(file);
    if (!mapped) {
        if (reserved != nullptr) {
            ::munmap(reserved, reserved_bytes(size));
        }
        if (executable != nullptr) {
            ::munmap(executable, size);
        }
        return base::fail("the host refuses executable memory for translated code: {}", base::errno_text(error));
    }
    return std::unique_ptr<CodeMemory>{new CodeMemory{reserved, writable, executable, size}};
}

CodeMemory::~CodeMemory()
{
    ::munmap(reserved_, reserved_bytes(size_));
    ::munmap(executable_, size_);
}

} // namespace windsor::translate
