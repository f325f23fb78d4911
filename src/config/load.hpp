// SPDX-License-Identifier: GPL-2.0-or-later
// Loads a domain configuration in the classic xm language or the plain xl one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "python/evaluate.hpp"

namespace windsor::config {

struct Options {
    std::vector<std::string> overrides; // key=value, as on the command line
    python::HostNames host_names;       // os.uname(); what the host says if all are empty
    // Whether a path exists; asks the host's file system if empty.
    std::function<bool(const std::string& path, python::PathQuestion question)> path_probe;
    // The value of an environment variable, and the time of day; what the host says if empty.
    std::function<std::optional<std::string>(const std::string& name)> variable;
    std::function<double()> now;
    python::Limits limits;
};

struct Loaded {
    DomainConfig config;
    std::vector<Warning> warnings;
    std::vector<std::string> printed; // what the file's print statements wrote, a line each
};

// The error's message is a rendered diagnostic: file, line, column, a sentence, the source line and a caret.
base::Result<Loaded> load_file(const std::string& path, const Options& options = {});
base::Result<Loaded> load_text(std::string text, std::string file_name, const Options& options = {});

} // namespace windsor::config
