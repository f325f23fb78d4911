// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's arithmetic flags: in the host's register, in memory, or to be computed once more.
#include "translate/emit/translation.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

// Instructions that lookups and their way around flags are made for; the others want them in memory.
bool is_simple(const Instruction& i)
{
    switch (i.kind) {
    case Kind::Plain:
    case Kind::Lea:
    case Kind::Nop:
    case Kind::Push:
    case Kind::Pop:
    case Kind::Conditional:
    case Kind::Jump: return true;
    default: return false;
    }
}

bool is_register(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value);
}

std::uint32_t bit_of(const ZydisDecodedOperand& operand)
{
    return 1u << full_number(operand.reg.value);
}

bool changes(const Instruction& i, std::uint32_t registers)
{
    return std::ranges::any_of(
        i.operands.begin(), i.operands.begin() + i.decoded.operand_count, [&](const auto& operand) {
            return is_register(operand) && (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0 &&
                   (bit_of(operand) & registers) != 0;
        });
}

bool is_stable(const ZydisDecodedOperand& operand)
{
    return operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ||
           (is_register(operand) && !in_memory(full_number(operand.reg.value)));
}

} // namespace

// SETO before anything else could change OF; RAX is kept in a free register.
void Translation::save_flags()
{
    a_.mov(kTemp1, Reg::Rax);
    a_.lahf();
    a_.seto_al();
    a_.store(cell(&shop_.frame.flags), Reg::Rax, Width::Word);
    a_.mov(Reg::Rax, kTemp1);
    place_ = Place::Memory;
}

void Translation::restore_flags()
{
    a_.mov(kTemp1, Reg::Rax);
    a_.load_zero_extended16(Reg::Rax, cell(&shop_.frame.flags));
    a_.bytes({0x04, 0x7f}); // add al, 0x7f: OF if AL is 1
    a_.sahf();
    a_.mov(Reg::Rax, kTemp1);
    place_ = Place::Host;
}

// The host's flags are about to be lost, and must be in memory. Those that nothing will read are still seen by the
// handler of a fault.
void Translation::clobber_flags()
{
    if (place_ == Place::Again) {
        follow(recipe_);
    }
    if (place_ == Place::Host) {
        save_flags();
    }
}

// The same, where it is enough that they can be had again.
void Translation::lose_flags()
{
    if (place_ == Place::Host && recipe_.kind != Recipe::Kind::None) {
        place_ = Place::Again;
    }
    if (place_ != Place::Again) {
        clobber_flags();
    }
}

// Before an instruction runs natively: the flags that it reads, or leaves in part, are in the host's register.
void Translation::bring_flags(const Instruction& i)
{
    if (!wants_flags(i) || place_ == Place::Host) {
        return;
    }
    if (place_ == Place::Again) {
        follow(recipe_);
    } else {
        restore_flags();
    }
}

bool Translation::wants_flags(const Instruction& i)
{
    return i.flags.reads != 0 || (i.flags.writes != 0 && (i.seen_after & ~i.flags.kills) != 0);
}

void Translation::flags_written(const Instruction& i)
{
    if (i.flags.writes != 0) {
        place_ = Place::Host;
    }
}

// Flags may be left to be computed again only as long as the registers are there that this takes, or as nobody wants
// them behind the instruction.
void Translation::keep_flags(const Instruction& i)
{
    const bool lost = !is_simple(i) || changes(i, recipe_.registers);
    const bool wanted = !is_simple(i) || (i.seen_after & ~i.flags.kills) != 0;
    if (!lost || !wanted) {
        return;
    }
    if (place_ == Place::Again) {
        follow(recipe_);
    }
    recipe_ = {};
}

void Translation::note_flags(const Instruction& i, bool native)
{
    if (i.flags.writes != 0 || !native) {
        recipe_ = native ? recipe_for(i) : Recipe{};
        return;
    }
    if (!is_simple(i) || changes(i, recipe_.registers)) {
        place_ = place_ == Place::Again ? Place::Memory : place_; // where old ones are: nobody looks at them
        recipe_ = {};
    }
}

// AND, OR and XOR set the flags by their result as TEST does. Taking back leaves the upper half of a register of 32
// bits as clear as it is.
Translation::Recipe Translation::recipe_for(const Instruction& i)
{
    const ZydisDecodedOperand& to = i.operands[0];
    const ZydisDecodedOperand& from = i.operands[1];
    const bool whole = i.kind == Kind::Plain && i.flags.kills == kAllFlags && is_register(to) && is_stable(to) &&
                       full_number(to.reg.value) != x86::kRsp;
    if (!whole) {
        return {};
    }
    const std::uint32_t both = bit_of(to) | (is_register(from) ? bit_of(from) : 0);
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_TEST:
        return is_stable(from) ? Recipe{.kind = Recipe::Kind::Repeat, .of = &i, .registers = both} : Recipe{};
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR: {
        const bool high = to.reg.value >= ZYDIS_REGISTER_AH && to.reg.value <= ZYDIS_REGISTER_BH;
        return high ? Recipe{} : Recipe{.kind = Recipe::Kind::Test, .of = &i, .registers = bit_of(to)};
    }
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB: {
        const bool same = is_register(from) && bit_of(from) == bit_of(to);
        const bool wide = i.decoded.operand_width >= 32 && to.size >= 32;
        return is_stable(from) && !same && wide ? Recipe{.kind = Recipe::Kind::Redo, .of = &i, .registers = both}
                                                : Recipe{};
    }
    default: return {};
    }
}

// Takes no temporaries.
void Translation::follow(const Recipe& recipe)
{
    const Instruction& i = *recipe.of;
    if (recipe.kind == Recipe::Kind::Repeat) {
        repeat(i);
        place_ = Place::Host;
        return;
    }
    const Reg to = host_register(full_number(i.operands[0].reg.value));
    const auto width = static_cast<Width>(i.operands[0].size / 8);
    if (recipe.kind == Recipe::Kind::Test) {
        a_.test(to, to, width);
        place_ = Place::Host;
        return;
    }
    const bool added = i.decoded.mnemonic == ZYDIS_MNEMONIC_ADD;
    for (const Alu op : {added ? Alu::Sub : Alu::Add, added ? Alu::Add : Alu::Sub}) {
        const ZydisDecodedOperand& from = i.operands[1];
        if (is_register(from)) {
            a_.alu(op, to, host_register(full_number(from.reg.value)), width);
        } else {
            a_.alu(op, to, static_cast<std::int32_t>(from.imm.value.s), width);
        }
    }
    place_ = Place::Host;
}

// Before an edge within the page, whose target says which flags it wants.
void Translation::flags_for_edge(Flags live)
{
    if (place_ == Place::Again && live != 0) {
        follow(recipe_);
    }
}

void Translation::save_cold_flags(const Cold& cold)
{
    if (cold.flags == Place::Again) {
        follow(cold.recipe);
    }
    if (cold.flags == Place::Host || cold.flags == Place::Again) {
        save_flags();
    }
}

} // namespace windsor::translate
