// SPDX-License-Identifier: GPL-2.0-or-later
// 32-bit programs in user mode whose address spaces have windows, and a small kernel that changes their page tables:
// all must end as on the interpreter.
#include "emulate/other_processor.hpp"
#include "translate/test_machine.hpp"

#include <array>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace windsor::translate::testing {

namespace {

namespace x = asmjit::x86;
namespace pte = x86::pte;
using emulate::testing::kGdt;
using emulate::testing::kMmio;
using x86::Seg;

constexpr std::uint64_t kKernel = 0x28000;      // what INT 80h leads to
constexpr std::uint64_t kKernelStack = 0x90000;
constexpr std::uint64_t kTss = 0x3000;
constexpr std::uint64_t kOtherTables = 0x18000; // of a second address space
constexpr std::uint64_t kPages = 0x200000;      // linear, of pages that are found by a table of their own
constexpr std::uint64_t kFrames = 0x300000;     // what they lead to at first
constexpr std::uint64_t kMmioPage = 0x3f0000;   // linear

using Writer = std::function<void(x::Assembler&)>;

class WindowMachine : public Machine {
public:
    explicit WindowMachine(const Windows::Options& windows)
        : Machine{[=](const emulate::EngineParts& parts) {
              return Translator::create(
                         {.memory = parts.memory, .io = parts.io, .model = parts.model, .clock = parts.clock},
                         verified({.code_bytes = kUsualCode, .windows = windows}))
                  .value();
          }}
    {
    }
    std::uint64_t counter(std::string_view name) const
    {
        for (const vcpu::Counter& counter : engine->counters()) {
            if (counter.name == name) {
                return counter.value;
            }
        }
        ADD_FAILURE() << "no counter " << name;
        return 0;
    }
};

// How 32-bit programs find their pages.
enum class Paging : std::uint8_t { TwoLevel, Pae, Long };

std::string name_of(const ::testing::TestParamInfo<Paging>& paging)
{
    return paging.param == Paging::TwoLevel ? "TwoLevel" : paging.param == Paging::Pae ? "Pae" : "Long";
}

class TranslatorWindows : public ::testing::TestWithParam<Paging> {
protected:
    static bool wide() { return GetParam() != Paging::TwoLevel; }
    // The address of the entry of a linear page below 4 MiB, in tables that begin somewhere.
    static std::uint64_t pte_at(std::uint64_t linear, std::uint64_t tables = kTables)
    {
        return tables + 0x3000 + (linear >> 12) * (wide() ? 8 : 4);
    }
    static void put_entry(Machine& m, std::uint64_t at, std::uint64_t value)
    {
        wide() ? m.put<std::uint64_t>(at, value) : m.put<std::uint32_t>(at, static_cast<std::uint32_t>(value));
    }
    // Tables at `tables`: PML4, PDPT, directory, and entries of 4 MiB from 0x3000 on.
    static void make_tables(Machine& m, std::uint64_t tables)
    {
        m.put<std::uint64_t>(tables, (tables + 0x1000) | 7);
        m.put<std::uint64_t>(tables + 0x1000, (tables + 0x2000) | (GetParam() == Paging::Pae ? 1 : 7));
        put_entry(m, tables + 0x2000, (tables + 0x3000) | 7);
        if (wide()) {
            put_entry(m, tables + 0x2008, (tables + 0x4000) | 7);
        }
        for (std::uint64_t page = 0; page < 1024; ++page) {
            put_entry(m, pte_at(page << 12, tables), page << 12 | 7);
        }
        put_entry(m, pte_at(kMmioPage, tables), kMmio | 7);
    }
    static std::uint64_t cr3_of(std::uint64_t tables)
    {
        return tables + (GetParam() == Paging::Long ? 0 : GetParam() == Paging::Pae ? 0x1000 : 0x2000);
    }
    static void put_gate(Machine& m, unsigned vector, std::uint64_t handler)
    {
        if (GetParam() == Paging::Long) {
            m.put<std::uint64_t>(kIdt + 16 * vector,
                                 (handler & 0xffff) | 0x80000 | (handler >> 16) << 48 | 0xee0000000000);
            m.put<std::uint64_t>(kIdt + 16 * vector + 8, 0);
        } else {
            m.put<std::uint64_t>(kIdt + 8 * vector,
                                 (handler & 0xffff) | 0x80000 | (handler >> 16) << 48 | 0xee0000000000);
        }
    }
    // User mode at kCode, with flat segments; INT 80h runs the kernel, everything else halts in a handler.
    static vcpu::CpuState user(Machine& m)
    {
        vcpu::CpuState state = GetParam() == Paging::Long ? m.flat64() : m.flat32();
        make_tables(m, kTables);
        make_tables(m, kOtherTables);
        m.put<std::uint64_t>(kGdt + 24, 0x00cffb000000ffff);
        m.put<std::uint64_t>(kGdt + 32, 0x00cff3000000ffff);
        for (unsigned vector = 0; vector < 256; ++vector) {
            put_gate(m, vector, kHandlers + 4 * vector);
        }
        put_gate(m, 0x80, kKernel);
        GetParam() == Paging::Long ? m.put<std::uint64_t>(kTss + 4, kKernelStack)
                                   : m.put<std::uint64_t>(kTss + 4, kKernelStack | 16ull << 32);
        state.tr = {.selector = 0x28, .base = kTss, .limit = 0x67, .attributes = x86::Attributes::from_word(0x8b)};
        for (const Seg seg : {Seg::Ds, Seg::Es, Seg::Ss, Seg::Fs, Seg::Gs}) {
            state.segment(seg) = {
                .selector = 0x23, .base = 0, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0f3)};
        }
        state.segment(Seg::Cs) = {
            .selector = 0x1b, .base = 0, .limit = 0xffffffff, .attributes = x86::Attributes::from_word(0xc0fb)};
        state.cr3 = cr3_of(kTables);
        state.cr0 |= x86::cr0::kPg | x86::cr0::kWp;
        state.cr4 |= (wide() ? x86::cr4::kPae : 0) | x86::cr4::kOsfxsr;
        if (GetParam() == Paging::Pae) {
            state.pdptes = {m.get<std::uint64_t>(kTables + 0x1000), 0, 0, 0};
        }
        state.fx.fcw = 0x37f;
        state.rflags |= x86::rflags::kIf;
        return state;
    }
    // The kernel that does its work, with RDI and RSI for its own, and returns.
    static void assemble_kernel(Machine& m, const Writer& work)
    {
        const bool long_mode = GetParam() == Paging::Long;
        m.assemble(kKernel, long_mode, [&](x::Assembler& a) {
            a.push(a.zdi());
            a.push(a.zsi());
            work(a);
            a.pop(a.zsi());
            a.pop(a.zdi());
            long_mode ? a.iretq() : a.iretd();
        });
    }
    static void put_entry(x::Assembler& a, std::uint64_t at, std::uint64_t value)
    {
        a.mov(x::dword_ptr(at), static_cast<std::uint32_t>(value));
    }
    static void reload(x::Assembler& a)
    {
        a.mov(a.zdi(), x::cr3);
        a.mov(x::cr3, a.zdi());
    }
    static void invalidate(x::Assembler& a, std::uint64_t linear)
    {
        a.mov(x::edi, linear);
        a.invlpg(x::byte_ptr(a.zdi()));
    }

