// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a configuration describes a guest that Windsor cannot run: a paravirtual one, or one whose kernel the host
// starts.
#pragma once

#include <memory>
#include <optional>

#include "config/settings.hpp"

namespace windsor::config {

// Nothing if it is an unmodified system that the firmware starts.
std::optional<Complaint> guest_complaint(const Settings& settings);

// Of a text that could not be evaluated, since those of paravirtual guests often have more of Python in them than
// Windsor runs: whether its lines look like one's.
std::optional<Complaint> guest_complaint(const std::shared_ptr<const Source>& source);

} // namespace windsor::config
