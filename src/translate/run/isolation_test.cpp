// SPDX-License-Identifier: GPL-2.0-or-later
// The guest can reach nothing of the host.
#include "translate/test_machine.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
using vcpu::HaltReason;

TEST(TranslatorIsolation, NoAddressIsWritableAndExecutable)
{
    const TranslatorMachine m;
    std::vector<std::string> rights;
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
        const std::string own = line.substr(line.find(' ') + 1, 3);
        EXPECT_NE(own, "rwx") << line;
        if (line.contains("memfd:windsor-code")) {
            rights.push_back(own);
        }
    }
    std::ranges::sort(rights);
    EXPECT_EQ(rights, (std::vector<std::string>{"r-x", "rw-"}));
}

// Accesses put host addresses into the registers that stand in for R10, R11 and R15. Then an instruction leaves its
// destination as it is, or a part of it. No host address may be left there.
struct Keeping {
    const char* name;
    std::function<void(x::Assembler&, const x::Gp&)> write;
};

class TranslatorKeepsRegisters : public ::testing::TestWithParam<Keeping> {};

TEST_P(TranslatorKeepsRegisters, FreeOfHostAddresses)
{
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    for (const unsigned number : {10u, 11u, 15u, 4u, 8u}) {
        SCOPED_TRACE(number);
        expect_same(interpreter, translator, [&](Machine& m) {
            m.assemble(kCode, true, [&](x::Assembler& a) {
                a.mov(x::rax, x::ptr(x::rsi));
                a.push(x::rax);
                a.pop(x::rax);
                a.xor_(x::ecx, x::ecx); // this sets ZF
                a.mov(x::rbx, x::ptr(x::rsi));
                GetParam().write(a, x::gpq(number));
                a.mov(x::ptr(x::rsi, 8), x::gpq(number));
                a.hlt();
            });
            vcpu::CpuState state = m.flat64();
            for (unsigned n = 0; n < x86::kGprCount; ++n) {
                state.gpr[n] = std::uint64_t{0x1111111111111111} * n;
            }
            state.gpr[x86::kRsi] = kData;
            state.gpr[x86::kRsp] = kStack;
            return state;
        });
    }
}

INSTANTIATE_TEST_SUITE_P(
    Each, TranslatorKeepsRegisters,
    ::testing::Values(
        Keeping{"Bsf", [](x::Assembler& a, const x::Gp& reg) { a.bsf(reg, x::rcx); }},
        Keeping{"BsrDword", [](x::Assembler& a, const x::Gp& reg) { a.bsr(reg.r32(), x::ecx); }},
        Keeping{"BsfMemory", [](x::Assembler& a, const x::Gp& reg) { a.bsf(reg, x::qword_ptr(x::rsi, 0x100)); }},
        Keeping{"Cmov", [](x::Assembler& a, const x::Gp& reg) { a.cmovnz(reg, x::rax); }},
        Keeping{"CmovDword", [](x::Assembler& a, const x::Gp& reg) { a.cmovnz(reg.r32(), x::eax); }},
        Keeping{"CmovMemory", [](x::Assembler& a, const x::Gp& reg) { a.cmovnz(reg, x::qword_ptr(x::rsi)); }},
        Keeping{"Byte", [](x::Assembler& a, const x::Gp& reg) { a.mov(reg.r8(), x::byte_ptr(x::rsi)); }},
        Keeping{"Word", [](x::Assembler& a, const x::Gp& reg) { a.mov(reg.r16(), x::word_ptr(x::rsi)); }},
        Keeping{"Setcc", [](x::Assembler& a, const x::Gp& reg) { a.setnz(reg.r8()); }},
        Keeping{"Cmpxchg", [](x::Assembler& a, const x::Gp& reg) { a.cmpxchg(reg, x::rbx); }},
        Keeping{"CmpxchgSource", [](x::Assembler& a, const x::Gp& reg) { a.cmpxchg(x::rbx, reg); }},
        Keeping{"ShiftByNone", [](x::Assembler& a, const x::Gp& reg) { a.shl(reg, x::cl); }},
        Keeping{"Xchg", [](x::Assembler& a, const x::Gp& reg) { a.xchg(reg, x::r11); }},
        Keeping{"Xadd", [](x::Assembler& a, const x::Gp& reg) { a.xadd(x::qword_ptr(x::rsi), reg); }},
        Keeping{"LeaWord", [](x::Assembler& a, const x::Gp& reg) { a.lea(reg.r16(), x::ptr(x::rsi, 3)); }},
        Keeping{"Pop", [](x::Assembler& a, const x::Gp& reg) { reg.id() == 4 ? a.nop() : a.pop(reg.r16()); }}),
    [](const auto& keeping) { return std::string{keeping.param.name}; });

// No address matches an empty entry of the TLB, or one of a page that needs the slow path.
TEST(TranslatorIsolation, EveryAddressIsTranslated)
{
    // The tag of an empty entry has the first of these bits. In that of a page on the slow path the second is flipped.
    constexpr std::uint64_t kNone = std::uint64_t{1} << 61;
    constexpr std::uint64_t kOther = std::uint64_t{1} << 62;
    constexpr std::uint64_t kWritten = kCode + 0x800;
    constexpr std::uint64_t kLast = 0xffd; // an access at this offset crosses into the next page
    constexpr std::uint64_t kEmptyEntry = 0x7ff; // the tag of this empty entry has the next entry's address
    static_assert((kCode & 0x1000) == 0); // so the tag of this page's slow path has the next page's address
    TranslatorMachine m;
    const auto host = reinterpret_cast<std::uint64_t>(m.at(0));
    for (const std::uint64_t address : {std::uint64_t{0x400000}, std::uint64_t{0x7fff'ffff'ffc0}, kNone, kNone + 0x1000,
                                        kNone + 0x1ff000, kOther, kOther + kWritten, kOther + (kWritten ^ 0x1000),
                                        ~std::uint64_t{7}, host, kNone + (kEmptyEntry << 12) + kLast,
                                        kOther + kCode + kLast}) {
        for (unsigned way = 0; way < 6; ++way) {
            SCOPED_TRACE(::testing::Message{} << std::hex << address << ", way " << way);
            m.reset();
            m.assemble(kCode, true, [&](x::Assembler& a) {
                a.mov(x::byte_ptr(kWritten), x::al); // stores to a page with code take the slow path
                a.mov(x::rsi, address);
                switch (way) {
                case 0: a.mov(x::rax, x::ptr(x::rsi)); break;
                case 1: a.mov(x::ptr(x::rsi), x::rax); break;
                case 2: a.jmp(x::rsi); break;
                case 3: a.lodsq(); break;
                case 4: a.movups(x::ptr(x::rsi), x::xmm0); break;
                default: a.lock().add(x::qword_ptr(x::rsi, x::rax, 3), x::rax); break;
                }
                a.hlt();
            });
            vcpu::CpuState state = m.flat64();
            state.cr4 |= x86::cr4::kOsfxsr;
            state.gpr[x86::kRax] = 0;
            EXPECT_EQ(m.run(state), HaltReason::Halted);
            const bool canonical = address < std::uint64_t{1} << 47 || address >= ~std::uint64_t{0} << 47;
            EXPECT_EQ(m.vector(), canonical ? 14u : 13u);
        }
    }
}

} // namespace

} // namespace windsor::translate::testing
