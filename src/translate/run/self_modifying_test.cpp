// SPDX-License-Identifier: GPL-2.0-or-later
// Code is changed while it runs: by itself, by other code of its page, through other addresses, and by devices.
#include "translate/test_machine.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using vcpu::HaltReason;
using vcpu::Signal;

constexpr std::uint32_t kMarker = 0x12345678;
constexpr std::uint64_t kAlias = 0x200000; // the page of kCode is at this linear address as well
constexpr std::uint64_t kFunction = kCode + 0x800;
constexpr std::uint64_t kRounds = 1000; // after fewer drops, the translator makes shorter blocks of the page
constexpr std::uint64_t kSum = kRounds * (kRounds + 1) / 2;

std::uint32_t sum(const Machine& m)
{
    return static_cast<std::uint32_t>(m.engine->state().gpr[x86::kRax]);
}

// This says by which way the code is patched.
enum class Through : std::uint8_t { Itself, Alias, Device };

class TranslatorSelfModifying : public ::testing::TestWithParam<Through> {
protected:
    // Writes code that stores ECX, the number of the round, over the four bytes at RSI.
    void write_patch(x::Assembler& a)
    {
        if (GetParam() == Through::Device) {
            a.mov(x::eax, x::ecx);
            a.out(0x80, x::eax);
        } else {
            a.mov(x::dword_ptr(x::rsi), x::ecx);
        }
    }
    vcpu::CpuState start(std::uint64_t patched)
    {
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(Machine::pte(kAlias), kCode | 7);
        m.put<std::uint64_t>(Machine::pte(kAlias + 0x1000), (kCode + 0x1000) | 7);
        m.io.on_port_write = [=, this](std::uint16_t, unsigned, std::uint32_t value) {
            std::array<std::uint8_t, 4> bytes{};
            std::memcpy(bytes.data(), &value, 4);
            ASSERT_TRUE(m.memory.write(base::GuestPhysical{patched}, bytes));
        };
        state.gpr[x86::kRsi] = GetParam() == Through::Alias ? patched - kCode + kAlias : patched;
        state.gpr[x86::kRcx] = kRounds;
        state.gpr[x86::kRbx] = 0;
        return state;
    }
    // Runs a program that adds up what a function returns, and patches the function before each call.
    void run_caller(std::uint64_t function)
    {
        m.assemble(kCode, true, [&](x::Assembler& a) {
            const auto loop = a.newLabel();
            a.bind(loop);
            write_patch(a);
            a.call(function);
            a.add(x::ebx, x::edx);
            a.dec(x::ecx);
            a.jnz(loop);
            a.mov(x::eax, x::ebx);
            a.hlt();
        });
        m.assemble(function, true, [&](x::Assembler& a) {
            a.mov(x::edx, kMarker);
            a.ret();
        });
        EXPECT_EQ(m.run(start(find_in_code(m, function, kMarker))), HaltReason::Halted);
        EXPECT_EQ(sum(m), kSum);
    }
    TranslatorMachine m;
};

TEST_P(TranslatorSelfModifying, InTheBlockThatRuns)
{
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.bind(loop);
        write_patch(a);
        a.nop();
        a.mov(x::edx, kMarker);
        a.add(x::ebx, x::edx);
        a.dec(x::ecx);
        a.jnz(loop);
        a.mov(x::eax, x::ebx);
        a.hlt();
    });
    EXPECT_EQ(m.run(start(find_in_code(m, kCode, kMarker))), HaltReason::Halted);
    EXPECT_EQ(sum(m), kSum);
    EXPECT_GT(m.counter("dropped_blocks"), 0u);
}

TEST_P(TranslatorSelfModifying, InAnotherBlockOfThePage)
{
    run_caller(kFunction);
    EXPECT_GT(m.counter("dropped_blocks"), 0u);
}

TEST_P(TranslatorSelfModifying, InAnotherPage)
{
    run_caller(kCode + 0x1800);
    EXPECT_GT(m.counter("dropped_blocks"), 0u);
}

TEST_P(TranslatorSelfModifying, InAnInstructionAcrossPages)
{
    run_caller(kCode + 0xffe);
}

// A block keeps flags only if the block behind it needs them, which depends on that block's code.
TEST_P(TranslatorSelfModifying, InCodeThatDecidedWhichFlagsAreOfUse)
{
    constexpr std::uint32_t kXor = 0x9090d231; // XOR EDX, EDX; NOP; NOP
    constexpr std::uint32_t kSbb = 0x9090d219;
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        const auto then = a.newLabel();
        a.mov(x::ebp, x::ecx);
        a.bind(loop);
        a.mov(x::ecx, x::r8d);
        a.test(x::ebp, 1);
        a.cmovz(x::ecx, x::r9d);
        write_patch(a);
        a.cmp(x::ebp, x::edi); // this sets the carry flag
        a.jmp(then);
        a.ud2();
        a.bind(then);
        a.dd(kMarker);
        a.sub(x::ebx, x::edx);
        a.dec(x::ebp);
        a.jnz(loop);
        a.mov(x::eax, x::ebx);
        a.hlt();
    });
    const std::uint64_t patched = find_in_code(m, kCode, kMarker);
    m.put(patched, kXor);
    vcpu::CpuState state = start(patched);
    state.gpr[x86::kR8] = kSbb;
    state.gpr[x86::kR9] = kXor;
    state.gpr[x86::kRdi] = 0xffffffff;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(sum(m), kRounds / 2);
}

