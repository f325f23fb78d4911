// SPDX-License-Identifier: GPL-2.0-or-later
// Programs go from one context to another and back, by gates, interrupts with a stack of their own, tasks and changes
// of mode. Before, they change what code takes for granted: DF, AC, TF, masks of exceptions, segments, upper halves of
// registers. Both sides work on memory and in all units, and both engines must end alike.
#include "translate/test_machine.hpp"

#include <string>
#include <tuple>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
namespace fl = x86::rflags;
using conformance::kGdt;
using x86::Seg;

constexpr std::uint64_t kKernel = 0x28000; // all ways but that to compatibility mode lead here
constexpr std::uint64_t kEnd = 0x2a000;    // handlers that end the program are here
constexpr std::uint64_t kStep = 0x2c000;   // the handler of #DB is here
constexpr std::uint64_t kUnits = 0x2d000;  // the handler of #NM is here
constexpr std::uint64_t kNarrow = 0x2e000; // code of compatibility mode is here
constexpr std::uint64_t kTss = 0x3000;
constexpr std::uint64_t kOtherTss = 0x3100;
constexpr std::uint64_t kKernelStack = 0x90000;
constexpr std::uint64_t kOtherStack = 0x98000; // the stack of interrupts with one of their own, and of the other task
constexpr std::uint64_t kStackBytes = 0x400;
constexpr std::uint64_t kCount = kData + 0x40;
constexpr std::uint64_t kEnded = kData + 0x48; // the vector by which the program has ended
constexpr std::uint64_t kFarPointer = kData + 0x50;
constexpr std::uint64_t kControls = kData + 0x60;
constexpr std::uint64_t kUserWork = 0x100000;   // the program works on this memory
constexpr std::uint64_t kKernelWork = 0x110000; // the other side works on this memory
constexpr std::uint64_t kBase = 0x1000; // segments that are not flat have this base
constexpr std::uint16_t kUserCode32 = 0x1b, kUserData = 0x23, kUserCode64 = 0x2b, kBasedData = 0x33;
constexpr std::uint16_t kMainTask = 0x38, kGate = 0x58, kOtherTask = 0x60;
constexpr std::uint8_t kService = 0x80, kLast = 0x81;
constexpr std::uint16_t kReached = 0x10; // the other side writes to this port when it is reached
constexpr unsigned kRounds = 12;
constexpr std::uint64_t kHostile = 0x0000'7123'0000'0000;

enum class Way : std::uint8_t { Gate, OwnStack, Fault, Syscall, Compatibility, NarrowGate, CallGate, Task, TaskGate };
enum class Hostility : std::uint8_t { None, Direction, Alignment, Trap, Mxcsr, X87, Segments, Upper };

constexpr auto kWays = std::to_array<const char*>(
    {"Gate", "OwnStack", "Fault", "Syscall", "Compatibility", "NarrowGate", "CallGate", "Task", "TaskGate"});
constexpr auto kHostilities = std::to_array<const char*>(
    {"None", "Direction", "Alignment", "Trap", "Mxcsr", "X87", "Segments", "Upper"});

constexpr bool wide(Way way)
{
    return way <= Way::Compatibility;
}

// Writes code that works on memory, strings and the stack and in all units. It sets all registers that it needs.
void work(x::Assembler& a, std::uint64_t at)
{
    const auto middle = static_cast<std::uint32_t>(at + 0x1800);
    a.mov(x::esi, middle);
    a.mov(x::edi, middle + 0x1000);
    a.lodsd();
    a.stosd();
    a.mov(x::ecx, 6);
    a.rep().movsw();
    a.mov(x::ecx, 4);
    a.rep().stosb();
    a.add(x::eax, x::dword_ptr(a.zsi(), 16));
    a.mov(x::dword_ptr(a.zdi(), 4), x::eax);
    a.adc(x::dword_ptr(a.zdi(), 8), 7);
    a.push(a.zdi());
    a.push(x::ptr(a.zsi(), 0, a.is64Bit() ? 8 : 4));
    a.pop(a.zax());
    a.pop(a.zcx());
    a.mov(x::edi, middle + 0x2000);
    a.movdqu(x::xmm0, x::ptr(a.zdi()));
    a.paddd(x::xmm0, x::xmm1);
    a.movdqu(x::ptr(a.zdi()), x::xmm0);
    a.fld1();
    a.fadd(x::dword_ptr(a.zdi(), 32));
    a.fstp(x::dword_ptr(a.zdi(), 32));
}

