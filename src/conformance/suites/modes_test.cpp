// SPDX-License-Identifier: GPL-2.0-or-later
// Changes of mode, control registers, MSRs and CPUID. SDM volume 3A, sections 2.5 and 9.8 to 9.9.
#include "conformance/guest.hpp"

#include "x86/msr.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
using windsor::x86::kRax;
using windsor::x86::kRbx;
using windsor::x86::kRcx;
using windsor::x86::kRdx;
using windsor::x86::Seg;
namespace c0 = windsor::x86::cr0;
namespace c4 = windsor::x86::cr4;
namespace msr = windsor::x86::msr;

WINDSOR_CONFORMANCE(Modes);

Bytes bytes_of(std::initializer_list<Bytes> parts)
{
    Bytes all;
    for (const Bytes& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

TEST_P(Modes, RealToProtectedAndBack)
{
    guest.make_protected(); // its GDT stays in memory
    guest.set_gdt(kFree, Raw{.base = kCode, .limit = 0xffff, .type = kTypeCode, .db = false}.descriptor());
    guest.set_gdt(kFree + 8, Raw{.limit = 0xffff, .type = kTypeData, .db = false}.descriptor());
    guest.make_real();
    guest.poke(std::uint64_t{kData}, std::uint16_t{0xff});
    guest.poke(std::uint64_t{kData + 2}, kGdt);
    guest.put(kCode, bytes_of({
                         {0x66, 0x0f, 0x01, 0x16, 0x00, 0x00},                   // lgdt [0]
                         {0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0},       // cr0 |= PE
                         {0x66, 0xea, 0x00, 0x01, 0x01, 0x00, 0x08, 0x00},       // jmp 0008:00010100
                     }));
    guest.put(kCode + 0x100, bytes_of({
                                 {0xb8, 0x10, 0x00, 0x00, 0x00},                   // mov eax, 10h
                                 {0x8e, 0xd8},                                     // mov ds, eax
                                 {0xc7, 0x05, 0x00, 0x00, 0x20, 0x00, 1, 2, 3, 4}, // mov [200000h], 04030201h
                                 {0xea, 0x00, 0x02, 0x00, 0x00, 0x50, 0x00},       // jmp 0050:0200
                             }));
    guest.put(kCode + 0x200, bytes_of({
                                 {0x0f, 0x20, 0xc0, 0x24, 0xfe, 0x0f, 0x22, 0xc0}, // cr0 &= ~PE
                                 {0xea, 0x00, 0x03, 0x00, 0x10},                   // jmp 1000:0300
                             }));
    guest.put(kCode + 0x300, {0x8c, 0xcb, 0xf4}); // mov bx, cs; hlt
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx) & 0xffff, 0x1000u);
    EXPECT_EQ(guest.s().rip, 0x303u);
    EXPECT_EQ(guest.peek<std::uint32_t>(0x200000), 0x04030201u);
    // The data segment has kept its limit: "unreal" mode.
    EXPECT_EQ(guest.s().segment(Seg::Ds).limit, 0xffffffffu);
}

TEST_P(Modes, IntoLongModeAndOutAgain)
{
    guest.make_long(); // its page tables and GDT stay in memory
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kTables);
        a.mov(cr3, eax);
        a.mov(eax, static_cast<std::uint32_t>(c4::kPae));
        a.mov(cr4, eax);
        a.mov(ecx, msr::kEfer);
        a.rdmsr();
        a.or_(eax, 0x100);
        a.wrmsr();
        a.mov(eax, cr0);
        a.or_(eax, static_cast<std::uint32_t>(c0::kPg));
        a.mov(cr0, eax);
        a.rdmsr();
        a.mov(ebp, eax); // LMA is set; this is compatibility mode
        a.db(0xea);
        a.dd(kCode + 0x100);
        a.dw(kLong0);
    });
    guest.code64(kCode + 0x100, [](Assembler& a) {
        a.mov(rbx, 0x1122334455667788);
        a.mov(dword_ptr(kData), kCode + 0x200);
        a.mov(word_ptr(kData + 4), kCode0);
        a.db(0xff); // jmp far dword [kData]
        a.db(0x2c);
        a.db(0x25);
        a.dd(kData);
    });
    guest.code32(kCode + 0x200, [](Assembler& a) {
        a.mov(eax, cr0);
        a.and_(eax, 0x7fffffff);
        a.mov(cr0, eax);
        a.mov(ecx, msr::kEfer);
        a.rdmsr();
        a.mov(edi, eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRbp) & 0x500, 0x500u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdi) & 0x500, 0x100u);
    EXPECT_EQ(guest.reg(kRbx) & 0xffffffff, 0x55667788u); // the upper half is undefined. SDM volume 1, section 3.4.1.1
    EXPECT_EQ(guest.s().efer & windsor::x86::efer::kLma, 0u);
}

