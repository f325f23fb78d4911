// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/configuration.hpp"

#include "config/file.hpp"

#include <algorithm>
#include <filesystem>

namespace windsor::toolstack {

base::Result<std::string> find_config(const std::string& name, std::string_view search)
{
    if (name.find('/') != std::string::npos) {
        return name;
    }
    for (std::size_t from = 0; from <= search.size();) {
        const std::size_t end = std::min(search.find(':', from), search.size());
        const std::string_view directory = search.substr(from, end - from);
        const std::string candidate = fmt::format("{}/{}", directory.empty() ? "." : directory, name);
        if (config::config_file_exists(candidate)) {
            return candidate;
        }
        from = end + 1;
    }
    return base::fail("there is no configuration file '{}' in {}; give its path", name, search);
}

base::Result<Configuration> read_configuration(const std::string& file, const std::vector<std::string>& overrides)
{
    std::error_code error;
    Origin origin{.text = WINDSOR_TRY(config::read_config_file(file, "domain configuration")),
                  .overrides = overrides,
                  .directory = std::filesystem::current_path(error).string()};
    config::Options options;
    options.overrides = overrides;
    config::Loaded loaded = WINDSOR_TRY(config::load_text(origin.text, file, options));
    return Configuration{std::move(loaded), std::move(origin)};
}

void print_notes(Context& context, const std::vector<config::Warning>& host, const config::Loaded& loaded)
{
    for (const std::string& line : loaded.printed) {
        context.out << line << '\n';
    }
    for (const auto* warnings : {&host, &loaded.warnings}) {
        for (const config::Warning& warning : *warnings) {
            context.err << "Warning: " << warning.text() << '\n';
        }
    }
}

} // namespace windsor::toolstack
