// SPDX-License-Identifier: GPL-2.0-or-later
// The verifier accepts what the emitter writes, and says of each mistake that the emitter might make which one it is.
#include "translate/verify/test_block.hpp"

#include <gtest/gtest.h>

namespace windsor::translate::verify::testing {

namespace {

struct Case {
    const char* name;
    const char* says; // a part of the verifier's sentence; null: the block is right
    TestBlock::Writer write;
    Assumptions assumed = long64();
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.name;
}

void raw(TestBlock::Assembler& a, std::initializer_list<int> bytes)
{
    for (const int byte : bytes) {
        a.db(static_cast<std::uint8_t>(byte));
    }
}

using B = TestBlock;
using A = TestBlock::Assembler;

const auto kLoad = [](B& b, A& a) {
    b.look_up(a, x::rbx, 8, 4, Intent::Read);
    a.mov(x::r10, element(kDistances));
    a.mov(x::eax, x::ptr(x::rbx, x::r10, 0, 8));
};

// Writes REP STOS with its lookup. The count is limited by the rest of the page in elements of 1 << shift bytes.
void store_repeated(B& b, A& a, unsigned shift, std::initializer_list<int> prefixes = {})
{
    a.mov(x::r11, x::rdi);
    a.or_(x::r11, -4096);
    a.neg(x::r11);
    if (shift != 0) {
        a.shr(x::r11, shift);
    }
    a.cmp(x::rcx, x::r11);
    a.cmovb(x::r11, x::rcx);
    a.mov(frame(kPieceAt), x::r11);
    b.look_up(a, x::rdi, 0, 8, Intent::Write);
    a.add(x::r10, element(kHostPages));
    a.mov(frame(kScratchAt), x::rdi);
    a.mov(x::rdi, x::r10);
    a.mov(x::rcx, frame(kPieceAt));
    raw(a, prefixes);
    a.rep().stosq();
    a.sub(x::rdi, x::r10);
    a.add(x::rdi, frame(kScratchAt));
}

void jump_table(A& a, std::int32_t mask)
{
    a.imul(x::r11d, x::r10d, static_cast<std::int32_t>(kFactor));
    a.shr(x::r11d, 14);
    a.and_(x::r11d, mask);
}
constexpr std::int32_t kTable = kJumpsAt + 4 * kOtherSet;

// Writes a jump to `cold` if the comparison before it has shown a difference, and otherwise a link, which is taken if
// RAX is zero.
void link_if_equal(B& b, A& a)
{
    const asmjit::Label unlinked = a.newLabel();
    const asmjit::Label on = a.newLabel();
    a.jne(b.cold);
    a.test(x::rax, x::rax);
    a.jnz(unlinked);
    b.link(a, 0x1080);
    a.jmp(on);
    a.bind(unlinked);
    b.unlinked(a);
    a.bind(on);
}

const auto kRight = std::to_array<Case>({
    {"nothing", nullptr, [](B&, A&) {}},
    {"load", nullptr, kLoad},
    {"store", nullptr,
     [](B& b, A& a) {
         b.look_up(a, x::rbx, 8, 8, Intent::Write);
         a.mov(x::r10, element(kDistances));
         a.add(x::ptr(x::rbx, x::r10, 0, 8), x::rax);
     }},
    {"page and offset", nullptr,
     [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 16, Intent::Read);
         a.mov(x::r11, element(kHostPages));
         a.mov(x::rax, x::ptr(x::r10, x::r11, 0, 8));
     }},
    {"shifted index", nullptr,
     [](B& b, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11, x::r10);
         a.shr(x::r11, 9);
         a.and_(x::r11d, 0x7ff8);
         a.xor_(x::r10, x::ptr(x::rsp, x::r11, 0, kReadTags, 8));
         a.cmp(x::r10, 4096 - 8);
         a.ja(b.cold);
         a.add(x::r10, x::ptr(x::rsp, x::r11, 0, kHostPages, 8));
         a.mov(x::rax, x::ptr(x::r10));
     }},
    {"known address", nullptr,
     [](B& b, A& a) {
         a.cmp(frame(kReadTags + 8 * 0x12), 0x12000);
         a.jne(b.cold);
         a.mov(x::r10, frame(kHostPages + 8 * 0x12));
         a.mov(x::rax, x::ptr(x::r10, 0xff8));
     }},
    {"group", nullptr,
     [](B& b, A& a) {
         b.look_up(a, x::r15, -8, 24, Intent::Write);
         a.mov(x::r10, element(kDistances));
         a.mov(frame(kBasesAt + 8 * 4), x::r10);
         a.mov(x::ptr(x::r15, x::r10, 0, -8), x::rax);
         a.lea(x::r15, x::ptr(x::r15, -8));
         a.mov(x::r10, frame(kBasesAt + 8 * 4));
         a.mov(x::rcx, x::ptr(x::r15, x::r10, 0, 16));
     }},
    {"aligned", nullptr,
     [](B& b, A& a) {
         a.cmp(frame(kSseLive, 1), 0);
         a.je(b.cold);
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags));
         a.test(x::r10, ~0xff0);
         a.jne(b.cold);
         a.add(x::r10, element(kHostPages));
         a.movaps(x::xmm0, x::ptr(x::r10));
     }},
    {"REP STOS", nullptr, [](B& b, A& a) { store_repeated(b, a, 3); }},
    {"jump table", nullptr,
     [](B& b, A& a) {
         a.mov(x::r10, x::rax);
         jump_table(a, 0x3fff0);
         a.cmp(x::r10, x::ptr(x::rsp, x::r11, 0, kTable, 8));
         a.jne(b.cold);
         // A jump table may be used only after a look at the signals.
         a.mov(x::r10, frame(kSignals));
         a.test(x::ptr(x::r10, 0, 1), 0xff);
         a.jne(b.cold);
         a.jmp(x::ptr(x::rsp, x::r11, 0, kTable + 8, 8));
     }},
    {"address of which a high byte has been changed", nullptr,
     [](B& b, A& a) {
         a.xchg(x::bl, x::bh);
         a.sub(x::bl, x::al);
         a.xchg(x::bl, x::bh);
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rbx, x::r10));
     }},
    {"interrupts masked and unmasked", nullptr,
     [](B&, A& a) {
         a.and_(frame(kHeeded, 4), ~2);
         a.or_(frame(kHeeded, 4), 2);
         a.or_(frame(kHeeded, 4), x::eax);
     }},
    {"link that is never taken", nullptr,
     [](B& b, A& a) {
         const auto unlinked = a.newLabel();
         const auto on = a.newLabel();
         a.mov(x::ecx, 0);
         a.test(x::rcx, x::rcx);
         a.jnz(unlinked);
         b.link(a, 0x1080);
         a.jmp(on);
         a.bind(unlinked);
         b.unlinked(a);
         a.bind(on);
     }},
    {"window", nullptr,
     [](B& b, A& a) {
         a.mov(x::r10d, x::ebx);
         b.may_fault(a);
         a.mov(x::eax, x::ptr(x::r14, x::r10, 0, 0x7ffffff0));
     },
     windowed()},
});

