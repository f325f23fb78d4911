// SPDX-License-Identifier: GPL-2.0-or-later
// The RTL8139C+ in a saved state.
#pragma once

#include "devices/rtl8139/rtl8139.hpp"
#include "pci/saved_state.hpp"
#include "state/archive.hpp"

namespace windsor::devices::rtl8139 {

template <typename Archive> void describe(Archive& archive, Eeprom93c46::State& eeprom)
{
    archive.field("words", eeprom.words);
    archive.choice("phase", eeprom.phase, Eeprom93c46::Phase::Done);
    archive.field("command", eeprom.command);
    archive.field("shift", eeprom.shift);
    archive.field("bits", eeprom.bits);
    archive.field("write_enabled", eeprom.write_enabled);
    archive.field("selected", eeprom.selected);
    archive.field("clock", eeprom.clock);
    archive.field("out", eeprom.out);
}

template <typename Archive> void describe(Archive& archive, Rtl8139::Tallies& tallies)
{
    archive.field("transmitted", tallies.transmitted);
    archive.field("received", tallies.received);
    archive.field("transmit_errors", tallies.transmit_errors);
    archive.field("receive_errors", tallies.receive_errors);
    archive.field("missed", tallies.missed);
    archive.field("received_physical", tallies.received_physical);
    archive.field("received_broadcast", tallies.received_broadcast);
    archive.field("received_multicast", tallies.received_multicast);
    archive.field("underruns", tallies.underruns);
}

template <typename Archive> void describe(Archive& archive, Rtl8139::Registers& registers)
{
    archive.field("id", registers.id);
    archive.field("multicast", registers.multicast);
    archive.field("transmit_status", registers.transmit_status);
    archive.field("transmit_address", registers.transmit_address);
    archive.field("receive_start", registers.receive_start);
    archive.field("command", registers.command);
    archive.field("read_pointer", registers.read_pointer);
    archive.field("write_pointer", registers.write_pointer);
    archive.field("interrupt_mask", registers.interrupt_mask);
    archive.field("interrupt_status", registers.interrupt_status);
    archive.field("transmit_config", registers.transmit_config);
    archive.field("receive_config", registers.receive_config);
    archive.field("timer_start", registers.timer_start);
    archive.field("timer_interrupt", registers.timer_interrupt);
    archive.field("missed", registers.missed);
    archive.field("eeprom_command", registers.eeprom_command);
    archive.field("config0", registers.config0);
    archive.field("config1", registers.config1);
    archive.field("config3", registers.config3);
    archive.field("config4", registers.config4);
    archive.field("config5", registers.config5);
    archive.field("flow_control", registers.flow_control);
    archive.field("multiple_interrupt", registers.multiple_interrupt);
    archive.field("basic_control", registers.basic_control);
    archive.field("advertised", registers.advertised);
    archive.field("disconnects", registers.disconnects);
    archive.field("connection_config", registers.connection_config);
    archive.field("link_changed", registers.link_changed);
    archive.field("plugged", registers.plugged);
    archive.field("parameters", registers.parameters);
    archive.field("plus_command", registers.plus_command);
    archive.field("next_normal", registers.next_normal);
    archive.field("next_high", registers.next_high);
    archive.field("next_received", registers.next_received);
    archive.field("receive_ring", registers.receive_ring);
    archive.field("early_transmit", registers.early_transmit);
    archive.field("tally_address", registers.tally_address);
    archive.field("tallies", registers.tallies);
    archive.field("polled", registers.polled);
    archive.field("refused", registers.refused);
}

template <typename Archive> void describe(Archive& archive, Rtl8139::State& state)
{
    archive.field("pci", state.pci);
    archive.field("eeprom", state.eeprom);
    archive.field("registers", state.registers);
}

} // namespace windsor::devices::rtl8139
