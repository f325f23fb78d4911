// SPDX-License-Identifier: GPL-2.0-or-later
// A pair runs a random program on the interpreter and on the translator, and says how they differ.
#pragma once

#include "translate/fuzz/machine.hpp"

#include <cstdint>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace windsor::translate::fuzzing {

// A budget is told of every instruction. It ends a run after a number of them, of which a repeated instruction counts
// as one. It also ends a run at an instruction that stores where the last x87 instruction was, because translation does
// not keep that. The processor stops before an event happens: if the event changed memory in the middle of an
// instruction, the bytes before the change and those after it would both be right.
class Budget final : public emulate::TraceSink {
public:
    static constexpr unsigned kMost = 1000;

    enum class Events : std::uint8_t { None, AfterEach16 };
    Budget(vcpu::Engine& engine, Events events) : engine_{engine}, events_{events} {}
    void instruction(const vcpu::CpuState& state, const emulate::Insn& insn) override
    {
        const std::uint64_t repeating = insn.rep != emulate::RepPrefix::None ? state.rip + 1 : 0;
        const bool goes_on = repeating != 0 && repeating == repeating_;
        repeating_ = repeating;
        stored_place_ = stored_place_ || stores_place(insn.mnemonic);
        if (goes_on) {
            return;
        }
        ++count_;
        event_due_ = event_due_ || (events_ == Events::AfterEach16 && count_ % 16 == 15);
        // A repeated instruction is not stopped for an event, because the engines may do different numbers of its
        // pieces before they stop.
        stopped_for_event_ = event_due_ && repeating == 0;
        if (used_up() || stored_place_ || stopped_for_event_) {
            engine_.signals().raise(vcpu::Signal::Stop);
        }
    }
    // Tells whether the processor has stopped because an event is due, and forgets that it is.
    bool take_event()
    {
        if (used_up() || stored_place_ || !stopped_for_event_) {
            return false;
        }
        event_due_ = false;
        return std::exchange(stopped_for_event_, false);
    }
    bool stored_place() const { return stored_place_; }
    bool used_up() const { return count_ >= kMost; }

private:
    static bool stores_place(std::uint16_t mnemonic)
    {
        switch (mnemonic) {
        case ZYDIS_MNEMONIC_FNSTENV:
        case ZYDIS_MNEMONIC_FNSAVE:
        case ZYDIS_MNEMONIC_FXSAVE:
        case ZYDIS_MNEMONIC_FXSAVE64:
        case ZYDIS_MNEMONIC_XSAVE:
        case ZYDIS_MNEMONIC_XSAVE64:
            return true;
        default:
            return false;
        }
    }

    vcpu::Engine& engine_;
    Events events_;
    bool event_due_{false};
    bool stopped_for_event_{false};
    unsigned count_{0};
    std::uint64_t repeating_{0};
    bool stored_place_{false};
};

inline std::unique_ptr<vcpu::Engine> make_interpreter(const vcpu::EngineParts& parts)
{
    return std::make_unique<emulate::Interpreter>(parts);
}

// Makes a translator that gives an address space a window at once, and has as little memory for code as there can be.
// Every block is verified, and a violation ends the fuzz target.
inline std::unique_ptr<vcpu::Engine> make_translator(const vcpu::EngineParts& parts)
{
    const auto end = [](const std::string& what) {
        static_cast<void>(std::fprintf(stderr, "%s\n", what.c_str()));
        __builtin_trap();
    };
    Options options{.code_bytes = std::size_t{1} << 20, .windows = {.most = 1, .warm = 0, .tick = 0}};
    options.verify = true;
    options.on_violation = end;
    return Translator::create(parts, options).value();
}

// Returns a program for user mode in 32 bits, after which the translator has its window.
inline std::vector<std::uint8_t> first_program()
{
    std::vector<std::uint8_t> bytes(2 + 3 * x86::kGprCount + 8);
    bytes[2 + 3 * x86::kGprCount] = 1;
    return bytes;
}

class Pair {
public:
    Pair()
        : interpreter_{make_interpreter}, translator_{make_translator},
          interpreter_engine_{static_cast<emulate::Interpreter&>(*interpreter_.engine)},
          translator_engine_{static_cast<Translator&>(*translator_.engine)}
    {
    }

