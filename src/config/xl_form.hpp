// SPDX-License-Identifier: GPL-2.0-or-later
// A domain in the words of libxl: the "config" that `xl list -l` and `xl create -n` print.
#pragma once

#include <nlohmann/json.hpp>

#include "config/domain_config.hpp"

namespace windsor::config {

// libxl_domain_config as libxl writes it: booleans that may be unset are "True" and "False", what is unset is left out.
nlohmann::ordered_json xl_form(const DomainConfig& config);

// libxl's defbool.
const char* defbool(Switch value);

} // namespace windsor::config
