// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions have prefixes that they have no use for, up to the length of 15 bytes. They must do what they do on the
// interpreter, and become instructions that the host can run.
#include "translate/test_machine.hpp"

#include <algorithm>
#include <random>

namespace windsor::translate::testing {

namespace {

constexpr std::size_t kLongestInstruction = 15;

using Bytes = std::vector<int>;

// These are instructions of 64-bit and of 32-bit code. RBX leads to memory.
const std::vector<Bytes> kBoth{
    {0x01, 0x33},                                 // add [rbx], esi
    {0x00, 0x33},                                 // add [rbx], dh
    {0x81, 0x84, 0x4b, 0x10, 0, 0, 0, 1, 2, 3, 4}, // add dword [rbx+2*rcx+16], imm32
    {0x03, 0x8b, 0x10, 0, 0, 0},                  // add ecx, [rbx+16]
    {0x0f, 0xbc, 0xc1},                           // bsf eax, ecx
    {0x0f, 0xbd, 0xc1},                           // bsr eax, ecx
    {0x0f, 0xbd, 0x43, 0x08},                     // bsr eax, [rbx+8]
    {0x0f, 0xb8, 0xc1},                           // with F3: popcnt
    {0x0f, 0x38, 0xf0, 0x03},                     // movbe eax, [rbx]; with F2: crc32
    {0x0f, 0x38, 0xf1, 0xc1},                     // with F2: crc32 eax, ecx
    {0x0f, 0xb6, 0x03},                           // movzx eax, byte [rbx]
    {0x0f, 0xbf, 0x03},                           // movsx eax, word [rbx]
    {0x0f, 0x94, 0xc0},                           // sete al
    {0x0f, 0x44, 0xc1},                           // cmove eax, ecx
    {0x0f, 0xa4, 0x0b, 0x05},                     // shld [rbx], ecx, 5
    {0x0f, 0xc1, 0x0b},                           // xadd [rbx], ecx
    {0x0f, 0xb1, 0x0b},                           // cmpxchg [rbx], ecx
    {0x0f, 0xc7, 0x0b},                           // cmpxchg8b [rbx]
    {0x0f, 0xab, 0x0b},                           // bts [rbx], ecx
    {0x0f, 0xba, 0x2b, 0x21},                     // bts [rbx], 33
    {0x0f, 0xc3, 0x0b},                           // movnti [rbx], ecx
    {0x87, 0x0b},                                 // xchg [rbx], ecx
    {0xd1, 0x23},                                 // shl dword [rbx], 1
    {0x69, 0x03, 5, 0, 0, 0},                     // imul eax, [rbx], imm32
    {0x6b, 0x03, 5},                              // imul eax, [rbx], 5
    {0xf7, 0x23},                                 // mul dword [rbx]
    {0xa9, 1, 2, 3, 4},                           // test eax, imm32
    {0x98},                                       // cwde
    {0x99},                                       // cdq
    {0x9f},                                       // lahf
    {0xff, 0x33},                                 // push [rbx]
    {0x8d, 0x44, 0x0b, 0x10},                     // lea eax, [rbx+rcx+16]
    {0xa4},                                       // movsb
    {0xab},                                       // stosd
    {0x0f, 0x10, 0x03},                           // movups, movupd, movss, movsd
    {0x0f, 0x58, 0x03},                           // addps and so on
    {0x0f, 0x6f, 0x0b},                           // movq mm1, movdqa, movdqu
    {0x0f, 0x70, 0x03, 0x1b},                     // pshufw, pshufd, pshufhw, pshuflw
    {0x0f, 0x2a, 0x03},                           // cvtpi2ps and so on
    {0x0f, 0x7e, 0x0b},                           // movd [rbx], mm1; xmm1; movq xmm1
    {0x0f, 0xd6, 0x0b},                           // movq [rbx], xmm1
    {0x0f, 0xe6, 0x03},                           // cvttpd2dq and so on
    {0x0f, 0x38, 0x00, 0x03},                     // pshufb
    {0x0f, 0x3a, 0x0f, 0x03, 3},                  // palignr
    {0xdd, 0x03},                                 // fld qword [rbx]
    {0xd8, 0xc1},                                 // fadd st, st(1)
    {0x0f, 0xae, 0xe8},                           // lfence
};
const std::vector<Bytes> kLong{
    {0x48, 0x01, 0x33},                           // add [rbx], rsi
    {0x4c, 0x01, 0x13},                           // add [rbx], r10
    {0x4c, 0x0f, 0xbd, 0xd1},                     // bsr r10, rcx
    {0x49, 0x81, 0x84, 0x4b, 0x10, 0, 0, 0, 1, 2, 3, 4}, // add qword [r11+2*rcx+16], imm32
    {0x66, 0x48, 0x0f, 0x6e, 0x0b},               // movq xmm1, [rbx]
    {0x41, 0x0f, 0x28, 0x03},                     // movaps xmm0, [r11]
};
const std::vector<Bytes> kShort{
    {0x40},                                       // inc eax
    {0x4b},                                       // dec ebx
    {0x82, 0x03, 5},                              // add byte [ebx], 5
    {0xa1, 0, 0, 3, 0},                           // mov eax, [kData]
};

// Puts a mixture of prefixes before an instruction, which may make another instruction of it, or none at all.
Bytes with_prefixes(std::mt19937_64& random, const Bytes& instruction, bool wide)
{
    constexpr auto kPrefixes =
        std::to_array<int>({0x66, 0x66, 0x66, 0xf2, 0xf3, 0x3e, 0x26, 0x36, 0x2e, 0xf0, 0x48, 0x41});
    const std::size_t usable = wide ? kPrefixes.size() : kPrefixes.size() - 2; // only 64-bit code has REX
    const std::size_t room = kLongestInstruction - instruction.size();
    const std::size_t count = random() % 3 == 0 ? room : random() % (room + 1);
    const bool alike = random() % 3 == 0;
    const int one = kPrefixes[random() % usable];
    Bytes all;
    for (std::size_t n = 0; n < count; ++n) {
        const bool lock = random() % 4 == 0; // LOCK is rare, because it makes most instructions invalid
        const int prefix = alike ? one : kPrefixes[random() % usable];
        all.push_back(prefix == 0xf0 && !lock ? 0x66 : prefix);
    }
    all.insert(all.end(), instruction.begin(), instruction.end());
    return all;
}

vcpu::CpuState prepare(Machine& m, bool wide, const Bytes& code)
{
    vcpu::CpuState state = wide ? m.flat64() : m.flat32();
    Bytes all = code;
    // Prefixes may make operands shorter, so that the rest of their bytes are the next instruction.
    all.insert(all.end(), kLongestInstruction, 0x90);
    all.push_back(0xf4);
    m.code(kCode, all);
    for (std::uint64_t at = 0; at < 0x100; at += 8) {
        m.put<std::uint64_t>(kData + at, 0x0123456789abcdef * (at + 1));
        m.put<std::uint64_t>(kData + 0x1000 + at, 0);
    }
    state.cr4 |= x86::cr4::kOsfxsr;
    state.fx.fcw = 0x37f;
    state.gpr = {0x1234, 3, 0x77, kData, kStack, 5, kData + 0x80, kData + 0x1000};
    state.gpr[x86::kR11] = kData;
    return state;
}

void compare_all(bool wide, const std::vector<Bytes>& forms, std::uint64_t seed)
{
    constexpr unsigned kRounds = 60;
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    std::mt19937_64 random{seed};
    for (const Bytes& form : forms) {
        for (unsigned round = 0; round < kRounds; ++round) {
            const Bytes code = with_prefixes(random, form, wide);
            std::string shown;
            for (const int byte : code) {
                shown += fmt::format("{:02x} ", byte);
            }
            SCOPED_TRACE(shown);
            expect_same(interpreter, translator, [&](Machine& m) { return prepare(m, wide, code); });
            if (::testing::Test::HasFailure()) {
                return;
            }
        }
    }
    EXPECT_GT(translator.counter("entries"), 0u);
    std::span<const std::uint8_t> rest = translator.cpu.code();
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    while (!rest.empty()) {
        ZydisDecodedInstruction host;
        ASSERT_TRUE(ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, rest.data(), rest.size(), &host)));
        rest = rest.subspan(host.length);
    }
}

