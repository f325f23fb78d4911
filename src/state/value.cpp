// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/value.hpp"

#include "state/bytes.hpp"

namespace windsor::state {

namespace {

void put_bytes(std::vector<std::uint8_t>& to, std::span<const std::uint8_t> bytes)
{
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void put_name(std::vector<std::uint8_t>& to, const std::string& name)
{
    put(to, static_cast<std::uint8_t>(name.size()));
    to.insert(to.end(), name.begin(), name.end());
}

void put_value(std::vector<std::uint8_t>& to, const Value& value)
{
    put(to, static_cast<std::uint8_t>(value.type));
    switch (value.type) {
    case Type::Number:
    case Type::Integer: put(to, value.number); break;
    case Type::Flag: put(to, static_cast<std::uint8_t>(value.number)); break;
    case Type::Text:
    case Type::Bytes:
        put(to, static_cast<std::uint32_t>(value.bytes.size()));
        put_bytes(to, value.bytes);
        break;
    case Type::Group:
        put(to, static_cast<std::uint32_t>(value.fields.size()));
        for (const Field& field : value.fields) {
            put_name(to, field.name);
            put(to, static_cast<std::uint8_t>(field.need));
            put_value(to, field.value);
        }
        break;
    case Type::List:
        put(to, static_cast<std::uint32_t>(value.items.size()));
        for (const Value& item : value.items) {
            put_value(to, item);
        }
        break;
    case Type::Nothing: break;
    }
}

// Every read is checked against what is left, every count against kMostValues, every nesting against kDeepest.
class Decoder {
public:
    explicit Decoder(std::span<const std::uint8_t> bytes) : cursor_{bytes} {}

    bool value(Value& into, unsigned depth)
    {
        const auto type = cursor_.take<std::uint8_t>();
        if (!type || depth > kDeepest || ++values_ > kMostValues) {
            return false;
        }
        into.type = static_cast<Type>(*type);
        switch (into.type) {
        case Type::Number:
        case Type::Integer: return take(into.number);
        case Type::Flag: return flag(into.number);
        case Type::Text:
        case Type::Bytes: return bytes(into.bytes);
        case Type::Group: return group(into.fields, depth);
        case Type::List: return list(into.items, depth);
        case Type::Nothing: return true;
        }
        return false;
    }

    bool ended() const { return cursor_.left() == 0; }

private:
    template <typename T> bool take(T& into)
    {
        const auto taken = cursor_.take<T>();
        into = taken.value_or(0);
        return taken.has_value();
    }

    bool flag(std::uint64_t& into)
    {
        const auto taken = cursor_.take<std::uint8_t>();
        into = taken.value_or(0);
        return taken && *taken <= 1;
    }

    bool bytes(std::vector<std::uint8_t>& into)
    {
        std::uint32_t length = 0;
        const auto taken = take(length) ? cursor_.take(length) : std::nullopt;
        if (taken) {
            into.assign(taken->begin(), taken->end());
        }
        return taken.has_value();
    }

    bool name(std::string& into)
    {
        std::uint8_t length = 0;
        const auto taken = take(length) && length <= kLongestName ? cursor_.take(length) : std::nullopt;
        if (taken) {
            into.assign(taken->begin(), taken->end());
        }
        return taken.has_value();
    }

    bool group(std::vector<Field>& into, unsigned depth)
    {
        std::uint32_t count = 0;
        if (!take(count)) {
            return false;
        }
        for (; count != 0; --count) {
            Field field;
            std::uint8_t need = 0;
            if (!name(field.name) || !take(need) || need > 1 || !value(field.value, depth + 1)) {
                return false;
            }
            field.need = static_cast<Need>(need);
            into.push_back(std::move(field));
        }
        return true;
    }

    bool list(std::vector<Value>& into, unsigned depth)
    {
        std::uint32_t count = 0;
        if (!take(count)) {
            return false;
        }
        for (; count != 0; --count) {
            if (!value(into.emplace_back(), depth + 1)) {
                return false;
            }
        }
        return true;
    }

    Cursor cursor_;
    std::size_t values_{0};
};

std::string shown(const Value& value)
{
    switch (value.type) {
    case Type::Number:
    case Type::Flag: return fmt::format("{:#x}", value.number);
    case Type::Integer: return fmt::format("{}", static_cast<std::int64_t>(value.number));
    case Type::Text: return fmt::format("'{}'", std::string{value.bytes.begin(), value.bytes.end()});
    case Type::Bytes: return fmt::format("{} bytes", value.bytes.size());
    case Type::Group: return fmt::format("{} fields", value.fields.size());
    case Type::List: return fmt::format("{} items", value.items.size());
    case Type::Nothing: return "nothing";
    }
    return "?";
}

std::string bytes_difference(const std::vector<std::uint8_t>& left, const std::vector<std::uint8_t>& right)
{
    const auto [a, b] = std::ranges::mismatch(left, right);
    return fmt::format("[{}]: {:#x} and {:#x}", a - left.begin(), *a, *b);
}

} // namespace

// Here, where a Field is complete.
Value::Value() = default;
Value::Value(Type of_type, std::uint64_t of_number) : type{of_type}, number{of_number} {}
Value::Value(Type of_type, std::vector<std::uint8_t> of_bytes) : type{of_type}, bytes{std::move(of_bytes)} {}
Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

bool Value::operator==(const Value& other) const = default;

std::vector<std::uint8_t> encode(const Value& value)
{
    std::vector<std::uint8_t> bytes;
    put_value(bytes, value);
    return bytes;
}

base::Result<Value> decode(std::span<const std::uint8_t> bytes)
{
    Decoder decoder{bytes};
    Value value;
    if (!decoder.value(value, 0) || !decoder.ended()) {
        return base::fail("its fields are damaged");
    }
    return value;
}

std::string difference(const Value& left, const Value& right)
{
    if (left == right) {
        return {};
    }
    if (left.type == Type::Group && right.type == Type::Group && left.fields.size() == right.fields.size()) {
        for (std::size_t i = 0; i < left.fields.size(); ++i) {
            const std::string found = difference(left.fields[i].value, right.fields[i].value);
            if (!found.empty()) {
                return '.' + left.fields[i].name + found;
            }
        }
    }
    if (left.type == Type::List && right.type == Type::List && left.items.size() == right.items.size()) {
        for (std::size_t i = 0; i < left.items.size(); ++i) {
            const std::string found = difference(left.items[i], right.items[i]);
            if (!found.empty()) {
                return fmt::format("[{}]{}", i, found);
            }
        }
    }
    if (left.type == Type::Bytes && right.type == Type::Bytes && left.bytes.size() == right.bytes.size()) {
        return bytes_difference(left.bytes, right.bytes);
    }
    return fmt::format(": {} and {}", shown(left), shown(right));
}

} // namespace windsor::state
