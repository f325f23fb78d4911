// SPDX-License-Identifier: GPL-2.0-or-later
// The guest's vector and x87 state is put into the host's registers once in a block, before the first instruction that
// works on it.
#pragma once

#include "translate/emit/access_groups.hpp"
#include "translate/emit/cold_code.hpp"

namespace windsor::translate {

class Units {
public:
    Units(Emitter& emitter, FlagState& flags, ColdCode& cold, AccessGroups& groups)
        : a_{emitter}, flags_{flags}, cold_{cold}, groups_{groups}
    {
    }

    void begin_body();
    // Writes the check that the state of the instruction's units is in the host's registers, if none has been written.
    void ensure_for(const Instruction& i);

private:
    void ensure(const std::uint8_t& live, SideExit::Kind kind, const Instruction& i, bool& ensured);

    Emitter& a_;
    FlagState& flags_;
    ColdCode& cold_;
    AccessGroups& groups_;
    // These are set after the check for a unit has been written.
    bool sse_{false};
    bool avx_{false};
    bool x87_{false};
};

} // namespace windsor::translate
