// SPDX-License-Identifier: GPL-2.0-or-later
// Another processor begins to hold a page in the middle of a block whose stores to the page share a lookup. It must be
// told of all of them.
#include "conformance/other_processor.hpp"
#include "translate/test_machine.hpp"

#include <csignal>
#include <functional>
#include <string>
#include <sys/mman.h>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;

constexpr std::uint64_t kStored = kData;
constexpr std::uint64_t kMoment = 0x40000;  // when this page is read, the other processor begins to hold the other page
constexpr std::uint64_t kUnknown = 0x41000; // this page is not in the TLB yet
constexpr std::uint64_t kTable = 0x50000;   // this page table maps pages with the TLB's indexes of those below 2 MiB
constexpr std::uint64_t kSameEntry = kStored + (std::uint64_t{emulate::TlbEntries::kCount} << 12);
constexpr std::uint32_t kValue = 0x12345678;

// This makes something happen at the moment when a host instruction reads a page of memory.
class Moment {
public:
    Moment(std::uint8_t* page, std::function<void()> happens) : page_{page}, happens_{std::move(happens)}
    {
        current = this;
        struct sigaction action{};
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        action.sa_sigaction = on_fault;
        EXPECT_EQ(::sigaction(SIGSEGV, &action, &before_), 0);
    }
    ~Moment()
    {
        ::mprotect(page_, kBytes, PROT_READ | PROT_WRITE);
        ::sigaction(SIGSEGV, &before_, nullptr);
        current = nullptr;
    }
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;

    void await() const { ::mprotect(page_, kBytes, PROT_NONE); }

private:
    static constexpr std::size_t kBytes = 4096;

    static void on_fault(int signal, siginfo_t* info, void*)
    {
        const auto* address = static_cast<const std::uint8_t*>(info->si_addr);
        if (address < current->page_ || address >= current->page_ + kBytes) {
            ::sigaction(signal, &current->before_, nullptr); // the instruction faults again, as before
            return;
        }
        ::mprotect(current->page_, kBytes, PROT_READ | PROT_WRITE);
        current->happens_();
    }

    static inline Moment* current = nullptr;
    std::uint8_t* page_;
    std::function<void()> happens_;
    struct sigaction before_{};
};

class TranslatorHolds : public ::testing::Test {
protected:
    // Runs a program that stores, does what `between` writes, during which the moment comes, and stores again by the
    // same lookup.
    void run(const std::function<void(x::Assembler&)>& between)
    {
        vcpu::CpuState state = m.flat64();
        m.put(kTables + 0x2000 + 8 * (kSameEntry >> 21), kTable | 7);
        m.put(kTable + 8 * (kStored >> 12), kUnknown | 7);
        state.gpr[x86::kRax] = kValue;
        state.gpr[x86::kRbx] = kStored;
        state.gpr[x86::kRdi] = kMoment;
        m.assemble(kCode, true, [&](x::Assembler& a) {
            a.mov(x::ptr(x::rbx), x::ecx); // this and the next instruction bring both pages into the TLB
            a.mov(x::edx, x::ptr(x::rdi));
            a.out(0x80, x::al);
            a.mov(x::ptr(x::rbx), x::ecx);
            between(a);
            a.mov(x::ptr(x::rbx, 8), x::eax);
            a.hlt();
        });
        const Moment moment{m.at(kMoment), [&] {
                                happened = true;
                                other.hold(kStored);
                            }};
        m.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) { moment.await(); };
        other.on_told = [&](std::uint64_t address, unsigned) {
            seen = (address & ~memory::kPageMask) == kStored ? m.get<std::uint32_t>(kStored + 8) : seen;
        };
        EXPECT_EQ(m.run(state), vcpu::HaltReason::Halted);
        EXPECT_TRUE(happened);
        EXPECT_EQ(m.get<std::uint32_t>(kStored + 8), kValue);
        EXPECT_EQ(seen, kValue) << "the last store was not told";
    }

    TranslatorMachine m;
    conformance::OtherProcessor other{m.memory};
    bool happened{false};
    std::uint32_t seen{0};
};

TEST_F(TranslatorHolds, AreToldOfGroups)
{
    run([](x::Assembler& a) { a.mov(x::edx, x::ptr(x::rdi)); });
}

// An access that fills the TLB comes in between, which tells the other processor of the stores until then.
TEST_F(TranslatorHolds, AreToldOfGroupsThatGoOn)
{
    run([](x::Assembler& a) {
        a.mov(x::edx, x::ptr(x::rdi));
        a.mov(x::rsi, kUnknown);
        a.mov(x::edx, x::ptr(x::rsi));
    });
}

TEST_F(TranslatorHolds, AreToldOfGroupsWhoseEntryHasGone)
{
    run([](x::Assembler& a) {
        a.mov(x::rsi, kSameEntry);
        a.mov(x::edx, x::ptr(x::rsi));
        a.mov(x::edx, x::ptr(x::rdi));
    });
}

} // namespace

} // namespace windsor::translate::testing
