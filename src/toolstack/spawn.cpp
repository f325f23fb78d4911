// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/spawn.hpp"

#include "config/build.hpp"
#include "toolstack/restart.hpp"

namespace windsor::toolstack {

base::Result<Started> start_domain(domain::Settings settings, domain::Claim claim, const Origin& origin,
                                   const domain::Paths& paths, const std::vector<int>& inherited)
{
    settings.origin = origin;
    Restart restart{.origin = origin, .paths = paths, .own = settings_of_this_host(settings.config)};
    keeper::Charge charge{.settings = std::move(settings),
                          .claim = std::move(claim),
                          .report = {},
                          .paths = paths,
                          .restart = std::move(restart)};
    return keeper::begin(std::move(charge), inherited);
}

std::function<void()> say_measuring(std::ostream& to)
{
    return [&to] {
        to << "Measuring how well KVM runs guests here, once after each start of the host; this may take seconds.\n"
           << std::flush;
    };
}

base::Result<std::optional<engines::Type>> engine_named(const std::string& name)
{
    const auto choice = config::engine_from(name);
    if (!choice) {
        return base::fail("'{}' is no engine; give --engine one of auto, kvm, translate and emulate", name);
    }
    return engine_wanted(*choice);
}

std::optional<engines::Type> engine_wanted(config::EngineChoice choice)
{
    return engines::type_named(config::engine_name(choice)); // there is none of the name "auto"
}

void print_started(Context& context, const domain::DomainStatus& status)
{
    context.out << status.engine_line << '\n';
    if (status.vnc) {
        context.out << fmt::format("VNC: {}:{} (display :{})\n", status.vnc->listen, status.vnc->port,
                                   status.vnc->display);
    }
    context.out << fmt::format("Started domain {} (id={})\n", status.name, status.id) << std::flush;
}

} // namespace windsor::toolstack
