// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/decoder.hpp"

#include "base/copy_once.hpp"
#include "emulate/core/offered.hpp"
#include "emulate/memory/shootdowns.hpp"
#include "emulate/memory/physical_map.hpp"
#include "emulate/system/descriptors.hpp"
#include "x86/address.hpp"

#include <algorithm>

namespace windsor::emulate {

namespace {

constexpr unsigned kLongest = 15; // bytes of an instruction, SDM volume 2A, section 2.3.11
constexpr std::size_t kLongestBlock = 64; // instructions; BlockCache::block_limit() asks for no more

Outcome undefined_opcode(Cpu& cpu, const Insn&)
{
    return cpu.raise(x86::Exception::Ud);
}

Outcome general_protection(Cpu& cpu, const Insn&)
{
    return cpu.raise(x86::Exception::Gp, 0);
}

Insn raising(Handler handler)
{
    Insn insn;
    insn.handler = handler;
    insn.length = 1;
    insn.ends_block = true;
    return insn;
}

// After these the run loop has to look at signals, shadows, breakpoints or the access mode again, whatever
// their handlers say. A serializing instruction ends its block so that code which another processor has written is
// decoded anew behind it. SDM volume 3A, sections 8.1.3 and 8.3.
bool always_ends(const Decoded& decoded)
{
    switch (decoded.instruction.mnemonic) {
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
    case ZYDIS_MNEMONIC_STI:
    case ZYDIS_MNEMONIC_STAC:
    case ZYDIS_MNEMONIC_CLAC:
    case ZYDIS_MNEMONIC_LSS:
    case ZYDIS_MNEMONIC_WRMSR:
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_INVLPG:
    case ZYDIS_MNEMONIC_INVD:
    case ZYDIS_MNEMONIC_WBINVD:
    case ZYDIS_MNEMONIC_LGDT:
    case ZYDIS_MNEMONIC_LIDT:
    case ZYDIS_MNEMONIC_LLDT:
    case ZYDIS_MNEMONIC_LTR: return true;
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_POP: break;
    default: return false;
    }
    const ZydisDecodedOperand& to = decoded.operands[0];
    if (to.type != ZYDIS_OPERAND_TYPE_REGISTER) {
        return false;
    }
    const ZydisRegisterClass kind = ZydisRegisterGetClass(to.reg.value);
    return to.reg.value == ZYDIS_REGISTER_SS || kind == ZYDIS_REGCLASS_CONTROL || kind == ZYDIS_REGCLASS_DEBUG;
}

x86::Seg segment_of(ZydisRegister reg)
{
    switch (reg) {
    case ZYDIS_REGISTER_ES: return x86::Seg::Es;
    case ZYDIS_REGISTER_CS: return x86::Seg::Cs;
    case ZYDIS_REGISTER_SS: return x86::Seg::Ss;
    case ZYDIS_REGISTER_FS: return x86::Seg::Fs;
    case ZYDIS_REGISTER_GS: return x86::Seg::Gs;
    default: return x86::Seg::Ds;
    }
}

x86::Seg overriding_segment(ZydisInstructionAttributes attributes)
{
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_ES) != 0) {
        return x86::Seg::Es;
    }
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_CS) != 0) {
        return x86::Seg::Cs;
    }
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_SS) != 0) {
        return x86::Seg::Ss;
    }
    if ((attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS) != 0) {
        return x86::Seg::Fs;
    }
    return (attributes & ZYDIS_ATTRIB_HAS_SEGMENT_GS) != 0 ? x86::Seg::Gs : x86::Seg::Ds;
}

std::uint8_t register_number(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_NONE ? kNoRegister : static_cast<std::uint8_t>(ZydisRegisterGetId(reg));
}

// A SIB byte without base: Zydis 4.0 takes REX.B into account there if the address size is 32 bits, which
// processors do not. SDM volume 2A, table 2-3 and section 2.2.1.3.
bool lacks_base(const ZydisDecodedInstruction& in, const ZydisDecodedOperand& operand)
{
    return operand.encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM && in.address_width != 16 && in.raw.modrm.mod == 0 &&
           in.raw.modrm.rm == 4 && in.raw.sib.base == 5;
}

