// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter's core: paging, self-modifying code, dirty logging, repetition, signals.
#include "emulate/core/trace.hpp"
#include "emulate/test_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace windsor::emulate::testing {

namespace {

namespace pte = x86::pte;
using vcpu::HaltReason;
using vcpu::Signal;
using x86::Exception;

unsigned vector_of(Exception exception)
{
    return static_cast<unsigned>(exception);
}

TEST(InterpreterCore, RunsRealModeCode)
{
    TestMachine m;
    // mov ax, 0x1234; mov bx, ax; add bx, 1; push bx; pop cx; hlt
    m.code(0x5000, {0xb8, 0x34, 0x12, 0x89, 0xc3, 0x83, 0xc3, 0x01, 0x53, 0x59, 0xf4});
    EXPECT_EQ(m.run(m.real()), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRcx] & 0xffff, 0x1235u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRsp], 0x8000u);
    EXPECT_EQ(m.cpu.statistics().instructions, 6u);
}

TEST(InterpreterCore, SeesCodeThatItsOwnBlockHasJustWritten)
{
    TestMachine m;
    // mov byte [kCode+8], 0x43 (inc ebx); nop; then what was 0x4b (dec ebx); hlt
    m.code(kCode, {0xc6, 0x05, 0x08, 0x00, 0x02, 0x00, 0x43, 0x90, 0x4b, 0xf4});
    vcpu::CpuState state = m.flat32();
    state.gpr[x86::kRbx] = 10;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 11u);
}

TEST(InterpreterCore, KeepsDataWritesInACodePageApartFromItsCode)
{
    TestMachine m;
    // mov ecx, 1000; l: mov [kCode+0x800], ecx; loop l; hlt
    m.code(kCode, {0xb9, 0xe8, 0x03, 0, 0, 0x89, 0x0d, 0x00, 0x08, 0x02, 0x00, 0xe2, 0xf8, 0xf4});
    EXPECT_EQ(m.run(m.flat32()), HaltReason::Halted);
    EXPECT_EQ(m.get<std::uint32_t>(kCode + 0x800), 1u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRcx], 0u);
}

TEST(InterpreterCore, HearsOfCodeWrittenByADevice)
{
    TestMachine m;
    m.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) {
        const std::array<std::uint8_t, 1> inc{0x43};
        EXPECT_TRUE(m.memory.write(base::GuestPhysical{kCode + 0x100}, inc));
    };
    // call kCode+0x100; out 0x80, al; call kCode+0x100; hlt
    m.code(kCode, {0xe8, 0xfb, 0, 0, 0, 0xe6, 0x80, 0xe8, 0xf4, 0, 0, 0, 0xf4});
    m.code(kCode + 0x100, {0x4b, 0xc3}); // dec ebx; ret
    vcpu::CpuState state = m.flat32();
    state.gpr[x86::kRbx] = 10;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 10u);
}

TEST(InterpreterCore, LeavesALoopThatAnotherThreadRewrites)
{
    TestMachine m;
    m.code(kCode, {0x90, 0xeb, 0xfd}); // nop; jmp $-1
    m.cpu.set_state(m.flat32());
    std::thread device{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        const std::array<std::uint8_t, 1> hlt{0xf4};
        EXPECT_TRUE(m.memory.write(base::GuestPhysical{kCode}, hlt));
    }};
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    device.join();
}

TEST(InterpreterCore, StopsATightLoopOnRequest)
{
    TestMachine m;
    m.code(kCode, {0xeb, 0xfe});
    m.cpu.set_state(m.flat32());
    std::thread other{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        m.signals.raise(Signal::Stop);
    }};
    EXPECT_EQ(m.cpu.run(), HaltReason::Stopped);
    other.join();
    EXPECT_EQ(m.cpu.state().rip, kCode);
    EXPECT_FALSE(m.signals.due());
}

TEST(InterpreterCore, AMaskedInterruptDoesNotEndAHalt)
{
    TestMachine m;
    m.code(kCode, {0xf4});
    vcpu::CpuState state = m.flat32();
    state.rflags &= ~x86::rflags::kIf;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    m.signals.raise(Signal::Interrupt);
    EXPECT_FALSE(m.signals.due());
    m.signals.raise(Signal::Nmi);
    EXPECT_TRUE(m.signals.due());
}

