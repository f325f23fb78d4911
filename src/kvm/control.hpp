// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.hpp"

#include <array>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>

#include <linux/kvm.h>
#include <sys/ioctl.h>

namespace windsor::kvm {

// An ioctl that is repeated when a signal interrupts it. -1 with errno set: it has failed.
template <typename Argument> int control(int fd, unsigned long request, Argument* argument)
{
    int result = 0;
    do {
        result = ::ioctl(fd, request, argument);
    } while (result < 0 && errno == EINTR);
    return result;
}

template <std::integral Argument> int control(int fd, unsigned long request, Argument argument)
{
    int result = 0;
    do {
        result = ::ioctl(fd, request, static_cast<unsigned long>(argument));
    } while (result < 0 && errno == EINTR);
    return result;
}

// What of a processor KVM has refused; errno says why.
inline base::Status refused(const char* what)
{
    return base::fail("KVM refuses the processor's {}: {}", what, base::errno_text(errno));
}

// The same if a control() has failed.
inline base::Status check(int result, const char* what)
{
    return result >= 0 ? base::Status{} : refused(what);
}

// Linux' header counts a byte for the empty structures that stand before its flexible arrays, as C++ wants it, and so
// numbers the requests with them differently from C. These are the kernel's numbers.
constexpr unsigned kListBytes = 8; // of kvm_msrs, kvm_cpuid2 and kvm_irq_routing without entries
constexpr unsigned kSignalMaskBytes = 4;
constexpr unsigned kXsaveBytes = 4096;
constexpr unsigned long kGetSupportedCpuid = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x05, kListBytes);
constexpr unsigned long kSetCpuid2 = _IOC(_IOC_WRITE, KVMIO, 0x90, kListBytes);
constexpr unsigned long kGetMsrs = _IOC(_IOC_READ | _IOC_WRITE, KVMIO, 0x88, kListBytes);
constexpr unsigned long kSetMsrs = _IOC(_IOC_WRITE, KVMIO, 0x89, kListBytes);
constexpr unsigned long kSetGsiRouting = _IOC(_IOC_WRITE, KVMIO, 0x6a, kListBytes);
constexpr unsigned long kSetSignalMask = _IOC(_IOC_WRITE, KVMIO, 0x8b, kSignalMaskBytes);
constexpr unsigned long kGetXsave = _IOC(_IOC_READ, KVMIO, 0xa4, kXsaveBytes);
constexpr unsigned long kSetXsave = _IOC(_IOC_WRITE, KVMIO, 0xa5, kXsaveBytes);

// kvm_msrs, kvm_cpuid2 and kvm_irq_routing with room for their entries.
template <typename Entry, std::size_t N> struct List {
    std::uint32_t count{0};
    std::uint32_t padding{0};
    std::array<Entry, N> entries{};
};

inline int control(int fd, unsigned long request)
{
    return control(fd, request, 0);
}

} // namespace windsor::kvm
