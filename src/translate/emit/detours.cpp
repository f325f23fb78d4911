// SPDX-License-Identifier: GPL-2.0-or-later
#include "translate/emit/detours.hpp"

namespace windsor::translate {

void Detours::clear()
{
    ways_.clear();
    landings_.clear();
}

void Detours::add(std::uint8_t* displacement, const Instruction* at)
{
    ways_.push_back({.displacement = displacement, .at = at});
}

void Detours::land(const Instruction* at, const std::uint8_t* code)
{
    landings_.push_back({.at = at, .code = code});
}

void Detours::lead(const Emitter& emitter) const
{
    auto landing = landings_.begin();
    for (const Way& way : ways_) {
        while (landing->at != way.at) {
            ++landing;
        }
        emitter.point(way.displacement, landing->code);
    }
}

} // namespace windsor::translate
