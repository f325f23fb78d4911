// SPDX-License-Identifier: GPL-2.0-or-later
// A world is what a random program runs in: the tables, handlers and address space of a guest that uses every mode of
// the processor. All of it lies in a few pages, so that thousands of worlds a second can be set up and compared.
#pragma once

#include "vcpu/cpu_model.hpp"
#include "vcpu/state.hpp"
#include "x86/registers.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

namespace windsor::translate::fuzzing {

// These are guest-physical addresses. If there is paging, linear addresses below kRam lead to the same physical ones.
// The same memory is also at 1 MiB, and with PAE at 2 MiB, by a large page. In long mode it is in the upper half of the
// address space as well.
constexpr std::uint64_t kGdt = 0x1000;
constexpr std::uint64_t kLdt = 0x1400;
constexpr std::array<std::uint64_t, 2> kTss{0x1800, 0x1900};
constexpr std::uint64_t kIdt = 0x2000;
constexpr std::uint64_t kControl = 0x3000;
constexpr std::uint64_t kStubs = 0x4000;   // each vector's handler has eight bytes here
constexpr std::uint64_t kCommon = 0x4800;  // all of these handlers jump here
constexpr std::uint64_t kEntries = 0x4900; // system calls and gates lead here
constexpr std::uint64_t kExits = 0x4a00;   // each exit of the handlers has 32 bytes here
constexpr std::uint64_t kEnd = 0x4f00;     // HLT ends a program here
constexpr std::uint64_t kHandlerStack = 0x6000;
constexpr std::uint64_t kFrames = 0x6e00;
constexpr std::uint64_t kPml4 = 0x8000;
constexpr std::uint64_t kPdpt = 0x9000;
constexpr std::uint64_t kPd = 0xa000;
constexpr std::uint64_t kPt = 0xb000;
constexpr std::uint64_t kPaePdpt = 0xc000;
constexpr std::uint64_t kPd32 = 0xd000;
constexpr std::uint64_t kPt32 = 0xe000;
constexpr std::uint64_t kTopPd = 0xf000;
constexpr std::uint64_t kTopPt = 0x10000;
constexpr std::uint64_t kTopPt32 = 0x11000;
constexpr std::uint64_t kCode = 0x18000;
constexpr std::uint64_t kData = 0x20000;
constexpr std::uint64_t kStack = 0x2a000;
constexpr std::uint64_t kRam = 0x2c000;
constexpr std::uint64_t kPage = 0x1000;
constexpr std::uint64_t kAlias = 0x100000;

// By these fields of the control page, handlers and the harness tell each other what to do.
namespace control {
constexpr std::uint64_t kSaved = kControl;        // the handler's stack pointer
constexpr std::uint64_t kFrame = kControl + 0x10; // the stack pointer to leave by; in 16 and 32 bits SS follows it
constexpr std::uint64_t kEs = kControl + 0x20;
constexpr std::uint64_t kDs = kControl + 0x22;
constexpr std::uint64_t kKernelDs = kControl + 0x24;
constexpr std::uint64_t kExit = kControl + 0x28; // the address of the exit by which the handler leaves
constexpr std::uint64_t kFlags = kControl + 0x30;
constexpr std::uint64_t kRcx = kControl + 0x38;
constexpr std::uint64_t kR11 = kControl + 0x40;
constexpr std::uint64_t kRdx = kControl + 0x48;
constexpr std::uint64_t kKernelStack = kControl + 0x50;
} // namespace control

// Programs and handlers write to these ports.
constexpr std::uint16_t kDispatchPort = 0xf0; // a handler asks how to go on
constexpr std::uint16_t kEventPort = 0xf1;    // a program asks for an event

// These select descriptors of the GDT. A program in user mode adds 3, its privilege level.
namespace selector {
constexpr std::uint16_t kKernelCode = 0x08; // 64-bit code in long mode, otherwise 32-bit code
constexpr std::uint16_t kKernelData = 0x10;
constexpr std::uint16_t kUser32 = 0x18;
constexpr std::uint16_t kUserData = 0x20;
constexpr std::uint16_t kUser64 = 0x28;
constexpr std::uint16_t kUserData64 = 0x30;
constexpr std::uint16_t kKernel32 = 0x38;
constexpr std::uint16_t kKernel16 = 0x40;
constexpr std::uint16_t kUser16 = 0x48;
constexpr std::uint16_t kBasedData = 0x50; // its base is 0x1000
constexpr std::uint16_t kConforming = 0x58;
constexpr std::array<std::uint16_t, 2> kTss{0x60, 0x70}; // in long mode the first has 16 bytes, and there is no second
constexpr std::uint16_t kLdt = 0x80;
constexpr std::uint16_t kCallGate = 0x90;
constexpr std::uint16_t kTaskGate = 0xa0;
constexpr std::uint16_t kDownwards = 0xa8;
constexpr std::uint16_t kShortData = 0xb0;
constexpr std::uint16_t kKernelData16 = 0xb8;
} // namespace selector

enum class Kind : std::uint8_t { Long, Protected, Real };
enum class Paging : std::uint8_t { None, Legacy, Pae };
// In a world with open tables, programs in user mode can write the kernel's pages.
enum class Tables : std::uint8_t { Guarded, Open };

struct World {
    Kind kind{Kind::Long};
    Paging paging{Paging::Pae};
    Tables tables{Tables::Guarded};

