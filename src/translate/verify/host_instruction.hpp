// SPDX-License-Identifier: GPL-2.0-or-later
// A host instruction as the verifier sees it: what it reads and writes, whatever it computes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <Zydis/Zydis.h>

namespace windsor::translate::verify {

// General registers by their number in encodings.
constexpr unsigned kRegisters = 16;
constexpr std::uint8_t kNoRegister = 0xff;
constexpr std::uint8_t kRax = 0, kRcx = 1, kRsp = 4, kRsi = 6, kRdi = 7, kR10 = 10, kR11 = 11, kR14 = 14, kR15 = 15;

using RegisterMask = std::uint16_t;

// Units whose state has to be the guest's before an instruction may run, a bit each.
enum Unit : std::uint8_t { kSse = 1, kAvx = 2, kX87 = 4 };

// What stands where an instruction takes an operand.
enum class Place : std::uint8_t { None, Register, Memory, Immediate };

struct MemoryOperand {
    std::uint8_t base{kNoRegister};
    std::uint8_t index{kNoRegister};
    std::uint8_t scale{0}; // as a power of two
    std::uint8_t bytes{0};
    bool reads{false};
    bool writes{false};
    bool odd{false}; // in FS or GS, relative to RIP, with an address size of 32 bits, or of more than 64 bytes
    std::int32_t displacement{0};
};

struct HostInstruction {
    std::uint8_t length{0};
    bool allowed{false};   // in emitted code at all
    bool aligned{false};   // its memory operand must be
    bool string{false};    // MOVS, STOS or SCAS
    bool legacy_rep{false};
    bool jumps{false};     // always, and near: calls, returns and jumps
    bool swaps_bytes{false}; // of its operands one is the second byte of a register
    bool while_equal{false}; // REP or REPE, not REPNE
    bool writes_flags{false};
    std::uint8_t units{0};
    std::uint8_t width{0}; // bytes of its operands
    std::uint16_t mnemonic{0};
    // The first two operands that the encoding names.
    Place to_place{Place::None};
    Place from_place{Place::None};
    std::uint8_t to{kNoRegister};
    std::uint8_t from{kNoRegister};
    std::uint8_t third{kNoRegister}; // BEXTR and IMUL
    bool has_memory{false};
    std::uint8_t relative_at{0};     // where in the instruction its 32-bit relative target stands; 0: nowhere
    MemoryOperand memory;
    RegisterMask reads{0};         // general registers but for those that only address memory
    RegisterMask writes{0};
    RegisterMask extends{0};       // of those written, the ones whose upper half is cleared for certain
    RegisterMask partial{0};       // of those written, the ones that are written in part or perhaps
    std::int64_t immediate{0};     // sign-extended; of a branch, the distance from its end
};

// Reads instructions of the host's 64-bit mode or of a guest's mode. What it has read it recognises again.
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
