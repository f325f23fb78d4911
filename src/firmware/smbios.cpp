// SPDX-License-Identifier: GPL-2.0-or-later
#include "firmware/smbios.hpp"

#include "firmware/byte_order.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <string_view>
#include <vector>

namespace windsor::firmware {

namespace {

// Structure types, chapter 3.3.
enum class Type : std::uint8_t {
    Bios = 0,
    System = 1,
    Baseboard = 2,
    Enclosure = 3,
    Processor = 4,
    OemStrings = 11,
    MemoryArray = 16,
    MemoryDevice = 17,
    MemoryArrayMapped = 19,
    Battery = 22,
    Boot = 32,
    End = 127,
};

constexpr std::uint16_t kNoHandle = 0xfffe;
constexpr std::uint16_t kEnclosureHandle = 0x0300;
constexpr std::uint16_t kMemoryArrayHandle = 0x1000;

using enum SmbiosText;

// One structure: its formatted area, then its strings.
class Structure {
public:
    Structure(Type type, std::uint16_t handle)
    {
        put(static_cast<std::uint8_t>(type), 1);
        put(0, 1); // length: bytes() knows
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
        add_string(string);
        return put(strings_.size(), 1);
    }
    // One that nothing refers to.
    void add_string(std::string_view string) { strings_.emplace_back(string); }

    Bytes bytes() const
    {
        Bytes bytes = area_;
        bytes[1] = static_cast<std::uint8_t>(area_.size());
        for (const std::string& string : strings_) {
            bytes.insert(bytes.end(), string.begin(), string.end());
            bytes.push_back(0);
        }
        put_little(bytes, 0, strings_.empty() ? 2 : 1);
        return bytes;
    }

private:
    Bytes area_;
    std::vector<std::string> strings_;
};

// The tables as they grow, with what the entry point says of them.
class Tables {
public:
    Tables(SmbiosTexts texts, std::vector<SmbiosStructure> others)
        : texts_{std::move(texts)}, others_{std::move(others)}
    {
    }

    const std::string& operator[](SmbiosText text) const { return *texts_[text]; }
    const std::vector<std::string>& oem() const { return *texts_.oem; }
    // Whether the guest is told any of these texts.
    bool has(std::initializer_list<SmbiosText> texts) const
    {
        return std::ranges::any_of(texts, [this](SmbiosText text) { return !(*this)[text].empty(); });
    }
    // Or another in its place, which gets its handle, by which others know it.
    void add(const Structure& structure)
    {
        Bytes bytes = structure.bytes();
        if (const auto other = std::ranges::find(others_, bytes[0], &SmbiosStructure::type); other != others_.end()) {
            std::copy_n(bytes.begin() + 2, 2, other->bytes.begin() + 2);
            bytes = std::exchange(other->bytes, {});
            others_.erase(other);
        }
        append(bytes);
    }
    // The system's, whose UUID is the domain's also if a file has it.
    void add_system(const Structure& structure, std::span<const std::uint8_t, 16> uuid)
    {
        constexpr std::size_t kUuid = 8;
        const std::size_t start = bytes_.size();
        add(structure);
        std::ranges::copy(uuid, bytes_.begin() + static_cast<std::ptrdiff_t>(start + kUuid));
    }
    // What has taken no structure's place, with handles of its own.
    void add_others()
    {
        std::uint16_t handle = 0x8000;
        for (SmbiosStructure& other : std::exchange(others_, {})) {
            other.bytes[2] = static_cast<std::uint8_t>(handle);
            other.bytes[3] = static_cast<std::uint8_t>(handle >> 8);
            append(other.bytes);
            ++handle;
        }
    }
    const Bytes& bytes() const { return bytes_; }
    std::size_t largest() const { return largest_; }
    std::size_t count() const { return count_; }

private:
    void append(const Bytes& bytes)
    {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        largest_ = std::max(largest_, bytes.size());
        ++count_;
    }

