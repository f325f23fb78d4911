// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a text in the xm language, on a host that answers everything.
#include <cstddef>
#include <cstdint>
#include <string>

#include "python/evaluate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace windsor::python;
    const std::string text(data, data + size);
    Environment environment;
    environment.host_names = {"Linux", "host", "6.1", "#1", "x86_64"};
    environment.path_probe = [](const std::string& path, PathQuestion) { return path.size() % 2 == 0; };
    environment.variable = [](const std::string& name) { return std::optional{name + name}; };
    environment.now = [] { return 1'300'000'000.5; };
    environment.utc_offset = [](std::int64_t seconds) { return seconds % 100'000; };
    environment.limits = {.steps = 50'000, .bytes = 8 << 20, .depth = 600, .text = 1 << 20};
    const auto outcome = evaluate("import os, re, socket, string, sys, time\n" + text, environment);
    if (outcome) {
        for (const auto& [name, binding] : outcome->bindings) {
            (void)to_text(binding.value);
        }
    }
    (void)evaluate_expression(text, environment);
    return 0;
}
