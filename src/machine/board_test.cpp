// SPDX-License-Identifier: GPL-2.0-or-later
// Machines other than the PC: a board takes any list of slots.
#include "machine/board.hpp"

#include "base/clock.hpp"
#include "chipset/pci_root.hpp"
#include "devices/ide/unit.hpp"
#include "devices/pic/unit.hpp"
#include "devices/uart/unit.hpp"
#include "machine/board_bench.hpp"
#include "state/testing.hpp"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

namespace windsor::machine {
namespace {

using bus::Width;
using chipset::isa;
using chipset::pci;
using chipset::Slot;
using ::testing::HasSubstr;

class Terminal final : public backend::CharacterSink {
public:
    void transmit(std::uint8_t byte) override { text += static_cast<char>(byte); }
    void input_wanted() override {}
    std::string text;
};

// A device that has no way to be saved, as one of the host's hardware would be.
class Unsaveable final : public chipset::Device {
public:
    explicit Unsaveable(chipset::Site&) {}
    void reset() override { ++resets; }
    void settle() override {}
    bool busy() override { return false; }
    std::optional<std::string> not_saveable() const override { return "the card keeps its state to itself"; }
    base::Status save(chipset::Saver&) override { return {}; }
    base::Status load(chipset::Loader&) override { return {}; }
    int resets{0};
};

struct TestBoard {
    explicit TestBoard(const std::vector<Slot>& more = {})
    {
        board = Board::create({.log = log, .clock = clock, .timers = timers, .host = host}, kMiB, 1).value();
        const auto disk = std::make_shared<testing::BenchDisk>();
        std::vector<Slot> slots{
            {"processors", {}, board->interrupts().local_apics()},
            isa("pic", {0x20, 0xa0, 0x4d0}, {}, devices::pic::unit(board->interrupts().pic())),
            isa("interrupts", {}, {}, board->interrupts().isa_inputs()),
            {"pci", {.ports = {pci::kConfigAddressPort}}, chipset::pci_root()},
            isa("serial1", {0x3f8}, {4}, devices::uart::unit(&terminals[0])),
            isa("serial2", {0x2f8}, {3}, devices::uart::unit(&terminals[1])),
            isa("serial3", {0x3e8}, {5}, devices::uart::unit(&terminals[2])),
            pci({1, 0}, "ide", {.ports = {0x1f0, 0x170, 0x3f6, 0x376}, .irqs = {14, 15}},
                devices::ide::unit({{.position = 0, .name = "hda", .media = disk}})),
            pci({7, 0}, "ide", {.ports = {0x1e8, 0x168, 0x3ee, 0x36e}, .irqs = {11, 10}},
                devices::ide::unit({{.position = 0, .name = "hde", .cdrom = true}})),
        };
        slots.insert(slots.end(), more.begin(), more.end());
        plugged = board->plug(slots);
    }
    void put(std::uint16_t port, std::uint8_t value)
    {
        host.lock().assert_held();
        board->ports().write(base::Port{port}, Width::Byte, value);
    }
    std::uint8_t get(std::uint16_t port)
    {
        host.lock().assert_held();
        return static_cast<std::uint8_t>(board->ports().read(base::Port{port}, Width::Byte));
    }
    std::uint32_t pci_ids(std::uint32_t device)
    {
        host.lock().assert_held();
        board->ports().write(base::Port{0xcf8}, Width::Dword, 0x80000000 | device << 11);
        return static_cast<std::uint32_t>(board->ports().read(base::Port{0xcfc}, Width::Dword));
    }
    void reset()
    {
        host.lock().assert_held();
        board->reset();
    }
    base::Status save(state::StreamWriter& to)
    {
        host.lock().assert_held();
        return board->save(to);
    }
    base::Status load(state::Records& from)
    {
        host.lock().assert_held();
        return board->load(from);
    }