void fill_memory_operand(const ZydisDecodedInstruction& in, const ZydisDecodedOperand& operand, Insn& insn)
{
    const auto& mem = operand.mem;
    insn.segment = segment_of(mem.segment);
    insn.displacement = mem.disp.has_displacement ? mem.disp.value : 0;
    if (lacks_base(in, operand)) {
        insn.displacement = in.raw.disp.value;
    } else if (mem.base == ZYDIS_REGISTER_RIP || mem.base == ZYDIS_REGISTER_EIP) {
        insn.rip_relative = true;
    } else {
        insn.base = register_number(mem.base);
    }
    insn.index = register_number(mem.index);
    insn.scale = mem.scale == 8 ? 3 : mem.scale == 4 ? 2 : mem.scale == 2 ? 1 : 0;
}

// In real and virtual-8086 mode Zydis refuses instructions that only protected mode has. That is right for those that
// raise #UD there, but these raise #GP, and in virtual-8086 mode SYSENTER even works: their handlers tell. SDM volume 2
// and AMD64 APM volume 3, "Real-Address Mode Exceptions" of each.
bool refuses_by_itself(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_SYSENTER || mnemonic == ZYDIS_MNEMONIC_SYSEXIT ||
           mnemonic == ZYDIS_MNEMONIC_SYSRET;
}

} // namespace

Decoder::Decoder(const vcpu::CpuModel& model, HostStubs& stubs)
    : table_{std::make_unique<OpcodeTable>()}, stubs_{stubs}, offered_{offered_sets(model)}
{
    static constexpr std::array<std::pair<ZydisMachineMode, ZydisStackWidth>, 6> kModes{{
        {ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16},
        {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16},
        {ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32},
        {ZYDIS_MACHINE_MODE_LONG_COMPAT_16, ZYDIS_STACK_WIDTH_16},
        {ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_STACK_WIDTH_32},
        {ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64},
    }};
    for (std::size_t i = 0; i < kModes.size(); ++i) {
        ZydisDecoder& decoder = decoders_[i];
        ZydisDecoderInit(&decoder, kModes[i].first, kModes[i].second);
        // What is not offered decodes as the older instruction that the prefix was put on.
        ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
        ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
        ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_CLDEMOTE, ZYAN_FALSE);
        ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_WBNOINVD, ZYAN_FALSE);
        ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_TZCNT,
                               offered_[ZYDIS_ISA_SET_BMI1] ? ZYAN_TRUE : ZYAN_FALSE);
        ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_LZCNT,
                               offered_[ZYDIS_ISA_SET_LZCNT] ? ZYAN_TRUE : ZYAN_FALSE);
    }
}

DecodeMode Decoder::mode_of(const Cpu& cpu)
{
    switch (cpu.mode()) {
    case Mode::Long: return DecodeMode::Long64;
    case Mode::Compatibility: return cpu.code_size() == 4 ? DecodeMode::Compat32 : DecodeMode::Compat16;
    case Mode::Protected: return cpu.code_size() == 4 ? DecodeMode::Legacy32 : DecodeMode::Legacy16;
    default: return cpu.code_size() == 4 ? DecodeMode::Legacy32 : DecodeMode::Real16;
    }
}

