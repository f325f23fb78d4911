// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: a page of memory of which some bytes change after it has been read a number of times, as another processor
// may change them at any moment.
#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <cstring>
#include <span>
#include <sys/mman.h>
#include <ucontext.h>

namespace windsor::conformance {

// Each host instruction that reads the page faults, and runs by itself with the page open.
class ChangingPage {
public:
    // `page` is aligned. `at` are bytes in it that become `to` once `reads` host instructions have read the page.
    ChangingPage(std::uint8_t* page, std::uint8_t* at, std::span<const std::uint8_t> to, unsigned reads)
        : page_{page}, at_{at}, to_{to}, left_{reads}
    {
        current = this;
        struct sigaction action{};
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        action.sa_sigaction = on_fault;
        EXPECT_EQ(::sigaction(SIGSEGV, &action, &fault_before_), 0);
        action.sa_sigaction = on_step;
        EXPECT_EQ(::sigaction(SIGTRAP, &action, &step_before_), 0);
        protect(PROT_NONE);
    }
    ~ChangingPage()
    {
        protect(PROT_READ | PROT_WRITE);
        ::sigaction(SIGSEGV, &fault_before_, nullptr);
        ::sigaction(SIGTRAP, &step_before_, nullptr);
        current = nullptr;
    }
    ChangingPage(const ChangingPage&) = delete;
    ChangingPage& operator=(const ChangingPage&) = delete;

    // Whether the page has been read as often as that.
    bool changed() const { return left_ == 0; }

private:
    static constexpr std::size_t kBytes = 4096;
    static constexpr greg_t kTrapFlag = 0x100;

    void protect(int rights) const { ::mprotect(page_, kBytes, rights); }

    static void on_fault(int signal, siginfo_t* info, void* context)
    {
        const auto* address = static_cast<const std::uint8_t*>(info->si_addr);
        if (address < current->page_ || address >= current->page_ + kBytes) {
            ::sigaction(signal, &current->fault_before_, nullptr); // the instruction faults once more
            return;
        }
        current->protect(PROT_READ | PROT_WRITE);
        static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] |= kTrapFlag;
    }
    static void on_step(int, siginfo_t*, void* context)
    {
        if (current->left_ != 0 && --current->left_ == 0) {
            std::memcpy(current->at_, current->to_.data(), current->to_.size());
        }
        current->protect(PROT_NONE);
        static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
    }

    static inline ChangingPage* current = nullptr;
    std::uint8_t* page_;
    std::uint8_t* at_;
    std::span<const std::uint8_t> to_;
    unsigned left_;
    struct sigaction fault_before_{};
    struct sigaction step_before_{};
};

} // namespace windsor::conformance
