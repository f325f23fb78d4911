// SPDX-License-Identifier: GPL-2.0-or-later
// Translated code keeps the guest's x87, MMX and SSE state in the host's registers.
#include "translate/test_machine.hpp"

#include <functional>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
namespace cr0 = x86::cr0;
namespace cr4 = x86::cr4;
using vcpu::HaltReason;
using x86::Exception;

constexpr std::uint64_t kImage = kData + 0x800;
constexpr std::uint64_t kOtherImage = kData + 0xa00;

class TranslatorFloating : public ::testing::Test {
protected:
    // RSI leads to constants: 1.0, 0.5, 0.0 and 1.25 as doubles, and then three values each for MXCSR and the control
    // word.
    static vcpu::CpuState start(Machine& m)
    {
        vcpu::CpuState state = m.flat64();
        constexpr double kNumbers[] = {1.0, 0.5, 0.0, 1.25};
        std::memcpy(m.at(kData), kNumbers, sizeof kNumbers);
        constexpr std::uint32_t kWords[] = {0x1f80, 0x1d80, 0x9f80, 0x37f, 0x37b, 0x27f};
        std::memcpy(m.at(kData + 32), kWords, sizeof kWords);
        state.cr0 |= cr0::kNe | cr0::kMp;
        state.cr4 |= cr4::kOsfxsr | cr4::kOsxmmexcpt;
        state.fx.fcw = 0x37f;
        state.gpr[x86::kRsi] = kData;
        return state;
    }
    // Writes FXSAVE, and clears in its image where the last x87 instruction was, which translation does not keep.
    static void save(x::Assembler& a, std::uint64_t image)
    {
        a.fxsave(x::ptr(image));
        a.mov(x::word_ptr(image + 6), 0);
        a.mov(x::qword_ptr(image + 8), 0);
        a.mov(x::qword_ptr(image + 16), 0);
    }
    static x::Mem number(int n) { return x::qword_ptr(x::rsi, 8 * n); }
    static x::Mem mxcsr(int n) { return x::dword_ptr(x::rsi, 32 + 4 * n); }
    static x::Mem control(int n) { return x::word_ptr(x::rsi, 44 + 4 * n); }

    void compare(const std::function<void(x::Assembler&)>& write,
                 const std::function<void(Machine&, vcpu::CpuState&)>& change = [](Machine&, vcpu::CpuState&) {})
    {
        expect_same(interpreter, m, [&](Machine& machine) {
            machine.reset();
            vcpu::CpuState state = start(machine);
            machine.assemble(kCode, true, write);
            change(machine, state);
            return state;
        });
    }
    double xmm(unsigned n) const
    {
        const vcpu::CpuState state = m.cpu.state();
        double value = 0;
        std::memcpy(&value, state.fx.xmm.at(n).data(), sizeof value);
        return value;
    }
    emulate::testing::TestMachine interpreter;
    TranslatorMachine m;
};

TEST_F(TranslatorFloating, SumsSurviveExits)
{
    compare([](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ecx, 1000);
        a.xorps(x::xmm15, x::xmm15);
        a.fldz();
        a.bind(loop);
        a.addsd(x::xmm15, number(1));
        a.fadd(number(1));
        a.out(0x80, x::al);
        a.addsd(x::xmm15, number(3));
        a.fadd(number(3));
        a.cpuid();
        a.mov(x::ecx, x::edi);
        a.inc(x::edi);
        a.cmp(x::edi, 1000);
        a.jnz(loop);
        a.fstp(x::qword_ptr(x::rsi, 0x100));
        a.hlt();
    });
    EXPECT_EQ(xmm(15), 1750.0);
    EXPECT_EQ(m.get<double>(kData + 0x100), 1750.0);
}

TEST_F(TranslatorFloating, FxsaveSeesAndFxrstorChangesWhatIsLive)
{
    compare([](x::Assembler& a) {
        a.movsd(x::xmm3, number(3));
        a.fld(number(3));
        a.fld(number(1));
        save(a, kImage);
        a.movsd(x::xmm3, number(1));
        a.fstp(x::st0);
        a.fadd(number(0));
        a.fldz();
        save(a, kOtherImage);
        a.fxrstor(x::ptr(kImage));
        a.addsd(x::xmm3, number(0)); // the sum is 2.25
        a.faddp();                   // the sum is 1.75
        a.fst(x::qword_ptr(x::rsi, 0x100));
        a.hlt();
    });
    EXPECT_EQ(xmm(3), 2.25);
    EXPECT_EQ(m.get<double>(kData + 0x100), 1.75);
}

