// SPDX-License-Identifier: GPL-2.0-or-later
// A lookup of memory changes the host's flags. The guest's flags are needed behind it, by an instruction or by the
// handler of a fault.
#include "translate/test_machine.hpp"

#include <array>
#include <functional>
#include <vector>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using Writer = std::function<void(x::Assembler&)>;

constexpr std::uint64_t kAbsent = 0x280000;

// These instructions set flags by RAX, RCX, RDX, R8 and R11.
const std::vector<Writer>& setters()
{
    static const std::vector<Writer> kSetters{
        [](x::Assembler& a) { a.cmp(x::rax, x::rcx); },
        [](x::Assembler& a) { a.cmp(x::eax, 0x12345678); },
        [](x::Assembler& a) { a.cmp(x::dx, x::cx); },
        [](x::Assembler& a) { a.cmp(x::dl, 0x80); },
        [](x::Assembler& a) { a.cmp(x::ah, x::cl); },
        [](x::Assembler& a) { a.cmp(x::r8, x::rax); },
        [](x::Assembler& a) { a.cmp(x::rax, x::r11); },
        [](x::Assembler& a) { a.cmp(x::rax, x::ptr(x::rbx, 8)); },
        [](x::Assembler& a) { a.test(x::rax, x::rcx); },
        [](x::Assembler& a) { a.test(x::ch, 0x41); },
        [](x::Assembler& a) { a.and_(x::rax, x::rcx); },
        [](x::Assembler& a) { a.and_(x::ecx, 0x70f0); },
        [](x::Assembler& a) { a.or_(x::dx, x::ax); },
        [](x::Assembler& a) { a.or_(x::sil, x::dl); },
        [](x::Assembler& a) { a.xor_(x::eax, x::eax); },
        [](x::Assembler& a) { a.xor_(x::ah, x::dl); },
        [](x::Assembler& a) { a.xor_(x::rax, x::ptr(x::rbx, 16)); },
        [](x::Assembler& a) { a.add(x::rax, x::rcx); },
        [](x::Assembler& a) { a.add(x::eax, 0x7fffffff); },
        [](x::Assembler& a) { a.add(x::rax, x::rax); },
        [](x::Assembler& a) { a.add(x::dx, x::cx); },
        [](x::Assembler& a) { a.add(x::r8d, x::ecx); },
        [](x::Assembler& a) { a.add(x::rax, x::ptr(x::rbx, 24)); },
        [](x::Assembler& a) { a.add(x::r11, x::rax); },
        [](x::Assembler& a) { a.add(x::ptr(x::rbx, 32), x::rax); },
        [](x::Assembler& a) { a.sub(x::rcx, x::rdx); },
        [](x::Assembler& a) { a.sub(x::ecx, -1); },
        [](x::Assembler& a) { a.sub(x::rdx, x::rdx); },
        [](x::Assembler& a) { a.sub(x::rsp, 64); },
        [](x::Assembler& a) { a.cmp(x::rax, x::rcx); a.inc(x::rcx); },
        [](x::Assembler& a) { a.neg(x::rax); },
        [](x::Assembler& a) { a.shl(x::rcx, 3); },
        [](x::Assembler& a) { a.stc(); },
    };
    return kSetters;
}

// These instructions change the host's flags, change the operands that the flags came from, and need the flags.
const std::vector<Writer>& followers()
{
    static const std::vector<Writer> kFollowers{
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.mov(x::rax, x::ptr(x::rbx)); a.mov(x::rdi, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.mov(x::rax, x::rdi); a.mov(x::rdi, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.mov(x::cl, 3); a.setb(x::dil);
                              a.mov(x::rdi, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.lea(x::rcx, x::ptr(x::rcx, 5)); a.push(x::rax);
                              a.pushf(); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.setl(x::byte_ptr(x::rbx, 48)); },
        [](x::Assembler& a) { a.cmovbe(x::rax, x::ptr(x::rbx)); a.seto(x::cl); a.setp(x::dl); },
        [](x::Assembler& a) { a.adc(x::rax, x::ptr(x::rbx)); },
        [](x::Assembler& a) { a.push(x::rcx); a.pop(x::rax); a.lahf(); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.cpuid(); a.pushf(); },
        [](x::Assembler& a) { a.movups(x::xmm0, x::ptr(x::rbx)); a.pushf(); a.addps(x::xmm0, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.xchg(x::rax, x::ptr(x::rbx)); a.pushf(); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.inc(x::rax); a.mov(x::rdi, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.mov(x::rax, x::rcx); a.xor_(x::edi, x::edi); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.add(x::rax, x::ptr(kAbsent)); },
        [](x::Assembler& a) { a.mov(x::rdi, x::ptr(x::rbx)); a.rep().stosb(); },
        [](x::Assembler& a) {
            const auto far = a.newLabel();
            a.mov(x::rdi, x::ptr(x::rbx));
            a.jl(far);
            a.mov(x::rax, 1);
            a.bind(far);
            a.pushf();
        },
        [](x::Assembler& a) {
            const auto there = a.newLabel();
            a.mov(x::rdi, x::ptr(x::rbx));
            a.jmp(there);
            a.bind(there);
            a.setbe(x::sil);
            a.pushf();
        },
        [](x::Assembler& a) {
            const auto there = a.newLabel();
            a.mov(x::rdi, x::ptr(x::rbx));
            a.call(there);
            a.bind(there);
            a.pushf();
        },
    };
    return kFollowers;
}

// Writes a block that runs before. It brings the pages into the TLB, and leaves old flags in memory.
void warm(x::Assembler& a)
{
    const auto next = a.newLabel();
    a.mov(x::ptr(x::rbx, 0x200), x::rdi);
    a.push(x::rdi);
    a.pop(x::rdi);
    a.jmp(next);
    a.bind(next);
}

class TranslatorFlags : public ::testing::TestWithParam<std::size_t> {};

TEST_P(TranslatorFlags, AreThereWhenTheyAreWanted)
{
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    const Writer& setter = setters()[GetParam()];
    constexpr std::array<std::uint64_t, 5> kValues{0, 1, 0x7fffffff'ffffffff, 0x80000000'00008000, 0xfedcba98'765432f0};
    for (std::size_t way = 0; way < followers().size(); ++way) {
        for (const std::size_t n : {way % kValues.size(), (way + 2) % kValues.size()}) {
            SCOPED_TRACE(way);
            expect_same(interpreter, translator, [&](Machine& m) {
                vcpu::CpuState state = m.flat64();
                state.cr4 |= x86::cr4::kOsfxsr;
                m.put<std::uint64_t>(Machine::pte(kAbsent), 0);
                for (unsigned at = 0; at < 64; at += 8) {
                    m.put<std::uint64_t>(kData + at, kValues[(n + at / 8) % kValues.size()]);
                }
                m.assemble(kCode, true, [&](x::Assembler& a) {
                    warm(a);
                    setter(a);
                    followers()[way](a);
                    a.hlt();
                });
                state.gpr[x86::kRax] = kValues[n];
                state.gpr[x86::kRcx] = kValues[(n + 1) % kValues.size()];
                state.gpr[x86::kRdx] = kValues[(n + 3) % kValues.size()];
                state.gpr[8] = kValues[(n + 2) % kValues.size()];
                state.gpr[11] = kValues[(n + 4) % kValues.size()];
                state.gpr[x86::kRbx] = kData;
                state.gpr[x86::kRdi] = kData + 0x100;
                return state;
            });
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, TranslatorFlags, ::testing::Range<std::size_t>(0, setters().size()));

} // namespace

} // namespace windsor::translate::testing