    SmbiosTexts texts_; // all of them chosen
    std::vector<SmbiosStructure> others_; // that have not taken their place yet
    Bytes bytes_;
    std::size_t largest_{0};
    std::size_t count_{0};
};

void add_bios(Tables& tables)
{
    Structure bios{Type::Bios, 0x0000};
    bios.text(tables[BiosVendor]).text(tables[BiosVersion]).put(0xe800, 2);
    bios.text(tables[BiosReleaseDate]).put(0, 1);
    bios.put(1u << 7 | 1u << 15 | 1u << 16, 8); // PCI, boot from CD, selectable boot
    bios.put(1, 1).put(4, 1);                   // ACPI; targeted content distribution
    bios.put(1, 1).put(0, 1).put(0xff, 1).put(0xff, 1);
    tables.add(bios);
}

// The UUID in text order, as readers expect it of tables before version 2.6 and as Xen HVM guests have it.
void add_system(Tables& tables, const SmbiosOptions& options)
{
    Structure system{Type::System, 0x0100};
    system.text(tables[SystemManufacturer]).text(tables[SystemProductName]);
    system.text(tables[SystemVersion]).text(tables[SystemSerialNumber]);
    for (const std::uint8_t byte : options.uuid) {
        system.put(byte, 1);
    }
    system.put(6, 1); // wake-up: power switch
    system.text(tables[SystemSkuNumber]).text(tables[SystemFamily]);
    tables.add_system(system, options.uuid);
}

// Section 3.3.3. Guests find one only if something is said of it.
void add_baseboard(Tables& tables)
{
    if (!tables.has({BaseboardManufacturer, BaseboardProductName, BaseboardVersion, BaseboardSerialNumber,
                     BaseboardAssetTag, BaseboardLocationInChassis})) {
        return;
    }
    constexpr std::uint8_t kHostingAndReplaceable = 0x09;
    constexpr std::uint8_t kMotherboard = 0x0a;
    Structure board{Type::Baseboard, 0x0200};
    board.text(tables[BaseboardManufacturer]).text(tables[BaseboardProductName]);
    board.text(tables[BaseboardVersion]).text(tables[BaseboardSerialNumber]).text(tables[BaseboardAssetTag]);
    board.put(kHostingAndReplaceable, 1).text(tables[BaseboardLocationInChassis]).put(kEnclosureHandle, 2);
    board.put(kMotherboard, 1).put(0, 1); // contains nothing that has a handle
    tables.add(board);
}

void add_enclosure(Tables& tables)
{
    Structure enclosure{Type::Enclosure, kEnclosureHandle};
    enclosure.text(tables[EnclosureManufacturer]).put(1, 1).text(tables[EnclosureVersion]);
    enclosure.text(tables[EnclosureSerialNumber]).text(tables[EnclosureAssetTag]);
    enclosure.put(3, 1).put(3, 1).put(3, 1).put(2, 1).put(0, 4).put(0, 4);
    tables.add(enclosure);
}

// Section 3.3.12.
void add_oem_strings(Tables& tables)
{
    if (tables.oem().empty()) {
        return;
    }
    Structure strings{Type::OemStrings, 0x0b00};
    strings.put(tables.oem().size(), 1);
    std::ranges::for_each(tables.oem(), [&strings](const std::string& text) { strings.add_string(text); });
    tables.add(strings);
}

// Section 3.3.23. It has a maker and a name, and nothing else is known of it.
void add_battery(Tables& tables)
{
    if (!tables.has({BatteryManufacturer, BatteryDeviceName})) {
        return;
    }
    constexpr std::uint8_t kUnknownChemistry = 2;
    Structure battery{Type::Battery, 0x1600};
    battery.text("Primary").text(tables[BatteryManufacturer]).text("").text("").text(tables[BatteryDeviceName]);
    battery.put(kUnknownChemistry, 1).put(0, 2).put(0, 2).text(""); // capacity and voltage; version of its data
    battery.put(0xff, 1).put(0, 2).put(0, 2).text("").put(1, 1).put(0, 4);
    tables.add(battery);
}

// Processor characteristics, section 3.3.5.9.
constexpr std::uint16_t kCapable64 = 1u << 2;

void add_processors(Tables& tables, const SmbiosOptions& options)
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
        tables.add(processor);
    }
}

void add_memory(Tables& tables, const SmbiosOptions& options)
{
    const std::uint64_t kib = options.memory >> 10;
    Structure array{Type::MemoryArray, kMemoryArrayHandle};
    array.put(1, 1).put(3, 1).put(3, 1).put(std::min<std::uint64_t>(kib, 0x7fff'ffff), 4).put(kNoHandle, 2).put(1, 2);
    tables.add(array);
    Structure device{Type::MemoryDevice, 0x1100};
    device.put(kMemoryArrayHandle, 2).put(kNoHandle, 2).put(64, 2).put(64, 2);
    device.put(std::min<std::uint64_t>(options.memory >> 20, 0x7ffe), 2);
    device.put(9, 1).put(0, 1).text("DIMM 0").text("").put(7, 1).put(0, 2).put(0, 2);
    device.text("").text("").text("").text("");
    tables.add(device);
    Structure mapped{Type::MemoryArrayMapped, 0x1300};
    mapped.put(0, 4).put(std::min<std::uint64_t>(kib, 0xffff'ffff) - 1, 4).put(kMemoryArrayHandle, 2).put(1, 1);
    tables.add(mapped);
}

// The entry point structure, chapter 2.1.
Bytes make_anchor(const Tables& tables)
{
    Bytes anchor;
    put_text(anchor, "_SM_", 4);
    put_little(anchor, 0, 1);    // checksum
    put_little(anchor, 0x1f, 1); // length
    put_little(anchor, 2, 1);
    put_little(anchor, 5, 1);
    put_little(anchor, tables.largest(), 2);
    put_little(anchor, 0, 6); // revision, formatted area
    put_text(anchor, "_DMI_", 5);
    put_little(anchor, 0, 1); // intermediate checksum
    put_little(anchor, tables.bytes().size(), 2);
    put_little(anchor, 0, 4); // address
    put_little(anchor, tables.count(), 2);
    put_little(anchor, 0x25, 1); // version, in decimal digits
    return anchor;
}

} // namespace

SmbiosFiles make_smbios_tables(const SmbiosOptions& options)
{
    SmbiosTexts texts = options.texts;
    texts.fill_in(default_smbios_texts(options.uuid));
    Tables tables{std::move(texts), options.structures};
    add_bios(tables);
    add_system(tables, options);
    add_baseboard(tables);
    add_enclosure(tables);
    add_processors(tables, options);
    add_oem_strings(tables);
    add_memory(tables, options);
    add_battery(tables);
    Structure boot{Type::Boot, 0x2000};
    boot.put(0, 6).put(0, 1);
    tables.add(boot);
    tables.add_others();
    tables.add(Structure{Type::End, 0x7f00});
    return {.anchor = make_anchor(tables), .tables = tables.bytes()};
}

} // namespace windsor::firmware
