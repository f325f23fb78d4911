// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/status.hpp"

#include "base/printable.hpp"

#include <concepts>
#include <utility>

namespace windsor::domain {

namespace {

template <typename T> constexpr bool is_optional = false;
template <typename T> constexpr bool is_optional<std::optional<T>> = true;

template <typename T> constexpr ValueKind kind_of()
{
    if constexpr (std::same_as<T, bool>) {
        return ValueKind::Truth;
    } else if constexpr (std::integral<T>) {
        return ValueKind::Integer;
    } else if constexpr (std::floating_point<T>) {
        return ValueKind::Number;
    } else if constexpr (std::same_as<T, std::string>) {
        return ValueKind::Text;
    } else if constexpr (std::same_as<T, std::vector<std::string>>) {
        return ValueKind::Texts;
    } else {
        return ValueKind::Object;
    }
}

struct Writer {
    Json object = Json::object();

    template <typename T> void operator()(std::string_view name, T& value, std::string_view)
    {
        if constexpr (is_optional<T>) {
            if (value) {
                (*this)(name, *value, {});
            }
        } else if constexpr (kind_of<T>() == ValueKind::Object) {
            Writer inner;
            describe(inner, value);
            object[std::string{name}] = std::move(inner.object);
        } else {
            object[std::string{name}] = value;
        }
    }
};

struct Reader {
    const Json& object;

    template <typename T> void operator()(std::string_view name, T& value, std::string_view)
    {
        if (const auto found = object.find(name); found != object.end()) {
            read(*found, value);
        }
    }

private:
    template <typename T> static void read(const Json& from, T& value)
    {
        if constexpr (is_optional<T>) {
            if (is_of(from, kind_of<typename T::value_type>())) {
                read(from, value.emplace());
            }
        } else if constexpr (kind_of<T>() == ValueKind::Object) {
            Reader inner{from};
            describe(inner, value);
        } else if (!is_of(from, kind_of<T>())) {
            return;
        } else if constexpr (kind_of<T>() == ValueKind::Integer) {
            const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<std::uint64_t>())
                                                        : std::in_range<T>(from.get<std::int64_t>());
            value = fits ? from.get<T>() : value;
        } else if constexpr (kind_of<T>() == ValueKind::Text) {
            value = base::printable_line(from.get_ref<const std::string&>()); // a row of a table stays one
        } else {
            value = from.get<T>();
        }
    }
};

struct Describer {
    std::vector<Field> fields{};

    template <typename T> void operator()(std::string_view name, T& value, std::string_view help)
    {
        if constexpr (is_optional<T>) {
            (*this)(name, value.emplace(), help);
            fields.back().presence = Presence::Sometimes;
        } else {
            Describer inner;
            if constexpr (kind_of<T>() == ValueKind::Object) {
                describe(inner, value);
            }
            fields.push_back({.name = name, .kind = kind_of<T>(), .help = help, .fields = std::move(inner.fields)});
        }
    }
};

} // namespace

Json to_json(const DomainStatus& status)
{
    Writer writer;
    DomainStatus copy = status;
    describe(writer, copy);
    return std::move(writer.object);
}

DomainStatus status_from(const Json& said)
{
    DomainStatus status;
    if (said.is_object()) {
        Reader reader{said};
        describe(reader, status);
    }
    return status;
}

std::vector<Field> status_fields()
{
    Describer describer;
    DomainStatus status;
    describe(describer, status);
    return std::move(describer.fields);
}

} // namespace windsor::domain
