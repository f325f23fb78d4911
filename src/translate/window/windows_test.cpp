// SPDX-License-Identifier: GPL-2.0-or-later
// Programs access memory by a window in every way, and windows keep to their limits.
#include "translate/window/windows_testing.hpp"

#include <fstream>

namespace windsor::translate::testing {

namespace {

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

// An operand's displacement may lead further below a register than the guard area below a window reaches.
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
        a.mov(x::eax, x::dword_ptr(x::ebp, -0x40000000)); // the address wraps around to a page that is not present
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
            a.add(x::edx, x::dword_ptr(x::ebx, 8)); // this maps the page that FS would lead to if its base were 0
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
        for (unsigned i = 0; i < 8; ++i) { // the first access to each page faults while the flags are needed
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

// When an access faults, all registers are as they were before the instruction.
TEST_P(TranslatorWindows, FaultsPrecisely)
{
    constexpr std::uint64_t kLast = kPages + 0x1000; // this page is not present
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
        [](x::Assembler& a) { a.mov(x::edi, -2); a.mov(x::eax, x::dword_ptr(x::edi)); },      // crosses 4 GiB
        [](x::Assembler& a) { a.mov(x::edi, 2); a.mov(x::eax, x::dword_ptr(x::edi, -4)); },   // begins below 0
        [](x::Assembler& a) { a.mov(x::edi, 0xfffffff0); a.mov(x::eax, x::dword_ptr(x::edi, 0x7fffffff)); },
    };
    for (std::size_t way = 0; way < ways.size(); ++way) {
        SCOPED_TRACE(way);
        run(
            [&](x::Assembler& a) {
                a.mov(x::ebx, kLast);
                a.mov(x::ecx, x::dword_ptr(x::ebx, -4)); // the page before is present
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

// A program writes code, runs it and writes it again, in a page that was writable in the window before.
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

// Stores to code fault only until the translator knows which blocks make them. One block stores to another, and one to
// itself.
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

// A device's page is not mapped in the window. After some faults the code that accesses it is translated without a
// window.
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

// A program accesses more pages than may be mapped, or has a window that may cost few faults. It computes the same.
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

// Returns how many pages of guests' memory are mapped in this process.
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

// The limit counts the pages of an address space that does not run as well, and pages that were dropped but are still
// mapped.
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
