// SPDX-License-Identifier: GPL-2.0-or-later
// This is a host instruction as the verifier sees it: what it reads and writes, whatever it computes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <Zydis/Zydis.h>

namespace windsor::translate::verify {

// These number the general registers as encodings do.
constexpr unsigned kRegisters = 16;
constexpr std::uint8_t kNoRegister = 0xff;
constexpr std::uint8_t kRax = 0, kRcx = 1, kRsp = 4, kRsi = 6, kRdi = 7, kR10 = 10, kR11 = 11, kR14 = 14, kR15 = 15;

using RegisterMask = std::uint16_t;

// An instruction may run only if the state of its units is the guest's. Each unit is a bit.
enum Unit : std::uint8_t { kSse = 1, kAvx = 2, kX87 = 4 };

// This says what an operand is.
enum class Place : std::uint8_t { None, Register, Memory, Immediate };

struct MemoryOperand {
    std::uint8_t base{kNoRegister};
    std::uint8_t index{kNoRegister};
    std::uint8_t scale{0}; // the index is shifted to the left by so many bits
    std::uint8_t bytes{0};
    bool reads{false};
    bool writes{false};
    // The operand has a form that emitted code has no use for: it is in FS or GS or relative to RIP, its address is of
    // 32 bits or a vector, or it is larger than 64 bytes.
    bool odd{false};
    std::int32_t displacement{0};
};

struct HostInstruction {
    std::uint8_t length{0};
    bool allowed{false};     // emitted code may hold the instruction
    bool aligned{false};     // the instruction faults if its memory operand is not aligned
    bool string{false};      // it is MOVS, STOS, SCAS or another string instruction
    bool legacy_rep{false};  // it has the prefix REP, REPE or REPNE
    bool jumps{false};       // it is a call, a return or an unconditional jump
    bool swaps_bytes{false}; // one of its operands, and only one, is AH, CH, DH or BH
    bool writes_flags{false};
    std::uint8_t units{0};
    std::uint8_t width{0}; // the operands have so many bytes
    std::uint16_t mnemonic{0};
    // `to` and `from` are the first and the second operand that the encoding names, whether they are read or written.
    Place to_place{Place::None};
    Place from_place{Place::None};
    std::uint8_t to{kNoRegister};
    std::uint8_t from{kNoRegister};
    std::uint8_t third{kNoRegister};
    bool has_memory{false};
    std::uint8_t relative_at{0}; // the offset of a 32-bit relative target in the instruction; 0: it has none
    MemoryOperand memory;
    RegisterMask reads{0};     // the general registers that are read, but for those that only address memory
    RegisterMask writes{0};    // the general registers that are written
    RegisterMask extends{0};   // those of them whose upper half is cleared for certain
    RegisterMask partial{0};   // those of them that may keep a part of what they were, or all of it
    // The immediate operand is extended by its sign. That of a branch is the distance from its end to its target.
    std::int64_t immediate{0};
};

// This reads instructions of the host's 64-bit mode or of a guest's mode.
class InstructionReader {
public:
    enum class Mode : std::uint8_t { Long64, Protected32 };

    explicit InstructionReader(Mode mode);

    // Returns the instruction at the beginning of `bytes`, valid until the next call; null if there is none.
    const HostInstruction* read(std::span<const std::uint8_t> bytes);

private:
    [[nodiscard]] bool decode(std::span<const std::uint8_t> bytes, HostInstruction& into) const;

    ZydisDecoder decoder_{};
    HostInstruction last_{};
};

} // namespace windsor::translate::verify