TEST_P(Modes, ControlRegisterChecks)
{
    struct Case {
        unsigned number;
        std::uint64_t value;
    };
    const Case cases[] = {
        {0, c0::kPg}, // PG without PE
        {0, c0::kPe | c0::kNw}, // NW without CD
        {4, std::uint64_t{1} << 31}, // reserved
        {4, c4::kPcide}, // not offered
    };
    for (const Case& test : cases) {
        guest.make_protected();
        guest.s().gpr[kRax] = test.value;
        guest.put(kCode, {0x0f, 0x22, static_cast<std::uint8_t>(0xc0 | (test.number << 3))});
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 13u) << test.number << " " << std::hex << test.value;
        EXPECT_EQ(frame.error_code, 0u);
    }
    // Turning PAE off in long mode, and paging off in 64-bit code.
    guest.make_long();
    guest.s().gpr[kRax] = 0;
    guest.put(kCode, {0x0f, 0x22, 0xe0});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
    guest.make_long();
    guest.s().gpr[kRax] = c0::kPe;
    guest.put(kCode, {0x0f, 0x22, 0xc0});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

TEST_P(Modes, ReservedPdpteBitsAreRefused)
{
    guest.make_protected();
    guest.enable_pae();
    guest.poke(std::uint64_t{kData}, std::uint64_t{kTables + 0x1000 + 3}); // R/W is reserved in a PDPTE
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, kData);
        a.mov(cr3, eax);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
    EXPECT_EQ(guest.s().cr3, kTables);
}

TEST_P(Modes, LmswCannotLeaveProtectedMode)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.mov(eax, 0xe);
        a.lmsw(ax);
        a.smsw(ebx);
        a.clts();
        a.smsw(ecx);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx) & 0xf, 0xfu);
    EXPECT_EQ(guest.reg(kRcx) & 0xf, 0x7u);
}

