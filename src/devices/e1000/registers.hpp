// SPDX-License-Identifier: GPL-2.0-or-later
// Registers that hold what the guest has written, and the tables that say which bits of them there are.
#pragma once

#include "devices/e1000/eeprom.hpp"
#include "devices/e1000/spec.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace windsor::devices::e1000 {

// By the names of table 13-2.
struct Registers {
    std::uint32_t ctrl{0};
    std::uint32_t eecd{0};
    std::uint32_t eerd{0};
    std::uint32_t ctrl_ext{0};
    std::uint32_t mdic{0};
    std::uint32_t fcal{0};
    std::uint32_t fcah{0};
    std::uint32_t fct{0};
    std::uint32_t vet{0};
    std::uint32_t rctl{0};
    std::uint32_t fcttv{0};
    std::uint32_t txcw{0};
    std::uint32_t tctl{0};
    std::uint32_t tipg{0};
    std::uint32_t ait{0};
    std::uint32_t ledctl{0};
    std::uint32_t pba{0};
    std::uint32_t fcrtl{0};
    std::uint32_t fcrth{0};
    std::uint32_t rdfh{0};
    std::uint32_t rdft{0};
    std::uint32_t rdfhs{0};
    std::uint32_t rdfts{0};
    std::uint32_t rdfpc{0};
    std::uint32_t rdbal{0};
    std::uint32_t rdbah{0};
    std::uint32_t rdlen{0};
    std::uint32_t rdh{0};
    std::uint32_t rdt{0};
    std::uint32_t rdtr{0};
    std::uint32_t rxdctl{0};
    std::uint32_t radv{0};
    std::uint32_t rsrpd{0};
    std::uint32_t txdmac{0};
    std::uint32_t tdfh{0};
    std::uint32_t tdft{0};
    std::uint32_t tdfhs{0};
    std::uint32_t tdfts{0};
    std::uint32_t tdfpc{0};
    std::uint32_t tdbal{0};
    std::uint32_t tdbah{0};
    std::uint32_t tdlen{0};
    std::uint32_t tdh{0};
    std::uint32_t tdt{0};
    std::uint32_t tidv{0};
    std::uint32_t txdctl{0};
    std::uint32_t tadv{0};
    std::uint32_t tspmt{0};
    std::uint32_t rxcsum{0};
    std::uint32_t wuc{0};
    std::uint32_t wufc{0};
    std::uint32_t manc{0};
    std::array<std::uint32_t, 2 * kReceiveAddresses> ra{}; // low and high in turn
    std::array<std::uint32_t, 128> mta{};
    std::array<std::uint32_t, 128> vfta{};
};

// Where a register's value lies, and which of its bits can be written.
struct Plain {
    std::uint32_t* value;
    std::uint32_t writable;
};

// The place of a register that was at `offset` in the 82542, where the others have it as well (table 13-2).
std::uint32_t without_alias(std::uint32_t offset);
// None for what is computed, clears itself or is not there.
std::optional<Plain> find_register(Registers& registers, std::uint32_t offset);

// Power-on values; the station's address comes out of the EEPROM.
void power_on(Registers& registers, const Eeprom& eeprom);
// CTRL.RST: some are kept (section 14.7).
void software_reset(Registers& registers, const Eeprom& eeprom);
void load_station_address(Registers& registers, const Eeprom& eeprom);
// Takes away bits that no register has.
void keep_possible_bits(Registers& registers);

// A descriptor ring as its registers have it.
struct DescriptorRing {
    std::uint64_t base;
    std::uint32_t count;
    std::uint32_t head;
    std::uint32_t tail;

    // Whether the indices lie in the ring. If not, nothing is done with it.
    bool valid() const { return head < count && tail < count; }
    // Descriptors that the hardware owns, of a valid ring.
    std::uint32_t owned() const { return tail >= head ? tail - head : tail + count - head; }
    std::uint32_t after(std::uint32_t index) const { return index + 1 == count ? 0 : index + 1; }
    std::uint64_t address(std::uint32_t index) const { return base + std::uint64_t{index} * kDescriptorSize; }
};

DescriptorRing receive_ring(const Registers& registers);
DescriptorRing transmit_ring(const Registers& registers);

} // namespace windsor::devices::e1000
