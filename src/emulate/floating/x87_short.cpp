// SPDX-License-Identifier: GPL-2.0-or-later
// The usual cases of x87 instructions: all exceptions masked, no register empty that is read, room for one that is
// pushed. Everything else falls back to the handler that runs the whole register image.
#include "emulate/floating/simd_families.hpp"
#include "emulate/floating/simd_memory.hpp"
#include "emulate/floating/x87_short.hpp"
#include "emulate/floating/x87_state.hpp"
#include "emulate/integer/flags.hpp"

#include <cstring>
#include <utility>

namespace windsor::emulate {

namespace {

constexpr std::uint16_t kConditions = fsw::kC0 | fsw::kC1 | fsw::kC2 | fsw::kC3;

const HostStub& stub_of(const Insn& insn)
{
    return *static_cast<const HostStub*>(insn.aux);
}

const HostStub& image_of(const HostStub& stub)
{
    return stub.recipe.image != nullptr ? *stub.recipe.image : stub;
}

bool in_use(const x86::FxArea& fx, unsigned number)
{
    return (fx.ftw >> ((x87_top(fx) + number) & 7) & 1) != 0;
}

// Whether the unit is in its usual state: no exception can be signalled, and ST(0) is not empty.
bool usual(const Cpu& cpu)
{
    const x86::FxArea& fx = cpu.s.fx;
    return (fx.fcw & fsw::kExceptions) == fsw::kExceptions && (cpu.s.cr0 & (x86::cr0::kEm | x86::cr0::kTs)) == 0 &&
           (fx.fsw & fsw::kEs) == 0 && in_use(fx, 0);
}

void set_top(x86::FxArea& fx, unsigned top)
{
    fx.fsw = static_cast<std::uint16_t>((fx.fsw & ~fsw::kTop) | (top << fsw::kTopShift));
}

void pop(x86::FxArea& fx)
{
    const unsigned top = x87_top(fx);
    fx.ftw = static_cast<std::uint8_t>(fx.ftw & ~(1u << top));
    const auto first = fx.st[0];
    std::memmove(fx.st.data(), fx.st.data() + 1, 7 * sizeof first);
    fx.st[7] = first;
    set_top(fx, (top + 1) & 7);
}

void push(x86::FxArea& fx, const std::array<std::uint8_t, 16>& value)
{
    const unsigned top = (x87_top(fx) - 1) & 7;
    std::memmove(fx.st.data() + 1, fx.st.data(), 7 * sizeof value);
    fx.st[0] = value;
    fx.ftw = static_cast<std::uint8_t>(fx.ftw | 1u << top);
    set_top(fx, top);
}

StubFrame make_frame(Cpu& cpu)
{
    const x86::FxArea& fx = cpu.s.fx;
    return {.rflags = 2,
            .fcw = fx.fcw,
            .fsw = static_cast<std::uint16_t>(~fx.fsw & (fsw::kExceptions | fsw::kSf))};
}

void commit(Cpu& cpu, const HostStub& stub, const StubFrame& frame, std::uint16_t conditions)
{
    x86::FxArea& fx = cpu.s.fx;
    fx.fsw = static_cast<std::uint16_t>((fx.fsw & ~conditions) | (frame.fsw & (conditions | fsw::kExceptions)));
    for (unsigned i = 0; i < stub.recipe.pops; ++i) {
        pop(fx);
    }
    note_x87_instruction(cpu, stub.recipe.fop);
    if (stub.recipe.flags_written) {
        replace_flags(cpu.s.rflags, x86::rflags::kArithmetic, frame.rflags);
    }
}

// FLD, FILD and constants.
Outcome run_push(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    x86::FxArea& fx = cpu.s.fx;
    constexpr unsigned kLast = 7;
    if ((fx.fcw & fsw::kExceptions) != fsw::kExceptions || (cpu.s.cr0 & (x86::cr0::kEm | x86::cr0::kTs)) != 0 ||
        (fx.fsw & fsw::kEs) != 0 || in_use(fx, kLast)) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    std::array<std::uint8_t, 16> bounce{};
    std::uint64_t offset = 0;
    if (insn.memory) {
        offset = cpu.effective_address(insn);
        if (!read_memory(cpu, insn.segment, offset, bounce.data(), stub.recipe.memory_size)) {
            return Outcome::Fault;
        }
    }
    StubFrame frame = make_frame(cpu);
    std::array<std::uint8_t, 16> value = fx.st[kLast];
    stub.entry(value.data(), bounce.data(), frame);
    push(fx, value);
    commit(cpu, stub, frame, fsw::kC1);
    if (insn.memory) {
        note_x87_operand(cpu, insn.segment, offset);
    }
    return Outcome::Next;
}

// ST(0) by itself, with ST(i), or with memory as source.
Outcome run_compute(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    x86::FxArea& fx = cpu.s.fx;
    if (!usual(cpu) || (stub.recipe.other != 0 && !in_use(fx, stub.recipe.other))) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    StubFrame frame = make_frame(cpu);
    if (!insn.memory) {
        stub.entry(fx.st[0].data(), fx.st[stub.recipe.other].data(), frame);
        commit(cpu, stub, frame, stub.recipe.conditions);
        return Outcome::Next;
    }
    const std::uint64_t offset = cpu.effective_address(insn);
    std::array<std::uint8_t, 16> bounce{};
    if (!read_memory(cpu, insn.segment, offset, bounce.data(), stub.recipe.memory_size)) {
        return Outcome::Fault;
    }
    stub.entry(fx.st[0].data(), bounce.data(), frame);
    commit(cpu, stub, frame, stub.recipe.conditions);
    note_x87_operand(cpu, insn.segment, offset);
    return Outcome::Next;
}

Outcome run_store(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    if (!usual(cpu)) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    StubFrame frame = make_frame(cpu);
    const std::uint64_t offset = cpu.effective_address(insn);
    std::array<std::uint8_t, 16> bounce{};
    stub.entry(cpu.s.fx.st[0].data(), bounce.data(), frame);
    if (!write_memory(cpu, insn.segment, offset, bounce.data(), stub.recipe.memory_size)) {
        return Outcome::Fault;
    }
    commit(cpu, stub, frame, fsw::kC1);
    note_x87_operand(cpu, insn.segment, offset);
    return Outcome::Next;
}

// Moves between registers need no host unit.
void finish_move(Cpu& cpu, const HostStub& stub)
{
    cpu.s.fx.fsw = static_cast<std::uint16_t>(cpu.s.fx.fsw & ~fsw::kC1);
    note_x87_instruction(cpu, stub.recipe.fop);
}

Outcome run_exchange(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    x86::FxArea& fx = cpu.s.fx;
    if (!usual(cpu) || !in_use(fx, stub.recipe.other)) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    std::swap(fx.st[0], fx.st[stub.recipe.other]);
    finish_move(cpu, stub);
    return Outcome::Next;
}

Outcome run_duplicate(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    x86::FxArea& fx = cpu.s.fx;
    if (!usual(cpu) || !in_use(fx, stub.recipe.other) || in_use(fx, 7)) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    push(fx, std::array{fx.st[stub.recipe.other]});
    finish_move(cpu, stub);
    return Outcome::Next;
}

template <unsigned kPops> Outcome run_copy(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    x86::FxArea& fx = cpu.s.fx;
    if (!usual(cpu)) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    fx.st[stub.recipe.other] = fx.st[0];
    fx.ftw = static_cast<std::uint8_t>(fx.ftw | 1u << ((x87_top(fx) + stub.recipe.other) & 7));
    if constexpr (kPops == 1) {
        pop(fx);
    }
    finish_move(cpu, stub);
    return Outcome::Next;
}

// FCHS and FABS.
template <std::uint8_t kKeep, std::uint8_t kFlip> Outcome run_sign(Cpu& cpu, const Insn& insn)
{
    const HostStub& stub = stub_of(insn);
    if (!usual(cpu)) {
        return run_x87_image(cpu, insn, image_of(stub));
    }
    std::uint8_t& top_byte = cpu.s.fx.st[0][9];
    top_byte = static_cast<std::uint8_t>((top_byte & kKeep) ^ kFlip);
    finish_move(cpu, stub);
    return Outcome::Next;
}

struct Shape {
    X87Form form{X87Form::Image};
    std::uint8_t pops{0};
    std::uint16_t conditions{fsw::kC1};
};

// Arithmetic between ST(0) and ST(i): D8 leaves the result in ST(0), DC and DE in ST(i).
Shape arithmetic_shape(std::uint8_t opcode)
{
    switch (opcode) {
    case 0xd8: return {X87Form::ToTop};
    case 0xdc: return {X87Form::ToOther};
    default: return {X87Form::ToOther, 1};
    }
}

Shape shape_of(const ZydisDecodedInstruction& instruction, bool memory)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_FLD:
    case ZYDIS_MNEMONIC_FILD:
    case ZYDIS_MNEMONIC_FLD1:
    case ZYDIS_MNEMONIC_FLDZ:
    case ZYDIS_MNEMONIC_FLDPI:
    case ZYDIS_MNEMONIC_FLDL2E:
    case ZYDIS_MNEMONIC_FLDL2T:
    case ZYDIS_MNEMONIC_FLDLG2:
    case ZYDIS_MNEMONIC_FLDLN2: return {X87Form::Push};
    case ZYDIS_MNEMONIC_FADD:
    case ZYDIS_MNEMONIC_FSUB:
    case ZYDIS_MNEMONIC_FSUBR:
    case ZYDIS_MNEMONIC_FMUL:
    case ZYDIS_MNEMONIC_FDIV:
    case ZYDIS_MNEMONIC_FDIVR:
    case ZYDIS_MNEMONIC_FADDP:
    case ZYDIS_MNEMONIC_FSUBP:
    case ZYDIS_MNEMONIC_FSUBRP:
    case ZYDIS_MNEMONIC_FMULP:
    case ZYDIS_MNEMONIC_FDIVP:
    case ZYDIS_MNEMONIC_FDIVRP: return memory ? Shape{X87Form::Unary} : arithmetic_shape(instruction.opcode);
    case ZYDIS_MNEMONIC_FIADD:
    case ZYDIS_MNEMONIC_FISUB:
    case ZYDIS_MNEMONIC_FISUBR:
    case ZYDIS_MNEMONIC_FIMUL:
    case ZYDIS_MNEMONIC_FIDIV:
    case ZYDIS_MNEMONIC_FIDIVR:
    case ZYDIS_MNEMONIC_FSQRT:
    case ZYDIS_MNEMONIC_FRNDINT: return {X87Form::Unary};
    case ZYDIS_MNEMONIC_FCOM:
    case ZYDIS_MNEMONIC_FUCOM: return {memory ? X87Form::CompareMemory : X87Form::CompareOther, 0, kConditions};
    case ZYDIS_MNEMONIC_FCOMP:
    case ZYDIS_MNEMONIC_FUCOMP: return {memory ? X87Form::CompareMemory : X87Form::CompareOther, 1, kConditions};
    case ZYDIS_MNEMONIC_FCOMPP:
    case ZYDIS_MNEMONIC_FUCOMPP: return {X87Form::CompareOther, 2, kConditions};
    case ZYDIS_MNEMONIC_FCOMI:
    case ZYDIS_MNEMONIC_FUCOMI: return {X87Form::CompareOther, 0, 0};
    case ZYDIS_MNEMONIC_FCOMIP:
    case ZYDIS_MNEMONIC_FUCOMIP: return {X87Form::CompareOther, 1, 0};
    case ZYDIS_MNEMONIC_FICOM: return {X87Form::CompareMemory, 0, kConditions};
    case ZYDIS_MNEMONIC_FICOMP: return {X87Form::CompareMemory, 1, kConditions};
    case ZYDIS_MNEMONIC_FST:
    case ZYDIS_MNEMONIC_FIST: return {X87Form::Store};
    case ZYDIS_MNEMONIC_FSTP:
    case ZYDIS_MNEMONIC_FISTP:
    case ZYDIS_MNEMONIC_FISTTP: return {X87Form::Store, 1};
    default: return {};
    }
}

