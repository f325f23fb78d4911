// SPDX-License-Identifier: GPL-2.0-or-later
// A guest that writes memory all the time, as a program in user mode, is moved from machine to machine and from engine
// to engine while it runs: each time the target has every byte of the source.
#include "machine/memory_log.hpp"
#include "machine/stepped_machine.hpp"
#include "machine/tiny_guest.hpp"

#include <asmjit/x86.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace windsor::machine {

namespace {

namespace x = asmjit::x86;

constexpr std::uint32_t kRomBase = 0xf0000;
constexpr std::uint32_t kProtected = 0x100; // of the ROM: 32-bit code
constexpr std::uint32_t kGdt = 0x1000;
constexpr std::uint32_t kIdt = 0x2000;
constexpr std::uint32_t kTss = 0x3000;
constexpr std::uint32_t kKernelStack = 0x9000;
constexpr std::uint32_t kDirectory = 0x10000;
constexpr std::uint32_t kTicks = 0x18000;
constexpr std::uint32_t kUserStack = 0x21000;
constexpr std::uint32_t kRounds = 0x22000;  // how often the program has gone round
constexpr std::uint32_t kWritten = 0x30000; // a function that the program writes anew
constexpr std::uint32_t kField = 0x400000;  // 4 MiB that it writes to

void out(x::Assembler& a, unsigned port, unsigned value)
{
    a.mov(x::al, value);
    a.out(port, x::al);
}

void put64(x::Assembler& a, std::uint32_t at, std::uint64_t value)
{
    a.mov(x::dword_ptr(at), static_cast<std::uint32_t>(value));
    a.mov(x::dword_ptr(at + 4), static_cast<std::uint32_t>(value >> 32));
}

void load_table(x::Assembler& a, std::uint32_t base, std::uint32_t limit, bool interrupts)
{
    a.mov(x::word_ptr(0x900), limit);
    a.mov(x::dword_ptr(0x902), base);
    interrupts ? a.lidt(x::ptr(0x900)) : a.lgdt(x::ptr(0x900));
}

void make_tables(x::Assembler& a, asmjit::Label ticker)
{
    constexpr std::array<std::uint64_t, 6> kDescriptors{
        0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00cffb000000ffff, 0x00cff3000000ffff,
        0x0000890000000067 | std::uint64_t{kTss} << 16};
    for (std::uint32_t i = 0; i < kDescriptors.size(); ++i) {
        put64(a, kGdt + 8 * i, kDescriptors[i]);
    }
    load_table(a, kGdt, 8 * kDescriptors.size() - 1, false);
    a.lea(x::eax, x::ptr(ticker));
    a.mov(x::word_ptr(kIdt + 8 * 0x20), x::ax);
    a.shr(x::eax, 16);
    a.mov(x::word_ptr(kIdt + 8 * 0x20 + 6), x::ax);
    a.mov(x::dword_ptr(kIdt + 8 * 0x20 + 2), 0x8e000008);
    load_table(a, kIdt, 0x7ff, true);
    a.mov(x::dword_ptr(kTss + 4), kKernelStack);
    a.mov(x::dword_ptr(kTss + 8), 0x10);
    a.mov(x::eax, 0x28);
    a.ltr(x::ax);
}

// 16 MiB one to one, for everyone.
void turn_paging_on(x::Assembler& a)
{
    const auto entry = a.newLabel();
    a.mov(x::edi, kDirectory + 0x1000);
    a.mov(x::eax, 7);
    a.mov(x::ecx, 4096);
    a.bind(entry);
    a.stosd();
    a.add(x::eax, 0x1000);
    a.dec(x::ecx);
    a.jnz(entry);
    for (std::uint32_t i = 0; i < 4; ++i) {
        a.mov(x::dword_ptr(kDirectory + 4 * i), kDirectory + 0x1000 * (i + 1) + 7);
    }
    a.mov(x::eax, kDirectory);
    a.mov(x::cr3, x::eax);
    a.mov(x::eax, x::cr0);
    a.or_(x::eax, 0x80010000);
    a.mov(x::cr0, x::eax);
}

// A thousand ticks a second.
void start_timer(x::Assembler& a)
{
    for (const auto& [port, value] : {std::pair{0x20u, 0x11u}, {0x21u, 0x20u}, {0x21u, 4u}, {0x21u, 1u}, {0xa0u, 0x11u},
                                      {0xa1u, 0x28u}, {0xa1u, 2u}, {0xa1u, 1u}, {0x21u, 0xfeu}, {0xa1u, 0xffu},
                                      {0x43u, 0x34u}, {0x40u, 0xa9u}, {0x40u, 0x04u}}) {
        out(a, port, value);
    }
}

void enter_user_mode(x::Assembler& a, asmjit::Label program)
{
    a.mov(x::eax, 0x23);
    for (const auto& segment : {x::ds, x::es}) {
        a.mov(segment, x::ax);
    }
    a.push(0x23);
    a.push(kUserStack);
    a.push(0x202);
    a.push(0x1b);
    a.lea(x::eax, x::ptr(program));
    a.push(x::eax);
    a.iretd();
}

// Stores of many kinds all over the field, strings, the stack, and code.
void write_program(x::Assembler& a)
{
    const auto again = a.newLabel();
    const auto function = a.newLabel();
    const auto rarely = a.newLabel();
    a.mov(x::esi, 1);
    a.bind(again);
    a.imul(x::esi, x::esi, 1664525);
    a.add(x::esi, 1013904223);
    a.mov(x::edi, x::esi);
    a.shr(x::edi, 8);
    a.and_(x::edi, 0x3ffffc);
    a.mov(x::dword_ptr(x::edi, kField), x::esi);
    a.add(x::dword_ptr(x::edi, kField + 2), x::esi);
    a.call(function);
    a.inc(x::dword_ptr(kRounds));
    a.test(x::byte_ptr(kRounds), 0xff);
    a.jz(rarely);
    a.jmp(again);
    a.bind(function);
    a.push(x::esi);
    a.push(x::edi);
    a.pop(x::eax);
    a.pop(x::eax);
    a.ret();
    a.bind(rarely);
    a.add(x::edi, kField);
    a.mov(x::eax, x::esi);
    a.mov(x::ecx, 50);
    a.rep().stosd();
    a.mov(x::byte_ptr(kWritten), 0xb8); // mov eax, esi's value; ret
    a.mov(x::dword_ptr(kWritten + 1), x::esi);
    a.mov(x::byte_ptr(kWritten + 5), 0xc3);
    a.mov(x::ecx, kWritten);
    a.call(x::ecx);
    a.xor_(x::dword_ptr(kRounds + 8), x::eax);
    a.jmp(again);
}

std::vector<std::uint8_t> protected_code()
{
    asmjit::CodeHolder holder;
    holder.init(asmjit::Environment(asmjit::Arch::kX86), kRomBase + kProtected);
    x::Assembler a{&holder};
    const auto ticker = a.newLabel();
    const auto program = a.newLabel();
    a.mov(x::eax, 0x10);
    for (const auto& segment : {x::ds, x::es, x::ss}) {
        a.mov(segment, x::ax);
    }
    a.mov(x::esp, kKernelStack);
    a.cld();
    make_tables(a, ticker);
    turn_paging_on(a);
    start_timer(a);
    enter_user_mode(a, program);
    a.bind(ticker);
    a.push(x::eax);
    a.inc(x::dword_ptr(kTicks));
    out(a, 0x20, 0x20);
    a.pop(x::eax);
    a.iretd();
    a.bind(program);
    write_program(a);
    holder.flatten();
    holder.resolveUnresolvedLinks();
    holder.relocateToBase(kRomBase + kProtected);
    std::vector<std::uint8_t> bytes(holder.codeSize());
    holder.copyFlattenedData(bytes.data(), bytes.size());
    return bytes;
}

class MovingGuest : public testing::Test {
protected:
    void SetUp() override
    {
        if (!std::filesystem::exists(MachineSpec{}.vga_bios)) {
            GTEST_SKIP() << "Debian's package seabios is not installed";
        }
        // cli; lgdt cs:[80h]; cr0 |= 1; jmp 8:protected
        firmware_.code({0xfa, 0x2e, 0x66, 0x0f, 0x01, 0x16, 0x80, 0x00, 0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0,
                        0x66, 0xea, 0x00, 0x01, 0x0f, 0x00, 0x08, 0x00});
        firmware_.put(0x80, {0x17, 0x00, 0x88, 0x00, 0x0f, 0x00});
        firmware_.put(0x88,
                      {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0, 0x93, 0xcf, 0});
        std::size_t at = kProtected;
        for (const std::uint8_t byte : protected_code()) {
            firmware_.put(at++, {byte});
        }
        bios_ = firmware_.write();
    }

