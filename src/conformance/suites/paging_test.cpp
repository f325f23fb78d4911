// SPDX-License-Identifier: GPL-2.0-or-later
// Paging in its three forms: faults and their error codes, accessed and dirty bits, protection. SDM volume 3A,
// chapter 4.
#include "conformance/guest.hpp"

#include "x86/paging.hpp"

#include <gtest/gtest.h>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using vcpu::HaltReason;
using windsor::x86::kRax;
namespace pte = windsor::x86::pte;
namespace pf = windsor::x86::pf;
namespace c0 = windsor::x86::cr0;
namespace c4 = windsor::x86::cr4;

enum class Form : std::uint8_t { TwoLevel, Pae, Long };
enum class Level : std::uint8_t { Kernel, User };

class Paging : public testing::TestWithParam<std::tuple<EngineKind, Form>> {
protected:
    WINDSOR_MAY_BE_EXCUSED(std::get<0>(GetParam()))
    Form form() const { return std::get<1>(GetParam()); }

    void start(Level level)
    {
        if (form() == Form::Long) {
            level == Level::User ? guest.make_long_user() : guest.make_long();
            return;
        }
        level == Level::User ? guest.make_user() : guest.make_protected();
        form() == Form::Pae ? guest.enable_pae() : guest.enable_two_level();
    }
    std::uint64_t entry(std::uint64_t linear) const
    {
        const std::uint64_t address = guest.entry_address(linear);
        return form() == Form::TwoLevel ? guest.peek<std::uint32_t>(address) : guest.peek<std::uint64_t>(address);
    }
    void set_entry(std::uint64_t linear, std::uint64_t value)
    {
        const std::uint64_t address = guest.entry_address(linear);
        if (form() == Form::TwoLevel) {
            guest.poke(address, static_cast<std::uint32_t>(value));
        } else {
            guest.poke(address, value);
        }
    }
    void code(std::uint64_t address, const Writer& write)
    {
        form() == Form::Long ? guest.code64(address, write) : guest.code32(address, write);
    }
    // The page fault that one access brings about.
    void expect_fault(std::uint64_t address, std::uint32_t error)
    {
        const Frame frame = guest.run_to_handler();
        EXPECT_EQ(frame.vector, 14u);
        EXPECT_EQ(frame.error_code, error);
        EXPECT_EQ(guest.s().cr2, address);
    }

    Guest guest{std::get<0>(GetParam())};
};

std::string form_name(const testing::TestParamInfo<std::tuple<EngineKind, Form>>& kind)
{
    constexpr std::array kForms{"TwoLevel", "Pae", "Long"};
    return std::get<0>(kind.param).name + kForms[static_cast<std::size_t>(std::get<1>(kind.param))];
}

INSTANTIATE_TEST_SUITE_P(Engines, Paging,
                         testing::Combine(testing::ValuesIn(engine_kinds()),
                                          testing::Values(Form::TwoLevel, Form::Pae, Form::Long)),
                         form_name);

constexpr std::uint32_t kPage = kData + 0x3000;

