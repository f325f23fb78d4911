// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/paths.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>

namespace windsor::domain {

namespace {

std::filesystem::path variable(const char* name)
{
    const char* value = std::getenv(name);
    return value != nullptr ? std::filesystem::path{value} : std::filesystem::path{};
}

std::filesystem::path runtime_directory()
{
    if (const auto chosen = variable("WINDSOR_RUNTIME_DIR"); !chosen.empty()) {
        return chosen;
    }
    if (::geteuid() == 0) {
        return "/run/windsor";
    }
    if (const auto xdg = variable("XDG_RUNTIME_DIR"); !xdg.empty()) {
        return xdg / "windsor";
    }
    return std::filesystem::path{"/tmp"} / ("windsor-" + std::to_string(::geteuid()));
}

std::filesystem::path data_directory()
{
    if (const auto chosen = variable("WINDSOR_DATA_DIR"); !chosen.empty()) {
        return chosen;
    }
    if (::geteuid() == 0) {
        return "/var/lib/windsor";
    }
    if (const auto xdg = variable("XDG_DATA_HOME"); !xdg.empty()) {
        return xdg / "windsor";
    }
    const auto home = variable("HOME");
    return home.empty() ? std::filesystem::path{} : home / ".local/share/windsor";
}

} // namespace

base::Result<Paths> Paths::of_user()
{
    Paths paths{.runtime = runtime_directory(), .data = data_directory()};
    if (paths.data.empty()) {
        return base::fail("cannot tell where to keep Windsor's data: set HOME or WINDSOR_DATA_DIR");
    }
    return paths;
}

std::filesystem::path Paths::ended_log(const std::string& name) const
{
    // A name is a single file name: one with a slash has no log.
    return name.find('/') == std::string::npos ? runtime / "logs" / (name + ".log") : std::filesystem::path{};
}

} // namespace windsor::domain
