// SPDX-License-Identifier: GPL-2.0-or-later
// Windows follow the page tables, whoever changes them and in whatever way.
#include "translate/window/windows_testing.hpp"

namespace windsor::translate::testing {

namespace {

class TranslatorWindowChanges : public TranslatorWindows {
protected:
    enum class Flush : std::uint8_t { Invlpg, Cr3 };
    // Runs a program that reads and writes a page, has the kernel change the page's entry, and does so again, several
    // times.
    void change_to(std::uint64_t entry, Flush flush)
    {
        run(
            [](x::Assembler& a) {
                const auto loop = a.newLabel();
                a.mov(x::ebx, kPages);
                a.mov(x::ecx, 3);
                a.bind(loop);
                a.add(x::dword_ptr(x::ebx), x::ecx);
                a.mov(x::eax, x::dword_ptr(x::ebx));
                a.mov(x::edx, x::dword_ptr(x::ebx, 0x1000)); // the next page is not changed
                a.int_(0x80);
                a.mov(x::esi, x::dword_ptr(x::ebx));
                a.mov(x::dword_ptr(x::ebx, 4), x::esi);
                a.dec(x::ecx);
                a.jnz(loop);
            },
            [&](x::Assembler& a) {
                put_entry(a, pte_at(kPages), entry);
                flush == Flush::Cr3 ? reload(a) : invalidate(a, kPages);
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
    for (const Flush flush : {Flush::Invlpg, Flush::Cr3}) {
        change_to((kFrames + 0x5000) | 7, flush);
        expect_done();
    }
    EXPECT_GT(windows.counter("window_pages_unmapped"), 0u);
}

TEST_P(TranslatorWindowChanges, ToNothing)
{
    change_to(0, Flush::Invlpg);
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_P(TranslatorWindowChanges, ToReadOnly)
{
    change_to(kFrames | 5, Flush::Cr3);
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_P(TranslatorWindowChanges, ToTheSupervisors)
{
    change_to(kFrames | 3, Flush::Cr3);
    EXPECT_EQ(interpreter.vector(), 14u);
}

TEST_P(TranslatorWindowChanges, ToClean)
{
    change_to(kFrames | 7, Flush::Cr3); // the accessed and dirty flags have to be set again
    expect_done();
}

// The kernel makes the directory lead to another page table.
TEST_P(TranslatorWindowChanges, FollowsTheDirectory)
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

// While the A20 gate is closed, address line 20 is low, so that a page table lies a mebibyte below where its entry
// says.
TEST_P(TranslatorWindowChanges, FollowTablesThatTheGateMoves)
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

// The kernel switches between two address spaces, and each of them has a window.
TEST_P(TranslatorWindowChanges, OutliveLoadsOfCr3)
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

// A bus master writes the page table while the kernel waits for it.
TEST_P(TranslatorWindowChanges, SeeTablesThatDevicesWrite)
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

} // namespace

} // namespace windsor::translate::testing
