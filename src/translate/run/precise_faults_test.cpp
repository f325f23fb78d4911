// SPDX-License-Identifier: GPL-2.0-or-later
// Faults in the middle of blocks leave registers, flags and memory as the interpreter leaves them.
#include "translate/run/random_program.hpp"
#include "translate/test_machine.hpp"

#include <array>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace windsor::translate::testing {

namespace {

constexpr std::uint64_t kTss = 0x3000;
constexpr std::uint64_t kArea = 0x200000; // the data pages are here, and lead to kAreaFrames
constexpr std::uint64_t kAreaFrames = 0x100000;
constexpr std::uint64_t kPages = 8;
constexpr std::uint64_t kUd2 = kCode + 0x800;

// Gives handlers a stack of their own, because the program's may not be present.
void give_handlers_a_stack(Machine& m, vcpu::CpuState& state)
{
    m.put<std::uint64_t>(kTss + 0x24, kStack);
    m.put<std::uint64_t>(kTss + 4, kStack);
    state.tr = {.selector = 0x28, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
    for (unsigned vector = 0; vector < 32; ++vector) {
        set_gate64(m, vector, kHandlers + 4 * vector, 1);
    }
}

void become_user(vcpu::CpuState& state)
{
    for (x86::Segment& segment : state.segments) {
        segment.selector = 0x23;
        segment.attributes = x86::Attributes::from_word(0xc0f3);
    }
    state.segment(x86::Seg::Cs).selector = 0x1b;
    state.segment(x86::Seg::Cs).attributes = x86::Attributes::from_word(0xa0fb);
}

// Returns an address near the edge of a page of the area.
std::uint64_t at_edge(RandomProgram& random)
{
    const std::uint64_t edge = kArea + (1 + random.below(kPages - 1)) * 0x1000;
    switch (random.below(3)) {
    case 0: return edge - 16 * random.below(3);
    case 1: return edge - random.below(24);
    default: return edge + 0x800;
    }
}

void fill_state(RandomProgram& random, vcpu::CpuState& state)
{
    for (std::uint64_t& value : state.gpr) {
        value = random.below(3) == 0 ? random.below(0x100) : random.bits();
    }
    for (const unsigned pointer : {3u, 4u, 5u, 6u, 7u, 11u, 15u}) {
        state.gpr[pointer] = at_edge(random);
    }
    for (auto& xmm : state.fx.xmm) {
        for (std::uint8_t& byte : xmm) {
            byte = static_cast<std::uint8_t>(random.bits());
        }
    }
    state.rflags = (random.bits() & x86::rflags::kArithmetic) | x86::rflags::kFixed1;
    state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kOsxmmexcpt;
    state.cr0 |= x86::cr0::kNe;
    state.fx.fcw = 0x37f;
    state.fx.mxcsr = 0x1f80;
}

// Makes some pages of the area not present, some read-only, and some accessible to the supervisor alone.
void fill_area(RandomProgram& random, Machine& m)
{
    for (std::uint64_t page = 0; page < kPages; ++page) {
        static constexpr std::array<std::uint64_t, 8> kRights{0, 7, 7, 7, 7, 5, 3, 7};
        m.put<std::uint64_t>(Machine::pte(kArea + page * 0x1000),
                             (kAreaFrames + page * 0x1000) | kRights[random.below(8)]);
        for (std::uint64_t at = 0; at < 0x1000; at += 8) {
            m.put<std::uint64_t>(kAreaFrames + page * 0x1000 + at, random.below(2) != 0 ? kUd2 : random.bits());
        }
    }
}

vcpu::CpuState prepare(Machine& m, std::uint64_t seed)
{
    RandomProgram random{seed};
    m.reset();
    vcpu::CpuState state = m.flat64();
    give_handlers_a_stack(m, state);
    fill_state(random, state);
    fill_area(random, m);
    if (random.below(2) != 0) {
        become_user(state);
    }
    m.assemble(kCode, true,
               [&](asmjit::x86::Assembler& a) { random.write(a, 4 + static_cast<unsigned>(random.below(10))); });
    m.code(kUd2, {0x0f, 0x0b});
    return state;
}

TEST(TranslatorPreciseFaults, AreThoseOfTheInterpreter)
{
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    constexpr std::uint64_t kPrograms = 4000;
    std::array<unsigned, 256> met{};
    // The environment variable WINDSOR_COMPARE_SEED chooses other programs.
    const char* chosen = std::getenv("WINDSOR_COMPARE_SEED");
    const std::uint64_t first = 1'000'000 * (chosen == nullptr ? 1 : std::strtoull(chosen, nullptr, 0));
    for (std::uint64_t seed = first; seed < first + kPrograms; ++seed) {
        SCOPED_TRACE(::testing::Message{} << "seed " << seed);
        expect_same(interpreter, translator, [&](Machine& m) { return prepare(m, seed); });
        ++met.at(interpreter.vector() & 0xff);
        if (HasFailure()) {
            std::string bytes;
            for (unsigned i = 0; i < 160; ++i) {
                bytes += fmt::format("{:02x}", *translator.at(kCode + i));
            }
            ADD_FAILURE() << "the program: " << bytes;
            break;
        }
    }
    EXPECT_GT(met[14], kPrograms / 4) << "page faults";
    EXPECT_GT(met[13], 0u) << "operands that are not aligned, and addresses that are not canonical";
    EXPECT_GT(met[6], 0u) << "programs that come to their end";
    EXPECT_GT(met[0], 0u) << "divisions";
}

} // namespace

} // namespace windsor::translate::testing
