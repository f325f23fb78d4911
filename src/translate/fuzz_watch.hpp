// SPDX-License-Identifier: GPL-2.0-or-later
// A look at every fault of translated code. The translator survives faults of code that uses a window, so that an
// access far outside would go unnoticed: a guest that can make one makes as many as it likes, and those that miss cost
// it nothing.
#pragma once

#include "translate/translator.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <ucontext.h>
#include <vector>

namespace windsor::translate::fuzzing {

class Watch {
public:
    // After the last translator and its last window have been made, which install a handler of their own. Translators
    // outlive the process's last fault.
    static void begin(std::vector<const Translator*> translators)
    {
        self().translators_ = std::move(translators);
        struct sigaction action{};
        action.sa_sigaction = look;
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
        ::sigaction(SIGSEGV, &action, &self().before_);
    }

private:
    static Watch& self() // a signal's handler is given nothing
    {
        static Watch watch;
        return watch;
    }
    static void look(int signal, siginfo_t* info, void* context)
    {
        constexpr greg_t kPageFault = 14; // SDM volume 3A, table 6-1
        // What displacements may add to a linear address, or take from it.
        constexpr std::uint64_t kBelow = std::uint64_t{1} << 20;
        constexpr std::uint64_t kReach = kBelow + (std::uint64_t{1} << 32) + (std::uint64_t{1} << 31) + kBelow;
        const greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
        const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
        const auto window = static_cast<std::uint64_t>(registers[REG_R14]);
        const auto address = reinterpret_cast<std::uint64_t>(info->si_addr);
        const bool emitted = std::ranges::any_of(self().translators_, [&](const Translator* translator) {
            const std::span<const std::uint8_t> code = translator->code();
            const auto begin = reinterpret_cast<std::uint64_t>(code.data());
            return rip >= begin && rip < begin + code.size();
        });
        if (emitted && (registers[REG_TRAPNO] != kPageFault || address - window + kBelow >= kReach)) {
            static_cast<void>(
                std::fprintf(stderr, "translated code at %#llx reached %#llx, outside its window at %#llx\n",
                             static_cast<unsigned long long>(rip), static_cast<unsigned long long>(address),
                             static_cast<unsigned long long>(window)));
            std::abort();
        }
        self().before_.sa_sigaction(signal, info, context);
    }

    std::vector<const Translator*> translators_;
    struct sigaction before_{};
};

} // namespace windsor::translate::fuzzing
