// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/i440fx/pam_mapper.hpp"

namespace windsor::devices::i440fx {

namespace {

struct Segment {
    std::uint64_t start;
    std::uint64_t size;
};

constexpr Segment segment_at(unsigned index)
{
    return index == kPamSegments - 1 ? Segment{kSystemBiosStart, kSystemBiosSize}
                                     : Segment{kPamStart + index * kPamSegmentSize, kPamSegmentSize};
}

constexpr unsigned segment_of(std::uint64_t address)
{
    const std::uint64_t number = (address - kPamStart) / kPamSegmentSize;
    return number < kPamSegments - 1 ? static_cast<unsigned>(number) : kPamSegments - 1;
}

} // namespace

PamMapper::PamMapper(memory::GuestMemory& memory, const Options& options) : memory_{memory}, options_{options}
{
    for (unsigned segment = 0; segment < kPamSegments; ++segment) {
        ids_[segment] = memory_.map(segment_mapping(segment, 0));
    }
}

PamMapper::~PamMapper()
{
    set_smram_open(false);
    for (const memory::MappingId id : ids_) {
        memory_.unmap(id);
    }
}

memory::Mapping PamMapper::segment_mapping(unsigned segment, unsigned attribute) const
{
    const auto [start, size] = segment_at(segment);
    memory::Mapping mapping{.start = memory::GuestPhysical{start}, .size = size, .layer = options_.layer};
    if ((attribute & kPamRead) != 0) {
        mapping.block = options_.ram;
        mapping.block_offset = start;
        mapping.backing = (attribute & kPamWrite) != 0 ? memory::Backing::ReadWrite : memory::Backing::ReadOnly;
        return mapping;
    }
    const std::uint64_t before_end = kPamStart + kShadowSize - start;
    if (start >= kExtendedBiosStart && options_.rom != nullptr && before_end <= options_.rom_size) {
        mapping.block = options_.rom;
        mapping.block_offset = options_.rom_size - before_end;
        mapping.backing = memory::Backing::ReadOnly;
    } else if ((attribute & kPamWrite) != 0) {
        mapping.block = options_.ram;
        mapping.block_offset = start;
        mapping.backing = memory::Backing::WriteOnly;
    }
    return mapping; // with no block: a hole over the RAM below
}

void PamMapper::set_segment(unsigned segment, unsigned attribute)
{
    attribute &= kPamRead | kPamWrite;
    if (segment < kPamSegments && attributes_[segment] != attribute) {
        attributes_[segment] = attribute;
        memory_.remap(ids_[segment], segment_mapping(segment, attribute));
    }
}

void PamMapper::write_ram(std::uint64_t address, std::uint8_t value)
{
    if ((attributes_[segment_of(address)] & kPamWrite) == 0) {
        return; // the bus has nothing there
    }
    options_.ram->data()[address] = value;
    std::atomic<std::uint8_t>& flags = options_.ram->page_flags(address / memory::kPageSize);
    flags.fetch_or(memory::kPageWritten, std::memory_order_relaxed);
    if ((flags.load(std::memory_order_relaxed) & memory::kPageCode) != 0) {
        memory_.written(memory::GuestPhysical{address});
    }
}

bus::AccessStatus PamMapper::ShadowWrites::write(std::uint64_t offset, bus::Width width, std::uint64_t value)
{
    for (unsigned i = 0; i < bus::bytes(width); ++i) {
        mapper_.write_ram(kPamStart + offset + i, static_cast<std::uint8_t>(value >> (8 * i)));
    }
    return bus::AccessStatus::Ok;
}

void PamMapper::set_smram_open(bool open)
{
    if (open && !smram_) {
        // Above all else: display memory at A0000 gives way.
        smram_ = memory_.map({.start = memory::GuestPhysical{kSmramStart},
                              .size = kSmramSize,
                              .block = options_.ram,
                              .block_offset = kSmramStart,
                              .layer = options_.smram_layer});
    } else if (!open && smram_) {
        memory_.unmap(*smram_);
        smram_.reset();
    }
}

} // namespace windsor::devices::i440fx
