// SPDX-License-Identifier: GPL-2.0-or-later
// The Cirrus adapter as a PCI function: frame buffer, registers and expansion ROM.
#pragma once

#include "base/result.hpp"
#include "devices/vga/cirrus/cirrus.hpp"
#include "memory/placement.hpp"
#include "pci/function.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace windsor::devices::vga::cirrus {

class PciFunction final : public pci::Function {
public:
    // `rom` is the VGA BIOS, at most 64 KiB; `cirrus` outlives the function, and tells it where its frame buffer is
    // plain memory. Fails if the host has no memory for the ROM, or it is too large.
    static base::Result<std::unique_ptr<PciFunction>> create(Cirrus& cirrus, std::span<const std::uint8_t> rom);
    ~PciFunction() override;

    // Puts memory where the frame buffer is plain, and takes it away where it is not.
    void place_memory();

protected:
    void config_written(unsigned offset, unsigned width) override;
    void config_replaced() override { place_memory(); }

private:
    PciFunction(Cirrus& cirrus, std::unique_ptr<memory::Block> rom);

    Cirrus& cirrus_;
    std::unique_ptr<memory::Block> rom_;
    // Address and size of what is placed.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> placed_;
    memory::Placement placement_;
};

} // namespace windsor::devices::vga::cirrus
