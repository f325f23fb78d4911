// SPDX-License-Identifier: GPL-2.0-or-later
// Late code goes on after a fault that nobody expected. It is proven together with the block.
#include "translate/verify/test_block.hpp"

#include <gtest/gtest.h>

namespace windsor::translate::verify::testing {

namespace {

using A = TestBlock::Assembler;

// A block that has the guest's RBX in RSI, and RSI's in a slot, where the host refuses an instruction.
TestBlock refused_with_a_register_away()
{
    return TestBlock{long64(), [](TestBlock& b, A& a) {
                         a.mov(frame(kScratchAt), x::rsi);
                         a.mov(x::r11, frame(kSignals));
                         a.mov(x::rsi, x::r11);
                         b.is_refused(a);
                         a.add(x::rax, 1);
                         a.mov(x::rsi, frame(kScratchAt));
                     }};
}

void call_help(A& a, std::uint32_t exit)
{
    a.mov(x::r11d, exit);
    a.jmp(kHelpAt);
}

TEST(VerifierOfLateCode, AllowsWhatPutsRegistersBackAndCallsForHelp)
{
    TestBlock block = refused_with_a_register_away();
    block.write_late([](A& a) {
        a.mov(x::rsi, frame(kScratchAt));
        call_help(a, kLateExit);
    });
    EXPECT_EQ(block.verdict(), "");
}

TEST(VerifierOfLateCode, CatchesAnAddressOfTheHostThatStaysInARegister)
{
    TestBlock block = refused_with_a_register_away();
    block.write_late([](A& a) { call_help(a, kLateExit); });
    EXPECT_NE(block.verdict().find("a register does not hold what is expected of it"), std::string::npos)
        << block.verdict();
}

// Pieces of a REP STOS, each of which looks its page up. The host refuses the instruction itself.
TestBlock refused_in_pieces()
{
    return TestBlock{long64(), [](TestBlock& b, A& a) {
                         const asmjit::Label again = a.newLabel();
                         a.bind(again);
                         a.mov(x::r11, x::rdi);
                         a.or_(x::r11, -4096);
                         a.neg(x::r11);
                         a.shr(x::r11, 3);
                         a.cmp(x::rcx, x::r11);
                         a.cmovb(x::r11, x::rcx);
                         a.mov(frame(kPieceAt), x::r11);
                         b.look_up(a, x::rdi, 0, 8, emulate::Intent::Write);
                         a.add(x::r10, element(kHostPages));
                         a.mov(frame(kScratchAt), x::rdi);
                         a.mov(x::rdi, x::r10);
                         a.mov(x::rcx, frame(kPieceAt));
                         b.is_refused(a);
                         a.rep().stosq();
                         a.sub(x::rdi, x::r10);
                         a.add(x::rdi, frame(kScratchAt));
                         a.test(x::rdi, x::rdi);
                         a.jnz(again);
                     }};
}

TEST(VerifierOfLateCode, KnowsTwoAddressesOfOnePageWhicheverPieceItIs)
{
    TestBlock block = refused_in_pieces();
    block.write_late([](A& a) {
        a.sub(x::rdi, x::r10);
        a.add(x::rdi, frame(kScratchAt));
        call_help(a, kLateExit);
    });
    EXPECT_EQ(block.verdict(), "");
}

TEST(VerifierOfLateCode, CatchesAnAddressOfTheHostThatStaysBehindAPiece)
{
    TestBlock block = refused_in_pieces();
    block.write_late([](A& a) { call_help(a, kLateExit); });
    EXPECT_NE(block.verdict().find("a register does not hold what is expected of it"), std::string::npos)
        << block.verdict();
}

TEST(VerifierOfLateCode, CatchesTheNumberOfAnotherExit)
{
    TestBlock block = refused_with_a_register_away();
    block.write_late([](A& a) {
        a.mov(x::rsi, frame(kScratchAt));
        call_help(a, kLateExit + 1);
    });
    EXPECT_NE(block.verdict().find("no exit of the block"), std::string::npos) << block.verdict();
}

TEST(VerifierOfLateCode, CatchesAJumpIntoTheBlockOrBehindItsEnd)
{
    for (const std::uint64_t target : {kCodeAt, kLateAt + 0x1000, kCrossAt}) {
        TestBlock block = refused_with_a_register_away();
        block.write_late([&](A& a) {
            a.mov(x::rsi, frame(kScratchAt));
            a.jmp(target);
        });
        EXPECT_NE(block.verdict(), "") << std::hex << target;
    }
    TestBlock block = refused_with_a_register_away();
    block.write_late([](A& a) { a.mov(x::rsi, frame(kScratchAt)); });
    EXPECT_NE(block.verdict().find("the way runs out of the block"), std::string::npos) << block.verdict();
}

TEST(VerifierOfLateCode, CatchesCodeThatNothingLeadsTo)
{
    TestBlock block{long64(), [](TestBlock& b, A& a) {
                        const asmjit::Label over = a.newLabel();
                        a.jmp(over);
                        b.is_refused(a);
                        a.add(x::rax, 1);
                        a.bind(over);
                    }};
    block.write_late([](A& a) { call_help(a, kLateExit); });
    EXPECT_NE(block.verdict().find("late code is for no instruction"), std::string::npos) << block.verdict();
}

TEST(VerifierOfLateCode, SaysWhereTheMistakeLies)
{
    TestBlock block = refused_with_a_register_away();
    block.write_late([](A& a) {
        a.mov(x::rsi, frame(kScratchAt));
        a.ud2();
    });
    EXPECT_NE(block.verdict().find("0x70400008"), std::string::npos) << block.verdict();
    EXPECT_NE(block.verdict().find("0f 0b"), std::string::npos) << block.verdict();
}

} // namespace

} // namespace windsor::translate::verify::testing
