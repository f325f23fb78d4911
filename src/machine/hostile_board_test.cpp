// SPDX-License-Identifier: GPL-2.0-or-later
// Every field of every chip's saved state with values that a stranger may have written: each is refused, or is what the
// chip says again when it is saved; and whatever was taken, the board is used afterwards.
#include "machine/board_bench.hpp"
#include "state/hostile.hpp"
#include "state/testing.hpp"

#include <array>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace windsor::machine {

namespace {

using bus::Width;
using state::Value;

struct Saved {
    std::uint32_t version{1};
    Value value{};
};
using Records = std::map<std::string, Saved>;

struct Bench : testing::BoardBench {
    explicit Bench(base::Nanoseconds now = 3600 * base::kSecond) { clock.set(now); }

    Records save() WINDSOR_REQUIRES(bus::kMachineLock)
    {
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin() && board->save(writer) && writer.end());
        state::MemoryInput input{output.bytes};
        state::StreamReader reader{input};
        EXPECT_TRUE(reader.begin().has_value());
        Records records;
        for (auto record = reader.next().value(); record; record = reader.next().value()) {
            records.emplace(record->name, Saved{record->version, state::decode(record->contents).value()});
        }
        return records;
    }
    base::Status load(const Records& records) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        state::Records all;
        for (const auto& [name, saved] : records) {
            EXPECT_TRUE(all.add({.name = name, .version = saved.version, .contents = state::encode(saved.value)}));
        }
        WINDSOR_TRY(board->load(all));
        return all.finish();
    }
};

// Where chips are on a PC.
constexpr std::array<std::uint16_t, 23> kPorts{0x00,  0x20,  0x40,  0x60,  0x70,  0x80,   0x92,  0xa0,
                                               0xc0,  0xf0,  0x170, 0x1f0, 0x376, 0x3b0,  0x3c0, 0x3d0,
                                               0x3f0, 0x3f6, 0x3f8, 0x4d0, 0x510, 0xb000, 0xc000};

void access_ports(Bench& bench, bool write) WINDSOR_REQUIRES(bus::kMachineLock)
{
    for (const std::uint16_t group : kPorts) {
        for (std::uint16_t port = group; port < group + 16; ++port) {
            for (const Width width : {Width::Byte, Width::Word, Width::Dword}) {
                if (write) {
                    bench.board->ports().write(base::Port{port}, width, 0x11 * (port & 15U));
                } else {
                    static_cast<void>(bench.board->ports().read(base::Port{port}, width));
                }
            }
        }
    }
}

// Each chip is spoken to, and its timers run. A period of a nanosecond must not keep the host busy for ever.
void use(Bench& bench) WINDSOR_REQUIRES(bus::kMachineLock)
{
    backend::Picture picture;
    std::array<std::uint8_t, 512> run{};
    for (int round = 0; round < 2; ++round) {
        bench.advance(base::kSecond / 50);
        static_cast<void>(bench.outlets.screens.front()->update(picture));
        access_ports(bench, false);
        bench.board->ports().read_run(base::Port{0x1f0}, Width::Word, run);
        bench.board->ports().read_run(base::Port{0x170}, Width::Word, run);
        bench.board->ports().write_run(base::Port{0x1f0}, Width::Word, run);
        static_cast<void>(bench.board->interrupts().pic().acknowledge());
        bench.outlets.keyboards.front()->key(0x1e, round == 0);
        bench.outlets.serial_ports.front()->receive(std::array<std::uint8_t, 1>{'x'});
        for (backend::NetworkCard* const card : bench.outlets.network_cards) {
            static_cast<void>(card->receive(std::vector<std::uint8_t>(60, 0xff)));
            card->set_carrier(round == 1);
        }
        for (std::uint64_t offset = 0; offset < 0x400; offset += 16) {
            static_cast<void>(bench.board->mmio().read(base::GuestPhysical{0xfee00000 + offset}, Width::Dword));
        }
    }
    access_ports(bench, true);
    bench.advance(base::kSecond);
    static_cast<void>(bench.outlets.screens.front()->update(picture));
}

