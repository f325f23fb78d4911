// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/smbios.hpp"

#include "firmware/byte_order.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace windsor::firmware {

namespace {

// Structure types, chapter 3.3.
enum class Type : std::uint8_t {
    Bios = 0,
    System = 1,
    Enclosure = 3,
    Processor = 4,
    MemoryArray = 16,
    MemoryDevice = 17,
    MemoryArrayMapped = 19,
    Boot = 32,
    End = 127,
};

constexpr std::uint16_t kNoHandle = 0xfffe;
constexpr std::uint16_t kMemoryArrayHandle = 0x1000;

// One structure: its formatted area, then its strings.
class Structure {
public:
    Structure(Type type, std::uint16_t handle)
    {
        put(static_cast<std::uint8_t>(type), 1);
        put(0, 1); // length: finish() knows
        put(handle, 2);
    }
    Structure& put(std::uint64_t value, unsigned size)
    {
        put_little(area_, value, size);
        return *this;
    }
    // A reference to a string, which is numbered from 1.
    Structure& text(std::string_view string)
    {
        if (string.empty()) {
            return put(0, 1);
        }
        strings_.emplace_back(string);
        return put(strings_.size(), 1);
    }
    void finish(Bytes& tables)
    {
        area_[1] = static_cast<std::uint8_t>(area_.size());
        tables.insert(tables.end(), area_.begin(), area_.end());
        for (const std::string& string : strings_) {
            tables.insert(tables.end(), string.begin(), string.end());
            tables.push_back(0);
        }
        put_little(tables, 0, strings_.empty() ? 2 : 1);
    }

private:
    Bytes area_;
    std::vector<std::string> strings_;
};

void add_bios(Bytes& tables)
{
    Structure bios{Type::Bios, 0x0000};
    bios.text("Windsor").text("1.0").put(0xe800, 2).text("01/01/2026").put(0, 1);
    bios.put(1u << 7 | 1u << 15 | 1u << 16, 8); // PCI, boot from CD, selectable boot
    bios.put(1, 1).put(4, 1);                   // ACPI; targeted content distribution
    bios.put(1, 1).put(0, 1).put(0xff, 1).put(0xff, 1);
    bios.finish(tables);
}

// The UUID in text order, as readers expect it of tables before version 2.6 and as Xen HVM guests have it.
void add_system(Bytes& tables, const SmbiosOptions& options)
{
    Structure system{Type::System, 0x0100};
    system.text("Windsor").text("HVM domU").text("1.0").text(options.serial);
    for (const std::uint8_t byte : options.uuid) {
        system.put(byte, 1);
    }
    system.put(6, 1).text("").text(""); // wake-up: power switch
    system.finish(tables);
}

void add_enclosure(Bytes& tables, const SmbiosOptions& options)
{
    Structure enclosure{Type::Enclosure, 0x0300};
    enclosure.text("Windsor").put(1, 1).text("").text(options.serial).text("");
    enclosure.put(3, 1).put(3, 1).put(3, 1).put(2, 1).put(0, 4).put(0, 4);
    enclosure.finish(tables);
}

// Processor characteristics, section 3.3.5.9.
constexpr std::uint16_t kCapable64 = 1u << 2;

void add_processors(Bytes& tables, const SmbiosOptions& options)
{
    for (unsigned i = 0; i < options.packages; ++i) {
        Structure processor{Type::Processor, static_cast<std::uint16_t>(0x0400 + i)};
        processor.text("CPU " + std::to_string(i)).put(3, 1).put(1, 1).text("Windsor");
        processor.put(options.processor_signature, 4).put(options.processor_features, 4);
        processor.text(options.processor_name).put(0, 1).put(0, 2).put(2000, 2).put(2000, 2);
        processor.put(0x41, 1).put(1, 1); // populated and enabled; upgrade: other
        processor.put(0xffff, 2).put(0xffff, 2).put(0xffff, 2).text("").text("").text("");
        const unsigned cores = std::min(options.cores, 255u);
        processor.put(cores, 1).put(cores, 1).put(cores, 1).put(kCapable64, 2); // there, enabled, and threads
        processor.finish(tables);
    }
}

void add_memory(Bytes& tables, const SmbiosOptions& options)
{
    const std::uint64_t kib = options.memory >> 10;
    Structure array{Type::MemoryArray, kMemoryArrayHandle};
    array.put(1, 1).put(3, 1).put(3, 1).put(std::min<std::uint64_t>(kib, 0x7fff'ffff), 4).put(kNoHandle, 2).put(1, 2);
    array.finish(tables);
    Structure device{Type::MemoryDevice, 0x1100};
    device.put(kMemoryArrayHandle, 2).put(kNoHandle, 2).put(64, 2).put(64, 2);
    device.put(std::min<std::uint64_t>(options.memory >> 20, 0x7ffe), 2);
    device.put(9, 1).put(0, 1).text("DIMM 0").text("").put(7, 1).put(0, 2).put(0, 2);
    device.text("").text("").text("").text("");
    device.finish(tables);
    Structure mapped{Type::MemoryArrayMapped, 0x1300};
    mapped.put(0, 4).put(std::min<std::uint64_t>(kib, 0xffff'ffff) - 1, 4).put(kMemoryArrayHandle, 2).put(1, 1);
    mapped.finish(tables);
}

std::uint16_t count_structures(const SmbiosOptions& options)
{
    return static_cast<std::uint16_t>(8 + options.packages);
}

// The entry point structure, chapter 2.1.
Bytes make_anchor(const Bytes& tables, std::uint16_t structures)
{
    Bytes anchor;
    put_text(anchor, "_SM_", 4);
    put_little(anchor, 0, 1);    // checksum
    put_little(anchor, 0x1f, 1); // length
    put_little(anchor, 2, 1);
    put_little(anchor, 5, 1);
    put_little(anchor, 0x100, 2); // largest structure
    put_little(anchor, 0, 6);     // revision, formatted area
    put_text(anchor, "_DMI_", 5);
    put_little(anchor, 0, 1); // intermediate checksum
    put_little(anchor, tables.size(), 2);
    put_little(anchor, 0, 4); // address
    put_little(anchor, structures, 2);
    put_little(anchor, 0x25, 1); // version, in decimal digits
    return anchor;
}

} // namespace

SmbiosFiles make_smbios_tables(const SmbiosOptions& options)
{
    SmbiosFiles files;
    add_bios(files.tables);
    add_system(files.tables, options);
    add_enclosure(files.tables, options);
    add_processors(files.tables, options);
    add_memory(files.tables, options);
    Structure boot{Type::Boot, 0x2000};
    boot.put(0, 6).put(0, 1);
    boot.finish(files.tables);
    Structure{Type::End, 0x7f00}.finish(files.tables);
    files.anchor = make_anchor(files.tables, count_structures(options));
    return files;
}

} // namespace windsor::firmware