void Decoder::fill_operands(const Decoded& decoded, Insn& insn) const
{
    const ZydisDecodedInstruction& in = decoded.instruction;
    insn.length = in.length;
    insn.operand_size = static_cast<std::uint8_t>(in.operand_width / 8);
    insn.address_size = static_cast<std::uint8_t>(in.address_width / 8);
    insn.mnemonic = static_cast<std::uint16_t>(in.mnemonic);
    insn.lock = (in.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0;
    insn.rex = (in.attributes & ZYDIS_ATTRIB_HAS_REX) != 0;
    insn.rep = (in.attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0                                 ? RepPrefix::Repne
               : (in.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0 ? RepPrefix::Rep
                                                                                       : RepPrefix::None;
    insn.segment = overriding_segment(in.attributes);
    const auto rex_b = static_cast<std::uint8_t>(insn.rex ? in.raw.rex.B << 3 : 0);
    if ((in.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0) {
        insn.reg = static_cast<std::uint8_t>(in.raw.modrm.reg | (insn.rex ? in.raw.rex.R << 3 : 0));
        insn.rm = static_cast<std::uint8_t>(in.raw.modrm.rm | rex_b);
    } else {
        insn.reg = static_cast<std::uint8_t>((in.opcode & 7) | rex_b);
    }
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand.encoding != ZYDIS_OPERAND_ENCODING_NONE) {
            insn.immediate = operand.imm.value.u;
            break;
        }
    }
    for (const ZydisDecodedOperand& operand : decoded.operands) {
        if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.encoding != ZYDIS_OPERAND_ENCODING_NONE) {
            fill_memory_operand(in, operand, insn);
            insn.memory = true;
            break;
        }
    }
}

void Decoder::choose(const Decoded& decoded, Insn& insn) const
{
    const Select select =
        offered_[decoded.instruction.meta.isa_set] ? table_->select(decoded.instruction.mnemonic) : nullptr;
    insn.handler = select != nullptr ? select(decoded, insn) : nullptr;
    if (insn.handler == nullptr) {
        insn.handler = undefined_opcode;
        insn.ends_block = true;
    }
    insn.ends_block = insn.ends_block || always_ends(decoded);
}

Decoder::Result Decoder::decode(DecodeMode mode, std::span<const std::uint8_t> bytes, Insn& insn) const
{
    ZydisDecodedInstruction instruction;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
    const auto decode_as = [&](DecodeMode as) {
        return ZydisDecoderDecodeFull(&decoders_[static_cast<std::size_t>(as)], bytes.data(), bytes.size(),
                                      &instruction, operands.data());
    };
    ZyanStatus status = decode_as(mode);
    if (mode == DecodeMode::Real16 && status == ZYDIS_STATUS_DECODING_ERROR) {
        const ZyanStatus as_protected = decode_as(DecodeMode::Legacy16);
        if (ZYAN_SUCCESS(as_protected) && refuses_by_itself(instruction.mnemonic)) {
            status = as_protected;
        }
    }
    if (status == ZYDIS_STATUS_NO_MORE_DATA) {
        return bytes.size() >= kLongest ? Result::TooLong : Result::NeedMore;
    }
    if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG) {
        return Result::TooLong;
    }
    if (ZYAN_FAILED(status)) {
        return Result::Invalid;
    }
    const Decoded decoded{.instruction = instruction,
                          .operands = std::span{operands}.first(instruction.operand_count),
                          .bytes = bytes.first(instruction.length),
                          .stubs = &stubs_};
    insn = Insn{};
    fill_operands(decoded, insn);
    choose(decoded, insn);
    return Result::Done;
}

// Decodes the instructions that lie wholly in the page, which are none if the first one crosses its end. The guest may
// write there meanwhile, so its bytes are read once.
void Decoder::fill_block(Block& block, const std::uint8_t* host, unsigned available, DecodeMode mode,
                         std::size_t limit) const
{
    std::array<std::uint8_t, kLongestBlock * kLongest> copy;
    available = std::min(available, static_cast<unsigned>(std::min(limit, kLongestBlock)) * kLongest);
    base::copy_once(copy.data(), host, available);
    unsigned at = 0;
    while (at < available && block.insns.size() < limit) {
        Insn insn;
        const auto bytes = std::span{copy}.subspan(at, std::min(available - at, kLongest));
        switch (decode(mode, bytes, insn)) {
        case Result::Done: break;
        case Result::NeedMore: return;
        case Result::Invalid: insn = raising(undefined_opcode); break;
        case Result::TooLong: insn = raising(general_protection); break;
        }
        at += insn.length;
        block.insns.push_back(insn);
        block.length = static_cast<std::uint16_t>(at);
        if (insn.ends_block) {
            return;
        }
    }
}

// The page is held before its bytes are read, so that a write by another processor after the reading is told. Where
// another processor has set the flag already, this one's own stores still have to be made to look at it.
void Decoder::flag_page(Cpu& cpu, const memory::Page& page, base::GuestPhysical physical)
{
    const bool flagged = (page.flags->load() & memory::kPageCode) != 0;
    if (!flagged || !cpu.blocks_->holds_page(page.host)) {
        cpu.hold_page(page, physical);
    }
}

const Block* Decoder::keep(Cpu& cpu, std::unique_ptr<Block> block)
{
    BlockCache& cache = *cpu.blocks_;
    if (cache.full()) {
        cache.drop_all();
    }
    return cache.insert(std::move(block));
}

// Where an instruction goes on that crosses into the next page; false: a fault is noted. No page follows the last
// canonical address.
bool Decoder::fetch_second(Cpu& cpu, x86::Linear linear, base::GuestPhysical& physical)
{
    const x86::Linear next = (linear.aligned_down(memory::kPageSize) + memory::kPageSize) & cpu.linear_mask();
    return x86::canonical(next) ? cpu.fetch_physical(next, physical) : cpu.refuse(x86::Exception::Gp);
}

