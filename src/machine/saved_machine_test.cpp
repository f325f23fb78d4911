// SPDX-License-Identifier: GPL-2.0-or-later
// Whole machines that are saved in the middle of SeaBIOS and of what it boots, and go on in another machine.
#include "firmware/saved_state.hpp"
#include "machine/stepped_machine.hpp"
#include "machine/tiny_guest.hpp"
#include "state/testing_structs.hpp"
#include "vcpu/saved_state.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

// A boot sector that reads a sector of the disk, shows its first character, asks for a key, and waits, over and over.
std::vector<std::uint8_t> boot_disk()
{
    const std::vector<std::uint8_t> code{
        0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0,       // ds = es = 0
        0xb8, 0x01, 0x02, 0xbb, 0x00, 0x80,       // loop: ax = 0201h, bx = 8000h
        0xb9, 0x02, 0x00, 0xba, 0x80, 0x00,       // cx = 2, dx = 80h
        0xcd, 0x13,                               // int 13h
        0xa0, 0x00, 0x80, 0xb4, 0x0e,             // al = [8000h], ah = 0eh
        0xbb, 0x07, 0x00, 0xcd, 0x10,             // int 10h
        0xb4, 0x01, 0xcd, 0x16, 0x74, 0x04,       // ah = 1, int 16h; no key: skip
        0xb4, 0x00, 0xcd, 0x16,                   // ah = 0, int 16h
        0x31, 0xc9, 0xba, 0x00, 0x10, 0xb4, 0x86, // wait 4096 us
        0xcd, 0x15,                               // int 15h
        0xff, 0x06, 0x00, 0x81,                   // count at 8100h
        0xeb, 0xcf,                               // to loop
    };
    std::vector<std::uint8_t> disk(1 << 20);
    std::ranges::copy(code, disk.begin());
    disk[510] = 0x55;
    disk[511] = 0xaa;
    disk[512] = 'W';
    return disk;
}

MachineSpec options()
{
    MachineSpec options{.memory = 16 * kMiB, .boot = "c", .rtc_base_seconds = 1'000'000'000};
    options.drives.push_back({.slot = 0, .open_media = [](const Executor&) {
                                  return std::make_unique<InstantDisk>(boot_disk());
                              }});
    options.drives.push_back({.slot = 2, .cdrom = true});
    return options;
}

class SavedMachineTest : public testing::Test {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
    }
};

// How many accesses the way to the boot sector takes, and some way on.
constexpr std::uint64_t kStep = 80'000;
constexpr unsigned kSteps = 12;

TEST_F(SavedMachineTest, TheBootSectorIsReached)
{
    SteppedMachine machine{options()};
    ASSERT_TRUE(machine.run(kSteps * kStep));
    EXPECT_NE(machine.text().find("WWWW"), std::string::npos) << machine.text();
}

TEST_F(SavedMachineTest, ARestoredMachineIsTheSameAndGoesOnTheSame)
{
    SteppedMachine first{options()};
    for (unsigned step = 0; step < kSteps; ++step) {
        ASSERT_TRUE(first.run(kStep + step * 7));
        if (step % 3 == 1) {
            first.key(0x1e);
        }
        const auto saved = first.save();
        SteppedMachine second{options()};
        const auto restored = second.restore(saved);
        ASSERT_TRUE(restored.has_value()) << restored.error().message();
        ASSERT_EQ(difference(saved, second.save()), "") << "at once, step " << step;
        ASSERT_EQ(first.run(kStep / 2), second.run(kStep / 2));
        first.key(0x30);
        second.key(0x30);
        ASSERT_EQ(first.run(kStep / 2), second.run(kStep / 2));
        ASSERT_EQ(difference(first.save(), second.save()), "") << "later, step " << step;
        ASSERT_EQ(first.text(), second.text());
    }
}

// Whatever else has been raised at the same time.
TEST_F(SavedMachineTest, AnInterruptThatCannotBeMaskedIsNotLost)
{
    SteppedMachine machine{options()};
    ASSERT_TRUE(machine.run(kStep));
    const auto without = machine.save();
    machine.signals(0).raise(vcpu::Signal::Interrupt);
    machine.signals(0).raise(vcpu::Signal::Nmi);
    const auto with = machine.save();
    EXPECT_NE(difference(without, with).find("nmi_pending"), std::string::npos) << difference(without, with);
    SteppedMachine other{options()};
    ASSERT_TRUE(other.restore(with).has_value());
    EXPECT_EQ(difference(with, other.save()), "");
}

