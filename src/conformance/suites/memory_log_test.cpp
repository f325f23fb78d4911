// SPDX-License-Identifier: GPL-2.0-or-later
// The dirty log of a migration: whatever an engine has cached, no store escapes it.
#include "conformance/guest.hpp"

#include "x86/paging.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace windsor::conformance {

namespace {

using namespace asmjit::x86;
using memory::Logging;
using vcpu::HaltReason;
namespace rf = windsor::x86::rflags;

constexpr std::uint32_t kTarget = 0x300000;  // the page that is written, with room before and behind it
constexpr std::uint32_t kSource = 0x280000;  // that strings come from
constexpr std::uint16_t kPausePort = 0x80;   // a write to it stops the processor
constexpr std::uint16_t kInputPort = 0x81;

// How programs run.
enum class Kind : std::uint8_t { Real, Flat, Kernel, User, Compatibility, Long, LongUser };
constexpr std::array kKinds{Kind::Real, Kind::Flat,          Kind::Kernel,  Kind::User,
                            Kind::Long, Kind::Compatibility, Kind::LongUser};

// One way to store to the page at ZBX; ZDI is the same, ZSI leads to kSource.
struct Way {
    const char* name;
    void (*write)(Assembler& a);
    bool wide{false}; // 64-bit code only
};

constexpr std::array kWays{
    Way{"byte", [](Assembler& a) { a.mov(byte_ptr(a.zbx()), al); }},
    Way{"dword", [](Assembler& a) { a.mov(dword_ptr(a.zbx(), 8), ecx); }},
    Way{"qword", [](Assembler& a) { a.mov(qword_ptr(a.zbx(), 8), rcx); }, true},
    Way{"crossing", [](Assembler& a) { a.mov(dword_ptr(a.zbx(), -2), ecx); }},
    Way{"crossing behind", [](Assembler& a) { a.mov(dword_ptr(a.zbx(), 0xffe), ecx); }},
    Way{"add", [](Assembler& a) { a.add(dword_ptr(a.zbx(), 4), ecx); }},
    Way{"inc", [](Assembler& a) { a.inc(byte_ptr(a.zbx(), 4)); }},
    Way{"read before",
        [](Assembler& a) {
            a.mov(ecx, dword_ptr(a.zbx()));
            a.mov(dword_ptr(a.zbx()), ecx);
        }},
    Way{"xchg", [](Assembler& a) { a.xchg(dword_ptr(a.zbx()), ecx); }},
    Way{"lock xadd", [](Assembler& a) { a.lock().xadd(dword_ptr(a.zbx()), ecx); }},
    Way{"lock cmpxchg", [](Assembler& a) { a.lock().cmpxchg(dword_ptr(a.zbx()), ecx); }},
    Way{"cmpxchg8b", [](Assembler& a) { a.lock().cmpxchg8b(qword_ptr(a.zbx())); }},
    Way{"cmpxchg16b", [](Assembler& a) { a.lock().cmpxchg16b(xmmword_ptr(rbx)); }, true},
    Way{"bts", [](Assembler& a) { a.bts(dword_ptr(a.zbx()), 3); }},
    Way{"shl", [](Assembler& a) { a.shl(word_ptr(a.zbx()), 1); }},
    Way{"setcc", [](Assembler& a) { a.setz(byte_ptr(a.zbx())); }},
    Way{"push",
        [](Assembler& a) {
            a.xchg(a.zsp(), a.zbx());
            a.add(a.zsp(), 64);
            a.push(a.zcx());
            a.sub(a.zsp(), 64 - a.zcx().size());
            a.xchg(a.zsp(), a.zbx());
        }},
    Way{"stosb", [](Assembler& a) { a.stosb(); }},
    Way{"rep stosd",
        [](Assembler& a) {
            a.mov(ecx, 100);
            a.rep().stosd();
        }},
    Way{"rep movsb",
        [](Assembler& a) {
            a.mov(ecx, 100);
            a.rep().movsb();
        }},
    Way{"rep movsd backwards",
        [](Assembler& a) {
            a.std();
            a.mov(ecx, 8);
            a.add(a.zdi(), 128);
            a.rep().movsd();
            a.cld();
        }},
    Way{"rep insb",
        [](Assembler& a) {
            a.mov(ecx, 16);
            a.mov(edx, kInputPort);
            a.db(0xf3);
            a.db(0x6c);
        }},
    Way{"fst",
        [](Assembler& a) {
            a.fld1();
            a.fstp(qword_ptr(a.zbx()));
        }},
    Way{"fnstcw", [](Assembler& a) { a.fnstcw(word_ptr(a.zbx())); }},
    Way{"fnsave", [](Assembler& a) { a.fnsave(ptr(a.zbx())); }},
    Way{"fxsave", [](Assembler& a) { a.fxsave(ptr(a.zbx())); }},
    Way{"movups", [](Assembler& a) { a.movups(xmmword_ptr(a.zbx(), 1), xmm0); }},
    Way{"movnti", [](Assembler& a) { a.movnti(dword_ptr(a.zbx()), ecx); }},
    Way{"maskmovdqu",
        [](Assembler& a) {
            a.pcmpeqb(xmm1, xmm1);
            a.maskmovdqu(xmm0, xmm1);
        }},
};

class MemoryLog : public testing::TestWithParam<EngineKind> {
protected:
    WINDSOR_MAY_BE_EXCUSED(GetParam())