TEST(InterpreterCore, RunsAnInstructionThatCrossesPagesAndSeesEitherPartChange)
{
    TestMachine m;
    // At the last two bytes of a page: mov eax, imm32; then ret.
    const std::uint64_t at = kCode + 0xffe;
    m.code(at, {0xb8, 1, 0, 0, 0, 0xc3});
    // call at; mov ebx, eax; mov byte [at+3], 2; call at; hlt
    m.assemble(kCode, false, [&](asmjit::x86::Assembler& a) {
        namespace r = asmjit::x86;
        a.call(at);
        a.mov(r::ebx, r::eax);
        a.mov(r::byte_ptr(at + 3), 2);
        a.call(at);
        a.hlt();
    });
    EXPECT_EQ(m.run(m.flat32()), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 1u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 0x20001u);
}

TEST(InterpreterCore, SetsAccessedAndDirtyBits)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    m.assemble(kCode, true, [&](asmjit::x86::Assembler& a) {
        namespace r = asmjit::x86;
        a.mov(r::eax, r::dword_ptr(kData));
        a.mov(r::dword_ptr(kData + 0x1000), r::eax);
        a.hlt();
    });
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.get<std::uint64_t>(TestMachine::pte(kData)) & (pte::kA | pte::kD), pte::kA);
    EXPECT_EQ(m.get<std::uint64_t>(TestMachine::pte(kData + 0x1000)) & (pte::kA | pte::kD), pte::kA | pte::kD);
    EXPECT_EQ(m.get<std::uint64_t>(TestMachine::pte(kData + 0x2000)) & (pte::kA | pte::kD), 0u);
    EXPECT_EQ(m.get<std::uint64_t>(kTables) & pte::kA, pte::kA);
}

TEST(InterpreterCore, WritesNothingIfTheSecondPageOfAStoreIsMissing)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(TestMachine::pte(kData + 0x1000), 0);
    m.assemble(kCode, true, [&](asmjit::x86::Assembler& a) {
        namespace r = asmjit::x86;
        a.mov(r::qword_ptr(kData + 0xffc), r::rax);
        a.hlt();
    });
    state.gpr[x86::kRax] = 0x0102030405060708;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().cr2, kData + 0x1000);
    EXPECT_EQ(m.get<std::uint32_t>(kData + 0xffc), 0u);
    EXPECT_EQ(m.get<std::uint64_t>(m.cpu.state().gpr[x86::kRsp]), std::uint64_t{x86::pf::kWrite});
}

TEST(InterpreterCore, ReadsAndWritesAcrossPagesThatAreFarApart)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(TestMachine::pte(kData + 0x1000), 0x50000 | 7);
    m.assemble(kCode, true, [&](asmjit::x86::Assembler& a) {
        namespace r = asmjit::x86;
        a.mov(r::qword_ptr(kData + 0xffd), r::rax);
        a.mov(r::rbx, r::qword_ptr(kData + 0xffd));
        a.hlt();
    });
    state.gpr[x86::kRax] = 0x0102030405060708;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 0x0102030405060708u);
    EXPECT_EQ(m.get<std::uint32_t>(0x50000), 0x02030405u);
}

TEST(InterpreterCore, TellsFetchFaultsOfNoExecutePages)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(TestMachine::pte(kData), kData | 7 | pte::kNx);
    state.rip = kData;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.get<std::uint64_t>(m.cpu.state().gpr[x86::kRsp]), std::uint64_t{x86::pf::kPresent | x86::pf::kFetch});
    EXPECT_EQ(m.cpu.state().cr2, kData);
}

TEST(InterpreterCore, HonoursWriteProtectionOnlyWithWp)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(TestMachine::pte(kData), kData | 5);
    m.code(kCode, {0x89, 0x04, 0x25, 0, 0, 3, 0, 0xf4}); // mov [kData], eax
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    state.cr0 &= ~x86::cr0::kWp;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().rip, kCode + 8);
}

