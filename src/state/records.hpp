// SPDX-License-Identifier: GPL-2.0-or-later
// The records of a saved state by their names, to be taken by those whom they concern.
#pragma once

#include "state/stream.hpp"

#include <map>

namespace windsor::state {

class Records {
public:
    // Refuses a second record of a name, and more of them than any machine has.
    base::Status add(Record record);

    // Takes the record out and into `object`. A missing one is refused by name.
    template <typename T> base::Status take(const std::string& name, T& object)
    {
        return read_object(WINDSOR_TRY(take(name)), object, &ignored_);
    }

    // When all have been taken: a mandatory one that is left is refused by name.
    base::Status finish();
    // Optional records and fields that nobody knew, by name; complete after finish().
    const std::vector<std::string>& ignored() const { return ignored_; }

private:
    base::Result<Record> take(const std::string& name);

    std::map<std::string, Record> records_;
    std::vector<std::string> ignored_;
};

} // namespace windsor::state
