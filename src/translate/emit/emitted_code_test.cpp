// SPDX-License-Identifier: GPL-2.0-or-later
// These tables say how many host instructions a guest instruction becomes, in forms that the examples of kinds_test do
// not have. A change in them is a change of speed, which has to be weighed.
#include "translate/emit/host_code_testing.hpp"
#include "translate/run/host_processor.hpp"

#include <ostream>
#include <string>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;

struct Golden {
    const char* name;
    bool wide;
    unsigned expected; // how many host instructions it becomes
    Write write;
};

void PrintTo(const Golden& golden, std::ostream* out)
{
    *out << golden.name;
}

std::string name_of(const ::testing::TestParamInfo<Golden>& golden)
{
    return golden.param.name;
}

// This counts what one more instruction costs in a block that has two of them already. Accesses by one register share a
// lookup. Those named "alone" do not, because a MOV gives the register a new value each time; the MOV is counted.
class TranslatorEmits : public ::testing::TestWithParam<Golden> {};

TEST_P(TranslatorEmits, AsFewAsTheTableSays)
{
    const auto& [name, wide, expected, write] = GetParam();
    EXPECT_EQ(count(wide, write, 3) - count(wide, write, 2), expected);
}

const x::Mem kAt = x::ptr(x::rbx, 8);

