// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts arrive while translated code runs. None is lost, and the code does not notice any.
#include "translate/test_machine.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
namespace rflags = x86::rflags;
using vcpu::HaltReason;
using vcpu::Signal;

constexpr unsigned kVector = 0x40;
constexpr std::uint16_t kEnd = 0x20;   // the handler writes to this port
constexpr std::uint64_t kStop = kData; // the test writes here to end the program
constexpr unsigned kInterrupts = 100;
constexpr std::uint32_t kFilled = 0x200000; // a string instruction fills so many bytes from this address on

// The program adds with carry over and over, counts in R9, and ends when kStop is set. This does the same: RAX and RDX
// are the sum, and the carry of one round goes into the next.
struct Sum {
    std::uint64_t low{1};
    std::uint64_t high{2};
    bool carry{false};

    void add(std::uint64_t a, std::uint64_t b)
    {
        carry = __builtin_add_overflow(low, a + carry, &low) || (carry && a == ~std::uint64_t{0});
        carry = __builtin_add_overflow(high, b + carry, &high) || (carry && b == ~std::uint64_t{0});
    }
};
constexpr std::uint64_t kLow = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kHigh = 0xd1b54a32d192ed03;

class TranslatorInterrupts : public ::testing::Test {
protected:
    vcpu::CpuState start(unsigned vector)
    {
        vcpu::CpuState state = m.flat64();
        m.assemble(kOwnHandlers, true, [](x::Assembler& a) {
            a.push(x::rax);
            a.xor_(x::eax, x::eax); // this changes all arithmetic flags
            a.out(kEnd, x::al);
            a.pop(x::rax);
            a.iretq();
        });
        set_gate64(m, vector, kOwnHandlers);
        m.io.interrupt = base::Vector{kVector};
        m.io.on_port_write = [this](std::uint16_t port, unsigned, std::uint32_t) {
            if (port == kEnd) {
                handled();
            }
        };
        state.rflags |= rflags::kIf;
        state.gpr[x86::kRax] = Sum{}.low;
        state.gpr[x86::kRdx] = Sum{}.high;
        state.gpr[x86::kRbx] = kLow;
        state.gpr[x86::kRsi] = kHigh;
        state.gpr[x86::kR9] = 0;
        return state;
    }
    // Looks at the interrupt's frame, which lies behind the RAX that the handler has pushed.
    void handled()
    {
        const std::uint64_t frame = m.cpu.state().gpr[x86::kRsp] + 8;
        const auto rip = m.get<std::uint64_t>(frame);
        strays += rip < kCode || rip >= kCode + 0x4000 ? 1 : 0;
        masked += (m.get<std::uint64_t>(frame + 16) & rflags::kIf) == 0 ? 1 : 0;
        const std::uint64_t left = m.cpu.state().gpr[x86::kRcx];
        middles += left != 0 && left < kFilled ? 1 : 0;
        m.signals.lower(Signal::Interrupt);
        m.io.interrupt = base::Vector{kVector};
        seen.fetch_add(1);
    }
    // Raises the signal again and again, each time after the one before has been handled.
    void raise_all(Signal signal)
    {
        for (unsigned n = 0; n < kInterrupts; ++n) {
            std::this_thread::sleep_for(std::chrono::microseconds{50});
            m.signals.raise(signal);
            const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
            while (seen.load() <= n) {
                if (std::chrono::steady_clock::now() > deadline) {
                    m.signals.raise(Signal::Stop);
                    return;
                }
                std::this_thread::yield();
            }
        }
        std::atomic_ref{*reinterpret_cast<std::uint64_t*>(m.at(kStop))}.store(1);
    }
    enum class Interrupts : std::uint8_t { Masked, Enabled };
    void run(unsigned vector, Signal signal, Interrupts interrupts = Interrupts::Enabled)
    {
        const bool enabled = interrupts == Interrupts::Enabled;
        vcpu::CpuState state = start(vector);
        if (!enabled) {
            state.rflags &= ~rflags::kIf;
        }
        std::thread other{[&] { raise_all(signal); }};
        const HaltReason reason = m.run(state);
        other.join();
        EXPECT_EQ(reason, HaltReason::Halted);
        EXPECT_EQ(seen.load(), kInterrupts);
        EXPECT_EQ(strays, 0u);
        EXPECT_EQ(masked, enabled ? 0 : kInterrupts);
        const vcpu::CpuState end = m.cpu.state();
        Sum sum;
        for (std::uint64_t n = 0; n < end.gpr[x86::kR9]; ++n) {
            sum.add(kLow, kHigh);
        }
        EXPECT_EQ(end.gpr[x86::kRax], sum.low);
        EXPECT_EQ(end.gpr[x86::kRdx], sum.high);
    }
    static void add(x::Assembler& a)
    {
        a.adc(x::rax, x::rbx);
        a.adc(x::rdx, x::rsi);
        a.lea(x::r9, x::ptr(x::r9, 1));
    }
    // Assembles a program that repeats `body` until kStop is set.
    void assemble_loop(const std::function<void(x::Assembler&)>& body)
    {
        m.assemble(kCode, true, [&](x::Assembler& a) {
            const auto loop = a.newLabel();
            const auto end = a.newLabel();
            a.clc();
            a.bind(loop);
            body(a);
            a.mov(x::rcx, x::ptr(kStop));
            a.lea(x::rcx, x::ptr(x::rcx, -1));
            a.jecxz(x::rcx, end);
            a.jmp(loop);
            a.bind(end);
            a.hlt();
        });
    }
    void one_block() { assemble_loop(add); }