    void start(Kind kind)
    {
        switch (kind) {
        case Kind::Real: guest.make_real(); break;
        case Kind::Flat: guest.make_protected(); break;
        case Kind::Kernel:
            guest.make_protected();
            guest.enable_two_level();
            break;
        case Kind::User:
            guest.make_user();
            guest.enable_pae();
            break;
        case Kind::Long: guest.make_long(); break;
        case Kind::Compatibility: guest.make_compatibility(); break;
        case Kind::LongUser: guest.make_long_user(); break;
        }
        guest.s().cr4 |= windsor::x86::cr4::kOsfxsr;
        guest.s().rflags |= rf::kIopl;
        guest.s().fx.fcw = 0x37f;
        guest.on_port = [this](std::uint16_t port) {
            if (port == kPausePort) {
                guest.engine().signals().raise(vcpu::Signal::Stop);
            }
        };
    }
    static bool wide(Kind kind) { return kind == Kind::Long || kind == Kind::LongUser; }
    static bool user(Kind kind) { return kind == Kind::User || kind == Kind::Compatibility || kind == Kind::LongUser; }

    // The program makes its store, over and over, and stops in between.
    void prepare(Kind kind, const Way& way)
    {
        start(kind);
        const std::uint64_t at = user(kind) ? kUserCode : kCode;
        const Writer program = [&](Assembler& a) {
            const auto again = a.newLabel();
            a.bind(again);
            a.mov(a.zbx(), kTarget);
            a.mov(a.zdi(), kTarget);
            a.mov(a.zsi(), kSource);
            a.mov(ecx, 5);
            way.write(a);
            a.out(kPausePort, al);
            a.jmp(again);
        };
        wide(kind) ? guest.code64(at, program) : guest.code32(at, program);
        guest.engine().set_state(guest.s());
    }
    void go_on() { ASSERT_EQ(guest.engine().run(), HaltReason::Stopped) << guest.engine().failure(); }

    std::vector<bool> take() { return guest.memory().take_unsent(guest.ram()); }
    void log(Logging logging) { guest.memory().log_writes(guest.ram(), logging); }
    std::vector<std::uint8_t> snapshot() { return {guest.ram().bytes().begin(), guest.ram().bytes().end()}; }

    // No page that differs is missing in the log.
    void expect_logged(const std::vector<std::uint8_t>& before, const std::vector<bool>& log)
    {
        for (std::uint64_t page = 0; page < log.size(); ++page) {
            const auto at = static_cast<std::ptrdiff_t>(page * memory::kPageSize);
            const bool same =
                std::equal(before.begin() + at, before.begin() + at + memory::kPageSize, guest.ram().data() + at);
            EXPECT_TRUE(same || log[page]) << "page " << std::hex << page << " was written unseen";
        }
    }
    static void expect_target(const Way& way, const std::vector<bool>& log)
    {
        EXPECT_TRUE(log[kTarget >> 12]) << "the page is not in the log";
        const bool before = std::string_view{way.name} == "crossing";
        const bool behind = std::string_view{way.name} == "crossing behind";
        EXPECT_EQ(log[(kTarget >> 12) - 1], before);
        EXPECT_EQ(log[(kTarget >> 12) + 1], behind);
        EXPECT_TRUE(GetParam().logs_reads || !log[kSource >> 12]) << "it was only read";
    }

