// SPDX-License-Identifier: GPL-2.0-or-later
#include "kvm/kick.hpp"

#include <csignal>

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

} // namespace windsor::kvm
