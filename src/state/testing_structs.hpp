// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: structs held against their descriptions, and sent through a file.
#pragma once

#include "state/filler.hpp"

#include <gtest/gtest.h>
#include <set>

namespace windsor::state {

// Stands for a value of any type; optionals take it by their own constructor.
struct Anything {
    template <typename T>
        requires(!kIsOptional<T>)
    operator T() const; // NOLINT(google-explicit-constructor)
};

template <typename T, typename... Given> consteval std::size_t member_count()
{
    if constexpr (requires { T{Given{}..., Anything{}}; }) {
        return member_count<T, Given..., Anything>();
    } else {
        return sizeof...(Given);
    }
}

// Holds each struct's description against the number of its members, so that none is forgotten.
class Auditor {
public:
    template <typename T> void field(std::string_view name, T& member)
    {
        ++described_;
        audit(name, member);
    }
    template <typename T> void optional(std::string_view name, T& member) { field(name, member); }
    template <typename T> void in_place(T& part) { field("a part", part); }
    bool is_of(std::uint32_t) const { return true; }
    template <typename E> void choice(std::string_view, E&, E) { ++described_; }

    template <typename T> static void audit(std::string_view name, T& member)
    {
        if constexpr (std::integral<T> || std::same_as<T, std::string> || kIsBitset<T>) {
            return;
        } else if constexpr (kIsArray<T>) {
            audit(name, member[0]);
        } else if constexpr (kIsVector<T>) {
            typename T::value_type item{};
            audit(name, item);
        } else if constexpr (kIsOptional<T>) {
            audit(name, member.emplace());
        } else {
            Auditor auditor;
            describe(auditor, member);
            EXPECT_EQ(auditor.described_, member_count<T>()) << name << " has members that its description leaves out";
        }
    }

private:
    std::size_t described_{0};
};

template <typename T> void expect_all_described(std::string_view name)
{
    T object{};
    Auditor::audit(name, object);
}

// Which fields there are, and which of them have ever been other than in a fresh object.
struct FieldSets {
    std::set<std::string> all{};
    std::set<std::string> changed{};

    std::string untouched() const
    {
        std::string names;
        for (const std::string& name : all) {
            names += changed.contains(name) ? "" : name + ' ';
        }
        return names;
    }
};

inline void compare_fields(const Value& value, const Value& fresh, const std::string& path, FieldSets& sets)
{
    if (value.type == Type::Group && fresh.type == Type::Group) {
        for (std::size_t i = 0; i < value.fields.size(); ++i) {
            compare_fields(value.fields[i].value, fresh.fields[i].value, path + '.' + value.fields[i].name, sets);
        }
    } else if (value.type == Type::List && value.items.size() == fresh.items.size()) {
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            compare_fields(value.items[i], fresh.items[i], path + "[]", sets);
        }
    } else {
        sets.all.insert(path);
        if (value != fresh) {
            sets.changed.insert(path);
        }
    }
}

// A struct as a reader gets it that comes later.
template <typename T> T through_a_file(const T& object)
{
    T read{};
    const auto status = unpack(decode(encode(pack(object))).value(), "record", read);
    EXPECT_TRUE(status.has_value()) << status.error().message();
    return read;
}

} // namespace windsor::state