    std::unique_ptr<Machine> make(engines::Type engine)
    {
        return Machine::create({.memory = 16 * kMiB, .engine = engine, .apic = false, .bios = bios_}, log_,
                               [](Event) {})
            .value();
    }
    static void run_a_while(Machine& machine)
    {
        machine.resume();
        std::this_thread::sleep_for(std::chrono::milliseconds{30}); // how much it writes meanwhile does not matter
    }
    static std::vector<std::uint8_t> save(Machine& machine)
    {
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin().has_value());
        EXPECT_TRUE(machine.save(writer).has_value());
        return output.bytes;
    }
    // What a running machine sends, with so many passes while it runs. It stands still afterwards.
    static std::vector<std::uint8_t> send(Machine& machine, unsigned passes)
    {
        state::MemoryOutput output;
        state::StreamWriter writer{output};
        EXPECT_TRUE(writer.begin().has_value());
        EXPECT_TRUE(machine.save_needs(writer).has_value());
        machine.pause();
        const auto log = machine.log_memory();
        EXPECT_GT(log->pages(), 0u);
        for (unsigned pass = 0; pass < passes; ++pass) {
            machine.resume();
            EXPECT_TRUE(log->send(writer).has_value());
            std::this_thread::sleep_for(std::chrono::milliseconds{pass});
            machine.pause();
            log->collect();
        }
        EXPECT_TRUE(machine.save_devices(writer).has_value());
        EXPECT_TRUE(log->send(writer).has_value());
        EXPECT_EQ(log->pages(), 0u);
        EXPECT_TRUE(writer.end().has_value());
        return output.bytes;
    }
    static base::Status receive(Machine& machine, std::span<const std::uint8_t> bytes)
    {
        state::MemoryInput input{bytes};
        state::StreamReader reader{input};
        WINDSOR_TRY(reader.begin());
        const auto record = WINDSOR_TRY(reader.next());
        Needs needs;
        WINDSOR_TRY(state::read_object(*record, needs));
        WINDSOR_TRY(machine.restore(needs, reader));
        return {};
    }
    static std::uint64_t counter(const Machine& machine, std::string_view name)
    {
        const auto counters = machine.counters();
        const auto found = std::ranges::find(counters, name, &vcpu::Counter::name);
        return found != counters.end() ? found->value : 0;
    }

