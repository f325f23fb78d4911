// SPDX-License-Identifier: GPL-2.0-or-later
// Two processors on one memory: what one writes while the other runs. SDM volume 3A, sections 4.10.5, 8.1 and 8.2.
#include "base/mutex.hpp"
#include "conformance/guest.hpp"

#include <array>
#include <chrono>
#include <thread>

namespace windsor::conformance {

namespace x86a = asmjit::x86;
using asmjit::Label;
using asmjit::x86::Assembler;

namespace {

constexpr std::uint32_t kOtherCode = 0x14000;
constexpr std::uint32_t kOtherStack = 0x38000;
constexpr std::uint32_t kGeneration = kData;      // how far the other is
constexpr std::uint32_t kDone = kData + 0x40;
constexpr std::uint32_t kWrong = kData + 0x80;    // set by a program that has seen what must not be
constexpr std::uint32_t kFunction = 0x70000; // a page that both know
constexpr std::uint32_t kWindow = 0x400000;       // a linear page without a meaning of its own
constexpr std::uint32_t kPages = 0x600000;        // pages, as many as a test wants

// Raises Stop if the test takes too long, so that it fails instead of waiting for ever.
class Deadline {
public:
    Deadline(Guest& one, Guest& two) : thread_{[this, &one, &two] { wait(one, two); }} {}
    ~Deadline()
    {
        {
            const base::MutexLock lock{mutex_};
            over_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

private:
    static constexpr std::chrono::seconds kPatience{60};

    void wait(Guest& one, Guest& two)
    {
        const base::MutexLock lock{mutex_};
        auto end = std::chrono::steady_clock::now() + kPatience;
        while (!over_) {
            if (!changed_.wait_until(mutex_, end)) {
                one.engine().signals().raise(vcpu::Signal::Stop);
                two.engine().signals().raise(vcpu::Signal::Stop);
                end += kPatience;
            }
        }
    }

    base::Mutex mutex_;
    base::Condition changed_;
    bool over_ WINDSOR_GUARDED_BY(mutex_){false};
    std::thread thread_;
};

enum class Kind : std::uint8_t { Kernel64, Kernel32, User32 };
constexpr std::array kKinds{Kind::Kernel64, Kind::Kernel32, Kind::User32};

// Programs end with a HLT also in user mode, where it faults.
class SecondProcessor : public testing::TestWithParam<EngineKind> {
protected:
    WINDSOR_MAY_BE_EXCUSED(GetParam())

    void make(Kind kind)
    {
        kind_ = kind;
        make_one(one, kStack);
        make_one(two, kind == Kind::User32 ? kUserStack - 0x1000 : kOtherStack);
        one.s().rip = kCode;
        two.s().rip = kOtherCode;
        one.poke(kGeneration, std::uint32_t{0});
        one.poke(kDone, std::uint32_t{0});
        one.poke(kWrong, std::uint32_t{0});
    }

    void code(std::uint32_t address, const Writer& write)
    {
        if (kind_ == Kind::Kernel64) {
            one.code64(address, write);
        } else {
            one.code32(address, write);
        }
    }

    // Maps a linear page to a physical one.
    void map(std::uint32_t linear, std::uint32_t physical)
    {
        if (kind_ == Kind::Kernel64) {
            one.poke(one.entry_address(linear), std::uint64_t{physical | 7});
        } else {
            one.poke(one.entry_address(linear), physical | 7);
        }
    }

    void run_both()
    {
        const Deadline deadline{one, two};
        vcpu::HaltReason first{};
        std::thread other{[&] { first = one.run(); }};
        const vcpu::HaltReason second = two.run();
        other.join();
        EXPECT_EQ(first, vcpu::HaltReason::Halted) << "stopped at " << std::hex << one.s().rip;
        EXPECT_EQ(second, vcpu::HaltReason::Halted) << "stopped at " << std::hex << two.s().rip;
        EXPECT_EQ(one.peek<std::uint32_t>(kWrong), 0u) << "in kind " << static_cast<int>(kind_);
    }

    Guest one{GetParam()};
    Guest two{GetParam(), one};
    Kind kind_{};

private:
    void make_one(Guest& guest, std::uint32_t stack)
    {
        switch (kind_) {
        case Kind::Kernel64: guest.make_long(); break;
        case Kind::Kernel32:
            guest.make_protected();
            guest.enable_two_level();
            break;
        case Kind::User32:
            guest.make_user();
            guest.enable_two_level();
            break;
        }
        guest.reg(x86::kRsp) = stack;
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, SecondProcessor, testing::ValuesIn(engine_kinds()), engine_name);

x86a::Mem word(std::uint32_t address)
{
    return x86a::dword_ptr(address);
}

void note_wrong(Assembler& a)
{
    a.mov(word(kWrong), 1);
    a.mov(word(kDone), 1);
    a.hlt();
}

// A function that gives `value`, at 3 bytes from the address, so that the value is aligned.
constexpr std::uint32_t kEntry = 3;
void put_function(Guest& guest, std::uint32_t at, std::uint32_t value)
{
    guest.put(at + kEntry, {0xb8});
    guest.poke(at + 4, value);
    guest.put(at + 8, {0xc3});
}

// Serializes and calls the function, over and over until the other processor has written its last version. A version
// that is older than the one that was announced is an error.
void call_versions(Assembler& a, std::uint32_t function, std::uint32_t last, std::uint32_t counter)
{
    const Label again = a.newLabel();
    const Label wrong = a.newLabel();
    a.bind(again);
    a.mov(x86a::esi, word(kGeneration));
    a.xor_(x86a::eax, x86a::eax);
    a.cpuid();
    a.mov(x86a::edi, function + kEntry);
    a.call(a.is32Bit() ? x86a::edi.as<x86a::Gp>() : x86a::rdi.as<x86a::Gp>());
    a.cmp(x86a::eax, x86a::esi);
    a.jb(wrong);
    a.inc(word(counter));
    a.cmp(word(kDone), 0);
    a.jne(wrong);
    a.cmp(x86a::esi, last);
    a.jne(again);
    a.hlt();
    a.bind(wrong);
    note_wrong(a);
}

// Writes one version of the function after the other.
void write_versions(Assembler& a, std::uint32_t function, std::uint32_t last)
{
    const Label again = a.newLabel();
    const Label end = a.newLabel();
    const Label rest = a.newLabel();
    a.xor_(x86a::eax, x86a::eax);
    a.bind(again);
    a.inc(x86a::eax);
    a.mov(word(function + 4), x86a::eax);
    a.mov(word(kGeneration), x86a::eax);
    a.mov(x86a::ecx, x86a::eax);
    a.and_(x86a::ecx, 63);
    a.bind(rest);
    a.dec(x86a::ecx);
    a.jns(rest);
    a.cmp(word(kWrong), 0);
    a.jne(end);
    a.cmp(x86a::eax, last);
    a.jne(again);
    a.bind(end);
    a.hlt();
}

TEST_P(SecondProcessor, CodeThatAnotherWritesIsSeenAfterSerializing)
{
    constexpr std::uint32_t kLast = 20000;
    for (const Kind kind : kKinds) {
        make(kind);
        put_function(one, kFunction, 0);
        map(kWindow, kFunction);
        code(kCode, [](Assembler& a) { call_versions(a, kFunction, kLast, kFunction + 0x800); });
        code(kOtherCode, [](Assembler& a) { write_versions(a, kFunction, kLast); });
        run_both();
        // The same through another linear address.
        make(kind);
        put_function(one, kFunction, 0);
        map(kWindow, kFunction);
        code(kOtherCode, [](Assembler& a) { write_versions(a, kWindow, kLast); });
        run_both();
    }
}

TEST_P(SecondProcessor, CodeInThePageThatRunsIsWritten)
{
    constexpr std::uint32_t kLast = 20000;
    for (const Kind kind : kKinds) {
        make(kind);
        put_function(one, kCode + 0x400, 0);
        code(kCode, [](Assembler& a) { call_versions(a, kCode + 0x400, kLast, kCode + 0x800); });
        code(kOtherCode, [](Assembler& a) { write_versions(a, kCode + 0x400, kLast); });
        run_both();
    }
}

void await(Assembler& a, std::uint32_t address, const x86a::Gp& value)
{
    const Label again = a.newLabel();
    a.bind(again);
    a.pause();
    a.cmp(word(address), value);
    a.jb(again);
}

// Calls the function of the page in EDI, which may have been written a moment ago.
void call_function(Assembler& a)
{
    a.xor_(x86a::eax, x86a::eax);
    a.cpuid();
    if (a.is32Bit()) {
        a.lea(x86a::edx, x86a::ptr(x86a::edi, kEntry));
        a.call(x86a::edx);
    } else {
        a.lea(x86a::rdx, x86a::ptr(x86a::rdi, kEntry));
        a.call(x86a::rdx);
    }
}

// For one page after the other: the other processor has written code there, and does so again when it has been run
// once. If the host has one core for both, each wait for the other takes a time slice, so that few pages have to do.
TEST_P(SecondProcessor, CodeIsRunFirstWhereTheOtherStoresQuickly)
{
    const std::uint32_t count = std::thread::hardware_concurrency() > 1 ? 300 : 30;
    for (const Kind kind : kKinds) {
        make(kind);
        for (std::uint32_t page = 0; page < count; ++page) {
            put_function(one, kPages + page * 0x1000, 0);
        }
        // ebp: page; edi: its address; esi: the step, two a page.
        const auto next_page = [count](Assembler& a, const Label& again) {
            a.add(x86a::edi, 0x1000);
            a.cmp(x86a::edi, kPages + count * 0x1000);
            a.jne(again);
            a.hlt();
        };
        code(kCode, [&](Assembler& a) {
            const Label again = a.newLabel(), wrong = a.newLabel();
            a.mov(x86a::edi, kPages);
            a.xor_(x86a::esi, x86a::esi);
            a.bind(again);
            for (std::uint32_t version = 1; version <= 2; ++version) {
                a.inc(x86a::esi);
                await(a, kGeneration, x86a::esi);
                call_function(a);
                a.cmp(x86a::eax, version);
                a.jne(wrong);
                a.mov(word(kData + 0x20), x86a::esi);
            }
            next_page(a, again);
            a.bind(wrong);
            a.mov(word(kGeneration), 0x7fffffff);
            a.mov(word(kData + 0x20), 0x7fffffff);
            note_wrong(a);
        });
        one.poke(kData + 0x20, std::uint32_t{0});
        code(kOtherCode, [&](Assembler& a) {
            const Label again = a.newLabel();
            a.mov(x86a::edi, kPages);
            a.xor_(x86a::esi, x86a::esi);
            a.bind(again);
            for (int version = 1; version <= 2; ++version) {
                a.inc(x86a::esi);
                const auto at = a.is32Bit() ? x86a::dword_ptr(x86a::edi, 4) : x86a::dword_ptr(x86a::rdi, 4);
                a.mov(at, version);
                a.mov(word(kGeneration), x86a::esi);
                await(a, kData + 0x20, x86a::esi);
            }
            next_page(a, again);
        });
        run_both();
    }
}

// --- Page tables ---

// Lets the entry lead to one of `count` pages after the other, and writes to kGeneration to which.
void lead_from_page_to_page(Assembler& a, std::uint32_t entry, std::uint32_t count)
{
    const Label again = a.newLabel(), rest = a.newLabel();
    a.mov(x86a::eax, kPages | 7);
    a.xor_(x86a::edx, x86a::edx);
    a.bind(again);
    a.inc(x86a::edx);
    a.add(x86a::eax, 0x1000);
    a.mov(word(entry), x86a::eax);
    a.mov(word(kGeneration), x86a::edx);
    a.mov(x86a::ecx, 100);
    a.bind(rest);
    a.dec(x86a::ecx);
    a.jnz(rest);
    a.cmp(x86a::edx, count);
    a.jne(again);
    a.hlt();
}

// The first processor invalidates the page and reads it: what it finds has to be as new as the generation.
TEST_P(SecondProcessor, EntriesThatAnotherChangesAreSeenAfterInvalidation)
{
    constexpr std::uint32_t kCount = 500;
    constexpr std::uint32_t kHandler = 0x15000;
    for (const Kind kind : kKinds) {
        for (const bool whole : {false, true}) {
            make(kind);
            for (std::uint32_t page = 0; page <= kCount; ++page) {
                one.poke(kPages + page * 0x1000, page);
            }
            map(kWindow, kPages);
            const bool wide = kind == Kind::Kernel64;
            const auto invalidate = [&](Assembler& a) {
                if (whole) {
                    const x86a::Gp to = wide ? x86a::rax.as<x86a::Gp>() : x86a::eax.as<x86a::Gp>();
                    a.mov(to, x86a::cr3);
                    a.mov(x86a::cr3, to);
                } else {
                    a.invlpg(x86a::ptr(kWindow));
                }
            };
            if (kind == Kind::User32) {
                one.set_idt(0x80, gate(kCode0, kHandler, kInterruptGate, 3));
                code(kHandler, [&](Assembler& a) {
                    invalidate(a);
                    a.iretd();
                });
            }
            code(kCode, [&](Assembler& a) {
                const Label again = a.newLabel(), wrong = a.newLabel();
                a.bind(again);
                a.mov(x86a::esi, word(kGeneration));
                if (kind == Kind::User32) {
                    a.int_(0x80);
                } else {
                    invalidate(a);
                }
                a.mov(x86a::eax, word(kWindow));
                a.cmp(x86a::eax, x86a::esi);
                a.jb(wrong);
                a.cmp(x86a::esi, kCount);
                a.jne(again);
                a.hlt();
                a.bind(wrong);
                note_wrong(a);
            });
            const auto entry = static_cast<std::uint32_t>(one.entry_address(kWindow));
            code(kOtherCode, [&](Assembler& a) { lead_from_page_to_page(a, entry, kCount); });
            run_both();
        }
    }
}

// A handler of page faults that returns until kDone is set.
void ignore_page_fault(Assembler& a)
{
    const Label end = a.newLabel();
    if (a.is32Bit()) {
        a.add(x86a::esp, 4);
    } else {
        a.add(x86a::rsp, 8);
    }
    a.cmp(word(kDone), 0);
    a.jne(end);
    if (a.is32Bit()) {
        a.iretd();
    } else {
        a.iretq();
    }
    a.bind(end);
    a.hlt();
}

// An entry that has been taken out stays out: no accessed or dirty flag may come back alone.
TEST_P(SecondProcessor, AnEntryThatIsTakenOutStaysOut)
{
    constexpr std::uint32_t kCount = 50000;
    constexpr std::uint32_t kHandler = 0x15000;
    for (const Kind kind : {Kind::Kernel64, Kind::Kernel32}) {
        make(kind);
        const bool wide = kind == Kind::Kernel64;
        map(kWindow, kPages);
        if (wide) {
            one.poke(kIdt + 14 * 16u, gate(kLong0, kHandler, kInterruptGate, 0));
        } else {
            one.set_idt(14, gate(kCode0, kHandler, kInterruptGate, 0));
        }
        code(kHandler, ignore_page_fault);
        code(kCode, [](Assembler& a) {
            const Label again = a.newLabel();
            a.bind(again);
            a.invlpg(x86a::ptr(kWindow));
            a.mov(word(kWindow), x86a::eax);
            a.cmp(word(kDone), 0);
            a.je(again);
            a.hlt();
        });
        const auto entry = static_cast<std::uint32_t>(one.entry_address(kWindow));
        code(kOtherCode, [&](Assembler& a) {
            const Label again = a.newLabel(), look = a.newLabel(), rest = a.newLabel(), wrong = a.newLabel();
            a.mov(x86a::edx, kCount);
            a.bind(again);
            a.mov(word(entry), kPages | 7);
            a.mov(x86a::ecx, x86a::edx);
            a.and_(x86a::ecx, 127);
            a.bind(rest);
            a.dec(x86a::ecx);
            a.jns(rest);
            a.xor_(x86a::eax, x86a::eax);
            a.xchg(word(entry), x86a::eax);
            a.mov(x86a::ecx, 300);
            a.bind(look);
            a.cmp(word(entry), 0);
            a.jne(wrong);
            a.dec(x86a::ecx);
            a.jnz(look);
            a.dec(x86a::edx);
            a.jnz(again);
            a.mov(word(kDone), 1);
            a.hlt();
            a.bind(wrong);
            note_wrong(a);
        });
        run_both();
    }
}

// --- Locked instructions ---

constexpr std::uint32_t kTurns = 30000;

// Counts in eight words at the address, in each by another locked instruction.
void count_locked(Assembler& a, std::uint32_t at)
{
    const Label again = a.newLabel(), exchange = a.newLabel(), pair = a.newLabel(), bit = a.newLabel(),
                lock = a.newLabel();
    a.mov(x86a::ebp, kTurns);
    a.bind(again);
    a.lock().inc(word(at));
    a.mov(x86a::eax, 3);
    a.lock().xadd(word(at + 4), x86a::eax);
    a.mov(x86a::eax, word(at + 8));
    a.bind(exchange);
    a.lea(x86a::ecx, x86a::ptr(a.is32Bit() ? x86a::eax.as<x86a::Gp>() : x86a::rax.as<x86a::Gp>(), 1));
    a.lock().cmpxchg(word(at + 8), x86a::ecx);
    a.jne(exchange);
    a.mov(x86a::eax, word(at + 16));
    a.mov(x86a::edx, word(at + 20));
    a.bind(pair);
    a.mov(x86a::ebx, x86a::eax);
    a.mov(x86a::ecx, x86a::edx);
    a.inc(x86a::ebx);
    a.add(x86a::ecx, 2);
    a.lock().cmpxchg8b(x86a::qword_ptr(at + 16));
    a.jne(pair);
    a.bind(bit);
    a.lock().bts(word(at + 24), 31);
    a.jc(bit);
    a.inc(word(at + 28));
    a.lock().btr(word(at + 24), 31);
    a.bind(lock);
    a.mov(x86a::eax, 1);
    a.xchg(word(at + 32), x86a::eax);
    a.test(x86a::eax, x86a::eax);
    a.jnz(lock);
    a.inc(word(at + 36));
    a.mov(word(at + 32), 0);
    a.lock().sub(x86a::word_ptr(at + 40), 1);
    a.dec(x86a::ebp);
    a.jnz(again);
    a.hlt();
}

TEST_P(SecondProcessor, LockedInstructionsCountWhereverTheWordLies)
{
    // Ordinary memory, beside code of one, beside code of the other, and among page-table entries.
    for (const std::uint32_t at : {kData + 0x100, kCode + 0x800, kOtherCode + 0x800, kTables + 0x800}) {
        for (const Kind kind : kKinds) {
            if (kind == Kind::Kernel64 && at == kTables + 0x800) {
                continue; // entries of the upper half there
            }
            make(kind);
            for (std::uint32_t offset = 0; offset < 48; offset += 4) {
                one.poke(at + offset, std::uint32_t{0});
            }
            code(kCode, [at](Assembler& a) { count_locked(a, at); });
            code(kOtherCode, [at](Assembler& a) { count_locked(a, at); });
            run_both();
            SCOPED_TRACE(testing::Message() << "at " << std::hex << at << " in kind " << static_cast<int>(kind));
            EXPECT_EQ(one.peek<std::uint32_t>(at), 2 * kTurns) << "inc";
            EXPECT_EQ(one.peek<std::uint32_t>(at + 4), 6 * kTurns) << "xadd";
            EXPECT_EQ(one.peek<std::uint32_t>(at + 8), 2 * kTurns) << "cmpxchg";
            EXPECT_EQ(one.peek<std::uint32_t>(at + 16), 2 * kTurns) << "cmpxchg8b";
            EXPECT_EQ(one.peek<std::uint32_t>(at + 20), 4 * kTurns) << "cmpxchg8b";
            EXPECT_EQ(one.peek<std::uint32_t>(at + 28), 2 * kTurns) << "bts";
            EXPECT_EQ(one.peek<std::uint32_t>(at + 36), 2 * kTurns) << "xchg";
            EXPECT_EQ(one.peek<std::uint16_t>(at + 40), static_cast<std::uint16_t>(-2 * kTurns)) << "sub";
        }
    }
}

// --- A processor that sleeps ---

// It is woken by an NMI, and runs the functions once more.
TEST_P(SecondProcessor, ASleeperFindsEverythingChanged)
{
    constexpr std::uint32_t kCount = 1500; // more than is listed for it
    constexpr std::uint32_t kHandler = 0x15000;
    for (const Kind kind : {Kind::Kernel64, Kind::Kernel32}) {
        make(kind);
        if (kind == Kind::Kernel64) {
            one.poke(kIdt + 2 * 16u, gate(kLong0, kHandler, kInterruptGate, 0));
        } else {
            one.set_idt(2, gate(kCode0, kHandler, kInterruptGate, 0));
        }
        for (std::uint32_t page = 0; page < kCount; ++page) {
            put_function(one, kPages + page * 0x1000, 1);
        }
        const auto call_all = [](Assembler& a) {
            const Label again = a.newLabel();
            a.mov(x86a::edi, kPages + kEntry);
            a.xor_(x86a::esi, x86a::esi);
            a.bind(again);
            a.call(a.is32Bit() ? x86a::edi.as<x86a::Gp>() : x86a::rdi.as<x86a::Gp>());
            a.add(x86a::esi, x86a::eax);
            a.add(x86a::edi, 0x1000);
            a.cmp(x86a::edi, kPages + kEntry + kCount * 0x1000);
            a.jne(again);
            a.hlt();
        };
        code(kCode, call_all);
        code(kHandler, call_all);
        code(kOtherCode, [](Assembler& a) {
            const Label again = a.newLabel();
            a.mov(x86a::edi, kPages + 4);
            a.bind(again);
            a.mov(a.is32Bit() ? x86a::dword_ptr(x86a::edi) : x86a::dword_ptr(x86a::rdi), 2);
            a.add(x86a::edi, 0x1000);
            a.cmp(x86a::edi, kPages + 4 + kCount * 0x1000);
            a.jne(again);
            a.hlt();
        });
        const Deadline deadline{one, two};
        ASSERT_EQ(one.run(), vcpu::HaltReason::Halted);
        EXPECT_EQ(one.reg(x86::kRsi), kCount);
        ASSERT_EQ(two.run(), vcpu::HaltReason::Halted);
        one.engine().signals().raise(vcpu::Signal::Nmi);
        ASSERT_EQ(one.engine().run(), vcpu::HaltReason::Halted);
        EXPECT_EQ(one.engine().state().gpr[x86::kRsi], 2 * kCount);
    }
}

// --- Start-up ---

TEST_P(SecondProcessor, WaitsToBeStartedByAnother)
{
    constexpr std::uint8_t kVector = 0x30;
    make(Kind::Kernel32);
    one.put(std::uint32_t{kVector} << 12, {0xb8, 0x34, 0x12, 0xf4}); // mov ax, 1234h; hlt
    vcpu::CpuState waiting = vcpu::reset_state(vcpu::CpuModel::standard().signature());
    waiting.activity = vcpu::Activity::WaitForSipi;
    vcpu::Engine& engine = two.engine();
    engine.set_state(waiting);
    const Deadline deadline{one, two};
    EXPECT_EQ(engine.run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(engine.state().activity, vcpu::Activity::WaitForSipi);
    std::thread starter{[&] { engine.signals().raise_sipi(kVector); }};
    starter.join();
    EXPECT_TRUE(engine.signals().due());
    EXPECT_EQ(engine.run(), vcpu::HaltReason::Halted);
    EXPECT_EQ(engine.state().gpr[x86::kRax] & 0xffff, 0x1234u);
    EXPECT_EQ(engine.state().segment(x86::Seg::Cs).selector, kVector << 8);
}

} // namespace

} // namespace windsor::conformance
