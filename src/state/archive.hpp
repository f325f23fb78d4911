// SPDX-License-Identifier: GPL-2.0-or-later
// From plain structs to named fields and back. A struct is described once, by a function next to it that both
// directions use, so that they cannot part:
//
//     template <typename Archive> void describe(Archive& archive, State& state)
//     {
//         archive.field("mode", state.mode);
//         archive.choice("kind", state.kind, Kind::Last);
//     }
#pragma once

#include "state/value.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace windsor::state {

// The version of a type's record: raised with each change of its fields, so that older versions of Windsor refuse what
// they would misunderstand, and since() knows what an older one wrote. docs/saved-state.md says how.
template <typename T> constexpr std::uint32_t kVersion = 1;

template <typename T> constexpr bool kIsArray = false;
template <typename T, std::size_t N> constexpr bool kIsArray<std::array<T, N>> = true;
template <typename T> constexpr bool kIsVector = false;
template <typename T> constexpr bool kIsVector<std::vector<T>> = true;
template <typename T> constexpr bool kIsOptional = false;
template <typename T> constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T> constexpr bool kIsBitset = false;
template <std::size_t N> constexpr bool kIsBitset<std::bitset<N>> = true;

template <typename T>
concept Sequence = kIsArray<T> || kIsVector<T>;
template <typename T>
concept ByteSequence = Sequence<T> && std::same_as<typename T::value_type, std::uint8_t>;

class Writer {
public:
    // A field that every reader has to understand.
    template <typename T> void field(std::string_view name, T& member) { add(name, Need::Mandatory, to_value(member)); }
    // One that a reader can do without; missing, it keeps its default.
    template <typename T> void optional(std::string_view name, T& member)
    {
        add(name, Need::Optional, to_value(member));
    }
    // One that records have from that version on; in older ones it has the given value.
    template <typename T, typename Before>
    void since(std::uint32_t /*version*/, std::string_view name, T& member, Before&& /*before*/)
    {
        field(name, member);
    }
    // Whether the record is of that version or a later one, for fields whose presence depends on more than a name.
    bool is_of(std::uint32_t /*version*/) const { return true; }
    // An enumeration whose values lie between zero and `last`.
    template <typename E> void choice(std::string_view name, E& member, E /*last*/)
    {
        add(name, Need::Mandatory, Value{Type::Number, static_cast<std::uint64_t>(std::to_underlying(member))});
    }

    Value take()
    {
        Value group{Type::Group};
        group.fields = std::move(fields_);
        return group;
    }

    template <typename T> static Value to_value(T& member)
    {
        if constexpr (std::same_as<T, bool>) {
            return Value{Type::Flag, member ? 1u : 0u};
        } else if constexpr (std::unsigned_integral<T>) {
            return Value{Type::Number, std::uint64_t{member}};
        } else if constexpr (std::signed_integral<T>) {
            return Value{Type::Integer, static_cast<std::uint64_t>(std::int64_t{member})};
        } else if constexpr (std::same_as<T, std::string>) {
            return Value{Type::Text, std::vector<std::uint8_t>(member.begin(), member.end())};
        } else if constexpr (ByteSequence<T>) {
            return Value{Type::Bytes, std::vector<std::uint8_t>(member.begin(), member.end())};
        } else if constexpr (kIsBitset<T>) {
            Value value{Type::Bytes, std::vector<std::uint8_t>((member.size() + 7) / 8)};
            for (std::size_t i = 0; i < member.size(); ++i) {
                value.bytes[i / 8] |= static_cast<std::uint8_t>((member[i] ? 1u : 0u) << i % 8);
            }
            return value;
        } else if constexpr (Sequence<T>) {
            Value value{Type::List};
            for (auto& item : member) {
                value.items.push_back(to_value(item));
            }
            return value;
        } else if constexpr (kIsOptional<T>) {
            return member ? to_value(*member) : Value{};
        } else {
            Writer writer;
            describe(writer, member);
            return writer.take();
        }
    }

private:
    void add(std::string_view name, Need need, Value value)
    {
        fields_.push_back({std::string{name}, need, std::move(value)});
    }

    std::vector<Field> fields_;
};

// A record that is being read, and what reading has come upon: the first mistake, and optional fields that nobody knew.
struct Findings {
    std::uint32_t version; // of the record
    std::optional<base::Error> mistake{};
    std::vector<std::string> ignored{};

    void wrong(std::string sentence)
    {
        if (!mistake) {
            mistake = base::Error{std::move(sentence)};
        }
    }
};

class Reader {
public:
    // `path` names the group in messages.
    Reader(const Value& group, std::string path, Findings& findings);

