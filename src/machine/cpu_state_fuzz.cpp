// SPDX-License-Identifier: GPL-2.0-or-later
// Any values in the fields of a processor's saved state. What is not refused is what an engine says again, and the
// interpreter and the translator run from there, whatever they come upon.
#include "emulate/core/upper_halves.hpp"
#include "state/archive.hpp"
#include "state/hostile.hpp"
#include "translate/test_machine.hpp"
#include "vcpu/saved_state.hpp"
#include "vcpu/state_check.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace {

using namespace windsor;
using conformance::kCode;
using conformance::Machine;
using emulate::testing::TestMachine;
using translate::testing::TranslatorMachine;

// Ends whatever an engine runs: a guest that has been given nonsense may run in circles.
class Stopper {
public:
    explicit Stopper(std::vector<vcpu::Engine*> engines)
        : thread_{[engines = std::move(engines)](const std::stop_token& stop) {
              while (!stop.stop_requested()) {
                  std::this_thread::sleep_for(std::chrono::milliseconds{1});
                  for (vcpu::Engine* engine : engines) {
                      engine->signals().raise(vcpu::Signal::Stop);
                  }
              }
          }}
    {
    }

private:
    std::jthread thread_;
};

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
    std::span<const std::uint8_t> rest() const { return bytes_; }
    std::uint64_t take(unsigned count)
    {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < count && !bytes_.empty(); ++i) {
            value |= std::uint64_t{bytes_.front()} << 8 * i;
            bytes_ = bytes_.subspan(1);
        }
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

void change(state::Value& value, Input& input)
{
    if (value.type == state::Type::Bytes) {
        for (std::uint8_t& byte : value.bytes) {
            byte = static_cast<std::uint8_t>(input.take(1));
        }
        return;
    }
    const auto how = static_cast<unsigned>(input.take(1));
    const std::uint64_t number = input.take(1 + how % 8);
    switch (how >> 6) {
    case 0: value.number = number; break;
    case 1: value.number ^= std::uint64_t{1} << number % 64; break;
    case 2: value.number = ~number; break;
    default: value.number += number - 0x80; break;
    }
}

// What is read of a changed record; nothing if it is refused.
std::optional<vcpu::CpuState> forged(const vcpu::CpuState& from, const vcpu::CpuModel& model, unsigned changes,
                                     Input& input)
{
    state::Value record = state::pack(from);
    std::vector<state::Leaf> leaves;
    state::collect_leaves(record, "state", leaves);
    for (unsigned i = 0; i < changes; ++i) {
        change(*leaves[input.take(2) % leaves.size()].value, input);
    }
    vcpu::CpuState state;
    const auto read = state::decode(state::encode(record));
    if (!read || !state::unpack(*read, "processor0", state) || !vcpu::check_state(state, model)) {
        return std::nullopt;
    }
    return state;
}

// Memory as at the start, all of it, and no instructions in the engine of what was there before.
void begin(Machine& machine)
{
    std::memset(machine.ram->data(), 0, conformance::kRam);
    machine.reset();
    for (std::uint64_t page = 0; page < conformance::kRam; page += memory::kPageSize) {
        machine.memory.written(base::GuestPhysical{page});
    }
}

// Outside 64-bit mode the upper halves of the general registers are undefined, and engines clear them.
vcpu::CpuState as_held(vcpu::CpuState state)
{
    if ((state.efer & x86::efer::kLma) == 0 || !state.segment(x86::Seg::Cs).attributes.l) {
        emulate::clear_upper_halves(state);
    }
    return state;
}

void run(Machine& machine, const vcpu::CpuState& state, std::span<const std::uint8_t> code)
{
    for (const std::uint64_t at : {kCode, state.rip % (conformance::kStack - 256)}) {
        std::ranges::copy(code.first(std::min<std::size_t>(code.size(), 256)), machine.at(at));
        machine.memory.written(base::GuestPhysical{at});
    }
    machine.io.interrupt = base::Vector{0x40};
    machine.engine->set_state(state);
    if (machine.engine->state() != as_held(state)) {
        std::abort();
    }
    static_cast<void>(machine.engine->run());
    // Whatever it has come to is a state that is taken.
    const vcpu::CpuState end = machine.engine->state();
    if (const auto checked = vcpu::check_state(end, machine.model); !checked) {
        static_cast<void>(std::fprintf(stderr, "%s\n", checked.error().message().c_str()));
        std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static TestMachine interpreter;
    static TranslatorMachine translator{{.code_bytes = translate::testing::kUsualCode,
                                         .verify = true,
                                         .on_violation = [](const std::string&) { std::abort(); }}};
    static Stopper stopper{{interpreter.engine.get(), translator.engine.get()}};
    if (size < 8) {
        return 0;
    }
    Input input{{data, size}};
    const auto choice = static_cast<unsigned>(input.take(1));
    std::optional<vcpu::CpuState> state;
    const Input choices = input;
    for (Machine* machine : {static_cast<Machine*>(&interpreter), static_cast<Machine*>(&translator)}) {
        begin(*machine);
        const vcpu::CpuState from = choice % 3 == 0   ? machine->real()
                                    : choice % 3 == 1 ? machine->flat32()
                                                      : machine->flat64();
        input = choices;
        state = forged(from, machine->model, 1 + choice / 3 % 8, input);
        if (!state) {
            return 0;
        }
        run(*machine, *state, input.rest());
    }
    return 0;
}
