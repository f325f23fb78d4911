// SPDX-License-Identifier: GPL-2.0-or-later
// The emitter takes a sum back and does it again to have its flags. The verifier knows then that the register is what
// it was, and it is not deceived by what only looks like that.
#include "translate/verify/test_block.hpp"

#include <gtest/gtest.h>

namespace windsor::translate::verify::testing {

namespace {

using B = TestBlock;
using A = TestBlock::Assembler;
using Sum = std::function<void(A&)>;

// Returns the verdict on a block with a group on RBX, which is a sum. `between` is written between the accesses.
std::string verdict(const Sum& sum, const Sum& between)
{
    TestBlock block{long64(), [&](B& b, A& a) {
                        sum(a);
                        b.look_up(a, x::rbx, 0, 16, Intent::Read);
                        a.mov(x::r10, element(kDistances));
                        a.mov(frame(kBasesAt + 8 * 3), x::r10);
                        a.mov(x::rax, x::ptr(x::rbx, x::r10));
                        between(a);
                        a.mov(x::r10, frame(kBasesAt + 8 * 3));
                        a.mov(x::rdx, x::ptr(x::rbx, x::r10, 0, 8));
                    }};
    return block.verdict();
}

constexpr const char* kUnknown = "has not been looked up";

void add(A& a)
{
    a.add(x::rbx, x::rcx);
}

TEST(VerifierOfSums, KnowsWhatIsDoneAgain)
{
    EXPECT_EQ(verdict(add, [](A& a) { a.sub(x::rbx, x::rcx), a.add(x::rbx, x::rcx); }), "");
    EXPECT_EQ(verdict([](A& a) { a.sub(x::rbx, 5); }, [](A& a) { a.add(x::rbx, 5), a.sub(x::rbx, 5); }), "");
    const Sum narrow = [](A& a) { a.add(x::ebx, x::ecx); };
    EXPECT_EQ(verdict(narrow, [](A& a) { a.sub(x::ebx, x::ecx), a.add(x::ebx, x::ecx); }), "");
    EXPECT_EQ(verdict([](A& a) { a.sub(x::ebx, 5); }, [](A& a) { a.add(x::ebx, 5), a.sub(x::ebx, 5); }), "");
}

TEST(VerifierOfSums, IsNotDeceived)
{
    const auto expect_unknown = [](const Sum& between) {
        EXPECT_NE(verdict(add, between).find(kUnknown), std::string::npos) << verdict(add, between);
    };
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx); });
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx), a.add(x::rbx, x::rdx); });
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx), a.sub(x::rbx, x::rcx); });
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx), a.adc(x::rbx, x::rcx); });
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx), a.add(x::rdx, x::rcx), a.add(x::rbx, x::rcx); });
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx), a.mov(x::ecx, 5), a.add(x::rbx, x::rcx); });
    expect_unknown([](A& a) { a.sub(x::ebx, x::ecx), a.add(x::ebx, x::ecx); }); // RBX has 64 bits
    expect_unknown([](A& a) { a.sub(x::rbx, x::rcx), a.add(x::ebx, x::ecx); });
    expect_unknown([](A& a) { a.sub(x::rbx, x::rbx), a.add(x::rbx, x::rbx); });
    expect_unknown([](A& a) {
        const auto behind = a.newLabel();
        a.test(x::rdx, x::rdx);
        a.jz(behind);
        a.sub(x::rbx, x::rcx);
        a.bind(behind);
        a.add(x::rbx, x::rcx);
    });
}

} // namespace

} // namespace windsor::translate::verify::testing
