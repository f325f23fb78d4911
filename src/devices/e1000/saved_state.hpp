// SPDX-License-Identifier: GPL-2.0-or-later
// The network card in a saved state.
#pragma once

#include "devices/e1000/e1000.hpp"
#include "pci/saved_state.hpp"

#include <array>
#include <string_view>

namespace windsor::devices::e1000 {

// Words as bytes, lowest first: a table is one field, and not as many as it has words.
template <typename Archive, typename T, std::size_t N>
void describe_table(Archive& archive, std::string_view name, std::array<T, N>& words)
{
    std::array<std::uint8_t, N * sizeof(T)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(words[i / sizeof(T)] >> i % sizeof(T) * 8);
    }
    archive.field(name, bytes);
    words = {};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        words[i / sizeof(T)] = static_cast<T>(words[i / sizeof(T)] | T{bytes[i]} << i % sizeof(T) * 8);
    }
}

// Of both rings.
template <typename Archive> void describe_rings(Archive& archive, Registers& registers)
{
    archive.field("rdfh", registers.rdfh);
    archive.field("rdft", registers.rdft);
    archive.field("rdfhs", registers.rdfhs);
    archive.field("rdfts", registers.rdfts);
    archive.field("rdfpc", registers.rdfpc);
    archive.field("rdbal", registers.rdbal);
    archive.field("rdbah", registers.rdbah);
    archive.field("rdlen", registers.rdlen);
    archive.field("rdh", registers.rdh);
    archive.field("rdt", registers.rdt);
    archive.field("rdtr", registers.rdtr);
    archive.field("rxdctl", registers.rxdctl);
    archive.field("radv", registers.radv);
    archive.field("rsrpd", registers.rsrpd);
    archive.field("txdmac", registers.txdmac);
    archive.field("tdfh", registers.tdfh);
    archive.field("tdft", registers.tdft);
    archive.field("tdfhs", registers.tdfhs);
    archive.field("tdfts", registers.tdfts);
    archive.field("tdfpc", registers.tdfpc);
    archive.field("tdbal", registers.tdbal);
    archive.field("tdbah", registers.tdbah);
    archive.field("tdlen", registers.tdlen);
    archive.field("tdh", registers.tdh);
    archive.field("tdt", registers.tdt);
    archive.field("tidv", registers.tidv);
    archive.field("txdctl", registers.txdctl);
    archive.field("tadv", registers.tadv);
    archive.field("tspmt", registers.tspmt);
}

template <typename Archive> void describe(Archive& archive, Registers& registers)
{
    archive.field("ctrl", registers.ctrl);
    archive.field("eecd", registers.eecd);
    archive.field("eerd", registers.eerd);
    archive.field("ctrl_ext", registers.ctrl_ext);
    archive.field("mdic", registers.mdic);
    archive.field("fcal", registers.fcal);
    archive.field("fcah", registers.fcah);
    archive.field("fct", registers.fct);
    archive.field("vet", registers.vet);
    archive.field("rctl", registers.rctl);
    archive.field("fcttv", registers.fcttv);
    archive.field("txcw", registers.txcw);
    archive.field("tctl", registers.tctl);
    archive.field("tipg", registers.tipg);
    archive.field("ait", registers.ait);
    archive.field("ledctl", registers.ledctl);
    archive.field("pba", registers.pba);
    archive.field("fcrtl", registers.fcrtl);
    archive.field("fcrth", registers.fcrth);
    describe_rings(archive, registers);
    archive.field("rxcsum", registers.rxcsum);
    archive.field("wuc", registers.wuc);
    archive.field("wufc", registers.wufc);
    archive.field("manc", registers.manc);
    describe_table(archive, "ra", registers.ra);
    describe_table(archive, "mta", registers.mta);
    describe_table(archive, "vfta", registers.vfta);
}

