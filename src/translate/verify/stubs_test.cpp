// SPDX-License-Identifier: GPL-2.0-or-later
// The verifier accepts the stubs as they are written. It refuses them with any bit changed, unless the change makes
// another encoding of the same instruction.
#include "translate/cache/code_memory.hpp"
#include "translate/run/block_checks.hpp"
#include "translate/test_machine.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace windsor::translate::testing {

namespace {

class TranslatorStubs : public ::testing::Test {
protected:
    TranslatorStubs()
    {
        std::uint8_t* at = memory.data();
        for (const Reach reach : kReaches) {
            at = write_stubs({at, at}, core->frame, core->interpreter.cpu(), reach, stubs.of(reach));
        }
        size = static_cast<std::size_t>(at - memory.data());
    }
    std::string verdict()
    {
        const BlockChecks::Parts parts{.frame = core->frame,
                                       .cpu = core->interpreter.cpu(),
                                       .stubs = stubs,
                                       .tables = *tables,
                                       .faults = faults,
                                       .links = links,
                                       .exits = exits,
                                       .groups = groups,
                                       .to_writable = 0};
        return BlockChecks::check_stubs(parts, std::span{memory}.first(size)).value_or("");
    }

    struct Core {
        explicit Core(const vcpu::EngineParts& parts) : interpreter{parts} {}
        Frame frame;
        emulate::Interpreter interpreter;
    };
    memory::GuestMemory ram;
    conformance::FakeIo io;
    base::ManualClock clock;
    vcpu::CpuModel model = vcpu::CpuModel::standard();
    vcpu::Signals signals;
    std::unique_ptr<Core> core = std::make_unique<Core>(
        vcpu::EngineParts{.memory = ram, .io = io, .model = model, .clock = clock, .signals = signals});
    std::unique_ptr<JumpTables> tables = std::make_unique<JumpTables>(core->frame, kContexts);
    alignas(64) std::array<std::uint8_t, 8192> memory{};
    StubSets stubs;
    std::size_t size{0};
    FaultTable faults{memory};
    std::pmr::deque<Link> links;
    std::pmr::deque<SideExit> exits;
    std::pmr::deque<GroupRange> groups;
};

TEST_F(TranslatorStubs, AreAsTheyMayBe)
{
    EXPECT_EQ(verdict(), "");
}

// Returns the assembly text of an instruction, which is the same for encodings that mean the same.
std::string text_of(std::span<const std::uint8_t> code, std::size_t& length)
{
    ZydisDisassembledInstruction text;
    const bool decoded =
        ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, 0, code.data(), code.size(), &text));
    length = decoded ? text.info.length : 1;
    return decoded ? text.text : "none";
}

TEST_F(TranslatorStubs, AreAsTheyMayBeInNoOtherWay)
{
    constexpr std::uint8_t kPadding = 0xcc; // no stub runs it
    std::set<std::string> said;
    std::string missed;
    std::size_t length = 1;
    for (std::size_t first = 0; first < size; first += length) {
        const std::span<std::uint8_t> code = std::span{memory}.subspan(first, 16);
        const std::string before = text_of(code, length);
        for (std::size_t bit = 0; bit < 8 * length && code[0] != kPadding; ++bit) {
            const auto mask = static_cast<std::uint8_t>(1u << bit % 8);
            code[bit / 8] ^= mask;
            std::size_t now = 0;
            const std::string after = text_of(code, now);
            const std::string verdict = this->verdict();
            said.insert(verdict.substr(std::min(verdict.size(), verdict.rfind(": "))));
            if (verdict.empty() && (after != before || now != length)) {
                missed += fmt::format("{:#x}: {} to {}\n", first, before, after);
            }
            code[bit / 8] ^= mask;
        }
    }
    EXPECT_EQ(missed, "");
    EXPECT_GT(said.size(), 15u) << "few of the rules have been broken";
}

} // namespace

} // namespace windsor::translate::testing
