// SPDX-License-Identifier: GPL-2.0-or-later
// Random bytes as guest code in every mode: nothing may crash, hang or touch what is not the guest's.
#include "emulate/core/trace.hpp"
#include "emulate/test_machine.hpp"

#include <algorithm>

namespace {

using namespace windsor;
using conformance::kCode;
using emulate::testing::TestMachine;

// Ends a run after a number of instructions.
class Budget final : public emulate::TraceSink {
public:
    explicit Budget(emulate::Interpreter& cpu) : cpu_{cpu} {}
    void instruction(const vcpu::CpuState&, const emulate::Insn&) override
    {
        if (++count_ >= 500) {
            cpu_.signals().raise(vcpu::Signal::Stop);
        }
    }

private:
    emulate::Interpreter& cpu_;
    unsigned count_{0};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 16) {
        return 0;
    }
    // Making a machine costs far more than running a few hundred bytes in it.
    static TestMachine machine;
    machine.reset();
    const std::uint8_t choice = data[0];
    vcpu::CpuState state = choice % 3 == 0 ? machine.real() : choice % 3 == 1 ? machine.flat32() : machine.flat64();
    state.rip = choice % 3 == 0 ? 0x5ff8 : kCode + 0xff8; // so that some code crosses a page
    for (unsigned i = 0; i < 8; ++i) {
        state.gpr[i] = std::uint64_t{data[1 + i]} << (data[9 + i % 4] % 40);
    }
    state.rflags |= (choice & 0x40) != 0 ? x86::rflags::kIf : 0;
    if ((choice & 0x20) != 0) {
        state.cr4 |= x86::cr4::kOsfxsr | x86::cr4::kOsxsave;
        state.xcr0 = x86::xcr0::kX87 | x86::xcr0::kSse | x86::xcr0::kAvx;
    }
    machine.io.interrupt = base::Vector{0x40};
    const std::size_t count = std::min<std::size_t>(size - 16, 256);
    std::copy_n(data + 16, count, machine.at(state.rip));
    machine.cpu.set_state(state);
    if ((choice & 0x80) != 0) {
        machine.signals.raise(vcpu::Signal::Interrupt);
    }
    Budget budget{machine.cpu};
    machine.cpu.set_trace(&budget);
    machine.cpu.run();
    machine.cpu.set_trace(nullptr);
    return 0;
}
