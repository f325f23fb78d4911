// SPDX-License-Identifier: GPL-2.0-or-later
// Segment registers with their hidden parts, and descriptors. SDM volume 3A, section 3.4.
#pragma once

#include <cstdint>

namespace windsor::x86 {

// The access rights of a descriptor, as bits 8 to 23 of its second doubleword without the limit bits.
struct Attributes {
    std::uint8_t type{0}; // 4 bits; code and data segments: bit 0 is Accessed
    bool s{false};        // code or data, not system
    std::uint8_t dpl{0};
    bool p{false};
    bool avl{false};
    bool l{false};  // 64-bit code
    bool db{false}; // 32-bit default size
    bool g{false};  // limit counted in pages

    bool operator==(const Attributes&) const = default;

    constexpr bool code() const { return s && (type & 8) != 0; }
    constexpr bool data() const { return s && (type & 8) == 0; }
    constexpr bool conforming() const { return code() && (type & 4) != 0; }
    constexpr bool expand_down() const { return data() && (type & 4) != 0; }
    constexpr bool readable() const { return data() || (code() && (type & 2) != 0); }
    constexpr bool writable() const { return data() && (type & 2) != 0; }

    // The same as one 16-bit word: type 0-3, S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15.
    constexpr std::uint16_t word() const
    {
        return static_cast<std::uint16_t>(type | (s ? 0x10 : 0) | (dpl << 5) | (p ? 0x80 : 0) | (avl ? 0x1000 : 0) |
                                          (l ? 0x2000 : 0) | (db ? 0x4000 : 0) | (g ? 0x8000 : 0));
    }
    static constexpr Attributes from_word(std::uint16_t word)
    {
        return {.type = static_cast<std::uint8_t>(word & 15),
                .s = (word & 0x10) != 0,
                .dpl = static_cast<std::uint8_t>((word >> 5) & 3),
                .p = (word & 0x80) != 0,
                .avl = (word & 0x1000) != 0,
                .l = (word & 0x2000) != 0,
                .db = (word & 0x4000) != 0,
                .g = (word & 0x8000) != 0};
    }
};

// Types of system descriptors (S clear), SDM volume 3A table 3-2.
enum class SystemType : std::uint8_t {
    Tss16Available = 1,
    Ldt = 2,
    Tss16Busy = 3,
    CallGate16 = 4,
    TaskGate = 5,
    InterruptGate16 = 6,
    TrapGate16 = 7,
    TssAvailable = 9,
    TssBusy = 11,
    CallGate = 12,
    InterruptGate = 14,
    TrapGate = 15,
};

// A segment register: the visible selector and the hidden part.
struct Segment {
    std::uint16_t selector{0};
    std::uint64_t base{0};
    std::uint32_t limit{0}; // last valid offset, in bytes
    Attributes attributes{};
    bool unusable{false}; // loaded with a null selector

    bool operator==(const Segment&) const = default;
};

// GDTR and IDTR.
struct DescriptorTable {
    std::uint64_t base{0};
    std::uint16_t limit{0};

    bool operator==(const DescriptorTable&) const = default;
};

// The 8 bytes of a segment descriptor taken apart.
struct Descriptor {
    std::uint64_t raw{0};

    constexpr std::uint32_t low() const { return static_cast<std::uint32_t>(raw); }
    constexpr std::uint32_t high() const { return static_cast<std::uint32_t>(raw >> 32); }
    constexpr std::uint32_t base() const { return (low() >> 16) | ((high() & 0xff) << 16) | (high() & 0xff000000); }
    // The limit in bytes, granularity applied.
    constexpr std::uint32_t limit() const
    {
        const std::uint32_t field = (low() & 0xffff) | (high() & 0xf0000);
        return (high() & 0x800000) != 0 ? (field << 12) | 0xfff : field;
    }
    constexpr Attributes attributes() const
    {
        return Attributes::from_word(static_cast<std::uint16_t>((high() >> 8) & 0xf0ff));
    }
    // Of a gate: target selector and offset (low 32 bits), copied parameters.
    constexpr std::uint16_t gate_selector() const { return static_cast<std::uint16_t>(low() >> 16); }
    constexpr std::uint32_t gate_offset() const { return (low() & 0xffff) | (high() & 0xffff0000); }
    constexpr std::uint8_t gate_parameters() const { return high() & 0x1f; }
    constexpr SystemType system_type() const { return static_cast<SystemType>((high() >> 8) & 15); }
};

} // namespace windsor::x86
