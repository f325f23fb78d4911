// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/listing.hpp"

#include "base/json_bounds.hpp"

namespace windsor::toolstack {

using domain::Json;

namespace {

// The formats are those of xm_brief_list in Xen's tools/python/xen/xm/main.py and of list_domains in
// tools/xl/xl_list.c.
std::string xm_line(const Json& status)
{
    return fmt::format("{:<40} {:>5} {:>5} {:>5} {:>10} {:>8.1f}", status.value("name", ""), status.value("id", 0u),
                       status.value("memory_mb", std::uint64_t{0}), status.value("vcpus", 0),
                       status.value("state", "------"), status.value("cpu_seconds", 0.0));
}

std::string xl_line(const Json& status)
{
    return fmt::format("{:<40} {:>5} {:>5} {:>5}     {}  {:>8.1f}", status.value("name", ""), status.value("id", 0u),
                       status.value("memory_mb", std::uint64_t{0}), status.value("vcpus", 0),
                       status.value("state", "------"), status.value("cpu_seconds", 0.0));
}

std::string xm_list(std::span<const Json> domains, ExtraColumns extra)
{
    std::string text =
        fmt::format("{:<40} {:>5} {:>5} {:>5} {:>10} {:>9}", "Name", "ID", "Mem", "VCPUs", "State", "Time(s)");
    text += extra.label ? fmt::format(" {:<10}\n", "Label") : "\n";
    for (const Json& status : domains) {
        text += xm_line(status) + (extra.label ? fmt::format(" {:>10}\n", "") : "\n");
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

std::string xl_extra(const Json& status, ExtraColumns extra)
{
    std::string text = extra.verbose ? fmt::format(" {:<36} {:>8}", status.value("uuid", "-"), "-") : "";
    text += extra.verbose || extra.label ? fmt::format(" {:>16}", "-") : "";
    text += extra.pool ? fmt::format("{:>16}", "-") : "";
    return text + (extra.nodes ? " all\n" : "\n");
}

} // namespace

std::string short_list(std::span<const Json> domains, Dialect dialect, ExtraColumns extra)
{
    if (dialect == Dialect::Xm) {
        return xm_list(domains, extra);
    }
    std::string text = xl_header(extra);
    for (const Json& status : domains) {
        text += xl_line(status) + xl_extra(status, extra);
    }
    return text;
}

std::string long_sxp(const Json& status, const Json& config)
{
    const std::string mute = fmt::format("(domain\n    (domid {})\n    (name {})\n    (state {})\n)",
                                         status.value("id", 0u), status.value("name", ""),
                                         status.value("state", "------"));
    return config.value("xm", mute) + '\n';
}

nlohmann::ordered_json long_json(const Json& status, const Json& config)
{
    using Ordered = nlohmann::ordered_json;
    Ordered domain{{"domid", status.value("id", 0u)}};
    const Ordered known = base::parse_json<Ordered>(config.value("xl", ""));
    domain["config"] = known.is_object() ? known : Ordered{{"c_info", {{"name", status.value("name", "")}}}};
    Ordered own = Ordered::object();
    for (const char* key : {"state", "pid", "cpu_seconds", "started", "uptime_seconds", "engine", "vnc", "console"}) {
        if (status.contains(key)) {
            own[key] = Ordered::parse(status[key].dump());
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
