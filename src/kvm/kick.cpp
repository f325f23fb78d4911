// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/kick.hpp"

#include "kvm/control.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace windsor::kvm {

namespace {

// A real-time signal far from those that libraries take first.
int kick_signal()
{
    return SIGRTMAX - 3;
}

// The kernel's form of a set of signals, which is shorter than the C library's.
struct RunMask {
    std::uint32_t bytes{sizeof(std::uint64_t)};
    std::array<std::uint8_t, sizeof(std::uint64_t)> set{};
};
static_assert(offsetof(RunMask, set) == kSignalMaskBytes);

// Which signals KVM_RUN keeps away; null: those that the thread does.
void mask_run(int fd, const sigset_t* blocked)
{
    RunMask mask;
    if (blocked != nullptr) {
        std::memcpy(mask.set.data(), blocked, mask.set.size());
    }
    control(fd, kSetSignalMask, blocked != nullptr ? &mask : nullptr);
}

} // namespace

Kick::Kick(kvm_run& run) : run_{run}
{
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART; // KVM_RUN returns nevertheless
    ::sigaction(kick_signal(), &action, nullptr);
}

void Kick::send()
{
    demand();
    // Pairs with run(): either it sees the flag, or this sees the thread.
    if (const int thread = inside_.load(std::memory_order_seq_cst); thread != 0) {
        ::syscall(SYS_tgkill, ::getpid(), thread, kick_signal());
    }
}

int Kick::run(int fd)
{
    inside_.store(::gettid(), std::memory_order_seq_cst);
    const int result = ::ioctl(fd, KVM_RUN, 0);
    inside_.store(0, std::memory_order_seq_cst);
    return result;
}

// With a signal that waits already, which KVM looks for last before it enters the guest.
int Kick::run_without_guest(int fd)
{
    sigset_t kick{};
    ::sigemptyset(&kick);
    ::sigaddset(&kick, kick_signal());
    sigset_t usual{};
    ::pthread_sigmask(SIG_BLOCK, &kick, &usual);
    sigset_t open = usual;
    ::sigdelset(&open, kick_signal());
    mask_run(fd, &open);
    ::syscall(SYS_tgkill, ::getpid(), ::gettid(), kick_signal());
    clear();
    const int result = ::ioctl(fd, KVM_RUN, 0);
    const int error = errno;
    mask_run(fd, nullptr);
    constexpr timespec kAtOnce{};
    ::sigtimedwait(&kick, nullptr, &kAtOnce);
    ::pthread_sigmask(SIG_SETMASK, &usual, nullptr);
    errno = error;
    return result;
}

} // namespace windsor::kvm
