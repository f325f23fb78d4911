// SPDX-License-Identifier: GPL-2.0-or-later
// What a system finds in memory when SeaBIOS has done its work, for each row of the table of HALs.
#include "firmware/hal.hpp"
#include "machine/machine.hpp"
#include "machine/stepped_machine.hpp"
#include "machine/tiny_guest.hpp"

#include <algorithm>
#include <filesystem>

namespace windsor::machine {

namespace {

// A boot sector that looks in each paragraph of the F segment for four signatures one after the other, and prints the
// second letter of each that is there and a hyphen for each that is not.
//
//            cld
//            xor ax, ax ; mov ds, ax ; mov ss, ax ; mov sp, 7c00h
//            mov bx, list
//     next:  mov ax, 0f000h
//     look:  mov es, ax ; xor di, di ; mov si, bx ; mov cx, 4
//            repe cmpsb ; je found
//            inc ax ; jnz look
//            mov al, '-' ; jmp say
//     found: mov al, [bx + 1]
//     say:   mov ah, 0eh ; push bx ; mov bx, 7 ; int 10h ; pop bx
//            add bx, 4 ; cmp bx, list + 16 ; jb next
//     stop:  hlt ; jmp stop
//     list:
constexpr unsigned char kCode[] = {
    0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xbb, 0x3c, 0x7c, 0xb8, 0x00,
    0xf0, 0x8e, 0xc0, 0x31, 0xff, 0x89, 0xde, 0xb9, 0x04, 0x00, 0xf3, 0xa6, 0x74, 0x07, 0x40,
    0x75, 0xf0, 0xb0, 0x2d, 0xeb, 0x03, 0x8a, 0x47, 0x01, 0xb4, 0x0e, 0x53, 0xbb, 0x07, 0x00,
    0xcd, 0x10, 0x5b, 0x83, 0xc3, 0x04, 0x81, 0xfb, 0x4c, 0x7c, 0x72, 0xd4, 0xf4, 0xeb, 0xfd,
};
// The last one is nowhere, so that the answer has an end.
constexpr std::string_view kSignatures = "RSD _MP_$PIR::::";

std::vector<std::uint8_t> boot_sector()
{
    std::vector<std::uint8_t> disk(1 << 20);
    std::ranges::copy(kCode, disk.begin());
    std::ranges::copy(kSignatures, disk.begin() + sizeof kCode);
    disk[510] = 0x55;
    disk[511] = 0xaa;
    return disk;
}

class HalRows : public testing::TestWithParam<firmware::Hal> {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
    }

    base::Log log_{base::Log::discard()};
};

TEST_P(HalRows, FirmwareInstallsWhatTheRowSays)
{
    const firmware::Hal& hal = GetParam();
    MachineSpec spec{.memory = 16 * kMiB, .processors = hal.several ? 2u : 1u, .acpi = hal.acpi, .apic = hal.apic};
    spec.drives.push_back(
        {.slot = 0, .open_media = [](const Executor&) { return std::make_unique<InstantDisk>(boot_sector()); }});
    const auto machine = Machine::create(spec, log_, [](Event) {}).value();
    machine->resume();
    const std::string expected =
        std::string{hal.rsdp ? "S" : "-"} + (hal.mp_table ? "M" : "-") + (hal.pir_table ? "P" : "-") + "-";
    EXPECT_TRUE(wait_for_text(*machine, expected)) << expected << " is not in: " << text_of(*machine);
}

INSTANTIATE_TEST_SUITE_P(All, HalRows, testing::ValuesIn(firmware::all_hals().begin(), firmware::all_hals().end()),
                         [](const auto& row) {
                             std::string name{row.param.file};
                             std::erase(name, '.');
                             return name;
                         });

TEST(HalRowsTest, SeveralProcessorsWithoutApicsAreNoMachine)
{
    base::Log log{base::Log::discard()};
    const auto machine = Machine::create({.memory = 16 * kMiB, .processors = 2, .apic = false}, log, [](Event) {});
    ASSERT_FALSE(machine.has_value());
    EXPECT_EQ(machine.error().message(), "a machine of 2 processors has local APICs");
}

} // namespace

} // namespace windsor::machine