const Block* Decoder::careful(Cpu& cpu, x86::Linear linear, DecodeMode mode, const memory::Page& first)
{
    std::array<std::uint8_t, kLongest> bytes{};
    const std::uint64_t to_limit = mode == DecodeMode::Long64 ? kLongest : cpu.code_limit_ - cpu.s.rip + 1;
    const auto allowed = static_cast<unsigned>(std::min<std::uint64_t>(kLongest, to_limit));
    const auto in_page = static_cast<unsigned>(
        std::min<std::uint64_t>(allowed, memory::kPageSize - linear.offset_in(memory::kPageSize)));
    base::GuestPhysical physical;
    if (!cpu.fetch_physical(linear, physical)) {
        return nullptr;
    }
    const auto read = [&](unsigned from, unsigned to, base::GuestPhysical at) {
        for (unsigned i = from; i < to; ++i, at += 1) {
            bytes[i] = static_cast<std::uint8_t>(cpu.read_physical(at, 1));
        }
    };
    read(0, in_page, physical);
    Insn insn;
    Result result = decode(mode, std::span{bytes}.first(in_page), insn);
    const memory::Page* second = nullptr;
    if (result == Result::NeedMore && in_page < allowed) {
        base::GuestPhysical next;
        if (!fetch_second(cpu, linear, next)) {
            return nullptr;
        }
        second = &cpu.physical_->page(next);
        if (first.readable() && second->readable()) {
            flag_page(cpu, first, physical);
            flag_page(cpu, *second, next);
        }
        read(0, in_page, physical); // the page walk may have set an accessed flag among them
        read(in_page, allowed, next);
        result = decode(mode, std::span{bytes}.first(allowed), insn);
    }
    switch (result) {
    case Result::Done: break;
    case Result::Invalid: insn = raising(undefined_opcode); break;
    case Result::NeedMore: // the limit cuts the instruction off
    case Result::TooLong: insn = raising(general_protection); break;
    }
    const bool crosses = second != nullptr && result == Result::Done && second->readable() && first.readable();
    if (!crosses) {
        scratch_ = Block{.host = nullptr, .second_page = nullptr, .length = insn.length, .mode = 0, .insns = {insn}};
        return &scratch_;
    }
    auto block = std::make_unique<Block>();
    block->host = first.host + linear.offset_in(memory::kPageSize);
    block->second_page = second->host;
    block->length = insn.length;
    block->mode = static_cast<std::uint8_t>(mode);
    block->insns.push_back(insn);
    return keep(cpu, std::move(block));
}

const Block* Decoder::block(Cpu& cpu, x86::Linear linear)
{
    base::GuestPhysical physical;
    if (!cpu.fetch_physical(linear, physical)) {
        return nullptr;
    }
    const DecodeMode mode = mode_of(cpu);
    const memory::Page page = cpu.physical_->page(physical);
    if (!page.readable()) {
        return careful(cpu, linear, mode, page);
    }
    const std::uint64_t offset = physical.offset_in(memory::kPageSize);
    const std::uint8_t* host = page.host + offset;
    const Block* found = cpu.blocks_->find(host, static_cast<std::uint8_t>(mode));
    if (found != nullptr && found->second_page != nullptr) {
        // The second page may be mapped elsewhere by now. The page walk may set an accessed flag in the very bytes of
        // the block and so drop it, which is why it is looked for once more.
        base::GuestPhysical next;
        if (!fetch_second(cpu, linear, next)) {
            return nullptr;
        }
        found = cpu.blocks_->find(host, static_cast<std::uint8_t>(mode));
        found = found != nullptr && cpu.physical_->page(next).host == found->second_page ? found : nullptr;
    }
    if (found == nullptr) {
        flag_page(cpu, page, physical);
        auto fresh = std::make_unique<Block>();
        fresh->host = host;
        fresh->mode = static_cast<std::uint8_t>(mode);
        // While every instruction is watched, only the first one of a block is run.
        fill_block(*fresh, host, static_cast<unsigned>(memory::kPageSize - offset), mode,
                   cpu.special_ ? 1 : cpu.blocks_->block_limit(page.host));
        if (fresh->insns.empty()) {
            return careful(cpu, linear, mode, page);
        }
        found = keep(cpu, std::move(fresh));
    }
    const bool beyond_limit = mode != DecodeMode::Long64 && cpu.s.rip + found->length - 1 > cpu.code_limit_;
    return beyond_limit ? careful(cpu, linear, mode, page) : found;
}

} // namespace windsor::emulate