TEST(TranslatorPrefixes, AreThoseThatTheInstructionUses)
{
    compare_all(true, kBoth, 1);
    compare_all(true, kLong, 2);
    compare_all(false, kBoth, 3);
    compare_all(false, kShort, 4);
}

// The encodings of AVX instructions have bits that mean nothing in 32-bit code. In the host's 64-bit mode they would
// mean an operand of twice the size, or another register.
TEST(TranslatorPrefixes, OfVexMeanNoMoreThanIn32BitCode)
{
    constexpr unsigned kRounds = 600;
    constexpr auto kOpcodes = std::to_array<std::array<std::uint8_t, 3>>({
        {1, 0x6e, 1}, {1, 0x7e, 1}, {1, 0x7e, 2}, {1, 0x2a, 2}, {1, 0x2a, 3}, {1, 0x2d, 2}, {1, 0x58, 0}, {1, 0x10, 0},
        {1, 0x11, 0}, {1, 0x50, 0}, {1, 0xef, 1}, {2, 0x00, 1}, {2, 0x98, 1}, {3, 0x16, 1}, {3, 0x22, 1}, {3, 0x4a, 1},
    });
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    std::mt19937_64 random{5};
    for (unsigned round = 0; round < kRounds && !::testing::Test::HasFailure(); ++round) {
        const auto& [map, opcode, prefix] = kOpcodes[random() % kOpcodes.size()];
        const unsigned modrm =
            random() % 2 == 0 ? 3 | (random() & 0x38) : 0xc0 | (random() & 0x3f); // the operand is [ebx] or a register
        const Bytes code{0xc4,
                         static_cast<int>(0xc0 | (random() & 0x20) | map),
                         static_cast<int>((random() & 0xfc) | prefix),
                         opcode,
                         static_cast<int>(modrm),
                         map == 3 ? static_cast<int>(random() & 0xff) : 0x90};
        SCOPED_TRACE(fmt::format("{:02x}", fmt::join(code, " ")));
        expect_same(interpreter, translator, [&](Machine& m) {
            vcpu::CpuState state = prepare(m, false, code);
            state.cr4 |= x86::cr4::kOsxsave;
            state.xcr0 = 7;
            for (unsigned n = 0; n < 16; ++n) {
                state.fx.xmm[n].fill(static_cast<std::uint8_t>(n + 1));
            }
            state.gpr[x86::kRbx] = kData + 0xffc; // an operand of four bytes ends with the page
            return state;
        });
    }
}

} // namespace

} // namespace windsor::translate::testing
