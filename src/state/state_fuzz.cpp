// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a saved state, as its records, as the fields of one, and as a record of memory.
#include "state/pages.hpp"
#include "state/testing.hpp"

#include <cstddef>
#include <cstdlib>

namespace {

using namespace windsor::state;

struct Inner {
    std::vector<std::uint16_t> numbers;
    std::optional<std::string> text;
};

template <typename Archive> void describe(Archive& archive, Inner& inner)
{
    archive.field("numbers", inner.numbers);
    archive.optional("text", inner.text);
}

struct Outer {
    std::array<Inner, 2> inner;
    std::vector<std::uint8_t> bytes;
    std::int8_t small{0};
    bool flag{false};
    Need need{Need::Optional};
};

template <typename Archive> void describe(Archive& archive, Outer& outer)
{
    archive.field("inner", outer.inner);
    archive.field("bytes", outer.bytes);
    archive.field("small", outer.small);
    archive.field("flag", outer.flag);
    archive.choice("need", outer.need, Need::Mandatory);
}

void read_stream(std::span<const std::uint8_t> bytes)
{
    std::vector<std::uint8_t> memory(3 * 4096);
    PageReader pages;
    pages.expect("ram", memory);
    MemoryInput input{bytes};
    StreamReader reader{input};
    if (!reader.begin()) {
        return;
    }
    for (auto record = reader.next(); record && *record; record = reader.next()) {
        Outer outer;
        static_cast<void>(read_object(**record, outer));
        static_cast<void>(pages.load(**record));
    }
}

// What can be read is the same after it has been written again.
void read_fields(std::span<const std::uint8_t> bytes)
{
    const auto value = decode(bytes);
    if (!value) {
        return;
    }
    if (decode(encode(*value)).value() != *value || !difference(*value, *value).empty()) {
        std::abort();
    }
    Outer outer;
    if (unpack(*value, "fuzz", outer)) {
        Outer again;
        if (!unpack(pack(outer), "fuzz", again) || pack(again) != pack(outer)) {
            std::abort();
        }
    }
}

void load_memory(std::string_view record, std::span<const std::uint8_t> contents)
{
    std::vector<std::uint8_t> memory(300 * 4096);
    PageReader pages;
    pages.expect("ram", memory);
    static_cast<void>(pages.load({.name = std::string{record}, .contents = {contents.begin(), contents.end()}}));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::span rest{data + 1, size - 1};
    switch (data[0] % 5) {
    case 0: read_stream(rest); break;
    case 1: {
        MemoryOutput output;
        static_cast<void>(StreamWriter{output}.begin());
        output.bytes.insert(output.bytes.end(), rest.begin(), rest.end());
        read_stream(output.bytes);
        break;
    }
    case 2: read_fields(rest); break;
    case 3: load_memory(kPagesRecord, rest); break;
    default: load_memory(kChangedPagesRecord, rest); break;
    }
    return 0;
}