// A page is mapped twice in a row, and an instruction begins at its end and goes on at its beginning.
TEST(TranslatorCrossing, OfAPageIntoItselfIsPatched)
{
    constexpr std::uint64_t kPage = 0x210000;
    constexpr std::uint64_t kAt = 0xffd; // the offset of the instruction, whose immediate begins one byte later
    constexpr std::uint64_t kCalls = 200;
    TranslatorMachine m;
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(Machine::pte(kAlias), kPage | 7);
    m.put<std::uint64_t>(Machine::pte(kAlias + 0x1000), kPage | 7);
    m.code(kPage + kAt, {0xba, 0, 0});  // mov edx, imm32
    m.code(kPage, {0, 0, 0xc3});        // ret
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.bind(loop);
        a.mov(x::byte_ptr(x::rsi), x::cl);
        a.call(kAlias + kAt);
        a.add(x::eax, x::edx);
        a.dec(x::ecx);
        a.jnz(loop);
        a.hlt();
    });
    state.gpr[x86::kRax] = 0;
    state.gpr[x86::kRsi] = kPage + kAt + 1;
    state.gpr[x86::kRcx] = kCalls;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(sum(m), kCalls * (kCalls + 1) / 2);
}

INSTANTIATE_TEST_SUITE_P(Ways, TranslatorSelfModifying,
                         ::testing::Values(Through::Itself, Through::Alias, Through::Device),
                         [](const auto& way) {
                             return way.param == Through::Itself  ? "Itself"
                                    : way.param == Through::Alias ? "Alias"
                                                                  : "Device";
                         });

// As a JIT compiler in the guest does, a program writes MOV EDX, n and RET to ever new places, and calls them.
TEST(TranslatorFreshCode, RunsWhatHasJustBeenWritten)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.bind(loop);
        a.mov(x::byte_ptr(x::rsi), 0xba);
        a.mov(x::dword_ptr(x::rsi, 1), x::ecx);
        a.mov(x::byte_ptr(x::rsi, 5), 0xc3);
        a.call(x::rsi);
        a.add(x::eax, x::edx);
        a.add(x::rsi, 7);
        a.and_(x::rsi, ~0x4000); // the places lie in four pages, which are used over and over
        a.dec(x::ecx);
        a.jnz(loop);
        a.hlt();
    });
    constexpr std::uint32_t kTimes = 20000;
    vcpu::CpuState state = m.flat64();
    state.gpr[x86::kRsi] = 0x100000;
    state.gpr[x86::kRcx] = kTimes;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(sum(m), kTimes * (kTimes + 1) / 2);
}

// Code is written between two runs, as while the machine is paused.
TEST(TranslatorFreshCode, HearsOfAWriteWhileItDoesNotRun)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.bind(loop);
        a.out(0x80, x::eax);
        a.mov(x::edx, kMarker);
        a.add(x::eax, x::edx);
        a.jmp(loop);
    });
    const std::uint64_t patched = find_in_code(m, kCode, kMarker);
    m.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) { m.signals.raise(Signal::Stop); };
    vcpu::CpuState state = m.flat64();
    state.gpr[x86::kRax] = 0;
    EXPECT_EQ(m.run(state), HaltReason::Stopped);
    for (std::uint32_t n = 1; n <= 100; ++n) {
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &n, 4);
        ASSERT_TRUE(m.memory.write(base::GuestPhysical{patched}, bytes));
        ASSERT_EQ(m.cpu.run(), HaltReason::Stopped);
    }
    EXPECT_EQ(sum(m), 5050u);
}

TEST(TranslatorFreshCode, HearsOfAWriteFromAnotherThreadWhileItSpins)
{
    TranslatorMachine m;
    m.assemble(kCode, true, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.bind(loop);
        a.mov(x::dword_ptr(kData), 1);
        a.mov(x::eax, 0);
        a.test(x::eax, x::eax);
        a.jz(loop);
        a.hlt();
    });
    const std::uint64_t patched = find_in_code<std::uint64_t>(m, kCode, 0x74c08500000000b8) + 1; // MOV, TEST and JZ
    std::atomic<bool> done{false};
    std::thread device{[&] {
        const auto* running = reinterpret_cast<const volatile std::uint32_t*>(m.at(kData));
        while (*running == 0) {
            std::this_thread::yield();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
        static_cast<void>(m.memory.write(base::GuestPhysical{patched}, std::array<std::uint8_t, 4>{7, 0, 0, 0}));
        for (int i = 0; i < 2000 && !done; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        m.signals.raise(Signal::Stop);
    }};
    const HaltReason reason = m.run(m.flat64());
    done = true;
    device.join();
    EXPECT_EQ(reason, HaltReason::Halted);
    EXPECT_EQ(sum(m), 7u);
}

} // namespace

} // namespace windsor::translate::testing