INSTANTIATE_TEST_SUITE_P(
    Wide, TranslatorEmits,
    ::testing::Values(
        Golden{"MovRegister", true, 1, [](x::Assembler& a) { a.mov(x::rax, x::rcx); }},
        Golden{"MovImmediate", true, 1, [](x::Assembler& a) { a.mov(x::eax, 7); }},
        Golden{"MovToR10", true, 1, [](x::Assembler& a) { a.mov(x::r10, x::rcx); }},
        Golden{"MovR10To32", true, 2, [](x::Assembler& a) { a.mov(x::r10d, x::ecx); }},
        Golden{"AddToR10", true, 1, [](x::Assembler& a) { a.add(x::r10, x::rcx); }},
        Golden{"CompareR10", true, 1, [](x::Assembler& a) { a.cmp(x::rcx, x::r10); }},
        Golden{"ImulR10", true, 1, [](x::Assembler& a) { a.imul(x::rcx, x::r10); }},
        Golden{"ClearR10", true, 2, [](x::Assembler& a) { a.xor_(x::r10d, x::r10d); }},
        Golden{"AddRegister", true, 1, [](x::Assembler& a) { a.add(x::rax, x::rcx); }},
        Golden{"AdcRegister", true, 1, [](x::Assembler& a) { a.adc(x::rax, x::rcx); }},
        Golden{"ShiftByCl", true, 1, [](x::Assembler& a) { a.shl(x::rax, x::cl); }},
        Golden{"Inc", true, 1, [](x::Assembler& a) { a.inc(x::rax); }},
        Golden{"Imul", true, 1, [](x::Assembler& a) { a.imul(x::rax, x::rcx); }},
        Golden{"Load", true, 1, [](x::Assembler& a) { a.mov(x::rax, kAt); }},
        Golden{"CompareAndLoads", true, 11, // lookups change the flags, so that CMP is done again
               [](x::Assembler& a) {
                   a.cmp(x::rcx, x::rdx);
                   a.mov(x::rax, x::ptr(kData));
                   a.mov(x::rax, x::ptr(kData + 8));
                   a.setb(x::al);
               }},
        Golden{"LoadFixed", true, 4, [](x::Assembler& a) { a.mov(x::rax, x::ptr(kData)); }},
        Golden{"LoadIndexed", true, 9, [](x::Assembler& a) { a.mov(x::rax, x::ptr(x::rsi, x::rcx, 3, 8)); }},
        Golden{"LoadFromR11", true, 2, [](x::Assembler& a) { a.mov(x::rax, x::ptr(x::r11, 8)); }},
        Golden{"LoadThreadLocal", true, 10,
               [](x::Assembler& a) {
                   x::Mem mem = x::qword_ptr(x::rbx);
                   mem.setSegment(x::fs);
                   a.mov(x::rax, mem);
               }},
        Golden{"Store", true, 1, [](x::Assembler& a) { a.mov(kAt, x::rax); }},
        Golden{"AddFromMemory", true, 1, [](x::Assembler& a) { a.add(x::rax, kAt); }},
        Golden{"AddToMemory", true, 1, [](x::Assembler& a) { a.add(kAt, x::rax); }},
        Golden{"LockedAdd", true, 1, [](x::Assembler& a) { a.lock().add(kAt, x::rax); }},
        Golden{"IncMemory", true, 1, [](x::Assembler& a) { a.inc(x::qword_ptr(x::rbx)); }},
        Golden{"LoadAlone", true, 10, [](x::Assembler& a) { a.mov(x::rbx, x::rsi); a.mov(x::rax, kAt); }},
        Golden{"StoreAlone", true, 10, [](x::Assembler& a) { a.mov(x::rbx, x::rsi); a.mov(kAt, x::rax); }},
        Golden{"AddToMemoryAlone", true, 15, [](x::Assembler& a) { a.mov(x::rbx, x::rsi); a.add(kAt, x::rax); }},
        Golden{"PushAlone", true, 11, [](x::Assembler& a) { a.mov(x::rsp, x::rsp); a.push(x::rax); }},
        Golden{"PushMemory", true, 14, [](x::Assembler& a) { a.push(x::qword_ptr(x::rbx, 8)); }},
        Golden{"SseRegister", true, 1, [](x::Assembler& a) { a.addsd(x::xmm0, x::xmm1); }},
        Golden{"SseLoad", true, 1, [](x::Assembler& a) { a.movups(x::xmm0, x::ptr(x::rbx)); }},
        Golden{"SseLoadAligned", true, 1, [](x::Assembler& a) { a.movaps(x::xmm0, x::ptr(x::rbx)); }},
        Golden{"X87Register", true, 1, [](x::Assembler& a) { a.fadd(x::st0, x::st1); }},
        Golden{"X87Load", true, 1, [](x::Assembler& a) { a.fld(x::qword_ptr(x::rbx)); }},
        Golden{"X87Store", true, 1, [](x::Assembler& a) { a.fst(x::qword_ptr(x::rbx)); }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Narrow, TranslatorEmits,
    ::testing::Values(Golden{"AddRegister", false, 1, [](x::Assembler& a) { a.add(x::eax, x::ecx); }},
                      Golden{"Inc", false, 1, [](x::Assembler& a) { a.inc(x::eax); }},
                      Golden{"Load", false, 1, [](x::Assembler& a) { a.mov(x::eax, x::dword_ptr(x::ebx, 8)); }},
                      Golden{"LoadThreadLocal", false, 13,
                             [](x::Assembler& a) {
                                 x::Mem mem = x::dword_ptr(x::ebx);
                                 mem.setSegment(x::fs);
                                 a.mov(x::eax, mem);
                             }},
                      Golden{"Store", false, 1, [](x::Assembler& a) { a.mov(x::dword_ptr(x::ebx, 8), x::eax); }},
                      Golden{"Push", false, 3, [](x::Assembler& a) { a.push(x::eax); }},
                      Golden{"Pop", false, 3, [](x::Assembler& a) { a.pop(x::eax); }}),
    name_of);

// On hosts that have BEXTR, each lookup takes one instruction less.
class TranslatorEmitsExtraction : public ::testing::TestWithParam<Golden> {};

TEST_P(TranslatorEmitsExtraction, AsFewAsTheTableSays)
{
    if (!extracts_bits()) {
        GTEST_SKIP() << "this host has no BEXTR";
    }
    const auto& [name, wide, expected, write] = GetParam();
    EXPECT_EQ(count(wide, write, 3, Extraction::ByBextr) - count(wide, write, 2, Extraction::ByBextr), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Both, TranslatorEmitsExtraction,
    ::testing::Values(
        Golden{"LoadIndexed", true, 8, [](x::Assembler& a) { a.mov(x::rax, x::ptr(x::rsi, x::rcx, 3, 8)); }},
        Golden{"LoadIndexed32", false, 8, [](x::Assembler& a) { a.mov(x::eax, x::ptr(x::esi, x::ecx, 3, 8)); }},
        Golden{"Stos", true, 11, [](x::Assembler& a) { a.stosq(); }}),
    name_of);

// If the host has AVX, guests have it as well.
class TranslatorEmitsAvx : public ::testing::TestWithParam<Golden> {};

TEST_P(TranslatorEmitsAvx, AsFewAsTheTableSays)
{
    if ((vcpu::CpuModel::standard().cpuid(1, 0, {}, 0).ecx >> 28 & 1) == 0) {
        GTEST_SKIP() << "this host has no AVX";
    }
    const auto& [name, wide, expected, write] = GetParam();
    EXPECT_EQ(count(wide, write, 3) - count(wide, write, 2), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Wide, TranslatorEmitsAvx,
    ::testing::Values(
        Golden{"Register", true, 1, [](x::Assembler& a) { a.vaddpd(x::ymm0, x::ymm1, x::ymm2); }},
        Golden{"Load", true, 1, [](x::Assembler& a) { a.vmovups(x::ymm0, x::ptr(x::rbx)); }},
        Golden{"StoreAligned", true, 1, [](x::Assembler& a) { a.vmovaps(x::ptr(x::rbx), x::ymm0); }},
        Golden{"ZeroUpper", true, 1, [](x::Assembler& a) { a.vzeroupper(); }}),
    name_of);

// Before a block is written, it is only checked that there is room for the longest one. So no instruction may take more
// than its share of that.
class TranslatorRoom : public ::testing::TestWithParam<Golden> {};

std::size_t bytes(bool wide, const Write& write, unsigned times)
{
    TranslatorMachine m;
    m.assemble(kCode, wide, [&](x::Assembler& a) {
        for (unsigned n = 0; n < times; ++n) {
            write(a);
        }
        a.hlt();
    });
    vcpu::CpuState state = wide ? m.flat64() : m.flat32();
    for (const unsigned pointer : {1u, 3u, 6u, 7u, 11u}) {
        state.gpr[pointer] = pointer == 1 ? 0 : kData;
    }
    m.cpu.set_state(state);
    EXPECT_EQ(m.cpu.run(), vcpu::HaltReason::Halted);
    return m.cpu.code().size();
}

TEST_P(TranslatorRoom, IsEnough)
{
    const auto& [name, wide, instructions, write] = GetParam();
    constexpr std::size_t kShare = Translation::kMostBytes / Translation::kLongest;
    EXPECT_LT(bytes(wide, write, 3) - bytes(wide, write, 2), instructions * kShare);
    constexpr auto kLongest = static_cast<unsigned>(Translation::kLongest);
    EXPECT_LT(bytes(wide, write, kLongest / instructions - 1), Translation::kMostBytes);
}

// Returns the operand that takes the most code to address: its registers live in memory, it lies in a thread's segment,
// and it has a displacement.
x::Mem farthest(unsigned size)
{
    x::Mem mem = x::ptr(x::r11, x::r10, 3, 8, size);
    mem.setSegment(x::fs);
    return mem;
}

INSTANTIATE_TEST_SUITE_P(
    All, TranslatorRoom,
    ::testing::Values(Golden{"RepMovs", true, 1, [](x::Assembler& a) { a.rep().movsw(); }},
                      Golden{"RepMovs32", false, 1, [](x::Assembler& a) { a.rep().movsw(); }},
                      Golden{"RepStos", true, 1, [](x::Assembler& a) { a.rep().stosw(); }},
                      Golden{"RepScas", true, 1, [](x::Assembler& a) { a.repne().scasw(); }},
                      Golden{"Movs", true, 1, [](x::Assembler& a) { a.movsw(); }},
                      Golden{"BitString", true, 1, [](x::Assembler& a) { a.lock().bts(farthest(8), x::r10); }},
                      Golden{"AddToMemory", true, 1, [](x::Assembler& a) { a.lock().adc(farthest(8), x::r10); }},
                      Golden{"PushMemory", true, 1, [](x::Assembler& a) { a.push(farthest(8)); }},
                      Golden{"PopFlags", true, 2,
                             [](x::Assembler& a) {
                                 a.push(2);
                                 a.popfq();
                             }},
                      Golden{"PushFlags", true, 1, [](x::Assembler& a) { a.pushfq(); }}),
    name_of);

// This counts a whole block that ends with a branch: its entry, which looks at the signals, and its instructions.
class TranslatorEmitsBlock : public ::testing::TestWithParam<Golden> {};

TEST_P(TranslatorEmitsBlock, AsFewAsTheTableSays)
{
    const auto& [name, wide, expected, write] = GetParam();
    EXPECT_EQ(count(wide, write, 1), expected);
}

INSTANTIATE_TEST_SUITE_P(Wide, TranslatorEmitsBlock,
                         ::testing::Values(Golden{"JumpRegister", true, 17,
                                                  [](x::Assembler& a) {
                                                      a.mov(x::ecx, kCode + 0x100);
                                                      a.jmp(x::rcx);
                                                  }},
                                           Golden{"CallRegister", true, 30,
                                                  [](x::Assembler& a) {
                                                      a.mov(x::ecx, kCode + 0x100);
                                                      a.call(x::rcx);
                                                  }}),
                         name_of);

} // namespace

} // namespace windsor::translate::testing
