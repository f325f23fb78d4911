// SPDX-License-Identifier: GPL-2.0-or-later
// If there is too little memory for the code of a program, or there are more contexts than tables, the translator
// forgets all code now and then. The program does not notice.
#include "translate/test_machine.hpp"

#include <fstream>
#include <string>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using vcpu::HaltReason;

constexpr std::uint64_t kFunctions = 0x100000; // the functions lie 32 bytes apart
constexpr unsigned kCount = 2000;
constexpr unsigned kRounds = 4;

// What translated code can reach lies nowhere near the mapping through which code is written.
TEST(CodeMemory, IsWrittenFarFromAllElse)
{
    constexpr std::size_t kSize = std::size_t{4} << 20;
    const auto code = CodeMemory::create(kSize).value();
    const auto from = reinterpret_cast<std::uintptr_t>(code->writable());
    std::ifstream maps{"/proc/self/maps"};
    std::string line;
    unsigned met = 0;
    while (std::getline(maps, line)) {
        const std::uint64_t start = std::stoull(line, nullptr, 16);
        const std::uint64_t end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
        const std::string rights = line.substr(line.find(' ') + 1, 3);
        if (start >= from && end <= from + kSize) {
            ++met;
        } else if (end + CodeMemory::kGuard > from && start < from + kSize + CodeMemory::kGuard) {
            EXPECT_EQ(rights, "---") << line;
        }
    }
    EXPECT_GE(met, 1u);
}

class TranslatorCodeMemory : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TranslatorCodeMemory, FillsUpOverAndOver)
{
    TranslatorMachine m{{.code_bytes = GetParam()}};
    std::uint64_t expected = 0;
    for (unsigned n = 0; n < kCount; ++n) {
        m.assemble(kFunctions + 32 * n, true, [&](x::Assembler& a) {
            const auto skip = a.newLabel();
            a.add(x::rax, static_cast<int>(n));
            a.test(x::al, 1);
            a.jz(skip);
            a.add(x::rax, 3);
            a.bind(skip);
            a.ret();
        });
    }
    for (unsigned round = 0; round < kRounds; ++round) {
        for (unsigned n = 0; n < kCount; ++n) {
            expected += n;
            expected += (expected & 1) != 0 ? 3 : 0;
        }
    }
    m.assemble(kCode, true, [](x::Assembler& a) {
        const auto round = a.newLabel();
        const auto loop = a.newLabel();
        a.mov(x::ecx, kRounds);
        a.bind(round);
        a.mov(x::rsi, kFunctions);
        a.mov(x::edi, kCount);
        a.bind(loop);
        a.call(x::rsi);
        a.add(x::rsi, 32);
        a.dec(x::edi);
        a.jnz(loop);
        a.dec(x::ecx);
        a.jnz(round);
        a.hlt();
    });
    vcpu::CpuState state = m.flat64();
    state.gpr[x86::kRax] = 0;
    m.cpu.set_state(state);
    const std::uint64_t before = m.counter("code_resets");
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], expected);
    EXPECT_GT(m.counter("code_resets"), before + 2 * kRounds);
    EXPECT_LE(m.counter("code_bytes"), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Sizes, TranslatorCodeMemory,
                         ::testing::Values(std::size_t{64} << 10, std::size_t{128} << 10, std::size_t{192} << 10));

// Masks of MXCSR and of the x87 control word, AC under SMAP, and privilege make 12 contexts.
class TranslatorContexts : public ::testing::Test {
protected:
    static constexpr std::uint64_t kUserCode = kCode + 0x1000;
    static constexpr std::uint64_t kFunction = kCode + 0x2000;
    static constexpr std::uint64_t kUserTable = 0x300000; // user mode has the page of kData here
    static constexpr std::uint64_t kKernelStack = 0x9000;
    static constexpr std::uint64_t kTss = 0x3000;
    static constexpr unsigned kTimes = 50;

    // Calls the function with each MXCSR and each x87 control word of the table.
    static void call_in_all(x::Assembler& a, std::uint64_t table)
    {
        for (unsigned combination = 0; combination < 4; ++combination) {
            a.ldmxcsr(x::dword_ptr(table + 4 * (combination & 1)));
            a.fldcw(x::word_ptr(table + 8 + 4 * (combination >> 1)));
            a.call(kFunction);
        }
    }
    void write_code()
    {
        m.assemble(kCode, true, [](x::Assembler& a) {
            a.clac();
            call_in_all(a, kData);
            a.stac();
            call_in_all(a, kData);
            a.iretq();
        });
        m.assemble(kUserCode, true, [](x::Assembler& a) {
            call_in_all(a, kUserTable);
            a.int_(0x80);
        });
        m.assemble(kFunction, true, [](x::Assembler& a) {
            a.inc(x::eax);
            a.ret();
        });
        m.assemble(kOwnHandlers, true, [](x::Assembler& a) {
            const auto end = a.newLabel();
            a.dec(x::ebx);
            a.jz(end);
            a.mov(x::qword_ptr(x::rsp), kUserCode);
            a.jmp(kCode);
            a.bind(end);
            a.hlt();
        });
    }
    vcpu::CpuState start()
    {
        vcpu::CpuState state = m.flat64();
        for (std::uint64_t page = 0; page < 1024; ++page) {
            const std::uint64_t at = page << 12;
            const bool user = (at >= kCode && at <= kFunction) || at == kStack - 0x1000;
            m.put<std::uint64_t>(Machine::pte(at), at | (user ? 7 : 3));
        }
        m.put<std::uint64_t>(Machine::pte(kUserTable), kData | 7);
        m.put<std::uint64_t>(conformance::kGdt + 0x18, 0x00affb000000ffff);
        m.put<std::uint64_t>(conformance::kGdt + 0x20, 0x00cff3000000ffff);
        m.put<std::uint64_t>(kTss + 4, kKernelStack);
        state.tr = {.selector = 0x28, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        set_gate64(m, 0x80, kOwnHandlers, 0, 3);
        constexpr std::uint32_t kTable[] = {0x1f80, 0x1f00, 0x37f, 0x37e};
        std::memcpy(m.at(kData), kTable, sizeof kTable);
        constexpr std::uint64_t kFrame[] = {kUserCode, 0x1b, 0x2, kStack, 0x23};
        std::memcpy(m.at(kKernelStack - sizeof kFrame), kFrame, sizeof kFrame);
        state.gpr[x86::kRsp] = kKernelStack - sizeof kFrame;
        state.gpr[x86::kRax] = 0;
        state.gpr[x86::kRbx] = kTimes;
        state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kSmap;
        return state;
    }
    TranslatorMachine m{{.code_bytes = kUsualCode, .contexts = 8}};
};

TEST_F(TranslatorContexts, MayBeMoreThanThereIsRoomFor)
{
    write_code();
    m.cpu.set_state(start());
    const std::uint64_t before = m.counter("code_resets");
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 0u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], kTimes * 12u);
    EXPECT_GT(m.counter("code_resets"), before);
}

} // namespace

} // namespace windsor::translate::testing
