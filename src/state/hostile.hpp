// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: what a stranger may have written into each field of a record.
#pragma once

#include "state/value.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace windsor::state {

// All values of a record that hold no others, with their paths.
struct Leaf {
    std::string path;
    Value* value;
};

inline void collect_leaves(Value& value, const std::string& path, std::vector<Leaf>& leaves)
{
    if (value.type == Type::Group) {
        for (Field& field : value.fields) {
            collect_leaves(field.value, path + '.' + field.name, leaves);
        }
    } else if (value.type == Type::List && !value.items.empty()) {
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            collect_leaves(value.items[i], path + '[' + std::to_string(i) + ']', leaves);
        }
    } else {
        leaves.push_back({path, &value});
    }
}

// The edges of every width that a number may have, and its neighbours.
inline std::vector<Value> hostile_numbers(Type type, std::uint64_t now)
{
    std::vector<std::uint64_t> numbers{0, 1, ~0ULL, ~0ULL >> 1, 1ULL << 63, now - 1, now + 1, ~now};
    for (const unsigned bits : {4U, 8U, 16U, 32U, 48U}) {
        numbers.push_back((1ULL << bits) - 1);
        numbers.push_back(1ULL << bits);
        numbers.push_back(0 - (1ULL << bits));
    }
    std::ranges::sort(numbers);
    numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
    std::vector<Value> values;
    for (const std::uint64_t number : numbers) {
        if (number != now) {
            values.emplace_back(type, number);
        }
    }
    return values;
}

inline std::vector<Value> hostile_bytes(const Value& now)
{
    std::vector<Value> values;
    const auto with = [&](const std::function<void(std::vector<std::uint8_t>&)>& change) {
        Value value = now;
        change(value.bytes);
        values.push_back(std::move(value));
    };
    with([](auto& bytes) { bytes.clear(); });
    with([](auto& bytes) { bytes.push_back(0); });
    with([](auto& bytes) { bytes.resize(70'000, 0xff); });
    for (const int byte : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        with([&](auto& bytes) { std::ranges::fill(bytes, static_cast<std::uint8_t>(byte)); });
    }
    if (!now.bytes.empty()) {
        with([](auto& bytes) { bytes.pop_back(); });
        with([](auto& bytes) { bytes.front() ^= 0xff; });
        with([](auto& bytes) { bytes.back() ^= 0xff; });
    }
    return values;
}

// Values of its own type, and one of another.
inline std::vector<Value> hostile_values(const Value& now)
{
    std::vector<Value> values;
    switch (now.type) {
    case Type::Number:
    case Type::Integer: values = hostile_numbers(now.type, now.number); break;
    case Type::Flag: values.emplace_back(Type::Flag, now.number ^ 1); break;
    case Type::Text:
    case Type::Bytes: values = hostile_bytes(now); break;
    case Type::Nothing: // perhaps a time
        values = hostile_numbers(Type::Integer, 0);
        for (Value& number : hostile_numbers(Type::Number, 0)) {
            values.push_back(std::move(number));
        }
        break;
    case Type::Group:
    case Type::List: break;
    }
    values.emplace_back(now.type == Type::Text ? Type::Flag : Type::Text);
    values.emplace_back(); // nothing
    return values;
}

} // namespace windsor::state