TEST(InterpreterCore, SmapStopsSupervisorReadsOfUserPagesUnlessAcIsSet)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    state.cr4 |= x86::cr4::kSmap;
    for (const std::uint64_t page : {kCode, kStack - 0x1000, kStack, kIdt, kGdt, kHandlers}) {
        m.put<std::uint64_t>(TestMachine::pte(page), page | 3);
    }
    m.code(kCode, {0x8b, 0x04, 0x25, 0, 0, 3, 0, 0xf4}); // mov eax, [kData]
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    state.rflags |= x86::rflags::kAc;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().rip, kCode + 8);
}

TEST(InterpreterCore, LogsFirstWritesOfDisplayMemoryAgainAfterTheLogIsTaken)
{
    TestMachine m;
    auto screen = memory::Block::create(0x10000).value();
    m.memory.map({.start = base::GuestPhysical{0xa00000}, .size = 0x10000, .block = screen.get(), .logged = true});
    m.code(kCode, {0xc6, 0x05, 0x00, 0x20, 0xa0, 0x00, 0x01, 0xf4}); // mov byte [0xa02000], 1
    for (int round = 0; round < 3; ++round) {
        EXPECT_EQ(m.run(m.flat32()), HaltReason::Halted);
        const std::vector<bool> dirty = m.memory.take_dirty(*screen);
        EXPECT_EQ(std::count(dirty.begin(), dirty.end(), true), 1) << round;
        EXPECT_TRUE(dirty[2]) << round;
    }
}

TEST(InterpreterCore, SplitsMmioIntoNaturalSizes)
{
    TestMachine m;
    m.code(kCode, {0xa1, 0x10, 0, 0, 0xe0,                // mov eax, [kMmio+0x10]
                   0x89, 0x05, 0xfe, 0x0f, 0, 0xe0, 0xf4}); // mov [kMmio+0xffe], eax
    EXPECT_EQ(m.run(m.flat32()), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 0x55667788u);
    using Access = FakeIo::Access;
    EXPECT_EQ(m.io.mmio,
              (std::vector<Access>{{kMmio + 0x10, 4, false}, {kMmio + 0xffe, 2, true}, {kMmio + 0x1000, 2, true}}));
    EXPECT_EQ(m.io.written, (std::vector<std::uint64_t>{0x7788, 0x5566}));
}

TEST(InterpreterCore, ContinuesAnInterruptedRepeat)
{
    TestMachine m;
    m.code(kCode, {0xf3, 0xa4, 0xf4}); // rep movsb; hlt
    vcpu::CpuState state = m.flat32();
    state.gpr[x86::kRsi] = 0x100000;
    state.gpr[x86::kRdi] = 0x200000;
    state.gpr[x86::kRcx] = 0x50000;
    for (std::uint64_t i = 0; i < 0x50000; ++i) {
        *m.at(0x100000 + i) = static_cast<std::uint8_t>(i * 7);
    }
    m.cpu.set_state(state);
    unsigned stops = 0;
    for (;;) {
        m.signals.raise(Signal::Stop);
        if (stops != 0) {
            m.signals.lower(Signal::Stop);
        }
        if (m.cpu.run() == HaltReason::Halted) {
            break;
        }
        ++stops;
    }
    EXPECT_EQ(stops, 1u);
    EXPECT_EQ(std::memcmp(m.at(0x100000), m.at(0x200000), 0x50000), 0);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRcx], 0u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRdi], 0x250000u);
}

TEST(InterpreterCore, RepeatsBackwardsAndOverlapping)
{
    TestMachine m;
    // std; rep movsb; cld; mov ...; rep movsb with a one-byte distance spreads one byte
    m.code(kCode, {0xfd, 0xf3, 0xa4, 0xfc, 0xbe, 0, 0, 3, 0, 0xbf, 1, 0, 3, 0, 0xb9, 0x10, 0, 0, 0, 0xf3, 0xa4, 0xf4});
    vcpu::CpuState state = m.flat32();
    for (std::uint8_t i = 0; i < 32; ++i) {
        *m.at(kData + i) = i;
    }
    state.gpr[x86::kRsi] = kData + 31;
    state.gpr[x86::kRdi] = kData + 95;
    state.gpr[x86::kRcx] = 32;
    *m.at(kData) = 0x55;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(*m.at(kData + 64), 0x55);
    EXPECT_EQ(*m.at(kData + 95), 31);
    EXPECT_EQ(*m.at(kData + 16), 0x55);
    EXPECT_EQ(*m.at(kData + 17), 17);
}

