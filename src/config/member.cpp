// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/member.hpp"

#include <concepts>

#include <fmt/format.h>

namespace windsor::config {
namespace {

// A member's value as text, one function for each type that has one.
struct TextOf {
    const DomainConfig& config;

    std::optional<std::string> operator()(const Field<Switch>& field) const
    {
        return field.in(config) == Switch::On ? "1" : "0";
    }
    template <std::integral T> std::optional<std::string> operator()(const Field<T>& field) const
    {
        return fmt::format("{}", field.in(config));
    }
    std::optional<std::string> operator()(const Field<std::optional<int>>& field) const
    {
        const auto& value = field.in(config);
        return value ? std::optional{fmt::format("{}", *value)} : std::nullopt;
    }
    std::optional<std::string> operator()(const Field<std::string>& field) const { return field.in(config); }
    std::optional<std::string> operator()(const Field<std::optional<std::string>>& field) const
    {
        return field.in(config);
    }
    std::optional<std::string> operator()(const Choice& choice) const
    {
        const auto value = choice.get(config);
        return value ? std::optional<std::string>{word_for(choice.words, *value)} : std::nullopt;
    }
    std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
    template <typename T> std::optional<std::string> operator()(const Field<std::vector<T>>&) const
    {
        return std::nullopt;
    }
};

} // namespace

std::optional<std::string> member_text(const Member& member, const DomainConfig& config)
{
    return std::visit(TextOf{config}, member);
}

} // namespace windsor::config
