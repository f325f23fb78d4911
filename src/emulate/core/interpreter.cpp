// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/core/interpreter.hpp"

#include "emulate/core/block_cache.hpp"

namespace windsor::emulate {

// A new state often comes with new memory contents: nothing decoded is kept.
void Interpreter::set_state(const vcpu::CpuState& state)
{
    cpu_.drop_code();
    cpu_.load_state(state);
}

} // namespace windsor::emulate
