// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "emulate/core/trace_file.hpp"
#include "emulate/test_machine.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace windsor::emulate::testing {

namespace {

namespace x = asmjit::x86;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TraceFileTest : public ::testing::Test {
protected:
    static std::vector<std::string> lines_of(const std::string& path)
    {
        std::ifstream file{path};
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) {
            lines.push_back(line);
        }
        return lines;
    }
    void run_traced(const std::string& path, std::uint64_t limit, const std::function<void(x::Assembler&)>& write)
    {
        auto trace = TraceFile::create(path, limit, log_).value();
        const vcpu::CpuState state = m_.flat64();
        m_.assemble(kCode, true, write);
        m_.cpu.set_trace(trace.get());
        m_.run(state);
        m_.cpu.set_trace(nullptr);
    }

    base::TestFolder folder_;
    std::string path_{folder_ / "trace"};
    base::Log log_{base::Log::discard()};
    TestMachine m_;
};

TEST_F(TraceFileTest, HasALineForEachInstructionBeforeItRuns)
{
    run_traced(path_, TraceFile::kUnlimited, [](x::Assembler& a) {
        a.mov(x::eax, 0x12);
        a.mov(x::r15d, x::eax);
        a.hlt();
    });
    const auto lines = lines_of(path_);
    ASSERT_EQ(lines.size(), 4u);
    EXPECT_EQ(lines[0], "windsor trace 1");
    EXPECT_THAT(lines[1], StartsWith("8:20000 mov rax=0 rcx=0 "));
    EXPECT_THAT(lines[2], StartsWith("8:20005 mov rax=12 "));
    EXPECT_THAT(lines[2], HasSubstr(" r15=0 rflags=2 fpu="));
    EXPECT_THAT(lines[3], StartsWith("8:20008 hlt "));
    EXPECT_THAT(lines[3], HasSubstr(" r15=12 "));
}

TEST_F(TraceFileTest, ShowsEveryVectorRegisterInItsLastField)
{
    const Insn insn;
    vcpu::CpuState state;
    std::vector<std::string> lines;
    {
        auto trace = TraceFile::create(path_, TraceFile::kUnlimited, log_).value();
        for (auto& xmm : state.fx.xmm) {
            xmm[15] = 0x80;
            trace->instruction(state, insn);
        }
        for (auto& st : state.fx.st) {
            st[0] = 1;
            trace->instruction(state, insn);
        }
        state.fx.fip = 1; // which not every engine keeps
        trace->instruction(state, insn);
    }
    lines = lines_of(path_);
    ASSERT_EQ(lines.size(), 26u);
    EXPECT_EQ(lines[25], lines[24]);
    lines.pop_back();
    std::ranges::sort(lines);
    EXPECT_EQ(std::ranges::adjacent_find(lines), lines.end());
}

TEST_F(TraceFileTest, HasOneLineForARepeatedInstruction)
{
    run_traced(path_, TraceFile::kUnlimited, [](x::Assembler& a) {
        a.mov(x::ecx, 100'000); // more than is done in one piece
        a.mov(x::edi, kData + 0x50000);
        a.rep().stosb();
        a.hlt();
    });
    const auto lines = lines_of(path_);
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_THAT(lines[3], HasSubstr(" rcx=186a0 "));
    EXPECT_THAT(lines[4], HasSubstr(" rcx=0 "));
}

TEST_F(TraceFileTest, EndsAtItsLimit)
{
    run_traced(path_, 3, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ecx, 1000);
        a.bind(loop);
        a.dec(x::ecx);
        a.jnz(loop);
        a.hlt();
    });
    EXPECT_EQ(lines_of(path_).size(), 4u);
    EXPECT_EQ(m_.cpu.state().gpr[x86::kRcx], 0u) << "the program goes on";
}

TEST_F(TraceFileTest, SaysOnceThatItCannotBeWritten)
{
    log_ = base::Log::to_file(path_).value();
    run_traced("/dev/full", TraceFile::kUnlimited, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ecx, 2000);
        a.bind(loop);
        a.dec(x::ecx);
        a.jnz(loop);
        a.hlt();
    });
    const auto log = lines_of(path_);
    ASSERT_EQ(log.size(), 1u);
    EXPECT_THAT(log[0], HasSubstr("/dev/full: the trace ends here: "));
}

TEST_F(TraceFileTest, CannotBeCreatedWhereThereIsNoFolder)
{
    const auto trace = TraceFile::create("/nowhere/at/all", TraceFile::kUnlimited, log_);
    ASSERT_FALSE(trace);
    EXPECT_THAT(trace.error().message(), StartsWith("/nowhere/at/all: the trace cannot be written: "));
}

// An image, say, whose name stands in the wrong place.
TEST_F(TraceFileTest, LeavesFilesOfOthersAlone)
{
    std::ofstream{path_} << "somebody's data";
    const auto trace = TraceFile::create(path_, TraceFile::kUnlimited, log_);
    ASSERT_FALSE(trace.has_value());
    EXPECT_THAT(trace.error().message(), HasSubstr("no trace"));
    EXPECT_EQ(lines_of(path_), std::vector<std::string>{"somebody's data"});
    EXPECT_FALSE(TraceFile::create(folder_.path().string(), TraceFile::kUnlimited, log_).has_value());
}

TEST_F(TraceFileTest, WaitsForNobodyAtAPipe)
{
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_FALSE(TraceFile::create(path_, TraceFile::kUnlimited, log_).has_value());
}

TEST_F(TraceFileTest, BeginsAnewInAnOlderTraceThatIsStillOpen)
{
    const auto nothing = [](x::Assembler& a) { a.hlt(); };
    run_traced(path_, TraceFile::kUnlimited, nothing);
    auto old = TraceFile::create(path_, TraceFile::kUnlimited, log_).value();
    const vcpu::CpuState state = m_.flat64();
    m_.assemble(kCode, true, nothing);
    m_.cpu.set_trace(old.get());
    m_.run(state);
    m_.cpu.set_trace(nullptr);
    old->flush(); // as its engine stands still
    EXPECT_EQ(lines_of(path_).size(), 2u);
    run_traced(path_, TraceFile::kUnlimited, nothing);
    old.reset();
    EXPECT_EQ(lines_of(path_).size(), 2u) << "the older one has nothing left to say";
}

} // namespace

} // namespace windsor::emulate::testing