    // Runs a program on both; the kernel may be nothing.
    void run(const Writer& program, const Writer& kernel = {},
             const std::function<void(Machine&, vcpu::CpuState&)>& prepare = {})
    {
        expect_same(interpreter, windows, [&](Machine& m) {
            vcpu::CpuState state = user(m);
            if (kernel) {
                assemble_kernel(m, kernel);
            }
            m.assemble(kCode, false, [&](x::Assembler& a) {
                program(a);
                a.int_(0x81);
            });
            if (prepare) {
                prepare(m, state);
            }
            return state;
        });
    }
    void expect_done() { EXPECT_EQ(interpreter.vector(), 0x81u) << "the program has not come to its end"; }

    static constexpr Windows::Options kEager{.warm = 0, .tick = 0};
    emulate::testing::TestMachine interpreter;
    WindowMachine windows{kEager};
};

INSTANTIATE_TEST_SUITE_P(Pagings, TranslatorWindows, ::testing::Values(Paging::TwoLevel, Paging::Pae, Paging::Long),
                         name_of);

TEST_P(TranslatorWindows, ReachesMemoryInEveryWay)
{
    run([](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ebx, kData);
        a.mov(x::ebp, kData + 0x100);
        a.mov(x::ecx, 3);
        a.bind(loop);
        a.mov(x::dword_ptr(x::ebx), 0x12345678);
        a.mov(x::eax, x::dword_ptr(x::ebx, 1));
        a.mov(x::dword_ptr(x::ebx, x::ecx, 2, 8), x::eax);
        a.mov(x::dword_ptr(x::ebp, -8), x::eax);
        a.mov(x::dword_ptr(kData + 0x40), x::eax);
        a.mov(x::edx, x::dword_ptr(static_cast<std::uint64_t>(kData + 0x40)));
        a.mov(x::byte_ptr(x::ebx, 0x50), x::ah);
        a.mov(x::byte_ptr(x::ebx, 0x51), x::bh);
        a.movzx(x::esi, x::byte_ptr(x::ebx, 0x50));
        a.movsx(x::edi, x::word_ptr(x::ebp, x::ecx, 1, -9));
        a.cmp(x::ecx, 2);
        a.adc(x::dword_ptr(x::ebx, 0x54), x::ecx);
        a.inc(x::dword_ptr(x::ebx, 0x58));
        a.lock().xadd(x::dword_ptr(x::ebx, 0x5c), x::eax);
        a.xchg(x::dword_ptr(x::ebx, 0x60), x::edx);
        a.push(x::dword_ptr(x::ebx, 0x60));
        a.push(0x55);
        a.push(x::esp);
        a.pop(x::dword_ptr(x::ebx, 0x64));
        a.pop(x::eax);
        a.pop(x::edx);
        a.movups(x::xmm0, x::xmmword_ptr(x::ebx));
        a.movups(x::xmmword_ptr(x::ebp), x::xmm0);
        a.fld1();
        a.fstp(x::tword_ptr(x::ebp, 0x20));
        a.div(x::dword_ptr(x::ebx));
        a.dec(x::ecx);
        a.jnz(loop);
    });
    expect_done();
    EXPECT_GT(windows.counter("window_pages_mapped"), 0u);
    EXPECT_LT(windows.counter("window_faults"), 20u);
}

