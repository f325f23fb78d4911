// SPDX-License-Identifier: GPL-2.0-or-later
// Where the guest has NOP, these tests put host code that the host refuses to run. The interpreter takes over, or the
// machine ends. In either case the process goes on.
#include "translate/test_machine.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using vcpu::HaltReason;

constexpr unsigned kRounds = 100;
constexpr std::uint64_t kNoAddress = 0x8000'0000'0000'0000;

Options with_nop(std::vector<std::uint8_t> nop, std::string* said = nullptr)
{
    Options options{.code_bytes = kUsualCode};
    options.nop = std::move(nop);
    if (said != nullptr) {
        options.report = [said](const std::string& text) { *said += text + '\n'; };
    }
    return options;
}

// The program has NOPs among instructions. Flags and general, SSE and x87 registers must survive them.
vcpu::CpuState prepare(Machine& m, std::uint64_t rbx)
{
    m.reset();
    m.assemble(kCode, true, [](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ecx, kRounds);
        a.fld1();
        a.bind(loop);
        a.add(x::rsi, x::rcx);
        a.nop();
        a.adc(x::rdi, x::rsi);
        a.cmp(x::rcx, 50);
        a.mov(x::qword_ptr(kData), x::rdi);
        a.nop();
        a.setb(x::al);
        a.paddd(x::xmm0, x::xmm1);
        a.fadd(x::st0, x::st0);
        a.nop();
        a.mov(x::r10, x::rdi);
        a.dec(x::rcx);
        a.jnz(loop);
        a.fstp(x::qword_ptr(kData + 8));
        a.hlt();
    });
    vcpu::CpuState state = m.flat64();
    state.cr4 |= x86::cr4::kOsfxsr;
    state.fx.fcw = 0x37f;
    state.fx.xmm[1].fill(3);
    state.gpr[x86::kRdx] = ~std::uint64_t{0};
    state.gpr[x86::kRbp] = kNoAddress;
    state.gpr[x86::kRbx] = rbx;
    return state;
}

struct Refusal {
    const char* name;
    std::vector<std::uint8_t> code;
};

class TranslatorRefusals : public ::testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(Signals, TranslatorRefusals,
                         ::testing::Values(Refusal{"SIGILL", {0x0f, 0x0b}},        // ud2
                                           Refusal{"SIGSEGV", {0xf4}},             // hlt raises #GP
                                           Refusal{"SIGSEGV", {0xff, 0xe5}},       // jmp rbp raises #GP
                                           Refusal{"SIGBUS", {0x48, 0x8b, 0x45, 0}}, // mov rax, [rbp] raises #SS
                                           Refusal{"SIGFPE", {0xf7, 0xf4}},        // div esp raises #DE
                                           Refusal{"SIGTRAP", {0xcc}}),            // int3
                         [](const auto& refusal) { return refusal.param.name + std::to_string(refusal.index); });

TEST_P(TranslatorRefusals, LeaveTheInstructionToTheInterpreter)
{
    std::string said;
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator{with_nop(GetParam().code, &said)};
    expect_same(interpreter, translator, [](Machine& m) { return prepare(m, 0); });
    const std::uint64_t refused = translator.counter("refused_by_host");
    EXPECT_GE(refused, 3u) << "there are three NOPs";
    EXPECT_LE(refused, 6u) << "each is interpreted from then on";
    EXPECT_NE(said.find(GetParam().name), std::string::npos) << said;
    EXPECT_EQ(translator.engine->failure(), "");
}

// If the translator cannot tell which guest instruction was refused, the machine ends. Other machines in the process go
// on.
void expect_end(const std::vector<std::uint8_t>& code, std::uint64_t rbx, std::string_view why)
{
    TranslatorMachine broken{with_nop(code)};
    TranslatorMachine other;
    EXPECT_EQ(broken.run(prepare(broken, rbx)), HaltReason::Failed);
    EXPECT_NE(broken.engine->failure().find(why), std::string::npos) << broken.engine->failure();
    EXPECT_EQ(other.run(prepare(other, rbx)), HaltReason::Halted);
    EXPECT_EQ(broken.engine->run(), HaltReason::Failed) << "it does not go on";
}

TEST(TranslatorRefusal, EndsTheMachineWhereNothingCanBeTold)
{
    expect_end({0xff, 0xe3}, 0x1000, "cannot be told"); // jmp rbx leads to no code
    expect_end({0x90, 0x0f, 0x0b}, 0, "cannot be told"); // ud2 does not lie where the code for NOP begins
}

TEST(TranslatorRefusal, EndsTheMachineWhoseMemoryIsLost)
{
    const int file = ::memfd_create("lost", 0);
    ASSERT_GE(file, 0);
    void* lost = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0); // the file is empty
    ::close(file);
    ASSERT_NE(lost, MAP_FAILED);
    expect_end({0x48, 0x8b, 0x03}, reinterpret_cast<std::uintptr_t>(lost), "lost memory"); // mov rax, [rbx]
    ::munmap(lost, 4096);
}

} // namespace

} // namespace windsor::translate::testing
