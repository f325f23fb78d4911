// SPDX-License-Identifier: GPL-2.0-or-later
#include "sandbox/steps.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <unistd.h>

namespace windsor::sandbox {

base::Status clear_environment(std::span<const std::string> kept)
{
    std::vector<std::pair<std::string, std::string>> staying;
    for (char** item = environ; item != nullptr && *item != nullptr; ++item) {
        const std::string_view variable{*item};
        const std::size_t equals = variable.find('=');
        const std::string name{variable.substr(0, equals)};
        if (equals != std::string_view::npos && std::ranges::find(kept, name) != kept.end()) {
            staying.emplace_back(name, variable.substr(equals + 1));
        }
        ::explicit_bzero(*item, variable.size());
    }
    ::clearenv();
    for (const auto& [name, value] : staying) {
        if (::setenv(name.c_str(), value.c_str(), 1) != 0) {
            return base::fail("{} cannot be kept", name);
        }
    }
    return {};
}

} // namespace windsor::sandbox
