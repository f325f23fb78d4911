// SPDX-License-Identifier: GPL-2.0-or-later
// The watch looks at every fault of translated code. The translator survives faults of code that uses a window, so that
// an access far outside the window would go unnoticed. A guest that can make one such access could try as often as it
// likes until it hits something.
#pragma once

#include "translate/run/translator.hpp"

#include <Zydis/Zydis.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <ucontext.h>
#include <vector>

namespace windsor::translate::fuzzing {

class Watch {
public:
    // Must be called after the last translator and the last window have been made, because they install a handler of
    // their own. The translators must live as long as there can be faults.
    static void begin(std::vector<const Translator*> translators)
    {
        self().translators_ = std::move(translators);
        struct sigaction action{};
        action.sa_sigaction = look;
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
        ::sigaction(SIGSEGV, &action, &self().before_);
    }

private:
    // There is one watch, because a signal's handler is given no argument.
    static Watch& self()
    {
        static Watch watch;
        return watch;
    }
    static std::uint64_t value_of(ZydisRegister wanted, const greg_t* registers)
    {
        constexpr std::array kOrder{REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
        const bool is_general = ZydisRegisterGetClass(wanted) == ZYDIS_REGCLASS_GPR64;
        return is_general ? static_cast<std::uint64_t>(
                                registers[kOrder[static_cast<std::size_t>(ZydisRegisterGetId(wanted))]])
                          : 0;
    }
    // Tells whether the instruction has raised #GP because an operand of 16 bytes or more is not aligned, although its
    // address is canonical. Then it has reached no memory, and the guest's instruction faults in the same way.
    static bool misaligned(const greg_t* registers)
    {
        constexpr std::uint64_t kEndOfUser = std::uint64_t{1} << 47; // the end of the host's canonical addresses
        ZydisDecoder decoder;
        ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
        ZydisDecodedInstruction instruction;
        std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
        const auto* const code = reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]);
        if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code, ZYDIS_MAX_INSTRUCTION_LENGTH, &instruction,
                                               operands.data()))) {
            return false;
        }
        return std::ranges::any_of(std::span{operands}.first(instruction.operand_count), [&](const auto& operand) {
            if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.size < 128) {
                return false;
            }
            const std::uint64_t at = value_of(operand.mem.base, registers) +
                                     value_of(operand.mem.index, registers) * operand.mem.scale +
                                     static_cast<std::uint64_t>(operand.mem.disp.value);
            return at % (operand.size / 8) != 0 && at < kEndOfUser;
        });
    }
    static void look(int signal, siginfo_t* info, void* context)
    {
        constexpr greg_t kPageFault = 14; // SDM volume 3A, table 6-1
        // These are the sizes of the guard area below a window, and of the whole window with its guard areas.
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
        const bool reached = registers[REG_TRAPNO] == kPageFault;
        if (emitted && (reached ? address - window + kBelow >= kReach : !misaligned(registers))) {
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