void push_flags(x::Assembler& a)
{
    a.is64Bit() ? a.pushfq() : a.pushfd();
}

void pop_flags(x::Assembler& a)
{
    a.is64Bit() ? a.popfq() : a.popfd();
}

void set_flag(x::Assembler& a, std::uint64_t flag)
{
    push_flags(a);
    a.or_(x::ptr(a.zsp(), 0, 4), static_cast<std::int32_t>(flag));
    pop_flags(a);
}

void become_hostile(x::Assembler& a, Hostility hostility)
{
    switch (hostility) {
    case Hostility::None: break;
    case Hostility::Direction: a.std(); break;
    case Hostility::Alignment: set_flag(a, fl::kAc); break;
    case Hostility::Trap: set_flag(a, fl::kTf); break;
    case Hostility::Mxcsr:
        a.mov(x::dword_ptr(kControls), 0x1d80); // this unmasks division by zero
        a.ldmxcsr(x::dword_ptr(kControls));
        break;
    case Hostility::X87:
        a.mov(x::dword_ptr(kControls), 0x37b); // this unmasks division by zero
        a.fldcw(x::word_ptr(kControls));
        break;
    case Hostility::Segments:
        a.mov(x::eax, kBasedData);
        a.mov(x::es, x::eax);
        a.mov(x::fs, x::eax);
        if (!a.is64Bit()) {
            a.mov(x::ds, x::eax);
        }
        break;
    case Hostility::Upper:
        for (unsigned id = 0; a.is64Bit() && id < 16; ++id) {
            if (id != x::Gp::kIdSp) {
                a.mov(x::gpq(id), kHostile + kUserWork + 16 * id);
            }
        }
        break;
    }
}

void become_friendly(x::Assembler& a, Hostility hostility)
{
    switch (hostility) {
    case Hostility::Direction: a.cld(); break;
    case Hostility::Alignment:
    case Hostility::Trap:
        push_flags(a);
        a.and_(x::ptr(a.zsp(), 0, 4), ~static_cast<std::int32_t>(fl::kAc | fl::kTf));
        pop_flags(a);
        break;
    case Hostility::Mxcsr:
        a.mov(x::dword_ptr(kControls), 0x1f80);
        a.ldmxcsr(x::dword_ptr(kControls));
        break;
    case Hostility::X87:
        a.mov(x::dword_ptr(kControls), 0x37f);
        a.fldcw(x::word_ptr(kControls));
        break;
    case Hostility::Segments:
        a.mov(x::eax, kUserData);
        for (const auto& segment : {x::ds, x::es, x::fs}) {
            a.mov(segment, x::eax);
        }
        break;
    default: break;
    }
}

// Writes an instruction that raises the exception that was unmasked. It runs in the last round, after the other side.
void provoke(x::Assembler& a, Hostility hostility)
{
    switch (hostility) {
    case Hostility::Alignment: a.mov(x::eax, x::dword_ptr(kUserWork + 1)); break;
    case Hostility::Mxcsr:
        a.xorps(x::xmm3, x::xmm3);
        a.divps(x::xmm1, x::xmm3);
        break;
    case Hostility::X87:
        a.fld1();
        a.fldz();
        a.fdivp();
        a.fwait();
        break;
    default: break;
    }
}

void far(x::Assembler& a, std::uint8_t opcode, std::uint16_t selector, std::uint64_t offset = 0)
{
    a.db(opcode);
    a.dd(static_cast<std::uint32_t>(offset));
    a.dw(selector);
}

void go(x::Assembler& a, Way way)
{
    constexpr std::uint8_t kCallFar = 0x9a;
    switch (way) {
    case Way::Gate:
    case Way::OwnStack:
    case Way::NarrowGate:
    case Way::TaskGate: a.int_(kService); break;
    case Way::Fault: a.ud2(); break;
    case Way::Syscall:
        a.mov(x::r15, x::rsp);
        a.syscall();
        break;
    case Way::Compatibility:
        for (const unsigned byte : {0xffU, 0x2cU, 0x25U}) { // jmp far [kFarPointer]
            a.db(static_cast<std::uint8_t>(byte));
        }
        a.dd(static_cast<std::uint32_t>(kFarPointer));
        break;
    case Way::CallGate: far(a, kCallFar, kGate); break;
    case Way::Task: far(a, kCallFar, kOtherTask); break;
    }
}