TEST_P(Paging, AccessedAndDirtyBits)
{
    start(Level::Kernel);
    code(kCode, [](Assembler& a) {
        a.mov(eax, dword_ptr(kPage));
        a.mov(dword_ptr(kPage + 0x1000), eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(entry(kPage) & (pte::kA | pte::kD), pte::kA);
    EXPECT_EQ(entry(kPage + 0x1000) & (pte::kA | pte::kD), pte::kA | pte::kD);
    EXPECT_EQ(entry(kPage + 0x2000) & (pte::kA | pte::kD), 0u);
    EXPECT_NE(entry(kCode) & pte::kA, 0u);
}

TEST_P(Paging, WriteAfterReadSetsDirty)
{
    start(Level::Kernel);
    code(kCode, [](Assembler& a) {
        a.mov(eax, dword_ptr(kPage));
        a.mov(dword_ptr(kPage), eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_NE(entry(kPage) & pte::kD, 0u);
}

TEST_P(Paging, AbsentPage)
{
    start(Level::Kernel);
    set_entry(kPage, 0);
    code(kCode, [](Assembler& a) { a.mov(eax, dword_ptr(kPage + 8)); });
    expect_fault(kPage + 8, 0);

    start(Level::Kernel);
    set_entry(kPage, 0);
    code(kCode, [](Assembler& a) { a.mov(dword_ptr(kPage + 8), eax); });
    expect_fault(kPage + 8, pf::kWrite);

    start(Level::User);
    set_entry(kPage, 0);
    code(kUserCode, [](Assembler& a) { a.mov(eax, dword_ptr(kPage + 8)); });
    expect_fault(kPage + 8, pf::kUser);
}

TEST_P(Paging, UserMayNotTouchSupervisorPages)
{
    start(Level::User);
    set_entry(kPage, kPage | pte::kP | pte::kRw);
    code(kUserCode, [](Assembler& a) { a.mov(eax, dword_ptr(kPage)); });
    expect_fault(kPage, pf::kUser | pf::kPresent);
    EXPECT_EQ(entry(kPage) & pte::kA, 0u);
}

TEST_P(Paging, ReadOnlyPages)
{
    start(Level::User);
    set_entry(kPage, kPage | pte::kP | pte::kUs);
    code(kUserCode, [](Assembler& a) { a.mov(dword_ptr(kPage), eax); });
    expect_fault(kPage, pf::kUser | pf::kPresent | pf::kWrite);

    // The kernel may, unless CR0.WP is set.
    start(Level::Kernel);
    set_entry(kPage, kPage | pte::kP | pte::kUs);
    code(kCode, [](Assembler& a) {
        a.mov(dword_ptr(kPage), eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_NE(entry(kPage) & pte::kD, 0u);

    start(Level::Kernel);
    set_entry(kPage, kPage | pte::kP | pte::kUs);
    guest.s().cr0 |= c0::kWp;
    expect_fault(kPage, pf::kPresent | pf::kWrite);
}

TEST_P(Paging, AccessAcrossPagesFaultsAtTheSecondWithoutEffect)
{
    start(Level::Kernel);
    set_entry(kPage + 0x1000, 0);
    guest.poke(std::uint64_t{kPage + 0xffe}, std::uint16_t{0x5555});
    code(kCode, [](Assembler& a) { a.mov(dword_ptr(kPage + 0xffe), eax); });
    expect_fault(kPage + 0x1000, pf::kWrite);
    EXPECT_EQ(guest.peek<std::uint16_t>(kPage + 0xffe), 0x5555u);
}

TEST_P(Paging, StaleTranslationsGoByInvlpg)
{
    start(Level::Kernel);
    guest.poke(std::uint64_t{kPage}, std::uint32_t{1});
    guest.poke(std::uint64_t{kPage + 0x1000}, std::uint32_t{2});
    const std::uint64_t where = guest.entry_address(kPage);
    code(kCode, [&](Assembler& a) {
        a.mov(eax, dword_ptr(kPage));
        a.mov(dword_ptr(where), (kPage + 0x1000) | 7);
        a.invlpg(ptr(kPage));
        a.mov(ebx, dword_ptr(kPage));
        a.mov(dword_ptr(where), kPage | 7);
        form() == Form::Long ? a.mov(rcx, cr3) : a.mov(ecx, cr3);
        form() == Form::Long ? a.mov(cr3, rcx) : a.mov(cr3, ecx);
        a.mov(edx, dword_ptr(kPage));
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 1u);
    EXPECT_EQ(guest.reg(windsor::x86::kRbx), 2u);
    EXPECT_EQ(guest.reg(windsor::x86::kRdx), 1u);
}

TEST_P(Paging, SupervisorExecutionPrevention)
{
    start(Level::Kernel);
    guest.s().cr4 |= c4::kSmep;
    // Everything is a user page, the code included.
    const Frame frame = [&] {
        // The handlers must stay executable.
        set_entry(kHandlers, kHandlers | pte::kP | pte::kRw);
        code(kCode, [](Assembler& a) { a.nop(); });
        return guest.run_to_handler();
    }();
    EXPECT_EQ(frame.vector, 14u);
    EXPECT_EQ(frame.error_code, pf::kPresent | pf::kFetch);
    EXPECT_EQ(guest.s().cr2, kCode);
}

TEST_P(Paging, SupervisorAccessPrevention)
{
    const auto prepare = [this] {
        start(Level::Kernel);
        guest.s().cr4 |= c4::kSmap;
        for (std::uint32_t page = 0; page < 0x60000; page += 0x1000) {
            if (page != kPage) {
                set_entry(page, page | pte::kP | pte::kRw);
            }
        }
    };
    prepare();
    code(kCode, [](Assembler& a) {
        a.db(0x0f); // stac
        a.db(0x01);
        a.db(0xcb);
        a.mov(eax, dword_ptr(kPage));
        a.db(0x0f); // clac
        a.db(0x01);
        a.db(0xca);
        a.mov(eax, dword_ptr(kPage));
    });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 14u);
    EXPECT_EQ(frame.error_code, pf::kPresent);
    EXPECT_GT(frame.rip, kCode + 3u + 5u);
    EXPECT_EQ(guest.s().cr2, kPage);
}

TEST_P(Paging, NoExecute)
{
    if (form() == Form::TwoLevel) {
        GTEST_SKIP() << "32-bit entries have no XD bit";
    }
    start(Level::User);
    set_entry(kUserCode, kUserCode | pte::kP | pte::kRw | pte::kUs | pte::kNx);
    expect_fault(kUserCode, pf::kPresent | pf::kUser | pf::kFetch);

    // Without EFER.NXE the bit is reserved.
    start(Level::Kernel);
    guest.s().efer &= ~windsor::x86::efer::kNxe;
    set_entry(kPage, kPage | pte::kP | pte::kRw | pte::kNx);
    code(kCode, [](Assembler& a) { a.mov(eax, dword_ptr(kPage)); });
    expect_fault(kPage, pf::kPresent | pf::kReserved);
}

TEST_P(Paging, ReservedBits)
{
    if (form() == Form::TwoLevel) {
        GTEST_SKIP() << "4 KiB entries have none";
    }
    start(Level::User);
    set_entry(kPage, kPage | pte::kP | pte::kRw | pte::kUs | (std::uint64_t{1} << 51));
    code(kUserCode, [](Assembler& a) { a.mov(eax, dword_ptr(kPage)); });
    expect_fault(kPage, pf::kPresent | pf::kReserved | pf::kUser);
}

TEST_P(Paging, LargePages)
{
    start(Level::Kernel);
    guest.s().cr4 |= c4::kPse;
    const std::uint64_t size = form() == Form::TwoLevel ? 4 << 20 : 2 << 20;
    const std::uint64_t directory = kTables + (form() == Form::TwoLevel ? 0 : form() == Form::Pae ? 0x1000 : 0x2000);
    const std::uint64_t linear = 2 * size;
    const std::uint64_t entry_at = directory + 2 * (form() == Form::TwoLevel ? 4 : 8);
    guest.poke(entry_at, static_cast<std::uint32_t>(size | pte::kP | pte::kRw | pte::kPs));
    guest.poke(size + 0x12340, std::uint32_t{0xabcd});
    code(kCode, [&](Assembler& a) {
        a.mov(eax, dword_ptr(linear + 0x12340));
        a.mov(dword_ptr(linear + 0x12344), eax);
        a.hlt();
    });
    EXPECT_EQ(guest.run(), HaltReason::Halted);
    EXPECT_EQ(guest.reg(kRax), 0xabcdu);
    EXPECT_EQ(guest.peek<std::uint32_t>(size + 0x12344), 0xabcdu);
    EXPECT_EQ(guest.peek<std::uint32_t>(entry_at) & (pte::kA | pte::kD), pte::kA | pte::kD);
}

TEST_P(Paging, FetchFaultComesBeforeExecution)
{
    start(Level::Kernel);
    set_entry(kCode + 0x1000, 0);
    // An instruction that crosses into an absent page.
    guest.put(kCode + 0xffe, {0xb8, 0x01});
    guest.s().rip = kCode + 0xffe;
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 14u);
    EXPECT_EQ(frame.rip, kCode + 0xffeu);
    EXPECT_EQ(guest.s().cr2, kCode + 0x1000u);
    EXPECT_EQ(*frame.error_code & pf::kPresent, 0u);
}

TEST_P(Paging, DescriptorReadsAreSupervisorAccesses)
{
    start(Level::User);
    set_entry(kGdt, kGdt | pte::kP | pte::kRw); // no user page
    code(kUserCode, [](Assembler& a) {
        a.mov(eax, kData3);
        a.mov(es, eax);
        a.int_(0x80);
    });
    EXPECT_EQ(guest.run_to_handler().vector, 0x80u);
}

TEST_P(Paging, FaultDuringDeliveryOfAFaultIsADoubleFault)
{
    start(Level::Kernel);
    set_entry(kPage, 0);
    const std::uint32_t gate_size = form() == Form::Long ? 16 : 8;
    // #PF has a gate to an absent code segment: contributory after page fault.
    guest.poke(kIdt + 14 * gate_size, gate(kFree, kHandlers, kInterruptGate, 0));
    code(kCode, [](Assembler& a) { a.mov(eax, dword_ptr(kPage)); });
    const Frame frame = guest.run_to_handler();
    EXPECT_EQ(frame.vector, 8u);
    EXPECT_EQ(frame.rip, kCode);
}

} // namespace

} // namespace windsor::conformance
