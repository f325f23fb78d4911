// SPDX-License-Identifier: GPL-2.0-or-later
// The engines that a test program has: its suites run on each.
#pragma once

#include "vcpu/engine_parts.hpp"

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace windsor::conformance {

using EngineFactory = std::function<std::unique_ptr<vcpu::Engine>(const vcpu::EngineParts& parts)>;

struct EngineKind {
    std::string name;
    EngineFactory make;
    // Why this engine cannot pass a test, "Suite.Name", on this host; empty: it has to. Absent: it has to pass all.
    std::function<std::string(std::string_view test)> excuse{};
    // Its log of written pages may list some that were only read, as the host makes pages writable in advance.
    bool logs_reads{false};
};

inline std::ostream& operator<<(std::ostream& out, const EngineKind& kind)
{
    return out << kind.name;
}

// Every test program that has the suites in it defines this.
const std::vector<EngineKind>& engine_kinds();

} // namespace windsor::conformance