    Guest guest{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, MemoryLog, testing::ValuesIn(engine_kinds()), engine_name);

TEST_P(MemoryLog, EveryWayToStoreIsSeenEachTimeTheLogHasBeenTaken)
{
    for (const Kind kind : kKinds) {
        for (const Way& way : kWays) {
            if ((way.wide && !wide(kind)) || kind == Kind::Real) {
                continue;
            }
            SCOPED_TRACE(way.name);
            SCOPED_TRACE(static_cast<int>(kind));
            prepare(kind, way);
            go_on(); // caches are warm, and nothing is logged
            go_on();
            log(Logging::On);
            take();
            for (unsigned round = 0; round < 3; ++round) {
                const auto before = snapshot();
                go_on();
                const auto log = take();
                expect_logged(before, log);
                expect_target(way, log);
                EXPECT_EQ(std::ranges::count(take(), true), 0) << "it was taken";
            }
            log(Logging::Off);
        }
    }
}

// A store that is made once is in the log once, whatever follows.
TEST_P(MemoryLog, StoresThatWereTakenAreNotSeenAgain)
{
    for (const Kind kind : {Kind::Flat, Kind::Kernel, Kind::User, Kind::Long}) {
        SCOPED_TRACE(static_cast<int>(kind));
        start(kind);
        const Writer program = [](Assembler& a) {
            a.mov(dword_ptr(kTarget), ecx);
            a.out(kPausePort, al);
            a.mov(dword_ptr(kTarget + 0x1000), ecx);
            a.out(kPausePort, al);
        };
        const std::uint64_t at = user(kind) ? kUserCode : kCode;
        wide(kind) ? guest.code64(at, program) : guest.code32(at, program);
        guest.engine().set_state(guest.s());
        log(Logging::On);
        take();
        go_on();
        auto written = take();
        EXPECT_TRUE(written[kTarget >> 12]);
        EXPECT_FALSE(written[(kTarget >> 12) + 1]);
        go_on();
        written = take();
        EXPECT_FALSE(written[kTarget >> 12]);
        EXPECT_TRUE(written[(kTarget >> 12) + 1]);
        log(Logging::Off);
    }
}

TEST_P(MemoryLog, InRealMode)
{
    start(Kind::Real);
    // mov [0], al; push ax; out 80h, al; jmp back
    guest.put(kCode, {0xa2, 0x00, 0x00, 0x50, 0xe6, 0x80, 0xeb, 0xf8});
    guest.engine().set_state(guest.s());
    go_on();
    log(Logging::On);
    take();
    for (unsigned round = 0; round < 3; ++round) {
        go_on();
        EXPECT_TRUE(take()[kData >> 12]);
    }
}

// Accessed and dirty flags are stores of the processor's own.
TEST_P(MemoryLog, FlagsOfPageTablesAreSeen)
{
    for (const Kind kind : {Kind::Kernel, Kind::User, Kind::Compatibility, Kind::Long}) {
        SCOPED_TRACE(static_cast<int>(kind));
        start(kind);
        const std::uint64_t at = user(kind) ? kUserCode : kCode;
        const Writer program = [](Assembler& a) {
            a.out(kPausePort, al);
            a.mov(ecx, dword_ptr(kTarget));
            a.out(kPausePort, al);
            a.mov(dword_ptr(kTarget), ecx);
            a.out(kPausePort, al);
        };
        wide(kind) ? guest.code64(at, program) : guest.code32(at, program);
        const std::uint64_t table = guest.entry_address(kTarget) >> 12;
        log(Logging::On);
        guest.engine().set_state(guest.s());
        go_on();
        for (unsigned access = 0; access < 2; ++access) {
            const auto before = snapshot();
            take();
            go_on();
            const auto log = take();
            EXPECT_TRUE(log[table]) << "access " << access;
            expect_logged(before, log);
        }
        log(Logging::Off);
    }
}

// The delivery of an event stores, too: a frame, and the accessed bit of a descriptor.
TEST_P(MemoryLog, InterruptsAndSegmentLoadsAreSeen)
{
    start(Kind::Flat);
    guest.set_gdt(kFree, Raw{.type = 2}.descriptor()); // not accessed
    guest.code32(kHandlers + 0x30 * kHandlerSize, [](Assembler& a) { a.iretd(); });
    guest.code32(kCode, [](Assembler& a) {
        const auto again = a.newLabel();
        a.bind(again);
        a.int_(0x30);
        a.mov(ax, kFree);
        a.mov(es, ax);
        a.out(kPausePort, al);
        a.jmp(again);
    });
    guest.engine().set_state(guest.s());
    log(Logging::On);
    take();
    go_on();
    auto written = take();
    EXPECT_TRUE(written[(kStack - 4) >> 12]);
    EXPECT_TRUE(written[kGdt >> 12]);
    go_on();
    written = take();
    EXPECT_TRUE(written[(kStack - 4) >> 12]);
}

TEST_P(MemoryLog, BusMastersAreSeen)
{
    start(Kind::Flat);
    log(Logging::On);
    take();
    guest.poke(kTarget + 0xffe, std::uint32_t{1});
    const auto written = take();
    EXPECT_EQ(std::ranges::count(written, true), 2);
    EXPECT_TRUE(written[kTarget >> 12] && written[(kTarget >> 12) + 1]);
}

// Engines hold code that is written and run, so that stores to its pages take the slow path.
TEST_P(MemoryLog, StoresToCodeAreSeen)
{
    for (const Kind kind : {Kind::Flat, Kind::Kernel, Kind::User, Kind::Long}) {
        SCOPED_TRACE(static_cast<int>(kind));
        start(kind);
        const std::uint64_t at = user(kind) ? kUserCode : kCode;
        guest.put(kTarget, {0xb9, 0, 0, 0, 0, 0xc3}); // mov ecx, 0; ret
        const Writer program = [](Assembler& a) {
            const auto again = a.newLabel();
            a.bind(again);
            a.mov(a.zbx(), kTarget);
            a.call(a.zbx());
            a.inc(byte_ptr(a.zbx(), 1));
            a.call(a.zbx());
            a.out(kPausePort, al);
            a.jmp(again);
        };
        wide(kind) ? guest.code64(at, program) : guest.code32(at, program);
        guest.engine().set_state(guest.s());
        go_on();
        log(Logging::On);
        take();
        for (unsigned round = 0; round < 20; ++round) {
            const auto before = snapshot();
            go_on();
            const auto log = take();
            expect_logged(before, log);
            EXPECT_TRUE(log[kTarget >> 12]);
        }
        log(Logging::Off);
    }
}

// The dirty log of the display and that of a migration do not take each other's pages.
TEST_P(MemoryLog, IsApartFromThePicturesLog)
{
    prepare(Kind::Flat, kWays[0]);
    log(Logging::On);
    take();
    go_on();
    EXPECT_TRUE(guest.memory().take_dirty(guest.ram())[kTarget >> 12]);
    EXPECT_TRUE(take()[kTarget >> 12]);
    go_on();
    EXPECT_TRUE(take()[kTarget >> 12]);
    EXPECT_TRUE(guest.memory().take_dirty(guest.ram())[kTarget >> 12]);
}

// Without the log no page is flagged, so that no store pays for it.
TEST_P(MemoryLog, OffIsOff)
{
    for (const Kind kind : {Kind::Kernel, Kind::User, Kind::Long}) {
        prepare(kind, kWays[1]);
        log(Logging::On);
        take();
        go_on();
        log(Logging::Off);
        take();
        go_on();
        go_on();
        EXPECT_FALSE(take()[kTarget >> 12]);
    }
}

} // namespace

} // namespace windsor::conformance
