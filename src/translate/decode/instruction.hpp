// SPDX-License-Identifier: GPL-2.0-or-later
// This describes a guest instruction as the translator sees it: how it is translated, and what it does to the flags.
#pragma once

#include "emulate/core/decoder.hpp"
#include "translate/decode/flag_use.hpp"
#include "translate/decode/switches.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include <Zydis/Zydis.h>

namespace windsor::translate {

// An instruction works on the state of one of these units.
enum class Unit : std::uint8_t { Integer, X87, Mmx, Sse, MmxAndSse };

// This is the place of an access in a group that shares a lookup (emit/access_groups.hpp).
struct GroupPlace {
    int number{-1};        // the number of the group; -1: the access has a lookup of its own
    std::int32_t shift{0}; // how far the register has moved since the group began
    bool first{false};     // it is the group's first access
};

struct Instruction {
    ZydisDecodedInstruction decoded;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    const std::uint8_t* bytes{nullptr};
    std::uint64_t rip{0};
    Kind kind{Kind::Interpret};
    Class which{Class::Integer};
    Unit unit{Unit::Integer};
    FlagUse flags;
    Flags live_after{0}; // the flags that code behind it reads before it writes them
    Flags seen_after{0}; // these flags, and those that the handler of a fault would see
    bool ends_block{false};
    bool steady{false}; // the context is the same after the interpreter has run it
    const ZydisDecodedOperand* memory{nullptr}; // the operand that ModRM names, if it is in memory and is accessed
    GroupPlace place;                           // the place of the access to that operand
    GroupPlace stack_place;                     // the place of the access to the top of the stack, if there is one

    bool vex() const { return decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX; }
    std::uint64_t next() const { return rip + decoded.length; }
    // Returns where a direct branch leads, before that is cut to the width of RIP.
    std::uint64_t direct_target() const { return next() + static_cast<std::uint64_t>(operands[0].imm.value.s); }
    Flags live_before() const { return flags.reads | (live_after & ~flags.kills); }
    bool writes_memory() const { return (memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0; }
    unsigned memory_bytes() const { return memory->size / 8; }
};

// The context is the part of the processor's state that decides how code is translated.
struct Context {
    emulate::DecodeMode mode{};
    emulate::TlbSet set{};
    bool sse{false};        // SSE instructions may run, and none of them can raise an exception
    bool x87{false};        // x87 and MMX instructions may run, and none of them can raise an exception
    bool avx{false};        // AVX instructions may run, and none of them can raise an exception
    bool user{false};       // the code runs in ring 3, otherwise in ring 0
    bool smap{false};       // CR4.SMAP is set
    bool window{false};     // the address space has a window
    bool open{false};       // the code runs in user mode, and neither interrupts nor NMIs are masked

    bool long64() const { return mode == emulate::DecodeMode::Long64; }
    // Outside 64-bit mode addresses wrap around at 4 GiB.
    std::uint64_t wrap(std::uint64_t address) const { return long64() ? address : address & 0xffffffff; }
    static constexpr std::uint32_t kKeys = 1u << 15;
    static constexpr std::uint32_t kNone = kKeys; // this is no context's key
    // These are the bits of a key. The lowest ones are the mode.
    static constexpr unsigned kSetShift = 4;
    static constexpr std::uint32_t kSse = 1u << 8;
    static constexpr std::uint32_t kX87 = 1u << 9;
    static constexpr std::uint32_t kUser = 1u << 10;
    static constexpr std::uint32_t kSmap = 1u << 11;
    static constexpr std::uint32_t kAvx = 1u << 12;
    static constexpr std::uint32_t kWindowed = 1u << 13;
    static constexpr std::uint32_t kOpen = 1u << 14;

    constexpr std::uint32_t key() const
    {
        return static_cast<std::uint32_t>(mode) | static_cast<std::uint32_t>(set) << kSetShift | (sse ? kSse : 0) |
               (x87 ? kX87 : 0) | (avx ? kAvx : 0) | (user ? kUser : 0) | (smap ? kSmap : 0) |
               (window ? kWindowed : 0) | (open ? kOpen : 0);
    }
    static constexpr Context of(std::uint32_t key)
    {
        const auto has = [key](std::uint32_t bit) { return (key & bit) != 0; };
        return {.mode = static_cast<emulate::DecodeMode>(key & 0xf),
                .set = static_cast<emulate::TlbSet>(key >> kSetShift & 0xf),
                .sse = has(kSse),
                .x87 = has(kX87),
                .avx = has(kAvx),
                .user = has(kUser),
                .smap = has(kSmap),
                .window = has(kWindowed),
                .open = has(kOpen)};
    }
};
static_assert(Context::of(0x5532).key() == 0x5532 && Context::of(0x2a01).key() == 0x2a01);

// Decodes the instruction at `bytes`, and fills in all but the flags behind it and its places in groups. Returns false
// if it is not a whole, valid instruction.
[[nodiscard]] bool read_instruction(const emulate::Decoder& decoder, const Context& context,
                                    const Switches& interpreted, std::span<const std::uint8_t> bytes, std::uint64_t rip,
                                    Instruction& instruction);

// A glance at an instruction of other code tells what it does to the flags. Nothing is told of branches, and of
// instructions that may be left to the interpreter.
struct Glance {
    std::uint8_t length{0};
    FlagUse flags;
};
std::optional<Glance> glance(const emulate::Decoder& decoder, const Context& context,
                             std::span<const std::uint8_t> bytes);

// Tells whether a register is a general one, of any width.
bool is_general(ZydisRegister reg);
// Returns the number by which encodings name the whole of a general register.
unsigned full_number(ZydisRegister reg);

} // namespace windsor::translate
