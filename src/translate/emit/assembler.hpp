// SPDX-License-Identifier: GPL-2.0-or-later
// The assembler writes host code byte by byte: the few instructions that surround relocated guest instructions, and the
// encoding of registers and memory operands, which both share. Intel SDM volume 2A, chapter 2.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <span>

namespace windsor::translate {

// These are the host's registers, in the order of their numbers.
enum class Reg : std::uint8_t { Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15 };

constexpr unsigned number(Reg reg)
{
    return static_cast<unsigned>(reg);
}

// This is the memory operand [base + index << scale + displacement]. The index Rsp means that there is none.
struct Mem {
    Reg base;
    std::int32_t displacement{0};
    Reg index{Reg::Rsp};
    std::uint8_t scale{0};
};

// Tells whether a value is its lower 32 bits, extended by their sign.
constexpr bool fits_signed(std::uint64_t value)
{
    return static_cast<std::uint64_t>(static_cast<std::int32_t>(value)) == value;
}

// These are the widths of operands of general instructions, in bytes.
enum class Width : std::uint8_t { Byte = 1, Word = 2, Dword = 4, Qword = 8 };

// With the prefix, the byte registers 4 to 7 are SPL to DIL, and without it AH to BH.
enum class Rex : std::uint8_t { IfNeeded, Always };

// These are the condition codes of Jcc and SETcc. SDM volume 2, appendix B.1.4.7.
enum class Cond : std::uint8_t { O, No, B, Ae, E, Ne, Be, A, S, Ns, P, Np, L, Ge, Le, G };

enum class Signed : std::uint8_t { No, Yes };

enum class Alu : std::uint8_t { Add, Or, Adc, Sbb, And, Sub, Xor, Cmp };

// An assembler does not check for the end of its buffer. The owner leaves room for the longest block.
class Assembler {
public:
    // Bytes are written to `write`, and will run at the address `execute`.
    Assembler(std::uint8_t* write, const std::uint8_t* execute) : at_{write}, delta_{execute - write} {}

    std::uint8_t* position() const { return at_; }
    // Returns the address at which the next byte will run.
    const std::uint8_t* address() const { return at_ + delta_; }
    const std::uint8_t* written(const std::uint8_t* address) const { return address - delta_; }

    void byte(unsigned value) { *at_++ = static_cast<std::uint8_t>(value); }
    void bytes(std::span<const std::uint8_t> values)
    {
        at_ = std::ranges::copy(values, at_).out;
    }
    template <typename T> void raw(T value)
    {
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
    }

    // --- Encoding; legacy prefixes have been written already ---
    // Writes REX where it is needed: for operands of 64 bits, or to extend ModRM.reg, SIB.index, and ModRM.rm or
    // SIB.base.
    void rex(Width width, unsigned reg, unsigned index, unsigned base, Rex rex = Rex::IfNeeded)
    {
        const unsigned value = (width == Width::Qword ? 8u : 0u) | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3;
        if (value != 0 || rex == Rex::Always) {
            byte(0x40 | value);
        }
    }
    void modrm_register(unsigned reg, unsigned rm) { byte(0xc0 | (reg & 7) << 3 | (rm & 7)); }
    void modrm_memory(unsigned reg, const Mem& mem);

    // Fills the cache line up with code that never runs, since processors fetch code best from a line's beginning.
    void align()
    {
        constexpr std::uintptr_t kLine = 64;
        constexpr unsigned kInt3 = 0xcc;
        while (reinterpret_cast<std::uintptr_t>(address()) % kLine != 0) {
            byte(kInt3);
        }
    }

    // --- Moves ---
    void mov(Reg to, Reg from, Width width = Width::Qword) { general(0x8b, width, to, from); }
    void mov32(Reg to, Reg from) { mov(to, from, Width::Dword); }
    void cmov(Cond cond, Reg to, Reg from)
    {
        rex(Width::Qword, number(to), 0, number(from));
        bytes({0x0f, static_cast<std::uint8_t>(0x40 | static_cast<unsigned>(cond))});
        modrm_register(number(to), number(from));
    }
    void load(Reg to, const Mem& from, Width width = Width::Qword) { general(0x8b, width, to, from); }
    void load_zero_extended16(Reg to, const Mem& from)
    {
        rex(Width::Dword, number(to), number(from.index), number(from.base));
        byte(0x0f);
        byte(0xb7);
        modrm_memory(number(to), from);
    }
    void load_zero_extended8(Reg to, const Mem& from)
    {
        rex(Width::Dword, number(to), number(from.index), number(from.base));
        bytes({0x0f, 0xb6});
        modrm_memory(number(to), from);
    }
    // Loads so that nothing of what the register was before stays in it.
    void load_whole(Reg to, const Mem& from, Width width)
    {
        switch (width) {
        case Width::Byte: load_zero_extended8(to, from); break;
        case Width::Word: load_zero_extended16(to, from); break;
        default: load(to, from, width);
        }
    }
    void store(const Mem& to, Reg from, Width width = Width::Qword);
    void store_byte(const Mem& to, std::uint8_t value);
    void store32(const Mem& to, std::uint32_t value);
    void lea(Reg to, const Mem& from, Width width = Width::Qword) { general(0x8d, width, to, from); }
    // Writes LEA of an index and a displacement alone. Its encoding has mod 0, base 5 and a displacement of four bytes.
    void lea_baseless(Reg to, Reg index, std::uint8_t scale, std::int32_t displacement, Width width);
    // Loads any 64-bit value in the shortest form. All forms end with the value.
    void mov(Reg to, std::uint64_t value);
    void mov32(Reg to, std::uint32_t value)
    {
        rex(Width::Dword, 0, 0, number(to));
        byte(0xb8 | (number(to) & 7));
        raw(value);
    }

