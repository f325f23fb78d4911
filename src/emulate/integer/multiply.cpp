// SPDX-License-Identifier: GPL-2.0-or-later
// MUL IMUL DIV IDIV, by the host's own instructions once it is sure that they do not fault.
#include "emulate/core/operands.hpp"
#include "emulate/integer/alu.hpp"

#include <limits>
#include <type_traits>

namespace windsor::emulate {

namespace {

// The type that is twice as wide as T.
template <typename T> struct Twice;
template <> struct Twice<std::uint8_t> {
    using Type = std::uint16_t;
    using Signed = std::int16_t;
};
template <> struct Twice<std::uint16_t> {
    using Type = std::uint32_t;
    using Signed = std::int32_t;
};
template <> struct Twice<std::uint32_t> {
    using Type = std::uint64_t;
    using Signed = std::int64_t;
};
template <> struct Twice<std::uint64_t> {
    using Type = unsigned __int128;
    using Signed = __int128;
};

// High and low half of a product, or remainder and quotient.
template <typename T> struct Halves {
    T low;
    T high;
};

#define WINDSOR_WIDE(name, mnemonic)                                                                                   \
    template <typename T> Halves<T> name(Halves<T> in, T operand, std::uint64_t& rflags)                               \
    {                                                                                                                  \
        std::uint64_t flags = ax_image(rflags);                                                                        \
        std::uint64_t low = in.low;                                                                                    \
        std::uint64_t high = in.high;                                                                                  \
        if constexpr (sizeof(T) == 1) {                                                                                \
            low = (high << 8) | low;                                                                                   \
        }                                                                                                              \
        asm("xchg %%rax, %[f]\n\taddb $127, %%al\n\tsahf\n\txchg %%rax, %[f]\n\t" mnemonic                            \
            " %[b]\n\txchg %%rax, %[f]\n\tlahf\n\tseto %%al\n\txchg %%rax, %[f]"                                      \
            : [f] "+&r"(flags), "+&a"(low), "+&d"(high)                                                                \
            : [b] "r"(operand)                                                                                         \
            : "cc");                                                                                                   \
        replace_flags(rflags, x86::rflags::kArithmetic, flags_from_ax(static_cast<std::uint16_t>(flags)));             \
        if constexpr (sizeof(T) == 1) {                                                                                \
            high = low >> 8;                                                                                           \
        }                                                                                                              \
        return {static_cast<T>(low), static_cast<T>(high)};                                                            \
    }

std::uint64_t ax_image(std::uint64_t rflags)
{
    return alu::ax_from_flags(rflags);
}

WINDSOR_WIDE(multiply, "mul")
WINDSOR_WIDE(multiply_signed, "imul")
WINDSOR_WIDE(divide, "div")
WINDSOR_WIDE(divide_signed, "idiv")

#undef WINDSOR_WIDE

// AX for bytes, rDX:rAX for the others.
template <typename T> Halves<T> accumulator(const Cpu& cpu)
{
    if constexpr (sizeof(T) == 1) {
        return {static_cast<T>(cpu.s.gpr[x86::kRax]), static_cast<T>(cpu.s.gpr[x86::kRax] >> 8)};
    } else {
        return {static_cast<T>(cpu.s.gpr[x86::kRax]), static_cast<T>(cpu.s.gpr[x86::kRdx])};
    }
}

template <typename T> void set_accumulator(Cpu& cpu, Halves<T> value)
{
    if constexpr (sizeof(T) == 1) {
        cpu.set_reg<std::uint16_t>(x86::kRax, static_cast<std::uint16_t>((value.high << 8) | value.low));
    } else {
        cpu.set_reg<T>(x86::kRax, value.low);
        cpu.set_reg<T>(x86::kRdx, value.high);
    }
}

struct Mul {
    template <typename T> static bool apply(Cpu& cpu, T operand)
    {
        set_accumulator<T>(cpu, multiply<T>({accumulator<T>(cpu).low, 0}, operand, cpu.s.rflags));
        return true;
    }
};

struct ImulWide {
    template <typename T> static bool apply(Cpu& cpu, T operand)
    {
        set_accumulator<T>(cpu, multiply_signed<T>({accumulator<T>(cpu).low, 0}, operand, cpu.s.rflags));
        return true;
    }
};

struct Div {
    template <typename T> static bool apply(Cpu& cpu, T divisor)
    {
        const Halves<T> dividend = accumulator<T>(cpu);
        if (dividend.high >= divisor) { // a divisor of zero included
            return cpu.refuse(x86::Exception::De);
        }
        set_accumulator<T>(cpu, divide<T>(dividend, divisor, cpu.s.rflags));
        return true;
    }
};

struct Idiv {
    template <typename T> static bool apply(Cpu& cpu, T divisor)
    {
        using Wide = typename Twice<T>::Type;
        using WideSigned = typename Twice<T>::Signed;
        using Narrow = std::make_signed_t<T>;
        const Halves<T> halves = accumulator<T>(cpu);
        const auto raw = static_cast<Wide>((static_cast<Wide>(halves.high) << (8 * sizeof(T))) | halves.low);
        const auto dividend = static_cast<WideSigned>(raw);
        const auto by = static_cast<WideSigned>(static_cast<Narrow>(divisor));
        const auto most_negative = static_cast<Wide>(static_cast<Wide>(1) << (16 * sizeof(T) - 1));
        if (by == 0 || (by == -1 && raw == most_negative)) {
            return cpu.refuse(x86::Exception::De);
        }
        const auto quotient = static_cast<WideSigned>(dividend / by);
        if (quotient < std::numeric_limits<Narrow>::min() || quotient > std::numeric_limits<Narrow>::max()) {
            return cpu.refuse(x86::Exception::De);
        }
        set_accumulator<T>(cpu, divide_signed<T>(halves, divisor, cpu.s.rflags));
        return true;
    }
};

template <typename Op, typename T> Outcome wide_reg(Cpu& cpu, const Insn& insn)
{
    return Op::template apply<T>(cpu, get<T>(cpu, insn.reg)) ? Outcome::Next : Outcome::Fault;
}

template <typename Op, typename T> Outcome wide_mem(Cpu& cpu, const Insn& insn)
{
    T operand = 0;
    return load<T>(cpu, insn, operand) && Op::template apply<T>(cpu, operand) ? Outcome::Next : Outcome::Fault;
}

template <typename Op> Handler select_wide(const Decoded& decoded, Insn& insn)
{
    const bool in_register = decoded.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
    if (in_register) {
        insn.reg = slot_of(decoded.operands[0]);
    }
    return by_width(width_of(decoded), [in_register]<typename T>() -> Handler {
        return in_register ? wide_reg<Op, T> : wide_mem<Op, T>;
    });
}

enum class Source : std::uint8_t { Register, Memory };
enum class Factor : std::uint8_t { Destination, Immediate };

// IMUL with two or three operands.
template <typename T, Source kSource, Factor kFactor> Outcome imul(Cpu& cpu, const Insn& insn)
{
    T factor = 0;
    if constexpr (kSource == Source::Memory) {
        if (!load<T>(cpu, insn, factor)) {
            return Outcome::Fault;
        }
    } else {
        factor = get<T>(cpu, insn.rm);
    }
    const T other = kFactor == Factor::Immediate ? static_cast<T>(insn.immediate) : get<T>(cpu, insn.reg);
    put<T>(cpu, insn.reg, alu::Imul::apply<T>(other, factor, cpu.s.rflags));
    return Outcome::Next;
}

Handler select_imul(const Decoded& decoded, Insn& insn)
{
    const unsigned count = decoded.instruction.operand_count_visible;
    if (count == 1) {
        return select_wide<ImulWide>(decoded, insn);
    }
    const bool memory = arrange(decoded, insn) == Form::RegMem;
    return by_wide_width(width_of(decoded), [=]<typename T>() -> Handler {
        if (count == 3) {
            return memory ? imul<T, Source::Memory, Factor::Immediate> : imul<T, Source::Register, Factor::Immediate>;
        }
        return memory ? imul<T, Source::Memory, Factor::Destination> : imul<T, Source::Register, Factor::Destination>;
    });
}

} // namespace

void add_multiply(OpcodeTable& table)
{
    table.set(ZYDIS_MNEMONIC_MUL, select_wide<Mul>);
    table.set(ZYDIS_MNEMONIC_IMUL, select_imul);
    table.set(ZYDIS_MNEMONIC_DIV, select_wide<Div>);
    table.set(ZYDIS_MNEMONIC_IDIV, select_wide<Idiv>);
}

} // namespace windsor::emulate
