// SPDX-License-Identifier: GPL-2.0-or-later
// Random bytes as guest code: the translator has to end in the state in which the interpreter ends.
#include "emulate/test_machine.hpp"
#include "emulate/trace.hpp"
#include "translate/translator.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>

#include <Zydis/Zydis.h>

namespace {

using namespace windsor;
using namespace windsor::emulate::testing;
using vcpu::HaltReason;
using windsor::x86::Seg;

constexpr unsigned kBudget = 400; // instructions
constexpr std::size_t kMostMmio = 4096; // accesses: a repeated instruction can make any number
constexpr std::size_t kMostCode = 256;
constexpr std::size_t kHeader = 2 + 2 * windsor::x86::kGprCount;
constexpr std::uint64_t kTss = 0x3000;
constexpr std::uint64_t kHandlerStack = kStack + 0x8000;
constexpr std::uint64_t kDataSize = 0x4000;

// What the first byte of the input chooses.
enum Choice : std::uint8_t { kWide = 1, kUser = 2, kNoSse = 4, kNoX87 = 8, kUnmasked = 16, kInMiddle = 32, kSteps = 64, kPaged = 128 };

class TranslatorMachine : public Machine {
public:
    TranslatorMachine()
        : Machine{[](const emulate::EngineParts& parts) {
              return translate::Translator::create(
                         {.memory = parts.memory, .io = parts.io, .model = parts.model, .clock = parts.clock},
                         {.code_bytes = 1 << 20, .windows = {.warm = 0, .tick = 0}})
                  .value();
          }},
          cpu{static_cast<translate::Translator&>(*engine)}
    {
    }

    translate::Translator& cpu;
};

// Ends a run after a number of instructions, the pieces of a repeated one counting once, and at one that stores where the last
// x87 instruction was, which does not survive translation.
class Budget final : public emulate::TraceSink {
public:
    explicit Budget(vcpu::Engine& engine) : engine_{engine} {}
    void instruction(const vcpu::CpuState& state, const emulate::Insn& insn) override
    {
        const std::uint64_t repeating = insn.rep != emulate::RepPrefix::None ? state.rip + 1 : 0;
        const bool goes_on = repeating != 0 && repeating == repeating_;
        repeating_ = repeating;
        if ((!goes_on && ++count_ >= kBudget) || stores_place(insn.mnemonic)) {
            engine_.raise(vcpu::Signal::Stop);
            stored_place_ = stored_place_ || stores_place(insn.mnemonic);
        }
    }
    bool stored_place() const { return stored_place_; }

private:
    static bool stores_place(std::uint16_t mnemonic)
    {
        switch (mnemonic) {
        case ZYDIS_MNEMONIC_FNSTENV:
        case ZYDIS_MNEMONIC_FNSAVE:
        case ZYDIS_MNEMONIC_FXSAVE:
        case ZYDIS_MNEMONIC_FXSAVE64: return true;
        default: return false;
        }
    }

