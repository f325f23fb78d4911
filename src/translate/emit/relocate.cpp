// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's instruction once more, with host registers in place of the guest's and kTemp0 as its memory operand.
// SDM volume 2A, chapter 2.
#include "translate/emit/translation.hpp"

#include <algorithm>

namespace windsor::translate {

namespace {

bool is_high_byte(ZydisRegister reg)
{
    return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
}

constexpr std::uint8_t kOperandSize = 0x66;

bool is_legacy_prefix(std::uint8_t byte)
{
    constexpr auto kPrefixes =
        std::to_array<std::uint8_t>({0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65});
    return std::ranges::find(kPrefixes, byte) != kPrefixes.end();
}

// Those that the decoded instruction is made of, each once; the address size and segments are dealt with. Others might
// mean something else to the host than to the guest's processor, as F3 before BSR does where that one has no LZCNT, or
// make more than 15 bytes together with what is added. SDM volume 2A, sections 2.1.1 and 2.3.11.
void write_prefixes(Assembler& a, const Instruction& i)
{
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0) {
        a.byte(0xf0);
    }
    std::uint8_t mandatory = 0;
    for (unsigned n = 0; n < i.decoded.raw.prefix_count; ++n) {
        const auto& prefix = i.decoded.raw.prefixes[n];
        mandatory = prefix.type == ZYDIS_PREFIX_TYPE_MANDATORY ? prefix.value : mandatory;
    }
    if (i.unit == Unit::Integer && i.decoded.operand_width == 16 && mandatory != kOperandSize) {
        a.byte(kOperandSize);
    }
    if (mandatory != 0) {
        a.byte(mandatory);
    }
}

// SDM volume 1, section 14.9.
bool must_be_aligned_vex(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_VMOVAPD:
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTDQA:
    case ZYDIS_MNEMONIC_VMOVNTPD:
    case ZYDIS_MNEMONIC_VMOVNTPS: return true;
    default: return false;
    }
}

// 16-byte operands of SSE instructions are aligned, but for these. SDM volume 1, section 4.1.1.
bool must_be_aligned(const Instruction& i)
{
    if (i.decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG16B) {
        return true;
    }
    if (i.vex()) {
        return must_be_aligned_vex(i.decoded.mnemonic);
    }
    if (i.memory_bytes() != 16) {
        return false;
    }
    switch (i.decoded.mnemonic) {
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_PCMPESTRI:
    case ZYDIS_MNEMONIC_PCMPESTRM:
    case ZYDIS_MNEMONIC_PCMPISTRI:
    case ZYDIS_MNEMONIC_PCMPISTRM: return false;
    default: return true;
    }
}

constexpr unsigned kNone = 0xff;

// Those that have an opcode for either operand in memory.
enum class Form : std::uint8_t { Other, Arithmetic, Move, Test };

Form form_of(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_ADC:
    case ZYDIS_MNEMONIC_SBB:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_CMP: return Form::Arithmetic;
    case ZYDIS_MNEMONIC_MOV: return Form::Move;
    case ZYDIS_MNEMONIC_TEST: return Form::Test;
    default: return Form::Other;
    }
}

// Of the others, those whose operand in ModRM.rm may be in memory, with the same effect.
bool takes_memory(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
    case ZYDIS_MNEMONIC_IMUL:
    case ZYDIS_MNEMONIC_MUL:
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_DEC:
    case ZYDIS_MNEMONIC_NEG:
    case ZYDIS_MNEMONIC_NOT:
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_POPCNT: return true;
    default: return mnemonic >= ZYDIS_MNEMONIC_CMOVB && mnemonic <= ZYDIS_MNEMONIC_CMOVZ;
    }
}

// A register that is written as a whole, whatever it was before.
bool overwrites(const Instruction& i, const ZydisDecodedOperand& operand)
{
    const ZydisMnemonic mnemonic = i.decoded.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_XOR && i.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
        i.operands[0].reg.value == i.operands[1].reg.value) {
        return operand.size >= 32;
    }
    const bool moves = mnemonic == ZYDIS_MNEMONIC_MOV || mnemonic == ZYDIS_MNEMONIC_MOVZX ||
                       mnemonic == ZYDIS_MNEMONIC_MOVSX || mnemonic == ZYDIS_MNEMONIC_MOVSXD;
    return moves && operand.actions == ZYDIS_OPERAND_ACTION_WRITE && operand.size >= 32;
}

} // namespace

