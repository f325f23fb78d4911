// SPDX-License-Identifier: GPL-2.0-or-later
// What a method of the control socket is: what it does in a line, who may call it and when, what it takes and gives.
// From such descriptions follow the checks of requests, the help, and the schema for programs.
#pragma once

#include "base/result.hpp"
#include "domain/phase.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace windsor::domain {

using Json = nlohmann::json;

enum class ValueKind : std::uint8_t { Text, Integer, Number, Truth, Texts, Object, Objects };

// "a text", as sentences call a value of the kind.
std::string_view words_for(ValueKind kind);

// Whether the value is of that kind.
bool is_of(const Json& value, ValueKind kind);

struct Parameter {
    std::string_view name;
    ValueKind kind{ValueKind::Text}; // Text, Integer or Truth
    std::string_view help{};         // a line
    // What it is if the request does not say; nothing: every request has to.
    std::variant<std::monostate, bool, std::int64_t, std::string_view> otherwise{};
    std::int64_t least{std::numeric_limits<std::int64_t>::min()}; // of an integer
    std::int64_t most{std::numeric_limits<std::int64_t>::max()};
    std::size_t longest{1024};             // of a text, in bytes
    std::vector<std::string_view> words{}; // a text is one of these; empty: any text

    bool required() const { return std::holds_alternative<std::monostate>(otherwise); }
};

enum class Presence : std::uint8_t { Always, Sometimes };

// Of an object in an answer. One of the name kAnyName stands for any number of the same kind.
struct Field {
    std::string_view name;
    ValueKind kind{ValueKind::Text};
    std::string_view help{}; // a line
    Presence presence{Presence::Always};
    std::vector<Field> fields{}; // of an object, or of each of some; none: they are not described
};
constexpr std::string_view kAnyName = "*";

struct Answer {
    ValueKind kind{ValueKind::Object};
    std::vector<Field> fields{}; // of an object, or of each of some; none: it has none
};

// What a client may do. Who may control may look, too.
enum class Permission : std::uint8_t { Look, Control };

struct Method {
    std::string_view name;
    std::string_view help{}; // a line
    Phases phases{kAnyPhase};
    Permission permission{Permission::Control};
    std::vector<Parameter> parameters{};
    Answer answer{};
    // What has to come with the request as an open descriptor, "an open file"; empty: nothing, or it need not.
    std::string_view descriptor{};
};

// The parameters of a request after all checks: each of the method's is there, of its kind and within its bounds.
class RpcArguments {
public:
    // The name and the kind are those of one of the method's parameters.
    const std::string& text(std::string_view name) const;
    std::int64_t integer(std::string_view name) const;
    bool truth(std::string_view name) const;

private:
    friend base::Result<RpcArguments> check_parameters(const Method& method, const Json& params);
    using Value = std::variant<bool, std::int64_t, std::string>;

    std::map<std::string, Value, std::less<>> values_;
};

// Fails with a sentence that says which parameter is wrong, and what it has to be.
base::Result<RpcArguments> check_parameters(const Method& method, const Json& params);
// Fails if a client who may no more than that must not call it.
base::Status check_permission(const Method& method, Permission permission);
// Fails with what the domain does, if the method is for other phases.
base::Status check_phase(const Method& method, Phase phase);

// All that a domain has, in the order of their descriptions.
std::span<const Method> all_methods();
// Null if there is none of that name.
const Method* find_method(std::string_view name);
// The same for programs: an OpenRPC document, version 1.3.2.
Json describe_methods();

// Whether the answer is one that the method can give: what is always there is there, and all is of its kind.
bool fits(const Answer& answer, const Json& value);

} // namespace windsor::domain
