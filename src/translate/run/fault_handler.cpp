// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/run/fault_handler.hpp"

#include "base/mutex.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <ucontext.h>
#include <utility>

namespace windsor::translate {

namespace {

// A signal's disposition belongs to the process, and its handler is given no argument, so these cannot be members.
thread_local FaultTable* running = nullptr;
constexpr auto kSignals = std::to_array<int>({SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP});
std::array<struct sigaction, kSignals.size()> previous{};

struct sigaction& previous_of(int signal)
{
    return previous[static_cast<std::size_t>(std::ranges::find(kSignals, signal) - kSignals.begin())];
}

// This bit of a page fault's error code says that the access was a write. SDM volume 3A, section 4.7.
constexpr greg_t kWriteFault = 2;
constexpr greg_t kPageFaultVector = 14;
// TF, DF and AC must be clear when translated code goes on.
constexpr greg_t kStrayFlags = 0x40500;

void pass_on(int signal, siginfo_t* info, void* context)
{
    const struct sigaction& before = previous_of(signal);
    if ((before.sa_flags & SA_SIGINFO) != 0) {
        before.sa_sigaction(signal, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
    } else {
        ::sigaction(signal, &before, nullptr); // the instruction faults again, and the signal is handled as before
        if (signal == SIGTRAP) {
            ::raise(signal); // RIP is behind the instruction, which will not raise it again
        }
    }
}

HostFault fault_of(int signal, const siginfo_t& info, const greg_t* registers)
{
    // After INT3, which is one byte long, RIP is behind the instruction.
    const greg_t at = registers[REG_RIP] - (signal == SIGTRAP ? 1 : 0);
    const bool lost = signal == SIGBUS &&
                      (info.si_code == BUS_ADRERR || info.si_code == BUS_MCEERR_AR || info.si_code == BUS_MCEERR_AO);
    return {.at = reinterpret_cast<const std::uint8_t*>(at), .signal = signal, .lost_memory = lost};
}

void on_fault(int signal, siginfo_t* info, void* context)
{
    greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const HostFault fault = fault_of(signal, *info, registers);
    const std::uint8_t* next = running != nullptr && !fault.lost_memory ? running->cold_of(fault.at) : nullptr;
    if (next != nullptr) {
        const bool paging = registers[REG_TRAPNO] == kPageFaultVector;
        running->note({.address = paging ? static_cast<const std::uint8_t*>(info->si_addr) : nullptr,
                       .write = (registers[REG_ERR] & kWriteFault) != 0});
    } else if (running != nullptr) {
        next = running->rescue(reinterpret_cast<const void*>(registers[REG_RSP]), fault);
    }
    if (next == nullptr) {
        pass_on(signal, info, context);
        return;
    }
    registers[REG_EFL] &= ~kStrayFlags;
    registers[REG_RIP] = reinterpret_cast<greg_t>(next);
}

} // namespace

// The handler may use the stack of translated code, since there is room below the frame.
bool install_fault_handler()
{
    static base::Mutex one_at_a_time;
    const base::MutexLock lock{one_at_a_time};
    return std::ranges::all_of(kSignals, [](int signal) {
        struct sigaction now{};
        if (::sigaction(signal, nullptr, &now) != 0) {
            return false;
        }
        if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == on_fault) {
            return true;
        }
        previous_of(signal) = now;
        struct sigaction action{};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
        return ::sigaction(signal, &action, nullptr) == 0;
    });
}

void FaultTable::insert(const std::uint8_t* at, const std::uint8_t* cold)
{
    const auto behind = std::ranges::upper_bound(places_, offset(at), {}, &Place::at);
    places_.insert(behind, {offset(at), offset(cold)});
}

const std::uint8_t* FaultTable::cold_of(const std::uint8_t* at) const
{
    if (at < code_.data() || at >= code_.data() + code_.size()) {
        return nullptr;
    }
    const auto place = std::ranges::lower_bound(places_, offset(at), {}, &Place::at);
    return place != places_.end() && place->at == offset(at) ? code_.data() + place->cold : nullptr;
}

std::vector<FaultTable::Place>::const_iterator FaultTable::first_from(std::uint32_t at) const
{
    return std::ranges::lower_bound(places_, at, {}, &Place::at);
}

void FaultTable::forget_from(const std::uint8_t* at)
{
    places_.erase(first_from(offset(at)), places_.end());
}

FaultScope::FaultScope(FaultTable& table) : before_{std::exchange(running, &table)} {}

FaultScope::~FaultScope()
{
    running = before_;
}

} // namespace windsor::translate
