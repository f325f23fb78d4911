// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/kinds.hpp"

#include "translate/decode/forms.hpp"
#include "translate/emit/writers.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

using namespace std::string_view_literals;
using enum Kind;

// --- What a kind takes ---

bool anything(const Instruction& /*i*/, const Context& /*context*/)
{
    return true;
}

bool in_kernel(const Instruction& /*i*/, const Context& context)
{
    return !context.user;
}

bool in_kernel64(const Instruction& /*i*/, const Context& context)
{
    return context.long64() && !context.user;
}

bool usual_in_kernel(const Instruction& i, const Context& context)
{
    return !context.user && usual_width(i, context);
}

bool not_wide16(const Instruction& i, const Context& /*context*/)
{
    return i.decoded.operand_width != 16;
}

bool lea_form(const Instruction& i, const Context& /*context*/)
{
    return i.decoded.address_width >= 32;
}

bool division_form(const Instruction& i, const Context& /*context*/)
{
    return relocatable(i) && i.decoded.operand_width >= 32;
}

bool legacy_encoding(const Instruction& i, const Context& /*context*/)
{
    return i.decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
}

bool once(const Instruction& i, const Context& context)
{
    return is_string(i) && usual_string(i, context) && !repeats(i);
}

bool repeated(const Instruction& i, const Context& context)
{
    return is_string(i) && usual_string(i, context) && repeats(i);
}

// A bit index in a register may lead beyond the memory operand.
bool bits_beyond_operand(const Instruction& i, const Context& /*context*/)
{
    return i.memory != nullptr && i.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER && relocatable(i);
}

bool stack_form(const Instruction& i, const Context& context)
{
    return usual_width(i, context) && !names_system_register(i) &&
           (i.memory == nullptr || i.decoded.address_width >= 32);
}

bool to_register(const Instruction& i, const Context& context)
{
    return stack_form(i, context) && i.operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER;
}

bool from_selector(const Instruction& i, const Context& context)
{
    return usual_width(i, context) && names_system_register(i);
}

bool near_branch(const Instruction& i, const Context& context)
{
    return i.decoded.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR && usual_width(i, context) &&
           (i.memory == nullptr || i.decoded.address_width >= 32);
}

