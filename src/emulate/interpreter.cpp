// SPDX-License-Identifier: GPL-2.0-or-later
#include "emulate/interpreter.hpp"

namespace windsor::emulate {

void Interpreter::raise_sipi(std::uint8_t vector)
{
    cpu_.signals().set_sipi_vector(vector);
    cpu_.signals().raise(vcpu::Signal::Sipi);
}

} // namespace windsor::emulate
