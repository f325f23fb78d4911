// SPDX-License-Identifier: GPL-2.0-or-later
// Code changes while the translator reads it. What runs is the one instruction or the other, and never a mixture of
// both.
#include "conformance/changing_page.hpp"
#include "translate/test_machine.hpp"

#include <array>
#include <span>

namespace windsor::translate::testing {

namespace {

using conformance::ChangingPage;

constexpr unsigned kMostReads = 5000;
constexpr std::uint64_t kValue = 0x1122334455667788;

// This code brings the data into the TLB, so that translated code runs the instruction that changes: MOV EAX, [RBX] and
// a jump that ends the block.
const std::vector<int> kWarmUp{0x8b, 0x03, 0xeb, 0x00};

// Runs `code` in 64-bit mode with RBX = kData and a jump behind it, which ends the block. After a number of reads, the
// bytes from `at` on become `to`. That is done for each such number, and `check` is called each time.
void run_changing(TranslatorMachine& m, const std::vector<int>& code, unsigned at, std::span<const std::uint8_t> to,
                  const std::function<void(const vcpu::CpuState&)>& check)
{
    for (unsigned reads = 1; reads < kMostReads; ++reads) {
        SCOPED_TRACE(::testing::Message{} << "changed after " << reads << " reads");
        m.reset();
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(kData, kValue);
        state.gpr[x86::kRbx] = kData;
        std::vector<int> all = kWarmUp;
        all.insert(all.end(), code.begin(), code.end());
        all.insert(all.end(), {0xeb, 0x00, 0xf4, 0xeb, 0xfe}); // jmp to hlt; jmp to itself
        m.code(kCode, all);
        bool changed = false;
        {
            const ChangingPage page{m.at(kCode), m.at(kCode + kWarmUp.size() + at), to, reads};
            EXPECT_EQ(m.run(state), vcpu::HaltReason::Halted);
            changed = page.changed();
        }
        check(m.engine->state());
        if (!changed || ::testing::Test::HasFailure()) {
            return;
        }
    }
    FAIL() << "the code is read for ever";
}

TEST(TranslatorChangingCode, IsWrittenAsItWasDecoded)
{
    constexpr std::array<std::uint8_t, 1> kLea{0x8d};
    TranslatorMachine m;
    run_changing(m, {0x4c, 0x8b, 0x23}, 1, kLea, [](const vcpu::CpuState& state) { // mov r12, [rbx]
        const std::uint64_t got = state.gpr[x86::kR12];
        EXPECT_TRUE(got == kValue || got == kData) << std::hex << got;
    });
    EXPECT_GT(m.counter("entries"), 0u);
}

TEST(TranslatorChangingCode, CrossesPagesWhole)
{
    constexpr std::array<std::uint8_t, 1> kLea{0x8d};
    TranslatorMachine m;
    for (unsigned reads = 1; reads < kMostReads; ++reads) {
        m.reset();
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(kData, kValue);
        state.gpr[x86::kRbx] = kData;
        state.rip = kCode + 0xffa;
        m.code(state.rip, {0x8b, 0x03, 0xeb, 0x00, 0x4c, 0x8b, 0x23, 0xeb, 0x00, 0xf4, 0xeb, 0xfe});
        bool changed = false;
        {
            const ChangingPage page{m.at(kCode), m.at(kCode + 0xfff), kLea, reads};
            EXPECT_EQ(m.run(state), vcpu::HaltReason::Halted);
            changed = page.changed();
        }
        const std::uint64_t got = m.engine->state().gpr[x86::kR12];
        ASSERT_TRUE(got == kValue || got == kData) << std::hex << got << " after " << reads << " reads";
        if (!changed) {
            return;
        }
    }
    FAIL() << "the code is read for ever";
}

// The instruction that changes has another length afterwards, so that bytes behind it would be another instruction.
TEST(TranslatorChangingCode, HasOneLength)
{
    TranslatorMachine m;
    constexpr std::array<std::uint8_t, 2> kShort{0xb0, 0x90};
    run_changing(m, {0xb8, 0x90, 0x90, 0x90, 0x90}, 0, kShort, [](const vcpu::CpuState& state) { // mov eax, or mov al
        const std::uint64_t got = state.gpr[x86::kRax];
        EXPECT_TRUE(got == 0x90909090 || got == ((kValue & 0xffffff00) | 0x90)) << std::hex << got;
    });
}

// --- An instruction crosses into a page whose page-table entry is among its own bytes ---

// The page walk to the second page sets the accessed flag, which lies in the first page: ADD QWORD PTR [0], imm32
// becomes MOV RAX, [2504h].
class TranslatorOwnEntry : public ::testing::Test {
protected:
    static constexpr std::uint64_t kTable = kTables + 0x3000; // its last two entries hold the code
    static constexpr std::uint64_t kAt = 0x1feff7;
    static constexpr std::uint64_t kElsewhere = 0x300ff7; // the same code is here by other entries
    static constexpr std::uint64_t kOtherTables = 0x50000; // the same address space has other page tables here
    static constexpr std::uint64_t kSecond = 0x250000;
    static constexpr std::uint64_t kLoaded = 0x2504;

