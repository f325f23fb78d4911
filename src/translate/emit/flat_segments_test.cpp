// SPDX-License-Identifier: GPL-2.0-or-later
// 32-bit code runs with segments that have bases and limits.
#include "translate/test_machine.hpp"

#include <string>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using vcpu::HaltReason;
using x86::Seg;

constexpr std::uint16_t kBased = 0x20; // this selects a segment that is not flat
constexpr std::uint64_t kBase = 0x100000;

struct Window {
    const char* name;
    std::uint32_t base;
    std::uint32_t limit;
    std::uint16_t attributes;
    bool unusable;
};

class TranslatorThreadSegment : public ::testing::TestWithParam<Window> {
protected:
    // Writes one of many ways to access FS:ECX.
    static void write(x::Assembler& a, unsigned way)
    {
        const auto at = [](std::uint32_t size) {
            x::Mem mem{x::ecx, 0, size};
            mem.setSegment(x::fs);
            return mem;
        };
        a.add(x::eax, x::edx);
        switch (way) {
        case 0: a.mov(x::al, at(1)); break;
        case 1: a.mov(at(1), x::al); break;
        case 2: a.mov(x::ax, at(2)); break;
        case 3: a.mov(x::eax, at(4)); break;
        case 4: a.mov(at(4), x::eax); break;
        case 5: a.add(at(4), x::eax); break;
        case 6: a.movq(x::xmm0, at(8)); break;
        case 7: a.movups(at(16), x::xmm0); break;
        case 8: a.push(at(4)); break;
        case 9: a.fstp(at(10)); break;
        default: a.cmpxchg8b(at(8)); break;
        }
        a.hlt();
    }
    static constexpr unsigned kWays = 11;
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
};

