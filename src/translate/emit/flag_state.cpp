// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/flag_state.hpp"

#include "translate/emit/relocate.hpp"
#include "translate/kinds.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

// Tells whether flags may be left to be computed again while the instruction runs. Other instructions need them in the
// frame.
bool keeps_recipe(const Instruction& i)
{
    return row_of(i.kind).recipe == Recipe::Kept;
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

// Writes LAHF first and SETO behind it, which change no flags. A free register keeps RAX.
void FlagState::save()
{
    a_.mov(kTemp1, Reg::Rax);
    a_.lahf();
    a_.seto_al();
    a_.store(a_.cell(&a_.frame().flags), Reg::Rax, Width::Word);
    a_.mov(Reg::Rax, kTemp1);
    now_.place = FlagPlace::Memory;
}

void FlagState::restore()
{
    a_.mov(kTemp1, Reg::Rax);
    a_.load_zero_extended16(Reg::Rax, a_.cell(&a_.frame().flags));
    a_.bytes({0x04, 0x7f}); // add al, 0x7f sets OF if AL is 1
    a_.sahf();
    a_.mov(Reg::Rax, kTemp1);
    now_.place = FlagPlace::Host;
}

void FlagState::clobber()
{
    if (now_.place == FlagPlace::Again) {
        follow(now_.recipe);
    }
    if (now_.place == FlagPlace::Host) {
        save();
    }
}

void FlagState::lose()
{
    if (now_.place == FlagPlace::Host && now_.recipe.kind != FlagRecipe::Kind::None) {
        now_.place = FlagPlace::Again;
    }
    if (now_.place != FlagPlace::Again) {
        clobber();
    }
}

void FlagState::bring_for(const Instruction& i)
{
    if (!are_wanted_by(i) || now_.place == FlagPlace::Host) {
        return;
    }
    if (now_.place == FlagPlace::Again) {
        follow(now_.recipe);
    } else {
        restore();
    }
}

bool FlagState::are_wanted_by(const Instruction& i)
{
    return i.flags.reads != 0 || (i.flags.writes != 0 && (i.seen_after & ~i.flags.kills) != 0);
}

void FlagState::written_by(const Instruction& i)
{
    if (i.flags.writes != 0) {
        now_.place = FlagPlace::Host;
    }
}

void FlagState::prepare_for(const Instruction& i)
{
    const bool lost = !keeps_recipe(i) || changes(i, now_.recipe.registers);
    const bool wanted = !keeps_recipe(i) || (i.seen_after & ~i.flags.kills) != 0;
    if (!lost || !wanted) {
        return;
    }
    if (now_.place == FlagPlace::Again) {
        follow(now_.recipe);
    }
    now_.recipe = {};
}

void FlagState::note(const Instruction& i, Written written)
{
    const bool native = written == Written::Natively;
    if (i.flags.writes != 0 || !native) {
        now_.recipe = native ? recipe_for(i) : FlagRecipe{};
        return;
    }
    if (!keeps_recipe(i) || changes(i, now_.recipe.registers)) {
        if (now_.place == FlagPlace::Again) { // nobody needs these flags any more, so the old ones in the frame will do
            now_.place = FlagPlace::Memory;
        }
        now_.recipe = {};
    }
}

// Returns the recipe for an instruction's flags. AND, OR and XOR set them by their result as TEST does. To take a sum
// of 32 bits back leaves the upper half of the register clear, as it was.
FlagRecipe FlagState::recipe_for(const Instruction& i)
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
        return is_stable(from) ? FlagRecipe{.kind = FlagRecipe::Kind::Repeat, .of = &i, .registers = both}
                               : FlagRecipe{};
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_XOR: {
        const bool high = to.reg.value >= ZYDIS_REGISTER_AH && to.reg.value <= ZYDIS_REGISTER_BH;
        return high ? FlagRecipe{} : FlagRecipe{.kind = FlagRecipe::Kind::Test, .of = &i, .registers = bit_of(to)};
    }
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB: {
        const bool same = is_register(from) && bit_of(from) == bit_of(to);
        const bool wide = i.decoded.operand_width >= 32 && to.size >= 32;
        return is_stable(from) && !same && wide
                   ? FlagRecipe{.kind = FlagRecipe::Kind::Redo, .of = &i, .registers = both}
                   : FlagRecipe{};
    }
    default: return {};
    }
}

void FlagState::follow(const FlagRecipe& recipe)
{
    const Instruction& i = *recipe.of;
    if (recipe.kind == FlagRecipe::Kind::Repeat) {
        write_encoding(a_, progress_.context, i, {i, OperandsInMemory::None}, nullptr);
        now_.place = FlagPlace::Host;
        return;
    }
    const Reg to = host_register(full_number(i.operands[0].reg.value));
    const auto width = static_cast<Width>(i.operands[0].size / 8);
    if (recipe.kind == FlagRecipe::Kind::Test) {
        a_.test(to, to, width);
        now_.place = FlagPlace::Host;
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
    now_.place = FlagPlace::Host;
}

void FlagState::bring_for_edge(Flags live)
{
    if (now_.place == FlagPlace::Again && live != 0) {
        follow(now_.recipe);
    }
}

void FlagState::save_kept(const KeptFlags& kept)
{
    if (kept.place == FlagPlace::Again) {
        follow(kept.recipe);
    }
    if (kept.place == FlagPlace::Host || kept.place == FlagPlace::Again) {
        save();
    }
}

} // namespace windsor::translate
