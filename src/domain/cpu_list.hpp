// SPDX-License-Identifier: GPL-2.0-or-later
// Processors as xm and xl write them: all, or 0-3,5,^2.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace windsor::domain {

// Of whom there are how many, for messages.
struct ProcessorsOf {
    std::size_t count{1};
    std::string owner{"the host"};
    std::string_view kind{"processor"};
};

// Which of all processors the words mean, by number; at least one.
base::Result<std::vector<bool>> parse_cpu_list(std::string_view words, const ProcessorsOf& all);

// As ranges; "all" if there is none that is not in it.
std::string format_cpu_list(const std::vector<bool>& cpus);

} // namespace windsor::domain
