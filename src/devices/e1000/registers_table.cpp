// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/registers.hpp"

#include <algorithm>

namespace windsor::devices::e1000 {

namespace {

constexpr std::uint32_t kEveryBit = ~std::uint32_t{0};

enum class SoftwareReset : std::uint8_t { Clears, Keeps };

struct Row {
    std::uint32_t offset;
    std::uint32_t Registers::* value;
    std::uint32_t writable;
    std::uint32_t initial{0};
    SoftwareReset reset{SoftwareReset::Clears};
};

// In the order of offsets. Values are those after power-on, with what the EEPROM says.
constexpr std::array kRows{
    Row{reg::kCtrl, &Registers::ctrl, ~(ctrl::kReset | ctrl::kPhyReset), ctrl::kFullDuplex | ctrl::kLinkReset},
    Row{reg::kEecd, &Registers::eecd, eecd::kKept, eecd::kFlashWriteDisabled},
    Row{reg::kEerd, &Registers::eerd, kEveryBit & ~eerd::kStart},
    Row{reg::kCtrlExt, &Registers::ctrl_ext, ctrl_ext::kWritable & ~ctrl_ext::kEepromReset},
    Row{reg::kMdic, &Registers::mdic, mdic::kMask, mdic::kReady},
    Row{reg::kFcal, &Registers::fcal, kEveryBit},
    Row{reg::kFcah, &Registers::fcah, 0xffff},
    Row{reg::kFct, &Registers::fct, 0xffff},
    Row{reg::kVet, &Registers::vet, 0xffff, 0x8100},
    Row{reg::kRctl, &Registers::rctl, rctl::kWritable},
    Row{reg::kFcttv, &Registers::fcttv, 0xffff},
    Row{reg::kTxcw, &Registers::txcw, 0xc000'ffff},
    Row{reg::kTctl, &Registers::tctl, tctl::kWritable},
    Row{reg::kTipg, &Registers::tipg, 0x3fff'ffff},
    Row{reg::kAit, &Registers::ait, 0xffff},
    Row{reg::kLedctl, &Registers::ledctl, 0xcfcf'cfcf, 0x0706'8302, SoftwareReset::Keeps},
    Row{reg::kPba, &Registers::pba, 0x7f, 0x30, SoftwareReset::Keeps},
    Row{reg::kFcrtl, &Registers::fcrtl, 0x8000'fff8},
    Row{reg::kFcrth, &Registers::fcrth, 0xfff8},
    Row{reg::kRdfh, &Registers::rdfh, 0x1fff},
    Row{reg::kRdft, &Registers::rdft, 0x1fff},
    Row{reg::kRdfhs, &Registers::rdfhs, 0x1fff},
    Row{reg::kRdfts, &Registers::rdfts, 0x1fff},
    Row{reg::kRdfpc, &Registers::rdfpc, 0x1fff},
    Row{reg::kRdbal, &Registers::rdbal, kRingBaseMask},
    Row{reg::kRdbah, &Registers::rdbah, kEveryBit},
    Row{reg::kRdlen, &Registers::rdlen, kRingLengthMask},
    Row{reg::kRdh, &Registers::rdh, kIndexMask},
    Row{reg::kRdt, &Registers::rdt, kIndexMask},
    Row{reg::kRdtr, &Registers::rdtr, 0xffff},
    Row{reg::kRxdctl, &Registers::rxdctl, 0x013f'3f3f, 0x0001'0000},
    Row{reg::kRadv, &Registers::radv, 0xffff},
    Row{reg::kRsrpd, &Registers::rsrpd, 0xfff},
    Row{reg::kTxdmac, &Registers::txdmac, 1},
    Row{reg::kTdfh, &Registers::tdfh, 0x1fff},
    Row{reg::kTdft, &Registers::tdft, 0x1fff},
    Row{reg::kTdfhs, &Registers::tdfhs, 0x1fff},
    Row{reg::kTdfts, &Registers::tdfts, 0x1fff},
    Row{reg::kTdfpc, &Registers::tdfpc, 0x1fff},
    Row{reg::kTdbal, &Registers::tdbal, kRingBaseMask},
    Row{reg::kTdbah, &Registers::tdbah, kEveryBit},
    Row{reg::kTdlen, &Registers::tdlen, kRingLengthMask},
    Row{reg::kTdh, &Registers::tdh, kIndexMask},
    Row{reg::kTdt, &Registers::tdt, kIndexMask},
    Row{reg::kTidv, &Registers::tidv, 0xffff},
    Row{reg::kTxdctl, &Registers::txdctl, 0xff3f'3f3f},
    Row{reg::kTadv, &Registers::tadv, 0xffff},
    Row{reg::kTspmt, &Registers::tspmt, kEveryBit, 0x0100'0400},
    Row{reg::kRxcsum, &Registers::rxcsum, rxcsum::kWritable},
    Row{reg::kWuc, &Registers::wuc, 0x0f, 0, SoftwareReset::Keeps},
    Row{reg::kWufc, &Registers::wufc, 0x000f'80ff},
    Row{reg::kManc, &Registers::manc, 0x00ff'ffff},
};
static_assert(std::ranges::is_sorted(kRows, {}, &Row::offset));

// Registers of one kind in a row. They keep what they hold over a software reset: it is memory on the chip.
struct Block {
    std::uint32_t offset;
    std::span<std::uint32_t> (*words)(Registers& registers);
    std::uint32_t writable{kEveryBit};
    std::uint32_t writable_odd{kEveryBit};
};

template <auto Member> std::span<std::uint32_t> words_of(Registers& registers)
{
    return registers.*Member;
}

constexpr std::array kBlocks{
    Block{reg::kMta, words_of<&Registers::mta>},
    Block{reg::kRa, words_of<&Registers::ra>, kEveryBit, rah::kWritable},
    Block{reg::kVfta, words_of<&Registers::vfta>},
};

struct Alias {
    std::uint32_t offset;
    std::uint32_t size;
    std::uint32_t place;
};

constexpr std::array kAliases{
    Alias{0x0040, 0x80, reg::kRa},    Alias{0x0108, 4, reg::kRdtr},    Alias{0x0110, 12, reg::kRdbal},
    Alias{0x0120, 4, reg::kRdh},      Alias{0x0128, 4, reg::kRdt},     Alias{0x0160, 4, reg::kFcrth},
    Alias{0x0168, 4, reg::kFcrtl},    Alias{0x0200, 0x200, reg::kMta}, Alias{0x0420, 12, reg::kTdbal},
    Alias{0x0430, 4, reg::kTdh},      Alias{0x0438, 4, reg::kTdt},     Alias{0x0440, 4, reg::kTidv},
    Alias{0x0600, 0x200, reg::kVfta}, Alias{0x8000, 4, reg::kRdfh},    Alias{0x8008, 4, reg::kRdft},
    Alias{0x8010, 4, reg::kTdfh},     Alias{0x8018, 4, reg::kTdft},
};

constexpr std::uint32_t kFirstPastRegisters = 0x9c00;

} // namespace

std::uint32_t without_alias(std::uint32_t offset)
{
    if (offset >= kFirstPastRegisters) {
        return offset;
    }
    for (const Alias& alias : kAliases) {
        if (offset - alias.offset < alias.size) {
            return alias.place + (offset - alias.offset);
        }
    }
    return offset == reg::kCtrlDup ? reg::kCtrl : offset;
}

std::optional<Plain> find_register(Registers& registers, std::uint32_t offset)
{
    const auto* const row = std::ranges::lower_bound(kRows, offset, {}, &Row::offset);
    if (row != kRows.end() && row->offset == offset) {
        return Plain{&(registers.*row->value), row->writable};
    }
    for (const Block& block : kBlocks) {
        const auto words = block.words(registers);
        const std::uint32_t index = (offset - block.offset) / sizeof(std::uint32_t); // huge before it
        if (index < words.size() && offset % sizeof(std::uint32_t) == 0) {
            return Plain{&words[index], index % 2 == 0 ? block.writable : block.writable_odd};
        }
    }
    return std::nullopt;
}

void power_on(Registers& registers, const Eeprom& eeprom)
{
    registers = {};
    for (const Row& row : kRows) {
        registers.*row.value = row.initial;
    }
    load_station_address(registers, eeprom);
}

void software_reset(Registers& registers, const Eeprom& eeprom)
{
    for (const Row& row : kRows) {
        if (row.reset == SoftwareReset::Clears) {
            registers.*row.value = row.initial;
        }
    }
    load_station_address(registers, eeprom);
}

void load_station_address(Registers& registers, const Eeprom& eeprom)
{
    registers.ra[0] = eeprom.word(0) | std::uint32_t{eeprom.word(1)} << 16;
    registers.ra[1] = eeprom.word(2) | rah::kValid;
}

void keep_possible_bits(Registers& registers)
{
    for (const Row& row : kRows) {
        registers.*row.value &= row.writable | row.initial;
    }
    for (const Block& block : kBlocks) {
        const auto words = block.words(registers);
        for (std::size_t i = 0; i < words.size(); ++i) {
            words[i] &= i % 2 == 0 ? block.writable : block.writable_odd;
        }
    }
}

DescriptorRing receive_ring(const Registers& registers)
{
    return {.base = std::uint64_t{registers.rdbah} << 32 | registers.rdbal,
            .count = registers.rdlen / kDescriptorSize,
            .head = registers.rdh,
            .tail = registers.rdt};
}

DescriptorRing transmit_ring(const Registers& registers)
{
    return {.base = std::uint64_t{registers.tdbah} << 32 | registers.tdbal,
            .count = registers.tdlen / kDescriptorSize,
            .head = registers.tdh,
            .tail = registers.tdt};
}

} // namespace windsor::devices::e1000