// Which host registers the fields of the encoding name; kNone: the field is kept as it is.
struct Translation::Operands {
    unsigned reg{kNone};    // ModRM.reg
    unsigned rm{kNone};     // ModRM.rm
    unsigned opcode{kNone}; // the opcode's low bits
    unsigned vvvv{kNone};
    unsigned swapped{kNone}; // a register whose two low bytes change places around the instruction

    // Guest registers that live in memory, and where they are meanwhile.
    struct Borrowed {
        unsigned guest;
        Reg host;
        bool read;
        bool written;
    };
    std::array<Borrowed, 2> borrowed{};
    unsigned count{0};
    bool possible{true};

    Operands(const Instruction& i, bool memory)
    {
        const unsigned room = memory ? 1 : 2;
        for (unsigned n = 0; n < i.decoded.operand_count && possible; ++n) {
            const ZydisDecodedOperand& operand = i.operands[n];
            if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value)) {
                add(i, operand, room);
            }
        }
        settle_high_bytes(i, memory);
    }

    // Of an instruction without memory operand: the one guest register that lives in memory, if it can be worked on
    // there. Its operand becomes the one in ModRM.rm, if need be by the opcode that has both the other way round.
    std::optional<unsigned> in_place(const Instruction& i)
    {
        const Form form = form_of(i.decoded.mnemonic);
        const bool eligible = count == 1 && i.decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY &&
                              (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0 &&
                              (form != Form::Other ? i.decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT
                                                   : takes_memory(i.decoded.mnemonic));
        if (!eligible) {
            return std::nullopt;
        }
        const ZydisDecodedOperand* found = nullptr;
        for (unsigned n = 0; n < i.decoded.operand_count; ++n) {
            const ZydisDecodedOperand& operand = i.operands[n];
            if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(operand.reg.value) &&
                full_number(operand.reg.value) == borrowed[0].guest) {
                if (found != nullptr) {
                    return std::nullopt;
                }
                found = &operand;
            }
        }
        if (borrowed[0].written &&
            found->size != 64) { // others would leave the upper half as it was, or be slow to read
            return std::nullopt;
        }
        if (found->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG) {
            if (form == Form::Other || rm == kNone) {
                return std::nullopt;
            }
            constexpr unsigned kDirection = 2;
            direction = form == Form::Test ? 0 : kDirection;
            reg = rm;
        }
        return borrowed[0].guest;
    }
    unsigned direction{0}; // what the opcode differs in

private:
    void add(const Instruction& i, const ZydisDecodedOperand& operand, unsigned room)
    {
        const unsigned guest = full_number(operand.reg.value);
        unsigned host = kNone;
        if (is_high_byte(operand.reg.value)) {
            host = guest + 4;
            high_ = guest;
        } else {
            host = in_memory(guest) ? borrow(guest, i, operand, room) : number(host_register(guest));
        }
        switch (operand.encoding) {
        case ZYDIS_OPERAND_ENCODING_MODRM_REG: reg = host; break;
        case ZYDIS_OPERAND_ENCODING_MODRM_RM: rm = host; break;
        case ZYDIS_OPERAND_ENCODING_OPCODE: opcode = host; break;
        case ZYDIS_OPERAND_ENCODING_NDSNDD: vvvv = host; break;
        default: // implied: only those that are where the host expects them
            possible = possible && (in_memory(guest) || guest == x86::kRsp ? false : true);
        }
    }
    unsigned borrow(unsigned guest, const Instruction& i, const ZydisDecodedOperand& operand, unsigned room)
    {
        const bool read = !overwrites(i, operand);
        const bool written = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
        for (unsigned n = 0; n < count; ++n) {
            if (borrowed[n].guest == guest) {
                borrowed[n].read = borrowed[n].read || read;
                borrowed[n].written = borrowed[n].written || written;
                return number(borrowed[n].host);
            }
        }
        if (count == room) {
            possible = false;
            return 0;
        }
        borrowed[count] = {.guest = guest, .host = count == 0 ? kTemp1 : kTemp0, .read = read, .written = written};
        return number(borrowed[count++].host);
    }
    // AH to BH cannot be named beside a register that needs REX, as the memory operand's does.
    void settle_high_bytes(const Instruction& i, bool memory)
    {
        if (high_ == kNone) {
            return;
        }
        const auto high = [](unsigned host) { return host >= 8 && host != kNone; };
        if (high(reg) || high(rm) || i.decoded.mnemonic == ZYDIS_MNEMONIC_CMPXCHG) {
            possible = false;
        }
        if (memory) {
            swapped = high_;
            reg = high_;
        }
    }
    unsigned high_{kNone};
};

