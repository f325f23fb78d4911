// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/units.hpp"

namespace windsor::translate {

void Units::begin_body()
{
    sse_ = false;
    avx_ = false;
    x87_ = false;
}

void Units::ensure_for(const Instruction& i)
{
    const Frame& frame = a_.frame();
    if (i.unit == Unit::Sse && i.vex()) {
        ensure(frame.avx_live, SideExit::Kind::LoadAvx, i, avx_);
        sse_ = true;
    } else if (i.unit == Unit::Sse || i.unit == Unit::MmxAndSse) {
        ensure(frame.sse_live, SideExit::Kind::LoadSse, i, sse_);
    }
    if (i.unit == Unit::X87 || i.unit == Unit::Mmx || i.unit == Unit::MmxAndSse) {
        ensure(frame.x87_live, SideExit::Kind::LoadX87, i, x87_);
    }
}

// Writes a check of `live`, the frame's field that says whether the unit's state is in the host's registers.
void Units::ensure(const std::uint8_t& live, SideExit::Kind kind, const Instruction& i, bool& ensured)
{
    if (ensured) {
        return;
    }
    ensured = true;
    groups_.lose_temporaries();
    flags_.lose();
    const std::uint32_t exit = cold_.new_exit(kind, i);
    a_.cmp_byte(a_.cell(&live), 0);
    cold_.branch_to_exit(a_.jcc(Cond::E), exit);
    cold_.resumes(exit);
}

} // namespace windsor::translate
