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

MachineSpec machine_with_cirrus()
{
    MachineSpec spec{.memory = 2 * kMiB, .processors = 1, .boot = "c"};
    spec.vga_bios = kCirrusBios;
    spec.display = Display::Cirrus;
    return spec;
}

class GoldenStates : public ::testing::Test {
protected:
    explicit GoldenStates(MachineSpec spec = whole_machine(), std::filesystem::path folder = kFolder)
        : spec_{std::move(spec)}, folder_{std::move(folder)}
    {
    }
    void SetUp() override
    {
        if (!std::filesystem::exists(spec_.bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
        machine_ = Machine::create(spec_, log_, [](Event) {}).value();
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

    void load_all()
    {
        for (const auto& [number, file] : state::golden_files(folder_)) {
            SCOPED_TRACE(file.string());
            SetUp();
            const base::Status restored = restore(state::read_file(file));
            ASSERT_TRUE(restored.has_value()) << restored.error().message();
            machine_->resume();
            machine_->pause();
            EXPECT_FALSE(save().empty());
        }
    }

    base::Log log_ = base::Log::discard();
    MachineSpec spec_;
    std::filesystem::path folder_;
    std::unique_ptr<Machine> machine_;
};

TEST_F(GoldenStates, AreOfTheShapeThatIsWritten)
{
    state::expect_golden(folder_, save());
}

TEST_F(GoldenStates, AreLoadedHoweverOldTheyAre)
{
    load_all();
}

// The same of the other display adapter.
class GoldenCirrusStates : public GoldenStates {
protected:
    GoldenCirrusStates() : GoldenStates{machine_with_cirrus(), kFolder.parent_path() / "cirrus-states"} {}
};

TEST_F(GoldenCirrusStates, AreOfTheShapeThatIsWritten)
{
    state::expect_golden(folder_, save());
}

TEST_F(GoldenCirrusStates, AreLoadedHoweverOldTheyAre)
{
    load_all();
}

} // namespace

} // namespace windsor::machine
