// SPDX-License-Identifier: GPL-2.0-or-later
// The same guest code lies at several linear addresses. It runs alike at each, and copies of a translation are what
// translating again gives.
#include "translate/run/random_program.hpp"
#include "translate/test_machine.hpp"

#include <algorithm>
#include <vector>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;

constexpr std::uint64_t kShared = 0x100000; // at this physical address are two pages of code, and then one of data
constexpr std::uint64_t kSharedData = kShared + 0x2000;

// Makes every GiB of linear memory the same as the first one.
vcpu::CpuState everywhere64(Machine& m)
{
    vcpu::CpuState state = m.flat64();
    for (unsigned i = 1; i < 512; ++i) {
        m.put<std::uint64_t>(kTables + 8 * i, m.get<std::uint64_t>(kTables));
        m.put<std::uint64_t>(kTables + 0x1000 + 8 * i, m.get<std::uint64_t>(kTables + 0x1000));
    }
    return state;
}

// Makes every 4 MiB of linear memory the first 4 MiB of physical memory.
vcpu::CpuState everywhere32(Machine& m)
{
    vcpu::CpuState state = m.flat32();
    for (unsigned i = 0; i < 1024; ++i) {
        m.put<std::uint32_t>(kTables + 4 * i, 0x87); // a large page
    }
    state.cr3 = kTables;
    state.cr4 |= x86::cr4::kPse;
    state.cr0 |= x86::cr0::kPg;
    return state;
}

x::Gp general(unsigned number, bool wide)
{
    return wide ? x::Gp{x::gpq(number)} : x::Gp{x::gpd(number)};
}

// Writes code that calls the addresses of a list. RSI leads to it, and 0 ends it.
void write_caller(x::Assembler& a, bool wide)
{
    const auto loop = a.newLabel();
    const auto done = a.newLabel();
    const x::Gp next = general(6, wide);
    const x::Gp target = general(0, wide);
    a.bind(loop);
    a.mov(target, x::ptr(next, 0, target.size()));
    a.add(next, target.size());
    a.test(target, target);
    a.jz(done);
    a.call(target);
    a.jmp(loop);
    a.bind(done);
    a.hlt();
}

void begin_page(x::Assembler& a)
{
    a.embedUInt8(0xcc, 0x1000 - a.offset() % 0x1000);
}

// The second page of the shared code pushes a constant, which stays the same or is increased at the end.
enum class Constant : std::uint8_t { Same, Grows };

// Writes the second page. The code comes to `callee` by a call, and to `end` by a conditional jump.
void write_second_page(x::Assembler& a, const asmjit::Label& callee, const asmjit::Label& end, bool wide,
                       Constant constant)
{
    begin_page(a);
    a.bind(callee);
    a.push(0x11);
    a.pop(general(2, wide));
    a.add(x::ebx, x::edx);
    a.ret();
    a.bind(end);
    if (constant == Constant::Grows) {
        a.inc(x::byte_ptr(kShared + 0x1001));
    }
    a.push(general(3, wide));
    a.cpuid();
    a.pop(general(3, wide));
    a.ret();
}

