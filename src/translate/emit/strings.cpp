// SPDX-License-Identifier: GPL-2.0-or-later
// This writes string instructions that go upwards by one element. Those that go downwards are interpreted. SDM volume
// 2: LODS, MOVS, STOS.
#include "translate/emit/strings.hpp"

#include "translate/emit/writers.hpp"

namespace windsor::translate {

using emulate::Intent;

namespace {

class StringElement {
public:
    StringElement(Parts& parts, const Instruction& i)
        : p_{parts}, a_{parts.a}, size_{element_size(i)}, exit_{begin_upwards(parts, i)}
    {
    }

    void load()
    {
        look_up(x86::kRsi, Intent::Read);
        p_.attribution.may_be_refused();
        a_.load(Reg::Rax, {.base = kTemp0}, width());
        advance(x86::kRsi);
        p_.cold.resumes(exit_);
    }

    void store()
    {
        look_up(x86::kRdi, Intent::Write);
        p_.attribution.may_be_refused();
        a_.store({.base = kTemp0}, Reg::Rax, width());
        advance(x86::kRdi);
        p_.cold.resumes(exit_);
    }

    void move()
    {
        const Mem value = a_.cell(&p_.shop.frame.scratch[0]);
        look_up(x86::kRsi, Intent::Read);
        p_.attribution.may_be_refused();
        a_.load_whole(kTemp0, {.base = kTemp0}, width()); // nothing of the host address may stay in kTemp0
        a_.store(value, kTemp0);
        look_up(x86::kRdi, Intent::Write);
        a_.load(kTemp1, value);
        p_.attribution.may_be_refused();
        a_.store({.base = kTemp0}, kTemp1, width());
        advance(x86::kRsi);
        advance(x86::kRdi);
        p_.cold.resumes(exit_);
    }

private:
    Width width() const { return static_cast<Width>(size_); }

    // Leaves the element's host address in kTemp0.
    void look_up(unsigned pointer, Intent intent)
    {
        a_.load_guest(kTemp0, pointer, p_.word());
        p_.memory.look_up({.size = size_, .write = intent == Intent::Write}, exit_);
    }

    void advance(unsigned pointer)
    {
        const Reg reg = host_register(pointer);
        a_.lea(reg, {.base = reg, .displacement = static_cast<std::int32_t>(size_)}, p_.word());
    }

    Parts& p_;
    Emitter& a_;
    const unsigned size_; // how many bytes an element has
    const std::uint32_t exit_;
};

} // namespace

std::uint32_t begin_upwards(Parts& p, const Instruction& i)
{
    p.flags.clobber();
    const std::uint32_t exit = p.cold.new_exit(SideExit::Kind::Access, i);
    p.a.cmp_byte(p.a.cell(&p.shop.frame.direction), 0);
    p.cold.branch_to_exit(p.a.jcc(Cond::Ne), exit);
    return exit;
}

Written write_lods(Parts& p, const Instruction& i)
{
    StringElement{p, i}.load();
    return Written::Natively;
}

Written write_stos(Parts& p, const Instruction& i)
{
    StringElement{p, i}.store();
    return Written::Natively;
}

Written write_movs(Parts& p, const Instruction& i)
{
    StringElement{p, i}.move();
    return Written::Natively;
}

} // namespace windsor::translate