    base::Log log_{base::Log::discard()};
    TinyFirmware firmware_;
    std::string bios_;
};

TEST_F(MovingGuest, WritesAllTheTime)
{
    const auto machine = make(engines::Type::Translate);
    run_a_while(*machine);
    machine->pause();
    const auto before = save(*machine);
    run_a_while(*machine);
    machine->pause();
    EXPECT_NE(difference(before, save(*machine)), "");
    for (unsigned i = 0; i < 200 && counter(*machine, "window_pages_mapped") == 0; ++i) {
        run_a_while(*machine);
    }
    machine->pause();
    EXPECT_GT(counter(*machine, "window_pages_mapped"), 0u) << "it is worth a window";
}

TEST_F(MovingGuest, LosesNothing)
{
    constexpr std::array kEngines{engines::Type::Translate, engines::Type::Emulate, engines::Type::Translate};
    auto machine = make(engines::Type::Translate);
    std::uint64_t windows = 0;
    for (unsigned move = 0; move < 12; ++move) {
        run_a_while(*machine);
        run_a_while(*machine);
        const auto sent = send(*machine, 1 + move % 6);
        windows += counter(*machine, "windows_made");
        auto other = make(kEngines[move % kEngines.size()]);
        const auto received = receive(*other, sent);
        ASSERT_TRUE(received.has_value()) << received.error().message();
        ASSERT_EQ(difference(save(*machine), save(*other)), "") << "move " << move;
        machine = std::move(other);
    }
    EXPECT_GT(windows, 0u);
}

// A source that goes on has nothing of it left.
TEST_F(MovingGuest, GoesOnWhereItIs)
{
    auto machine = make(engines::Type::Translate);
    run_a_while(*machine);
    static_cast<void>(send(*machine, 2));
    run_a_while(*machine);
    const auto sent = send(*machine, 2);
    auto other = make(engines::Type::Translate);
    ASSERT_TRUE(receive(*other, sent).has_value());
    EXPECT_EQ(difference(save(*machine), save(*other)), "");
    const auto before = save(*machine);
    run_a_while(*machine);
    machine->pause();
    EXPECT_NE(difference(before, save(*machine)), "");
}

// Memory that was never touched costs nothing.
TEST_F(MovingGuest, SendsNoMemoryThatWasNeverTouched)
{
    const auto machine = make(engines::Type::Emulate);
    const auto log = machine->log_memory();
    EXPECT_LT(log->pages(), machine->saved_bytes() / memory::kPageSize);
}

} // namespace

} // namespace windsor::machine
