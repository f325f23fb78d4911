// SPDX-License-Identifier: GPL-2.0-or-later
// Where the value of a key goes: a member of DomainConfig, or of the GraphicsConfig in it.
#pragma once

#include "config/domain_config.hpp"
#include "config/words.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace windsor::config {

// A member of a type that tells by itself how it is read, printed and saved.
template <typename T> class Field {
public:
    using Type = T;

    constexpr Field(T DomainConfig::* member) : own_{member} {}
    constexpr Field(T GraphicsConfig::* member) : graphics_{member} {}

    T& in(DomainConfig& config) const { return own_ != nullptr ? config.*own_ : config.graphics.*graphics_; }
    const T& in(const DomainConfig& config) const
    {
        return own_ != nullptr ? config.*own_ : config.graphics.*graphics_;
    }
    constexpr bool in_graphics() const { return graphics_ != nullptr; }

private:
    T DomainConfig::* own_ = nullptr;
    T GraphicsConfig::* graphics_ = nullptr;
};

// A member that is an enumeration, of whatever type, and the words for its values.
struct Choice {
    Words words;
    std::optional<unsigned> (*get)(const DomainConfig& config); // nothing if the member is an optional without a value
    void (*set)(DomainConfig& config, unsigned value);
};

template <typename T> struct ChosenFrom {
    using Type = T;
};
template <typename T> struct ChosenFrom<std::optional<T>> {
    using Type = T;
};

// choice<&DomainConfig::on_crash>(kActionWords)
template <auto kMember> constexpr Choice choice(Words words)
{
    using Type = std::remove_reference_t<decltype(std::declval<DomainConfig&>().*kMember)>;
    using Enumeration = typename ChosenFrom<Type>::Type;
    return {.words = words,
            .get = [](const DomainConfig& config) -> std::optional<unsigned> {
                const std::optional<Enumeration> value{config.*kMember};
                return value ? std::optional{static_cast<unsigned>(std::to_underlying(*value))} : std::nullopt;
            },
            .set = [](DomainConfig& config, unsigned value) { config.*kMember = static_cast<Enumeration>(value); }};
}

// std::monostate: the key has no member of its own. The last three are read and printed by functions of their keys.
using Member = std::variant<std::monostate, Field<Switch>, Field<int>, Field<std::int64_t>, Field<std::uint64_t>,
                            Field<std::optional<int>>, Field<std::string>, Field<std::optional<std::string>>,
                            Field<std::vector<std::string>>, Choice, Field<std::vector<DiskConfig>>,
                            Field<std::vector<VifConfig>>, Field<std::vector<CpuidBit>>>;

// The member's value as text, as help and xend's listings show it. Nothing if it has none, or is a list.
std::optional<std::string> member_text(const Member& member, const DomainConfig& config);

} // namespace windsor::config