TEST_P(TranslatorThreadSegment, EndsWhereItsLimitIs)
{
    const Window& window = GetParam();
    for (unsigned way = 0; way < kWays; ++way) {
        for (const std::uint32_t edge : {window.limit, 0u, 0xffffffffu}) {
            for (std::uint32_t offset = edge - 18; offset != edge + 4; ++offset) {
                SCOPED_TRACE(::testing::Message{} << "way " << way << ", offset " << std::hex << offset);
                expect_same(interpreter, translator, [&](Machine& m) {
                    m.assemble(kCode, false, [&](x::Assembler& a) { write(a, way); });
                    vcpu::CpuState state = m.flat32();
                    state.cr4 |= x86::cr4::kOsfxsr;
                    state.fx.fcw = 0x37f;
                    state.segment(Seg::Fs) = {.selector = kBased, .base = window.base, .limit = window.limit,
                                              .attributes = x86::Attributes::from_word(window.attributes),
                                              .unusable = window.unusable};
                    state.gpr[x86::kRcx] = offset;
                    return state;
                });
            }
        }
    }
    EXPECT_GT(translator.counter("entries"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Windows, TranslatorThreadSegment,
                         ::testing::Values(Window{"Small", 0x100000, 0xfff, 0x4093, false},
                                           Window{"Odd", 0x100123, 0x1234, 0x4093, false},
                                           Window{"ReadOnly", 0x100000, 0xfff, 0x4091, false},
                                           Window{"ExpandDown", 0x100000, 0xfff, 0x4097, false},
                                           Window{"BeforeZero", 0xfffff000, 0x1fff, 0x4093, false},
                                           Window{"Null", 0, 0, 0x4093, true}),
                         [](const auto& window) { return std::string{window.param.name}; });

// Addresses of 32 bits wrap around: in the middle of an access, between two accesses by one register, before the first
// of them, and as the stack grows.
class TranslatorAddresses : public ::testing::TestWithParam<unsigned> {
protected:
    static void write(x::Assembler& a, unsigned way)
    {
        switch (way) {
        case 0:
            a.mov(x::eax, x::ptr(x::ebx));
            a.add(x::eax, x::ptr(x::ebx, 12));
            a.mov(x::ptr(x::ebx, 16), x::eax);
            break;
        case 1:
            a.mov(x::ecx, x::ptr(x::ebx, 0x20));
            a.add(x::ecx, x::ptr(x::ebx, 0x24));
            break;
        case 2:
            a.mov(x::ptr(x::ebx, -0x20), x::ecx);
            a.mov(x::ptr(x::ebx, -0x1c), x::edx);
            break;
        case 3:
            a.mov(x::eax, x::ptr(x::esp));
            a.sub(x::esp, 0x20);
            a.add(x::eax, x::ptr(x::esp, 0x20));
            a.mov(x::ptr(x::esp, 0x24), x::eax);
            a.add(x::esp, 0x20);
            break;
        default:
            a.push(x::eax);
            a.pop(x::edx);
            a.add(x::ptr(x::esp, 4), x::edx);
        }
    }
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
};

TEST_P(TranslatorAddresses, WrapAroundAtFourGibibytes)
{
    for (std::uint32_t at = 0xffffffd8; at != 0x28; at += 4) {
        SCOPED_TRACE(at);
        expect_same(interpreter, translator, [&](Machine& m) {
            m.assemble(kCode, false, [&](x::Assembler& a) {
                const auto again = a.newLabel();
                a.mov(x::edi, 3);
                a.bind(again);
                a.mov(x::edx, x::ptr(8)); // this brings the first page into the TLB
                a.mov(x::ptr(0x10), x::edx);
                write(a, GetParam());
                a.dec(x::edi);
                a.jnz(again);
                a.hlt();
            });
            for (std::uint32_t byte = 0; byte < 0x80; byte += 4) {
                m.put<std::uint32_t>(byte, byte * 0x01010101);
            }
            vcpu::CpuState state = m.flat32();
            state.gpr[x86::kRbx] = state.gpr[x86::kRsp] = at;
            return state;
        });
        EXPECT_EQ(translator.io.mmio, interpreter.io.mmio);
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, TranslatorAddresses, ::testing::Range(0u, 5u));

// DS, ES or SS is flat and not flat by turns.
class TranslatorFlatSegment : public ::testing::TestWithParam<Seg> {};

TEST_P(TranslatorFlatSegment, MayCeaseToBeFlatAndBecomeFlatAgain)
{
    TranslatorMachine m;
    const Seg seg = GetParam();
    m.assemble(kCode, false, [&](x::Assembler& a) {
        const auto loop = a.newLabel();
        const x::SReg reg = seg == Seg::Ds ? x::ds : seg == Seg::Es ? x::es : x::ss;
        x::Mem mem = x::dword_ptr(x::esi);
        mem.setSegment(reg);
        a.bind(loop);
        a.mov(reg, x::edx);
        a.xchg(x::edx, x::edi);
        a.add(x::eax, mem); // this reads from the one segment and the other by turns
        a.add(mem, 1);
        a.dec(x::ecx);
        a.jnz(loop);
        a.hlt();
    });
    vcpu::CpuState state = m.flat32();
    m.put<std::uint64_t>(conformance::kGdt + kBased, 0x00cf93100000ffff);
    m.put<std::uint32_t>(kData, 0);
    m.put<std::uint32_t>(kData + kBase, 1000);
    state.gpr[x86::kRax] = 0;
    state.gpr[x86::kRcx] = 200;
    state.gpr[x86::kRdx] = kBased;
    state.gpr[x86::kRdi] = 16;
    state.gpr[x86::kRsi] = kData;
    EXPECT_EQ(m.run(state), HaltReason::Halted);
    EXPECT_EQ(m.cpu.state().gpr[x86::kRax], 2 * 4950 + 100 * 1000u);
    EXPECT_EQ(m.get<std::uint32_t>(kData), 100u);
    EXPECT_EQ(m.get<std::uint32_t>(kData + kBase), 1100u);
    EXPECT_GT(m.counter("entries"), 50u) << "flat half of the time";
}

INSTANTIATE_TEST_SUITE_P(Each, TranslatorFlatSegment, ::testing::Values(Seg::Ds, Seg::Es, Seg::Ss),
                         [](const auto& seg) {
                             return seg.param == Seg::Ds ? "Ds" : seg.param == Seg::Es ? "Es" : "Ss";
                         });

// In compatibility mode, the TLB may also hold pages beyond 4 GiB, which 64-bit code has accessed.
TEST(TranslatorCompatibility, AddressesWrapAroundAtFourGigabytes)
{
    constexpr std::uint64_t kBeyond = std::uint64_t{1} << 32;
    constexpr std::uint64_t kBacking = 0x300000; // the page at kBeyond leads here
    constexpr std::uint64_t kCode32 = kCode + 0x100;
    constexpr std::uint16_t kCompatibility = 0x18;
    constexpr std::int32_t kOver = 0x1000; // with this displacement, the address wraps around
    constexpr std::uint64_t kAt = 0xff8;
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    expect_same(interpreter, translator, [&](Machine& m) {
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(conformance::kGdt + kCompatibility, 0x00cf9b000000ffff);
        m.put<std::uint64_t>(kTables + 0x1020, (kTables + 0x5000) | 7);
        m.put<std::uint64_t>(kTables + 0x5000, (kTables + 0x6000) | 7);
        m.put<std::uint64_t>(kTables + 0x6000, kBacking | 7);
        m.put<std::uint64_t>(kAt, 0x1111'0000'2222);
        m.put<std::uint64_t>(kBacking + kAt, 0x3333'0000'4444);
        m.assemble(kCode, true, [&](x::Assembler& a) {
            a.mov(x::rax, kBeyond + kAt);
            a.mov(x::rcx, x::ptr(x::rax));
            a.mov(x::ptr(x::rax), x::rcx);
            a.push(kCompatibility);
            a.push(static_cast<std::int32_t>(kCode32));
            a.db(0x48); // these two bytes are a far return
            a.db(0xcb);
        });
        m.assemble(kCode32, false, [&](x::Assembler& a) {
            const auto again = a.newLabel();
            a.mov(x::ebx, static_cast<std::int32_t>(kAt) - kOver);
            a.mov(x::edi, x::ebx);
            a.mov(x::esi, 4);
            a.bind(again);
            a.add(x::edx, x::ptr(x::ebx, kOver)); // this access is in no group
            a.add(x::edx, x::ptr(x::edi, kOver)); // this access and the next are in a group
            a.mov(x::ptr(x::edi, kOver + 4), x::edx);
            a.dec(x::esi);
            a.jnz(again);
            a.hlt();
        });
        return state;
    });
    EXPECT_EQ(translator.get<std::uint32_t>(kAt + 4), interpreter.get<std::uint32_t>(kAt + 4));
}

} // namespace

} // namespace windsor::translate::testing