// What an operand takes from a register may be more than there is room for below a window.
TEST_P(TranslatorWindows, ReachesFarBelowARegister)
{
    run([](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ebx, kData + 0x40000000);
        a.mov(x::ebp, 0x1000);
        a.mov(x::ecx, 3);
        a.bind(loop);
        a.add(x::dword_ptr(x::ebx, -0x40000000), x::ecx);
        a.mov(x::eax, x::dword_ptr(x::ebx, -0x40000000));
        a.mov(x::edx, x::dword_ptr(x::ebx, -0x3fffff00));
        a.dec(x::ecx);
        a.jnz(loop);
        a.mov(x::eax, x::dword_ptr(x::ebp, -0x40000000)); // wraps around, and is not there
    });
    EXPECT_EQ(interpreter.vector(), 14u);
    EXPECT_GT(windows.counter("window_pages_mapped"), 0u);
}

TEST_P(TranslatorWindows, ReachesThroughThreadSegments)
{
    run(
        [](x::Assembler& a) {
            const auto loop = a.newLabel();
            x::Mem place = x::dword_ptr(x::ebx, 8);
            place.setSegment(x::fs);
            a.mov(x::ebx, 0x40);
            a.mov(x::ecx, 3);
            a.bind(loop);
            a.add(x::edx, x::dword_ptr(x::ebx, 8)); // the page that it would be without the segment's base
            a.add(place, x::ecx);
            a.mov(x::eax, place);
            a.add(x::edx, x::eax);
            a.dec(x::ecx);
            a.jnz(loop);
        },
        {}, [](Machine&, vcpu::CpuState& state) { state.segment(Seg::Fs).base = kData; });
    expect_done();
    EXPECT_EQ(windows.get<std::uint32_t>(kData + 0x48), 6u);
}

TEST_P(TranslatorWindows, KeepsFlagsOverFaults)
{
    run([](x::Assembler& a) {
        a.mov(x::ebx, kData);
        for (unsigned i = 0; i < 8; ++i) { // each page is met for the first time with flags live
            a.mov(x::eax, 0x7fffffff);
            a.add(x::eax, i);
            a.mov(x::ecx, x::dword_ptr(x::ebx, static_cast<std::int32_t>(0x9000 * i)));
            a.adc(x::edx, 0);
            a.pushfd();
        }
    });
    expect_done();
}

TEST_P(TranslatorWindows, CallsAndReturns)
{
    run([](x::Assembler& a) {
        const auto function = a.newLabel();
        const auto loop = a.newLabel();
        const auto done = a.newLabel();
        a.mov(x::ecx, 10);
        a.bind(loop);
        a.call(function);
        a.mov(x::eax, kCode);
        a.lea(x::ebx, x::ptr(function));
        a.push(x::ebx);
        a.call(x::dword_ptr(x::esp));
        a.pop(x::ebx);
        a.dec(x::ecx);
        a.jnz(loop);
        a.jmp(done);
        a.bind(function);
        a.push(x::ebp);
        a.mov(x::ebp, x::esp);
        a.sub(x::esp, 16);
        a.mov(x::dword_ptr(x::ebp, -4), x::ecx);
        a.add(x::edx, x::dword_ptr(x::ebp, -4));
        a.leave();
        a.ret();
        a.bind(done);
    });
    expect_done();
}

