// SPDX-License-Identifier: GPL-2.0-or-later
// The plain values that an evaluation ends in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace windsor::python {

// None, a boolean, an integer, a floating-point number, a string, a list, a tuple or a dictionary.
class Value {
public:
    using List = std::vector<Value>;
    using Dict = std::vector<std::pair<std::string, Value>>; // in the order of insertion
    struct Tuple {
        List items;
    };

    Value() = default;
    Value(bool value) : data_{value} {}
    Value(int value) : data_{static_cast<std::int64_t>(value)} {}
    Value(std::int64_t value) : data_{value} {}
    Value(double value) : data_{value} {}
    Value(std::string value) : data_{std::move(value)} {}
    Value(const char* value) : data_{std::string{value}} {}
    Value(List value) : data_{std::move(value)} {}
    Value(Tuple value) : data_{std::move(value)} {}
    Value(Dict value) : data_{std::move(value)} {}

    bool is_none() const { return std::holds_alternative<std::monostate>(data_); }
    const bool* boolean() const { return std::get_if<bool>(&data_); }
    const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
    const double* real() const { return std::get_if<double>(&data_); }
    const std::string* string() const { return std::get_if<std::string>(&data_); }
    const Dict* dict() const { return std::get_if<Dict>(&data_); }

    // The elements of a list or a tuple; null for anything else.
    const List* items() const;

    // What Python would make of the value in a condition: zero, empty and None are false.
    bool truth() const;

    // The kind in a reader's words, with its article: "a string".
    std::string_view kind_name() const;

    // Joins a string to a string or a list to a list; false, with nothing changed, for any other pair.
    bool append(Value other);

    bool operator==(const Value& other) const;

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Tuple, Dict> data_;
};

// As Python would write it.
std::string to_text(const Value& value);

// A floating-point number as Python's repr writes it.
std::string float_text(double value);

// A string in Python's quotes.
std::string python_quoted(std::string_view text);

} // namespace windsor::python
