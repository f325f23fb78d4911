// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: saved states of earlier versions, which every later one must load, and the shape of their records.
#pragma once

#include "state/stream.hpp"
#include "state/testing.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace windsor::state {

// The version of a record and the names and types of all its fields.
struct RecordShape {
    std::uint32_t version{0};
    std::set<std::string> fields;

    bool operator==(const RecordShape&) const = default;
};

// The fields of each element of a list are the same. Of a value that is not there nothing is known.
inline void collect_shape(const Value& value, const std::string& path, std::set<std::string>& fields)
{
    if (value.type == Type::Nothing) {
        return;
    }
    fields.insert(fmt::format("{} {}", path, static_cast<int>(value.type)));
    for (const Field& field : value.fields) {
        collect_shape(field.value, path + '.' + field.name + (field.need == Need::Optional ? "?" : ""), fields);
    }
    for (const Value& item : value.items) {
        collect_shape(item, path + "[]", fields);
    }
}

inline std::vector<Record> all_records(std::span<const std::uint8_t> saved)
{
    std::vector<Record> records;
    MemoryInput input{saved};
    StreamReader reader{input};
    EXPECT_TRUE(reader.begin().has_value());
    for (auto record = reader.next(); record && *record; record = reader.next()) {
        records.push_back(std::move(**record));
    }
    return records;
}

// By their names. Records that are no described struct, as those of memory are, have no fields.
inline std::map<std::string, RecordShape> shapes_of(std::span<const std::uint8_t> saved)
{
    std::map<std::string, RecordShape> shapes;
    for (const Record& record : all_records(saved)) {
        RecordShape& shape = shapes[record.name];
        shape.version = record.version;
        if (const auto value = decode(record.contents)) {
            collect_shape(*value, "", shape.fields);
        }
    }
    return shapes;
}

inline std::vector<std::uint8_t> read_file(const std::filesystem::path& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// The saved states of a folder by their numbers, "1.state" and so on; the last is of the present version.
inline std::map<unsigned, std::filesystem::path> golden_files(const std::filesystem::path& folder)
{
    std::map<unsigned, std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        files[static_cast<unsigned>(std::stoul(entry.path().stem().string()))] = entry.path();
    }
    return files;
}

// What the present version writes must be of the newest golden file's shape. With WINDSOR_NEW_GOLDEN set, `saved` is
// written as the next one instead, which is to be committed.
inline void expect_golden(const std::filesystem::path& folder, std::span<const std::uint8_t> saved)
{
    const auto files = golden_files(folder);
    if (std::getenv("WINDSOR_NEW_GOLDEN") != nullptr) {
        const unsigned next = files.empty() ? 1 : files.rbegin()->first + 1;
        std::ofstream file{folder / fmt::format("{}.state", next), std::ios::binary};
        std::ranges::copy(saved, std::ostreambuf_iterator<char>{file});
        return;
    }
    ASSERT_FALSE(files.empty());
    const auto known = shapes_of(read_file(files.rbegin()->second));
    const auto present = shapes_of(saved);
    constexpr const char* kAdvice = ": this record has changed. Raise the kVersion of its struct, describe what is new "
                                    "with since(), and make a golden file as docs/saved-state.md says";
    for (const auto& [name, shape] : present) {
        const auto found = known.find(name);
        EXPECT_TRUE(found != known.end() && found->second == shape) << name << kAdvice;
    }
    for (const auto& [name, shape] : known) {
        EXPECT_TRUE(present.contains(name))
            << name << ": this record is not written any more; a state that has it must be loaded all the same";
    }
}

} // namespace windsor::state