TEST_F(SavedMachineTest, EveryRecordIsNeededByName)
{
    SteppedMachine first{options()};
    ASSERT_TRUE(first.run(kStep));
    const auto saved = first.save();
    std::vector<state::Record> records;
    state::MemoryInput input{saved};
    state::StreamReader reader{input};
    ASSERT_TRUE(reader.begin().has_value());
    for (auto record = reader.next().value(); record; record = reader.next().value()) {
        records.push_back(std::move(*record));
    }
    const auto restore = [&](auto keep, const char* extra = nullptr) {
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin().has_value());
        for (const state::Record& record : records) {
            if (keep(record.name)) {
                EXPECT_TRUE(writer.record(record.name, record.version, record.need, record.contents).has_value());
            }
        }
        if (extra != nullptr) {
            EXPECT_TRUE(writer.record(extra, 1, state::Need::Mandatory, {}).has_value());
        }
        EXPECT_TRUE(writer.end().has_value());
        SteppedMachine second{options()};
        const auto status = second.restore(output.bytes);
        return status ? std::string{} : status.error().message();
    };
    const auto all = [](const std::string&) { return true; };
    EXPECT_EQ(restore(all), "");
    EXPECT_NE(restore(all, "floppy").find("'floppy'"), std::string::npos);
    for (const state::Record& record : records) {
        if (record.name != state::kPagesRecord) {
            const auto message = restore([&](const std::string& name) { return name != record.name; });
            EXPECT_NE(message.find('\'' + record.name + '\''), std::string::npos) << record.name << ": " << message;
        }
    }
}

TEST_F(SavedMachineTest, EverythingOfTheMachinesOwnIsDescribed)
{
    state::expect_all_described<Needs>("needs");
    state::expect_all_described<SavedTime>("time");
    state::expect_all_described<IsaInterrupts::State>("isa interrupts");
    state::expect_all_described<firmware::FwCfg::State>("fw_cfg");
}

std::vector<std::uint8_t> save(Machine& machine)
{
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    EXPECT_TRUE(writer.begin().has_value());
    const auto status = machine.save(writer);
    EXPECT_TRUE(status.has_value()) << status.error().message();
    return output.bytes;
}

base::Result<std::vector<std::string>> restore(Machine& machine, std::span<const std::uint8_t> bytes)
{
    state::MemoryInput input{bytes};
    state::StreamReader reader{input};
    WINDSOR_TRY(reader.begin());
    const auto record = WINDSOR_TRY(reader.next());
    Needs needs;
    WINDSOR_TRY(state::read_object(*record, needs));
    return machine.restore(needs, reader);
}

TEST_F(SavedMachineTest, AMachineWithThreadsIsSavedAndTakenOverByAnotherEngine)
{
    base::Log log{base::Log::discard()};
    base::ManualWallClock wall;
    MachineSpec with = options();
    with.engine = engines::Type::Translate;
    with.wall_clock = &wall;
    const auto first = Machine::create(with, log, [](Event) {}).value();
    first->resume();
    ASSERT_TRUE(wait_for_text(*first, "WW"));
    first->pause();
    const auto saved = save(*first);
    EXPECT_EQ(difference(saved, save(*first)), "") << "saving changes nothing";
    const auto time = first->clock().now();
    const auto shown = first->guest_time();
    with.engine = engines::Type::Emulate;
    const auto second = Machine::create(with, log, [](Event) {}).value();
    wall.advance(1000 * base::kSecond);
    const auto restored = restore(*second, saved);
    ASSERT_TRUE(restored.has_value()) << restored.error().message();
    EXPECT_EQ(difference(saved, save(*second)), "");
    EXPECT_EQ(second->clock().now(), time) << "machine time, and the TSC with it, stood still";
    second->resume();
    EXPECT_GE(second->guest_time(), shown + 999) << "the real-time clock has gone on";
    EXPECT_TRUE(wait_for_text(*second, "WWWW"));
    EXPECT_GT(second->clock().now(), time);
    second->pause();
    first->resume(); // and the first can go on as well
    EXPECT_TRUE(wait_for_text(*first, "WWWW"));
}