// Writes the program. `behind` becomes the address to which the other side returns.
void write_user(x::Assembler& a, Way way, Hostility hostility, std::uint64_t& behind)
{
    const auto loop = a.newLabel();
    const auto again = a.newLabel();
    const auto there = a.newLabel();
    a.bind(loop);
    work(a, kUserWork);
    become_hostile(a, hostility);
    go(a, way);
    a.bind(there);
    const auto offset = a.offset();
    work(a, kUserWork + 0x4000);
    a.cmp(x::dword_ptr(kCount), hostility == Hostility::Segments && !a.is64Bit() ? 99 : 1);
    a.jne(again);
    provoke(a, hostility);
    a.bind(again);
    become_friendly(a, hostility);
    a.dec(x::dword_ptr(kCount));
    a.jnz(loop);
    a.int_(kLast);
    behind = kCode + offset;
}

void write_kernel(x::Assembler& a, Way way)
{
    const auto again = a.newLabel();
    a.bind(again);
    if (way != Way::Task && way != Way::TaskGate) {
        a.push(a.zax());
        a.push(a.zsi());
        a.push(a.zdi());
        a.push(a.zcx());
    } else {
        a.clts();
    }
    work(a, kKernelWork);
    a.out(kReached, x::al);
    if (way != Way::Task && way != Way::TaskGate) {
        a.pop(a.zcx());
        a.pop(a.zdi());
        a.pop(a.zsi());
        a.pop(a.zax());
    }
    switch (way) {
    case Way::Fault: // the handler returns behind UD2
        a.add(x::ptr(a.zsp(), 0, 8), 2);
        a.iretq();
        break;
    case Way::Syscall:
        a.mov(x::rsp, x::r15);
        a.db(0x48);
        a.db(0x0f);
        a.db(0x07);
        break;
    case Way::CallGate: a.db(0xcb); break;
    case Way::Task:
    case Way::TaskGate:
        a.iretd();
        a.jmp(again); // the task goes on here the next time
        break;
    default: a.is64Bit() ? a.iretq() : a.iretd();
    }
}

// Writes a handler that ends the program. It clears the kernel's stacks, because flags in their frames need not be
// exact.
void write_end(x::Assembler& a, unsigned vector)
{
    a.mov(x::eax, 0x10);
    a.mov(x::ds, x::eax);
    a.mov(x::es, x::eax);
    a.mov(x::dword_ptr(kEnded), vector);
    a.cld();
    a.xor_(x::eax, x::eax);
    for (const std::uint64_t top : {kKernelStack, kOtherStack}) {
        a.mov(x::edi, static_cast<std::uint32_t>(top - kStackBytes));
        a.mov(x::ecx, static_cast<std::uint32_t>(kStackBytes));
        a.rep().stosb();
    }
    a.hlt();
}

class TranslatorTransitions : public ::testing::TestWithParam<std::tuple<Way, Hostility>> {
protected:
    static constexpr unsigned kVectorBytes = 0x60; // each handler at kEnd has so many bytes

    static void set_gate(Machine& m, unsigned vector, std::uint64_t handler, unsigned ist = 0)
    {
        constexpr unsigned kUser = 3;
        if (wide(std::get<Way>(GetParam()))) {
            set_gate64(m, vector, handler, ist, kUser);
        } else {
            m.put<std::uint64_t>(kIdt + 8 * vector, (handler & 0xffff) | 0x80000 | (0x8e00ull | kUser << 13) << 32 |
                                                        (handler >> 16 & 0xffff) << 48);
        }
    }

