// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/stub_parts.hpp"

#include "x86/registers.hpp"

namespace windsor::emulate {

namespace a86 = asmjit::x86;

namespace {

constexpr std::uint32_t kHostMxcsr = 0x1f80; // System V ABI, section 3.2.1
constexpr std::uint32_t kFlags = 0x3f;

} // namespace

void save_flags(a86::Assembler& out, const StubRecipe& recipe)
{
    if (recipe.flags_written) {
        out.pushfq();
        out.pop(frame_at(offsetof(StubFrame, rflags), 8));
    }
}

void load_string_lengths(a86::Assembler& out, const StubRecipe& recipe)
{
    if (recipe.string_lengths) {
        out.mov(a86::rcx, frame_at(offsetof(StubFrame, gpr), 8));
        out.mov(a86::rax, a86::ptr(a86::rcx, 8 * x86::kRax));
        out.mov(a86::rdx, a86::ptr(a86::rcx, 8 * x86::kRdx));
    }
}

void store_string_index(a86::Assembler& out, const StubRecipe& recipe)
{
    if (recipe.string_index) {
        out.mov(a86::rax, frame_at(offsetof(StubFrame, gpr), 8));
        out.mov(a86::ptr(a86::rax, 8 * x86::kRcx), a86::rcx);
    }
}

// Loading MXCSR is slow. The host's value mostly serves: the same controls, and no flags that the guest lacks.
void prepare_mxcsr(a86::Assembler& out)
{
    const asmjit::Label fits = out.newLabel();
    out.stmxcsr(frame_at(offsetof(StubFrame, mxcsr_host), 4));
    out.mov(a86::r9d, frame_at(offsetof(StubFrame, mxcsr_host), 4));
    out.and_(a86::r9d, frame_at(offsetof(StubFrame, mxcsr_mask), 4));
    out.cmp(a86::r9d, frame_at(offsetof(StubFrame, mxcsr), 4));
    out.je(fits);
    out.ldmxcsr(frame_at(offsetof(StubFrame, mxcsr), 4));
    out.bind(fits);
}

void finish_mxcsr(a86::Assembler& out)
{
    const asmjit::Label usual = out.newLabel();
    out.stmxcsr(frame_at(offsetof(StubFrame, mxcsr), 4));
    out.mov(a86::r9d, frame_at(offsetof(StubFrame, mxcsr), 4));
    out.and_(a86::r9d, ~kFlags);
    out.cmp(a86::r9d, kHostMxcsr);
    out.je(usual);
    out.push(kHostMxcsr);
    out.ldmxcsr(a86::dword_ptr(a86::rsp));
    out.pop(a86::r9);
    out.bind(usual);
}

} // namespace windsor::emulate
