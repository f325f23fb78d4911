// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/assembler.hpp"

namespace windsor::translate {

// SDM volume 2A, tables 2-2 and 2-3: base 100 needs a SIB byte, base 101 a displacement.
void Assembler::modrm_memory(unsigned reg, const Mem& mem)
{
    const unsigned base = number(mem.base) & 7;
    const bool sib = mem.index != Reg::Rsp || base == 4;
    const bool small = mem.displacement == static_cast<std::int8_t>(mem.displacement);
    const unsigned mod = mem.displacement == 0 && base != 5 ? 0 : small ? 1 : 2;
    byte(mod << 6 | (reg & 7) << 3 | (sib ? 4 : base));
    if (sib) {
        byte(static_cast<unsigned>(mem.scale) << 6 | (number(mem.index) & 7) << 3 | base);
    }
    if (mod == 1) {
        byte(static_cast<std::uint8_t>(mem.displacement));
    } else if (mod == 2) {
        raw(mem.displacement);
    }
}

void Assembler::general(unsigned opcode, Width width, Reg reg, Reg rm)
{
    prefix(width);
    rex(width, number(reg), 0, number(rm), width == Width::Byte ? Rex::Always : Rex::IfNeeded);
    byte(width == Width::Byte ? opcode & ~1u : opcode);
    modrm_register(number(reg), number(rm));
}

void Assembler::general(unsigned opcode, Width width, Reg reg, const Mem& rm)
{
    prefix(width);
    rex(width, number(reg), number(rm.index), number(rm.base), width == Width::Byte ? Rex::Always : Rex::IfNeeded);
    byte(width == Width::Byte ? opcode & ~1u : opcode);
    modrm_memory(number(reg), rm);
}

void Assembler::store(const Mem& to, Reg from, Width width)
{
    general(0x89, width, from, to);
}

void Assembler::store_byte(const Mem& to, std::uint8_t value)
{
    rex(Width::Dword, 0, number(to.index), number(to.base));
    byte(0xc6);
    modrm_memory(0, to);
    byte(value);
}

void Assembler::store32(const Mem& to, std::uint32_t value)
{
    rex(Width::Dword, 0, number(to.index), number(to.base));
    byte(0xc7);
    modrm_memory(0, to);
    raw(value);
}

// SDM volume 2A, table 2-3.
void Assembler::lea_baseless(Reg to, Reg index, std::uint8_t scale, std::int32_t displacement, Width width)
{
    rex(width, number(to), number(index), 0);
    byte(0x8d);
    byte((number(to) & 7) << 3 | 4);
    byte(static_cast<unsigned>(scale) << 6 | (number(index) & 7) << 3 | 5);
    raw(displacement);
}

void Assembler::mov(Reg to, std::uint64_t value)
{
    if (value <= 0xffffffff) {
        mov32(to, static_cast<std::uint32_t>(value));
    } else if (fits_signed(value)) {
        rex(Width::Qword, 0, 0, number(to));
        byte(0xc7);
        modrm_register(0, number(to));
        raw(static_cast<std::int32_t>(value));
    } else {
        rex(Width::Qword, 0, 0, number(to));
        byte(0xb8 | (number(to) & 7));
        raw(value);
    }
}

void Assembler::alu(Alu op, Reg to, std::int32_t value, Width width)
{
    const bool small = value == static_cast<std::int8_t>(value);
    prefix(width);
    rex(width, 0, 0, number(to));
    byte(small ? 0x83 : 0x81);
    modrm_register(static_cast<unsigned>(op), number(to));
    if (small) {
        byte(static_cast<std::uint8_t>(value));
    } else {
        raw(value);
    }
}

void Assembler::alu_memory(Alu op, const Mem& at, std::int32_t value, Width width)
{
    rex(width, 0, number(at.index), number(at.base));
    byte(0x81);
    modrm_memory(static_cast<unsigned>(op), at);
    raw(value);
}

// VEX.LZ.0F38 F7 /r. SDM volume 2A, BEXTR.
void Assembler::extract_bits(Reg to, Reg from, Reg which, Width width)
{
    const auto clear_above_7 = [](Reg reg, unsigned bit) { return number(reg) < 8 ? bit : 0u; };
    byte(0xc4);
    byte(clear_above_7(to, 0x80) | 0x40 | clear_above_7(from, 0x20) | 2);
    byte((width == Width::Qword ? 0x80u : 0) | (~number(which) & 15) << 3);
    byte(0xf7);
    modrm_register(number(to), number(from));
}

void Assembler::cmp_byte(const Mem& at, std::uint8_t value)
{
    rex(Width::Dword, 0, number(at.index), number(at.base));
    byte(0x80);
    modrm_memory(7, at);
    byte(value);
}

void Assembler::test_imm(Reg reg, std::int32_t value, Width width)
{
    rex(width, 0, 0, number(reg));
    byte(0xf7);
    modrm_register(0, number(reg));
    raw(value);
}

void Assembler::test_byte(const Mem& at, std::uint8_t mask)
{
    rex(Width::Dword, 0, number(at.index), number(at.base));
    byte(0xf6);
    modrm_memory(0, at);
    byte(mask);
}

void Assembler::sign_extend(Reg reg, Width from)
{
    if (from == Width::Qword) {
        return;
    }
    rex(Width::Qword, number(reg), 0, number(reg));
    if (from == Width::Dword) {
        byte(0x63); // MOVSXD
    } else {
        bytes({0x0f, 0xbf}); // MOVSX
    }
    modrm_register(number(reg), number(reg));
}

void Assembler::shift(unsigned extension, Reg reg, std::uint8_t count, Width width)
{
    rex(width, 0, 0, number(reg));
    byte(0xc1);
    modrm_register(extension, number(reg));
    byte(count);
}

} // namespace windsor::translate