const auto kWrong = std::to_array<Case>({
    // These make an access or a jump that is not the one that was checked.
    {"window index of 64 bits", "not known to be 32 bits wide", [](B& b, A& a) {
         b.may_fault(a);
         a.mov(x::eax, x::ptr(x::r14, x::rbx));
     }, windowed()},
    {"another instruction than was checked", "more bytes than have been looked up", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.lea(x::r12, x::ptr(x::rbx, x::r10)); // the lookup was for a MOV
         a.mov(x::rax, x::ptr(x::r12, 4096));
         a.mov(x::rax, x::ptr(x::rax));
     }},
    {"jump through guest memory", "jumps through memory that is not the frame's", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.jmp(x::ptr(x::rbx, x::r10));
     }},
    // These do not look memory up as they should.
    {"no comparison", "not known to hold", [](B&, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags));
         a.add(x::r10, element(kHostPages));
         a.mov(x::rax, x::ptr(x::r10));
     }},
    {"comparison without a jump", "not known to hold", [](B&, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags));
         a.cmp(x::r10, 4088);
         a.add(x::r10, element(kHostPages));
         a.mov(x::rax, x::ptr(x::r10));
     }},
    {"jump on the wrong condition", "not known to hold", [](B& b, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags));
         a.cmp(x::r10, 4088);
         a.jg(b.cold);
         a.add(x::r10, element(kHostPages));
         a.mov(x::rax, x::ptr(x::r10));
     }},
    {"comparison of 32 bits", "not known to hold", [](B& b, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags));
         a.cmp(x::r10d, 4088);
         a.ja(b.cold);
         a.add(x::r10, element(kHostPages));
         a.mov(x::rax, x::ptr(x::r10));
     }},
    {"tag of reads for a store", "looked up for reading", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::ptr(x::rbx, x::r10), x::rax);
     }},
    {"one byte more than was checked", "more bytes than", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 7, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rbx, x::r10));
     }},
    {"one byte further than was checked", "more bytes than", [](B& b, A& a) {
         b.look_up(a, x::rbx, 8, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rbx, x::r10, 0, 9));
     }},
    {"displacement below", "more bytes than", [](B& b, A& a) {
         b.look_up(a, x::rbx, 8, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rbx, x::r10, 0, 7));
     }},
    {"another register", "not been looked up", [](B& b, A& a) {
         b.look_up(a, x::rbx, 8, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rcx, x::r10, 0, 8));
     }},
    {"register changed in between", "not been looked up", [](B& b, A& a) {
         b.look_up(a, x::rbx, 8, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.imul(x::rbx, x::rcx);
         a.mov(x::rax, x::ptr(x::rbx, x::r10, 0, 8));
     }},
    {"scaled distance", "not been looked up", [](B& b, A& a) {
         b.look_up(a, x::rbx, 8, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rbx, x::r10, 1, 8));
     }},
    {"index of another address", "entry of another one", [](B&, A& a) {
         a.lea(x::r10, x::ptr(x::rbx, 8));
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::rcx, x::r11);
         a.xor_(x::r10, element(kReadTags));
     }},
    {"index of too many bits", "not known to be in bounds", [](B&, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 13 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags));
     }},
    {"another program's set", "no array of the program's set", [](B&, A& a) {
         a.mov(x::r10, x::rbx);
         a.mov(x::r11d, 12 | 12 << 8);
         a.bextr(x::r11, x::r10, x::r11);
         a.xor_(x::r10, element(kReadTags + kOtherSet));
     }},
    {"wrong element of a known address", "entry of another one", [](B& b, A& a) {
         a.cmp(frame(kReadTags + 8 * 0x13), 0x12000);
         a.jne(b.cold);
     }},
    {"host page of another known address", "not known to hold", [](B& b, A& a) {
         a.cmp(frame(kReadTags + 8 * 0x12), 0x12000);
         a.jne(b.cold);
         a.mov(x::r10, frame(kHostPages + 8 * 0x13));
     }},
    {"distance between pages that are the same by one way only", "does not hold a guest's value", [](B& b, A& a) {
         const asmjit::Label other = a.newLabel();
         const asmjit::Label both = a.newLabel();
         const x::Mem first = frame(kScratchAt + 8);
         const auto find = [&](const x::Gp& base) {
             b.look_up(a, base, 0, 8, Intent::Write);
             a.add(x::r10, element(kHostPages));
         };
         a.mov(frame(kScratchAt), x::rsi);
         find(x::rbx);
         a.mov(first, x::r10);
         a.test(x::rax, x::rax);
         a.jnz(other);
         a.mov(x::rsi, x::r10);
         a.jmp(both);
         a.bind(other);
         find(x::rcx);
         a.mov(first, x::r10);
         find(x::rdx);
         a.mov(x::rsi, x::r10);
         a.bind(both);
         a.mov(x::rdi, first);
         a.sub(x::rdi, x::rsi);
         a.mov(x::rsi, frame(kScratchAt));
     }},
    {"distance between two known pages of one element", "does not hold a guest's value", [](B& b, A& a) {
         a.cmp(frame(kReadTags + 8 * 0x12), 0x12000);
         a.jne(b.cold);
         a.mov(x::r10, frame(kHostPages + 8 * 0x12));
         a.cmp(frame(kReadTags + 8 * 0x12), 0x1012000);
         a.jne(b.cold);
         a.mov(x::r11, frame(kHostPages + 8 * 0x12));
         a.sub(x::r10, x::r11);
         a.mov(frame(kBasesAt + 8 * 3), x::r10);
     }},
    {"access over the end of a known page", "more bytes than", [](B& b, A& a) {
         a.cmp(frame(kReadTags + 8 * 0x12), 0x12000);
         a.jne(b.cold);
         a.mov(x::r10, frame(kHostPages + 8 * 0x12));
         a.mov(x::rax, x::ptr(x::r10, 0xff9));
     }},
    {"second access beyond a group", "more bytes than", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 16, Intent::Write);
         a.mov(x::r10, element(kDistances));
         a.mov(frame(kBasesAt + 8 * 3), x::r10);
         a.mov(x::rax, x::ptr(x::rbx, x::r10));
         a.mov(x::r10, frame(kBasesAt + 8 * 3));
         a.mov(x::rcx, x::ptr(x::rbx, x::r10, 0, 16));
     }},
    {"group of another register", "not been looked up", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 16, Intent::Write);
         a.mov(x::r10, element(kDistances));
         a.mov(frame(kBasesAt + 8 * 3), x::r10);
         a.mov(x::r10, frame(kBasesAt + 8 * 2));
         a.mov(x::rcx, x::ptr(x::rbx, x::r10));
     }},
    {"index of a bit beyond the operand", "not known to lie in the operand", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Write);
         a.mov(x::r10, element(kDistances));
         a.bts(x::ptr(x::rbx, x::r10, 0, 0, 8), x::rcx);
     }},
    {"aligned operand unchecked", "may not be aligned", [](B& b, A& a) {
         a.cmp(frame(kSseLive, 1), 0);
         a.je(b.cold);
         b.look_up(a, x::rbx, 0, 16, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.movaps(x::xmm0, x::ptr(x::rbx, x::r10));
     }},
    {"high byte changed behind the lookup", "not been looked up", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.xchg(x::bl, x::bh);
         a.sub(x::bl, x::al);
         a.xchg(x::bl, x::bh);
         a.mov(x::rax, x::ptr(x::rbx, x::r10));
     }},
    {"bytes not exchanged back", "not been looked up", [](B& b, A& a) {
         a.xchg(x::bl, x::bh);
         a.sub(x::bl, x::al);
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::rax, x::ptr(x::rbx, x::r10));
     }},
    // These use a window wrongly.
    {"window with a scaled index", "not known to be 32 bits wide", [](B& b, A& a) {
         a.mov(x::r10d, x::ebx);
         b.may_fault(a);
         a.mov(x::eax, x::ptr(x::r14, x::r10, 1));
     }, windowed()},
    {"window below its guard area", "below its guard area", [](B& b, A& a) {
         a.mov(x::r10d, x::ebx);
         b.may_fault(a);
         a.mov(x::eax, x::ptr(x::r14, x::r10, 0, -65537));
     }, windowed()},
    {"window without a way for faults", "leads nowhere", [](B&, A& a) {
         a.mov(x::r10d, x::ebx);
         a.mov(x::eax, x::ptr(x::r14, x::r10));
     }, windowed()},
    {"window's base changed", "window's base", [](B&, A& a) { a.add(x::r14, 8); }, windowed()},
    {"window's base in another register", "not been looked up", [](B& b, A& a) {
         b.may_fault(a);
         a.mov(x::eax, x::ptr(x::r13, x::r10));
     }, windowed()},
    // These do more with the signals than to look at them, or less.
    {"signals changed", "more with the signals", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.mov(x::ptr(x::r10, 0, 4), x::eax);
     }},
    {"signals cleared by reading", "more with the signals", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.xchg(x::ptr(x::r10, 0, 4), x::eax);
     }},
    {"beside the signals", "more with the signals", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.mov(x::eax, x::ptr(x::r10, 4));
     }},
    {"beyond the signals", "more with the signals", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.mov(x::rax, x::ptr(x::r10));
     }},
    {"signals and an index", "more with the signals", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.mov(x::eax, x::ptr(x::r10, x::rbx));
     }},
    {"a part of the signals", "something else than the word", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.movzx(x::eax, x::ptr(x::r10, 0, 1));
     }},
    {"some of the signals", "other signals than all", [](B& b, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.test(x::ptr(x::r10, 0, 1), 0x7f);
         a.jne(b.cold);
     }},
    {"added to the signals' word", "not allowed", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.add(x::eax, x::ptr(x::r10));
     }},
    {"address of the signals in a guest's register", "does not hold a guest's value", [](B&, A& a) {
         a.mov(x::r10, frame(kSignals));
         a.add(x::rax, x::r10);
     }},
    {"address of the signals left behind", "does not hold what is expected",
     [](B&, A& a) { a.mov(x::rax, frame(kSignals)); }},
    {"half of the address of the signals", "the address of the signals", [](B&, A& a) {
         a.mov(x::eax, frame(kSignals, 4));
     }},
    {"address of the signals added up", "the address of the signals", [](B&, A& a) { a.add(x::rax, frame(kSignals)); }},
    {"another address of the signals", "the address of the signals", [](B&, A& a) { a.mov(frame(kSignals), x::rax); }},
    {"address of the signals in a vector", "the address of the signals", [](B& b, A& a) {
         a.cmp(frame(kSseLive, 1), 0);
         a.je(b.cold);
         a.movq(x::xmm0, frame(kSignals));
     }},
    {"mask wiped", "masks other signals", [](B&, A& a) { a.mov(frame(kHeeded, 4), 0); }},
    {"mask of all but one", "masks other signals", [](B&, A& a) { a.and_(frame(kHeeded, 4), 2); }},
    {"mask from a register", "masks other signals", [](B&, A& a) { a.and_(frame(kHeeded, 4), x::eax); }},
    // These use registers whose upper half may not be clear.
    {"rotated window index", "not known to be 32 bits wide", [](B& b, A& a) {
         a.mov(x::ebx, x::ebx);
         a.rol(x::rbx, 32);
         b.may_fault(a);
         a.mov(x::ptr(x::r14, x::rbx), x::al);
     }, windowed()},
    {"shifted window index", "not known to be 32 bits wide", [](B& b, A& a) {
         a.mov(x::ebx, x::ebx);
         a.shl(x::rbx, x::cl);
         b.may_fault(a);
         a.mov(x::ptr(x::r14, x::rbx), x::al);
     }, windowed()},
    {"window index of two registers", "not known to be 32 bits wide", [](B& b, A& a) {
         a.mov(x::ebx, x::ebx);
         a.shld(x::rbx, x::rcx, x::cl);
         b.may_fault(a);
         a.mov(x::ptr(x::r14, x::rbx), x::al);
     }, windowed()},
    {"exchanged window index", "not known to be 32 bits wide", [](B& b, A& a) {
         a.mov(x::eax, x::eax);
         a.cmpxchg(x::rcx, x::rdx);
         b.may_fault(a);
         a.mov(x::ptr(x::r14, x::rax), x::cl);
     }, windowed()},
    {"rotated window index with exchanged bytes", "not known to be 32 bits wide", [](B& b, A& a) {
         a.mov(x::ebx, x::ebx);
         a.xchg(x::bl, x::bh);
         a.rol(x::rbx, 32);
         b.may_fault(a);
         a.mov(x::ptr(x::r14, x::rbx), x::al);
     }, windowed()},
    // These misuse registers or the frame.
    {"stack pointer moved", "stack pointer", [](B&, A& a) { a.add(x::rsp, 8); }},
    {"stack pointer exchanged", "stack pointer", [](B&, A& a) { a.xchg(x::rsp, x::rax); }},
    {"push", "may not hold", [](B&, A& a) { a.push(x::rax); }},
    {"field that is not its own", "part of the frame that is not its own",
     [](B&, A& a) { a.mov(x::rax, frame(kHostRsp)); }},
    {"beyond a field", "beyond a field", [](B&, A& a) { a.mov(frame(kGpr10 + 4), x::rax); }},
    {"tag of the TLB overwritten", "stores to a table", [](B&, A& a) { a.mov(frame(kReadTags + 8), x::rax); }},
    {"flags of ring 0 by a program", "only code of ring 0",
     [](B&, A& a) { a.or_(frame(kRflags, 4), 0x200); }, windowed()},
    {"host address left in a register", "not hold what is expected", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::rax, element(kDistances));
         a.mov(x::rax, x::r10);
     }},
    {"host address stored for the guest", "does not hold a guest's value", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Write);
         a.mov(x::r10, element(kDistances));
         a.mov(x::ptr(x::rbx, x::r10), x::r10);
     }},
    {"host address that a part of is left", "does not hold a guest's value", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 1, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.mov(x::r10b, x::ptr(x::rbx, x::r10));
         a.mov(x::rax, x::r10);
     }},
    {"host address that a byte is set of", "does not hold a guest's value", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 1, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.setz(x::r10b);
         a.mov(x::rax, x::r10);
     }},
    {"host address that a condition leaves", "does not hold a guest's value", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.cmovz(x::r10, x::rax);
         a.mov(x::rax, x::r10);
     }},
    {"host address that a scan of zero leaves", "does not hold a guest's value", [](B& b, A& a) {
         b.look_up(a, x::rbx, 0, 8, Intent::Read);
         a.mov(x::r10, element(kDistances));
         a.bsf(x::r10, x::rax);
         a.mov(x::rax, x::r10);
     }},
    {"bit beyond a field", "not known to lie in the operand", [](B&, A& a) { a.bts(frame(kGpr10), x::rcx); }},
    {"vector unit of the host's", "unit whose state", [](B&, A& a) { a.pxor(x::xmm0, x::xmm1); }},
    {"AVX behind a look at SSE", "unit whose state", [](B& b, A& a) {
         a.cmp(frame(kSseLive, 1), 0);
         a.je(b.cold);
         a.vpxor(x::ymm0, x::ymm1, x::ymm2);
     }},
    // These repeat string instructions beyond what has been looked up, or in a form that is not allowed.
    {"REP STOS without a count", "repeated string", [](B& b, A& a) {
         b.look_up(a, x::rdi, 0, 8, Intent::Write);
         a.add(x::r10, element(kHostPages));
         a.mov(x::rdi, x::r10);
         a.rep().stosq();
     }},
    {"REP STOS counted in bytes", "repeated string", [](B& b, A& a) { store_repeated(b, a, 0); }},
    {"REP STOS to addresses of 32 bits", "may not hold", [](B& b, A& a) { store_repeated(b, a, 3, {0x67}); }},
    {"REP MOVS from FS", "may not hold", [](B&, A& a) { raw(a, {0x64, 0xf3, 0xa4}); }},
    {"STOS that does not repeat", "may not hold", [](B&, A& a) { a.stosq(); }},
    {"DF set", "may not hold", [](B&, A& a) { a.std(); }},
    // These lead to wrong places.
    {"jump into the middle of an instruction", "middle of an instruction", [](B&, A& a) {
         raw(a, {0x74, 0x02, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}); // je +2, movabs
     }},
    {"jump into the middle of one that was read", "middle of an instruction", [](B&, A& a) {
         raw(a, {0x48, 0xb8, 0xeb, 0xfe, 0xeb, 0xfe, 0xeb, 0xfe, 0xeb, 0xfe, 0x74, 0xfa});
     }},
    {"jump out of the block", "neither into the block nor to a stub", [](B&, A& a) { a.jmp(kHelpAt + 4); }},
    {"conditional jump out of the block", "leads out of the block", [](B&, A& a) { a.je(kHelpAt); }},
    {"jump to a register", "address in a register", [](B&, A& a) { a.jmp(x::rax); }},
    {"stub of the other kind", "neither into the block nor to a stub", [](B&, A& a) { a.jmp(kWindowHelpAt); }},
    {"exit of another block", "no exit of the block", [](B&, A& a) {
         a.mov(x::r11d, kFirstExit + 1);
         a.jmp(kHelpAt);
     }},
    {"jump table without a comparison", "has not been compared", [](B&, A& a) {
         a.mov(x::r10, x::rax);
         jump_table(a, 0x3fff0);
         a.jmp(x::ptr(x::rsp, x::r11, 0, kTable + 8, 8));
     }},
    {"jump table beyond its end", "not known to be in bounds", [](B& b, A& a) {
         a.mov(x::r10, x::rax);
         jump_table(a, 0x7fff0);
         a.cmp(x::r10, x::ptr(x::rsp, x::r11, 0, kTable, 8));
         a.jne(b.cold);
     }},
    {"jump table of another context", "another jump table", [](B& b, A& a) {
         a.mov(x::r10, x::rax);
         jump_table(a, 0x3fff0);
         a.cmp(x::r10, x::ptr(x::rsp, x::r11, 0, kTable + kJumpBytes, 8));
         a.jne(b.cold);
     }},
    // These hold instructions that emitted code may not hold.
    {"16 bytes", "no instruction of at most 15 bytes", [](B&, A& a) {
         raw(a, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x48, 0x01, 0xd8});
     }},
    {"system call", "may not hold", [](B&, A& a) { a.syscall(); }},
    {"interrupt", "may not hold", [](B&, A& a) { a.int_(0x80); }},
    {"call", "may not hold", [](B&, A& a) { a.call(x::rax); }},
    {"return", "may not hold", [](B&, A& a) { a.ret(); }},
    {"segment register", "may not hold", [](B&, A& a) { a.mov(x::fs, x::eax); }},
    {"selector of the host's", "may not hold", [](B&, A& a) { a.mov(x::eax, x::cs); }},
    {"WRFSBASE", "may not hold", [](B&, A& a) { raw(a, {0xf3, 0x48, 0x0f, 0xae, 0xd0}); }},
    {"XRSTOR", "may not hold", [](B&, A& a) { raw(a, {0x0f, 0xae, 0x2b}); }},
    {"LDMXCSR", "may not hold", [](B&, A& a) { a.ldmxcsr(frame(kFlags, 4)); }},
    {"port", "may not hold", [](B&, A& a) { raw(a, {0xec}); }},
    {"HLT", "may not hold", [](B&, A& a) { raw(a, {0xf4}); }},
    {"CPUID", "may not hold", [](B&, A& a) { a.cpuid(); }},
    {"POPF", "may not hold", [](B&, A& a) { a.popfq(); }},
    {"far jump", "jumps through memory", [](B&, A& a) { raw(a, {0xff, 0x2b}); }},
    {"operand in FS", "form that is not allowed", [](B&, A& a) { raw(a, {0x64, 0x8b, 0x03}); }},
    {"operand relative to RIP", "form that is not allowed", [](B&, A& a) { raw(a, {0x8b, 0x05, 0, 0, 0, 0}); }},
    {"absolute operand", "not been looked up", [](B&, A& a) { raw(a, {0x8b, 0x04, 0x25, 0, 0, 0, 0x10}); }},
});

