// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/host_stub.hpp"

#include "emulate/core/stub_parts.hpp"
#include "emulate/floating/vex_stub.hpp"

#include <map>

namespace windsor::emulate {

namespace {

namespace a86 = asmjit::x86;

// What the System V ABI, section 3.2.1, wants: round to nearest, all exceptions masked.
constexpr std::uint16_t kHostFcw = 0x037f;

// Maps the memory of stubs twice: executable at one address, writable at another.
asmjit::JitAllocator::CreateParams two_views()
{
    asmjit::JitAllocator::CreateParams params;
    params.options = asmjit::JitAllocatorOptions::kUseDualMapping;
    return params;
}

// Emits one stub. Arguments: RDI reg, RSI rm, RDX frame, which moves to R8.
class StubWriter {
public:
    StubWriter(a86::Assembler& out, const StubRecipe& recipe) : out_{out}, recipe_{recipe} {}

    void write()
    {
        out_.mov(a86::r8, a86::rdx);
        if (recipe_.x87 && recipe_.form != X87Form::Image) {
            write_x87_short();
        } else if (recipe_.x87) {
            write_x87();
        } else if (recipe_.vex) {
            write_vex(out_, recipe_);
        } else {
            write_simd();
        }
        out_.ret();
    }

private:
    void instruction() { out_.embed(recipe_.code.data(), recipe_.length); }

    void write_x87()
    {
        out_.fxrstor64(a86::ptr(a86::rdi));
        if (recipe_.flags_read) {
            out_.push(frame_at(offsetof(StubFrame, rflags), 8));
            out_.popfq();
        }
        instruction();
        save_flags(out_, recipe_);
        out_.fxsave64(a86::ptr(a86::rdi));
        out_.fninit();
    }

    void fld(a86::Gp slot) { out_.fld(a86::ptr(slot, 0, 10)); }
    void fstp(a86::Gp slot) { out_.fstp(a86::ptr(slot, 0, 10)); }

    // The host's unit keeps the exception flags of the instructions before, which are cleared where they would matter.
    void prepare_x87()
    {
        const asmjit::Label clean = out_.newLabel();
        const asmjit::Label usual = out_.newLabel();
        out_.fnstsw(a86::ax);
        out_.test(a86::byte_ptr(a86::r8, offsetof(StubFrame, fsw)), a86::al);
        out_.jz(clean);
        out_.fnclex();
        out_.bind(clean);
        out_.cmp(a86::word_ptr(a86::r8, offsetof(StubFrame, fcw)), kHostFcw);
        out_.je(usual);
        out_.fldcw(a86::word_ptr(a86::r8, offsetof(StubFrame, fcw)));
        out_.bind(usual);
    }

    void finish_x87()
    {
        const asmjit::Label usual = out_.newLabel();
        out_.cmp(a86::word_ptr(a86::r8, offsetof(StubFrame, fcw)), kHostFcw);
        out_.je(usual);
        out_.push(kHostFcw);
        out_.fldcw(a86::word_ptr(a86::rsp));
        out_.pop(a86::rax);
        out_.bind(usual);
    }

    void load_x87_operands()
    {
        switch (recipe_.form) {
        case X87Form::ToTop:
        case X87Form::ToOther:
        case X87Form::CompareOther: fld(a86::rsi); [[fallthrough]];
        case X87Form::Unary:
        case X87Form::Store:
        case X87Form::CompareMemory: fld(a86::rdi); break;
        case X87Form::Push:
        case X87Form::Image: break;
        }
    }

    // Leaves the x87 stack of the host empty, as it was before.
    void store_x87_results()
    {
        constexpr unsigned kOperands = 2;
        switch (recipe_.form) {
        case X87Form::Push:
        case X87Form::Unary: fstp(a86::rdi); break;
        case X87Form::ToTop:
            fstp(a86::rdi);
            drop(1);
            break;
        case X87Form::ToOther:
            drop(1u - recipe_.pops);
            fstp(a86::rsi);
            break;
        case X87Form::CompareOther: drop(kOperands - recipe_.pops); break;
        case X87Form::Store:
        case X87Form::CompareMemory: drop(1u - recipe_.pops); break;
        case X87Form::Image: break;
        }
    }

    void drop(unsigned registers)
    {
        for (unsigned i = 0; i < registers; ++i) {
            out_.fstp(a86::st0);
        }
    }