    static void make_descriptors(Machine& m)
    {
        m.put<std::uint64_t>(kGdt + 0x18, 0x00cffb000000ffff);
        m.put<std::uint64_t>(kGdt + 0x20, 0x00cff3000000ffff);
        m.put<std::uint64_t>(kGdt + 0x28, 0x00affb000000ffff);
        m.put<std::uint64_t>(kGdt + 0x30, 0x00cff3000000ffff | kBase << 16);
        const auto tss = [](std::uint64_t at, std::uint64_t type) { return 0x67 | at << 16 | type << 40; };
        m.put<std::uint64_t>(kGdt + kMainTask, tss(kTss, 0x8b));
        if (!wide(std::get<Way>(GetParam()))) {
            m.put<std::uint64_t>(kGdt + kGate, (kKernel & 0xffff) | 8ull << 16 | 0xecull << 40 | (kKernel >> 16) << 48);
            m.put<std::uint64_t>(kGdt + kOtherTask, tss(kOtherTss, 0xe9));
        }
    }

    static void make_tasks(Machine& m)
    {
        if (wide(std::get<Way>(GetParam()))) {
            m.put<std::uint64_t>(kTss + 4, kKernelStack);
            m.put<std::uint64_t>(kTss + 36, kOtherStack);
            return;
        }
        m.put<std::uint32_t>(kTss + 4, kKernelStack);
        m.put<std::uint32_t>(kTss + 8, 0x10);
        m.put<std::uint32_t>(kOtherTss + 4, kOtherStack);
        m.put<std::uint32_t>(kOtherTss + 8, 0x10);
        m.put<std::uint32_t>(kOtherTss + 32, kKernel);
        m.put<std::uint32_t>(kOtherTss + 36, 2);
        m.put<std::uint32_t>(kOtherTss + 56, kOtherStack);
        for (unsigned n = 0; n < 6; ++n) {
            m.put<std::uint32_t>(kOtherTss + 72 + 4 * n, n == 1 ? 8 : 0x10);
        }
    }

    static void make_gates(Machine& m)
    {
        const auto [way, hostility] = GetParam();
        for (const unsigned vector : {0u, 6u, 13u, 14u, 16u, 17u, 19u, unsigned{kLast}}) {
            const std::uint64_t at = kEnd + kVectorBytes * (vector == kLast ? 20 : vector);
            m.assemble(at, wide(way), [&](x::Assembler& a) { write_end(a, vector); });
            set_gate(m, vector, at);
        }
        m.assemble(kStep, wide(way), [&](x::Assembler& a) {
            a.inc(x::dword_ptr(kData + 0x80));
            wide(way) ? a.iretq() : a.iretd();
        });
        set_gate(m, 1, kStep);
        m.assemble(kUnits, wide(way), [&](x::Assembler& a) {
            a.clts();
            wide(way) ? a.iretq() : a.iretd();
        });
        set_gate(m, 7, kUnits);
        set_gate(m, kService, kKernel, way == Way::OwnStack ? 1 : 0);
        if (way == Way::Fault) {
            set_gate(m, 6, kKernel);
        }
        if (way == Way::TaskGate) {
            m.put<std::uint64_t>(kIdt + 8 * kService, std::uint64_t{kOtherTask} << 16 | 0xe5ull << 40);
        }
    }

    static void make_program(Machine& m)
    {
        const auto [way, hostility] = GetParam();
        std::uint64_t behind = 0;
        m.assemble(kCode, wide(way), [&](x::Assembler& a) { write_user(a, way, hostility, behind); });
        m.assemble(kKernel, wide(way), [&](x::Assembler& a) { write_kernel(a, way); });
        m.assemble(kNarrow, false, [&](x::Assembler& a) {
            work(a, kKernelWork);
            a.out(kReached, x::al);
            far(a, 0xea, kUserCode64, behind);
        });
        m.put<std::uint32_t>(kFarPointer, static_cast<std::uint32_t>(kNarrow));
        m.put<std::uint16_t>(kFarPointer + 4, kUserCode32);
        m.put<std::uint32_t>(kCount, kRounds);
        for (std::uint64_t at = kUserWork; at < kKernelWork + 0x8000; at += 4) {
            m.put<std::uint32_t>(at, static_cast<std::uint32_t>(at * 2654435761u) >> 9 | 0x3f000000);
        }
    }