    vcpu::Engine& engine_;
    unsigned count_{0};
    std::uint64_t repeating_{0};
    bool stored_place_{false};
};

// Handlers have a stack of their own: the guest's may be anywhere.
void set_handlers(Machine& m, vcpu::CpuState& state, bool wide)
{
    state.tr = {.selector = 0x28, .base = kTss, .limit = 0x67, .attributes = windsor::x86::Attributes::from_word(0x8b)};
    if (wide) {
        m.put<std::uint64_t>(kTss + 4, kHandlerStack);
        m.put<std::uint64_t>(kTss + 0x24, kHandlerStack);
        for (unsigned vector = 0; vector < 256; ++vector) {
            m.put<std::uint64_t>(kIdt + 16 * vector, m.get<std::uint64_t>(kIdt + 16 * vector) | 1ull << 32);
        }
    } else {
        m.put<std::uint32_t>(kTss + 4, kHandlerStack);
        m.put<std::uint32_t>(kTss + 8, 0x10);
    }
    m.put<std::uint64_t>(kGdt + 0x18, wide ? 0x00affb000000ffff : 0x00cffb000000ffff);
    m.put<std::uint64_t>(kGdt + 0x20, 0x00cff3000000ffff);
}

void become_user(vcpu::CpuState& state, bool wide)
{
    for (windsor::x86::Segment& segment : state.segments) {
        segment.selector = 0x23;
        segment.attributes = windsor::x86::Attributes::from_word(0xc0f3);
    }
    state.segment(Seg::Cs).selector = 0x1b;
    state.segment(Seg::Cs).attributes = windsor::x86::Attributes::from_word(wide ? 0xa0fb : 0xc0fb);
}

std::uint64_t noise(std::uint64_t number)
{
    number = (number + 1) * 0x9e3779b97f4a7c15;
    return number ^ number >> 29;
}

// Small numbers, large ones, and places in the data and on the stack.
std::uint64_t register_value(std::uint16_t bits)
{
    const std::uint64_t low = bits & 0x3fff;
    switch (bits >> 14) {
    case 0: return low & 0x2000 ? ~(low & 0x1fff) : low;
    case 1: return kStack - 0x4000 + low;
    case 2: return noise(low);
    default: return kData + low;
    }
}

// Pages where they are, in two levels, of which some are read-only or the supervisor's. With them, programs in user mode
// get a window.
void set_paging(Machine& m, vcpu::CpuState& state)
{
    m.put<std::uint32_t>(kTables, static_cast<std::uint32_t>(kTables + 0x1000) | 7);
    for (std::uint32_t page = 0; page < kRam >> 12; ++page) {
        const bool guarded = page == (kData >> 12) + 2 || page == (kData >> 12) + 3;
        m.put<std::uint32_t>(kTables + 0x1000 + 4 * page, page << 12 | (guarded ? (page & 1) != 0 ? 5 : 3 : 7));
    }
    state.cr3 = kTables;
    state.cr0 |= windsor::x86::cr0::kPg | windsor::x86::cr0::kWp;
}

void set_units(vcpu::CpuState& state, std::uint8_t choice)
{
    namespace cr0 = windsor::x86::cr0;
    namespace cr4 = windsor::x86::cr4;
    state.cr0 |= cr0::kNe | cr0::kMp | ((choice & kNoX87) != 0 ? cr0::kTs : 0);
    state.cr4 |= (choice & kNoSse) != 0 ? 0 : cr4::kOsfxsr | cr4::kOsxmmexcpt;
    state.fx.fcw = (choice & kUnmasked) != 0 ? 0x37b : 0x37f;
    state.fx.mxcsr = (choice & kUnmasked) != 0 ? 0x1d80 : 0x1f80;
    for (std::uint64_t i = 0; i < state.fx.xmm.size(); ++i) {
        const std::array<double, 2> values{static_cast<double>(i) / 4, 1e300};
        const std::array<std::uint64_t, 2> bits{noise(2 * i), noise(2 * i + 1)};
        std::memcpy(state.fx.xmm[i].data(), i % 2 == 0 ? static_cast<const void*>(&values) : &bits, 16);
    }
}

// The program of an input in a machine.
vcpu::CpuState prepare(Machine& m, std::span<const std::uint8_t> input)
{
    const std::uint8_t choice = input[0];
    const bool wide = (choice & kWide) != 0;
    std::memset(m.at(0), 0, kRam);
    m.reset();
    vcpu::CpuState state = wide ? m.flat64() : m.flat32();
    set_handlers(m, state, wide);
    set_units(state, choice);
    if ((choice & kUser) != 0) {
        become_user(state, wide);
    }
    if ((choice & kPaged) != 0 && !wide) {
        set_paging(m, state);
    }
    for (std::uint64_t at = 0; at < kDataSize; at += 8) {
        m.put<std::uint64_t>(kData + at, (at & 8) != 0 ? kData + at : noise(at));
    }
    for (std::size_t i = 0; i < windsor::x86::kGprCount; ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, &input[2 + 2 * i], sizeof bits);
        state.gpr[i] = register_value(bits) & (wide ? ~std::uint64_t{0} : 0xffffffff);
    }
    if (!wide) {
        std::fill(state.gpr.begin() + 8, state.gpr.end(), 0);
    }
    const std::uint64_t flags = (std::uint64_t{input[1]} << 4 | std::uint64_t{input[1]} >> 5);
    state.rflags |= flags & (windsor::x86::rflags::kArithmetic | windsor::x86::rflags::kDf);
    state.rip = (choice & kInMiddle) != 0 ? kCode + 0x800 : kCode + 0xff0; // so that some code crosses a page
    const auto code = input.subspan(kHeader);
    std::copy_n(code.begin(), std::min(code.size(), kMostCode), m.at(state.rip));
    return state;
}

