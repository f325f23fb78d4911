// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a domain configuration, and as an override on the command line.
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/host_config.hpp"
#include "config/load.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string text(data, data + size);
    windsor::config::Options options;
    options.host_names = {"Linux", "host", "6.1", "#1", "x86_64"};
    options.path_probe = [](const std::string& path, windsor::python::PathQuestion) {
        return path.size() % 2 == 0;
    };
    options.variable = [](const std::string& name) { return std::optional{name}; };
    options.now = [] { return 1'300'000'000.5; };
    options.limits.steps = 50'000;
    options.limits.bytes = 8 << 20;
    if (text.starts_with("!")) {
        const auto end = std::min(text.find('\n'), text.size());
        options.overrides.push_back(text.substr(1, end - 1));
        text.erase(0, end);
    }
    auto loaded = windsor::config::load_text(std::move(text), "fuzz.cfg", options);
    if (loaded) {
        windsor::config::resolve_graphics(loaded->config, {});
        (void)windsor::config::to_json(loaded->config).dump();
        (void)windsor::config::print_sxp(windsor::config::xend_form(loaded->config, std::nullopt));
        (void)windsor::config::xl_form(loaded->config).dump();
        for (const auto& warning : loaded->warnings) {
            (void)warning.text();
        }
    }
    return 0;
}