// Writes code with all that depends on where it is.
void write_shared64(x::Assembler& a, Constant constant)
{
    const auto data = a.newLabel();
    const auto near = a.newLabel();
    const auto over = a.newLabel();
    const auto loop = a.newLabel();
    const auto callee = a.newLabel();
    const auto end = a.newLabel();
    const auto at = [&](int offset, unsigned size) { return x::ptr(data, offset, size); };
    a.lea(x::rdi, at(0, 8));
    a.add(x::rbx, x::rdi);
    a.mov(x::ecx, 3);
    a.bind(loop);
    a.add(at(0, 4), x::ecx);
    a.add(x::rbx, at(0, 8));
    a.movaps(x::xmm0, at(16, 16));
    a.paddd(x::xmm0, at(16, 16));
    a.movaps(at(16, 16), x::xmm0);
    a.cmp(at(0, 4), 5);
    a.adc(x::rbx, x::rcx);
    a.mov(x::rdx, at(4096 - 4, 8)); // this operand crosses into the next page
    a.add(x::rbx, x::rdx);
    a.xchg(x::r11, at(8, 8));
    a.push(at(8, 8));
    a.pop(x::r10);
    a.dec(x::ecx);
    a.jnz(loop);
    a.call(near);
    a.call(callee);
    a.lea(x::rdi, x::ptr(near));
    a.call(x::rdi);
    a.mov(at(64, 8), x::rdi);
    a.call(at(64, 8));
    a.pushfq();
    a.popfq();
    a.mov(x::rdi, x::rsp);
    a.push(x::rsi);
    a.lea(x::rsi, at(128, 8));
    a.sub(x::rdi, 0x100);
    a.mov(x::ecx, 5);
    a.rep().movsq();
    a.pop(x::rsi);
    a.cmp(x::ecx, 1);
    a.jc(end);
    a.ud2();
    a.bind(near);
    a.jmp(over);
    a.ud2();
    a.bind(over);
    a.add(x::rbx, x::ptr(x::rsp)); // this is the return address
    a.ret();
    write_second_page(a, callee, end, true, constant);
    begin_page(a);
    a.bind(data);
}

void write_shared32(x::Assembler& a, Constant constant)
{
    const auto here = a.newLabel();
    const auto loop = a.newLabel();
    const auto callee = a.newLabel();
    const auto end = a.newLabel();
    a.call(here);
    a.bind(here);
    a.pop(x::edi);
    a.add(x::ebx, x::edi);
    a.mov(x::ecx, 3);
    a.bind(loop);
    a.add(x::ptr(static_cast<std::uint64_t>(kSharedData), 4), x::ecx);
    a.add(x::ebx, x::ptr(static_cast<std::uint64_t>(kSharedData), 4));
    a.call(callee);
    a.dec(x::ecx);
    a.jnz(loop);
    a.cmp(x::ecx, 1);
    a.jc(end);
    a.ud2();
    write_second_page(a, callee, end, false, constant);
}

struct Place {
    const char* name;
    bool wide;
    std::vector<std::uint64_t> bases;
};

void PrintTo(const Place& place, std::ostream* out)
{
    *out << place.name;
}

class TranslatorCopies : public ::testing::TestWithParam<Place> {
protected:
    static vcpu::CpuState prepare(Machine& m, Constant constant = Constant::Same)
    {
        const Place& place = GetParam();
        m.reset();
        std::memset(m.at(kShared), 0, 0x4000);
        vcpu::CpuState state = place.wide ? everywhere64(m) : everywhere32(m);
        for (unsigned i = 2; place.wide && i < 512; ++i) { // the first 4 MiB repeat within a GiB
            m.put<std::uint64_t>(kTables + 0x2000 + 8 * i, m.get<std::uint64_t>(kTables + 0x2000 + 8 * (i % 2)));
        }
        state.cr4 |= x86::cr4::kOsfxsr;
        m.assemble(kCode, place.wide, [&](x::Assembler& a) { write_caller(a, place.wide); });
        m.assemble(kShared, place.wide,
                   [&](x::Assembler& a) { place.wide ? write_shared64(a, constant) : write_shared32(a, constant); });
        std::uint64_t at = kData;
        for (const std::uint64_t base : place.bases) {
            place.wide ? m.put<std::uint64_t>(at, base + kShared)
                       : m.put(at, static_cast<std::uint32_t>(base + kShared));
            at += place.wide ? 8 : 4;
        }
        m.put<std::uint64_t>(kSharedData, 0x0123456789abcdef);
        m.put<std::uint64_t>(kSharedData + 16, 0x1111222233334444);
        state.gpr[x86::kRsi] = kData;
        return state;
    }
    TranslatorMachine m;
    TranslatorMachine without{{.code_bytes = kUsualCode, .copies = false}};
};