// What is documented to be different: where the last x87 instruction was, and in the frame of a fault (and behind it)
// arithmetic flags that nothing would have read.
void forget_differences(Machine& m, vcpu::CpuState& state)
{
    state.fx.fop = 0;
    state.fx.fip = 0;
    state.fx.fdp = 0;
    state.fcs = 0;
    state.fds = 0;
    if (state.rip < kHandlers || state.rip >= kHandlers + 4 * 256) {
        return;
    }
    constexpr std::uint64_t kKept = ~windsor::x86::rflags::kArithmetic;
    state.rflags &= kKept;
    const std::uint64_t vector = (state.rip - kHandlers) / 4;
    const bool has_error = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
    const unsigned word = (state.efer & windsor::x86::efer::kLma) != 0 ? 8 : 4;
    const std::uint64_t at = state.gpr[windsor::x86::kRsp] + (has_error ? word : 0) + 2 * word;
    if (at + 4 <= kRam) {
        m.put<std::uint32_t>(at, m.get<std::uint32_t>(at) & static_cast<std::uint32_t>(kKept));
    }
}

void say(const char* what, std::uint64_t expected, std::uint64_t got)
{
    if (expected != got) {
        static_cast<void>(std::fprintf(stderr, "%s: %#llx, not %#llx\n", what, static_cast<unsigned long long>(got),
                                       static_cast<unsigned long long>(expected)));
    }
}

void explain(Machine& expected, const vcpu::CpuState& a, Machine& got, const vcpu::CpuState& b)
{
    constexpr std::array<const char*, 16> kNames{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                 "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        say(kNames[i], a.gpr[i], b.gpr[i]);
    }
    say("rip", a.rip, b.rip);
    say("rflags", a.rflags, b.rflags);
    say("cr2", a.cr2, b.cr2);
    say("fsw", a.fx.fsw, b.fx.fsw);
    say("ftw", a.fx.ftw, b.fx.ftw);
    say("mxcsr", a.fx.mxcsr, b.fx.mxcsr);
    say("x87 registers that differ", 0, a.fx.st != b.fx.st);
    say("vector registers that differ", 0, a.fx.xmm != b.fx.xmm);
    say("accesses to devices that differ", 0, expected.io.mmio != got.io.mmio || expected.io.written != got.io.written);
    for (std::uint64_t at = 0; at < kRam; ++at) {
        if (*expected.at(at) != *got.at(at)) {
            say("memory from", 0, at);
            say("  which holds", *expected.at(at), *got.at(at));
            break;
        }
    }
}

struct Pair {
    TestMachine interpreter;
    TranslatorMachine translator;
};

void compare(Pair& pair, HaltReason expected, HaltReason got)
{
    vcpu::CpuState a = pair.interpreter.cpu.state();
    vcpu::CpuState b = pair.translator.cpu.state();
    forget_differences(pair.interpreter, a);
    forget_differences(pair.translator, b);
    const FakeIo& io = pair.interpreter.io;
    const FakeIo& other = pair.translator.io;
    if (expected != got || !(a == b) || io.mmio != other.mmio || io.written != other.written ||
        std::memcmp(pair.interpreter.at(0), pair.translator.at(0), kRam) != 0) {
        say("ended by", static_cast<std::uint64_t>(expected), static_cast<std::uint64_t>(got));
        explain(pair.interpreter, a, pair.translator, b);
        __builtin_trap();
    }
}

// Runs with a budget, or (if that is null) to the program's end.
template <typename Engine> HaltReason run(Engine& engine, const vcpu::CpuState& state, Budget* budget)
{
    engine.set_trace(budget); // which also forgets all code
    engine.set_state(state);
    const HaltReason reason = engine.run();
    engine.set_trace(nullptr);
    return reason;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size <= kHeader) {
        return 0;
    }
    // Making a machine costs far more than running a few hundred bytes in it.
    static Pair pair;
    const std::span input{data, size};
    Budget budget{pair.interpreter.cpu};
    pair.interpreter.io.on_mmio = [] {
        if (pair.interpreter.io.mmio.size() == kMostMmio) {
            pair.interpreter.cpu.raise(vcpu::Signal::Stop);
        }
    };
    const HaltReason expected = run(pair.interpreter.cpu, prepare(pair.interpreter, input), &budget);
    if (budget.stored_place() || pair.interpreter.io.mmio.size() >= kMostMmio) {
        return 0;
    }
    // A program that comes to an end does so without a budget, in blocks of any length. The others go one by one.
    const bool bounded = expected == HaltReason::Stopped || (data[0] & kSteps) != 0;
    Budget same{pair.translator.cpu};
    const HaltReason got = run(pair.translator.cpu, prepare(pair.translator, input), bounded ? &same : nullptr);
    compare(pair, expected, got);
    return 0;
}
