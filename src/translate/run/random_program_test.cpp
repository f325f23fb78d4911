// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/run/random_program.hpp"

namespace windsor::translate::testing {

namespace x = asmjit::x86;
using asmjit::Imm;
namespace Inst = x::Inst;

x::Gp RandomProgram::reg(unsigned size)
{
    static constexpr std::array<std::uint32_t, 9> kRegisters{0, 1, 2, 8, 9, 10, 12, 13, 14};
    const std::uint32_t number = pick(kRegisters);
    switch (size) {
    case 1: return x::gpb(number);
    case 2: return x::gpw(number);
    case 4: return x::gpd(number);
    default: return x::gpq(number);
    }
}

x::Mem RandomProgram::memory(unsigned size)
{
    static constexpr std::array<std::uint32_t, 5> kPointers{3, 6, 7, 11, 15};
    const auto displacement = static_cast<std::int32_t>(below(3) == 0 ? below(33) : below(2) * 16) - 16;
    return x::Mem{x::gpq(pick(kPointers)), displacement, size};
}

// Writes an instruction that writes all arithmetic flags, or reads them.
void RandomProgram::arithmetic(x::Assembler& a)
{
    static constexpr std::array<std::uint32_t, 8> kAlu{Inst::kIdAdd, Inst::kIdAdc, Inst::kIdSub, Inst::kIdSbb,
                                                       Inst::kIdAnd, Inst::kIdOr,  Inst::kIdXor, Inst::kIdCmp};
    const unsigned width = size();
    switch (below(5)) {
    case 0: a.emit(pick(kAlu), reg(width), memory(width)); break;
    case 1: a.emit(pick(kAlu), memory(width), reg(width)); break;
    case 2: a.emit(pick(kAlu), memory(width), Imm{static_cast<std::int8_t>(bits())}); break;
    case 3: a.emit(pick(kAlu), reg(width), reg(width)); break;
    default: a.test(memory(width), reg(width)); break;
    }
}

void RandomProgram::flags_in_part(x::Assembler& a)
{
    static constexpr std::array<std::uint32_t, 7> kShifts{Inst::kIdShl, Inst::kIdShr, Inst::kIdSar, Inst::kIdRol,
                                                          Inst::kIdRor, Inst::kIdRcl, Inst::kIdRcr};
    const unsigned width = size();
    switch (below(10)) {
    case 0: a.inc(memory(width)); break;
    case 1: a.dec(reg(width)); break;
    case 2: a.emit(pick(kShifts), memory(width), Imm{1}); break;
    case 3: a.emit(pick(kShifts), reg(width), Imm{1}); break;
    case 4: a.neg(memory(width)); break;
    case 5: a.not_(memory(width)); break;
    case 6: below(2) != 0 ? a.stc() : a.cmc(); break;
    case 7: a.emit(pick(kShifts), reg(4), x::cl); break;
    case 8: a.emit(pick(kShifts), memory(8), x::cl); break;
    default: a.emit(below(2) != 0 ? Inst::kIdLahf : Inst::kIdSahf); break;
    }
}

void RandomProgram::moves(x::Assembler& a)
{
    const unsigned width = size();
    switch (below(12)) {
    case 0: a.mov(reg(width), memory(width)); break;
    case 1: a.mov(memory(width), reg(width)); break;
    case 2: a.mov(memory(width), Imm{static_cast<std::int8_t>(bits())}); break;
    case 3: a.movzx(reg(4), memory(1 + static_cast<unsigned>(below(2)))); break;
    case 4: a.movsx(reg(8), memory(1 + static_cast<unsigned>(below(2)))); break;
    case 5: a.movsxd(reg(8), memory(4)); break;
    case 6: a.emit(below(2) != 0 ? Inst::kIdCmovz : Inst::kIdCmovb, reg(8), memory(8)); break;
    case 7: a.emit(below(2) != 0 ? Inst::kIdSeto : Inst::kIdSetnle, memory(1)); break;
    case 8: a.bt(memory(4), Imm{below(32)}); break;
    case 9: a.bts(memory(8), Imm{below(64)}); break;
    case 10: a.movnti(memory(8), reg(8)); break;
    default: a.mov(x::ah, memory(1)); break;
    }
}

// Writes a bit-string instruction. MOV sets its index, which may lead into another page, without changing the flags.
void RandomProgram::bit_string(x::Assembler& a)
{
    static constexpr std::array<std::uint32_t, 4> kBits{Inst::kIdBt, Inst::kIdBtc, Inst::kIdBtr, Inst::kIdBts};
    const unsigned width = 2u << below(3);
    const x::Gp index = reg(8);
    a.mov(index, Imm{static_cast<std::int64_t>(below(600)) - 300});
    const std::uint32_t what = pick(kBits);
    if (what != Inst::kIdBt && below(3) == 0) {
        a.lock();
    }
    a.emit(what, memory(width), width == 2 ? index.r16() : width == 4 ? index.r32() : index);
}

// Writes a string instruction. RSI and RDI are put back to where they were, unless it faults.
void RandomProgram::string(x::Assembler& a)
{
    const std::array<x::Gp, 4> accumulators{x::al, x::ax, x::eax, x::rax};
    const std::uint64_t order = below(4);
    const unsigned width = 1u << order;
    const std::uint64_t what = below(4);
    const x::Mem from{x::rsi, 0, width};
    const x::Mem to{x::rdi, 0, width};
    a.mov(x::r8, x::rsi);
    a.mov(x::rdx, x::rdi);
    a.mov(x::rcx, Imm{below(4) == 0 ? -static_cast<std::int64_t>(below(2)) : static_cast<std::int64_t>(below(50))});
    if (what == 3 && below(2) != 0) {
        a.repne();
    } else if (what == 3 || (what != 2 && below(3) != 0)) {
        a.rep();
    }
    switch (what) {
    case 0: a.emit(Inst::kIdMovs, to, from); break;
    case 1: a.emit(Inst::kIdStos, to, accumulators[order]); break;
    case 2: a.emit(Inst::kIdLods, accumulators[order], from); break;
    default: a.emit(Inst::kIdScas, accumulators[order], to); break;
    }
    a.mov(x::rsi, x::r8);
    a.mov(x::rdi, x::rdx);
}

void RandomProgram::stack(x::Assembler& a)
{
    switch (below(6)) {
    case 0: a.push(reg(8)); break;
    case 1: a.push(Imm{static_cast<std::int8_t>(bits())}); break;
    case 2: a.push(memory(8)); break;
    case 3: a.pop(reg(8)); break;
    case 4: a.leave(); break;
    default: a.push(x::r11); break;
    }
}

void RandomProgram::locked(x::Assembler& a)
{
    const unsigned width = size();
    switch (below(8)) {
    case 0: a.lock().add(memory(width), reg(width)); break;
    case 1: a.lock().xadd(memory(width), reg(width)); break;
    case 2: a.xchg(memory(width), reg(width)); break;
    case 3: a.lock().emit(Inst::kIdCmpxchg, memory(width), reg(width)); break;
    case 4: a.lock().inc(memory(width)); break;
    case 5: a.lock().emit(Inst::kIdCmpxchg8b, memory(8)); break;
    case 6: a.lock().emit(Inst::kIdCmpxchg16b, memory(16)); break;
    default: a.emit(Inst::kIdCmpxchg, memory(width), reg(width)); break;
    }
}

// Writes a multiplication or division, and then ADD, because these leave flags undefined.
void RandomProgram::multiply(x::Assembler& a)
{
    const unsigned width = below(2) != 0 ? 4 : 8;
    if (below(2) != 0) { // with EDX clear, some quotients fit
        a.xor_(x::edx, x::edx);
    }
    switch (below(5)) {
    case 0: a.emit(Inst::kIdDiv, memory(width)); break;
    case 1: a.emit(Inst::kIdIdiv, memory(width)); break;
    case 2: a.emit(Inst::kIdMul, memory(width)); break;
    case 3: a.imul(reg(width), memory(width)); break;
    default: a.emit(Inst::kIdDiv, reg(width)); break;
    }
    a.add(reg(8), reg(8));
}

void RandomProgram::sse(x::Assembler& a)
{
    switch (below(12)) {
    case 0: a.movaps(xmm(), memory(16)); break;
    case 1: a.movaps(memory(16), xmm()); break;
    case 2: a.movups(xmm(), memory(16)); break;
    case 3: a.movups(memory(16), xmm()); break;
    case 4: a.movdqu(memory(16), xmm()); break;
    case 5: a.paddd(xmm(), memory(16)); break;
    case 6: a.pxor(xmm(), xmm()); break;
    case 7: a.movsd(xmm(), memory(8)); break;
    case 8: a.movss(memory(4), xmm()); break;
    case 9: a.addpd(xmm(), memory(16)); break;
    case 10: a.cvtsi2sd(xmm(), memory(4)); break;
    default: a.ucomisd(xmm(), memory(8)); break;
    }
}

void RandomProgram::x87(x::Assembler& a)
{
    switch (below(9)) {
    case 0: a.fld(memory(10)); break;
    case 1: a.fstp(memory(10)); break;
    case 2: a.fld(memory(8)); break;
    case 3: a.fstp(memory(8)); break;
    case 4: a.fadd(memory(4)); break;
    case 5: a.fild(memory(8)); break;
    case 6: a.fistp(memory(2)); break;
    case 7: a.fnstcw(memory(2)); break;
    default: a.fnstsw(memory(2)); break;
    }
}

void RandomProgram::mmx(x::Assembler& a)
{
    const x::Mm mm = x::mm(static_cast<std::uint32_t>(below(8)));
    switch (below(4)) {
    case 0: a.movq(mm, memory(8)); break;
    case 1: a.movq(memory(8), mm); break;
    case 2: a.paddw(mm, memory(8)); break;
    default: a.emms(); break;
    }
}

// Writes the last instruction.
void RandomProgram::branch(x::Assembler& a)
{
    const auto next = a.newLabel();
    switch (below(8)) {
    case 0: a.call(next); break;
    case 1: a.call(memory(8)); break;
    case 2: a.jmp(memory(8)); break;
    case 3: a.ret(); break;
    case 4: a.ret(Imm{16}); break;
    case 5: a.call(reg(8)); break;
    default: break;
    }
    a.bind(next);
    a.ud2();
}

void RandomProgram::write(x::Assembler& a, unsigned instructions)
{
    using Writer = void (RandomProgram::*)(x::Assembler&);
    static constexpr std::array<Writer, 13> kWriters{
        &RandomProgram::arithmetic, &RandomProgram::arithmetic, &RandomProgram::flags_in_part,
        &RandomProgram::flags_in_part, &RandomProgram::moves, &RandomProgram::stack, &RandomProgram::locked,
        &RandomProgram::multiply, &RandomProgram::sse, &RandomProgram::x87, &RandomProgram::mmx,
        &RandomProgram::bit_string, &RandomProgram::string};
    for (unsigned n = 0; n < instructions; ++n) {
        (this->*pick(kWriters))(a);
    }
    branch(a);
}

} // namespace windsor::translate::testing
