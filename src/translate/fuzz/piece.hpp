// SPDX-License-Identifier: GPL-2.0-or-later
// A piece of a random program is made of any bytes. It is code that begins in one mode of the processor. Instructions
// with odd prefixes, stores into code and tables, and ways into other modes follow each other in it.
#pragma once

#include "translate/fuzz/world.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Zydis/Zydis.h>

namespace windsor::translate::fuzzing {

// Choices are made by bytes, one after the other. After the last byte come zeros.
class Choices {
public:
    explicit Choices(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
    bool empty() const { return at_ >= bytes_.size(); }
    std::uint8_t byte() { return at_ < bytes_.size() ? bytes_[at_++] : std::uint8_t{0}; }
    std::uint16_t word()
    {
        const std::uint16_t low = byte();
        return static_cast<std::uint16_t>(low | byte() << 8);
    }
    std::uint32_t dword()
    {
        const std::uint32_t low = word();
        return low | std::uint32_t{word()} << 16;
    }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_{0};
};

// This is a mode of the processor with a privilege, as a code segment selects them.
enum class Context : std::uint8_t {
    User64,
    User32,
    Kernel64,
    Kernel32,
    User16,
    Conforming32,
    BasedUser32,
    Kernel16,
    Virtual8086,
    Real
};

constexpr bool is_user(Context context)
{
    return context != Context::Kernel64 && context != Context::Kernel32 && context != Context::Kernel16 &&
           context != Context::Real;
}

constexpr ZydisMachineMode decoding(Context context)
{
    switch (context) {
    case Context::User64:
    case Context::Kernel64: return ZYDIS_MACHINE_MODE_LONG_64;
    case Context::User32:
    case Context::Kernel32:
    case Context::Conforming32:
    case Context::BasedUser32: return ZYDIS_MACHINE_MODE_LEGACY_32;
    default: return ZYDIS_MACHINE_MODE_LEGACY_16;
    }
}

constexpr std::uint16_t code_selector(Context context, Kind kind)
{
    switch (context) {
    case Context::User64: return selector::kUser64 | 3;
    case Context::Kernel64: return selector::kKernelCode;
    case Context::Kernel32: return kind == Kind::Long ? selector::kKernel32 : selector::kKernelCode;
    case Context::User16: return selector::kUser16 | 3;
    case Context::Conforming32: return selector::kConforming | 3;
    case Context::Kernel16: return selector::kKernel16;
    default: return selector::kUser32 | 3;
    }
}

// A piece has a place where it begins, and a way by which the kernel goes there.
struct Piece {
    Context context{Context::User64};
    std::uint8_t exit{0};
    std::uint64_t at{0};
    std::uint64_t flags{0};
    std::vector<std::uint8_t> code;
};

namespace detail {

constexpr std::array kContextsLong{Context::User64,       Context::User32, Context::Kernel64,    Context::Kernel32,
                                   Context::Conforming32, Context::User16, Context::BasedUser32, Context::User32};
constexpr std::array kContextsProtected{Context::User32,      Context::Kernel32,    Context::User16,
                                        Context::Kernel16,    Context::Virtual8086, Context::User32,
                                        Context::BasedUser32, Context::Conforming32};

inline Context context_of(std::uint8_t choice, Kind kind)
{
    switch (kind) {
    case Kind::Long: return kContextsLong[choice & 7];
    case Kind::Protected: return kContextsProtected[choice & 7];
    case Kind::Real: break;
    }
    return Context::Real;
}

// This writes one piece.
class Writer {
public:
    Writer(Choices& choices, const World& world, Piece& piece)
        : choices_{choices}, world_{world}, piece_{piece}, context_{piece.context}
    {
    }

    void item()
    {
        switch (const std::uint8_t kind = choices_.byte(); kind & 15) {
        case 0: raw(1 + (kind >> 4)); break;
        case 1: pointer(kind >> 4); break;
        case 2: event(); break;
        case 3: store(kind >> 4); break;
        case 4: change_context(kind >> 4); break;
        case 5: interrupt(kind >> 4); break;
        case 6: system(kind >> 4); break;
        case 7: jump(); break;
        case 8: prefixed(kind >> 4); break;
        default: instruction(kind >> 4); break;
        }
    }
    // Writes an instruction that leads back to the kernel, and INT 80h behind it in case it does not.
    void end(std::uint8_t choice)
    {
        switch (choice & 7) {
        case 0: put({0xcc}); break;
        case 1: put({0x0f, 0x05}); break; // syscall
        case 2: put({0x0f, 0x34}); break; // sysenter
        case 3: put({0xf4}); break; // hlt faults in user mode, and ends the program in ring 0
        case 4: gate(selector::kCallGate); break;
        case 5: put({0x0f, 0x0b}); break; // ud2
        case 6: gate(selector::kTaskGate); break;
        default: break;
        }
        put({0xcd, 0x80});
    }

private:
    bool wide() const { return decoding(context_) == ZYDIS_MACHINE_MODE_LONG_64; }
    bool narrow() const { return decoding(context_) == ZYDIS_MACHINE_MODE_LEGACY_16; }
    void put(std::initializer_list<int> bytes)
    {
        for (const int byte : bytes) {
            piece_.code.push_back(static_cast<std::uint8_t>(byte));
        }
    }
    void put32(std::uint64_t value)
    {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            piece_.code.push_back(static_cast<std::uint8_t>(value >> shift));
        }
    }
    void put16(std::uint64_t value) { put({static_cast<int>(value & 0xff), static_cast<int>(value >> 8 & 0xff)}); }
    std::uint64_t here() const { return piece_.at + piece_.code.size(); }

