// SPDX-License-Identifier: GPL-2.0-or-later
// What a record of a saved state says: named fields, each with its type, so that it can be read by whoever knows more
// or less fields than its writer.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace windsor::state {

enum class Type : std::uint8_t {
    Number = 1,  // unsigned
    Integer = 2, // signed
    Flag = 3,
    Text = 4,
    Bytes = 5,
    Group = 6, // fields
    List = 7,
    Nothing = 8, // an optional value that is not there
};

// What it means for a reader not to know a field or a record.
enum class Need : std::uint8_t {
    Optional = 0,  // it can do without
    Mandatory = 1, // it must not go on
};

struct Field;

struct Value {
    Value();
    explicit Value(Type of_type, std::uint64_t of_number = 0);
    Value(Type of_type, std::vector<std::uint8_t> of_bytes);
    Value(const Value&);
    Value(Value&&) noexcept;
    Value& operator=(const Value&);
    Value& operator=(Value&&) noexcept;
    ~Value();

    Type type{Type::Nothing};
    std::uint64_t number{0};         // of a Number, an Integer (two's complement) or a Flag
    std::vector<std::uint8_t> bytes; // of a Text or Bytes
    std::vector<Field> fields;       // of a Group
    std::vector<Value> items;        // of a List

    bool operator==(const Value& other) const;
};

struct Field {
    std::string name;
    Need need{Need::Mandatory};
    Value value{};

    bool operator==(const Field&) const = default;
};

// Bounds on what is read, far above what any record has.
constexpr unsigned kDeepest = 12;
constexpr std::size_t kMostValues = 100'000; // in one record
constexpr std::size_t kLongestName = 63;

std::vector<std::uint8_t> encode(const Value& value);
// Takes any bytes.
base::Result<Value> decode(std::span<const std::uint8_t> bytes);

// Where two values differ, as a path with both sides' contents; empty if they are equal.
std::string difference(const Value& left, const Value& right);

} // namespace windsor::state
