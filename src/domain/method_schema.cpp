// SPDX-License-Identifier: GPL-2.0-or-later
// The methods as an OpenRPC document (https://spec.openrpc.org), whose values are described by JSON Schema.
#include "domain/method.hpp"

#include <algorithm>
#include <limits>

namespace windsor::domain {

namespace {

Json schema_of(ValueKind kind, const std::vector<Field>& fields)
{
    switch (kind) {
    case ValueKind::Text: return {{"type", "string"}};
    case ValueKind::Integer: return {{"type", "integer"}};
    case ValueKind::Number: return {{"type", "number"}};
    case ValueKind::Truth: return {{"type", "boolean"}};
    case ValueKind::Texts: return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case ValueKind::Objects: return {{"type", "array"}, {"items", schema_of(ValueKind::Object, fields)}};
    case ValueKind::Object: break;
    }
    Json schema{{"type", "object"}, {"properties", Json::object()}, {"required", Json::array()}};
    for (const Field& field : fields) {
        Json property = schema_of(field.kind, field.fields);
        property["description"] = field.help;
        if (field.name == kAnyName) {
            schema["additionalProperties"] = std::move(property);
            continue;
        }
        schema["properties"][std::string{field.name}] = std::move(property);
        if (field.presence == Presence::Always) {
            schema["required"].push_back(field.name);
        }
    }
    return schema;
}

Json schema_of(const Parameter& parameter)
{
    Json schema = schema_of(parameter.kind, {});
    if (parameter.kind == ValueKind::Integer) {
        schema["minimum"] = parameter.least;
        schema["maximum"] = parameter.most;
    }
    if (parameter.kind == ValueKind::Text && parameter.words.empty()) {
        schema["maxLength"] = parameter.longest;
    }
    if (!parameter.words.empty()) {
        schema["enum"] = parameter.words;
    }
    if (const auto* const truth = std::get_if<bool>(&parameter.otherwise)) {
        schema["default"] = *truth;
    } else if (const auto* const integer = std::get_if<std::int64_t>(&parameter.otherwise)) {
        schema["default"] = *integer;
    } else if (const auto* const text = std::get_if<std::string_view>(&parameter.otherwise)) {
        schema["default"] = *text;
    }
    return schema;
}

Json description_of(const Method& method)
{
    Json described{{"name", method.name},
                   {"summary", method.help},
                   {"paramStructure", "by-name"},
                   {"params", Json::array()},
                   {"result", {{"name", "answer"}, {"schema", schema_of(method.answer.kind, method.answer.fields)}}},
                   {"x-permission", method.permission == Permission::Look ? "look" : "control"},
                   {"x-phases", Json::array()}};
    for (const Parameter& parameter : method.parameters) {
        described["params"].push_back({{"name", parameter.name},
                                       {"description", parameter.help},
                                       {"required", parameter.required()},
                                       {"schema", schema_of(parameter)}});
    }
    for (const Phase phase : all_phases()) {
        if (method.phases.has(phase)) {
            described["x-phases"].push_back(name_of(phase));
        }
    }
    if (!method.descriptor.empty()) {
        described["x-descriptor"] = method.descriptor;
    }
    return described;
}

} // namespace

const Method* find_method(std::string_view name)
{
    const auto methods = all_methods();
    const auto found = std::ranges::find(methods, name, &Method::name);
    return found != methods.end() ? &*found : nullptr;
}

Json describe_methods()
{
    Json document{{"openrpc", "1.3.2"},
                  {"info", {{"title", "A Windsor domain's control socket"}, {"version", WINDSOR_VERSION}}},
                  {"methods", Json::array()}};
    for (const Method& method : all_methods()) {
        document["methods"].push_back(description_of(method));
    }
    return document;
}

} // namespace windsor::domain
