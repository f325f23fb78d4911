// SPDX-License-Identifier: GPL-2.0-or-later
// The QEMU firmware configuration device, through which SeaBIOS learns what machine it runs on.
// Specification: QEMU documentation, "QEMU Firmware Configuration (fw_cfg) Device".
#pragma once

#include "bus/access.hpp"
#include "memory/guest_memory.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace windsor::firmware {

using Bytes = std::vector<std::uint8_t>;

// Items with fixed keys.
enum class FwCfgKey : std::uint16_t {
    Signature = 0x00,
    Id = 0x01,
    Uuid = 0x02,
    RamSize = 0x03,
    NoGraphic = 0x04,
    ProcessorCount = 0x05,
    NumaNodes = 0x0d,
    BootMenu = 0x0e,
    MaxProcessors = 0x0f,
    FileDirectory = 0x19,
    FirstFile = 0x20,
    Irq0Override = 0x8002,
};

// Twelve ports from 0x510: selector, data, DMA address. All files are added before the guest runs.
class FwCfg final : public bus::AccessHandler {
public:
    static constexpr std::uint16_t kPort = 0x510;
    static constexpr std::uint16_t kPortCount = 12;

    struct State {
        std::uint16_t selected{0};
        std::uint32_t position{0}; // next byte of the selected item
        std::uint64_t dma_address{0};
    };

    // `memory` is where the DMA interface reads its control structures and puts data; it outlives the device.
    explicit FwCfg(memory::GuestMemory& memory);

    void add(FwCfgKey key, Bytes data);
    void add_number(FwCfgKey key, std::uint64_t value, unsigned size);
    // A named file (at most 55 characters).
    void add_file(const std::string& name, Bytes data);
    // A file whose contents are made anew each time the guest selects it.
    void add_file(const std::string& name, std::function<Bytes()> make, std::size_t size);
    // Puts the directory together; after the last add_file().
    void finish();
    void reset();

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    const State& state() const { return state_; }
    // The items are this machine's own.
    void load(const State& state);

private:
    struct Item {
        Bytes data{};
        std::function<Bytes()> make{};
    };
    struct File {
        std::string name;
        std::uint16_t key;
        std::uint32_t size;
    };

    void select(std::uint16_t key);
    std::uint8_t next_byte();
    void run_dma(std::uint64_t control_address);
    bool dma_read(std::uint64_t address, std::uint32_t length);

    memory::GuestMemory& memory_;
    std::map<std::uint16_t, Item> items_;
    std::vector<File> files_;
    State state_;
};

} // namespace windsor::firmware
