// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/floating/vex_stub.hpp"

#include "vcpu/state.hpp"

namespace windsor::emulate {

namespace a86 = asmjit::x86;

namespace {

// From a register's bits 127:0 to its bits 255:128.
constexpr auto kHighDistance = static_cast<std::int32_t>(offsetof(vcpu::CpuState, ymm_high)) -
                               static_cast<std::int32_t>(offsetof(vcpu::CpuState, fx) + offsetof(x86::FxArea, xmm));

// Arguments: RDI reg, RSI rm, R8 frame. R10 and R11 take the other operands.
class VexWriter {
public:
    VexWriter(a86::Assembler& out, const StubRecipe& recipe) : out_{out}, recipe_{recipe} {}

    void write()
    {
        load_operands();
        if (recipe_.mxcsr) {
            prepare_mxcsr(out_);
        }
        out_.embed(recipe_.code.data(), recipe_.length);
        save_flags(out_, recipe_);
        store_results();
        if (recipe_.mxcsr) {
            finish_mxcsr(out_);
        }
        // Upper halves in use would slow down the SSE code of the host.
        out_.vzeroupper();
    }

private:
    void load(StubOperand kind, a86::Gp slot, unsigned vector, a86::Gp gpr)
    {
        if (kind == StubOperand::Gpr) {
            out_.mov(gpr, a86::ptr(slot));
        } else if (kind == StubOperand::Xmm) {
            out_.vmovups(a86::xmm(vector), a86::ptr(slot));
            if (recipe_.wide) {
                out_.vinsertf128(a86::ymm(vector), a86::ymm(vector), a86::ptr(slot, kHighDistance), 1);
            }
        }
    }

    // An instruction with VEX.L clear has cleared the upper half of the host's register as it must the guest's.
    void store(StubOperand kind, a86::Gp slot, unsigned vector, a86::Gp gpr)
    {
        if (kind == StubOperand::Gpr) {
            out_.mov(a86::ptr(slot), gpr);
        } else if (kind == StubOperand::Xmm) {
            out_.vmovups(a86::ptr(slot), a86::xmm(vector));
            out_.vextractf128(a86::ptr(slot, kHighDistance), a86::ymm(vector), 1);
        }
    }

    void load_operands()
    {
        out_.mov(a86::r10, frame_at(offsetof(StubFrame, second), 8));
        out_.mov(a86::r11, frame_at(offsetof(StubFrame, fourth), 8));
        if (recipe_.reg_read) {
            load(recipe_.reg, a86::rdi, stub_register::kXmmReg, a86::rax);
        }
        if (recipe_.rm_read) {
            load(recipe_.rm, a86::rsi, stub_register::kXmmRm, a86::rcx);
        }
        if (recipe_.second_read) {
            load(recipe_.second, a86::r10, stub_register::kXmmSecond, a86::rdx);
        }
        load(recipe_.fourth, a86::r11, stub_register::kXmmFourth, a86::rdx);
        load_string_lengths(out_, recipe_);
    }

    void store_results()
    {
        if (recipe_.reg_written) {
            store(recipe_.reg, a86::rdi, stub_register::kXmmReg, a86::rax);
        }
        if (recipe_.rm_written) {
            store(recipe_.rm, a86::rsi, stub_register::kXmmRm, a86::rcx);
        }
        if (recipe_.second_written) {
            store(recipe_.second, a86::r10, stub_register::kXmmSecond, a86::rdx);
        }
        if (recipe_.xmm0_written) {
            out_.mov(a86::rax, frame_at(offsetof(StubFrame, fx), 8));
            out_.add(a86::rax, static_cast<std::int32_t>(offsetof(x86::FxArea, xmm)));
            store(StubOperand::Xmm, a86::rax, 0, a86::rdx);
        }
        store_string_index(out_, recipe_);
    }

    a86::Assembler& out_;
    const StubRecipe& recipe_;
};

} // namespace

void write_vex(a86::Assembler& out, const StubRecipe& recipe)
{
    VexWriter{out, recipe}.write();
}

} // namespace windsor::emulate
