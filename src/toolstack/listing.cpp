// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/listing.hpp"

#include "base/json_bounds.hpp"

namespace windsor::toolstack {

using domain::DomainStatus;
using domain::Json;

namespace {

// The formats are those of xm_brief_list in Xen's tools/python/xen/xm/main.py and of list_domains in
// tools/xl/xl_list.c.
std::string xm_line(const DomainStatus& status)
{
    return fmt::format("{:<40} {:>5} {:>5} {:>5} {:>10} {:>8.1f}", status.name, status.id, status.memory_mb,
                       status.vcpus, status.state, status.cpu_seconds);
}

std::string xl_line(const DomainStatus& status)
{
    return fmt::format("{:<40} {:>5} {:>5} {:>5}     {}  {:>8.1f}", status.name, status.id, status.memory_mb,
                       status.vcpus, status.state, status.cpu_seconds);
}

std::string xm_list(std::span<const ShownStatus> domains, ExtraColumns extra)
{
    std::string text =
        fmt::format("{:<40} {:>5} {:>5} {:>5} {:>10} {:>9}", "Name", "ID", "Mem", "VCPUs", "State", "Time(s)");
    text += extra.label ? fmt::format(" {:<10}\n", "Label") : "\n";
    for (const ShownStatus& shown : domains) {
        text += xm_line(shown.status) + (extra.label ? fmt::format(" {:>10}\n", "") : "\n");
    }
    return text;
}

std::string xl_header(ExtraColumns extra)
{
    std::string text = "Name                                        ID   Mem VCPUs\tState\tTime(s)";
    text += extra.verbose ? "   UUID                            Reason-Code\tSecurity Label"
            : extra.label ? "   Security Label"
                          : "";
    text += extra.pool ? "         Cpupool" : "";
    return text + (extra.nodes ? " NODE Affinity\n" : "\n");
}

std::string xl_extra(const DomainStatus& status, ExtraColumns extra)
{
    std::string text = extra.verbose ? fmt::format(" {:<36} {:>8}", or_hyphen(status.uuid), "-") : "";
    text += extra.verbose || extra.label ? fmt::format(" {:>16}", "-") : "";
    text += extra.pool ? fmt::format("{:>16}", "-") : "";
    return text + (extra.nodes ? " all\n" : "\n");
}

} // namespace

std::string short_list(std::span<const ShownStatus> domains, Dialect dialect, ExtraColumns extra)
{
    if (dialect == Dialect::Xm) {
        return xm_list(domains, extra);
    }
    std::string text = xl_header(extra);
    for (const ShownStatus& shown : domains) {
        text += xl_line(shown.status) + xl_extra(shown.status, extra);
    }
    return text;
}

std::string or_hyphen(const std::string& text)
{
    return text.empty() ? "-" : text;
}

std::string long_sxp(const ShownStatus& shown, const Json& config)
{
    const DomainStatus& status = shown.status;
    const std::string mute =
        fmt::format("(domain\n    (domid {})\n    (name {})\n    (state {})\n)", status.id, status.name, status.state);
    return config.value("xm", mute) + '\n';
}

nlohmann::ordered_json long_json(const ShownStatus& shown, const Json& config)
{
    using Ordered = nlohmann::ordered_json;
    const DomainStatus& status = shown.status;
    Ordered domain{{"domid", status.id}};
    // The text may have orders to the terminal in it that only parsing brings to light.
    const Ordered known = domain::printable(base::parse_json<Ordered>(config.value("xl", "")));
    domain["config"] = known.is_object() ? known : Ordered{{"c_info", {{"name", status.name}}}};
    Ordered own{{"state", status.state}, {"pid", status.pid}};
    const Json all = to_json(status);
    for (const char* key : {"cpu_seconds", "started", "uptime_seconds", "engine", "vnc", "console"}) {
        if (shown.answered && all.contains(key)) {
            own[key] = Ordered::parse(all[key].dump());
        }
    }
    own["keys"] = Ordered::parse(config.value("json", Json::object()).dump());
    domain["windsor"] = std::move(own);
    return domain;
}

std::string uptime_text(std::int64_t seconds, Detail detail)
{
    const std::int64_t days = seconds / 86400;
    const std::int64_t hours = seconds / 3600 % 24;
    const std::int64_t minutes = seconds / 60 % 60;
    const std::string before = days == 0 ? "" : fmt::format("{} day{}, ", days, days == 1 ? "" : "s");
    if (detail == Detail::Plain) {
        return fmt::format("{}{:>2}:{:02}", before, hours, minutes);
    }
    return fmt::format("{}{:>2}:{:02}:{:02}", before, hours, minutes, seconds % 60);
}

} // namespace windsor::toolstack