void Translation::write_legacy(const Instruction& i, const Operands& o, const Mem* mem)
{
    const auto& raw = i.decoded.raw;
    const bool memory = mem != nullptr;
    const bool modrm = (i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    const bool rex = (i.decoded.attributes & ZYDIS_ATTRIB_HAS_REX) != 0;
    unsigned at = 0;
    while (is_legacy_prefix(i.bytes[at]) || (context_.long64() && (i.bytes[at] & 0xf0) == 0x40)) {
        ++at;
    }
    write_prefixes(a_, i);
    const unsigned immediate = raw.imm[0].size != 0 ? raw.imm[0].offset : i.decoded.length;
    const bool moffs = memory && !modrm;
    const unsigned opcode_end = modrm ? raw.modrm.offset : moffs ? at + 1 : immediate;
    const unsigned reg = o.reg != kNone ? o.reg : modrm ? raw.modrm.reg | (rex ? raw.rex.R << 3 : 0) : 0u;
    const unsigned rm = memory              ? number(mem->base)
                        : o.rm != kNone     ? o.rm
                        : o.opcode != kNone ? o.opcode
                        : modrm             ? raw.modrm.rm | (rex ? raw.rex.B << 3 : 0)
                                            : 0u;
    // An unneeded REX would turn AH to BH into SPL to DIL.
    a_.rex(rex && raw.rex.W != 0, reg, memory ? number(mem->index) : 0, rm, rex);
    if (moffs) { // A0 to A3 become 8A, 8B, 88, 89 with the accumulator
        a_.byte(0x88 | ((i.bytes[at] & 3u) ^ 2));
        a_.modrm_memory(0, *mem);
        return;
    }
    if (!context_.long64() && i.decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (i.bytes[at] & 0xf0) == 0x40) {
        a_.byte(0xff); // the short forms of INC and DEC are REX now
        a_.modrm_register((i.bytes[at] & 8) != 0 ? 1 : 0, o.opcode);
        return;
    }
    if (!context_.long64() && i.decoded.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && i.bytes[at] == 0x82) {
        a_.byte(0x80); // the same, and the only one of the two that 64-bit code has
        ++at;
    }
    for (; at < opcode_end; ++at) {
        const bool last = at + 1 == opcode_end;
        const unsigned byte = last ? i.bytes[at] ^ o.direction : i.bytes[at];
        a_.byte(last && o.opcode != kNone ? (byte & ~7u) | (o.opcode & 7) : byte);
    }
    if (modrm) {
        memory ? a_.modrm_memory(reg, *mem) : a_.modrm_register(reg, rm);
    }
    a_.bytes({i.bytes + immediate, i.decoded.length - immediate});
}

// BMI and AVX: three bytes of VEX, whatever the guest used. XMM and YMM registers stay what they are.
void Translation::write_vex(const Instruction& i, const Operands& o, const Mem& mem)
{
    const auto& raw = i.decoded.raw;
    const std::uint8_t* vex = i.bytes + raw.vex.offset;
    const bool three = vex[0] == 0xc4;
    const unsigned map = three ? vex[1] & 0x1fu : 1u;
    const unsigned last = three ? vex[2] : vex[1] & 0x7fu;
    const bool memory = i.memory != nullptr;
    if ((i.decoded.attributes & ZYDIS_ATTRIB_HAS_MODRM) == 0) { // VZEROUPPER, VZEROALL
        a_.bytes({vex, static_cast<std::size_t>(i.bytes + i.decoded.length - vex)});
        return;
    }
    const unsigned r = vex[1] < 0x80 ? 8 : 0; // inverted, as is B
    const unsigned b = three && (vex[1] & 0x20) == 0 ? 8 : 0;
    const unsigned reg = o.reg != kNone ? o.reg : raw.modrm.reg | r;
    const unsigned rm = memory ? number(mem.base) : o.rm != kNone ? o.rm : raw.modrm.rm | b;
    const unsigned vvvv = o.vvvv != kNone ? ~o.vvvv & 15 : (last >> 3) & 15;
    a_.byte(0xc4);
    a_.byte((reg < 8 ? 0x80u : 0) | (!memory || number(mem.index) < 8 ? 0x40u : 0) | (rm < 8 ? 0x20u : 0) | map);
    a_.byte((last & 0x87) | vvvv << 3);
    a_.byte(i.bytes[raw.modrm.offset - 1u]);
    memory ? a_.modrm_memory(reg, mem) : a_.modrm_register(reg, rm);
    if (raw.imm[0].size != 0) {
        a_.bytes({i.bytes + raw.imm[0].offset, static_cast<std::size_t>(i.decoded.length - raw.imm[0].offset)});
    }
}

void Translation::write_relocated(const Instruction& i, const Operands& o, const Mem& mem,
                                  std::optional<std::uint32_t> fault)
{
    for (unsigned n = 0; n < o.count; ++n) {
        if (o.borrowed[n].read) { // which may mean that it is not always written, or in part
            a_.load(o.borrowed[n].host, gpr(o.borrowed[n].guest));
        }
    }
    const auto swap = [&] { // XCHG of the low byte and the one above: 86 /r with both in the same register
        if (o.swapped != kNone) {
            a_.byte(0x86);
            a_.modrm_register(o.swapped + 4, o.swapped);
        }
    };
    swap();
    if (fault) {
        may_fault_here(*fault);
    }
    if (o.swapped == kNone) { // otherwise a register is not what it was
        may_be_refused();
    }
    i.decoded.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX ? write_vex(i, o, mem)
                                                         : write_legacy(i, o, i.memory != nullptr ? &mem : nullptr);
    swap();
    for (unsigned n = 0; n < o.count; ++n) {
        if (o.borrowed[n].written) {
            a_.store(gpr(o.borrowed[n].guest), o.borrowed[n].host);
        }
    }
}

// An instruction on registers of the host alone, once more.
void Translation::repeat(const Instruction& i)
{
    write_relocated(i, Operands{i, false}, {.base = kTemp0}, std::nullopt);
}

// The guest's XMM or x87 registers are put into the host's once in a block that needs them.
void Translation::ensure_live(const std::uint8_t& flag, Site::Kind kind, const Instruction& i, bool& ensured)
{
    if (ensured) {
        return;
    }
    ensured = true;
    held_ = -1; // C++ takes the temporaries
    lose_flags();
    const std::uint32_t site = new_site(kind, i);
    a_.cmp_byte(cell(&flag), 0);
    branch_to_site(a_.jcc(Cond::E), site);
    site_resumes(site);
}

void Translation::ensure_unit(const Instruction& i)
{
    if (i.unit == Unit::Sse && i.vex()) {
        ensure_live(shop_.frame.avx_live, Site::Kind::LoadAvx, i, avx_ensured_);
        sse_ensured_ = true;
    } else if (i.unit == Unit::Sse || i.unit == Unit::MmxAndSse) {
        ensure_live(shop_.frame.sse_live, Site::Kind::LoadSse, i, sse_ensured_);
    }
    if (i.unit == Unit::X87 || i.unit == Unit::Mmx || i.unit == Unit::MmxAndSse) {
        ensure_live(shop_.frame.x87_live, Site::Kind::LoadX87, i, x87_ensured_);
    }
}

bool Translation::plain(const Instruction& i)
{
    const bool memory = i.memory != nullptr;
    Operands operands{i, memory};
    if (!operands.possible || (memory && !can_address(i))) {
        return false;
    }
    ensure_unit(i);
    std::uint32_t site = 0;
    Mem mem{.base = kTemp0};
    std::optional<std::uint32_t> fault;
    if (memory) {
        const bool window = window_;
        window_ = window && operands.swapped == kNone; // a fault must find all registers in their places
        begin_access(i);
        site = new_site(Site::Kind::Access, i);
        const Access wanted{.size = i.memory_bytes(),
                            .write = i.writes_memory(),
                            .aligned = must_be_aligned(i),
                            .indexed = operands.count == 0 && !wants_flags(i),
                            .away = operands.swapped == kNone ? x86::kGprCount : operands.swapped};
        mem = operand(i, wanted, site);
        if (window_ || (wanted.aligned && in_groups(i.place))) { // which the lookup of a group has not checked
            fault = site;
        }
        window_ = window;
    }
    bring_flags(i);
    if (const auto guest = memory ? std::nullopt : operands.in_place(i)) {
        const Mem place = gpr(*guest);
        may_be_refused();
        write_legacy(i, operands, &place);
    } else {
        write_relocated(i, operands, mem, fault);
    }
    flags_written(i);
    if (memory) {
        site_resumes(site);
    }
    return true;
}

} // namespace windsor::translate