// Faults in the middle of what touches memory, with all registers as they were.
TEST_P(TranslatorWindows, FaultsPrecisely)
{
    constexpr std::uint64_t kLast = kPages + 0x1000; // the second page is not there
    const std::vector<Writer> ways{
        [](x::Assembler& a) { a.mov(x::eax, x::dword_ptr(x::ebx, -2)); },
        [](x::Assembler& a) { a.mov(x::dword_ptr(x::ebx, -2), x::eax); },
        [](x::Assembler& a) { a.add(x::dword_ptr(x::ebx, -1), x::eax); },
        [](x::Assembler& a) { a.movups(x::xmmword_ptr(x::ebx, -8), x::xmm0); },
        [](x::Assembler& a) { a.movaps(x::xmmword_ptr(x::ebx, -8), x::xmm0); }, // #GP
        [](x::Assembler& a) { a.fstp(x::tword_ptr(x::ebx, -4)); },
        [](x::Assembler& a) { a.fnsave(x::ptr(x::ebx, -64)); },
        [](x::Assembler& a) { a.push(x::dword_ptr(x::ebx)); },
        [](x::Assembler& a) { a.pop(x::dword_ptr(x::ebx, -3)); },
        [](x::Assembler& a) { a.xadd(x::dword_ptr(x::ebx, -3), x::eax); },
        [](x::Assembler& a) { a.mov(x::byte_ptr(x::ebx), x::ah); },
        [](x::Assembler& a) { a.call(x::dword_ptr(x::ebx, -2)); },
        [](x::Assembler& a) { a.mov(x::esp, x::ebx); a.push(x::eax); a.pop(x::eax); a.pop(x::eax); },
        [](x::Assembler& a) { a.mov(x::esp, x::ebx); a.ret(); },
        [](x::Assembler& a) { a.lea(x::esp, x::ptr(x::ebx, 0x1000)); a.call(kCode); },
        [](x::Assembler& a) { a.mov(x::ebp, x::ebx); a.leave(); },
        [](x::Assembler& a) { a.mov(x::eax, x::dword_ptr(x::ebx, x::ecx, 2, -2)); },
        [](x::Assembler& a) { a.mov(x::eax, x::dword_ptr(kLast)); },
        [](x::Assembler& a) { a.mov(x::edi, -2); a.mov(x::eax, x::dword_ptr(x::edi)); },      // beyond 4 GiB
        [](x::Assembler& a) { a.mov(x::edi, 2); a.mov(x::eax, x::dword_ptr(x::edi, -4)); },   // below 0
        [](x::Assembler& a) { a.mov(x::edi, 0xfffffff0); a.mov(x::eax, x::dword_ptr(x::edi, 0x7fffffff)); },
    };
    for (std::size_t way = 0; way < ways.size(); ++way) {
        SCOPED_TRACE(way);
        run(
            [&](x::Assembler& a) {
                a.mov(x::ebx, kLast);
                a.mov(x::ecx, x::dword_ptr(x::ebx, -4)); // the first page is there
                a.mov(x::dword_ptr(x::ebx, -4), x::ecx);
                a.xor_(x::ecx, x::ecx);
                a.mov(x::eax, 0x80001234);
                a.add(x::eax, x::eax);
                ways[way](a);
            },
            {},
            [](Machine& m, vcpu::CpuState&) { put_entry(m, pte_at(kLast), 0); });
    }
    EXPECT_GT(windows.counter("window_pages_mapped"), 0u);
}

TEST_P(TranslatorWindows, HidesWhatIsTheSupervisors)
{
    run([](x::Assembler& a) {
        a.mov(x::ebx, kPages);
        a.mov(x::eax, x::dword_ptr(x::ebx, 0x1000));
        a.mov(x::eax, x::dword_ptr(x::ebx));
    }, {}, [](Machine& m, vcpu::CpuState&) { put_entry(m, pte_at(kPages), kFrames | 3); });
    EXPECT_EQ(interpreter.vector(), 14u);
}

