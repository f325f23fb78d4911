// SPDX-License-Identifier: GPL-2.0-or-later
// String instructions as far as they stay in one page; the interpreter steps over the edges, and, but for REP MOVS,
// downwards. SDM volume 2, LODS, MOVS, SCAS, STOS and REP.
#include "translate/emit/translation.hpp"

namespace windsor::translate {

namespace {

unsigned element_size(const Instruction& i)
{
    return i.decoded.operand_width / 8;
}

// The legacy prefix of the element size, the repetition, REX.W and the opcode.
void write_repeated(Assembler& a, const Instruction& i, std::uint8_t repetition)
{
    if (i.decoded.operand_width == 16) {
        a.byte(0x66);
    }
    a.byte(repetition);
    a.rex(i.decoded.operand_width == 64, 0, 0, 0);
    a.byte(i.decoded.opcode);
}

std::uint8_t log2_of(unsigned size)
{
    return static_cast<std::uint8_t>(size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0);
}

constexpr std::int32_t kPageBytes = 4096;

} // namespace

std::uint32_t Translation::string_site(const Instruction& i)
{
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    a_.cmp_byte(cell(&shop_.frame.direction), 0);
    branch_to_site(a_.jcc(Cond::Ne), site);
    return site;
}

void Translation::advance(unsigned pointer, unsigned size)
{
    const Reg reg = host_register(pointer);
    a_.lea(reg, {.base = reg, .displacement = static_cast<std::int32_t>(size)}, word());
}

void Translation::load_string(const Instruction& i)
{
    const unsigned size = element_size(i);
    const std::uint32_t site = string_site(i);
    load_guest(kTemp0, x86::kRsi, word());
    look_up({.size = size}, site);
    may_be_refused();
    a_.load(Reg::Rax, {.base = kTemp0}, static_cast<Width>(size));
    advance(x86::kRsi, size);
    site_resumes(site);
}

void Translation::store_string(const Instruction& i)
{
    const unsigned size = element_size(i);
    const std::uint32_t site = string_site(i);
    load_guest(kTemp0, x86::kRdi, word());
    look_up({.size = size, .write = true}, site);
    may_be_refused();
    a_.store({.base = kTemp0}, Reg::Rax, static_cast<Width>(size));
    advance(x86::kRdi, size);
    site_resumes(site);
}

void Translation::move_string(const Instruction& i)
{
    const unsigned size = element_size(i);
    const auto width = static_cast<Width>(size);
    const Mem value = cell(&shop_.frame.scratch[0]);
    const std::uint32_t site = string_site(i);
    load_guest(kTemp0, x86::kRsi, word());
    look_up({.size = size}, site);
    may_be_refused();
    a_.load_whole(kTemp0, {.base = kTemp0}, width); // a host address was there
    a_.store(value, kTemp0);
    load_guest(kTemp0, x86::kRdi, word());
    look_up({.size = size, .write = true}, site);
    a_.load(kTemp1, value);
    may_be_refused();
    a_.store({.base = kTemp0}, kTemp1, width);
    advance(x86::kRsi, size);
    advance(x86::kRdi, size);
    site_resumes(site);
}

// The elements up to the next edge of a page that a pointer goes over, at most RCX, go into a cell: a piece. An element
// that lies across an edge makes it none, but does not get past the lookup.
void Translation::count_piece(unsigned size, bool two_pointers)
{
    constexpr std::int32_t kPageBits = ~(kPageBytes - 1);
    a_.mov(kTemp1, Reg::Rdi);
    a_.alu(Alu::Or, kTemp1, kPageBits); // bytes to the edge, negative
    if (two_pointers) {
        a_.mov(kTemp0, Reg::Rsi);
        a_.alu(Alu::Or, kTemp0, kPageBits);
        a_.alu(Alu::Cmp, kTemp1, kTemp0);
        a_.cmov(Cond::B, kTemp1, kTemp0);
    }
    a_.negate(kTemp1);
    if (size != 1) {
        a_.shift_right(kTemp1, log2_of(size));
    }
    a_.alu(Alu::Cmp, Reg::Rcx, kTemp1);
    a_.cmov(Cond::B, kTemp1, Reg::Rcx);
    a_.store(cell(&shop_.frame.piece), kTemp1);
}

// RCX becomes the piece, kTemp1 what is left after it.
void Translation::take_piece()
{
    a_.mov(kTemp1, Reg::Rcx);
    a_.load(Reg::Rcx, cell(&shop_.frame.piece));
    a_.alu(Alu::Sub, kTemp1, Reg::Rcx);
}

// Behind a piece: goes on with the next one, if there is one and nothing else to do.
void Translation::next_piece(const std::uint8_t* again, std::uint32_t site)
{
    word() == Width::Qword ? a_.mov(Reg::Rcx, kTemp1) : a_.mov32(Reg::Rcx, kTemp1); // which fits, and is seen to
    a_.test(Reg::Rcx, Reg::Rcx);
    std::uint8_t* done = a_.jcc(Cond::E);
    test_signals();
    a_.jcc(Cond::E, again);
    branch_to_site(a_.jcc(Cond::Ne), site);
    a_.bind(done);
}

// The host address in kTemp0 of the first of RCX elements downwards, all of which lie in one page.
void Translation::look_up_downwards(unsigned pointer, unsigned size, bool write, std::uint32_t site)
{
    const auto step = static_cast<std::int32_t>(size);
    const std::uint8_t scale = log2_of(size);
    load_guest(kTemp0, pointer, word());
    find_entry({.size = size, .write = write}, site);
    a_.negate(Reg::Rcx);
    a_.lea(kTemp0, {.base = kTemp0, .displacement = step, .index = Reg::Rcx, .scale = scale});
    a_.negate(Reg::Rcx);
    a_.alu(Alu::Cmp, kTemp0, kPageBytes); // as unsigned, what lies before the page is large
    branch_to_site(a_.jcc(Cond::A), site);
    a_.alu(Alu::Add, kTemp0, host_page());
    a_.lea(kTemp0, {.base = kTemp0, .displacement = -step, .index = Reg::Rcx, .scale = scale});
}

// Downwards, which is quicker than what processors make of it.
void Translation::move_one_by_one(unsigned size)
{
    const auto step = -static_cast<std::int32_t>(size);
    const auto width = static_cast<Width>(size);
    const std::uint8_t* again = a_.address();
    may_be_refused(Pointers::MoveDown);
    a_.load(kTemp1, {.base = Reg::Rsi}, width);
    may_be_refused(Pointers::MoveDown);
    a_.store({.base = Reg::Rdi}, kTemp1, width);
    a_.lea(Reg::Rsi, {.base = Reg::Rsi, .displacement = step});
    a_.lea(Reg::Rdi, {.base = Reg::Rdi, .displacement = step});
    a_.alu(Alu::Sub, Reg::Rcx, 1);
    a_.jcc(Cond::Ne, again);
}

// From the host address in the first scratch cell to that in kTemp0; then the pointers point behind.
void Translation::move_elements(const Instruction& i, Direction direction)
{
    a_.store(cell(&shop_.frame.scratch[1]), Reg::Rsi);
    a_.store(cell(&shop_.frame.scratch[2]), Reg::Rdi);
    a_.load(Reg::Rsi, cell(&shop_.frame.scratch[0]));
    a_.mov(Reg::Rdi, kTemp0);
    if (direction == Direction::Up) {
        take_piece();
        may_be_refused(Pointers::Move);
        write_repeated(a_, i, 0xf3);
    } else {
        move_one_by_one(element_size(i));
    }
    point_behind(direction == Direction::Up ? Pointers::Move : Pointers::MoveDown);
}

// The guest's pointers become what they were and as much more as RDI is from kTemp0, where it began.
void Translation::point_behind(Pointers pointers)
{
    const auto& scratch = shop_.frame.scratch;
    a_.alu(Alu::Sub, Reg::Rdi, kTemp0); // bytes
    if (pointers == Pointers::Store || pointers == Pointers::Scan) {
        a_.alu(Alu::Add, Reg::Rdi, cell(&scratch[0]), word());
        return;
    }
    a_.load(Reg::Rsi, cell(&scratch[1]));
    a_.alu(Alu::Add, Reg::Rsi, Reg::Rdi, word());
    a_.alu(Alu::Add, Reg::Rdi, cell(&scratch[2]), word());
}

// Moves downwards are what memmove() is made of.
void Translation::move_down(const Instruction& i, std::uint32_t site)
{
    const unsigned size = element_size(i);
    a_.alu(Alu::Cmp, Reg::Rcx, kPageBytes / static_cast<std::int32_t>(size));
    branch_to_site(a_.jcc(Cond::A), site);
    look_up_downwards(x86::kRsi, size, false, site);
    a_.store(cell(&shop_.frame.scratch[0]), kTemp0);
    look_up_downwards(x86::kRdi, size, true, site);
    move_elements(i, Direction::Down);
}

void Translation::move_up(const Instruction& i, std::uint32_t site)
{
    const unsigned size = element_size(i);
    const std::uint8_t* again = a_.address();
    count_piece(size, true);
    load_guest(kTemp0, x86::kRsi, word());
    look_up({.size = size}, site);
    a_.store(cell(&shop_.frame.scratch[0]), kTemp0);
    load_guest(kTemp0, x86::kRdi, word());
    look_up({.size = size, .write = true}, site);
    move_elements(i, Direction::Up);
    next_piece(again, site);
}

void Translation::repeat_move(const Instruction& i)
{
    clobber_flags();
    const std::uint32_t site = new_site(Site::Kind::Access, i);
    std::uint8_t* none = begin_repetition();
    a_.cmp_byte(cell(&shop_.frame.direction), 0);
    std::uint8_t* down = a_.jcc(Cond::Ne);
    move_up(i, site);
    std::uint8_t* moved = a_.jmp();
    a_.bind(down);
    move_down(i, site);
    a_.bind(moved);
    a_.bind(none);
    site_resumes(site);
}

void Translation::repeat_store(const Instruction& i)
{
    const unsigned size = element_size(i);
    const std::uint32_t site = string_site(i);
    std::uint8_t* none = begin_repetition();
    const std::uint8_t* again = a_.address();
    count_piece(size, false);
    load_guest(kTemp0, x86::kRdi, word());
    look_up({.size = size, .write = true}, site);
    a_.store(cell(&shop_.frame.scratch[0]), Reg::Rdi);
    a_.mov(Reg::Rdi, kTemp0);
    take_piece();
    may_be_refused(Pointers::Store);
    write_repeated(a_, i, 0xf3);
    point_behind(Pointers::Store);
    next_piece(again, site);
    a_.bind(none);
    site_resumes(site);
}

// Counts are usually as large as can be, and what is looked for is near: behind a piece all is the interpreter's.
void Translation::repeat_scan(const Instruction& i)
{
    const unsigned size = element_size(i);
    const bool while_equal = (i.decoded.attributes & ZYDIS_ATTRIB_HAS_REPE) != 0;
    const Mem pointer = cell(&shop_.frame.scratch[0]);
    const Mem left = cell(&shop_.frame.scratch[1]);
    const std::uint32_t site = string_site(i);
    std::uint8_t* none = begin_repetition();
    count_piece(size, false);
    load_guest(kTemp0, x86::kRdi, word());
    look_up({.size = size}, site);
    a_.store(pointer, Reg::Rdi);
    a_.mov(Reg::Rdi, kTemp0);
    take_piece();
    a_.store(left, kTemp1);
    may_be_refused(Pointers::Scan);
    write_repeated(a_, i, while_equal ? 0xf3 : 0xf2);
    save_flags();
    point_behind(Pointers::Scan);
    a_.alu(Alu::Add, Reg::Rcx, left, word());
    constexpr std::uint8_t kZero = x86::rflags::kZf;
    a_.test_byte(cell(reinterpret_cast<const std::uint8_t*>(&shop_.frame.flags) + 1), kZero);
    std::uint8_t* ended = a_.jcc(while_equal ? Cond::E : Cond::Ne);
    a_.test(Reg::Rcx, Reg::Rcx);
    branch_to_site(a_.jcc(Cond::Ne), site);
    a_.bind(ended);
    a_.bind(none);
    site_resumes(site);
}

// What all repetitions begin with: none at all, for which the jump is that is given. The upper half of RCX means
// nothing to 32-bit code.
std::uint8_t* Translation::begin_repetition()
{
    if (!context_.long64()) {
        a_.mov32(Reg::Rcx, Reg::Rcx);
    }
    a_.test(Reg::Rcx, Reg::Rcx);
    return a_.jcc(Cond::E);
}

} // namespace windsor::translate
