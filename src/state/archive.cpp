// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/archive.hpp"

namespace windsor::state {

Reader::Reader(const Value& group, std::string path, Findings& findings)
    : group_{group}, path_{std::move(path)}, findings_{findings}, known_(group.fields.size(), false)
{
    if (group.type != Type::Group) {
        findings_.wrong(path_ + " is of another type than expected");
    }
}

const Value* Reader::find(std::string_view name)
{
    const auto found = std::ranges::find(group_.fields, name, &Field::name);
    if (found == group_.fields.end()) {
        return nullptr;
    }
    known_[static_cast<std::size_t>(found - group_.fields.begin())] = true;
    return &found->value;
}

const Value* Reader::mandatory(std::string_view name)
{
    const Value* value = find(name);
    if (value == nullptr) {
        findings_.wrong(path_of(name) + " is missing");
    }
    return value;
}

void Reader::finish()
{
    for (std::size_t i = 0; i < known_.size(); ++i) {
        const Field& field = group_.fields[i];
        if (known_[i]) {
            continue;
        }
        if (field.need == Need::Mandatory) {
            findings_.wrong(path_of(field.name) + " is something that this version of Windsor does not know");
        } else {
            findings_.ignored.push_back(path_of(field.name));
        }
    }
}

} // namespace windsor::state
