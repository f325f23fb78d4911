// SPDX-License-Identifier: GPL-2.0-or-later
// From guest bytes to Insn.
#pragma once

#include "emulate/core/block_cache.hpp"
#include "emulate/core/cpu.hpp"
#include "emulate/core/opcode_table.hpp"

#include <array>
#include <bitset>
#include <memory>

namespace windsor::emulate {

// What of the processor's mode changes how bytes are read.
enum class DecodeMode : std::uint8_t { Real16, Legacy16, Legacy32, Compat16, Compat32, Long64 };

class Decoder {
public:
    Decoder(const vcpu::CpuModel& model, HostStubs& stubs);

    static DecodeMode mode_of(const Cpu& cpu);

    // The block at the current CS:RIP: from the cache, or decoded anew. Null: a fault is noted.
    const Block* block(Cpu& cpu, x86::Linear linear);

    enum class Result : std::uint8_t { Done, NeedMore, Invalid, TooLong };
    // Decodes one instruction from `bytes`.
    Result decode(DecodeMode mode, std::span<const std::uint8_t> bytes, Insn& insn) const;
    const ZydisDecoder& zydis(DecodeMode mode) const { return decoders_[static_cast<std::size_t>(mode)]; }
    bool offers(ZydisISASet set) const { return offered_[set]; }

private:
    void fill_operands(const Decoded& decoded, Insn& insn) const;
    void fill_block(Block& block, const std::uint8_t* host, unsigned available, DecodeMode mode,
                    std::size_t limit) const;
    // A block of one instruction that is fetched byte by byte, since it crosses into the next page, reaches the limit
    // of the segment, or lies in MMIO.
    const Block* careful(Cpu& cpu, x86::Linear linear, DecodeMode mode, const memory::Page& page);
    [[nodiscard]] static bool fetch_second(Cpu& cpu, x86::Linear linear, base::GuestPhysical& physical);
    // Holds the page, unless this processor does so already.
    static void flag_page(Cpu& cpu, const memory::Page& page, base::GuestPhysical physical);
    static const Block* keep(Cpu& cpu, std::unique_ptr<Block> block);
    void choose(const Decoded& decoded, Insn& insn) const;

    std::unique_ptr<OpcodeTable> table_;
    HostStubs& stubs_;
    std::array<ZydisDecoder, 6> decoders_{};
    std::bitset<ZYDIS_ISA_SET_MAX_VALUE + 1> offered_;
    Block scratch_;
};

} // namespace windsor::emulate
