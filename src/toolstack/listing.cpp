// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/listing.hpp"

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

// "(domain" and the entries that only a running domain has, before those of its configuration.
std::string running_entries(const Json& status)
{
    std::string text =
        fmt::format("\n    (domid {})\n    (state {})\n    (cpu_time {:.6f})\n    (start_time {})\n    (up_time {})",
                    status.value("id", 0u), status.value("state", "------"), status.value("cpu_seconds", 0.0),
                    status.value("started", std::int64_t{0}), status.value("uptime_seconds", std::int64_t{0}));
    text += fmt::format("\n    (engine {})", status.value("engine", "none"));
    if (status.contains("vnc")) {
        text += fmt::format("\n    (vnc_location {}:{})", status["vnc"].value("listen", ""),
                            status["vnc"].value("port", 0));
    }
    if (status.contains("console")) {
        text += fmt::format("\n    (console {})", status["console"].get<std::string>());
    }
    return text;
}

} // namespace

std::string short_list(std::span<const Json> domains, Dialect dialect, Detail detail)
{
    const bool xm = dialect == Dialect::Xm;
    std::string text =
        xm ? fmt::format("{:<40} {:>5} {:>5} {:>5} {:>10} {:>9}", "Name", "ID", "Mem", "VCPUs", "State", "Time(s)")
           : "Name                                        ID   Mem VCPUs\tState\tTime(s)";
    if (detail == Detail::Verbose && !xm) {
        text += "   UUID                            Reason-Code\tSecurity Label";
    }
    text += '\n';
    for (const Json& status : domains) {
        text += xm ? xm_line(status) : xl_line(status);
        if (detail == Detail::Verbose && !xm) {
            text += fmt::format(" {:<36} {:>8} {:>16}", status.value("uuid", "-"), "-", "-");
        }
        text += '\n';
    }
    return text;
}

std::string long_sxp(const Json& status, const Json& config)
{
    constexpr std::string_view kOpening = "(domain";
    std::string text = config.value("sxp", std::string{kOpening} + "\n)");
    const std::size_t at = text.starts_with(kOpening) ? kOpening.size() : 0;
    return text.insert(at, running_entries(status)) + '\n';
}

nlohmann::ordered_json long_json(const Json& status, const Json& config)
{
    using Ordered = nlohmann::ordered_json;
    const auto kilobytes = [&](const char* key) { return status.value(key, std::uint64_t{0}) * 1024; };
    const Ordered build{{"max_vcpus", status.value("vcpus", 0)},
                        {"max_memkb", kilobytes("maxmem_mb")},
                        {"target_memkb", kilobytes("memory_mb")}};
    Ordered domain{
        {"domid", status.value("id", 0u)},
        {"config",
         {{"c_info", {{"type", "hvm"}, {"name", status.value("name", "")}, {"uuid", status.value("uuid", "")}}},
          {"b_info", build}}}};
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
