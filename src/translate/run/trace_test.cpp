// SPDX-License-Identifier: GPL-2.0-or-later
// The traces of both engines are alike, line by line. If two programs differ, their traces show where.
#include "emulate/core/trace_file.hpp"
#include "translate/run/random_program.hpp"
#include "translate/test_machine.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using emulate::TraceFile;
using Write = std::function<void(x::Assembler&)>;
using Lines = std::vector<std::string>;

class TranslatorTrace : public ::testing::Test {
protected:
    ~TranslatorTrace() override { std::filesystem::remove(path_); }

    template <typename Engine> Lines trace(Machine& m, Engine& engine, const Write& write, std::uint64_t seed = 0)
    {
        {
            auto file = TraceFile::create(path_, TraceFile::kUnlimited, log_).value();
            engine.set_trace(file.get());
            m.reset();
            const vcpu::CpuState state = start(m, seed);
            m.assemble(kCode, true, write);
            m.run(state);
            engine.set_trace(nullptr);
        }
        Lines lines;
        std::ifstream text{path_};
        for (std::string line; std::getline(text, line);) {
            lines.push_back(line);
        }
        return lines;
    }
    Lines of_interpreter(const Write& write, std::uint64_t seed = 0)
    {
        return trace(interpreter_, interpreter_.cpu, write, seed);
    }
    Lines of_translator(const Write& write, std::uint64_t seed = 0)
    {
        return trace(translator_, translator_.cpu, write, seed);
    }
    static vcpu::CpuState start(Machine& m, std::uint64_t seed)
    {
        vcpu::CpuState state = m.flat64();
        state.cr0 |= x86::cr0::kNe;
        state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kOsxmmexcpt;
        state.fx.fcw = 0x37f;
        RandomProgram random{seed};
        for (std::uint64_t& value : state.gpr) {
            value = random.bits();
        }
        for (const unsigned pointer : {3u, 4u, 5u, 6u, 7u, 11u, 15u}) {
            state.gpr[pointer] = kData + 0x1000 * (1 + random.below(8));
        }
        for (std::uint64_t at = 0; at < 0x8000; at += 8) {
            m.put<std::uint64_t>(kData + at, random.bits());
        }
        return state;
    }

    std::string path_{std::filesystem::temp_directory_path() / fmt::format("windsor-trace-{}", ::getpid())};
    base::Log log_{base::Log::discard()};
    emulate::testing::TestMachine interpreter_;
    TranslatorMachine translator_;
};

// Writes a program that takes every way from one instruction to the next.
void write_tour(x::Assembler& a)
{
    const auto loop = a.newLabel();
    const auto function = a.newLabel();
    const auto over = a.newLabel();
    const auto none = a.newLabel();
    a.xor_(x::ecx, x::ecx);
    a.jecxz(x::rcx, none);
    a.ud2();
    a.bind(none);
    a.mov(x::r12d, 50);
    a.lea(x::r13, x::ptr(function));
    a.bind(loop);
    a.call(function);
    a.call(x::r13);
    a.mov(x::ecx, 20'000);
    a.mov(x::edi, kData);
    a.cld();
    a.rep().stosb();
    a.pushfq();
    a.popfq();
    a.sti();
    a.nop();
    a.cli();
    a.cpuid();
    a.test(x::r12d, 1);
    a.jz(over);
    a.mul(x::r12);
    a.bind(over);
    a.dec(x::r12d);
    a.jnz(loop);
    a.hlt();
    a.align(asmjit::AlignMode::kCode, 4096);
    a.bind(function);
    a.cvtsi2sd(x::xmm3, x::r12d);
    a.addsd(x::xmm4, x::xmm3);
    a.fld1();
    a.faddp(x::st1);
    a.movq(x::rax, x::xmm4);
    a.ret();
}

TEST_F(TranslatorTrace, IsThatOfTheInterpreter)
{
    const Lines expected = of_interpreter(write_tour);
    const std::uint64_t before = translator_.counter("entries");
    EXPECT_EQ(of_translator(write_tour), expected);
    EXPECT_GT(expected.size(), 1000u);
    // Translated code runs all instructions but those that are always interpreted, and the one behind STI.
    EXPECT_GT(translator_.counter("entries") - before, expected.size() * 9 / 10);
    EXPECT_LT(translator_.counter("interpreted"), expected.size() / 4);
}

TEST_F(TranslatorTrace, IsThatOfTheInterpreterForRandomPrograms)
{
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto write = [seed](x::Assembler& a) {
            RandomProgram random{seed};
            random.write(a, 50);
        };
        const Lines expected = of_interpreter(write, seed);
        ASSERT_EQ(of_translator(write, seed), expected) << "seed " << seed;
        ASSERT_GT(expected.size(), 2u);
    }
}

// The other program has another instruction in one place, as a wrong translation would have.
TEST_F(TranslatorTrace, PartsBehindTheInstructionThatDiffers)
{
    enum class Translation : std::uint8_t { Right, Wrong };
    const auto write = [](Translation translation) {
        return [wrong = translation == Translation::Wrong](x::Assembler& a) {
            a.xor_(x::eax, x::eax);
            a.mov(x::ecx, 7);
            wrong ? a.sbb(x::ecx, x::eax) : a.sub(x::ecx, x::eax); // CF is clear, so that both do the same
            a.stc();
            wrong ? a.sbb(x::ecx, x::eax) : a.sub(x::ecx, x::eax);
            a.hlt();
        };
    };
    const Lines right = of_interpreter(write(Translation::Right));
    Lines wrong = of_translator(write(Translation::Wrong));
    ASSERT_EQ(right.size(), 7u);
    ASSERT_EQ(wrong.size(), 7u);
    for (std::string& line : wrong) {
        if (const auto name = line.find(" sbb "); name != std::string::npos) {
            line.replace(name, 5, " sub ");
        }
    }
    EXPECT_TRUE(std::equal(right.begin(), right.begin() + 6, wrong.begin()));
    EXPECT_NE(right[6], wrong[6]);
}

// Without a trace, code does not run that was translated for one.
TEST_F(TranslatorTrace, LeavesNothingBehind)
{
    static_cast<void>(of_translator(write_tour));
    const std::uint64_t before = translator_.counter("entries");
    vcpu::CpuState state = start(translator_, 0);
    translator_.run(state);
    EXPECT_LT(translator_.counter("entries") - before, 500u);
}

} // namespace

} // namespace windsor::translate::testing
