// SPDX-License-Identifier: GPL-2.0-or-later
// The script by which firmware installs tables: QEMU's BIOS linker/loader format.
#pragma once

#include "firmware/byte_order.hpp"
#include "firmware/fw_cfg.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

namespace windsor::firmware {

// The name of the file that has it.
constexpr const char* kLoaderName = "etc/table-loader";

// Commands of 128 bytes each.
class LoaderScript {
public:
    enum class Zone : std::uint8_t { High = 1, FSegment = 2 };

    void allocate(std::string_view file, std::uint32_t alignment, Zone zone)
    {
        begin(Command::Allocate);
        put_text(script_, file, kNameSize);
        put_little(script_, alignment, 4);
        put_little(script_, static_cast<std::uint8_t>(zone), 1);
        end();
    }
    // The `size` bytes at `offset` of `file` hold an offset into `target`: make it an address.
    void add_pointer(std::string_view file, std::string_view target, std::size_t offset, std::uint8_t size)
    {
        begin(Command::AddPointer);
        put_text(script_, file, kNameSize);
        put_text(script_, target, kNameSize);
        put_little(script_, offset, 4);
        put_little(script_, size, 1);
        end();
    }
    void add_checksum(std::string_view file, std::size_t offset, std::size_t start, std::size_t length)
    {
        begin(Command::AddChecksum);
        put_text(script_, file, kNameSize);
        put_little(script_, offset, 4);
        put_little(script_, start, 4);
        put_little(script_, length, 4);
        end();
    }
    Bytes take() { return std::move(script_); }

private:
    enum class Command : std::uint32_t { Allocate = 1, AddPointer = 2, AddChecksum = 3 };
    static constexpr std::size_t kEntrySize = 128;
    static constexpr std::size_t kNameSize = 56;

    void begin(Command command) { put_little(script_, static_cast<std::uint32_t>(command), 4); }
    void end() { script_.resize((script_.size() + kEntrySize - 1) / kEntrySize * kEntrySize); }

    Bytes script_;
};

} // namespace windsor::firmware