TEST_F(SavedMachineTest, AMachineThatIsNotTheSameIsRefusedByName)
{
    base::Log log{base::Log::discard()};
    const auto first = Machine::create(options(), log, [](Event) {}).value();
    const auto saved = save(*first);
    const auto refusal = [&](const MachineSpec& other) {
        const auto machine = Machine::create(other, log, [](Event) {}).value();
        const auto status = restore(*machine, saved);
        return status ? std::string{} : status.error().message();
    };
    EXPECT_EQ(refusal(options()), "");
    MachineSpec other = options();
    other.memory = 32 * kMiB;
    EXPECT_NE(refusal(other).find("16 MiB of memory, and this one has 32 MiB"), std::string::npos);
    other = options();
    other.acpi = false;
    EXPECT_NE(refusal(other).find("acpi=1"), std::string::npos);
    other = options();
    other.drives.pop_back();
    EXPECT_NE(refusal(other).find("2 drives, and this one has 1"), std::string::npos);
    other = options();
    other.drives[1].slot = 3;
    EXPECT_NE(refusal(other).find("an empty CD-ROM drive as hdc"), std::string::npos);
    other = options();
    other.drives[0].open_media = [](const Executor&) {
        return std::make_unique<InstantDisk>(std::vector<std::uint8_t>(2 << 20));
    };
    EXPECT_NE(refusal(other).find("1048576 bytes as hda"), std::string::npos);
}

// What a saved machine needs is the medium that it has then.
TEST_F(SavedMachineTest, AMediumThatWasPutInIsSaved)
{
    base::Log log{base::Log::discard()};
    MachineSpec spec = options();
    spec.drives.push_back({.slot = kFirstFloppySlot});
    const auto machine = Machine::create(spec, log, [](Event) {}).value();
    const auto disc = [](const Executor&) { return std::make_unique<InstantDisk>(std::vector<std::uint8_t>(4096)); };
    const auto needs = [&] {
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin());
        EXPECT_TRUE(machine->save_needs(writer));
        EXPECT_TRUE(writer.end());
        state::MemoryInput input{output.bytes};
        state::StreamReader reader{input};
        Needs needed;
        EXPECT_TRUE(reader.begin());
        EXPECT_TRUE(state::read_object(*reader.next().value(), needed));
        return needed;
    };
    using enum backend::LockedMedium;
    ASSERT_TRUE(machine->change_medium(2, disc, Stays));
    EXPECT_EQ(needs().drives.at(1).size, 4096u);
    const auto none = [](const Executor&) -> base::Result<std::shared_ptr<backend::BlockMedia>> {
        return base::fail("no such file");
    };
    EXPECT_EQ(machine->change_medium(2, none, Stays).error().message(), "no such file");
    EXPECT_EQ(needs().drives.at(1).size, 4096u);
    ASSERT_TRUE(machine->change_medium(2, {}, Stays));
    EXPECT_EQ(needs().drives.at(1).size, 0u);
    EXPECT_EQ(machine->change_medium(0, disc, Stays).error().message(),
              "the machine has no drive hda whose medium can be changed");
    EXPECT_FALSE(machine->change_medium(kFirstFloppySlot + 1, disc, Stays));
    EXPECT_FALSE(machine->change_medium(kFirstFloppySlot, disc, Stays)) << "no floppy disk has that size";
    EXPECT_EQ(needs().drives.at(2).size, 0u);
}

TEST_F(SavedMachineTest, SavingCanBeStopped)
{
    base::Log log{base::Log::discard()};
    const auto machine = Machine::create(options(), log, [](Event) {}).value();
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    std::uint64_t most = 0;
    EXPECT_FALSE(machine->save(writer, [&](std::uint64_t bytes) {
        most = bytes;
        return bytes < machine->saved_bytes() / 2;
    }));
    EXPECT_LT(most, machine->saved_bytes());
    machine->resume();
    EXPECT_TRUE(wait_for_text(*machine, "WW"));
}

} // namespace

} // namespace windsor::machine
