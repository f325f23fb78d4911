// SPDX-License-Identifier: GPL-2.0-or-later
// What a configuration asks of the processor engines, as they want it.
#pragma once

#include "base/log.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "engines/engines.hpp"

#include <memory>

namespace windsor::domain {

// All but the trace.
engines::Settings engine_settings(const config::DomainConfig& config);
// Begins the trace that the configuration asks for, by such an engine; null if it asks for none. The log outlives it.
base::Result<std::shared_ptr<emulate::TraceSink>> trace_of(const config::DomainConfig& config, engines::Type engine,
                                                           base::Log& log);

} // namespace windsor::domain
