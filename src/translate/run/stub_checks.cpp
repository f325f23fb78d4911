// SPDX-License-Identifier: GPL-2.0-or-later
// This file has the verifier read the stubs before any code is entered by them.
#include "translate/run/block_checks.hpp"
#include "translate/verify/stub_reader.hpp"

#include <fmt/format.h>

namespace windsor::translate {

namespace {

verify::StubFields fields_of(const Frame& frame, const emulate::Cpu& cpu)
{
    const auto distance = [&](const auto& field) {
        return static_cast<std::int32_t>(reinterpret_cast<const std::uint8_t*>(&field) -
                                         reinterpret_cast<const std::uint8_t*>(&frame));
    };
    verify::StubFields fields{.self = distance(frame.self),
                              .helper = distance(frame.helper),
                              .host_rsp = distance(frame.host_rsp),
                              .target = distance(frame.target),
                              .window = distance(frame.window),
                              .kept = distance(frame.kept),
                              .rip = distance(cpu.s.rip),
                              .flags = distance(frame.flags),
                              .mxcsr = distance(cpu.s.fx.mxcsr),
                              .host_mxcsr = distance(frame.host_mxcsr),
                              .sse_live = distance(frame.sse_live),
                              .avx_live = distance(frame.avx_live)};
    for (unsigned n = 0; n < verify::kRegisters; ++n) {
        fields.gpr[n] = distance(cpu.s.gpr[n]);
        fields.xmm[n] = distance(cpu.s.fx.xmm[n]);
        fields.ymm_high[n] = distance(cpu.s.ymm_high[n]);
    }
    return fields;
}

} // namespace

std::optional<std::string> BlockChecks::check_stubs(const Parts& parts, std::span<const std::uint8_t> code)
{
    verify::StubReader reader{fields_of(parts.frame, parts.cpu)};
    for (const Reach reach : kReaches) {
        const Stubs& stubs = parts.stubs.of(reach);
        const auto offset = [&](const void* at) {
            return static_cast<std::uint32_t>(static_cast<const std::uint8_t*>(at) - code.data());
        };
        const auto violation = reader.verify({.code = code,
                                              .enter = offset(reinterpret_cast<const void*>(stubs.enter)),
                                              .leave = offset(stubs.leave),
                                              .cross = offset(stubs.cross),
                                              .help = offset(stubs.help),
                                              .give_up = offset(stubs.give_up),
                                              .windowed = reach == Reach::Window});
        if (violation) {
            return fmt::format("the code at {:#x}, between C++ and what is translated, is not what it may be: {}",
                               violation->offset, violation->what);
        }
    }
    return std::nullopt;
}

} // namespace windsor::translate