    // --- Arithmetic ---
    void alu(Alu op, Reg to, const Mem& from, Width width = Width::Qword) { general(alu_opcode(op), width, to, from); }
    void alu(Alu op, Reg to, Reg from, Width width = Width::Qword) { general(alu_opcode(op), width, to, from); }
    void alu(Alu op, Reg to, std::int32_t value, Width width = Width::Qword);
    // These two have operands of 32 or 64 bits.
    void alu_memory(Alu op, const Mem& at, std::int32_t value, Width width = Width::Dword);
    void alu_memory(Alu op, const Mem& at, Reg value, Width width)
    {
        general(alu_opcode(op) & ~2u, width, value, at);
    }
    void cmp_byte(const Mem& at, std::uint8_t value);
    void test_memory(const Mem& at, Reg reg) { general(0x85, Width::Dword, reg, at); }
    void test(Reg one, Reg other, Width width = Width::Qword) { general(0x85, width, one, other); }
    void test_byte(const Mem& at, std::uint8_t mask);
    // Extends a register to 64 bits, in place.
    void sign_extend(Reg reg, Width from);
    void test_imm(Reg reg, std::int32_t value, Width width = Width::Qword);
    void imul32(Reg to, Reg from, std::int32_t by)
    {
        rex(Width::Dword, number(to), 0, number(from));
        byte(0x69);
        modrm_register(number(to), number(from));
        raw(by);
    }
    // Writes BEXTR, of BMI1, which takes bits out of `from`. Bits 0 to 7 of `which` are the number of the first, and
    // bits 8 to 15 say how many.
    void extract_bits(Reg to, Reg from, Reg which, Width width);
    void shift_right(Reg reg, std::uint8_t count, Width width = Width::Qword) { shift(5, reg, count, width); }
    void shift_right_signed(Reg reg, std::uint8_t count, Width width = Width::Qword) { shift(7, reg, count, width); }
    void shift_left(Reg reg, std::uint8_t count, Width width = Width::Qword) { shift(4, reg, count, width); }

    // --- Jumps. Those that lead forwards return where their displacement is, for bind() ---
    std::uint8_t* jcc(Cond cond)
    {
        byte(0x0f);
        byte(0x80 | static_cast<unsigned>(cond));
        raw<std::int32_t>(0);
        return at_ - 4;
    }
    std::uint8_t* jmp()
    {
        byte(0xe9);
        raw<std::int32_t>(0);
        return at_ - 4;
    }
    void jmp(const std::uint8_t* target) { point(jmp(), target); }
    void jcc(Cond cond, const std::uint8_t* target) { point(jcc(cond), target); }
    void jmp(const Mem& target)
    {
        rex(Width::Dword, 0, number(target.index), number(target.base));
        byte(0xff);
        modrm_memory(4, target);
    }
    // Writes JRCXZ, for 64 bits, or JECXZ. Returns where its displacement of one byte is.
    std::uint8_t* jrcxz(Width width)
    {
        if (width == Width::Dword) {
            byte(0x67);
        }
        byte(0xe3);
        byte(0);
        return at_ - 1;
    }
    // Makes a displacement lead here.
    void bind(std::uint8_t* displacement) { point(displacement, address()); }
    void bind_short(std::uint8_t* displacement) { *displacement = static_cast<std::uint8_t>(at_ - (displacement + 1)); }
    // Makes a displacement lead to an executable address.
    void point(std::uint8_t* displacement, const std::uint8_t* target) const
    {
        const std::ptrdiff_t distance = target - (displacement + 4 + delta_);
        const auto value = static_cast<std::int32_t>(distance);
        assert(value == distance);
        std::memcpy(displacement, &value, sizeof value);
    }

    // Writes DIV or IDIV of RDX:RAX.
    void divide(const Mem& by, Width width, Signed how)
    {
        rex(width, 0, number(by.index), number(by.base));
        byte(0xf7);
        modrm_memory(how == Signed::No ? 6 : 7, by);
    }
    void negate(Reg reg)
    {
        rex(Width::Qword, 0, 0, number(reg));
        byte(0xf7);
        modrm_register(3, number(reg));
    }
    // Writes XCHG of the low byte of AX, CX, DX or BX and the byte above.
    void swap_low_bytes(Reg reg)
    {
        byte(0x86);
        modrm_register(number(reg) + 4, number(reg));
    }
    void lahf() { byte(0x9f); }
    void sahf() { byte(0x9e); }
    void seto_al() { bytes(std::initializer_list<std::uint8_t>{0x0f, 0x90, 0xc0}); }
    void bytes(std::initializer_list<std::uint8_t> values)
    {
        for (const std::uint8_t value : values) {
            byte(value);
        }
    }

private:
    static std::uint8_t alu_opcode(Alu op) { return static_cast<std::uint8_t>(static_cast<unsigned>(op) << 3 | 3); }
    void prefix(Width width)
    {
        if (width == Width::Word) {
            byte(0x66);
        }
    }
    // Bit 0 of these opcodes is clear if the operands are bytes.
    void general(unsigned opcode, Width width, Reg reg, Reg rm);
    void general(unsigned opcode, Width width, Reg reg, const Mem& rm);
    void shift(unsigned extension, Reg reg, std::uint8_t count, Width width);

    std::uint8_t* at_;
    std::ptrdiff_t delta_;
};

} // namespace windsor::translate
