// SPDX-License-Identifier: GPL-2.0-or-later
// For tests and fuzz targets: structs that have a describe(), filled with arbitrary values.
#pragma once

#include "state/archive.hpp"

#include <random>

namespace windsor::state {

// Gives every described field an arbitrary value that it can have.
class Filler {
public:
    explicit Filler(std::uint64_t seed) : random_{seed} {}

    template <typename T> void field(std::string_view, T& member) { fill(member); }
    template <typename T> void optional(std::string_view, T& member) { fill(member); }
    bool is_of(std::uint32_t) const { return true; }
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

} // namespace windsor::state