class Verifies : public ::testing::TestWithParam<Case> {};

TEST_P(Verifies, WhatIsRight)
{
    TestBlock block{GetParam().assumed, GetParam().write};
    EXPECT_EQ(block.verdict(), "");
}

class Catches : public ::testing::TestWithParam<Case> {};

TEST_P(Catches, WhatIsWrong)
{
    TestBlock block{GetParam().assumed, GetParam().write};
    EXPECT_NE(block.verdict().find(GetParam().says), std::string::npos) << "it says: " << block.verdict();
}

INSTANTIATE_TEST_SUITE_P(Verifier, Verifies, ::testing::ValuesIn(kRight));
INSTANTIATE_TEST_SUITE_P(Verifier, Catches, ::testing::ValuesIn(kWrong));

// After TEST of the signals and their mask, `equal` means that no signal is pending that is heeded. After CMP it would
// mean that all of them are.
TEST(VerifierOfSignals, TakesATestForALookAndNoComparison)
{
    using Look = void (*)(A& a);
    const auto verdict = [](Look look) {
        TestBlock block{long64(),
                        [look](B& b, A& a) {
                            a.mov(x::r10, frame(kSignals));
                            a.mov(x::r11d, x::ptr(x::r10));
                            look(a);
                            link_if_equal(b, a);
                        },
                        {0x90},
                        TestBlock::Entry::DoesNot};
        return block.verdict();
    };
    EXPECT_EQ(verdict([](A& a) { a.test(frame(kHeeded, 4), x::r11d); }), "");
    for (const Look wrong :
         {Look{[](A& a) { a.cmp(frame(kHeeded, 4), x::r11d); }}, Look{[](A& a) { a.cmp(x::r11d, frame(kHeeded, 4)); }},
          Look{[](A& a) { a.test(x::eax, x::eax); }}}) {
        EXPECT_NE(verdict(wrong).find("without a look at the signals"), std::string::npos) << verdict(wrong);
    }
}

