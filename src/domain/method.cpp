// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/method.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <cassert>
#include <ranges>

#include <fmt/ranges.h>

namespace windsor::domain {

namespace {

constexpr std::size_t kLongestShown = 64; // of a name that a client made up

std::string shown(std::string_view name)
{
    const bool whole = name.size() <= kLongestShown;
    return base::printable(std::string{name.substr(0, kLongestShown)}) + (whole ? "" : "…");
}

std::string names_of(const std::vector<Parameter>& parameters)
{
    return parameters.empty()
               ? "none"
               : fmt::format("{}", fmt::join(parameters | std::views::transform(&Parameter::name), ", "));
}

// Beyond 64 bits the parser has made it a number with a fraction, which is none.
base::Result<std::int64_t> check_integer(const Method& method, const Parameter& parameter, const Json& value)
{
    const bool huge = value.is_number_unsigned() &&
                      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()};
    const std::int64_t number = huge ? 0 : value.get<std::int64_t>();
    if (huge || number < parameter.least || number > parameter.most) {
        return base::fail("'{}' of '{}' must be from {} to {}", parameter.name, method.name, parameter.least,
                          parameter.most);
    }
    return number;
}

base::Result<std::string> check_text(const Method& method, const Parameter& parameter, const Json& value)
{
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > parameter.longest) {
        return base::fail("'{}' of '{}' is longer than {} bytes", parameter.name, method.name, parameter.longest);
    }
    if (text.find('\0') != std::string::npos) {
        return base::fail("'{}' of '{}' has a zero byte in it", parameter.name, method.name);
    }
    if (!parameter.words.empty() && std::ranges::find(parameter.words, text) == parameter.words.end()) {
        return base::fail("'{}' of '{}' must be one of {}", parameter.name, method.name,
                          fmt::join(parameter.words, ", "));
    }
    return text;
}

base::Status check_names(const Method& method, const Json& params)
{
    for (const auto& [name, value] : params.items()) {
        if (std::ranges::find(method.parameters, name, &Parameter::name) == method.parameters.end()) {
            return base::fail("'{}' has no parameter '{}'; it has {}", method.name, shown(name),
                              names_of(method.parameters));
        }
    }
    return {};
}

} // namespace

bool is_of(const Json& value, ValueKind kind)
{
    const auto all = [&](auto each) { return value.is_array() && std::ranges::all_of(value, each); };
    switch (kind) {
    case ValueKind::Text: return value.is_string();
    case ValueKind::Integer: return value.is_number_integer();
    case ValueKind::Number: return value.is_number();
    case ValueKind::Truth: return value.is_boolean();
    case ValueKind::Texts: return all([](const Json& item) { return item.is_string(); });
    case ValueKind::Object: return value.is_object();
    case ValueKind::Objects: return all([](const Json& item) { return item.is_object(); });
    }
    return false;
}

std::string_view words_for(ValueKind kind)
{
    switch (kind) {
    case ValueKind::Text: return "a text";
    case ValueKind::Integer: return "a whole number";
    case ValueKind::Number: return "a number";
    case ValueKind::Truth: return "true or false";
    case ValueKind::Texts: return "a list of texts";
    case ValueKind::Object: return "an object";
    case ValueKind::Objects: return "a list of objects";
    }
    return "";
}

const std::string& RpcArguments::text(std::string_view name) const
{
    const auto found = values_.find(name);
    assert(found != values_.end());
    return std::get<std::string>(found->second);
}

std::int64_t RpcArguments::integer(std::string_view name) const
{
    const auto found = values_.find(name);
    assert(found != values_.end());
    return std::get<std::int64_t>(found->second);
}

bool RpcArguments::truth(std::string_view name) const
{
    const auto found = values_.find(name);
    assert(found != values_.end());
    return std::get<bool>(found->second);
}

base::Result<RpcArguments> check_parameters(const Method& method, const Json& params)
{
    WINDSOR_TRY(check_names(method, params));
    RpcArguments arguments;
    for (const Parameter& parameter : method.parameters) {
        RpcArguments::Value& value = arguments.values_[std::string{parameter.name}];
        const auto given = params.find(parameter.name);
        if (given == params.end()) {
            if (parameter.required()) {
                return base::fail("'{}' wants the parameter '{}': {}", method.name, parameter.name, parameter.help);
            }
            std::visit(
                [&](const auto& otherwise) {
                    if constexpr (std::is_same_v<decltype(otherwise), const std::string_view&>) {
                        value = std::string{otherwise};
                    } else if constexpr (!std::is_same_v<decltype(otherwise), const std::monostate&>) {
                        value = otherwise;
                    }
                },
                parameter.otherwise);
            continue;
        }
        if (!is_of(*given, parameter.kind)) {
            return base::fail("'{}' of '{}' must be {}", parameter.name, method.name, words_for(parameter.kind));
        }
        switch (parameter.kind) {
        case ValueKind::Integer: value = WINDSOR_TRY(check_integer(method, parameter, *given)); break;
        case ValueKind::Truth: value = given->get<bool>(); break;
        default: value = WINDSOR_TRY(check_text(method, parameter, *given)); break;
        }
    }
    return arguments;
}

base::Status check_permission(const Method& method, Permission permission)
{
    if (method.permission == Permission::Control && permission != Permission::Control) {
        return base::fail("this connection may only look, and '{}' changes the domain", method.name);
    }
    return {};
}

base::Status check_phase(const Method& method, Phase phase)
{
    return method.phases.has(phase) ? base::Status{} : base::fail("{}", sentence_for(phase));
}

namespace {

bool object_fits(const std::vector<Field>& fields, const Json& object);

bool field_fits(const Field& field, const Json& value)
{
    if (!is_of(value, field.kind)) {
        return false;
    }
    if (field.fields.empty()) {
        return true;
    }
    const auto each = [&](const Json& object) { return object_fits(field.fields, object); };
    return field.kind == ValueKind::Objects ? std::ranges::all_of(value, each) : each(value);
}

bool object_fits(const std::vector<Field>& fields, const Json& object)
{
    const auto there = [&](const Field& field) {
        return field.presence == Presence::Sometimes || field.name == kAnyName || object.contains(field.name);
    };
    return std::ranges::all_of(fields, there) && std::ranges::all_of(object.items(), [&](const auto& item) {
               auto field = std::ranges::find(fields, item.key(), &Field::name);
               if (field == fields.end()) {
                   field = std::ranges::find(fields, kAnyName, &Field::name);
               }
               return field != fields.end() && field_fits(*field, item.value());
           });
}

} // namespace

bool fits(const Answer& answer, const Json& value)
{
    if (!is_of(value, answer.kind)) {
        return false;
    }
    switch (answer.kind) {
    case ValueKind::Object: return object_fits(answer.fields, value);
    case ValueKind::Objects:
        return std::ranges::all_of(value, [&](const Json& each) { return object_fits(answer.fields, each); });
    default: return true;
    }
}

} // namespace windsor::domain
