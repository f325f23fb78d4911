// SPDX-License-Identifier: GPL-2.0-or-later
// Saved states that earlier versions of Windsor wrote are loaded by this one; docs/saved-state.md has the rules.
#include "machine/machine.hpp"
#include "machine/needs.hpp"
#include "machine/ram.hpp"
#include "machine/stepped_machine.hpp"
#include "state/golden.hpp"

#include <filesystem>
#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

const std::filesystem::path kFolder{WINDSOR_GOLDEN_STATES};

// With everything that a machine can have, so that all records are there.
MachineSpec whole_machine()
{
    const auto medium = [](const Executor&) {
        return std::make_unique<InstantDisk>(std::vector<std::uint8_t>(1 << 20));
    };
    MachineSpec spec{.memory = 2 * kMiB, .processors = 2, .boot = "c"};
    spec.drives.push_back({.slot = 0, .open_media = medium});
    spec.drives.push_back({.slot = 2, .cdrom = true, .open_media = medium});
    spec.serial_ports = {nullptr, nullptr};
    return spec;
}

class GoldenStates : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
        machine_ = Machine::create(whole_machine(), log_, [](Event) {}).value();
    }
    std::vector<std::uint8_t> save()
    {
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin().has_value());
        EXPECT_TRUE(machine_->save(writer).has_value());
        return output.bytes;
    }
    base::Status restore(std::span<const std::uint8_t> saved)
    {
        state::MemoryInput input{saved};
        state::StreamReader reader{input};
        WINDSOR_TRY(reader.begin());
        const auto record = WINDSOR_TRY(reader.next());
        Needs needs;
        WINDSOR_TRY(state::read_object(*record, needs));
        WINDSOR_TRY(machine_->restore(needs, reader));
        return {};
    }

    base::Log log_ = base::Log::discard();
    std::unique_ptr<Machine> machine_;
};

TEST_F(GoldenStates, AreOfTheShapeThatIsWritten)
{
    state::expect_golden(kFolder, save());
}

TEST_F(GoldenStates, AreLoadedHoweverOldTheyAre)
{
    for (const auto& [number, file] : state::golden_files(kFolder)) {
        SCOPED_TRACE(file.string());
        SetUp();
        const base::Status restored = restore(state::read_file(file));
        ASSERT_TRUE(restored.has_value()) << restored.error().message();
        machine_->resume();
        machine_->pause();
        EXPECT_FALSE(save().empty());
    }
}

} // namespace

} // namespace windsor::machine
