// SPDX-License-Identifier: GPL-2.0-or-later
// Programs go from 64-bit code to 32-bit code and back. The upper halves of their registers would lead 32-bit code
// astray if they were part of addresses. Both engines must end alike, and no access may leave the window of the address
// space.
#include "translate/test_machine.hpp"

#include <string>
#include <string_view>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using conformance::kGdt;
using x86::Seg;

constexpr std::uint64_t kCode32 = 0x24000;
constexpr std::uint64_t kCode64 = 0x26000; // 32-bit code returns here
constexpr std::uint64_t kKernel = 0x28000; // INT 80h leads here
constexpr std::uint64_t kTss = 0x3000;
constexpr std::uint64_t kKernelStack = 0x90000;
constexpr std::uint64_t kCount = kData + 0x40;
constexpr std::uint64_t kFarPointer = kData + 0x48;
constexpr std::uint64_t kResults = kData + 0x800;
constexpr std::uint16_t kUserCode32 = 0x1b;
constexpr std::uint16_t kUserData = 0x23;
constexpr std::uint16_t kUserCode64 = 0x2b;
constexpr unsigned kRounds = 50;
// This is so high that its sum with a window's base is not canonical, or leads to something else of the host's.
constexpr std::uint64_t kHostile = 0x0000'7123'0000'0000;

enum class Way : std::uint8_t { FarJump, FarReturn, InterruptReturn, SysRet, SysExit, Kernel, Restored, Handler };

std::string name_of(const ::testing::TestParamInfo<Way>& way)
{
    constexpr auto kNames = std::to_array<const char*>(
        {"FarJump", "FarReturn", "InterruptReturn", "SysRet", "SysExit", "Kernel", "Restored", "Handler"});
    return kNames[static_cast<std::size_t>(way.param)];
}

void push_frame(x::Assembler& a, std::uint64_t rip, std::uint16_t code, std::uint64_t rsp)
{
    a.mov(x::r8, rsp);
    a.push(kUserData);
    a.push(x::r8);
    a.push(2);
    a.push(code);
    a.push(static_cast<std::int32_t>(rip));
}

// Writes code that gives the registers values whose lower halves are addresses of data, and whose upper halves are not
// 0.
void make_hostile(x::Assembler& a)
{
    a.mov(x::rax, kHostile | 1);
    a.mov(x::rbx, kHostile | kData);
    a.mov(x::rbp, kHostile | (kData + 0x100));
    a.mov(x::rsi, kHostile | (kData + 0x200));
    a.mov(x::rdi, kHostile | (kData + 0x300));
    for (const x::Gp& reg : {x::r8, x::r9, x::r10, x::r11, x::r12, x::r13, x::r14, x::r15}) {
        a.mov(reg, kHostile + reg.id());
    }
}

// Writes 64-bit code that goes to kCode32.
void write_way(x::Assembler& a, Way way)
{
    a.mov(x::eax, kUserData);
    a.mov(x::ds, x::eax);
    a.mov(x::es, x::eax);
    make_hostile(a);
    a.mov(x::rcx, kHostile | 4);
    a.mov(x::rdx, kHostile | 7);
    switch (way) {
    case Way::FarJump:
        a.db(0xff); // jmp far [kFarPointer]
        a.db(0x2c);
        a.db(0x25);
        a.dd(static_cast<std::uint32_t>(kFarPointer));
        break;
    case Way::FarReturn:
        a.push(kUserCode32);
        a.push(static_cast<std::int32_t>(kCode32));
        a.db(0x48);
        a.db(0xcb);
        break;
    case Way::SysRet:
        a.mov(x::rcx, kHostile | kCode32);
        a.mov(x::r11, 2);
        a.mov(x::rsp, kHostile | kStack);
        a.db(0x0f);
        a.db(0x07);
        break;
    case Way::SysExit:
        a.mov(x::rdx, kHostile | kCode32);
        a.mov(x::rcx, kHostile | kStack);
        a.db(0x0f);
        a.db(0x35);
        break;
    default:
        push_frame(a, kCode32, kUserCode32, kHostile | kStack);
        a.iretq();
    }
}

enum class Calls : std::uint8_t { Nothing, Kernel };

void write_code32(x::Assembler& a, Calls calls)
{
    const auto loop = a.newLabel();
    const auto function = a.newLabel();
    const auto done = a.newLabel();
    a.bind(loop);
    if (calls == Calls::Kernel) {
        a.int_(0x80);
    }
    a.mov(x::eax, x::dword_ptr(x::ebx));
    a.mov(x::dword_ptr(x::ebp, 8), x::eax);
    a.mov(x::byte_ptr(x::ebp, 12), x::bh);
    a.push(x::edi);
    a.push(x::dword_ptr(x::ebx, 4));
    a.pop(x::dword_ptr(x::ebp, 16));
    a.mov(x::dword_ptr(x::ebp, 20), x::edi);
    a.call(function);
    a.rep().stosd();
    a.pop(x::edi);
    a.bt(x::dword_ptr(x::ebx), x::edx);
    a.setc(x::al);
    a.mov(x::cl, 4);
    a.dec(x::dword_ptr(kCount));
    a.jnz(loop);
    a.jmp(done);
    a.bind(function);
    a.xadd(x::dword_ptr(x::ebx, 0x20), x::eax);
    a.and_(x::eax, 15);
    a.add(x::dword_ptr(x::esi, x::eax, 0, 4), 3);
    a.ret();
    a.bind(done);
    a.db(0xea); // jmp far
    a.dd(static_cast<std::uint32_t>(kCode64));
    a.dw(kUserCode64);
}

