// SPDX-License-Identifier: GPL-2.0-or-later
// A saved state as a whole:
//
//     head     16 bytes that name the format, and its version, u32
//     records  name (u8 length and text), version u32, need u8, length u32, contents
//     end      a record named "end" that holds a checksum of all bytes before it, u64; and nothing follows
//
// Integers are little-endian.
#pragma once

#include "base/result.hpp"
#include "state/archive.hpp"
#include "state/value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::state {

constexpr std::uint32_t kFormatVersion = 1;
constexpr std::uint32_t kLongestRecord = 8u << 20;

// Where a saved state goes.
class Output {
public:
    virtual ~Output() = default;
    virtual base::Status write(std::span<const std::uint8_t> bytes) = 0;
};

// Where one comes from.
class Input {
public:
    virtual ~Input() = default;
    // Fills `into` from the front; less than asked for only at the end.
    virtual base::Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

// FNV-1a, 64 bits: against damage, not against malice.
class Checksum {
public:
    void add(std::span<const std::uint8_t> bytes);
    std::uint64_t value() const { return value_; }

private:
    std::uint64_t value_{0xcbf29ce484222325};
};

struct Record {
    std::string name;
    std::uint32_t version{1};
    Need need{Need::Mandatory};
    std::vector<std::uint8_t> contents;
};

class StreamWriter {
public:
    explicit StreamWriter(Output& output) : output_{output} {}

    base::Status begin();
    base::Status record(std::string_view name, std::uint32_t version, Need need,
                        std::span<const std::uint8_t> contents);
    // Of a struct that has a describe().
    template <typename T> base::Status object(std::string_view name, const T& object, Need need = Need::Mandatory)
    {
        return record(name, kVersion<T>, need, encode(pack(object)));
    }
    base::Status end();

private:
    base::Status put(std::span<const std::uint8_t> bytes);

    Output& output_;
    Checksum checksum_;
};

class StreamReader {
public:
    // `input` outlives the reader.
    explicit StreamReader(Input& input) : input_{input} {}

    // Before the first next(). Fails for what is no saved state, or one of another format version.
    base::Status begin();
    // The next record; none after the last, when the checksum has been found right.
    base::Result<std::optional<Record>> next();

private:
    base::Result<std::vector<std::uint8_t>> take(std::size_t count);
    base::Status check_end(const Record& record, std::uint64_t checksum);

    Input& input_;
    Checksum checksum_;
};

// The fields of a record. Refuses, by name, a record of a later version than this Windsor's.
template <typename T>
base::Status read_object(const Record& record, T& object, std::vector<std::string>* ignored = nullptr)
{
    if (record.version > kVersion<T>) {
        return base::fail("the saved state's record '{}' is of version {}, and this version of Windsor knows {}; "
                          "restore it with a newer Windsor",
                          record.name, record.version, kVersion<T>);
    }
    const auto value = decode(record.contents);
    if (!value) {
        return base::fail("the saved state's record '{}' cannot be read: {}", record.name, value.error().message());
    }
    return unpack(*value, record.name, object, ignored, record.version);
}

} // namespace windsor::state