TEST_P(TranslatorCopies, RunAsTheOriginalWould)
{
    emulate::testing::TestMachine interpreter;
    expect_same(interpreter, m, [](Machine& machine) { return prepare(machine); });
    EXPECT_GE(m.cpu.state().rip, kCode) << "no handler of a fault";
    EXPECT_GT(m.counter("copied_blocks"), 8u);
}

// Here no address at a copy has a shorter form than at the original, so that translating again gives the same code.
class TranslatorEqualCopies : public TranslatorCopies {};

TEST_P(TranslatorEqualCopies, AreWhatTranslatingAgainGives)
{
    static_cast<void>(m.run(prepare(m)));
    static_cast<void>(without.run(prepare(without)));
    EXPECT_EQ(without.counter("copied_blocks"), 0u);
    EXPECT_EQ(m.counter("translations") + m.counter("copied_blocks"), without.counter("translations"));
    EXPECT_TRUE(std::ranges::equal(m.cpu.code(), without.cpu.code()));
}

TEST_P(TranslatorCopies, GoWithTheirCode)
{
    emulate::testing::TestMachine interpreter;
    expect_same(interpreter, m, [](Machine& machine) { return prepare(machine, Constant::Grows); });
    EXPECT_GE(m.counter("dropped_blocks"), GetParam().bases.size());
}

const auto kEqual = ::testing::Values(
    Place{"low", true, {0, 0x40400000, 0x80800000, 0xc0c00000}},
    Place{"high", true, {0x7f1200000000, 0x7fff40400000, 0xffff800000000000, 0x123480c00000}},
    Place{"negative", true, {0xffffffff80000000, 0xffffffffc0400000}},
    Place{"upwards", true, {0, 0x40400000, 0x7f1200000000, 0x7fff40c00000}},
    Place{"of32Bits", false, {0, 0x400000, 0x7fc00000, 0xffc00000}});
const auto kUnequal = ::testing::Values(
    Place{"downwards", true, {0x7f1200000000, 0xffffffff80000000, 0, 0x40000000, 0xffffffffc0000000}});

std::string name_of(const ::testing::TestParamInfo<Place>& place)
{
    return place.param.name;
}

INSTANTIATE_TEST_SUITE_P(Equal, TranslatorCopies, kEqual, name_of);
INSTANTIATE_TEST_SUITE_P(Unequal, TranslatorCopies, kUnequal, name_of);
INSTANTIATE_TEST_SUITE_P(Equal, TranslatorEqualCopies, kEqual, name_of);

// An operand that is relative to EIP wraps around at 4 GiB, so that its address does not move by as much as the block.
// A wrong copy would read 4 GiB below, where the test has put another value.
TEST(TranslatorCopiesOfWrappingAddresses, AreNotMade)
{
    constexpr std::uint64_t kOwnTables = 0x60000;
    constexpr std::uint64_t kFirst = 0x13fc00000 + kShared;
    constexpr std::uint64_t kSecond = 0xffc00000 + kShared;
    constexpr std::uint64_t kWrong = 0xffffffffffc00000 + kSharedData;
    const auto prepare = [=](Machine& m) {
        m.reset();
        vcpu::CpuState state = everywhere64(m);
        for (unsigned i = 2; i < 512; ++i) {
            m.put<std::uint64_t>(kTables + 0x2000 + 8 * i, m.get<std::uint64_t>(kTables + 0x2000 + 8 * (i % 2)));
        }
        m.put<std::uint64_t>(kTables + 8 * 511, kOwnTables | 7);
        m.put<std::uint64_t>(kOwnTables + 8 * (kWrong >> 30 & 511), (kOwnTables + 0x1000) | 7);
        m.put<std::uint64_t>(kOwnTables + 0x1000 + 8 * (kWrong >> 21 & 511), (kOwnTables + 0x2000) | 7);
        m.put<std::uint64_t>(kOwnTables + 0x2000 + 8 * (kWrong >> 12 & 511), kData | 7);
        m.put<std::uint32_t>(kData, 0xbad);
        m.put<std::uint32_t>(kSharedData, 0x600d);
        m.code(kShared, {0x67, 0x8b, 0x05, 0xf9, 0x1f, 0x00, 0x00, 0xc3}); // MOV EAX, [EIP+1FF9h]; RET
        m.assemble(kCode, true, [](x::Assembler& a) {
            a.call(x::r8);
            a.call(x::r8);
            a.mov(x::ecx, x::dword_ptr(x::r10)); // this brings the wrong page into the TLB
            a.call(x::r9);
            a.hlt();
        });
        state.gpr[x86::kR8] = kFirst;
        state.gpr[x86::kR9] = kSecond;
        state.gpr[x86::kR10] = kWrong;
        return state;
    };
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    expect_same(interpreter, translator, prepare);
    EXPECT_EQ(translator.cpu.state().gpr[x86::kRcx], 0xbadu);
    EXPECT_EQ(translator.cpu.state().gpr[x86::kRax], 0x600du);
}