    void raw(unsigned size)
    {
        for (unsigned i = 0; i < size; ++i) {
            piece_.code.push_back(choices_.byte());
        }
    }
    // Writes a move of an address to a register. In 64-bit code its upper half may make it lead nowhere.
    void pointer(unsigned reg)
    {
        const std::uint16_t bits = choices_.word();
        const std::uint64_t address = (bits & 0x8000) != 0 ? kData + (bits & 0x7fff) : bits % kRam;
        if (wide()) {
            const std::uint8_t upper = choices_.byte();
            put({reg >= 8 ? 0x49 : 0x48, 0xb8 | static_cast<int>(reg & 7)});
            put32(address);
            put32((upper & 1) != 0 ? static_cast<std::uint64_t>(static_cast<std::int8_t>(upper)) >> 1 : 0);
            return;
        }
        if (narrow()) {
            put({0x66});
        }
        put({0xb8 | static_cast<int>(reg & 7)});
        put32(address);
    }
    void event() { put({0xe6, kEventPort}); }
    // Writes a store into code, tables or the control page, whose address the instruction names.
    void store(unsigned choice)
    {
        constexpr std::array<std::uint64_t, 8> kPlaces{kCode, kCode, kPt, kPt32, kGdt, kPd, kIdt, kTopPt};
        const std::uint64_t at = (kPlaces[choice & 7] & ~kPage) + choices_.word() % (2 * kPage);
        const std::uint32_t value = choices_.dword();
        if (narrow()) {
            put({0x66, 0x67});
        }
        put({(choice & 8) != 0 ? 0xc6 : 0xc7});
        wide() ? put({0x04, 0x25}) : put({0x05});
        put32(at);
        (choice & 8) != 0 ? put({static_cast<int>(value & 0xff)}) : put32(value);
    }
    // Writes a far return to the next instruction, in another segment of the same privilege.
    void change_context(unsigned choice)
    {
        if (world_.kind == Kind::Real || context_ == Context::Virtual8086) {
            return;
        }
        const Context to = context_of(static_cast<std::uint8_t>(choice), world_.kind);
        if (is_user(to) != is_user(context_) || to == Context::Virtual8086) {
            return;
        }
        const std::uint16_t selector = code_selector(to, world_.kind);
        if (narrow()) {
            put({0x66, 0x68});
            put32(selector);
            put({0x66, 0x68});
            put32(here() + 6);
            put({0x66, 0xcb});
        } else {
            put({0x68});
            put32(selector);
            put({0x68});
            put32(here() + 4 + (wide() ? 2 : 1));
            wide() ? put({0x48, 0xcb}) : put({0xcb});
        }
        context_ = to;
    }
    void gate(std::uint16_t selector)
    {
        if (wide()) { // call far [rip]
            put({0xeb, 6});
            put32(0);
            put16(selector | 3);
            put({0xff, 0x1d});
            put32(~std::uint32_t{0} - 11);
            return;
        }
        put({0x9a});
        narrow() ? put16(0) : put32(0);
        put16(selector | 3);
    }
    void interrupt(unsigned choice)
    {
        put({0xcd, (choice & 1) != 0 ? 0x40 + static_cast<int>(choice) : static_cast<int>(choices_.byte())});
    }
    void system(unsigned choice)
    {
        switch (choice) {
        case 0: put({0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8}); break; // mov eax, cr3; mov cr3, eax
        case 1: put({0x0f, 0x01, 0x38 | (choices_.byte() & 7)}); break; // invlpg
        case 2: put({0xfa}); break;
        case 3: put({0xfb}); break;
        case 4: put({0x0f, 0x20, 0xe0, 0x0f, 0x22, 0xe0}); break;
        case 5: put({0x0f, 0xa2}); break; // cpuid
        case 6: put({0x0f, 0x06}); break; // clts
        case 7: put({0x0f, 0x01, 0xca | (choices_.byte() & 1)}); break; // clac, stac
        case 8: put({0x8e, 0xc0 | (choices_.byte() & 0x3f)}); break; // mov sreg, reg
        case 9: load_segment(); break;
        case 10: put({0x9c, 0x58, 0x25 | 0x10, 0, 0, 0, 0, 0x50, 0x9d}); break;
        case 11: put({0x0f, 0x01, 0xf8}); break; // swapgs
        case 12: put({0x0f, 0x32}); break;
        case 13: put({0x0f, 0x30}); break;
        case 14: put({0x0f, 0xae, choices_.byte() & 0x3f}); break;
        default: put({0x0f, 0x00 | (choices_.byte() & 1), choices_.byte()}); break; // lldt, lgdt and others
        }
    }
    void load_segment()
    {
        const std::uint8_t choice = choices_.byte();
        const std::uint16_t selector = static_cast<std::uint16_t>(
            (choice & 0x1f) << 3 | ((choice & 0x20) != 0 ? 4 : 0) | (is_user(context_) ? 3 : 0));
        put({0x66, 0xb8});
        put16(selector); // mov ax, selector
        put({0x8e, 0xc0 | (choice >> 6 == 0 ? 0x18 : choice >> 6 == 1 ? 0x20 : choice >> 6 == 2 ? 0x28 : 0)});
    }
    // Writes a jump forwards, and now and then a loop that ends.
    void jump()
    {
        const std::uint8_t choice = choices_.byte();
        if ((choice & 0xf0) == 0xf0) {
            put({0xe2, 0x100 - 2 - (choice & 15)}); // loop
            return;
        }
        put({0x70 | (choice & 15), choice >> 4});
    }
    // Writes an instruction with many prefixes, which may make it longer than an instruction may be.
    void prefixed(unsigned choice)
    {
        constexpr std::array<std::uint8_t, 16> kPrefixes{0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26,
                                                         0x64, 0x65, 0xf0, 0x66, 0x66, 0xf3, 0x48, 0x41};
        const std::uint8_t kinds = choices_.byte();
        for (unsigned i = 0; i < choice; ++i) {
            put({kPrefixes[(i & 1) != 0 ? kinds & 15 : kinds >> 4]});
        }
        instruction(0);
    }
    enum class Operand : std::uint8_t { ByRegister, Absolute };
    std::uint64_t displacement(std::uint32_t bits, Operand operand)
    {
        if (operand == Operand::Absolute) {
            return bits >> 30 == 3 ? bits : kData + (bits & 0x3fff);
        }
        switch (bits >> 30) {
        case 0: return bits & 0xff;
        case 1: return 0 - (bits & 0xffff);
        case 2: return bits;
        default: return bits & 0x1fff;
        }
    }
    // Writes an instruction of any opcode map.
    void instruction(unsigned choice)
    {
        constexpr std::array<std::uint8_t, 8> kUsual{0x66, 0xf2, 0xf3, 0xf0, 0x67, 0x64, 0x48, 0x4c};
        const std::size_t begin = piece_.code.size();
        if ((choice & 3) == 1) {
            put({kUsual[choices_.byte() & 7]});
        }
        const bool rex = wide() && (choice & 4) != 0;
        if (rex) {
            put({0x40 | (choices_.byte() & 15)});
        }
        const std::uint8_t map = choices_.byte();
        const int opcode = choices_.byte();
        switch (map & 15) {
        case 0: put({0x0f, 0x38, opcode}); break;
        case 1: put({0x0f, 0x3a, opcode}); break;
        case 2: put({0xc5, choices_.byte(), opcode}); break;
        case 3: put({0xc4, choices_.byte() & 0xe3, choices_.byte(), opcode}); break;
        case 4:
        case 5:
        case 6:
        case 7: put({0x0f, opcode}); break;
        case 8: put({0xd8 | (opcode & 7)}); break;
        default: put({opcode}); break;
        }
        operands(choices_.byte());
        cut(begin);
    }
    void operands(int modrm)
    {
        const int mod = modrm >> 6;
        const int rm = modrm & 7;
        put({modrm});
        if (mod != 3 && !narrow() && rm == 4) {
            put({choices_.byte()});
        }
        const std::uint32_t bits = choices_.dword();
        if (mod == 1) {
            put({static_cast<int>(bits & 0xff)});
        } else if (mod == 2 || (mod == 0 && rm == 5)) {
            put32(displacement(bits, mod == 0 && !wide() ? Operand::Absolute : Operand::ByRegister));
        }
        put32(choices_.dword());
        put32(0);
    }
    // Cuts what was written since `begin` to the length of an instruction. If it is none in this mode, it is taken
    // back, but for one time in sixteen.
    void cut(std::size_t begin)
    {
        ZydisDecoder decoder;
        static_cast<void>(ZydisDecoderInit(&decoder, decoding(context_),
                                           wide()     ? ZYDIS_STACK_WIDTH_64
                                           : narrow() ? ZYDIS_STACK_WIDTH_16
                                                      : ZYDIS_STACK_WIDTH_32));
        ZydisDecodedInstruction decoded;
        const bool valid = ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, &piece_.code[begin],
                                                                      piece_.code.size() - begin, &decoded));
        if (valid) {
            piece_.code.resize(begin + decoded.length);
        } else if ((piece_.code.size() & 15) != 0) {
            piece_.code.resize(begin);
        }
    }

    Choices& choices_;
    const World& world_;
    Piece& piece_;
    Context context_; // the context at the end of what has been written
};

} // namespace detail

} // namespace windsor::translate::fuzzing
