// SPDX-License-Identifier: GPL-2.0-or-later
// A device's records in a saved state, which are named by the path of its slot.
#pragma once

#include "base/result.hpp"
#include "state/records.hpp"
#include "state/stream.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace windsor::chipset {

// The record of a device's part: the slot's path alone for the device itself, whose part has no name.
inline std::string record_name(const std::string& path, std::string_view part)
{
    return part.empty() ? path : path + '/' + std::string{part};
}

class Saver {
public:
    // `to` outlives it.
    Saver(state::StreamWriter& to, std::string path) : to_{to}, path_{std::move(path)} {}

    template <typename Chip> base::Status put(std::string_view part, const Chip& chip)
    {
        return to_.object(record_name(path_, part), chip.state());
    }

private:
    state::StreamWriter& to_;
    std::string path_;
};

class Loader {
public:
    // `from` outlives it.
    Loader(state::Records& from, std::string path) : from_{from}, path_{std::move(path)} {}

    // Chips put right what they could not hold: indices, counts, phases, deadlines, bits that are not there. A state in
    // which there was anything to put right comes from no chip, and is refused.
    template <typename Chip> base::Status take(std::string_view part, Chip& chip)
    {
        auto state = chip.state();
        const std::string name = record_name(path_, part);
        WINDSOR_TRY(from_.take(name, state));
        chip.load(state);
        const std::string changed = state::difference(state::pack(state), state::pack(chip.state()));
        if (!changed.empty()) {
            return base::fail("the saved state cannot be used: no chip can hold what it says of {}{}", name, changed);
        }
        return {};
    }

private:
    state::Records& from_;
    std::string path_;
};

} // namespace windsor::chipset
