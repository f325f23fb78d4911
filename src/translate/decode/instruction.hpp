// SPDX-License-Identifier: GPL-2.0-or-later
// A guest instruction as the translator sees it: what kind of translation it takes, and what it does to the flags.
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

// Which unit's state the instruction works on.
enum class Unit : std::uint8_t { Integer, X87, Mmx, Sse, MmxAndSse };

// An access among those that share a lookup: see emit/access_groups.hpp.
struct GroupPlace {
    int number{-1};        // of the group; -1: the access has a lookup of its own
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
    Flags live_after{0}; // flags that are read before they are written
    Flags seen_after{0}; // these, and the flags that the handler of a fault would see
    bool ends_block{false};
    bool steady{false};  // if the interpreter runs it, the context is the same behind it
    const ZydisDecodedOperand* memory{nullptr}; // the operand that ModRM names, if it is memory that is accessed
    GroupPlace place;       // of the access to that operand
    GroupPlace stack_place; // of the access to the top of the stack, if there is one

    bool vex() const { return decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX; }
    std::uint64_t next() const { return rip + decoded.length; }
    // Where a direct branch leads, before that is cut to the width of RIP.
    std::uint64_t direct_target() const { return next() + static_cast<std::uint64_t>(operands[0].imm.value.s); }
    Flags live_before() const { return flags.reads | (live_after & ~flags.kills); }
    bool writes_memory() const { return (memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0; }
    unsigned memory_bytes() const { return memory->size / 8; }
};

// What of the processor's state decides how code is translated.
struct Context {
    emulate::DecodeMode mode{};
    emulate::TlbSet set{};
    bool sse{false};        // SSE instructions may run, and none of them can raise an exception
    bool x87{false};        // so may x87 and MMX instructions
    bool avx{false};        // so may AVX instructions
    bool user{false};       // CPL 3; otherwise 0
    bool smap{false};       // CR4.SMAP
    bool window{false};     // the address space has a window
    bool open{false};       // in user mode, with interrupts and NMIs let in

    bool long64() const { return mode == emulate::DecodeMode::Long64; }
    // Outside 64-bit mode addresses wrap around at 4 GiB.
    std::uint64_t wrap(std::uint64_t address) const { return long64() ? address : address & 0xffffffff; }
    static constexpr std::uint32_t kKeys = 1u << 15;
    static constexpr std::uint32_t kNone = kKeys; // no key
    // The bits of a key; the mode is in the lowest ones.
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

// Decodes the instruction at `bytes` and fills in all but the flags behind it and its places in groups. False: it is
// not a whole, valid instruction.
[[nodiscard]] bool read_instruction(const emulate::Decoder& decoder, const Context& context,
                                    const Switches& interpreted, std::span<const std::uint8_t> bytes, std::uint64_t rip,
                                    Instruction& instruction);

// What an instruction ahead does to the flags. Nothing is said of branches, and of instructions that may be left to the
// interpreter.
struct Glance {
    std::uint8_t length{0};
    FlagUse flags;
};
std::optional<Glance> glance(const emulate::Decoder& decoder, const Context& context,
                             std::span<const std::uint8_t> bytes);

// Whether a register is a general one, of any width, and the number by which encodings name the whole register.
bool is_general(ZydisRegister reg);
unsigned full_number(ZydisRegister reg);

} // namespace windsor::translate
