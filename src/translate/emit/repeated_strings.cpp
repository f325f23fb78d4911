// SPDX-License-Identifier: GPL-2.0-or-later
// Repeated string instructions run as the host's own, on host addresses, in pieces that end at the next edge of a page.
// The interpreter steps over the edges, and goes downwards but for REP MOVS. SDM volume 2: MOVS, SCAS, STOS, REP.
#include "translate/emit/strings.hpp"
#include "translate/emit/writers.hpp"

namespace windsor::translate {

using emulate::Intent;

namespace {

constexpr std::int32_t kPageBytes = 4096;
constexpr std::uint8_t kRep = 0xf3; // this is REPE as well
constexpr std::uint8_t kRepne = 0xf2;

std::uint8_t log2_of(unsigned size)
{
    return static_cast<std::uint8_t>(size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0);
}

// Makes the registers the guest's again after the host's instruction. The guest's pointers have advanced by as much as
// RDI has from kTemp0, where it began.
void point_behind(Emitter& a, Pointers pointers, Width word)
{
    const auto& scratch = a.frame().scratch;
    a.alu(Alu::Sub, Reg::Rdi, kTemp0); // this is how many bytes they have advanced
    if (pointers == Pointers::Store || pointers == Pointers::Scan) {
        a.alu(Alu::Add, Reg::Rdi, a.cell(&scratch[0]), word);
        return;
    }
    a.load(Reg::Rsi, a.cell(&scratch[1]));
    a.alu(Alu::Add, Reg::Rsi, Reg::Rdi, word);
    a.alu(Alu::Add, Reg::Rdi, a.cell(&scratch[2]), word);
}

// For a move, the frame's scratch cells hold the first operand's host address and the guest's RSI and RDI. For a scan
// or a store, the first one holds the guest's RDI.
class Repetition {
public:
    Repetition(Parts& parts, const Instruction& i)
        : p_{parts}, a_{parts.a}, i_{i}, size_{element_size(i)}, first_{a_.cell(&parts.shop.frame.scratch[0])}
    {
    }

    void move()
    {
        p_.flags.clobber();
        exit_ = p_.cold.new_exit(SideExit::Kind::Access, i_);
        std::uint8_t* none = leave_if_none();
        a_.cmp_byte(a_.cell(&p_.shop.frame.direction), 0);
        std::uint8_t* down = a_.jcc(Cond::Ne);
        move_up();
        std::uint8_t* moved = a_.jmp();
        a_.bind(down);
        move_down();
        a_.bind(moved);
        a_.bind(none);
        p_.cold.resumes(exit_);
    }

    void store()
    {
        exit_ = begin_upwards(p_, i_);
        std::uint8_t* none = leave_if_none();
        const std::uint8_t* again = a_.address();
        count_piece(Ends::Rdi);
        look_up(x86::kRdi, Intent::Write);
        a_.store(first_, Reg::Rdi);
        a_.mov(Reg::Rdi, kTemp0);
        take_piece();
        p_.attribution.may_be_refused(Pointers::Store);
        write_itself(kRep);
        point_behind(a_, Pointers::Store, p_.word());
        go_on(again);
        a_.bind(none);
        p_.cold.resumes(exit_);
    }

    // A scan usually has a very large count, and finds what it looks for soon. So only the first piece is run natively,
    // and the rest is left to the interpreter.
    void scan()
    {
        const bool while_equal = (i_.decoded.attributes & ZYDIS_ATTRIB_HAS_REPE) != 0;
        const Mem left = a_.cell(&p_.shop.frame.scratch[1]);
        exit_ = begin_upwards(p_, i_);
        std::uint8_t* none = leave_if_none();
        count_piece(Ends::Rdi);
        look_up(x86::kRdi, Intent::Read);
        a_.store(first_, Reg::Rdi);
        a_.mov(Reg::Rdi, kTemp0);
        take_piece();
        a_.store(left, kTemp1);
        p_.attribution.may_be_refused(Pointers::Scan);
        write_itself(while_equal ? kRep : kRepne);
        p_.flags.save();
        point_behind(a_, Pointers::Scan, p_.word());
        a_.alu(Alu::Add, Reg::Rcx, left, p_.word());
        constexpr std::uint8_t kZero = x86::rflags::kZf;
        a_.test_byte(a_.cell(reinterpret_cast<const std::uint8_t*>(&p_.shop.frame.flags) + 1), kZero);
        std::uint8_t* ended = a_.jcc(while_equal ? Cond::E : Cond::Ne);
        a_.test(Reg::Rcx, Reg::Rcx);
        p_.cold.branch_to_exit(a_.jcc(Cond::Ne), exit_);
        a_.bind(ended);
        a_.bind(none);
        p_.cold.resumes(exit_);
    }

private:
    enum class Ends : std::uint8_t { Rdi, RdiAndRsi };