    // Runs a program on both engines. Returns how they end differently, or nothing if they end alike.
    std::string play(const Program& program);
    Translator& translator() { return translator_engine_; }

private:
    const Image& image_of(const World& world)
    {
        const auto key = std::tuple{world.kind, world.paging, world.tables};
        const auto known = images_.find(key);
        return known != images_.end() ? known->second : images_.emplace(key, make_image(world)).first->second;
    }
    template <typename Engine>
    static vcpu::HaltReason run(Machine& machine, Engine& engine, Budget* budget, const Program& program,
                                const Image& image)
    {
        engine.set_trace(budget); // the engine also forgets all code
        machine.prepare(program, image);
        vcpu::HaltReason reason = engine.run();
        while (budget != nullptr && reason == vcpu::HaltReason::Stopped && budget->take_event()) {
            machine.harness.event();
            reason = engine.run();
        }
        return reason;
    }
    // Clears what translation is documented not to keep: where the last x87 instruction was, and after a fault the
    // arithmetic flags.
    static void forget_differences(vcpu::CpuState& state, vcpu::HaltReason reason);
    std::string differences(vcpu::HaltReason expected, vcpu::HaltReason got);

    Machine interpreter_;
    Machine translator_;
    emulate::Interpreter& interpreter_engine_;
    Translator& translator_engine_;
    std::map<std::tuple<Kind, Paging, Tables>, Image> images_;
};

inline std::string Pair::play(const Program& program)
{
    const Image& image = image_of(program.world);
    const bool steps = (program.units & units::kSteps) == units::kSteps;
    const auto events = steps ? Budget::Events::AfterEach16 : Budget::Events::None;
    Budget budget{interpreter_engine_, events};
    const vcpu::HaltReason expected = run(interpreter_, interpreter_engine_, &budget, program, image);
    if (budget.stored_place() || interpreter_.harness.flooded()) {
        return {};
    }
    // A program that comes to its end runs without a budget, in blocks of any length. One that has used its budget up,
    // or that may end differently, runs instruction by instruction.
    Budget same{translator_engine_, events};
    const bool stale = interpreter_.harness.stale();
    const bool bounded = steps || stale || budget.used_up();
    const vcpu::HaltReason got = run(translator_, translator_engine_, bounded ? &same : nullptr, program, image);
    if (stale) {
        return {};
    }
    return differences(expected, got);
}

inline void Pair::forget_differences(vcpu::CpuState& state, vcpu::HaltReason reason)
{
    state.fx.fop = 0;
    state.fx.fip = 0;
    state.fx.fdp = 0;
    state.fcs = 0;
    state.fds = 0;
    const bool in_handler = state.rip >= kEnd && state.rip < kEnd + kPage;
    if (reason != vcpu::HaltReason::Halted || in_handler) {
        state.rflags &= ~x86::rflags::kArithmetic;
    }
}

inline std::string Pair::differences(vcpu::HaltReason expected, vcpu::HaltReason got)
{
    vcpu::CpuState a = interpreter_engine_.state();
    vcpu::CpuState b = translator_engine_.state();
    forget_differences(a, expected);
    forget_differences(b, got);
    std::string text;
    const auto say = [&](std::string_view what, std::uint64_t right, std::uint64_t wrong) {
        if (right != wrong) {
            text += fmt::format("{}: {:#x} in the translator, {:#x} in the interpreter\n", what, wrong, right);
        }
    };
    say("ended by", static_cast<std::uint64_t>(expected), static_cast<std::uint64_t>(got));
    if (!(a == b)) {
        constexpr std::array<const char*, 16> kNames{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                                     "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            say(kNames[i], a.gpr[i], b.gpr[i]);
        }
        say("rip", a.rip, b.rip);
        say("rflags", a.rflags, b.rflags);
        say("cr0", a.cr0, b.cr0);
        say("cr2", a.cr2, b.cr2);
        say("cr3", a.cr3, b.cr3);
        say("cs", a.segment(x86::Seg::Cs).selector, b.segment(x86::Seg::Cs).selector);
        say("dr6", a.dr6, b.dr6);
        say("fsw", a.fx.fsw, b.fx.fsw);
        say("fcw", a.fx.fcw, b.fx.fcw);
        say("ftw", a.fx.ftw, b.fx.ftw);
        say("mxcsr", a.fx.mxcsr, b.fx.mxcsr);
        say("x87 registers that differ", 0, a.fx.st != b.fx.st);
        say("vector registers that differ", 0, a.fx.xmm != b.fx.xmm || a.ymm_high != b.ymm_high);
        text += "the state differs\n";
    }
    if (interpreter_.harness.accesses != translator_.harness.accesses) {
        text += "accesses to devices differ\n";
    }
    const std::span<std::uint8_t> right = interpreter_.bytes();
    const std::span<std::uint8_t> wrong = translator_.bytes();
    if (std::memcmp(right.data(), wrong.data(), kRam) != 0) {
        const auto at = static_cast<std::size_t>(std::ranges::mismatch(right, wrong).in1 - right.begin());
        say(fmt::format("memory at {:#x}", at), right[at], wrong[at]);
    }
    return text;
}

} // namespace windsor::translate::fuzzing