bool direct(const Instruction& i, const Context& context)
{
    return near_branch(i, context) && i.operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

bool indirect(const Instruction& i, const Context& context)
{
    return near_branch(i, context) && i.operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

// --- Whether kTemp0 is spared ---

bool always(const AccessGroups& /*groups*/, const Instruction& /*i*/)
{
    return true;
}

bool names_none_in_memory(const AccessGroups& /*groups*/, const Instruction& i)
{
    return memory_registers(i) == 0;
}

bool grouped_or_roomy(const AccessGroups& groups, const Instruction& i)
{
    return i.memory == nullptr ? memory_registers(i) < 2 : groups.is_grouped(i.place);
}

bool grouped_push(const AccessGroups& groups, const Instruction& i)
{
    return i.memory == nullptr && groups.is_grouped(i.stack_place);
}

bool grouped_pop(const AccessGroups& groups, const Instruction& i)
{
    return memory_registers(i) == 0 && groups.is_grouped(i.stack_place);
}

#define MN(name) ZYDIS_MNEMONIC_##name

// clang-format off
constexpr auto kRows = std::to_array<KindRow>({
    {.kind = Interpret, .name = "interpret", .how = "the interpreter runs it",
     .example = "\xf4"sv, .cost = 11},
    {.kind = Plain, .name = "plain",
     .faults = Faults::AtOperand, .groups = Groups::GoOn, .recipe = Recipe::Kept, .spares_temporary = grouped_or_roomy,
     .write = write_plain, .how = "the same instruction with other registers and a host address",
     .example = "\x03\x43\x08"sv, .cost = 1},
    {.kind = Lea, .name = "lea", .mnemonics = {MN(LEA)}, .takes = lea_form,
     .faults = Faults::Never, .groups = Groups::GoOn, .recipe = Recipe::Kept, .spares_temporary = names_none_in_memory,
     .write = write_lea, .how = "the same with other registers",
     .example = "\x48\x8d\x44\x8e\x05"sv, .cost = 1},
    {.kind = Divide, .name = "divide", .mnemonics = {MN(DIV), MN(IDIV)}, .takes = division_form, .of = Class::Divide,
     .groups = Groups::GoOn,
     .write = write_division, .how = "the same behind a check that it will not fault",
     .example = "\x31\xd2\xf7\xf3"sv, .cost = 11},
    {.kind = Nop, .name = "nop",
     .mnemonics = {MN(NOP), MN(PREFETCH), MN(PREFETCHNTA), MN(PREFETCHT0), MN(PREFETCHT1), MN(PREFETCHT2),
                   MN(PREFETCHW), MN(PREFETCHWT1)},
     .takes = legacy_encoding,
     .faults = Faults::Never, .groups = Groups::GoOn, .recipe = Recipe::Kept, .spares_temporary = always,
     .write = write_nop, .how = "nothing",
     .example = "\x90"sv, .cost = 0},
    {.kind = Push, .name = "push", .mnemonics = {MN(PUSH)}, .takes = stack_form, .of = Class::Stack,
     .faults = Faults::AtStack, .groups = Groups::GoOn, .stack = Stack::Pushes, .recipe = Recipe::Kept,
     .spares_temporary = grouped_push,
     .write = write_push, .how = "of a register, an immediate or memory: a store below the stack pointer",
     .example = "\x50"sv, .cost = 2},
    {.kind = Pop, .name = "pop", .mnemonics = {MN(POP)}, .takes = to_register, .of = Class::Stack,
     .faults = Faults::AtStack, .groups = Groups::GoOn, .stack = Stack::Pops, .recipe = Recipe::Kept,
     .spares_temporary = grouped_pop,
     .write = write_pop, .how = "to a register: a load at the stack pointer",
     .example = "\x58"sv, .cost = 2},
    {.kind = Leave, .name = "leave", .mnemonics = {MN(LEAVE)}, .takes = stack_form, .of = Class::Stack,
     .groups = Groups::GoOn,
     .write = write_leave, .how = "a load by RBP",
     .example = "\xc9"sv, .cost = 11},
    {.kind = Direction, .name = "direction", .mnemonics = {MN(CLD), MN(STD)}, .takes = anything,
     .faults = Faults::Never, .groups = Groups::GoOn,
     .write = write_direction, .how = "DF lives in the frame",
     .example = "\xfc"sv, .cost = 1},
    {.kind = Load, .name = "lods", .mnemonics = {MN(LODSB), MN(LODSW), MN(LODSD), MN(LODSQ)}, .takes = once,
     .of = Class::Memory,
     .write = write_lods, .how = "one element, upwards",
     .example = "\xac"sv, .cost = 12},
    {.kind = Store, .name = "stos", .mnemonics = {MN(STOSB), MN(STOSW), MN(STOSD), MN(STOSQ)}, .takes = once,
     .of = Class::Memory,
     .write = write_stos, .how = "one element, upwards",
     .example = "\x48\xab"sv, .cost = 12},
    {.kind = Move, .name = "movs", .mnemonics = {MN(MOVSB), MN(MOVSW), MN(MOVSD), MN(MOVSQ)}, .takes = once,
     .of = Class::Memory,
     .write = write_movs, .how = "one element, upwards",
     .example = "\x48\xa5"sv, .cost = 24},
    {.kind = RepeatMove, .name = "rep-movs", .mnemonics = {MN(MOVSB), MN(MOVSW), MN(MOVSD), MN(MOVSQ)},
     .takes = repeated,
     .of = Class::Memory,
     .write = write_repeated_movs, .how = "the host's own on host addresses, page by page; downwards a loop",
     .example = "\xf3\xa4"sv, .cost = 52},
    {.kind = RepeatStore, .name = "rep-stos", .mnemonics = {MN(STOSB), MN(STOSW), MN(STOSD), MN(STOSQ)},
     .takes = repeated,
     .of = Class::Memory,
     .write = write_repeated_stos, .how = "the host's own on host addresses, page by page",
     .example = "\xf3\x48\xab"sv, .cost = 35},
    {.kind = RepeatScan, .name = "rep-scas", .mnemonics = {MN(SCASB), MN(SCASW), MN(SCASD), MN(SCASQ)},
     .takes = repeated,
     .of = Class::Memory,
     .write = write_repeated_scas, .how = "the host's own on host addresses, in one page",
     .example = "\xf2\xae"sv, .cost = 37},
    {.kind = BitString, .name = "bit-string", .mnemonics = {MN(BT), MN(BTC), MN(BTR), MN(BTS)},
     .takes = bits_beyond_operand,
     .of = Class::Memory, .groups = Groups::GoOn,
     .write = write_bit_string, .how = "in memory by an index in a register, which is added to the address first",
     .example = "\x48\x0f\xab\x03"sv, .cost = 27},
    {.kind = ReadSelector, .name = "read-selector", .mnemonics = {MN(MOV)},
     .takes = reads_selector, .of = Class::System,
     .faults = Faults::Never, .groups = Groups::GoOn,
     .write = write_read_selector, .how = "MOV from a segment register: a load from the state",
     .example = "\x8c\xd8"sv, .cost = 1},
    {.kind = PushSelector, .name = "push-selector", .mnemonics = {MN(PUSH)}, .takes = from_selector, .of = Class::Stack,
     .write = write_push_selector, .how = "PUSH of a segment register",
     .example = "\x0f\xa0"sv, .cost = 11},
    {.kind = LoadSelector, .name = "load-selector", .mnemonics = {MN(MOV), MN(POP)}, .takes = loads_selector,
     .of = Class::System,
     .write = write_load_selector,
     .how = "MOV and POP to DS, ES, FS and GS by 32-bit kernels: a copy of what the selector has led to before",
     .example = "\x8e\xe0"sv, .bits = 32, .cost = 20},
    {.kind = PopFlags, .name = "pop-flags", .mnemonics = {MN(POPFQ), MN(POPFD)}, .takes = usual_in_kernel,
     .of = Class::Stack,
     .write = write_pop_flags, .how = "by kernels, if only the arithmetic flags, DF and IF change",
     .example = "\x6a\x02\x9d"sv, .cost = 49},
    {.kind = SetAc, .name = "stac-clac", .mnemonics = {MN(STAC), MN(CLAC)}, .takes = in_kernel, .of = Class::System,
     .faults = Faults::Never,
     .write = write_stac_clac, .how = "the code behind it uses another set of the TLB",
     .example = "\x0f\x01\xcb"sv, .cost = 4},
    {.kind = SwapGs, .name = "swapgs", .mnemonics = {MN(SWAPGS)}, .takes = in_kernel64, .of = Class::System,
     .faults = Faults::Never, .groups = Groups::GoOn,
     .write = write_swapgs, .how = "the bases change places in the state",
     .example = "\x0f\x01\xf8"sv, .cost = 5},
    {.kind = MaskInterrupts, .name = "cli", .mnemonics = {MN(CLI)}, .takes = in_kernel, .of = Class::System,
     .groups = Groups::GoOn,
     .write = write_cli, .how = "IF, and which signals code stops for",
     .example = "\xfa"sv, .cost = 2},
    {.kind = UnmaskInterrupts, .name = "sti", .mnemonics = {MN(STI)}, .takes = in_kernel, .of = Class::System,
     .groups = Groups::GoOn,
     .write = write_sti, .how = "the same; interrupts wait for the end of the next instruction",
     .example = "\xfb\x90"sv, .cost = 6},
    {.kind = PushFlags, .name = "push-flags", .mnemonics = {MN(PUSHFQ), MN(PUSHFD)}, .takes = usual_width,
     .of = Class::Stack,
     .write = write_push_flags, .how = "RFLAGS are put together from the state and the frame",
     .example = "\x9c"sv, .cost = 22},
    {.kind = Jump, .name = "jump", .mnemonics = {MN(JMP)}, .takes = direct, .of = Class::Branch,
     .ending = Ending::EndsBlock, .faults = Faults::Never, .groups = Groups::GoOn, .recipe = Recipe::Kept,
     .write = write_jump, .how = "a link in the same page, otherwise through the jump table",
     .example = "\xe9\xfb\0\0\0"sv, .cost = 15},
    {.kind = JumpIndirect, .name = "jump-indirect", .mnemonics = {MN(JMP)}, .takes = indirect, .of = Class::Branch,
     .ending = Ending::EndsBlock, .groups = Groups::GoOn,
     .write = write_indirect, .how = "through the jump table",
     .example = "\xff\x23"sv, .cost = 24},
    {.kind = Conditional, .name = "conditional",
     .mnemonics = {MN(JB), MN(JBE), MN(JL), MN(JLE), MN(JNB), MN(JNBE), MN(JNL), MN(JNLE), MN(JNO), MN(JNP), MN(JNS),
                   MN(JNZ), MN(JO), MN(JP), MN(JS), MN(JZ)},
     .takes = not_wide16, .of = Class::Branch,
     .faults = Faults::Never, .groups = Groups::GoOn, .recipe = Recipe::Kept, .spares_temporary = always,
     .write = write_conditional, .how = "the same, to a link",
     .example = "\x74\0"sv, .cost = 1},
    {.kind = CountZero, .name = "count-zero", .mnemonics = {MN(JRCXZ), MN(JECXZ)},
     .takes = not_wide16, .of = Class::Branch,
     .faults = Faults::Never, .groups = Groups::GoOn,
     .write = write_count_zero, .how = "the same, around a jump to a link",
     .example = "\xe3\0"sv, .cost = 2},
    {.kind = Call, .name = "call", .mnemonics = {MN(CALL)}, .takes = direct, .of = Class::Branch,
     .ending = Ending::EndsBlock, .groups = Groups::GoOn, .stack = Stack::Pushes,
     .write = write_call, .how = "a push and a jump",
     .example = "\xe8\xfb\0\0\0"sv, .cost = 21},
    {.kind = CallIndirect, .name = "call-indirect", .mnemonics = {MN(CALL)}, .takes = indirect, .of = Class::Branch,
     .ending = Ending::EndsBlock, .groups = Groups::GoOn, .stack = Stack::Pushes,
     .write = write_indirect, .how = "a push, and through the jump table",
     .example = "\xff\x13"sv, .cost = 37},
    {.kind = Return, .name = "return", .mnemonics = {MN(RET)}, .takes = near_branch, .of = Class::Branch,
     .ending = Ending::EndsBlock, .groups = Groups::GoOn, .stack = Stack::Pops,
     .write = write_return, .how = "a pop, and through the jump table",
     .example = "\xc3"sv, .cost = 25},
});
// clang-format on

#undef MN

static_assert(kRows.size() == kKinds && kRows.size() <= Switches::kMostKinds);
static_assert(std::ranges::is_sorted(kRows, {}, &KindRow::kind), "row_of() finds a row by its number");

using Candidates = std::array<std::array<Kind, 2>, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

// No instruction is taken by both kinds of a mnemonic.
constexpr Candidates make_candidates()
{
    Candidates candidates{};
    for (const KindRow& row : kRows) {
        for (const ZydisMnemonic mnemonic : row.mnemonics) {
            if (mnemonic == ZYDIS_MNEMONIC_INVALID) {
                break;
            }
            auto& kinds = candidates[mnemonic];
            *std::ranges::find(kinds, Interpret) = row.kind;
        }
    }
    return candidates;
}

constexpr Candidates kCandidates = make_candidates();

} // namespace

std::span<const KindRow> kind_rows()
{
    return kRows;
}

const KindRow& row_of(Kind kind)
{
    return kRows[static_cast<std::size_t>(kind)];
}

const std::array<Kind, 2>& kinds_of(ZydisMnemonic mnemonic)
{
    return kCandidates[mnemonic];
}

} // namespace windsor::translate
