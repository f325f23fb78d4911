// SPDX-License-Identifier: GPL-2.0-or-later
// The host withdraws a page of memory while translated code uses it. It gives the page back as soon as other code
// accesses it, so the interpreter can finish the instruction from where it has come to, with the guest's registers.
#include "translate/test_machine.hpp"

#include <csignal>
#include <string>
#include <sys/mman.h>
#include <ucontext.h>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kFrom = 0x100000;
constexpr std::uint64_t kTo = 0x200000;
constexpr std::uint16_t kWithdraw = 0x10; // the program writes to this port after each round

// This withdraws a page, and gives it back when something else than translated code accesses it. There is a pointer to
// it because signal handlers are given no argument.
class Withdrawal {
public:
    explicit Withdrawal(std::span<const std::uint8_t> code) : code_{code}
    {
        current = this;
        struct sigaction action{};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
        ::sigaction(SIGSEGV, &action, &before_);
    }
    ~Withdrawal()
    {
        ::sigaction(SIGSEGV, &before_, nullptr);
        current = nullptr;
    }
    Withdrawal(const Withdrawal&) = delete;
    Withdrawal& operator=(const Withdrawal&) = delete;

    void take(std::uint8_t* page)
    {
        page_ = page;
        ::mprotect(page, kPage, PROT_NONE);
    }
    unsigned faults() const { return faults_; }

private:
    static void on_fault(int signal, siginfo_t* info, void* context)
    {
        const auto rip = static_cast<std::uintptr_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
        const auto first = reinterpret_cast<std::uintptr_t>(current->code_.data());
        if (rip >= first && rip - first < current->code_.size()) {
            ++current->faults_;
            current->before_.sa_sigaction(signal, info, context);
        } else if (current->page_ != nullptr) {
            ::mprotect(std::exchange(current->page_, nullptr), kPage, PROT_READ | PROT_WRITE);
        } else {
            ::sigaction(signal, &current->before_, nullptr);
        }
    }

    inline static thread_local Withdrawal* current = nullptr;
    std::span<const std::uint8_t> code_;
    std::uint8_t* page_{nullptr};
    unsigned faults_{0};
    struct sigaction before_{};
};

struct Case {
    const char* name;
    std::uint64_t page; // this page is withdrawn
    bool wide;
    std::function<void(x::Assembler&)> write;
};

std::ostream& operator<<(std::ostream& out, const Case& c)
{
    return out << c.name;
}

// Writes the registers of a string instruction. Repetitions begin before the withdrawn page, so that they have come
// some way when they reach it.
void to_strings(x::Assembler& a, std::int64_t count, std::uint64_t offset)
{
    a.mov(x::ecx, count);
    a.mov(x::esi, kFrom + offset);
    a.mov(x::edi, kTo + offset);
}

void down(x::Assembler& a)
{
    to_strings(a, 150, kPage + 800); // all lies in one page, because the interpreter runs what does not
    a.std();
    a.rep().movsd();
    a.cld();
}

void stack(x::Assembler& a, const std::function<void(const x::Gp& sp)>& write)
{
    const x::Gp sp = a.zsp();
    a.mov(x::ebp, x::esp);
    a.mov(x::esp, kTo + 0x800);
    write(sp);
    a.mov(x::esp, x::ebp);
}

