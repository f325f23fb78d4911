// SPDX-License-Identifier: GPL-2.0-or-later
// What can be said of a console's settings before there is a console, in a domain's configuration and in the host's;
// and the keys of the console that are more than a value for a member.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "config/reading.hpp"

namespace windsor::config {

// What is wrong with a keyboard layout's name, as a sentence; none if nothing is.
std::optional<std::string> keymap_fault(std::string_view name);

// The same of an address to listen on. A host name is looked up only when the domain starts.
std::optional<std::string> listen_fault(std::string_view address);

// What the user should know of a password that can be used.
std::optional<std::string> password_note(std::string_view password);

// A keyboard layout's name as it is, or what is wrong with it.
std::expected<std::string, std::string> check_keymap(std::string_view name);

void read_vncdisplay(const KeyInfo& key, const Setting& setting, Reading& reading);
// ADDRESS or ADDRESS:DISPLAY; an IPv6 address with a display is in square brackets. vncdisplay has the last word.
void read_vnclisten(const KeyInfo& key, const Setting& setting, Reading& reading);
void read_vncpasswd(const KeyInfo& key, const Setting& setting, Reading& reading);

// nographic overrules vnc and sdl.
void settle_nographic(Reading& reading);
// vncconsole overrules vncviewer.
void settle_vncconsole(Reading& reading);

} // namespace windsor::config