// The register moves, or null.
Handler move_handler(const ZydisDecodedInstruction& instruction)
{
    switch (instruction.mnemonic) {
    case ZYDIS_MNEMONIC_FXCH: return run_exchange;
    case ZYDIS_MNEMONIC_FLD: return run_duplicate;
    case ZYDIS_MNEMONIC_FST: return run_copy<0>;
    case ZYDIS_MNEMONIC_FSTP: return run_copy<1>;
    case ZYDIS_MNEMONIC_FCHS: return run_sign<0xff, 0x80>;
    case ZYDIS_MNEMONIC_FABS: return run_sign<0x7f, 0>;
    default: return nullptr;
    }
}

Handler handler_of(X87Form form)
{
    switch (form) {
    case X87Form::Push: return run_push;
    case X87Form::Store: return run_store;
    default: return run_compute;
    }
}

} // namespace

Handler select_x87_short(const Decoded& decoded, Insn& insn, const HostStub& image)
{
    const ZydisDecodedInstruction& instruction = decoded.instruction;
    if (const Handler move = insn.memory ? nullptr : move_handler(instruction); move != nullptr) {
        return move; // it uses the stub of the register image, in unusual cases
    }
    const Shape shape = shape_of(instruction, insn.memory);
    const std::uint8_t other = image.recipe.other;
    const bool pops_itself = shape.form == X87Form::ToOther && shape.pops == 1 && other == 0;
    if (shape.form == X87Form::Image || pops_itself || (shape.pops == 2 && other != 1)) {
        return nullptr;
    }
    StubRecipe recipe = image.recipe;
    recipe.form = shape.form;
    recipe.pops = shape.pops;
    recipe.flags_read = false;
    recipe.conditions = shape.conditions;
    recipe.image = &image;
    if (shape.form == X87Form::ToTop || shape.form == X87Form::ToOther || shape.form == X87Form::CompareOther) {
        recipe.code[1] = static_cast<std::uint8_t>((recipe.code[1] & 0xf8) | 1); // ST(1) is the other operand
    } else {
        recipe.other = 0;
    }
    const HostStub* const stub = decoded.stubs->find_or_make(recipe);
    if (stub == nullptr) {
        return nullptr;
    }
    insn.aux = stub;
    return handler_of(shape.form);
}

} // namespace windsor::emulate