template <typename Archive> void describe(Archive& archive, Eeprom::State& eeprom)
{
    describe_table(archive, "words", eeprom.words);
    archive.field("clock", eeprom.clock);
    archive.field("selected", eeprom.selected);
    archive.field("data_out", eeprom.data_out);
    archive.choice("phase", eeprom.phase, Eeprom::Phase::Ignore);
    archive.field("write_enabled", eeprom.write_enabled);
    archive.field("bits", eeprom.bits);
    archive.field("shift", eeprom.shift);
    archive.field("address", eeprom.address);
    archive.field("all", eeprom.all);
}

template <typename Archive> void describe(Archive& archive, Phy::State& phy)
{
    archive.field("control", phy.control);
    archive.field("advertised", phy.advertised);
    archive.field("next_page", phy.next_page);
    archive.field("advertised_1000", phy.advertised_1000);
    archive.field("specific_control", phy.specific_control);
    archive.field("interrupt_enable", phy.interrupt_enable);
    archive.field("interrupt_status", phy.interrupt_status);
    archive.field("extended_control", phy.extended_control);
    archive.field("led_control", phy.led_control);
    archive.field("led_override", phy.led_override);
    archive.field("extended_control_2", phy.extended_control_2);
    archive.field("page", phy.page);
    archive.field("page_data", phy.page_data);
    archive.field("carrier", phy.carrier);
    archive.field("link", phy.link);
    archive.field("link_lost", phy.link_lost);
    archive.field("link_at", phy.link_at);
}

template <typename Archive> void describe(Archive& archive, Statistics::State& statistics)
{
    describe_table(archive, "counters", statistics.counters);
}

template <typename Archive> void describe(Archive& archive, Interrupts::Delayed& delayed)
{
    archive.field("at", delayed.at);
    archive.field("latest", delayed.latest);
}

template <typename Archive> void describe(Archive& archive, Interrupts::State& interrupts)
{
    archive.field("causes", interrupts.causes);
    archive.field("mask", interrupts.mask);
    archive.field("interval", interrupts.interval);
    archive.field("quiet_until", interrupts.quiet_until);
    archive.field("received", interrupts.received);
    archive.field("transmitted", interrupts.transmitted);
}

template <typename Archive> void describe(Archive& archive, Transmitter::Context& context)
{
    archive.field("ip_start", context.ip_start);
    archive.field("ip_field", context.ip_field);
    archive.field("ip_end", context.ip_end);
    archive.field("transport_start", context.transport_start);
    archive.field("transport_field", context.transport_field);
    archive.field("transport_end", context.transport_end);
    archive.field("tcp", context.tcp);
    archive.field("ipv4", context.ipv4);
    archive.field("header", context.header);
    archive.field("mss", context.mss);
}

template <typename Archive> void describe(Archive& archive, Transmitter::State& transmitter)
{
    archive.field("segmenting", transmitter.segmenting);
    archive.field("plain", transmitter.plain);
    archive.field("begun", transmitter.begun);
    archive.field("spoilt", transmitter.spoilt);
    archive.field("segment", transmitter.segment);
    archive.field("options", transmitter.options);
    archive.field("tagged", transmitter.tagged);
    archive.field("tag", transmitter.tag);
    archive.field("packet", transmitter.packet);
}

template <typename Archive> void describe(Archive& archive, Receiver::State& receiver)
{
    archive.field("refused", receiver.refused);
}

template <typename Archive> void describe(Archive& archive, E1000::State& state)
{
    archive.field("pci", state.pci);
    archive.field("registers", state.registers);
    archive.field("eeprom", state.eeprom);
    archive.field("phy", state.phy);
    archive.field("statistics", state.statistics);
    archive.field("interrupts", state.interrupts);
    archive.field("transmitter", state.transmitter);
    archive.field("receiver", state.receiver);
    archive.field("link_up", state.link_up);
    archive.field("io_address", state.io_address);
}

} // namespace windsor::devices::e1000
