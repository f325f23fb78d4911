// SPDX-License-Identifier: GPL-2.0-or-later
// Runs the same experiments on an engine: user code in long mode, with a kernel that halts at every exception.
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "conformance/comparison/test_case.hpp"
#include "conformance/engine_kind.hpp"
#include "memory/guest_memory.hpp"
#include "vcpu/cpu_model.hpp"
#include "vcpu/engine.hpp"

#include <functional>
#include <memory>

namespace windsor::conformance::comparison {

class EngineRunner {
public:
    // Fails where memory for the guest cannot be had.
    static base::Result<std::unique_ptr<EngineRunner>> create(const EngineFactory& factory);
    ~EngineRunner();
    EngineRunner(const EngineRunner&) = delete;
    EngineRunner& operator=(const EngineRunner&) = delete;

    Ending run(const TestCase& test);

private:
    class Impl;
    explicit EngineRunner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace windsor::conformance::comparison