std::vector<Case> cases()
{
    std::vector<Case> all;
    for (const bool wide : {false, true}) {
        const auto add = [&](const char* name, std::uint64_t page, const std::function<void(x::Assembler&)>& write) {
            all.push_back({name, page, wide, write});
        };
        add("REP STOSB", kTo + kPage, [](x::Assembler& a) { to_strings(a, 5000, 100), a.rep().stosb(); });
        add("REP STOSD", kTo, [](x::Assembler& a) { to_strings(a, 1500, 400), a.rep().stosd(); });
        add("REP MOVSB to", kTo + kPage, [](x::Assembler& a) { to_strings(a, 9000, 3), a.rep().movsb(); });
        add("REP MOVSD from", kFrom + kPage, [](x::Assembler& a) { to_strings(a, 2000, 16), a.rep().movsd(); });
        add("REP MOVSD down to", kTo + kPage, down);
        add("REP MOVSD down from", kFrom + kPage, down);
        add("REPE SCASB", kTo,
            [](x::Assembler& a) { to_strings(a, 5000, 5), a.xor_(x::eax, x::eax), a.repe().scasb(); });
        add("LODSD", kFrom, [](x::Assembler& a) { to_strings(a, 1, 8), a.lodsd(); });
        add("STOSW", kTo, [](x::Assembler& a) { to_strings(a, 1, 8), a.stosw(); });
        add("MOVSD to", kTo, [](x::Assembler& a) { to_strings(a, 1, 8), a.movsd(); });
        add("MOVSB from", kFrom, [](x::Assembler& a) { to_strings(a, 1, 8), a.movsb(); });
        add("MOV", kTo, [](x::Assembler& a) { to_strings(a, 1, 8), a.mov(x::eax, x::dword_ptr(a.zdi(), 4)); });
        add("PUSH", kTo, [](x::Assembler& a) { stack(a, [&](const x::Gp& sp) { a.push(sp), a.push(5); }); });
        add("PUSH of memory", kFrom, [](x::Assembler& a) {
            to_strings(a, 1, 8);
            stack(a, [&](const x::Gp&) { a.push(x::ptr(a.zsi(), 0, a.is64Bit() ? 8 : 4)); });
        });
        add("POP", kTo, [](x::Assembler& a) { stack(a, [&](const x::Gp&) { a.pop(a.zsi()); }); });
        add("PUSHF, POPF", kTo, [](x::Assembler& a) {
            stack(a, [&](const x::Gp&) { a.is64Bit() ? a.pushfq() : a.pushfd(), a.is64Bit() ? a.popfq() : a.popfd(); });
        });
        add("BTS", kTo, [](x::Assembler& a) { to_strings(a, 77, 8), a.bts(x::dword_ptr(a.zdi()), x::ecx); });
        add("DIV", kFrom,
            [](x::Assembler& a) { to_strings(a, 1, 8), a.xor_(x::edx, x::edx), a.div(x::dword_ptr(a.zsi())); });
    }
    return all;
}

class TranslatorOnWithdrawnMemory : public ::testing::TestWithParam<Case> {
protected:
    static vcpu::CpuState prepare(Machine& m)
    {
        const auto& [name, page, wide, write] = GetParam();
        const vcpu::CpuState state = wide ? m.flat64() : m.flat32();
        m.assemble(kCode, wide, [&](x::Assembler& a) {
            const auto loop = a.newLabel();
            a.mov(x::ebx, 3);
            a.bind(loop);
            a.mov(x::eax, 0x12345678);
            a.cmp(x::ebx, 1);
            write(a);
            a.out(kWithdraw, x::al);
            a.dec(x::ebx);
            a.jnz(loop);
            a.hlt();
        });
        for (std::uint64_t at = 0; at < 4 * kPage; at += 4) {
            m.put<std::uint32_t>(kFrom + at, static_cast<std::uint32_t>(at * 2654435761u + 1));
            m.put<std::uint32_t>(kTo + at, name[0] == 'R' && name[3] == 'E' ? 0 : static_cast<std::uint32_t>(at));
        }
        return state;
    }
    emulate::testing::TestMachine interpreter;
    TranslatorMachine translator;
};

INSTANTIATE_TEST_SUITE_P(All, TranslatorOnWithdrawnMemory, ::testing::ValuesIn(cases()));

TEST_P(TranslatorOnWithdrawnMemory, GoesOnAsTheInterpreter)
{
    Withdrawal withdrawal{{translator.cpu.code().data(), kUsualCode}};
    unsigned rounds = 0;
    translator.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) {
        if (++rounds == 2) { // by now there is code, and the TLB has the page
            withdrawal.take(translator.at(GetParam().page));
        }
    };
    expect_same(interpreter, translator, prepare);
    EXPECT_EQ(rounds, 3u);
    EXPECT_EQ(withdrawal.faults(), 1u);
    EXPECT_EQ(translator.counter("refused_by_host"), 1u);
    EXPECT_EQ(translator.engine->failure(), "");
}

} // namespace

} // namespace windsor::translate::testing
