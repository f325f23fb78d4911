// SPDX-License-Identifier: GPL-2.0-or-later
// The far end of a serial line. Called with the machine lock held.
#pragma once

#include <cstdint>

namespace windsor::backend {

// Takes what the guest transmits, and has what it receives.
class CharacterSink {
public:
    virtual ~CharacterSink() = default;
    virtual void transmit(std::uint8_t byte) = 0;
    // The guest takes characters again, of which it has refused some.
    virtual void input_wanted() = 0;
};

} // namespace windsor::backend