class TranslatorWindowChanges : public TranslatorWindows {
protected:
    // A program that reads and writes a page, has the kernel change its entry, and does so again, several times.
    void change_to(std::uint64_t entry, bool by_cr3)
    {
        run(
            [](x::Assembler& a) {
                const auto loop = a.newLabel();
                a.mov(x::ebx, kPages);
                a.mov(x::ecx, 3);
                a.bind(loop);
                a.add(x::dword_ptr(x::ebx), x::ecx);
                a.mov(x::eax, x::dword_ptr(x::ebx));
                a.mov(x::edx, x::dword_ptr(x::ebx, 0x1000)); // its neighbour stays
                a.int_(0x80);
                a.mov(x::esi, x::dword_ptr(x::ebx));
                a.mov(x::dword_ptr(x::ebx, 4), x::esi);
                a.dec(x::ecx);
                a.jnz(loop);
            },
            [&](x::Assembler& a) {
                put_entry(a, pte_at(kPages), entry);
                by_cr3 ? reload(a) : invalidate(a, kPages);
            },
            [](Machine& m, vcpu::CpuState&) {
                put_entry(m, pte_at(kPages), kFrames | 7);
                m.put<std::uint32_t>(kFrames, 0x1111);
                m.put<std::uint32_t>(kFrames + 0x5000, 0x2222);
            });
    }
};

INSTANTIATE_TEST_SUITE_P(Pagings, TranslatorWindowChanges,
                         ::testing::Values(Paging::TwoLevel, Paging::Pae, Paging::Long), name_of);

TEST_P(TranslatorWindowChanges, ToAnotherFrame)
{
    for (const bool by_cr3 : {false, true}) {
        change_to((kFrames + 0x5000) | 7, by_cr3);
        expect_done();
    }
    EXPECT_GT(windows.counter("window_pages_unmapped"), 0u);
}