// Random straight-line code ends with a fault. The first time the handler runs it once more at another address.
class TranslatorRandomCopies : public ::testing::Test {
protected:
    static constexpr std::uint64_t kBases[]{0x7f1200000000, 0x7fff40000000};
    static constexpr std::uint64_t kTss = 0x3000;
    static constexpr std::uint64_t kRounds = kData + 0x4000; // the handler counts its runs here

    static void write_handler(x::Assembler& a)
    {
        const auto done = a.newLabel();
        a.inc(x::byte_ptr(kRounds));
        a.cmp(x::byte_ptr(kRounds), 1);
        a.jnz(done);
        for (unsigned i = 0; i < 16; ++i) {
            a.mov(x::gpq(i), start(i));
        }
        a.push(0);
        a.popfq();
        a.fninit();
        a.ret(); // RSP is start(4), where prepare() has put the other address
        a.bind(done);
        a.hlt();
    }
    // Returns what a general register begins with.
    static std::uint64_t start(unsigned reg) { return kData + 0x100 * reg; }

    static vcpu::CpuState prepare(Machine& m, std::uint64_t seed)
    {
        RandomProgram program{seed};
        m.reset();
        vcpu::CpuState state = everywhere64(m);
        for (std::uint64_t page = 0; page < kRam; page += 0x1000) { // a jump to anywhere else faults at once
            if (page != kShared && page != kOwnHandlers) {
                m.put(Machine::pte(page), m.get<std::uint64_t>(Machine::pte(page)) | x86::pte::kNx);
            }
        }
        for (unsigned vector = 0; vector < 32; ++vector) {
            set_gate64(m, vector, kOwnHandlers, 1);
        }
        m.assemble(kOwnHandlers, true, write_handler);
        m.assemble(kShared, true, [&](x::Assembler& a) { program.write(a, 12); });
        m.put<std::uint64_t>(start(4), kBases[1] + kShared);
        for (unsigned i = 0; i < 16; ++i) {
            state.gpr[i] = start(i);
        }
        state.gpr[x86::kRsp] += 8;
        m.put<std::uint64_t>(kTss + 0x24, kStack); // the handler's stack
        state.tr = {.selector = 0x28, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        state.cr4 |= x86::cr4::kOsfxsr;
        state.fx.fcw = 0x37f;
        state.rip = kBases[0] + kShared;
        return state;
    }
};

TEST_F(TranslatorRandomCopies, AreWhatTranslatingAgainGives)
{
    TranslatorMachine with;
    TranslatorMachine without{{.code_bytes = kUsualCode, .copies = false}};
    for (std::uint64_t seed = 0; seed < 600; ++seed) {
        ASSERT_EQ(with.run(prepare(with, seed)), vcpu::HaltReason::Halted);
        ASSERT_EQ(without.run(prepare(without, seed)), vcpu::HaltReason::Halted);
        ASSERT_TRUE(std::ranges::equal(with.cpu.code(), without.cpu.code())) << "seed " << seed;
        expect_same_state(without.cpu.state(), with.cpu.state());
        expect_same_memory(without, with);
    }
    EXPECT_GT(with.counter("copied_blocks"), 200u);
}

} // namespace

} // namespace windsor::translate::testing
