// SPDX-License-Identifier: GPL-2.0-or-later
// This is the test machine with the translator in it, and a comparison of what a program leaves on both engines.
#pragma once

#include "emulate/test_machine.hpp"
#include "translate/run/translator.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

namespace windsor::translate::testing {

using conformance::kCode;
using conformance::kData;
using conformance::kHandlers;
using conformance::kIdt;
using conformance::kRam;
using conformance::kStack;
using conformance::kTables;
using conformance::Machine;

constexpr std::size_t kUsualCode = std::size_t{1} << 20;

// In tests every block is verified, and a violation is a failure. Blocks are not verified if a test puts code into them
// that may not be there, unless it asks for the violations.
inline Options verified(Options options)
{
    options.verify = options.nop.empty() || options.on_violation != nullptr;
    if (options.on_violation != nullptr) {
        return options;
    }
    options.on_violation = [](const std::string& what) { ADD_FAILURE() << what; };
    return options;
}

class TranslatorMachine : public Machine {
public:
    explicit TranslatorMachine(const Options& options = {.code_bytes = kUsualCode})
        : Machine{[&](const vcpu::EngineParts& parts) { return Translator::create(parts, verified(options)).value(); }},
          cpu{static_cast<Translator&>(*engine)}
    {
    }

    std::uint64_t counter(std::string_view name) const
    {
        for (const vcpu::Counter& counter : cpu.counters()) {
            if (counter.name == name) {
                return counter.value;
            }
        }
        ADD_FAILURE() << "no counter " << name;
        return 0;
    }

    Translator& cpu;
};

// Tests of 64-bit code may have further handlers here.
constexpr std::uint64_t kOwnHandlers = 0x6000;

inline void set_gate64(Machine& m, unsigned vector, std::uint64_t handler, unsigned ist = 0, unsigned dpl = 0)
{
    m.put<std::uint64_t>(kIdt + 16 * vector, (handler & 0xffff) | 0x80000 | std::uint64_t{ist} << 32 |
                                                 (0x8e00ull | dpl << 13) << 32 | (handler >> 16 & 0xffff) << 48);
    m.put<std::uint64_t>(kIdt + 16 * vector + 8, handler >> 32);
}

// Returns the address of a value in assembled code.
template <typename T> std::uint64_t find_in_code(Machine& m, std::uint64_t from, T value)
{
    for (std::uint64_t at = from; at < from + 0x2000; ++at) {
        if (m.get<T>(at) == value) {
            return at;
        }
    }
    ADD_FAILURE() << "the value is not in the code";
    return from;
}

// Clears where the last x87 instruction was, which translation does not keep.
inline void forget_x87_pointers(vcpu::CpuState& state)
{
    state.fx.fop = 0;
    state.fx.fip = 0;
    state.fx.fdp = 0;
    state.fcs = 0;
    state.fds = 0;
}

// Compares the states in which two engines end.
inline void expect_same_state(const vcpu::CpuState& expected, const vcpu::CpuState& got)
{
    for (unsigned i = 0; i < x86::kGprCount; ++i) {
        EXPECT_EQ(got.gpr[i], expected.gpr[i]) << "general register " << i;
    }
    EXPECT_EQ(got.rip, expected.rip);
    EXPECT_EQ(got.rflags, expected.rflags);
    EXPECT_EQ(got.cr2, expected.cr2);
    EXPECT_EQ(got.fx.mxcsr, expected.fx.mxcsr);
    EXPECT_EQ(got.fx.fsw, expected.fx.fsw);
    EXPECT_EQ(got.fx.fcw, expected.fx.fcw);
    EXPECT_EQ(got.fx.ftw, expected.fx.ftw);
    EXPECT_EQ(got.fx.st, expected.fx.st);
    EXPECT_EQ(got.fx.xmm, expected.fx.xmm);
    vcpu::CpuState a = expected;
    vcpu::CpuState b = got;
    forget_x87_pointers(a);
    forget_x87_pointers(b);
    EXPECT_TRUE(a == b) << "the rest of the state";
}

inline void expect_same_memory(Machine& expected, Machine& got)
{
    if (std::memcmp(expected.at(0), got.at(0), kRam) == 0) {
        return;
    }
    for (std::uint64_t at = 0; at < kRam; ++at) {
        if (*expected.at(at) != *got.at(at)) {
            FAIL() << "memory at " << std::hex << at << ": " << unsigned{*got.at(at)} << ", not "
                   << unsigned{*expected.at(at)};
        }
    }
}

// Prepares a program in both machines, runs it in both, and compares all that it leaves.
inline void expect_same(Machine& interpreter, Machine& translator,
                        const std::function<vcpu::CpuState(Machine&)>& prepare)
{
    const vcpu::HaltReason expected = interpreter.run(prepare(interpreter));
    const vcpu::HaltReason got = translator.run(prepare(translator));
    EXPECT_EQ(got, expected);
    expect_same_state(interpreter.engine->state(), translator.engine->state());
    expect_same_memory(interpreter, translator);
}

} // namespace windsor::translate::testing
