// SPDX-License-Identifier: GPL-2.0-or-later
// Arithmetic by the host's own instructions, with the flags they leave.
#pragma once

#include "emulate/integer/flags.hpp"

#include <cstdint>

namespace windsor::emulate::alu {

// Each operation is `T apply(T a, T b, std::uint64_t& rflags)`: it gives the result and replaces the arithmetic flags.
// CMP and TEST are operations whose result is not stored.

#define WINDSOR_ALU(Name, mnemonic, stores)                                                                            \
    struct Name {                                                                                                      \
        static constexpr bool kStores = stores;                                                                        \
        template <typename T> static T apply(T a, T b, std::uint64_t& rflags)                                          \
        {                                                                                                              \
            std::uint16_t ax;                                                                                          \
            asm(mnemonic " %[b], %[a]\n\tlahf\n\tseto %%al" : "=&a"(ax), [a] "+q"(a) : [b] "q"(b) : "cc");             \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

// Operations that CF goes into.
#define WINDSOR_ALU_CARRY(Name, mnemonic)                                                                              \
    struct Name {                                                                                                      \
        static constexpr bool kStores = true;                                                                          \
        template <typename T> static T apply(T a, T b, std::uint64_t& rflags)                                          \
        {                                                                                                              \
            std::uint16_t ax;                                                                                          \
            asm("bt $0, %[f]\n\t" mnemonic " %[b], %[a]\n\tlahf\n\tseto %%al"                                         \
                : "=&a"(ax), [a] "+q"(a)                                                                               \
                : [b] "q"(b), [f] "r"(rflags)                                                                          \
                : "cc");                                                                                               \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

// Operations with one operand. Those that leave some flags alone are given these first.
#define WINDSOR_ALU_UNARY(Name, mnemonic)                                                                              \
    struct Name {                                                                                                      \
        template <typename T> static T apply(T a, std::uint64_t& rflags)                                               \
        {                                                                                                              \
            std::uint16_t ax;                                                                                          \
            asm("bt $0, %[f]\n\t" mnemonic " %[a]\n\tlahf\n\tseto %%al"                                               \
                : "=&a"(ax), [a] "+q"(a)                                                                               \
                : [f] "r"(rflags)                                                                                      \
                : "cc");                                                                                               \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

WINDSOR_ALU(Add, "add", true);
WINDSOR_ALU(Or, "or", true);
WINDSOR_ALU(And, "and", true);
WINDSOR_ALU(Sub, "sub", true);
WINDSOR_ALU(Xor, "xor", true);
WINDSOR_ALU(Cmp, "cmp", false);
WINDSOR_ALU(Test, "test", false);
WINDSOR_ALU_CARRY(Adc, "adc");
WINDSOR_ALU_CARRY(Sbb, "sbb");
WINDSOR_ALU_UNARY(Inc, "inc");
WINDSOR_ALU_UNARY(Dec, "dec");
WINDSOR_ALU_UNARY(Neg, "neg");

#undef WINDSOR_ALU
#undef WINDSOR_ALU_CARRY
#undef WINDSOR_ALU_UNARY

struct Not {
    template <typename T> static T apply(T a, std::uint64_t&) { return static_cast<T>(~a); }
};

// AX as `addb $127, %al; sahf` wants it to restore all arithmetic flags: OF in AL, the others in AH.
inline std::uint16_t ax_from_flags(std::uint64_t rflags)
{
    return static_cast<std::uint16_t>(((rflags & 0xff) << 8) | ((rflags >> 11) & 1));
}

// Shifts and rotates by CL with all flags going in, so that the ones left alone stay and undefined ones are the host's.
#define WINDSOR_SHIFT(Name, mnemonic)                                                                                  \
    struct Name {                                                                                                      \
        template <typename T> static T apply(T a, std::uint8_t count, std::uint64_t& rflags)                           \
        {                                                                                                              \
            std::uint16_t ax = ax_from_flags(rflags);                                                                  \
            asm("addb $127, %%al\n\tsahf\n\t" mnemonic " %%cl, %[a]\n\tlahf\n\tseto %%al"                             \
                : "+&a"(ax), [a] "+q"(a)                                                                               \
                : "c"(count)                                                                                           \
                : "cc");                                                                                               \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

WINDSOR_SHIFT(Rol, "rol");
WINDSOR_SHIFT(Ror, "ror");
WINDSOR_SHIFT(Rcl, "rcl");
WINDSOR_SHIFT(Rcr, "rcr");
WINDSOR_SHIFT(Shl, "shl");
WINDSOR_SHIFT(Shr, "shr");
WINDSOR_SHIFT(Sar, "sar");

#undef WINDSOR_SHIFT

// Two operands, all flags going in: BT and friends, BSF, BSR, IMUL …
#define WINDSOR_FLAGGED(Name, mnemonic)                                                                                \
    struct Name {                                                                                                      \
        template <typename T> static T apply(T a, T b, std::uint64_t& rflags)                                          \
        {                                                                                                              \
            std::uint16_t ax = ax_from_flags(rflags);                                                                  \
            asm("addb $127, %%al\n\tsahf\n\t" mnemonic " %[b], %[a]\n\tlahf\n\tseto %%al"                             \
                : "+&a"(ax), [a] "+r"(a)                                                                               \
                : [b] "r"(b)                                                                                           \
                : "cc");                                                                                               \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

WINDSOR_FLAGGED(Bt, "bt");
WINDSOR_FLAGGED(Bts, "bts");
WINDSOR_FLAGGED(Btr, "btr");
WINDSOR_FLAGGED(Btc, "btc");
WINDSOR_FLAGGED(Bsf, "bsf");
WINDSOR_FLAGGED(Bsr, "bsr");
WINDSOR_FLAGGED(Popcnt, "popcnt");
WINDSOR_FLAGGED(Lzcnt, "lzcnt"); // only offered where the host has them
WINDSOR_FLAGGED(Tzcnt, "tzcnt");
WINDSOR_FLAGGED(Imul, "imul");

#undef WINDSOR_FLAGGED

#define WINDSOR_DOUBLE_SHIFT(Name, mnemonic)                                                                           \
    struct Name {                                                                                                      \
        template <typename T> static T apply(T a, T b, std::uint8_t count, std::uint64_t& rflags)                      \
        {                                                                                                              \
            std::uint16_t ax = ax_from_flags(rflags);                                                                  \
            asm("addb $127, %%al\n\tsahf\n\t" mnemonic " %%cl, %[b], %[a]\n\tlahf\n\tseto %%al"                       \
                : "+&a"(ax), [a] "+r"(a)                                                                               \
                : [b] "r"(b), "c"(count)                                                                               \
                : "cc");                                                                                               \
            replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(ax));                                        \
            return a;                                                                                                  \
        }                                                                                                              \
    }

WINDSOR_DOUBLE_SHIFT(Shld, "shld");
WINDSOR_DOUBLE_SHIFT(Shrd, "shrd");

#undef WINDSOR_DOUBLE_SHIFT

} // namespace windsor::emulate::alu