// Writes a kernel that returns with other upper halves of registers than it was called with.
void write_kernel(x::Assembler& a)
{
    for (const x::Gp& reg : {x::rax, x::rbx, x::rcx, x::rdx, x::rbp, x::rsi, x::rdi}) {
        a.mov(x::dword_ptr(kResults + 0x100 + 4 * reg.id()), reg.r32());
    }
    make_hostile(a);
    a.mov(x::ecx, 4);
    a.bts(x::rcx, 40);
    a.bts(x::rdx, 50);
    a.bts(x::qword_ptr(x::rsp, 24), 46); // this is RSP in the interrupt's frame
    a.iretq();
}

// Writes 64-bit code that stores what survives 32-bit code: all of R8 to R15, and the lower halves of the others.
void write_code64(x::Assembler& a)
{
    for (const x::Gp& reg : {x::r8, x::r9, x::r10, x::r11, x::r12, x::r13, x::r14, x::r15}) {
        a.mov(x::qword_ptr(kResults + 8 * reg.id()), reg);
    }
    for (const x::Gp& reg : {x::eax, x::ecx, x::edx, x::ebx, x::ebp, x::esi, x::edi, x::esp}) {
        a.mov(x::dword_ptr(kResults + 8 * reg.id()), reg);
    }
    a.int_(0x81);
}

class WayMachine : public TranslatorMachine {
public:
    explicit WayMachine(std::size_t most)
        : TranslatorMachine{{.code_bytes = kUsualCode, .windows = {.most = most, .warm = 0, .tick = 0}}}
    {
    }
};

class TranslatorWays : public ::testing::TestWithParam<Way> {
protected:
    static bool from_kernel()
    {
        return GetParam() == Way::SysRet || GetParam() == Way::SysExit || GetParam() == Way::Kernel;
    }

    static void make_program(Machine& m)
    {
        m.put<std::uint64_t>(kGdt + 24, 0x00cffb000000ffff);
        m.put<std::uint64_t>(kGdt + 32, 0x00cff3000000ffff);
        m.put<std::uint64_t>(kGdt + 40, 0x00affb000000ffff);
        set_gate64(m, 0x80, kKernel, 0, 3);
        set_gate64(m, 0x81, kHandlers + 4 * 0x81, 0, 3);
        m.put<std::uint64_t>(kTss + 4, kKernelStack);
        m.put<std::uint32_t>(kCount, kRounds);
        m.put<std::uint32_t>(kFarPointer, static_cast<std::uint32_t>(kCode32));
        m.put<std::uint16_t>(kFarPointer + 4, kUserCode32);
        m.put<std::uint32_t>(kData, 0x600dda7a);
        m.put<std::uint32_t>(kData + 4, 0x12345678);
        m.assemble(kCode, true, [](x::Assembler& a) { write_way(a, GetParam()); });
        const auto calls = GetParam() == Way::Handler ? Calls::Kernel : Calls::Nothing;
        m.assemble(kCode32, false, [=](x::Assembler& a) { write_code32(a, calls); });
        m.assemble(kCode64, true, write_code64);
        m.assemble(kKernel, true, write_kernel);
    }

    static vcpu::CpuState prepare(Machine& m)
    {
        vcpu::CpuState state = m.flat64();
        make_program(m);
        state.tr = {.selector = 0x38, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        state.efer |= x86::efer::kSce;
        state.star = std::uint64_t{0x18} << 48;
        state.sysenter_cs = 8;
        const bool restored = GetParam() == Way::Restored;
        if (!from_kernel()) {
            for (x86::Segment& segment : state.segments) {
                segment = {
                    .selector = kUserData, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0f3)};
            }
            state.segment(Seg::Cs) = {.selector = restored ? kUserCode32 : kUserCode64, .limit = 0xffffffff,
                                      .attributes = x86::Attributes::from_word(restored ? 0xc0fb : 0xa0fb)};
        }
        if (restored) {
            state.rip = kCode32;
            state.gpr = {kHostile | 1,
                         kHostile | 4,
                         kHostile | 7,
                         kHostile | kData,
                         kHostile | kStack,
                         kHostile | (kData + 0x100),
                         kHostile | (kData + 0x200),
                         kHostile | (kData + 0x300)};
        }
        return state;
    }