// Code of 32 bits takes it that the upper halves of all registers are clear, so it must leave them so.
TEST(VerifierOfNarrowCode, ProvesThatUpperHalvesStayClear)
{
    Assumptions narrow = windowed();
    narrow.narrow = true;
    TestBlock use{narrow, [](B& b, A& a) {
                      b.may_fault(a);
                      a.mov(x::eax, x::ptr(x::r14, x::rbx));
                  }};
    EXPECT_EQ(use.verdict(), "");
    TestBlock leave{narrow, [](B&, A& a) { a.add(x::rbx, x::rcx); }};
    EXPECT_NE(leave.verdict().find("upper half of a register"), std::string::npos) << leave.verdict();
    TestBlock perhaps{narrow, [](B&, A& a) {
                          a.mov(x::rbx, frame(kGpr10));
                          a.bsf(x::ebx, x::ecx);
                      }};
    EXPECT_NE(perhaps.verdict().find("upper half of a register"), std::string::npos) << perhaps.verdict();
}

// The verifier reads the guest's instruction to know which registers C++ may have changed.
TEST(VerifierOfSideExits, KnowsWhatTheInterpreterChanges)
{
    const auto body = [](B& b, A& a) {
        b.look_up(a, x::rbx, 0, 16, Intent::Read);
        a.mov(x::r10, element(kDistances));
        a.mov(frame(kBasesAt + 8 * 3), x::r10);
        a.mov(x::rcx, x::ptr(x::rbx, x::r10));
    };
    enum class Opens : std::uint8_t { Nothing, Group };
    const auto with = [&](std::vector<std::uint8_t> guest, Opens opens) {
        TestBlock block{long64(), [&](B& b, A& a) {
                            body(b, a);
                            b.exit.resume = static_cast<std::uint32_t>(a.offset());
                            a.mov(x::r10, frame(kBasesAt + 8 * 3));
                            a.mov(x::rdx, x::ptr(x::rbx, x::r10, 0, 8));
                        }, std::move(guest)};
        block.exit.group = opens == Opens::Group;
        block.exit.distance = true;
        block.exit.base = 3;
        block.exit.span = 16;
        return block.verdict();
    };
    const std::vector<std::uint8_t> to_rcx{0x48, 0x8b, 0x0b}; // mov rcx, [rbx]
    const std::vector<std::uint8_t> to_rbx{0x48, 0x8b, 0x1b}; // mov rbx, [rbx]
    EXPECT_EQ(with(to_rcx, Opens::Group), "");
    EXPECT_NE(with(to_rbx, Opens::Group), "");
    EXPECT_NE(with(to_rcx, Opens::Nothing), "");
}

} // namespace

} // namespace windsor::translate::verify::testing
