// SPDX-License-Identifier: GPL-2.0-or-later
// What can be said of a console's settings before there is a console, in a domain's configuration and in the host's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windsor::config {

// What is wrong with a keyboard layout's name, as a sentence; none if nothing is.
std::optional<std::string> keymap_fault(std::string_view name);

// The same of an address to listen on. A host name is looked up only when the domain starts.
std::optional<std::string> listen_fault(std::string_view address);

// What the user should know of a password that can be used.
std::optional<std::string> password_note(std::string_view password);

} // namespace windsor::config