TEST_F(TranslatorFloating, TaskSwitchedMakesBothUnitsUnavailable)
{
    for (const bool x87 : {false, true}) {
        compare(
            [&](x::Assembler& a) {
                a.addsd(x::xmm0, number(0));
                a.fld1();
                a.mov(x::rax, x::cr0);
                a.or_(x::eax, static_cast<std::uint32_t>(cr0::kTs));
                a.mov(x::cr0, x::rax);
                if (x87) {
                    a.fadd(number(0));
                } else {
                    a.addsd(x::xmm0, number(0));
                }
                a.fadd(number(0));
                a.addsd(x::xmm0, number(0));
                a.hlt();
            },
            [](Machine& machine, vcpu::CpuState&) {
                set_gate64(machine, static_cast<unsigned>(Exception::Nm), kOwnHandlers);
                machine.assemble(kOwnHandlers, true, [](x::Assembler& a) {
                    a.clts();
                    a.inc(x::r10);
                    a.iretq();
                });
            });
        EXPECT_EQ(m.cpu.state().gpr[x86::kR10], 1u);
        EXPECT_EQ(xmm(0), x87 ? 2.0 : 3.0);
    }
}

TEST_F(TranslatorFloating, AnUnmaskedSseExceptionIsRaised)
{
    compare([](x::Assembler& a) {
        a.movsd(x::xmm0, number(0));
        a.divsd(x::xmm0, number(2)); // the exception is masked, so that this is infinity
        a.ldmxcsr(mxcsr(1));
        a.movsd(x::xmm1, number(0));
        a.divsd(x::xmm1, number(2));
        a.hlt();
    });
    EXPECT_EQ(m.vector(), static_cast<unsigned>(Exception::Xm));
    EXPECT_EQ(xmm(1), 1.0);
}

TEST_F(TranslatorFloating, AnUnmaskedX87ExceptionIsRaised)
{
    compare([](x::Assembler& a) {
        a.fld1();
        a.fld(number(2));
        a.fldcw(control(1));
        a.fdivp();
        a.mov(x::eax, 1);
        a.fld1();
        a.mov(x::eax, 2);
        a.hlt();
    });
    EXPECT_EQ(m.vector(), static_cast<unsigned>(Exception::Mf));
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 1u);
}

// The guest's precision and its flushing to zero hold in the host's units, and the host's sticky flags are the guest's.
TEST_F(TranslatorFloating, ControlWordsDecideHowItIsCalculated)
{
    compare([](x::Assembler& a) {
        a.fld1();
        a.fldcw(control(2)); // the precision is 53 bits
        a.fdiv(number(3));
        a.fstp(x::tword_ptr(x::rsi, 0x100));
        a.fldcw(control(0));
        a.fld1();
        a.fdiv(number(3));
        a.fstp(x::tword_ptr(x::rsi, 0x110));
        a.ldmxcsr(mxcsr(2)); // results are flushed to zero
        a.mov(x::rax, 0x0010000000000000);
        a.movq(x::xmm0, x::rax);
        a.mulsd(x::xmm0, number(1));
        a.stmxcsr(x::dword_ptr(x::rsi, 0x120));
        a.fnstsw(x::ax);
        a.hlt();
    });
    EXPECT_EQ(xmm(0), 0.0);
    EXPECT_NE(m.get<std::uint64_t>(kData + 0x100), m.get<std::uint64_t>(kData + 0x110));
    EXPECT_EQ(m.get<std::uint32_t>(kData + 0x120) & 0x3f, 0x30u) << "underflow and precision";
}

TEST_F(TranslatorFloating, MmxSharesTheRegistersOfX87)
{
    compare([](x::Assembler& a) {
        a.fld(number(3));
        a.fld(number(1));
        a.mov(x::rax, 0x0102030405060708);
        a.movq(x::mm0, x::rax);
        a.paddb(x::mm0, x::mm0);
        a.movq(x::mm7, x::mm0);
        a.movq(x::rbx, x::mm7);
        save(a, kImage);
        a.emms();
        a.fld(number(3));
        a.cvtpi2pd(x::xmm2, x::qword_ptr(x::rsi));
        a.fst(x::qword_ptr(x::rsi, 0x100));
        a.hlt();
    });
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 0x020406080a0c0e10u);
    EXPECT_EQ(m.get<double>(kData + 0x100), 1.25);
}

// The host's own MXCSR and control word do not become the guest's, and the guest's do not become the host's.
TEST_F(TranslatorFloating, TheHostKeepsItsOwn)
{
    compare([](x::Assembler& a) {
        a.fldcw(control(2));
        a.ldmxcsr(mxcsr(2));
        a.fld1();
        a.addsd(x::xmm0, number(0));
        a.out(0x80, x::al);
        a.fld1();
        a.addsd(x::xmm0, number(0));
        a.hlt();
    });
    std::uint32_t own = 0;
    std::uint16_t word = 0;
    asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(own), "=m"(word));
    EXPECT_EQ(own & 0xffc0, 0x1f80u);
    EXPECT_EQ(word, 0x37f);
    std::uint32_t during = 0;
    m.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) { asm volatile("stmxcsr %0" : "=m"(during)); };
    m.cpu.set_state(start(m));
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(during & 0xffc0, 0x1f80u);
}

} // namespace

} // namespace windsor::translate::testing
