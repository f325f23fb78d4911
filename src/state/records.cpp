// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/records.hpp"

namespace windsor::state {

namespace {

constexpr std::size_t kMostRecords = 256;

} // namespace

base::Status Records::add(Record record)
{
    if (records_.size() >= kMostRecords) {
        return base::fail("the saved state has more records than any machine");
    }
    const std::string name = record.name;
    if (!records_.emplace(name, std::move(record)).second) {
        return base::fail("the saved state is damaged: its record '{}' comes twice", name);
    }
    return {};
}

base::Result<Record> Records::take(const std::string& name)
{
    auto node = records_.extract(name);
    if (node.empty()) {
        return base::fail("the saved state has no record '{}', which this machine needs", name);
    }
    return std::move(node.mapped());
}

base::Status Records::finish()
{
    for (const auto& [name, record] : records_) {
        if (record.need == Need::Mandatory) {
            return base::fail("the saved state has a record '{}', which this machine has no device for", name);
        }
        ignored_.push_back(name);
    }
    records_.clear();
    return {};
}

} // namespace windsor::state
