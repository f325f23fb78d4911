// SPDX-License-Identifier: GPL-2.0-or-later
// Saved states in which a stranger has changed a field: each is refused, or the machine runs and can be saved again.
#include "machine/stepped_machine.hpp"
#include "state/hostile.hpp"
#include "state/pages.hpp"
#include "state/testing.hpp"

#include <chrono>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <random>
#include <thread>

namespace windsor::machine {

namespace {

using state::Value;

// A boot sector that goes round in circles.
std::vector<std::uint8_t> boot_disk()
{
    std::vector<std::uint8_t> disk(1 << 20);
    disk[0] = 0xeb;
    disk[1] = 0xfe;
    disk[510] = 0x55;
    disk[511] = 0xaa;
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

std::vector<state::Record> records_of(std::span<const std::uint8_t> saved)
{
    std::vector<state::Record> records;
    state::MemoryInput input{saved};
    state::StreamReader reader{input};
    EXPECT_TRUE(reader.begin().has_value());
    for (auto record = reader.next().value(); record; record = reader.next().value()) {
        records.push_back(std::move(*record));
    }
    return records;
}

std::vector<std::uint8_t> stream_of(const std::vector<state::Record>& records)
{
    state::MemoryOutput output;
    state::StreamWriter writer{output};
    EXPECT_TRUE(writer.begin().has_value());
    for (const state::Record& record : records) {
        EXPECT_TRUE(writer.record(record.name, record.version, record.need, record.contents).has_value());
    }
    EXPECT_TRUE(writer.end().has_value());
    return output.bytes;
}

void change(Value& value, std::mt19937_64& random)
{
    constexpr std::array<std::uint64_t, 8> kEdges{0,          1,           0xff,         0xffff,
                                                  0x7fffffff, 0xffff'ffff, ~0ULL >> 1, ~0ULL};
    switch (value.type) {
    case state::Type::Number:
    case state::Type::Integer:
        value.number = random() % 2 == 0 ? kEdges[random() % kEdges.size()] : random() >> random() % 64;
        break;
    case state::Type::Flag: value.number ^= 1; break;
    case state::Type::Text:
    case state::Type::Bytes:
        if (random() % 4 == 0) {
            value.bytes.resize(random() % 2000);
        }
        for (std::uint8_t& byte : value.bytes) {
            byte = random() % 2 == 0 ? 0xff : static_cast<std::uint8_t>(random());
        }
        break;
    default: value = Value{state::Type::Number, random()}; break;
    }
}

class HostileState : public testing::Test {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
        SteppedMachine machine{options()};
        run_for_a_while(machine); // wherever it comes to
        records_ = records_of(machine.save());
    }

    // True if the state was taken.
    bool try_one(std::vector<state::Record> records)
    {
        SteppedMachine machine{options()};
        if (!machine.restore(stream_of(records))) {
            return false;
        }
        run_for_a_while(machine);
        const auto again = machine.save();
        SteppedMachine other{options()};
        const auto restored = other.restore(again);
        EXPECT_TRUE(restored.has_value())
            << "a machine has come to a state that is refused: " << restored.error().message();
        return true;
    }

    // A guest that has been given nonsense may run in circles.
    static void run_for_a_while(SteppedMachine& machine)
    {
        std::promise<void> done;
        std::thread guard{[&, future = done.get_future()] {
            while (future.wait_for(std::chrono::milliseconds{50}) == std::future_status::timeout) {
                machine.give_up();
            }
        }};
        static_cast<void>(machine.run(3000));
        done.set_value();
        guard.join();
    }

    std::vector<state::Record> records_;
};

TEST_F(HostileState, EveryFieldIsRefusedOrHarmless)
{
    constexpr unsigned kTries = 60;
    std::mt19937_64 random{13};
    unsigned refused = 0;
    for (unsigned i = 0; i < kTries; ++i) {
        auto records = records_;
        state::Record& record = records[random() % records.size()];
        if (record.name == state::kPagesRecord) {
            continue;
        }
        Value value = state::decode(record.contents).value();
        std::vector<state::Leaf> leaves;
        state::collect_leaves(value, record.name, leaves);
        change(*leaves[random() % leaves.size()].value, random);
        record.contents = state::encode(value);
        refused += try_one(std::move(records)) ? 0 : 1;
    }
    EXPECT_GT(refused, kTries / 10);
    EXPECT_LT(refused, kTries);
}

// Sets one number of a record, by the names of the groups on the way.
std::vector<state::Record> with(std::vector<state::Record> records, std::string_view record,
                                std::initializer_list<std::string_view> path, std::uint64_t number)
{
    const auto found = std::ranges::find(records, record, &state::Record::name);
    Value value = state::decode(found->contents).value();
    Value* at = &value;
    for (const std::string_view name : path) {
        at = &std::ranges::find(at->fields, name, &state::Field::name)->value;
        at = at->type == state::Type::List ? &at->items.front() : at;
    }
    at->number = number;
    found->contents = state::encode(value);
    return records;
}

TEST_F(HostileState, WhatIsRefusedIsNamed)
{
    const auto refusal = [](const std::vector<state::Record>& records) {
        SteppedMachine machine{options()};
        const auto restored = machine.restore(stream_of(records));
        return restored ? std::string{} : restored.error().message();
    };
    EXPECT_EQ(refusal(records_), "");
    EXPECT_NE(refusal(with(records_, "processor0", {"state", "fx", "mxcsr"}, 0x11f80)).find("MXCSR is 0x11f80"),
              std::string::npos);
    EXPECT_NE(refusal(with(records_, "processor0", {"state", "cr4"}, ~0ULL)).find("CR4"), std::string::npos);
    EXPECT_NE(refusal(with(records_, "isa/pit", {"counters", "period"}, 1ULL << 40)).find("isa/pit.counters[0].period"),
              std::string::npos);
    const std::string channel = refusal(with(records_, "pci/1.1/ide/primary", {"channel", "selected"}, 200));
    EXPECT_NE(channel.find("pci/1.1/ide/primary.channel.selected"), std::string::npos);
}

} // namespace

} // namespace windsor::machine