    template <typename T> void field(std::string_view name, T& member)
    {
        if (const Value* value = mandatory(name)) {
            from_value(*value, member, path_of(name), findings_);
        }
    }
    template <typename T> void optional(std::string_view name, T& member)
    {
        if (const Value* value = find(name)) {
            from_value(*value, member, path_of(name), findings_);
        }
    }
    template <typename T, typename Default>
    void since(std::uint32_t version, std::string_view name, T& member, Default&& before)
    {
        if (findings_.version >= version) {
            field(name, member);
        } else {
            member = std::forward<Default>(before);
        }
    }
    bool is_of(std::uint32_t version) const { return findings_.version >= version; }
    template <typename E> void choice(std::string_view name, E& member, E last)
    {
        const Value* value = mandatory(name);
        if (value == nullptr) {
            return;
        }
        if (value->type != Type::Number || value->number > static_cast<std::uint64_t>(std::to_underlying(last))) {
            findings_.wrong(path_of(name) + " has a value that this version of Windsor does not know");
            return;
        }
        member = static_cast<E>(value->number);
    }

    // After the last field: what is left over nobody knows.
    void finish();

    template <typename T>
    static void from_value(const Value& value, T& member, const std::string& path, Findings& findings)
    {
        if constexpr (std::same_as<T, bool>) {
            expect(value, Type::Flag, path, findings, [&] { member = value.number != 0; });
        } else if constexpr (std::unsigned_integral<T>) {
            expect(value, Type::Number, path, findings, [&] { number(value.number, member, path, findings); });
        } else if constexpr (std::signed_integral<T>) {
            expect(value, Type::Integer, path, findings,
                   [&] { number(static_cast<std::int64_t>(value.number), member, path, findings); });
        } else if constexpr (std::same_as<T, std::string>) {
            expect(value, Type::Text, path, findings, [&] { member.assign(value.bytes.begin(), value.bytes.end()); });
        } else if constexpr (ByteSequence<T>) {
            expect(value, Type::Bytes, path, findings, [&] { copy(value.bytes, member, path, findings); });
        } else if constexpr (kIsBitset<T>) {
            expect(value, Type::Bytes, path, findings, [&] { bits(value.bytes, member, path, findings); });
        } else if constexpr (Sequence<T>) {
            expect(value, Type::List, path, findings, [&] { items(value.items, member, path, findings); });
        } else if constexpr (kIsOptional<T>) {
            member.reset();
            if (value.type != Type::Nothing) {
                from_value(value, member.emplace(), path, findings);
            }
        } else {
            Reader reader{value, path, findings};
            describe(reader, member);
            reader.finish();
        }
    }

private:
    template <typename Then>
    static void expect(const Value& value, Type type, const std::string& path, Findings& findings, Then then)
    {
        if (value.type == type) {
            then();
        } else {
            findings.wrong(path + " is of another type than expected");
        }
    }

    template <typename From, typename To>
    static void number(From from, To& to, const std::string& path, Findings& findings)
    {
        if (!std::in_range<To>(from)) {
            findings.wrong(path + " is out of range");
            return;
        }
        to = static_cast<To>(from);
    }

    template <typename T>
    static bool resize(std::size_t size, T& member, const std::string& path, Findings& findings)
    {
        if constexpr (kIsVector<T>) {
            member.assign(size, {});
        } else if (size != member.size()) {
            findings.wrong(fmt::format("{} has {} elements and should have {}", path, size, member.size()));
            return false;
        }
        return true;
    }

    template <typename T>
    static void copy(const std::vector<std::uint8_t>& bytes, T& member, const std::string& path, Findings& findings)
    {
        if (resize(bytes.size(), member, path, findings)) {
            std::ranges::copy_n(bytes.begin(), static_cast<std::ptrdiff_t>(member.size()), member.begin());
        }
    }

    template <std::size_t N>
    static void bits(const std::vector<std::uint8_t>& bytes, std::bitset<N>& member, const std::string& path,
                     Findings& findings)
    {
        if (bytes.size() != (N + 7) / 8) {
            findings.wrong(path + " has the wrong length");
            return;
        }
        for (std::size_t i = 0; i < N; ++i) {
            member[i] = (bytes[i / 8] >> i % 8 & 1) != 0;
        }
    }

    template <typename T>
    static void items(const std::vector<Value>& values, T& member, const std::string& path, Findings& findings)
    {
        if (!resize(values.size(), member, path, findings)) {
            return;
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            from_value(values[i], member[i], fmt::format("{}[{}]", path, i), findings);
        }
    }

    const Value* find(std::string_view name);
    const Value* mandatory(std::string_view name);
    std::string path_of(std::string_view name) const { return fmt::format("{}.{}", path_, name); }

    const Value& group_;
    std::string path_;
    Findings& findings_;
    std::vector<bool> known_;
};

template <typename T> Value pack(T object)
{
    return Writer::to_value(object);
}

// Changes `object` only if all is well with the record. `name` is the record's, for messages, and `version` is that by
// which it was written; optional fields that nobody knows are added to `ignored`.
template <typename T>
base::Status unpack(const Value& value, const std::string& name, T& object, std::vector<std::string>* ignored = nullptr,
                    std::uint32_t version = kVersion<T>)
{
    Findings findings{.version = version};
    T fresh = object;
    Reader::from_value(value, fresh, name, findings);
    if (findings.mistake) {
        return base::fail("the saved state cannot be used: {}", findings.mistake->message());
    }
    object = std::move(fresh);
    if (ignored != nullptr) {
        ignored->insert(ignored->end(), findings.ignored.begin(), findings.ignored.end());
    }
    return {};
}

} // namespace windsor::state
