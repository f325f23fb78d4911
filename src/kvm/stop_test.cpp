// SPDX-License-Identifier: GPL-2.0-or-later
// What stops and exchanged states must not lose. Needs a useful KVM.
#include "conformance/guest.hpp"

#include <atomic>
#include <chrono>
#include <thread>

namespace windsor::conformance {

namespace {

using asmjit::x86::Assembler;
using namespace asmjit::x86;
using vcpu::HaltReason;

constexpr unsigned kTurns = 3000;

class Stops : public testing::TestWithParam<EngineKind> {
protected:
    WINDSOR_MAY_BE_EXCUSED(GetParam())

    // Runs to HLT while another thread asks for stops; at each the state goes out and in again.
    unsigned run_with_stops()
    {
        std::atomic<bool> done{false};
        std::thread nag{[&] {
            while (!done) {
                guest.engine().signals().raise(vcpu::Signal::Stop);
                std::this_thread::sleep_for(std::chrono::microseconds{500});
            }
        }};
        unsigned stops = 0;
        guest.engine().set_state(guest.s());
        HaltReason reason = HaltReason::Stopped;
        while ((reason = guest.engine().run()) == HaltReason::Stopped) {
            guest.engine().set_state(guest.engine().state());
            ++stops;
        }
        done = true;
        nag.join();
        guest.engine().signals().lower(vcpu::Signal::Stop);
        guest.s() = guest.engine().state();
        EXPECT_EQ(reason, HaltReason::Halted) << guest.engine().failure();
        return stops;
    }

    Guest guest{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, Stops, testing::ValuesIn(engine_kinds()), engine_name);

TEST_P(Stops, LoseNoInterruptAndNoNmi)
{
    guest.make_protected();
    guest.s().rflags |= x86::rflags::kIf;
    guest.set_idt(0x42, gate(kCode0, kData, kInterruptGate, 0));
    guest.set_idt(2, gate(kCode0, kData + 0x100, kInterruptGate, 0));
    guest.code32(kData, [](Assembler& a) {
        a.inc(ebx);
        a.iretd();
    });
    guest.code32(kData + 0x100, [](Assembler& a) {
        a.inc(esi);
        a.iretd();
    });
    unsigned nmis = 0;
    guest.on_port = [&](std::uint16_t port) {
        if (port == 0x10) {
            guest.request(0x42);
        } else {
            guest.engine().signals().raise(vcpu::Signal::Nmi);
            ++nmis;
        }
    };
    guest.code32(kCode, [](Assembler& a) {
        const asmjit::Label again = a.newLabel();
        a.mov(ecx, kTurns);
        a.bind(again);
        a.out(0x10, al);
        a.nop();
        a.out(0x11, al);
        a.nop();
        a.dec(ecx);
        a.jnz(again);
        a.cli();
        a.hlt();
    });
    EXPECT_GT(run_with_stops(), 0u);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), kTurns);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), nmis);
    EXPECT_EQ(nmis, kTurns);
}

TEST_P(Stops, FaultsOfMsrsLoseNoInterrupt)
{
    constexpr unsigned kReads = 100;
    guest.make_protected();
    guest.s().rflags |= x86::rflags::kIf;
    guest.set_idt(0x42, gate(kCode0, kData, kInterruptGate, 0));
    guest.set_idt(13, gate(kCode0, kData + 0x100, kInterruptGate, 0));
    guest.code32(kData, [](Assembler& a) {
        a.inc(ebx);
        a.iretd();
    });
    guest.code32(kData + 0x100, [](Assembler& a) {
        a.add(esp, 4);
        a.add(dword_ptr(esp), 2); // behind RDMSR
        a.inc(esi);
        a.iretd();
    });
    guest.on_msr = [this] { guest.request(0x42); };
    guest.reg(windsor::x86::kRdi) = kReads;
    guest.code32(kCode, [](Assembler& a) {
        const asmjit::Label again = a.newLabel();
        a.mov(ecx, 0x6e0);
        a.bind(again);
        a.rdmsr();
        a.dec(edi);
        a.jnz(again);
        a.cli();
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), kReads);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), kReads);
}

TEST_P(Stops, EndALoopWithoutExits)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        const asmjit::Label again = a.newLabel();
        a.bind(again);
        a.jmp(again);
    });
    std::thread stopper{[this] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        guest.engine().signals().raise(vcpu::Signal::Stop);
    }};
    EXPECT_EQ(guest.run(), HaltReason::Stopped);
    stopper.join();
    EXPECT_EQ(guest.s().rip, kCode);
}

TEST_P(Stops, StringPortInstructionsKeepTheirPlace)
{
    guest.make_protected();
    unsigned written = 0;
    guest.on_port = [&](std::uint16_t) { ++written; };
    guest.reg(windsor::x86::kRsi) = kData;
    guest.reg(windsor::x86::kRcx) = 5000;
    guest.reg(windsor::x86::kRdx) = 0x10;
    guest.put(kCode, {0xf3, 0x6e, 0xf4}); // rep outsb; hlt
    static_cast<void>(run_with_stops());
    EXPECT_EQ(written, 5000u);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), kData + 5000u);
}

TEST_P(Stops, AStateGoesInAndOutUnchanged)
{
    guest.make_long_user();
    guest.s().fx.mxcsr = 0x1fa0;
    guest.s().fx.fop = 0x123;
    guest.s().lstar = 0xffff'8000'0000'1234;
    guest.s().star = 0x1234'5678'0000'0000;
    guest.s().kernel_gs_base = 0x1234;
    guest.s().mtrrs.variable[3] = 0x800;
    guest.s().misc_enable = 0x850089;
    guest.s().tsc_offset = 77;
    guest.s().dr[2] = 0x1000;
    guest.s().nmi_blocked = true;
    guest.engine().set_state(guest.s());
    const vcpu::CpuState once = guest.engine().state();
    guest.engine().set_state(once);
    EXPECT_TRUE(guest.engine().state() == once);
    EXPECT_EQ(once.gpr, guest.s().gpr);
    EXPECT_TRUE(once.fx == guest.s().fx);
    EXPECT_EQ(once.lstar, guest.s().lstar);
    EXPECT_EQ(once.star, guest.s().star);
    EXPECT_EQ(once.kernel_gs_base, 0x1234u);
    EXPECT_EQ(once.mtrrs, guest.s().mtrrs);
    EXPECT_EQ(once.misc_enable, guest.s().misc_enable);
    EXPECT_EQ(once.tsc_offset, 77u);
    EXPECT_EQ(once.dr, guest.s().dr);
    EXPECT_EQ(once.dr6, guest.s().dr6);
    EXPECT_EQ(once.nmi_blocked, true);
    EXPECT_EQ(once.efer, guest.s().efer);
    EXPECT_EQ(once.cr0, guest.s().cr0);
    EXPECT_EQ(once.segment(windsor::x86::Seg::Cs), guest.s().segment(windsor::x86::Seg::Cs));
}

} // namespace

} // namespace windsor::conformance
