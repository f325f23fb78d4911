// SPDX-License-Identifier: GPL-2.0-or-later
// What the listing of xend shows of keys that are no "(name value)"; rows of the table name these functions.
#pragma once

#include "config/xend_form.hpp"

namespace windsor::config {

using SxpNodes = std::vector<SxpNode>;

SxpNodes xend_cpus(const DomainConfig& config, const std::optional<XendState>& state);
SxpNodes xend_disks(const DomainConfig& config, const std::optional<XendState>& state);
SxpNodes xend_password(const DomainConfig& config, const std::optional<XendState>& state);
SxpNodes xend_screen(const DomainConfig& config, const std::optional<XendState>& state);
SxpNodes xend_stdvga(const DomainConfig& config, const std::optional<XendState>& state);
SxpNodes xend_usb_devices(const DomainConfig& config, const std::optional<XendState>& state);
SxpNodes xend_vifs(const DomainConfig& config, const std::optional<XendState>& state);

} // namespace windsor::config
