// SPDX-License-Identifier: GPL-2.0-or-later
// Encodings that 64-bit code has not, or reads in another way. SDM volume 2D, appendix A.3.
#include "translate/test_machine.hpp"

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
    code.insert(code.end(), {0xa1, 0x00, 0x00, 0x03, 0x00, 0xa2, 0x08, 0x00, 0x03, 0x00, 0xf4}); // mov eax, [..]; mov [..], al
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

} // namespace

} // namespace windsor::translate::testing