    // Writes a jump that is taken if RCX is zero, and returns where its displacement is. In 32-bit code the upper half
    // of RCX means nothing.
    [[nodiscard]] std::uint8_t* leave_if_none()
    {
        if (!p_.progress.context.long64()) {
            a_.mov32(Reg::Rcx, Reg::Rcx);
        }
        a_.test(Reg::Rcx, Reg::Rcx);
        return a_.jcc(Cond::E);
    }

    // Leaves the element's host address in kTemp0.
    void look_up(unsigned pointer, Intent intent)
    {
        a_.load_guest(kTemp0, pointer, p_.word());
        p_.memory.look_up({.size = size_, .write = intent == Intent::Write}, exit_);
    }

    // Stores to the frame how many elements the next piece has: those up to the next edge of a page, but not more than
    // RCX. If an element lies across an edge, there may be none, but then the lookup fails.
    void count_piece(Ends ends)
    {
        constexpr std::int32_t kPageBits = ~(kPageBytes - 1);
        a_.mov(kTemp1, Reg::Rdi);
        a_.alu(Alu::Or, kTemp1, kPageBits); // this is minus the bytes to the edge
        if (ends == Ends::RdiAndRsi) {
            a_.mov(kTemp0, Reg::Rsi);
            a_.alu(Alu::Or, kTemp0, kPageBits);
            a_.alu(Alu::Cmp, kTemp1, kTemp0);
            a_.cmov(Cond::B, kTemp1, kTemp0);
        }
        a_.negate(kTemp1);
        if (size_ != 1) {
            a_.shift_right(kTemp1, log2_of(size_));
        }
        a_.alu(Alu::Cmp, Reg::Rcx, kTemp1);
        a_.cmov(Cond::B, kTemp1, Reg::Rcx);
        a_.store(a_.cell(&p_.shop.frame.piece), kTemp1);
    }

    // Makes RCX the count of the piece, and kTemp1 what is left after it.
    void take_piece()
    {
        a_.mov(kTemp1, Reg::Rcx);
        a_.load(Reg::Rcx, a_.cell(&p_.shop.frame.piece));
        a_.alu(Alu::Sub, kTemp1, Reg::Rcx);
    }

    // Writes what follows a piece: a jump to the next one, if there is one and no signal to be looked at.
    void go_on(const std::uint8_t* again)
    {
        a_.mov(Reg::Rcx, kTemp1, p_.word()); // a move of 32 bits shows the verifier that the count fits
        a_.test(Reg::Rcx, Reg::Rcx);
        std::uint8_t* done = a_.jcc(Cond::E);
        p_.edges.test_signals();
        a_.jcc(Cond::E, again);
        p_.cold.branch_to_exit(a_.jcc(Cond::Ne), exit_);
        a_.bind(done);
    }

    // Writes the guest's instruction with the prefixes that say how wide its elements are.
    void write_itself(std::uint8_t repetition)
    {
        if (i_.decoded.operand_width == 16) {
            a_.byte(0x66);
        }
        a_.byte(repetition);
        a_.rex(i_.decoded.operand_width == 64 ? Width::Qword : Width::Dword, 0, 0, 0);
        a_.byte(i_.decoded.opcode);
    }

    // Makes RSI the host address in the first scratch cell, and RDI that in kTemp0.
    void set_pointers()
    {
        a_.store(a_.cell(&p_.shop.frame.scratch[1]), Reg::Rsi);
        a_.store(a_.cell(&p_.shop.frame.scratch[2]), Reg::Rdi);
        a_.load(Reg::Rsi, first_);
        a_.mov(Reg::Rdi, kTemp0);
    }

