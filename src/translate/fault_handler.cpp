// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/fault_handler.hpp"

#include <algorithm>
#include <csignal>
#include <mutex>
#include <ucontext.h>
#include <utility>

namespace windsor::translate {

namespace {

// A signal's disposition belongs to the process, and its handler is given nothing: hence these two.
thread_local FaultTable* running = nullptr;
struct sigaction previous{};

// SDM volume 3A, section 4.7: the error code of a page fault.
constexpr greg_t kWriteFault = 2;
constexpr greg_t kPageFaultVector = 14;

void pass_on(int signal, siginfo_t* info, void* context)
{
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        ::sigaction(signal, &previous, nullptr); // the instruction faults once more
    }
}

void on_fault(int signal, siginfo_t* info, void* context)
{
    greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const auto* at = reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]);
    const std::uint8_t* cold = running != nullptr ? running->cold_of(at) : nullptr;
    if (cold == nullptr) {
        pass_on(signal, info, context);
        return;
    }
    const bool paging = registers[REG_TRAPNO] == kPageFaultVector;
    running->note({.address = paging ? static_cast<const std::uint8_t*>(info->si_addr) : nullptr,
                   .write = (registers[REG_ERR] & kWriteFault) != 0});
    registers[REG_RIP] = reinterpret_cast<greg_t>(cold);
}

} // namespace

// Translated code's stack pointer leaves room for the handler.
bool install_fault_handler()
{
    static std::mutex one_at_a_time;
    const std::scoped_lock lock{one_at_a_time};
    struct sigaction now{};
    if (::sigaction(SIGSEGV, nullptr, &now) != 0) {
        return false;
    }
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault) {
        return true;
    }
    previous = now;
    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    return ::sigaction(SIGSEGV, &action, nullptr) == 0;
}

const std::uint8_t* FaultTable::cold_of(const std::uint8_t* at) const
{
    if (at < code_.data() || at >= code_.data() + code_.size()) {
        return nullptr;
    }
    const auto place = std::ranges::lower_bound(places_, offset(at), {}, &Place::at);
    return place != places_.end() && place->at == offset(at) ? code_.data() + place->cold : nullptr;
}

FaultScope::FaultScope(FaultTable& table) : before_{std::exchange(running, &table)} {}

FaultScope::~FaultScope()
{
    running = before_;
}

} // namespace windsor::translate
