// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: structs that have a describe(), filled with arbitrary values, and held against their descriptions.
#pragma once

#include "state/archive.hpp"

#include <gtest/gtest.h>
#include <random>

namespace windsor::state {

// Gives every described field an arbitrary value that it can have.
class Filler {
public:
    explicit Filler(std::uint64_t seed) : random_{seed} {}

    template <typename T> void field(std::string_view, T& member) { fill(member); }
    template <typename T> void optional(std::string_view, T& member) { fill(member); }
    template <typename E> void choice(std::string_view, E& member, E last)
    {
        member = static_cast<E>(random_() % (static_cast<std::uint64_t>(std::to_underlying(last)) + 1));
    }

    template <typename T> void fill(T& member)
    {
        if constexpr (std::same_as<T, bool>) {
            member = (random_() & 1) != 0;
        } else if constexpr (std::integral<T>) {
            // Small ones as well as large ones.
            member = static_cast<T>(random_() >> random_() % 64);
        } else if constexpr (std::same_as<T, std::string>) {
            member = "text " + std::to_string(random_());
        } else if constexpr (kIsBitset<T>) {
            for (std::size_t i = 0; i < member.size(); ++i) {
                member[i] = (random_() & 1) != 0;
            }
        } else if constexpr (Sequence<T>) {
            if constexpr (kIsVector<T>) {
                member.resize(random_() % 1000);
            }
            for (auto& item : member) {
                fill(item);
            }
        } else if constexpr (kIsOptional<T>) {
            fill(member.emplace());
        } else {
            describe(*this, member);
        }
    }

private:
    std::mt19937_64 random_;
};

template <typename T> T filled(std::uint64_t seed)
{
    T object{};
    Filler{seed}.fill(object);
    return object;
}

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

// A struct as a reader gets it that comes later.
template <typename T> T through_a_file(const T& object)
{
    T read{};
    const auto status = unpack(decode(encode(pack(object))).value(), "record", read);
    EXPECT_TRUE(status.has_value()) << status.error().message();
    return read;
}

} // namespace windsor::state
