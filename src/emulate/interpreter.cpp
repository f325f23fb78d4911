// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/interpreter.hpp"

#include "emulate/block_cache.hpp"

namespace windsor::emulate {

// A new state often comes with new memory contents: nothing decoded is kept.
void Interpreter::set_state(const vcpu::CpuState& state)
{
    cpu_.blocks_->drop_all();
    cpu_.load_state(state);
}

void Interpreter::raise_sipi(std::uint8_t vector)
{
    cpu_.signals().set_sipi_vector(vector);
    cpu_.signals().raise(vcpu::Signal::Sipi);
}

} // namespace windsor::emulate
