// SPDX-License-Identifier: GPL-2.0-or-later
// 32-bit code has encodings that 64-bit code does not have, or reads in another way. SDM volume 2D, appendix A.3.
#include "translate/test_machine.hpp"
#include "vcpu/host_features.hpp"

#include <vector>

namespace windsor::translate::testing {

namespace {

TEST(TranslatorLegacyForms, AreWrittenAnew)
{
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    std::vector<int> code{0x40, 0x4b};                                              // inc eax; dec ebx
    for (const int modrm : {0xc4, 0xcb, 0xd1, 0xda, 0xe5, 0xee, 0xf6, 0xfc}) {      // 82 with each of its operations
        code.insert(code.end(), {0x82, modrm, 0x5a});                               // on a register
        code.insert(code.end(), {0x82, (modrm & 0x38) | 0x46, modrm & 0xf, 0xa5});  // on [esi + n]
        code.insert(code.end(), {0x9f, 0x11, 0xc1});                                // lahf; adc ecx, eax
    }
    code.insert(code.end(),
                {0xa1, 0x00, 0x00, 0x03, 0x00, 0xa2, 0x08, 0x00, 0x03, 0x00, 0xf4}); // mov eax, [..]; mov [..], al
    expect_same(interpreter, translator, [&](Machine& m) {
        m.reset();
        vcpu::CpuState state = m.flat32();
        m.code(kCode, code);
        for (unsigned i = 0; i < 8; ++i) {
            state.gpr[i] = 0x12345678 * (2 * i + 1) & 0xffffffff;
            m.put<std::uint64_t>(kData + 8 * i, 0x0123456789abcdef * (2 * i + 1));
        }
        state.gpr[x86::kRsi] = kData;
        state.gpr[x86::kRsp] = kStack;
        return state;
    });
    EXPECT_EQ(translator.cpu.state().rip, kCode + code.size());
    EXPECT_EQ(translator.counter("interpreted"), 1u) << "HLT alone";
}

// VBLENDVPS names its mask in bits 7:4 of the immediate, of which 32-bit code has bits 6:4 only. SDM volume 2A, section
// 3.1.1.2.
TEST(TranslatorLegacyForms, AvxHasEightRegistersIn32BitCode)
{
    const vcpu::HostFeatures host = vcpu::host_features();
    if (!host.avx) {
        GTEST_SKIP() << "this host has no AVX";
    }
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    expect_same(interpreter, translator, [](Machine& m) {
        m.reset();
        vcpu::CpuState state = m.flat32();
        state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kOsxsave;
        state.xcr0 = x86::xcr0::kX87 | x86::xcr0::kSse | x86::xcr0::kAvx;
        for (unsigned i = 0; i < state.fx.xmm.size(); ++i) {
            state.fx.xmm[i].fill(static_cast<std::uint8_t>(i < 8 ? 0x11 * i : 0xff));
        }
        m.code(kCode, std::vector<int>{0xc4, 0xe3, 0x71, 0x4a, 0xc2, 0x90,  // vblendvps xmm0, xmm1, xmm2, xmm1
                                       0xc4, 0xe3, 0x71, 0x4a, 0xda, 0x10,  // the same to xmm3, without bit 7
                                       0xf4});
        return state;
    });
    const vcpu::CpuState state = translator.cpu.state();
    EXPECT_EQ(state.fx.xmm[0], state.fx.xmm[3]);
    EXPECT_EQ(state.fx.xmm[0], state.fx.xmm[1]) << "the mask is XMM1, whose bits are clear";
}

// The operands of LEAVE, DIV and IDIV end with a page. That of IDIV has an index, so that it is in no group, and no
// more bytes are looked up than it needs.
TEST(TranslatorOperands, OfLeaveAndOfDivisionsAreReadWholeAndNoFurther)
{
    for (const bool wide : {false, true}) {
        SCOPED_TRACE(wide);
        emulate::testing::TestMachine interpreter;
        TranslatorMachine translator;
        expect_same(interpreter, translator, [wide](Machine& m) {
            namespace x = asmjit::x86;
            m.reset();
            vcpu::CpuState state = wide ? m.flat64() : m.flat32();
            const std::uint64_t end = kData + 0x1000;
            const std::int32_t word = wide ? 8 : 4;
            const auto size = static_cast<std::uint32_t>(word);
            m.put<std::uint64_t>(end - 8, wide ? 7 : std::uint64_t{7} << 32);
            m.assemble(kCode, wide, [&](x::Assembler& a) {
                const auto loop = a.newLabel();
                a.mov(x::ecx, 3);
                a.bind(loop);
                a.mov(x::ebp, end - size);
                a.leave();
                a.add(x::ebx, x::ebp);
                a.mov(x::esi, end);
                a.mov(x::eax, 100);
                a.mov(x::edx, 0);
                a.div(x::ptr(a.zsi(), -word, size));
                a.add(x::ebx, x::edx);
                a.mov(x::edi, 0);
                a.mov(x::edx, 0);
                a.idiv(x::ptr(a.zsi(), a.zdi(), 2, -word, size));
                a.add(x::ebx, x::edx);
                a.dec(x::ecx);
                a.jnz(loop);
                a.hlt();
            });
            return state;
        });
        EXPECT_GT(translator.counter("entries"), 0u);
    }
}

} // namespace

} // namespace windsor::translate::testing
