// SPDX-License-Identifier: GPL-2.0-or-later
// Another processor changes page tables, or begins to hold a page, at a certain moment while windows are in use.
#include "conformance/other_processor.hpp"
#include "translate/window/windows_testing.hpp"

namespace windsor::translate::testing {

namespace {

class TranslatorWindowsOfTwo : public TranslatorWindows {
protected:
    // Runs a program only in the machine with windows, since the other processor acts upon that one.
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
    conformance::OtherProcessor other{windows.memory};
};

INSTANTIATE_TEST_SUITE_P(Pagings, TranslatorWindowsOfTwo,
                         ::testing::Values(Paging::TwoLevel, Paging::Pae, Paging::Long), name_of);

// The other processor changes an entry after the page walk has read it, and before it hears that the table is held.
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

// The other processor begins to hold code of a page that is writable in a window. Before this processor hears of it, a
// device writes the page's entry, so that the window drops the page.
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

// Here the instruction that writes the page's entry is the one in the midst of which the other processor begins to hold
// the page.
TEST_P(TranslatorWindowsOfTwo, TellOfStoresToPagesThatTheyDrop)
{
    windows.io.on_mmio = [&] { other.hold(kFrames); };
    run_alone(store_twice, [](x::Assembler& a) {
        reload(a);
        a.or_(x::dword_ptr(pte_at(kPages) + 0x100), 0); // this brings the page into the TLB
        a.mov(a.zsi(), kMmioPage);
        a.mov(a.zdi(), pte_at(kPages));
        a.movsd();
    });
    EXPECT_EQ(windows.vector(), 0x81u);
    EXPECT_EQ(windows.io.mmio.size(), 1u);
    EXPECT_TRUE(other.was_told(kFrames));
}

} // namespace

} // namespace windsor::translate::testing