TEST(InterpreterCore, FaultsInARepeatKeepWhatIsDone)
{
    TestMachine m;
    vcpu::CpuState state = m.flat64();
    m.put<std::uint64_t>(TestMachine::pte(kData + 0x1000), 0);
    m.code(kCode, {0xf3, 0x48, 0xab, 0xf4}); // rep stosq
    state.gpr[x86::kRdi] = kData + 0xff0;
    state.gpr[x86::kRcx] = 8;
    state.gpr[x86::kRax] = ~std::uint64_t{0};
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Pf));
    EXPECT_EQ(m.cpu.state().gpr[x86::kRcx], 6u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRdi], kData + 0x1000);
    EXPECT_EQ(m.get<std::uint64_t>(m.cpu.state().gpr[x86::kRsp] + 8), kCode);
}

TEST(InterpreterCore, TakesInterruptsOnlyAfterTheShadowOfSti)
{
    TestMachine m;
    m.code(kCode, {0xfb, 0x43, 0x43, 0xf4}); // sti; inc ebx; inc ebx; hlt
    m.io.interrupt = base::Vector{0x30};
    m.cpu.set_state(m.flat32());
    m.signals.raise(Signal::Interrupt);
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(m.vector(), 0x30u);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRbx], 1u);
    EXPECT_EQ(m.cpu.statistics().interrupts, 1u);
}

TEST(InterpreterCore, WakesFromHltByAnInterrupt)
{
    TestMachine m;
    m.code(kCode, {0xfb, 0xf4}); // sti; hlt
    m.cpu.set_state(m.flat32());
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().rip, kCode + 2);
    m.io.interrupt = base::Vector{0x31};
    m.signals.raise(Signal::Interrupt);
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(m.vector(), 0x31u);
    EXPECT_EQ(m.get<std::uint32_t>(m.cpu.state().gpr[x86::kRsp]), kCode + 2);
}

TEST(InterpreterCore, RefusesInstructionsBeyondFifteenBytesAndTheLimit)
{
    TestMachine m;
    for (unsigned i = 0; i < 15; ++i) {
        *m.at(kCode + i) = 0x66;
    }
    *m.at(kCode + 15) = 0x90;
    EXPECT_EQ(m.run(m.flat32()), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Gp));

    m.code(kData, {0x90, 0xb8, 1, 2, 3, 4});
    vcpu::CpuState state = m.flat32();
    state.rip = kData;
    state.segment(x86::Seg::Cs).limit = kData + 3;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Gp));
    EXPECT_EQ(m.get<std::uint32_t>(m.cpu.state().gpr[x86::kRsp] + 4), kData + 1);
}

TEST(InterpreterCore, RaisesUndefinedOpcodeForWhatTheModelLacks)
{
    TestMachine m;
    m.code(kCode, {0xc5, 0xfc, 0x57, 0xc0, 0xf4}); // vxorps ymm0, ymm0, ymm0
    EXPECT_EQ(m.run(m.flat64()), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Ud));
    m.code(kCode, {0xf0, 0x01, 0xc0, 0xf4}); // lock add eax, eax
    EXPECT_EQ(m.run(m.flat64()), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Ud));
}

TEST(InterpreterCore, ChecksSegmentLimitsExactly)
{
    TestMachine m;
    m.code(kCode, {0xa1, 0xfd, 0x0f, 0, 0, 0xf4}); // mov eax, [0xffd]
    vcpu::CpuState state = m.flat32();
    state.segment(x86::Seg::Ds).limit = 0x1000;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().rip, kCode + 6);
    state.segment(x86::Seg::Ds).limit = 0xfff;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Gp));
    // Expand-down: only what lies above the limit.
    state.segment(x86::Seg::Ds).attributes.type = 7;
    state.segment(x86::Seg::Ds).limit = 0xffc;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().rip, kCode + 6);
    state.segment(x86::Seg::Ds).limit = 0xffd;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.vector(), vector_of(Exception::Gp));
}