TEST_P(Modes, Cr8IsTheTaskPriority)
{
    guest.make_long();
    guest.code64(kCode, [](Assembler& a) {
        a.mov(eax, 9);
        a.mov(cr8, rax);
        a.mov(rbx, cr8);
        a.mov(eax, 16);
        a.mov(cr8, rax);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
    EXPECT_EQ(guest.priority, 9u);
    EXPECT_EQ(guest.reg(kRbx), 9u);
}

// WRMSR of a value, then RDMSR.
std::uint64_t round_trip(Guest& guest, std::uint32_t number, std::uint64_t value)
{
    guest.make_protected();
    guest.s().gpr[kRcx] = number;
    guest.s().gpr[kRax] = value & 0xffffffff;
    guest.s().gpr[kRdx] = value >> 32;
    guest.code32(kCode, [](Assembler& a) {
        a.wrmsr();
        a.xor_(eax, eax);
        a.xor_(edx, edx);
        a.rdmsr();
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.s().rip, kCode + 9u) << "MSR " << std::hex << number;
    return (guest.reg(kRdx) << 32) | guest.reg(kRax);
}

TEST_P(Modes, MsrsKeepWhatIsWritten)
{
    EXPECT_EQ(round_trip(guest, msr::kSysenterEip, 0xc0123456), 0xc0123456u);
    EXPECT_EQ(round_trip(guest, msr::kPat, 0x0007040600070406), 0x0007040600070406u);
    EXPECT_EQ(round_trip(guest, msr::kMtrrDefType, 0xc06), 0xc06u);
    EXPECT_EQ(round_trip(guest, msr::kMtrrPhysBase0 + 3, 0xf'c000'0800), 0xf'c000'0800u);
    EXPECT_EQ(round_trip(guest, msr::kMtrrFix4K0 + 7, 0x0606060606060606), 0x0606060606060606u);
    EXPECT_EQ(round_trip(guest, msr::kLstar, 0xffff'8000'0000'1000), 0xffff'8000'0000'1000u);
    EXPECT_EQ(round_trip(guest, msr::kKernelGsBase, 0xffff'8000'0000'1000), 0xffff'8000'0000'1000u);
    EXPECT_EQ(round_trip(guest, msr::kTscAux, 7), 7u);
    EXPECT_EQ(round_trip(guest, msr::kBiosSignature, 0), 0u);
    EXPECT_EQ(round_trip(guest, msr::kApicBase, 0xfee00900), 0xfee00900u);
}

// SDM volume 3B, section 15.3.2: as many banks as are announced, each of CTL, STATUS, ADDR and MISC.
TEST_P(Modes, MachineCheckBanksAreWhatIsAnnounced)
{
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    guest.make_long();
    guest.run_to_end([](Assembler& a) {
        a.mov(ecx, msr::kMcgCap);
        a.rdmsr();
    });
    const auto banks = static_cast<std::uint32_t>(guest.reg(kRax) & 0xff);
    ASSERT_GT(banks, 0u);
    for (std::uint32_t bank = 0; bank < banks; ++bank) {
        const std::uint32_t control = msr::kMc0Ctl + 4 * bank;
        for (const std::uint64_t value : {kAll, kAll & ~0x400, std::uint64_t{0}}) {
            EXPECT_EQ(round_trip(guest, control, value), value);
        }
        EXPECT_EQ(round_trip(guest, control + 1, 0), 0u);
        for (const std::uint32_t kept : {control + 2, control + 3}) {
            EXPECT_EQ(round_trip(guest, kept, kAll - bank), kAll - bank);
        }
    }
}

TEST_P(Modes, CpuidFollowsTheApicsSwitch)
{
    constexpr std::uint32_t kApic = 1u << 9;
    for (const bool enabled : {true, false}) {
        guest.make_long();
        guest.apic_base = enabled ? 0xfee00900 : 0xfee00100;
        guest.run_to_end([](Assembler& a) {
            a.mov(eax, 1);
            a.cpuid();
        });
        EXPECT_EQ((guest.reg(kRdx) & kApic) != 0, enabled);
    }
}

TEST_P(Modes, MsrsRefuse)
{
    struct Case {
        std::uint32_t number;
        std::uint64_t value;
    };
    const Case cases[] = {
        {0x12345, 0}, // unknown
        {msr::kLstar, 0x8000'0000'0000}, // not canonical
        {msr::kGsBase, 0x8000'0000'0000},
        {msr::kPat, 2}, // reserved memory type
        {msr::kMtrrDefType, 2},
        {msr::kMtrrCap, 0}, // read-only
        {msr::kMcgCap, 10},
        {msr::kMc0Ctl, 0xaaaa'aaaa'aaaa'aaaa}, // neither all errors nor none
        {msr::kMc0Ctl + 1, 1}, // an error is cleared, not made
        {msr::kMc0Ctl + 4 * 10, 0}, // a bank that is not announced
        {msr::kEfer, 2}, // reserved
    };
    for (const Case& test : cases) {
        guest.make_protected();
        guest.s().gpr[kRcx] = test.number;
        guest.s().gpr[kRax] = test.value & 0xffffffff;
        guest.s().gpr[kRdx] = test.value >> 32;
        guest.put(kCode, {0x0f, 0x30});
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 13u) << std::hex << test.number;
        EXPECT_EQ(frame.error_code, 0u);
        EXPECT_EQ(frame.rip, kCode);
    }
}

TEST_P(Modes, TscFollowsTheClockAndWrites)
{
    guest.make_protected();
    guest.clock().set(1000);
    guest.code32(kCode, [](Assembler& a) {
        a.rdtsc();
        a.mov(esi, eax);
        a.mov(ecx, msr::kTsc);
        a.mov(eax, 0x5000);
        a.xor_(edx, edx);
        a.wrmsr();
        a.rdtsc();
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(windsor::x86::kRsi), 1000 * vcpu::CpuModel::standard().tsc_hz() / 1'000'000'000);
    EXPECT_EQ(guest.reg(kRax), 0x5000u);

    guest.make_user();
    guest.s().cr4 |= c4::kTsd;
    guest.put(kUserCode, {0x0f, 0x31});
    EXPECT_EQ(guest.run_to_handler().vector, 13u);
}

TEST_P(Modes, CpuidNamesTheVendor)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.xor_(eax, eax);
        a.cpuid();
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRbx), 0x756e6547u); // "Genu"
    EXPECT_GE(guest.reg(kRax), 0xdu); // with the TSC's rate, if that is known, in leaves 15h and 16h
}

TEST_P(Modes, XsetbvNeedsOsxsaveAndKnownBits)
{
    guest.make_protected();
    guest.put(kCode, {0x0f, 0x01, 0xd1});
    EXPECT_EQ(guest.run_to_handler().vector, 6u);

    guest.make_protected();
    guest.s().cr4 |= c4::kOsxsave;
    guest.s().gpr[kRax] = 2; // without x87
    EXPECT_EQ(guest.run_to_handler().vector, 13u);

    guest.make_protected();
    guest.s().cr4 |= c4::kOsxsave;
    guest.s().gpr[kRax] = 3;
    guest.s().gpr[kRdx] = 0;
    guest.put(kCode, {0x0f, 0x01, 0xd1, 0x31, 0xc0, 0x0f, 0x01, 0xd0, 0xf4}); // xsetbv; xor eax, eax; xgetbv; hlt
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 3u);
}

TEST_P(Modes, DescriptorTableRegisters)
{
    guest.make_protected();
    guest.code32(kCode, [](Assembler& a) {
        a.sgdt(ptr(kData));
        a.sidt(ptr(kData + 8));
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.peek<std::uint16_t>(kData), 0xffu);
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 2), kGdt);
    EXPECT_EQ(guest.peek<std::uint16_t>(kData + 8), 0xfffu);
    EXPECT_EQ(guest.peek<std::uint32_t>(kData + 10), kIdt);
}

TEST_P(Modes, UserModeInstructionPrevention)
{
    for (const bool prevented : {false, true}) {
        guest.make_user();
        guest.s().cr4 |= prevented ? c4::kUmip : 0;
        guest.code32(kUserCode, [](Assembler& a) {
            a.smsw(eax);
            a.int_(0x80);
        });
        EXPECT_EQ(guest.run_to_handler().vector, prevented ? 13u : 0x80u);
    }
}

} // namespace

} // namespace windsor::conformance