    bool operator==(const World&) const = default;
};

// An image is the contents of the guest's memory.
class Image {
public:
    Image() : bytes_(kRam) {}
    template <typename T>
    void put(std::uint64_t at, T value)
    {
        std::memcpy(&bytes_[at], &value, sizeof value);
    }
    void code(std::uint64_t at, std::initializer_list<int> bytes)
    {
        for (const int byte : bytes) {
            bytes_[at++] = static_cast<std::uint8_t>(byte);
        }
    }
    std::span<const std::uint8_t> bytes() const { return bytes_; }

private:
    std::vector<std::uint8_t> bytes_;
};

// The handlers leave by these exits, which lie at kExits in this order.
enum class Exit : std::uint8_t {
    Iret,
    FarReturn,
    SysRetLong,
    SysRet,
    SysExitLong,
    SysExit,
    Resume,
    ResumeWithError,
    TaskA,
    TaskB
};
constexpr std::uint64_t exit_at(Exit exit)
{
    return kExits + 32 * static_cast<std::uint64_t>(exit);
}

namespace detail {

constexpr std::uint64_t kPresent = 1;
constexpr std::uint64_t kWritable = 2;
constexpr std::uint64_t kUser = 4;
constexpr std::uint64_t kLarge = 0x80;
constexpr std::uint64_t kGlobal = 0x100;
constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;

inline std::uint64_t rights(const World& world, std::uint64_t page)
{
    if (page < kCode / kPage && world.tables == Tables::Guarded) {
        return kPresent | kWritable;
    }
    switch (page - kData / kPage) {
    case 2:
        return kPresent | kUser;
    case 3:
        return kPresent | kWritable;
    case 4:
        return kPresent | kWritable | kUser | kNoExecute;
    case 5:
        return kPresent | kWritable | kUser | kGlobal;
    default:
        return kPresent | kWritable | kUser;
    }
}

inline void put_page_tables(Image& image, const World& world)
{
    constexpr std::uint64_t kAll = kPresent | kWritable | kUser;
    image.put<std::uint64_t>(kPml4, kPdpt | kAll);
    image.put<std::uint64_t>(kPml4 + 511 * 8, kPdpt | kAll);
    image.put<std::uint64_t>(kPdpt, kPd | kAll);
    image.put<std::uint64_t>(kPdpt + 3 * 8, kTopPd | kAll);
    image.put<std::uint64_t>(kPaePdpt, kPd | kPresent);
    image.put<std::uint64_t>(kPaePdpt + 3 * 8, kTopPd | kPresent);
    image.put<std::uint64_t>(kPd, kPt | kAll);
    image.put<std::uint64_t>(kPd + 8, kAll | kLarge);
    image.put<std::uint64_t>(kTopPd + 511 * 8, kTopPt | kAll);
    image.put<std::uint64_t>(kTopPt + 511 * 8, (kData + kPage) | kAll);
    image.put<std::uint32_t>(kPd32, static_cast<std::uint32_t>(kPt32 | kAll));
    image.put<std::uint32_t>(kPd32 + 1023 * 4, static_cast<std::uint32_t>(kTopPt32 | kAll));
    image.put<std::uint32_t>(kTopPt32 + 1023 * 4, static_cast<std::uint32_t>((kData + kPage) | kAll));
    for (std::uint64_t page = 0; page < 512; ++page) {
        const std::uint64_t physical = page % 256;
        if (physical < kRam / kPage) {
            image.put<std::uint64_t>(kPt + 8 * page, physical << 12 | rights(world, physical));
            image.put<std::uint32_t>(kPt32 + 4 * page,
                                     static_cast<std::uint32_t>(physical << 12 | (rights(world, physical) & 0xfff)));
        }
    }
}

inline void put_descriptors(Image& image, const World& world)
{
    const bool wide = world.kind == Kind::Long;
    const auto set = [&](std::uint16_t at, std::uint64_t descriptor) {
        image.put<std::uint64_t>(kGdt + at, descriptor);
    };
    set(selector::kKernelCode, wide ? 0x00af9b000000ffff : 0x00cf9b000000ffff);
    set(selector::kKernelData, 0x00cf93000000ffff);
    set(selector::kUser32, 0x00cffb000000ffff);
    set(selector::kUserData, 0x00cff3000000ffff);
    set(selector::kUser64, wide ? 0x00affb000000ffff : 0x00cffb000000ffff);
    set(selector::kUserData64, 0x00cff3000000ffff);
    set(selector::kKernel32, 0x00cf9b000000ffff);
    set(selector::kKernel16, 0x008f9b000000ffff);
    set(selector::kUser16, 0x008ffb000000ffff);
    set(selector::kBasedData, 0x00cff3001000ffff);
    set(selector::kConforming, 0x00cfff000000ffff);
    set(selector::kLdt, 0x0000820000000000 | kLdt << 16 | 0xff);
    set(selector::kDownwards, 0x00cff7000000000f);
    set(selector::kShortData, 0x0042f3000000ffff);
    set(selector::kKernelData16, 0x008f93000000ffff);
    set(selector::kCallGate, 0x0000ec0000080000 | kEntries);
    set(selector::kTaskGate, 0x0000e50000000000 | std::uint64_t{selector::kTss[1]} << 16);
    set(selector::kTss[0], 0x00008b0000000000 | kTss[0] << 16 | 0x88);
    if (!wide) {
        set(selector::kTss[1], 0x0000e90000000000 | kTss[1] << 16 | 0x88);
    }
    image.put<std::uint64_t>(kLdt + 8, 0x00cff3000000ffff);
    image.put<std::uint64_t>(kLdt + 16, 0x00cffb000000ffff);
    for (const std::uint64_t tss : kTss) {
        image.put<std::uint16_t>(tss + 0x66, 0x68); // any program may use the ports below 256
        if (wide) {
            image.put<std::uint64_t>(tss + 4, kHandlerStack);
            image.put<std::uint64_t>(tss + 0x24, kHandlerStack - 0x800);
        } else {
            image.put<std::uint32_t>(tss + 4, kHandlerStack);
            image.put<std::uint32_t>(tss + 8, selector::kKernelData);
        }
    }
}

inline void put_gates(Image& image, const World& world)
{
    for (unsigned vector = 0; vector < 256; ++vector) {
        const std::uint64_t stub = kStubs + 8 * vector;
        const bool open = vector == 3 || vector == 4 || vector >= 0x40;
        const std::uint64_t gate =
            stub | std::uint64_t{selector::kKernelCode} << 16 | (open ? 0xee00ull : 0x8e00ull) << 32;
        switch (world.kind) {
        case Kind::Long: // exceptions have a stack of their own, and interrupts have not
            image.put<std::uint64_t>(kIdt + 16 * vector, gate | (vector < 32 ? 1ull << 32 : 0));
            break;
        case Kind::Protected:
            image.put<std::uint64_t>(kIdt + 8 * vector, gate);
            break;
        case Kind::Real:
            image.put<std::uint32_t>(4 * vector, static_cast<std::uint32_t>(stub));
            break;
        }
    }
    if (world.kind == Kind::Protected) { // the double fault has a task of its own
        image.put<std::uint64_t>(kIdt + 8 * 8, 0x0000850000000000 | std::uint64_t{selector::kTss[1]} << 16);
    }
}

inline void put_stubs(Image& image, const World& world)
{
    const std::uint64_t length = world.kind == Kind::Real ? 5 : 7;
    for (unsigned vector = 0; vector < 256; ++vector) {
        const std::uint64_t at = kStubs + 8 * vector;
        image.code(at, {0x6a, static_cast<int>(vector), 0xe9});
        // A 16-bit jump has only the lower half of this displacement.
        image.put<std::uint32_t>(at + 3, static_cast<std::uint32_t>(kCommon - (at + length)));
    }
    image.code(kEnd, {0xf4, 0xeb, 0xfd});
}

} // namespace detail

// This is pushed in place of a vector by entries that have no interrupt frame.
constexpr unsigned kNoFrame = 0xfe;

} // namespace windsor::translate::fuzzing