TEST(InterpreterCore, ClosedA20FoldsTheSecondMegabyte)
{
    TestMachine m;
    m.code(kCode, {0xc6, 0x05, 0x00, 0x00, 0x13, 0x00, 0x77, 0xf4}); // mov byte [0x130000], 0x77
    m.cpu.set_state(m.flat32());
    m.cpu.set_a20(false);
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    EXPECT_EQ(*m.at(0x30000), 0x77);
    EXPECT_EQ(*m.at(0x130000), 0);
}

TEST(InterpreterCore, CallsTheTraceForEveryInstruction)
{
    struct Sink final : TraceSink {
        void instruction(const vcpu::CpuState& state, const Insn& insn) override
        {
            seen.emplace_back(state.rip, mnemonic_name(insn));
        }
        std::vector<std::pair<std::uint64_t, std::string>> seen;
    };
    TestMachine m;
    m.code(kCode, {0x90, 0x43, 0xf4});
    Sink sink;
    m.cpu.set_trace(&sink);
    EXPECT_EQ(m.run(m.flat32()), HaltReason::Halted);
    m.cpu.set_trace(nullptr);
    using Seen = std::vector<std::pair<std::uint64_t, std::string>>;
    EXPECT_EQ(sink.seen, (Seen{{kCode, "nop"}, {kCode + 1, "inc"}, {kCode + 2, "hlt"}}));
}

TEST(InterpreterCore, TwoProcessorsShareMemoryAndCountAtomically)
{
    TestMachine m;
    vcpu::Signals signals;
    Interpreter second{
        {.memory = m.memory, .io = m.io, .model = m.model, .clock = m.clock, .signals = signals, .apic_id = 1}};
    // mov ecx, 100000; l: lock inc dword [kData]; loop l; hlt
    m.code(kCode, {0xb9, 0xa0, 0x86, 1, 0, 0xf0, 0xff, 0x05, 0, 0, 3, 0, 0xe2, 0xf7, 0xf4});
    vcpu::CpuState state = m.flat32();
    m.cpu.set_state(state);
    state.gpr[x86::kRsp] = kStack - 0x1000;
    second.set_state(state);
    std::thread other{[&] { EXPECT_EQ(second.run(), HaltReason::Halted); }};
    EXPECT_EQ(m.cpu.run(), HaltReason::Halted);
    other.join();
    EXPECT_EQ(m.get<std::uint32_t>(kData), 200000u);
}

TEST(InterpreterCore, AProcessorSeesCodeThatAnotherOneWrites)
{
    TestMachine m;
    vcpu::Signals signals;
    Interpreter writer{
        {.memory = m.memory, .io = m.io, .model = m.model, .clock = m.clock, .signals = signals, .apic_id = 1}};
    m.code(kCode, {0x90, 0xeb, 0xfd}); // nop; jmp $-1
    // mov byte [kCode], 0x90 (which fills its TLB); l: cmp byte [kData+0x100], 0; je l; mov byte [kCode], 0xf4; hlt
    m.code(kData, {0xc6, 0x05, 0x00, 0x00, 0x02, 0x00, 0x90, 0x80, 0x3d, 0x00, 0x01, 0x03, 0x00, 0x00, 0x74, 0xf7,
                   0xc6, 0x05, 0x00, 0x00, 0x02, 0x00, 0xf4, 0xf4});
    vcpu::CpuState state = m.flat32();
    m.cpu.set_state(state);
    state.rip = kData;
    writer.set_state(state);
    std::thread writing{[&] { EXPECT_EQ(writer.run(), HaltReason::Halted); }};
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
    std::atomic<bool> halted{false};
    std::thread running{[&] { halted = m.cpu.run() == HaltReason::Halted; }};
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
    std::atomic_ref<std::uint8_t>{*m.at(kData + 0x100)}.store(1);
    writing.join();
    for (int i = 0; i < 500 && !halted; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    m.signals.raise(Signal::Stop);
    running.join();
    EXPECT_TRUE(halted);
}

} // namespace

} // namespace windsor::emulate::testing
