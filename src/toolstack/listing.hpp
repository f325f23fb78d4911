// SPDX-License-Identifier: GPL-2.0-or-later
// How domains look in lists. Scripts read these columns: they are those of xm and xl, to the blank.
#pragma once

#include "toolstack/client.hpp"
#include "toolstack/command.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace windsor::toolstack {

enum class Detail { Plain, Verbose };

// Columns beside the usual ones. Of security labels and processor pools there are none; a domain may run on all nodes.
struct ExtraColumns {
    bool verbose{false}; // xl's -v: UUID, reason of the shutdown, label
    bool label{false};   // xl's -Z, xm's --label
    bool pool{false};    // xl's -c
    bool nodes{false};   // xl's -n
};

// The header and a line for each status. There is no Domain-0: the host is no domain.
std::string short_list(std::span<const ShownStatus> domains, Dialect dialect, ExtraColumns extra = {});

// One domain as `list -l` shows it: xend's s-expression, or an element of xl's JSON array, to which "windsor" adds
// what xl does not know. `config` is the answer to the method "config", and empty if the domain does not answer.
std::string long_sxp(const ShownStatus& shown, const domain::Json& config);
nlohmann::ordered_json long_json(const ShownStatus& shown, const domain::Json& config);

// The text, or "-" where there is none.
std::string or_hyphen(const std::string& text);

// "2 days,  3:04:05"; in the short form without the seconds.
std::string uptime_text(std::int64_t seconds, Detail detail);

} // namespace windsor::toolstack