    static constexpr std::size_t kWindows = 4;
    emulate::testing::TestMachine interpreter;
};

INSTANTIATE_TEST_SUITE_P(All, TranslatorWays,
                         ::testing::Values(Way::FarJump, Way::FarReturn, Way::InterruptReturn, Way::SysRet,
                                           Way::SysExit, Way::Kernel, Way::Restored, Way::Handler),
                         name_of);

TEST_P(TranslatorWays, LeaveNoUpperHalvesToCodeInWindows)
{
    WayMachine windows{kWindows};
    expect_same(interpreter, windows, prepare);
    EXPECT_EQ(interpreter.vector(), 0x81u) << "the program has not come to its end";
    EXPECT_EQ(interpreter.get<std::uint32_t>(kData + 0x108), 0x600dda7au);
    EXPECT_EQ(windows.counter("windows_made"), 1u);
    EXPECT_GT(windows.counter("window_pages_mapped"), 0u);
    EXPECT_LT(windows.counter("window_faults"), 20u) << "accesses go elsewhere";
}

TEST_P(TranslatorWays, LeaveNoUpperHalvesToOtherCode)
{
    WayMachine translator{0};
    expect_same(interpreter, translator, prepare);
    EXPECT_EQ(interpreter.vector(), 0x81u) << "the program has not come to its end";
    EXPECT_LT(translator.counter("tlb_misses"), 30u) << "no lookup knows such an address";
}

// One engine takes over what another one leaves: DF, masks and rounding of both floating-point units, the x87 stack,
// and registers that only 64-bit code has.
class TranslatorSuccession : public ::testing::TestWithParam<std::array<bool, 3>> {
protected:
    static void write(x::Assembler& a)
    {
        for (unsigned part = 0; part < 3; ++part) {
            a.std();
            a.fld1();
            a.fldpi();
            a.mov(x::dword_ptr(kData + 0x20), part == 1 ? 0x1f00 : 0x7f80); // unmask an exception or round to zero
            a.ldmxcsr(x::dword_ptr(kData + 0x20));
            a.mov(x::word_ptr(kData + 0x24), part == 1 ? 0x37f : 0xf7f); // round to nearest or to zero
            a.fldcw(x::word_ptr(kData + 0x24));
            a.add(x::r15, x::r8);
            a.stc();
            a.hlt();
            a.adc(x::rax, x::r15);
            a.mov(x::rsi, kData + 0x10);
            a.mov(x::rdi, kData + 0x80);
            a.lodsq();
            a.stosq();
            a.mov(x::ecx, 3);
            a.rep().movsb();
            a.divps(x::xmm0, x::xmm1);
            a.faddp();
            a.fstp(x::qword_ptr(kData + 0x100 + 8 * part));
            a.pushfq();
            a.add(x::r10, x::rcx);
        }
        a.hlt();
    }
    static vcpu::CpuState begin(Machine& m)
    {
        m.reset();
        vcpu::CpuState state = m.flat64();
        m.assemble(kCode, true, write);
        state.cr4 |= x86::cr4::kOsfxsr;
        state.fx.fcw = 0x37f;
        state.gpr[x86::kR8] = kHostile;
        for (unsigned i = 0; i < state.fx.xmm.size(); ++i) {
            state.fx.xmm[i].fill(static_cast<std::uint8_t>(0x3f + i));
        }
        return state;
    }
    static constexpr unsigned kHalts = 4;
};

TEST_P(TranslatorSuccession, LeavesNothingBehind)
{
    emulate::testing::TestMachine alone;
    alone.engine->set_state(begin(alone));
    for (unsigned halt = 0; halt < kHalts; ++halt) {
        ASSERT_EQ(alone.engine->run(), vcpu::HaltReason::Halted);
        vcpu::CpuState next = alone.engine->state();
        next.activity = vcpu::Activity::Running;
        alone.engine->set_state(next);
    }
    // Two machines take turns. Memory moves from one to the other with the state.
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    vcpu::CpuState state = begin(interpreter);
    Machine* last = &interpreter;
    for (unsigned halt = 0; halt < kHalts; ++halt) {
        Machine& now = GetParam()[halt % 3] ? static_cast<Machine&>(translator) : interpreter;
        std::memmove(now.at(0), last->at(0), kRam);
        now.memory.written(base::GuestPhysical{kCode});
        state.activity = vcpu::Activity::Running;
        ASSERT_EQ(now.run(state), vcpu::HaltReason::Halted);
        state = now.engine->state();
        last = &now;
    }
    state.activity = vcpu::Activity::Running;
    expect_same_state(alone.engine->state(), state);
    expect_same_memory(alone, *last);
    EXPECT_GT(translator.counter("entries"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Turns, TranslatorSuccession,
                         ::testing::Values(std::array{true, true, true}, std::array{true, false, true},
                                           std::array{false, true, false}, std::array{true, false, false}));

} // namespace

} // namespace windsor::translate::testing