Records save_fresh()
{
    Bench bench;
    const bus::MachineGuard guard{bench.host.lock()};
    return bench.save();
}

base::Status load_fresh(const Records& records, base::Nanoseconds now)
{
    Bench bench{now};
    const bus::MachineGuard guard{bench.host.lock()};
    return bench.load(records);
}

class HostileBoard : public ::testing::TestWithParam<const char*> {
protected:
    void SetUp() override
    {
        if (!testing::BoardBench::possible()) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
    }
    // Whether it was taken. If so, it is what the board says again, and does no harm.
    static bool try_one(const Records& forged, const std::string& what)
    {
        Bench bench;
        const bus::MachineGuard guard{bench.host.lock()};
        if (!bench.load(forged)) {
            return false;
        }
        for (const auto& [name, saved] : bench.save()) {
            if (what.starts_with("usb/") && name == "pci/1.2/uhci") {
                continue; // whose port lets go of a device that is not there
            }
            EXPECT_EQ(state::difference(forged.at(name).value, saved.value), "") << what << ", in " << name;
        }
        use(bench);
        const base::Status loaded = load_fresh(bench.save(), bench.clock.now());
        EXPECT_TRUE(loaded.has_value()) << what << ": " << loaded.error().message();
        return true;
    }
};

TEST_P(HostileBoard, EachValueIsRefusedOrSavedAgain)
{
    Records records = save_fresh();
    ASSERT_TRUE(records.contains(GetParam()));
    EXPECT_TRUE(try_one(records, "as it is"));
    std::vector<state::Leaf> leaves;
    state::collect_leaves(records.at(GetParam()).value, GetParam(), leaves);
    unsigned refused = 0;
    for (const state::Leaf& leaf : leaves) {
        const Value before = *leaf.value;
        for (const Value& hostile : state::hostile_values(before)) {
            *leaf.value = hostile;
            refused += try_one(records, leaf.path) ? 0 : 1;
        }
        *leaf.value = before;
    }
    EXPECT_GE(refused, leaves.size()) << "a value of another type is one";
}

constexpr std::array kChips{
    "processors/lapic0",
    "processors/lapic1",
    "processors/bus",
    "ioapic",
    "isa/pic",
    "isa/interrupts",
    "pci",
    "pci/0.0/i440fx",
    "pci/1.0/piix3",
    "pci/1.0/piix3/interrupts",
    "isa/reset_control",
    "isa/numeric_error",
    "pci/1.1/ide",
    "pci/1.1/ide/hda",
    "pci/1.1/ide/hdc",
    "pci/1.1/ide/primary",
    "pci/1.1/ide/secondary",
    "isa/rtc",
    "isa/pit",
    "isa/pit/system_control",
    "isa/dma",
    "isa/floppy",
    "isa/i8042",
    "isa/i8042/a20",
    "isa/i8042/port_92",
    "isa/seabios_debug",
    "isa/port_e9",
    "isa/serial1",
    "pci/1.3/power_management",
    "pci/2.0/vga",
    "pci/2.0/vga/function",
    "pci/1.2/uhci",
    "usb/1",
    "usb/2",
    "pci/4.0/rtl8139",
    "pci/5.0/e1000",
    "pci/12.0/ac97",
    "isa/fw_cfg",
};

// Test names have letters, digits and underscores.
std::string test_name(std::string path)
{
    std::ranges::replace_if(path, [](char c) { return c == '/' || c == '.'; }, '_');
    return path;
}

INSTANTIATE_TEST_SUITE_P(Of, HostileBoard, ::testing::ValuesIn(kChips),
                         [](const auto& tested) { return test_name(tested.param); });

TEST(HostileBoards, HaveEveryChip)
{
    if (!testing::BoardBench::possible()) {
        GTEST_SKIP() << "Debian's package seabios is not installed";
    }
    std::set<std::string> names;
    for (const auto& [name, saved] : save_fresh()) {
        names.insert(name);
    }
    EXPECT_EQ(names, (std::set<std::string>{kChips.begin(), kChips.end()}));
}

} // namespace

} // namespace windsor::machine
