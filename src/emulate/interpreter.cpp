// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/interpreter.hpp"

#include "emulate/block_cache.hpp"

namespace windsor::emulate {

// A new state often comes with new memory contents: nothing decoded is kept.
void Interpreter::set_state(const vcpu::CpuState& state)
{
    cpu_.drop_code();
    cpu_.load_state(state);
}

void Interpreter::raise_sipi(std::uint8_t vector)
{
    cpu_.signals().set_sipi_vector(vector);
    cpu_.signals().raise(vcpu::Signal::Sipi);
}

bool Interpreter::raised(vcpu::Signal signal) const
{
    return cpu_.signals_.test(signal);
}

bool Interpreter::signalled() const
{
    std::uint32_t pending = cpu_.signals_.pending();
    const auto ignore = [&](vcpu::Signal signal) { pending &= ~static_cast<std::uint32_t>(signal); };
    const bool waits_for_sipi = cpu_.s.activity == vcpu::Activity::WaitForSipi;
    if (waits_for_sipi || (cpu_.s.rflags & x86::rflags::kIf) == 0) {
        ignore(vcpu::Signal::Interrupt);
    }
    if (waits_for_sipi || cpu_.s.nmi_blocked) {
        ignore(vcpu::Signal::Nmi);
    }
    if (!waits_for_sipi) {
        ignore(vcpu::Signal::Sipi);
    }
    return pending != 0;
}

} // namespace windsor::emulate
