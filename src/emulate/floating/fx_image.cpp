// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/floating/fx_image.hpp"

#include <cstring>

namespace windsor::emulate {

x86::FxArea read_image(std::span<const std::uint8_t, x86::xsave::kLegacyBytes> bytes)
{
    x86::FxArea image;
    std::memcpy(static_cast<void*>(&image), bytes.data(), bytes.size());
    return image;
}

void store_pointers(const Cpu& cpu, Pointers pointers, x86::FxArea& image)
{
    if (pointers == Pointers::Selectors) {
        image.fip = (cpu.s.fx.fip & 0xffffffff) | std::uint64_t{cpu.s.fcs} << 32;
        image.fdp = (cpu.s.fx.fdp & 0xffffffff) | std::uint64_t{cpu.s.fds} << 32;
    }
}

namespace {

void load_pointers(Cpu& cpu, Pointers pointers, const x86::FxArea& image)
{
    if (pointers == Pointers::Selectors) {
        cpu.s.fx.fip = image.fip & 0xffffffff;
        cpu.s.fx.fdp = image.fdp & 0xffffffff;
        cpu.s.fcs = static_cast<std::uint16_t>(image.fip >> 32);
        cpu.s.fds = static_cast<std::uint16_t>(image.fdp >> 32);
    } else {
        cpu.s.fx.fip = image.fip;
        cpu.s.fx.fdp = image.fdp;
        cpu.s.fcs = 0;
        cpu.s.fds = 0;
    }
}

} // namespace

void load_x87(Cpu& cpu, Pointers pointers, const x86::FxArea& image)
{
    x86::FxArea& fx = cpu.s.fx;
    fx.fcw = static_cast<std::uint16_t>((image.fcw & kFcwDefined) | kFcwFixed1);
    fx.fsw = image.fsw;
    fx.ftw = image.ftw;
    fx.fop = image.fop & 0x7ff;
    load_pointers(cpu, pointers, image);
    for (unsigned i = 0; i < 8; ++i) {
        std::memcpy(fx.st[i].data(), image.st[i].data(), 10);
    }
    update_exception_summary(fx);
}

void load_xmm(Cpu& cpu, const x86::FxArea& image)
{
    for (unsigned i = 0; i < visible_vectors(cpu); ++i) {
        cpu.s.fx.xmm[i] = image.xmm[i];
    }
}

bool locate_image(Cpu& cpu, const Insn& insn, unsigned alignment, std::uint64_t& offset)
{
    offset = cpu.effective_address(insn);
    if (linear_address(cpu, insn.segment, offset).offset_in(alignment) != 0) {
        return cpu.refuse(x86::Exception::Gp);
    }
    return true;
}

} // namespace windsor::emulate
