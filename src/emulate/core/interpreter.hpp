// SPDX-License-Identifier: GPL-2.0-or-later
// The interpreter as an engine.
#pragma once

#include "emulate/core/cpu.hpp"
#include "vcpu/engine.hpp"

#include <memory>
#include <string>

namespace windsor::emulate {

// Complete and plain: the reference for the other engines. Starts in the state after RESET.
class Interpreter final : public vcpu::Engine {
public:
    explicit Interpreter(const vcpu::EngineParts& parts) : vcpu::Engine{parts.signals}, cpu_{parts} {}

    vcpu::HaltReason run() override { return cpu_.run(); }

    vcpu::CpuState state() const override { return cpu_.s; }
    void set_state(const vcpu::CpuState& state) override;

    void set_a20(bool open) override { cpu_.set_a20(open); }

    vcpu::Statistics statistics() const override { return cpu_.statistics_; }
    std::vector<vcpu::Counter> counters() const override { return {}; }
    const std::string& failure() const override { return failure_; }

    // Is told of every instruction; null for none. Not while run() runs.
    void set_trace(TraceSink* sink) { cpu_.set_trace(sink); }
    Cpu& cpu() { return cpu_; }

private:
    Cpu cpu_;
    std::string failure_;
};

} // namespace windsor::emulate