    void move_up()
    {
        const std::uint8_t* again = a_.address();
        count_piece(Ends::RdiAndRsi);
        look_up(x86::kRsi, Intent::Read);
        a_.store(first_, kTemp0);
        look_up(x86::kRdi, Intent::Write);
        set_pointers();
        take_piece();
        p_.attribution.may_be_refused(Pointers::Move);
        write_itself(kRep);
        point_behind(a_, Pointers::Move, p_.word());
        go_on(again);
    }

    // Moves downwards are worth native code, because memmove() uses them.
    void move_down()
    {
        a_.alu(Alu::Cmp, Reg::Rcx, kPageBytes / static_cast<std::int32_t>(size_));
        p_.cold.branch_to_exit(a_.jcc(Cond::A), exit_);
        look_up_downwards(x86::kRsi, Intent::Read);
        a_.store(first_, kTemp0);
        look_up_downwards(x86::kRdi, Intent::Write);
        set_pointers();
        move_one_by_one();
        point_behind(a_, Pointers::MoveDown, p_.word());
    }

    // Leaves in kTemp0 the host address of the first of RCX elements downwards, all of which have to lie in one page.
    void look_up_downwards(unsigned pointer, Intent intent)
    {
        const auto step = static_cast<std::int32_t>(size_);
        const std::uint8_t scale = log2_of(size_);
        a_.load_guest(kTemp0, pointer, p_.word());
        p_.memory.find_entry({.size = size_, .write = intent == Intent::Write}, exit_);
        a_.negate(Reg::Rcx);
        a_.lea(kTemp0, {.base = kTemp0, .displacement = step, .index = Reg::Rcx, .scale = scale});
        a_.negate(Reg::Rcx);
        a_.alu(Alu::Cmp, kTemp0, kPageBytes); // an offset before the page is large as an unsigned number
        p_.cold.branch_to_exit(a_.jcc(Cond::A), exit_);
        a_.alu(Alu::Add, kTemp0, p_.memory.host_page());
        a_.lea(kTemp0, {.base = kTemp0, .displacement = -step, .index = Reg::Rcx, .scale = scale});
    }

    // Moves by a loop, which is quicker than REP MOVS downwards is on processors.
    void move_one_by_one()
    {
        const auto step = -static_cast<std::int32_t>(size_);
        const auto width = static_cast<Width>(size_);
        const std::uint8_t* again = a_.address();
        p_.attribution.may_be_refused(Pointers::MoveDown);
        a_.load(kTemp1, {.base = Reg::Rsi}, width);
        p_.attribution.may_be_refused(Pointers::MoveDown);
        a_.store({.base = Reg::Rdi}, kTemp1, width);
        a_.lea(Reg::Rsi, {.base = Reg::Rsi, .displacement = step});
        a_.lea(Reg::Rdi, {.base = Reg::Rdi, .displacement = step});
        a_.alu(Alu::Sub, Reg::Rcx, 1);
        a_.jcc(Cond::Ne, again);
    }

    Parts& p_;
    Emitter& a_;
    const Instruction& i_;
    const unsigned size_; // how many bytes an element has
    const Mem first_;
    std::uint32_t exit_{0};
};

} // namespace

// A move downwards counts RCX down itself. Otherwise RCX has what is left of the piece, and kTemp1 what is left after
// it.
void give_back_pointers(Emitter& a, Pointers pointers, Width word)
{
    if (pointers == Pointers::Guest) {
        return;
    }
    point_behind(a, pointers, word);
    if (pointers != Pointers::MoveDown) {
        a.alu(Alu::Add, Reg::Rcx, kTemp1, word);
    }
}

Written write_repeated_movs(Parts& p, const Instruction& i)
{
    Repetition{p, i}.move();
    return Written::Natively;
}

Written write_repeated_stos(Parts& p, const Instruction& i)
{
    Repetition{p, i}.store();
    return Written::Natively;
}

Written write_repeated_scas(Parts& p, const Instruction& i)
{
    Repetition{p, i}.scan();
    return Written::Natively;
}

} // namespace windsor::translate
