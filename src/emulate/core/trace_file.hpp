// SPDX-License-Identifier: GPL-2.0-or-later
// An execution trace as a text file, for tools/compare-traces.
#pragma once

#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "emulate/core/trace.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace windsor::emulate {

// A line for each instruction before it runs. Repeated string instructions, which engines run in pieces of different
// size, have one line for all pieces that follow one another.
class TraceFile final : public TraceSink {
public:
    static constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};

    // Empties the file if it is an older trace; refuses one that is anything else. The trace ends behind `limit` lines,
    // which are not zero. `log` hears of the first error of writing, which ends the trace too, and outlives this.
    static base::Result<std::unique_ptr<TraceFile>> create(const std::string& path, std::uint64_t limit,
                                                           base::Log& log);
    ~TraceFile() override;

    void instruction(const vcpu::CpuState& state, const Insn& insn) override;
    void flush() override { write_out(); }

private:
    TraceFile(base::Fd file, std::string path, std::uint64_t limit, base::Log& log);
    void write_out();

    base::Fd file_; // none: the trace has ended
    std::string path_;
    std::uint64_t left_;
    base::Log& log_;
    fmt::memory_buffer text_;
    std::uint64_t repeating_{0}; // where a repeated instruction was the last to be told of, plus one; 0: it was not
};

} // namespace windsor::emulate
