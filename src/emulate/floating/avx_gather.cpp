// SPDX-License-Identifier: GPL-2.0-or-later
// VGATHERxPx and VPGATHERxx. SDM volume 2C.
#include "emulate/floating/avx_state.hpp"
#include "emulate/memory/memory_access.hpp"

#include <algorithm>
#include <type_traits>

namespace windsor::emulate {

namespace {

template <typename T> T element(const Ymm& from, unsigned number)
{
    T value;
    std::memcpy(&value, from.data() + number * sizeof(T), sizeof value);
    return value;
}

template <typename T> void set_element(Ymm& into, unsigned number, T value)
{
    std::memcpy(into.data() + number * sizeof(T), &value, sizeof value);
}

std::uint64_t wrapped(const Insn& insn, std::uint64_t address)
{
    return insn.address_size == 8 ? address : address & 0xffffffff;
}

// Elements are loaded from the lowest on. At a fault those before it are in the destination, with their mask cleared,
// so that the instruction goes on with the rest when it is run again.
template <typename Index, typename Data> Outcome run_gather(Cpu& cpu, const Insn& insn)
{
    if (!avx_available(cpu)) {
        return Outcome::Fault;
    }
    const unsigned count = insn.operand_size / static_cast<unsigned>(std::max(sizeof(Index), sizeof(Data)));
    const std::uint64_t base = cpu.effective_address(insn);
    const Ymm indices = read_ymm(cpu, insn.rm);
    Ymm mask = read_ymm(cpu, second_register(insn));
    Ymm result = read_ymm(cpu, insn.reg);
    for (unsigned i = 0; i < count; ++i) {
        Data value = element<Data>(result, i);
        const auto index = static_cast<std::uint64_t>(std::int64_t{element<Index>(indices, i)});
        if (element<std::make_signed_t<Data>>(mask, i) < 0 &&
            !cpu.read<Data>(insn.segment, wrapped(insn, base + (index << insn.scale)), value)) {
            write_ymm(cpu, insn.reg, result);
            write_ymm(cpu, second_register(insn), mask);
            return Outcome::Fault;
        }
        set_element(result, i, value);
        set_element<Data>(mask, i, 0);
    }
    const auto used = static_cast<std::ptrdiff_t>(count * sizeof(Data));
    std::fill(result.begin() + used, result.end(), std::uint8_t{0});
    write_ymm(cpu, insn.reg, result);
    write_ymm(cpu, second_register(insn), {});
    return Outcome::Next;
}

// The index register is no address register: it goes to Insn::rm.
template <typename Index, typename Data> Handler select_gather(const Decoded& decoded, Insn& insn)
{
    const unsigned mask = decoded.instruction.machine_mode == ZYDIS_MACHINE_MODE_LONG_64 ? 15 : 7;
    name_vex_registers(decoded, insn);
    insn.rm = static_cast<std::uint8_t>(insn.index & mask);
    insn.index = kNoRegister;
    insn.operand_size = decoded.instruction.raw.vex.L != 0 ? 32 : 16;
    const bool distinct =
        insn.reg != insn.rm && insn.reg != second_register(insn) && insn.rm != second_register(insn);
    return distinct && insn.address_size != 2 ? run_gather<Index, Data> : nullptr;
}

} // namespace

void add_avx_gather(OpcodeTable& table)
{
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_VGATHERDPS, ZYDIS_MNEMONIC_VPGATHERDD}) {
        table.set(mnemonic, select_gather<std::int32_t, std::uint32_t>);
    }
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_VGATHERDPD, ZYDIS_MNEMONIC_VPGATHERDQ}) {
        table.set(mnemonic, select_gather<std::int32_t, std::uint64_t>);
    }
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_VGATHERQPS, ZYDIS_MNEMONIC_VPGATHERQD}) {
        table.set(mnemonic, select_gather<std::int64_t, std::uint32_t>);
    }
    for (const ZydisMnemonic mnemonic : {ZYDIS_MNEMONIC_VGATHERQPD, ZYDIS_MNEMONIC_VPGATHERQQ}) {
        table.set(mnemonic, select_gather<std::int64_t, std::uint64_t>);
    }
}

} // namespace windsor::emulate
