// SPDX-License-Identifier: GPL-2.0-or-later
// The standard VGA as a PCI function.
#pragma once

#include "base/result.hpp"
#include "devices/vga/vga.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace windsor::devices::vga {

// BAR 0 is the linear framebuffer, BAR 2 the register window, the expansion ROM the VGA BIOS. Framebuffer
// and ROM are mapped into guest memory from here. The rest is the machine's: the BAR target it sets claims
// and releases BAR 2 (kRegistersBar) for vga().registers() and leaves the other ranges alone; the legacy
// ports and the memory window answer wherever the machine claims them, whatever the command register says.
class VgaFunction final : public pci::Function {
public:
    static constexpr unsigned kFramebufferBar = 0;
    static constexpr unsigned kRegistersBar = 2;

    // `rom` is copied; at most 1 MiB; empty for none. `memory` outlives the function, and `vga` too. Fails
    // if the ROM is too long or the host cannot give its memory.
    static base::Result<std::unique_ptr<VgaFunction>> create(Vga& vga, memory::GuestMemory& memory,
                                                             std::span<const std::uint8_t> rom);
    ~VgaFunction() override;

    Vga& vga() { return vga_; }

    // Tells of the register window only. Outlives its use here.
    void set_register_target(pci::BarTarget* target);

protected:
    void device_reset() override { vga_.reset(); }

private:
    // Places memory itself, and passes the rest on.
    class Placer final : public pci::BarTarget {
    public:
        explicit Placer(VgaFunction& owner) : owner_{owner} {}
        void bar_mapped(pci::Function& function, unsigned index, std::uint64_t base, std::uint64_t size) override;
        void bar_unmapped(pci::Function& function, unsigned index, std::uint64_t base, std::uint64_t size) override;

    private:
        VgaFunction& owner_;
    };

    VgaFunction(Vga& vga, memory::GuestMemory& memory, std::unique_ptr<memory::Block> rom);
    void place(std::optional<memory::MappingId>& mapping, memory::Block& block, std::uint64_t base, bool framebuffer);
    void remove(std::optional<memory::MappingId>& mapping);

    Vga& vga_;
    memory::GuestMemory& memory_;
    std::unique_ptr<memory::Block> rom_;
    std::optional<memory::MappingId> framebuffer_mapping_;
    std::optional<memory::MappingId> rom_mapping_;
    pci::BarTarget* register_target_{nullptr};
    Placer placer_{*this};
};

} // namespace windsor::devices::vga