    void write_x87_short()
    {
        prepare_x87();
        load_x87_operands();
        instruction();
        save_flags(out_, recipe_);
        out_.fnstsw(a86::ax);
        out_.mov(a86::word_ptr(a86::r8, offsetof(StubFrame, fsw)), a86::ax);
        store_x87_results();
        finish_x87();
    }

    void load(StubOperand kind, a86::Gp slot, unsigned xmm, unsigned mm, a86::Gp gpr)
    {
        switch (kind) {
        case StubOperand::Xmm: out_.movaps(a86::xmm(xmm), a86::ptr(slot)); break;
        case StubOperand::Mm: out_.movq(a86::mm(mm), a86::ptr(slot)); break;
        case StubOperand::Gpr: out_.mov(gpr, a86::ptr(slot)); break;
        case StubOperand::Memory:
        case StubOperand::None: break;
        }
    }

    void store(StubOperand kind, a86::Gp slot, unsigned xmm, unsigned mm, a86::Gp gpr)
    {
        switch (kind) {
        case StubOperand::Xmm: out_.movaps(a86::ptr(slot), a86::xmm(xmm)); break;
        case StubOperand::Mm:
            // A write to an MMX register sets the exponent of the x87 register to ones. SDM volume 1, section 9.2.1.
            out_.movq(a86::ptr(slot), a86::mm(mm));
            out_.mov(a86::word_ptr(slot, 8), 0xffff);
            break;
        case StubOperand::Gpr: out_.mov(a86::ptr(slot), gpr); break;
        case StubOperand::Memory:
        case StubOperand::None: break;
        }
    }

    void load_operands()
    {
        load(recipe_.reg, a86::rdi, stub_register::kXmmReg, stub_register::kMmReg, a86::rax);
        load(recipe_.rm, a86::rsi, stub_register::kXmmRm, stub_register::kMmRm, a86::rcx);
        if (recipe_.xmm0_read) {
            out_.mov(a86::rax, frame_at(offsetof(StubFrame, fx), 8));
            out_.movaps(a86::xmm0, a86::ptr(a86::rax, offsetof(x86::FxArea, xmm)));
        }
        load_string_lengths(out_, recipe_);
    }

    void store_results()
    {
        if (recipe_.reg_written) {
            store(recipe_.reg, a86::rdi, stub_register::kXmmReg, stub_register::kMmReg, a86::rax);
        }
        if (recipe_.rm_written) {
            store(recipe_.rm, a86::rsi, stub_register::kXmmRm, stub_register::kMmRm, a86::rcx);
        }
        if (recipe_.xmm0_written) {
            out_.mov(a86::rax, frame_at(offsetof(StubFrame, fx), 8));
            out_.movaps(a86::ptr(a86::rax, offsetof(x86::FxArea, xmm)), a86::xmm0);
        }
        store_string_index(out_, recipe_);
    }

    void write_simd()
    {
        load_operands();
        if (recipe_.mxcsr) {
            prepare_mxcsr(out_);
        }
        instruction();
        save_flags(out_, recipe_);
        store_results();
        if (recipe_.mxcsr) {
            finish_mxcsr(out_);
        }
        if (recipe_.uses_mm) {
            out_.emms();
        }
    }

    a86::Assembler& out_;
    const StubRecipe& recipe_;
};

} // namespace

class HostStubs::Impl {
public:
    Impl() : params_{two_views()}, runtime_{&params_} {}

    const HostStub* find_or_make(const StubRecipe& recipe)
    {
        if (const auto found = stubs_.find(recipe); found != stubs_.end()) {
            return &found->second;
        }
        asmjit::CodeHolder code;
        if (code.init(runtime_.environment()) != asmjit::kErrorOk) {
            return nullptr;
        }
        a86::Assembler out{&code};
        StubWriter{out, recipe}.write();
        HostStub::Entry entry = nullptr;
        if (runtime_.add(&entry, &code) != asmjit::kErrorOk) {
            return nullptr;
        }
        return &stubs_.emplace(recipe, HostStub{.entry = entry, .recipe = recipe}).first->second;
    }

private:
    asmjit::JitAllocator::CreateParams params_;
    asmjit::JitRuntime runtime_;
    std::map<StubRecipe, HostStub> stubs_; // its nodes do not move
};

HostStubs::HostStubs() : impl_{std::make_unique<Impl>()} {}
HostStubs::~HostStubs() = default;

const HostStub* HostStubs::find_or_make(const StubRecipe& recipe)
{
    return impl_->find_or_make(recipe);
}

} // namespace windsor::emulate