    base::Log log = base::Log::discard();
    base::ManualClock clock;
    base::TimerQueue timers;
    testing::BenchHost host;
    bus::MachineGuard guard{host.lock()};
    std::array<Terminal, 3> terminals;
    std::unique_ptr<Board> board;
    base::Status plugged;
};

TEST(AnotherBoard, HasThreeSerialPortsTwoIdeControllersAndNoDisplay)
{
    TestBoard test;
    ASSERT_TRUE(test.plugged.has_value()) << test.plugged.error().message();
    test.put(0x3f8, '1');
    test.put(0x2f8, '2');
    test.put(0x3e8, '3');
    EXPECT_EQ(test.terminals[0].text, "1");
    EXPECT_EQ(test.terminals[1].text, "2");
    EXPECT_EQ(test.terminals[2].text, "3");
    EXPECT_EQ(test.board->outlets().serial_ports.size(), 3u);
    EXPECT_EQ(test.pci_ids(1), 0x70108086u);
    EXPECT_EQ(test.pci_ids(7), 0x70108086u);
    EXPECT_EQ(test.pci_ids(2), 0xffffffffu) << "no display";
    constexpr std::uint8_t kReady = 0x50;
    EXPECT_EQ(test.get(0x1f7) & kReady, kReady) << "a disk";
    EXPECT_EQ(test.get(0x1ec), 0x14) << "the signature of a CD-ROM drive";
    EXPECT_EQ(test.get(0x1ed), 0xeb);
    EXPECT_EQ(test.get(0x3da), 0xff) << "no display";
    EXPECT_TRUE(test.board->outlets().screens.empty());
}

TEST(AnotherBoard, ItsDevicesInterruptByTheLinesOfTheirSlots)
{
    TestBoard test;
    constexpr std::uint8_t kTransmitterEmpty = 2;
    constexpr std::uint8_t kOut2 = 8;
    for (const std::uint16_t port : std::array<std::uint16_t, 2>{0x3f8, 0x3e8}) {
        test.put(static_cast<std::uint16_t>(port + 4), kOut2);
        test.put(static_cast<std::uint16_t>(port + 1), kTransmitterEmpty);
    }
    test.put(0x20, 0x0a); // OCW3: read the requests
    EXPECT_EQ(test.get(0x20), 1 << 4 | 1 << 5);
}

TEST(AnotherBoard, IsResetAsAWhole)
{
    TestBoard test;
    for (const std::uint16_t scratch : std::array<std::uint16_t, 3>{0x3ff, 0x2ff, 0x3ef}) {
        test.put(scratch, 0x55);
    }
    test.put(0x1ea, 0x77); // the second controller's sector count
    test.reset();
    for (const std::uint16_t scratch : std::array<std::uint16_t, 3>{0x3ff, 0x2ff, 0x3ef}) {
        EXPECT_EQ(test.get(scratch), 0) << scratch;
    }
    EXPECT_EQ(test.get(0x1ea), 1);
}

TEST(AnotherBoard, IsSavedByThePathsOfItsSlots)
{
    TestBoard test;
    test.put(0x3ff, 0x11);
    test.put(0x2ff, 0x22);
    test.put(0x3ef, 0x33);
    test.put(0x1f2, 0x44);
    test.put(0x1ea, 0x55);
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    ASSERT_TRUE(writer.begin() && test.save(writer) && writer.end());

    TestBoard other;
    state::MemoryInput input{output.bytes};
    state::StreamReader reader{input};
    ASSERT_TRUE(reader.begin());
    state::Records records;
    while (auto record = reader.next().value()) {
        ASSERT_TRUE(records.add(std::move(*record)));
    }
    const base::Status loaded = other.load(records);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message();
    EXPECT_TRUE(records.finish());
    EXPECT_EQ(other.get(0x3ff), 0x11);
    EXPECT_EQ(other.get(0x2ff), 0x22);
    EXPECT_EQ(other.get(0x3ef), 0x33);
    EXPECT_EQ(other.get(0x1f2), 0x44);
    EXPECT_EQ(other.get(0x1ea), 0x55);
}

TEST(AnotherBoard, RefusesAPlaceThatIsTaken)
{
    const TestBoard test{{pci({7, 0}, "other", {}, devices::ide::unit({}))}};
    ASSERT_FALSE(test.plugged.has_value());
    EXPECT_THAT(test.plugged.error().message(), HasSubstr("pci/7.0/other"));
}

TEST(AnotherBoard, SaysWhichDeviceCannotBeSavedAndWhy)
{
    TestBoard test{{isa("card", {}, {}, chipset::make_of<Unsaveable>())}};
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    const base::Status saved = test.save(writer);
    ASSERT_FALSE(saved.has_value());
    EXPECT_TRUE(output.bytes.empty());
    EXPECT_EQ(saved.error().message(), "isa/card cannot be saved: the card keeps its state to itself");
}

} // namespace
} // namespace windsor::machine
