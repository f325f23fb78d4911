// SPDX-License-Identifier: GPL-2.0-or-later
// Runs instructions natively in this process: a signal frame puts the registers in place, a trap or fault brings
// them back.
#pragma once

#include "base/result.hpp"
#include "conformance/comparison/test_case.hpp"

#include <memory>

namespace windsor::conformance::comparison {

// One at a time in a process, used from one thread. Takes over SIGTRAP, SIGSEGV, SIGBUS, SIGFPE and SIGILL.
class HostRunner {
public:
    // Fails where the fixed addresses are taken.
    static base::Result<std::unique_ptr<HostRunner>> create();
    // Whether the host has a code segment of the mode: not all kernels and virtual machines have a 32-bit one.
    static bool runs(CodeMode mode);
    ~HostRunner();
    HostRunner(const HostRunner&) = delete;
    HostRunner& operator=(const HostRunner&) = delete;

    Ending run(const TestCase& test);

private:
    class Impl;
    explicit HostRunner(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace windsor::conformance::comparison