    struct Run {
        std::uint64_t address;
        std::uint64_t cr3; // is loaded before the code runs, unless it is 0
    };

    static vcpu::CpuState prepare(Machine& m, std::span<const Run> runs)
    {
        namespace x = asmjit::x86;
        m.reset();
        vcpu::CpuState state = m.flat64();
        m.put<std::uint64_t>(kTable + 8 * 510, kTable | 0x4800'0000'0000'0027); // the last byte is REX.W
        m.put<std::uint64_t>(kTable + 8 * 511, kSecond | 0x481);
        m.code(kSecond, {0x00, 0x90, 0x90, 0xff, 0xe7}); // JMP RDI
        m.put<std::uint64_t>(Machine::pte(kElsewhere), kTable | 7);
        m.put<std::uint64_t>(Machine::pte(kElsewhere) + 8, kSecond | 7);
        std::memcpy(m.at(kOtherTables), m.at(kTables), 0x4000);
        m.put<std::uint64_t>(kOtherTables, (kOtherTables + 0x1000) | 7);
        m.put<std::uint64_t>(kOtherTables + 0x1000, (kOtherTables + 0x2000) | 7);
        m.put<std::uint64_t>(kOtherTables + 0x2000, (kOtherTables + 0x3000) | 7);
        m.assemble(kCode, true, [](x::Assembler& a) {
            const auto stay = a.newLabel();
            const auto done = a.newLabel();
            a.mov(x::rsi, x::ptr(x::rbx));
            a.mov(x::rdx, x::ptr(x::rbx, 8));
            a.add(x::rbx, 16);
            a.test(x::rsi, x::rsi);
            a.jz(done);
            a.xor_(x::eax, x::eax);
            a.test(x::rdx, x::rdx);
            a.jz(stay);
            a.mov(x::cr3, x::rdx);
            a.bind(stay);
            a.jmp(x::rsi);
            a.bind(done);
            a.hlt();
        });
        for (std::size_t n = 0; n < runs.size(); ++n) {
            m.put(kData + 16 * n, runs[n].address);
            m.put(kData + 16 * n + 8, runs[n].cr3);
        }
        m.put<std::uint64_t>(0, 0);
        state.gpr[x86::kRbx] = kData;
        state.gpr[x86::kRdi] = kCode;
        return state;
    }
    // In the last run the accessed flag has been set for a long time, so that the MOV runs.
    static void expect_new(Machine& m, std::span<const Run> runs)
    {
        EXPECT_EQ(m.run(prepare(m, runs)), vcpu::HaltReason::Halted);
        EXPECT_EQ(m.engine->state().rip, kCode + 37) << "not at the end";
        EXPECT_EQ(m.engine->state().gpr[x86::kRax], m.get<std::uint64_t>(kLoaded));
    }
};

TEST_F(TranslatorOwnEntry, IsReadAsTheWalkLeavesIt)
{
    constexpr std::array kRuns{Run{kAt, 0}, Run{kAt, 0}};
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    expect_new(interpreter, kRuns);
    expect_new(translator, kRuns);
}

// Here the code has been translated already when the page walk changes it.
TEST_F(TranslatorOwnEntry, DropsWhatTheWalkChanges)
{
    constexpr std::array kAlias{Run{kElsewhere, 0}, Run{kAt, 0}, Run{kAt, 0}};
    constexpr std::array kOtherSpace{Run{kAt, kOtherTables}, Run{kAt, kTables}, Run{kAt, 0}};
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
    for (const auto& runs : {kAlias, kOtherSpace}) {
        expect_new(interpreter, runs);
        expect_new(translator, runs);
    }
}

} // namespace

} // namespace windsor::translate::testing