TEST_P(TranslatorWindowChanges, ToNothing)
{
    change_to(0, false);
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_P(TranslatorWindowChanges, ToReadOnly)
{
    change_to(kFrames | 5, true);
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_P(TranslatorWindowChanges, ToTheSupervisors)
{
    change_to(kFrames | 3, true);
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_P(TranslatorWindowChanges, ToClean)
{
    change_to(kFrames | 7, true); // the accessed and dirty flags have to be set again
    expect_done();
}

// The directory leads to another table.
TEST_P(TranslatorWindows, FollowsTheDirectory)
{
    run(
        [](x::Assembler& a) {
            a.mov(x::ebx, kPages);
            a.mov(x::eax, x::dword_ptr(x::ebx));
            a.mov(x::dword_ptr(x::ebx, 4), x::eax);
            a.int_(0x80);
            a.mov(x::ecx, x::dword_ptr(x::ebx));
            a.mov(x::dword_ptr(x::ebx, 4), x::ecx);
        },
        [](x::Assembler& a) {
            const std::uint64_t entry = kTables + 0x2000 + (wide() ? 8 : 0);
            put_entry(a, entry, (kOtherTables + (wide() ? 0x4000 : 0x3000)) | 7);
            reload(a);
        },
        [](Machine& m, vcpu::CpuState&) {
            put_entry(m, pte_at(kPages), kFrames | 7);
            put_entry(m, pte_at(kPages, kOtherTables), (kFrames + 0x3000) | 7);
            m.put<std::uint32_t>(kFrames, 0x1111);
            m.put<std::uint32_t>(kFrames + 0x3000, 0x3333);
        });
    expect_done();
}

// Two address spaces that are switched between have a window each.
// Where address line 20 is low, a table lies a mebibyte below where it is said to be.
TEST_P(TranslatorWindows, FollowTablesThatTheGateMoves)
{
    constexpr std::uint64_t kGate = 1 << 20;
    constexpr std::uint64_t kFrame = 0x200000;
    constexpr std::uint64_t kOtherFrame = 0x205000;
    run(
        [](x::Assembler& a) {
            a.mov(x::ebx, kPages);
            a.mov(x::eax, x::dword_ptr(x::ebx));
            a.mov(x::edx, x::dword_ptr(x::ebx));
            a.int_(0x80);
            a.mov(x::ecx, x::dword_ptr(x::ebx));
        },
        [](x::Assembler& a) {
            put_entry(a, pte_at(kPages), kOtherFrame | 7);
            invalidate(a, kPages);
        },
        [](Machine& m, vcpu::CpuState&) {
            m.engine->set_a20(false);
            put_entry(m, kTables + 0x2000 + (wide() ? 8 : 0), (kTables + (wide() ? 0x4000 : 0x3000)) | kGate | 7);
            put_entry(m, pte_at(kPages), kFrame | 7);
            m.put<std::uint32_t>(kFrame, 0x1111);
            m.put<std::uint32_t>(kOtherFrame, 0x2222);
        });
    expect_done();
    EXPECT_EQ(interpreter.engine->state().gpr[x86::kRcx], 0x2222u);
    EXPECT_GT(windows.counter("window_pages_mapped"), 0u);
}

TEST_P(TranslatorWindows, OutliveLoadsOfCr3)
{
    run(
        [](x::Assembler& a) {
            const auto loop = a.newLabel();
            a.mov(x::ebx, kPages);
            a.mov(x::ecx, 100);
            a.bind(loop);
            a.add(x::dword_ptr(x::ebx), x::ecx);
            a.int_(0x80);
            a.dec(x::ecx);
            a.jnz(loop);
        },
        [](x::Assembler& a) {
            a.mov(a.zdi(), x::cr3);
            a.xor_(x::edi, static_cast<std::int32_t>(cr3_of(kTables) ^ cr3_of(kOtherTables)));
            a.mov(x::cr3, a.zdi());
        },
        [](Machine& m, vcpu::CpuState&) {
            put_entry(m, pte_at(kPages), kFrames | 7);
            put_entry(m, pte_at(kPages, kOtherTables), (kFrames + 0x3000) | 7);
        });
    expect_done();
    EXPECT_EQ(windows.get<std::uint32_t>(kFrames), 2550u);
    EXPECT_EQ(windows.get<std::uint32_t>(kFrames + 0x3000), 2500u);
    EXPECT_EQ(windows.counter("windows_made"), 2u);
    EXPECT_LT(windows.counter("window_faults"), 20u);
}

// A bus master writes the table while the kernel waits for it.
TEST_P(TranslatorWindows, SeeTablesThatDevicesWrite)
{
    for (Machine* m : {static_cast<Machine*>(&interpreter), static_cast<Machine*>(&windows)}) {
        m->io.on_port_write = [m](std::uint16_t, unsigned, std::uint32_t) {
            const auto entry = static_cast<std::uint32_t>((kFrames + 0x3000) | 7);
            std::array<std::uint8_t, 4> bytes;
            std::memcpy(bytes.data(), &entry, 4);
            ASSERT_TRUE(m->memory.write(base::GuestPhysical{pte_at(kPages)}, bytes));
        };
    }
    run(
        [](x::Assembler& a) {
            a.mov(x::ebx, kPages);
            a.mov(x::eax, x::dword_ptr(x::ebx));
            a.mov(x::dword_ptr(x::ebx, 4), x::eax);
            a.int_(0x80);
            a.mov(x::ecx, x::dword_ptr(x::ebx));
            a.mov(x::dword_ptr(x::ebx, 4), x::ecx);
        },
        [](x::Assembler& a) {
            a.push(a.zax());
            a.out(0x80, x::al);
            a.pop(a.zax());
            invalidate(a, kPages);
        },
        [](Machine& m, vcpu::CpuState&) {
            put_entry(m, pte_at(kPages), kFrames | 7);
            m.put<std::uint32_t>(kFrames, 0x1111);
            m.put<std::uint32_t>(kFrames + 0x3000, 0x3333);
        });
    expect_done();
    EXPECT_EQ(windows.engine->state().gpr[x86::kRcx], 0x3333u);
}

// Code that a program writes, runs and writes again, through a page that was writable in the window before.
TEST_P(TranslatorWindows, SeeCodeThatChanges)
{
    run([](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ebx, kPages + 0x2000);
        a.mov(x::ecx, 5);
        a.mov(x::byte_ptr(x::ebx, 5), 0xc3); // RET
        a.bind(loop);
        a.mov(x::byte_ptr(x::ebx), 0x05); // ADD EAX, imm32
        a.mov(x::dword_ptr(x::ebx, 1), x::ecx);
        a.call(x::ebx);
        a.dec(x::ecx);
        a.jnz(loop);
    });
    expect_done();
    EXPECT_EQ(windows.engine->state().gpr[x86::kRax], 15u);
}

// It costs faults only until that is known: of the block that stores, and of one that stores to itself.
TEST_P(TranslatorWindows, LeaveCodeThatKeepsChangingAlone)
{
    run([](x::Assembler& a) {
        const auto loop = a.newLabel();
        const auto place = a.newLabel();
        a.mov(x::ebx, kPages + 0x2000);
        a.lea(x::ebp, x::ptr(place));
        a.mov(x::ecx, 500);
        a.mov(x::byte_ptr(x::ebx, 5), 0xc3); // RET
        a.mov(x::byte_ptr(x::ebx), 0x05);    // ADD EAX, imm32
        a.bind(loop);
        a.mov(x::dword_ptr(x::ebx, 1), x::ecx);
        a.call(x::ebx);
        a.mov(x::byte_ptr(x::ebp, 1), x::cl);
        a.bind(place);
        a.mov(x::edx, 0x11);
        a.add(x::esi, x::edx);
        a.dec(x::ecx);
        a.jnz(loop);
    });
    expect_done();
    EXPECT_LT(windows.counter("window_faults"), 100u);
}

// What is not memory stays out of the window, and its code finds another way before long.
TEST_P(TranslatorWindows, LeaveDevicesAlone)
{
    run([](x::Assembler& a) {
        const auto loop = a.newLabel();
        a.mov(x::ebx, kMmioPage);
        a.mov(x::ebp, kData);
        a.mov(x::ecx, 100);
        a.bind(loop);
        a.mov(x::dword_ptr(x::ebx), x::ecx);
        a.add(x::dword_ptr(x::ebp), x::ecx);
        a.dec(x::ecx);
        a.jnz(loop);
    });
    expect_done();
    EXPECT_EQ(windows.io.mmio, interpreter.io.mmio);
    EXPECT_EQ(windows.io.mmio.size(), 100u);
    EXPECT_LT(windows.counter("window_faults"), 40u);
}

TEST_P(TranslatorWindows, GiveWayToDataBreakpoints)
{
    run([](x::Assembler& a) {
        a.mov(x::ebx, kData);
        a.mov(x::dword_ptr(x::ebx), 1);
        a.mov(x::dword_ptr(x::ebx, 8), 1);
        a.mov(x::dword_ptr(x::ebx, 4), 1);
    }, {}, [](Machine&, vcpu::CpuState& state) {
        state.dr[0] = kData + 8;
        state.dr7 = 0x000d0401;
    });
    EXPECT_EQ(interpreter.vector(), 1u);
}

// --- Another processor, which does what it does at a certain moment ---

class TranslatorWindowsOfTwo : public TranslatorWindows {
protected:
    // Runs a program in the machine with windows alone, since the other processor acts upon that.
    void run_alone(const Writer& program, const Writer& kernel)
    {
        vcpu::CpuState state = user(windows);
        put_entry(windows, pte_at(kPages), kFrames | 7);
        windows.put<std::uint32_t>(kFrames, 0x1111);
        windows.put<std::uint32_t>(kFrames + 0x3000, 0x3333);
        assemble_kernel(windows, kernel);
        windows.assemble(kCode, false, [&](x::Assembler& a) {
            program(a);
            a.int_(0x81);
        });
        windows.run(state);
    }
    // Stores to a page by its window, has the kernel do something, and goes on.
    static void store_twice(x::Assembler& a)
    {
        a.mov(x::ebx, kPages);
        a.mov(x::dword_ptr(x::ebx), 1);
        a.mov(x::dword_ptr(x::ebx), 2);
        a.int_(0x80);
    }
    emulate::OtherProcessor other{windows.memory};
};

INSTANTIATE_TEST_SUITE_P(Pagings, TranslatorWindowsOfTwo,
                         ::testing::Values(Paging::TwoLevel, Paging::Pae, Paging::Long), name_of);

// The other has changed the entry after it was looked at, and before it heard that the table is held.
TEST_P(TranslatorWindowsOfTwo, LookAtTablesThatAreHeld)
{
    other.on_held = [&](std::uint64_t page) {
        if (page == (pte_at(kPages) & ~memory::kPageMask)) {
            put_entry(windows, pte_at(kPages), (kFrames + 0x3000) | pte::kA | 7);
        }
    };
    run_alone(
        [](x::Assembler& a) {
            a.mov(x::ebx, kPages);
            a.mov(x::eax, x::dword_ptr(x::ebx));
            a.int_(0x80);
            a.mov(x::ecx, x::dword_ptr(x::ebx));
        },
        reload);
    EXPECT_EQ(windows.vector(), 0x81u);
    EXPECT_EQ(windows.engine->state().gpr[x86::kRax], 0x1111u);
    EXPECT_EQ(windows.engine->state().gpr[x86::kRcx], 0x3333u);
    EXPECT_GT(windows.counter("window_pages_mapped"), 0u);
}

// The other begins to hold code of a page that is writable in a window. The page is dropped from that before this has
// been heard: a device writes its entry.
TEST_P(TranslatorWindowsOfTwo, TellOfStoresToPagesThatDevicesDrop)
{
    windows.io.on_port_write = [&](std::uint16_t, unsigned, std::uint32_t) {
        other.hold(kFrames);
        const std::array<std::uint8_t, 4> none{};
        ASSERT_TRUE(windows.memory.write(base::GuestPhysical{pte_at(kPages)}, none));
    };
    run_alone(store_twice, [](x::Assembler& a) {
        reload(a);
        a.out(0x80, x::al);
    });
    EXPECT_EQ(windows.vector(), 0x81u);
    EXPECT_TRUE(other.was_told(kFrames));
}

// The same by the instruction in the midst of which that happens.
TEST_P(TranslatorWindowsOfTwo, TellOfStoresToPagesThatTheyDrop)
{
    windows.io.on_mmio = [&] { other.hold(kFrames); };
    run_alone(store_twice, [](x::Assembler& a) {
        reload(a);
        a.or_(x::dword_ptr(pte_at(kPages) + 0x100), 0); // the way there is known before
        a.mov(a.zsi(), kMmioPage);
        a.mov(a.zdi(), pte_at(kPages));
        a.movsd();
    });
    EXPECT_EQ(windows.vector(), 0x81u);
    EXPECT_EQ(windows.io.mmio.size(), 1u);
    EXPECT_TRUE(other.was_told(kFrames));
}

// A walk over more pages than may be mapped, of programs whose patience is short: what they compute stays right.
TEST_P(TranslatorWindows, AreBounded)
{
    struct Case {
        const char* counter;
        Windows::Options options;
    };
    const std::array cases{Case{"window_pages_unmapped", {.warm = 0, .tick = 0, .pages = 16}},
                           Case{"windows_taken", {.warm = 0, .tick = 0, .patience = 3, .patience_of_tick = 0}}};
    for (const Case& bound : cases) {
        SCOPED_TRACE(bound.counter);
        emulate::testing::TestMachine fresh;
        WindowMachine bounded{bound.options};
        expect_same(fresh, bounded, [&](Machine& m) {
            const vcpu::CpuState state = user(m);
            m.assemble(kCode, false, [&](x::Assembler& a) {
                const auto loop = a.newLabel();
                const auto walk = a.newLabel();
                a.mov(x::ecx, 4);
                a.bind(loop);
                a.mov(x::ebx, kFrames);
                a.bind(walk);
                a.add(x::dword_ptr(x::ebx), x::ebx);
                a.add(x::ebx, 0x1000);
                a.cmp(x::ebx, kFrames + 64 * 0x1000);
                a.jb(walk);
                a.dec(x::ecx);
                a.jnz(loop);
                a.int_(0x81);
            });
            return state;
        });
        EXPECT_GT(bounded.counter(bound.counter), 0u);
    }
}

// Of all files that guests' memory is made of.
std::uint64_t pages_of_memory_files()
{
    std::ifstream maps{"/proc/self/maps"};
    std::uint64_t bytes = 0;
    for (std::string line; std::getline(maps, line);) {
        if (line.contains("windsor-memory")) {
            std::size_t dash = 0;
            const std::uint64_t start = std::stoull(line, &dash, 16);
            bytes += std::stoull(line.substr(dash + 1), nullptr, 16) - start;
        }
    }
    return bytes / memory::kPageSize;
}

// Those of an address space that does not run count as well, however they were dropped.
TEST_P(TranslatorWindows, AreBoundedInTheHostsMapping)
{
    constexpr Windows::Options kFew{.warm = 0, .tick = 0, .pages = 56};
    WindowMachine bounded{kFew};
    const std::uint64_t before = pages_of_memory_files();
    const vcpu::CpuState state = user(bounded);
    assemble_kernel(bounded, [](x::Assembler& a) {
        a.mov(a.zdi(), x::cr3);
        a.xor_(x::edi, static_cast<std::int32_t>(cr3_of(kTables) ^ cr3_of(kOtherTables)));
        a.mov(x::cr3, a.zdi());
    });
    bounded.assemble(kCode, false, [](x::Assembler& a) {
        for (int space = 0; space < 2; ++space) {
            const auto walk = a.newLabel();
            a.mov(x::ebx, kFrames);
            a.bind(walk);
            a.mov(x::eax, x::dword_ptr(x::ebx));
            a.add(x::ebx, 0x1000);
            a.cmp(x::ebx, kFrames + 40 * 0x1000);
            a.jb(walk);
            a.int_(space == 0 ? 0x80 : 0x81);
        }
    });
    EXPECT_EQ(bounded.run(state), vcpu::HaltReason::Halted);
    EXPECT_EQ(bounded.vector(), 0x81u);
    EXPECT_EQ(bounded.counter("windows_made"), 2u);
    EXPECT_LE(pages_of_memory_files() - before, kFew.pages);
}

} // namespace

} // namespace windsor::translate::testing