    static vcpu::CpuState prepare(Machine& m)
    {
        const auto [way, hostility] = GetParam();
        m.reset();
        vcpu::CpuState state = wide(way) ? m.flat64() : m.flat32();
        make_descriptors(m);
        make_tasks(m);
        make_gates(m);
        make_program(m);
        for (x86::Segment& segment : state.segments) {
            segment = {.selector = kUserData, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0f3)};
        }
        state.segment(Seg::Cs) = {.selector = wide(way) ? kUserCode64 : kUserCode32, .limit = 0xffffffff,
                                  .attributes = x86::Attributes::from_word(wide(way) ? 0xa0fb : 0xc0fb)};
        state.tr = {.selector = kMainTask, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        state.rflags |= fl::kIopl;
        state.cr0 |= x86::cr0::kAm | x86::cr0::kNe | x86::cr0::kMp;
        state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kOsxmmexcpt;
        state.efer |= wide(way) ? x86::efer::kSce : 0;
        state.star = std::uint64_t{0x1b} << 48 | std::uint64_t{8} << 32; // SYSRET adds 16 and 8
        state.lstar = kKernel;
        state.fmask = fl::kTf;
        state.fx.fcw = 0x37f;
        state.fx.xmm[1].fill(1);
        return state;
    }
    static unsigned expected_end()
    {
        switch (std::get<Hostility>(GetParam())) {
        case Hostility::Alignment: return 17;
        case Hostility::Mxcsr: return 19;
        case Hostility::X87: return 16;
        default: return kLast;
        }
    }
    emulate::testing::TestMachine interpreter;
};

constexpr auto kAllWays = std::to_array<Way>({Way::Gate, Way::OwnStack, Way::Fault, Way::Syscall, Way::Compatibility,
                                              Way::NarrowGate, Way::CallGate, Way::Task, Way::TaskGate});
constexpr auto kAllHostilities =
    std::to_array<Hostility>({Hostility::None, Hostility::Direction, Hostility::Alignment, Hostility::Trap,
                              Hostility::Mxcsr, Hostility::X87, Hostility::Segments, Hostility::Upper});

std::string name_of(const ::testing::TestParamInfo<std::tuple<Way, Hostility>>& info)
{
    const auto [way, hostility] = info.param;
    return std::string{kWays[static_cast<std::size_t>(way)]} + kHostilities[static_cast<std::size_t>(hostility)];
}

INSTANTIATE_TEST_SUITE_P(All, TranslatorTransitions,
                         ::testing::Combine(::testing::ValuesIn(kAllWays), ::testing::ValuesIn(kAllHostilities)),
                         name_of);

// If there are windows, 32-bit programs have one from their beginning.
TEST_P(TranslatorTransitions, EndAlikeInBothEngines)
{
    for (const std::size_t windows : {std::size_t{0}, std::size_t{4}}) {
        SCOPED_TRACE(windows);
        TranslatorMachine translator{{.code_bytes = kUsualCode, .windows = {.most = windows, .warm = 0, .tick = 0}}};
        expect_same(interpreter, translator, prepare);
        EXPECT_EQ(interpreter.get<std::uint32_t>(kEnded), expected_end()) << "the program has come to another end";
        EXPECT_GT(translator.counter("entries"), 0u);
    }
}

// Whenever the other side has been reached, the processor's state moves to the other engine with all that was changed.
TEST_P(TranslatorTransitions, SurviveAChangeOfEngine)
{
    interpreter.run(prepare(interpreter));
    emulate::testing::TestMachine one;
    TranslatorMachine other;
    for (Machine* machine : {static_cast<Machine*>(&one), static_cast<Machine*>(&other)}) {
        machine->io.on_port_write = [machine](std::uint16_t, unsigned, std::uint32_t) {
            machine->engine->signals().raise(vcpu::Signal::Stop);
        };
    }
    Machine* now = &other;
    vcpu::CpuState state = prepare(other);
    for (unsigned turn = 0; now->run(state) == vcpu::HaltReason::Stopped && turn < 4 * kRounds; ++turn) {
        state = now->engine->state();
        Machine& next = now == &one ? static_cast<Machine&>(other) : one;
        std::memmove(next.at(0), now->at(0), kRam);
        now->engine->signals().lower(vcpu::Signal::Stop);
        now = &next;
    }
    expect_same_state(interpreter.engine->state(), now->engine->state());
    expect_same_memory(interpreter, *now);
    EXPECT_EQ(now->get<std::uint32_t>(kEnded), expected_end());
    EXPECT_GT(other.counter("entries"), 0u);
}

} // namespace

} // namespace windsor::translate::testing