    TranslatorMachine m;
    std::atomic<unsigned> seen{0};
    unsigned strays{0};
    unsigned masked{0};
    unsigned middles{0}; // how many interrupts came in the middle of a long string instruction
};

TEST_F(TranslatorInterrupts, ReachALoopOfOneBlock)
{
    one_block();
    run(kVector, Signal::Interrupt);
}

TEST_F(TranslatorInterrupts, ReachALoopOfSeveralBlocksAndPages)
{
    assemble_loop([](x::Assembler& a) { a.call(kCode + 0x1000); });
    m.assemble(kCode + 0x1000, true, [](x::Assembler& a) {
        a.adc(x::rax, x::rbx);
        a.jmp(kCode + 0x2000);
    });
    m.assemble(kCode + 0x2000, true, [](x::Assembler& a) {
        const auto over = a.newLabel();
        a.adc(x::rdx, x::rsi);
        a.jmp(over);
        a.ud2();
        a.bind(over);
        a.lea(x::r9, x::ptr(x::r9, 1));
        a.ret();
    });
    run(kVector, Signal::Interrupt);
}

// Nearly all of the time is spent in the string instruction, because its pages are all in the TLB.
TEST_F(TranslatorInterrupts, ComeInTheMiddleOfAStringInstruction)
{
    assemble_loop([](x::Assembler& a) {
        a.mov(x::edi, kFilled);
        a.mov(x::ecx, kFilled);
        a.rep().stosb();
    });
    run(kVector, Signal::Interrupt);
    EXPECT_GT(middles, kInterrupts / 2);
}

TEST_F(TranslatorInterrupts, ComeWhenTheyAreAllowed)
{
    m.assemble(kCode, true, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        const auto end = a.newLabel();
        a.clc();
        a.bind(loop);
        a.cli();
        add(a);
        a.mov(x::rcx, x::ptr(kStop));
        a.lea(x::rcx, x::ptr(x::rcx, -1));
        a.sti();
        a.jecxz(x::rcx, end);
        a.jmp(loop);
        a.bind(end);
        a.hlt();
    });
    run(kVector, Signal::Interrupt);
}

TEST_F(TranslatorInterrupts, ThatCannotBeMaskedAreNot)
{
    one_block();
    run(2, Signal::Nmi, Interrupts::Masked);
}

// If a masked interrupt held code up, each block would be left for the run loop.
TEST_F(TranslatorInterrupts, ThatAreMaskedDoNotHoldUp)
{
    m.assemble(kCode, true, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        const auto next = a.newLabel();
        a.bind(loop);
        a.dec(x::ecx);
        a.jz(next);
        a.jmp(loop);
        a.bind(next);
        a.sti();
        a.nop();
        a.hlt();
    });
    vcpu::CpuState state = start(kVector);
    state.rflags &= ~rflags::kIf;
    state.gpr[x86::kRcx] = 1'000'000;
    m.signals.raise(Signal::Interrupt);
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(seen.load(), 1u);
    EXPECT_LT(m.counter("entries"), 1000u);
}

// A second NMI waits for the IRET of the first one's handler.
TEST_F(TranslatorInterrupts, AnNmiWaitsForTheOneBefore)
{
    one_block();
    vcpu::CpuState state = start(2);
    std::uint64_t depth = 0;
    m.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) {
        const std::uint64_t rsp = m.cpu.state().gpr[x86::kRsp];
        depth = std::max(depth, kStack - rsp);
        if (seen.fetch_add(1) < 10) {
            m.signals.raise(Signal::Nmi);
        } else {
            m.put<std::uint64_t>(kStop, 1);
        }
    };
    m.signals.raise(Signal::Nmi);
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(seen.load(), 11u);
    EXPECT_LT(depth, 2 * 6 * 8u) << "one handler at a time";
}

TEST_F(TranslatorInterrupts, StopLeavesTheProgramWhereItIs)
{
    one_block();
    HaltReason reason = HaltReason::Stopped;
    std::atomic<unsigned> stops{0};
    std::thread other{[&] {
        for (unsigned n = 0; n < kInterrupts; ++n) {
            std::this_thread::sleep_for(std::chrono::microseconds{100});
            m.signals.raise(Signal::Stop);
            while (stops.load() <= n) {
                std::this_thread::yield();
            }
        }
        std::atomic_ref{*reinterpret_cast<std::uint64_t*>(m.at(kStop))}.store(1);
    }};
    reason = m.run(start(kVector));
    while (reason == HaltReason::Stopped) {
        stops.fetch_add(1);
        reason = m.cpu.run();
    }
    other.join();
    EXPECT_EQ(reason, HaltReason::Halted);
    EXPECT_EQ(stops.load(), kInterrupts);
    const vcpu::CpuState end = m.cpu.state();
    Sum sum;
    for (std::uint64_t n = 0; n < end.gpr[x86::kR9]; ++n) {
        sum.add(kLow, kHigh);
    }
    EXPECT_EQ(end.gpr[x86::kRax], sum.low);
    EXPECT_EQ(end.gpr[x86::kRdx], sum.high);
}

} // namespace

} // namespace windsor::translate::testing
