// SPDX-License-Identifier: GPL-2.0-or-later
// Shadow RAM: what processors see between A0000 and FFFFF.
#pragma once

#include "bus/access.hpp"
#include "devices/i440fx/spec.hpp"
#include "memory/guest_memory.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace windsor::devices::i440fx {

// Turns the attributes of the host bridge into mappings. Where reads are not sent to RAM, they go to the
// firmware ROM for E0000-FFFFF (the last 128 KiB below 4 GiB appear there), and to the bus below that.
// GuestMemory knows one block a page, so that "reads from ROM, writes to RAM" is mapped as ROM, and processors' writes
// reach RAM by shadow_writes(), which is for the MMIO router. Bus masters' writes are lost there.
class PamMapper {
public:
    struct Options {
        // RAM whose byte 0 is guest-physical 0; at least 1 MiB of it lies at the bottom.
        memory::Block* ram{nullptr};
        // The firmware image, of which the last byte appears at FFFFF; null for none. A multiple of a page.
        memory::Block* rom{nullptr};
        std::uint64_t rom_size{0};
        // These mappings cover plain RAM, which lies in a lower layer.
        int layer{10};
        // Open SMRAM also covers display memory.
        int smram_layer{100};
    };

    // Both blocks and `memory` outlive the mapper. Starts as after reset: all reads from below.
    PamMapper(memory::GuestMemory& memory, const Options& options);
    ~PamMapper();
    PamMapper(const PamMapper&) = delete;
    PamMapper& operator=(const PamMapper&) = delete;

    // Applies a segment's attribute (kPamRead, kPamWrite); segments 0 to 11 are C0000-EFFFF in 16 KiB
    // steps, 12 is F0000-FFFFF.
    void set_segment(unsigned segment, unsigned attribute);
    // Takes writes to the kShadowSize bytes from kPamStart that find no writable memory there.
    bus::AccessHandler& shadow_writes() { return shadow_writes_; }
    // With SMRAM open, RAM shows at A0000-BFFFF instead of what the bus has there.
    void set_smram_open(bool open);

private:
    class ShadowWrites final : public bus::AccessHandler {
    public:
        explicit ShadowWrites(PamMapper& mapper) : mapper_{mapper} {}
        bus::ReadResult read(std::uint64_t, bus::Width width) override { return bus::all_ones(width); }
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        PamMapper& mapper_;
    };

    void write_ram(std::uint64_t address, std::uint8_t value);
    memory::Mapping segment_mapping(unsigned segment, unsigned attribute) const;

    memory::GuestMemory& memory_;
    Options options_;
    std::array<memory::MappingId, kPamSegments> ids_{};
    std::array<unsigned, kPamSegments> attributes_{};
    std::optional<memory::MappingId> smram_;
    ShadowWrites shadow_writes_{*this};
};

} // namespace windsor::devices::i440fx
