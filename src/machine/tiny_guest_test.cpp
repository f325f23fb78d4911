// SPDX-License-Identifier: GPL-2.0-or-later
// What the machine gives its guests, seen by guests of a few instructions.
#include "machine/tiny_guest.hpp"

#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

class TinyGuest : public testing::Test {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.vga_bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
    }
    std::string run(MachineSpec options, std::size_t characters)
    {
        options.memory = 16 * kMiB;
        options.bios = firmware_.write();
        options.serial_ports = {&listener_};
        machine_ = Machine::create(options, log_, [](Event) {}).value();
        return listen(*machine_, listener_, characters);
    }

    base::Log log_{base::Log::discard()};
    TinyFirmware firmware_;
    Listener listener_;
    std::unique_ptr<Machine> machine_;
};

// Says 0 plus EAX for what it reads, or G for a general-protection fault.
class UnknownMsr : public TinyGuest {
protected:
    UnknownMsr()
    {
        firmware_.code({0xc7, 0x06, 0x34, 0x00, 0x00, 0x80}); // mov word [13 * 4], 8000h
        firmware_.code({0xc7, 0x06, 0x36, 0x00, 0x00, 0xf0}); // mov word [13 * 4 + 2], f000h
        firmware_.code({0xbc, 0x00, 0x70});                   // mov sp, 7000h
        firmware_.code({0x66, 0xb9, 0x78, 0x56, 0x34, 0x12}); // mov ecx, 12345678h
        firmware_.code({0x0f, 0x32, 0x04, '0'});              // rdmsr; add al, '0'
        firmware_.say();
        firmware_.halt();
        firmware_.put(0x8000, {0xb0, 'G', 0xba, 0xf8, 0x03, 0xee, 0xf4});
    }
};

TEST_F(UnknownMsr, Faults)
{
    EXPECT_EQ(run({}, 1), "G");
}

TEST_F(UnknownMsr, ReadsAsZeroWhereTheConfigurationIsRelaxed)
{
    EXPECT_EQ(run({.unknown_msrs = UnknownMsrs::ReadZero}, 1), "0");
}

// The host bridge's PAM0 with value 2: the firmware copies itself, byte by byte, to where it lies.
TEST_F(TinyGuest, WritesRamBehindTheRomThatItReads)
{
    firmware_.put(0x4000, {'r'});
    const auto set_pam0 = [this](unsigned value) {
        firmware_.code({0x66, 0xb8, 0x58, 0x00, 0x00, 0x80, 0xba, 0xf8, 0x0c, 0x66, 0xef}); // out 0cf8h, 80000058h
        firmware_.code({0xb0, value, 0xba, 0xfd, 0x0c, 0xee});                             // out 0cfdh, value
    };
    set_pam0(0x20);
    firmware_.code({0xb8, 0x00, 0xf0, 0x8e, 0xd8});             // mov ax, f000h; mov ds, ax
    firmware_.code({0x8e, 0xc0, 0x31, 0xf6, 0x31, 0xff, 0xfc}); // mov es, ax; xor si, si; xor di, di; cld
    firmware_.code({0xb9, 0x00, 0x40, 0xf3, 0xa4});             // mov cx, 4000h; rep movsb
    firmware_.code({0xc6, 0x06, 0x00, 0x40, 'w'});              // mov byte [4000h], 'w'
    firmware_.code({0xa0, 0x00, 0x40});                         // mov al, [4000h]
    firmware_.say();
    set_pam0(0x30);
    firmware_.code({0xa0, 0x00, 0x40}); // from RAM now, as this instruction is
    firmware_.say();
    firmware_.halt();
    EXPECT_EQ(run({}, 2), "rw");
}

} // namespace

} // namespace windsor::machine
