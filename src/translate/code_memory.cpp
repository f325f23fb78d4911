// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/code_memory.hpp"

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
    void* writable = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    void* executable = ::mmap(nullptr, size, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    const int error = errno;
    ::close(file);
    if (writable == MAP_FAILED || executable == MAP_FAILED) {
        for (void* mapping : {writable, executable}) {
            if (mapping != MAP_FAILED) {
                ::munmap(mapping, size);
            }
        }
        return base::fail("the host refuses executable memory for translated code: {}", base::errno_text(error));
    }
    return std::unique_ptr<CodeMemory>{new CodeMemory{static_cast<std::uint8_t*>(writable),
                                                      static_cast<std::uint8_t*>(executable), size}};
}

CodeMemory::~CodeMemory()
{
    ::munmap(writable_, size_);
    ::munmap(executable_, size_);
}

} // namespace windsor::translate
