// SPDX-License-Identifier: GPL-2.0-or-later
// What the host is and can do.
#include "base/printable.hpp"
#include "domain/domain.hpp"
#include "sandbox/domain_plan.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/host.hpp"
#include "toolstack/spawn.hpp"
#include "toolstack/topology.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

namespace windsor::toolstack {

namespace {

constexpr std::string_view kEnginePrefix = "engine: ";

// What `auto` would take, and why.
std::string engine_words(Context& context)
{
    const auto engine = engines::choose(std::nullopt, context.paths.runtime, say_measuring(context.err));
    if (!engine) {
        return engine.error().message();
    }
    return engine->line.starts_with(kEnginePrefix) ? engine->line.substr(kEnginePrefix.size()) : engine->line;
}

// The walls that a domain of this user would have.
std::string sandbox_words()
{
    const auto walls = sandbox::survey(sandbox::plan_for_domain({}));
    return walls ? sandbox::describe(*walls) : walls.error().message();
}

// The domain writes what it likes, also lines without an end. A character of two bytes stays whole.
void print_log(std::ostream& to, std::istream& log)
{
    constexpr std::size_t kPiece = 4096;
    std::string piece;
    for (char character = 0; log.get(character);) {
        piece += character;
        if (character == '\n' || (piece.size() >= kPiece && character != '\xc2')) {
            to << base::printable(piece);
            piece.clear();
        }
    }
    to << base::printable(piece);
}

base::Result<int> domain_log(Context& context, const std::string& name)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    const auto entry = registry.find(name);
    const std::filesystem::path path = entry ? entry->log_file() : context.paths.ended_log(name);
    std::ifstream file{path};
    if (!file) {
        if (!entry) {
            return base::fail(
                "there is no running domain '{}' and no log of an ended one; 'list' shows those that there are", name);
        }
        return base::fail("cannot read the log {}", path.string());
    }
    print_log(context.out, file);
    return 0;
}

using Lines = std::vector<std::pair<std::string_view, std::string>>;

std::string text_of(const Lines& lines)
{
    std::string text;
    for (const auto& [name, value] : lines) {
        text += fmt::format("{:<23}: {}\n", name, value);
    }
    return text;
}

// The lines up to xend_config_format are those of print_info in Xen's tools/xl/xl_info.c, in its order. Scripts read
// them by name.
Lines machine_lines(const HostFacts& host, const Topology& topology)
{
    return {{"host", host.name},
            {"release", host.release},
            {"version", host.version},
            {"machine", host.machine},
            {"nr_cpus", std::to_string(host.processors)},
            {"max_cpu_id", std::to_string(topology.highest_processor())},
            {"nr_nodes", std::to_string(topology.nodes.size())},
            {"cores_per_socket", std::to_string(topology.cores_per_socket())},
            {"threads_per_core", std::to_string(topology.threads_per_core())},
            {"cpu_mhz", host.megahertz},
            {"hw_caps", fmt::format("{:08x}", fmt::join(hardware_capabilities(), ":"))},
            {"virt_caps", "hvm"},
            {"total_memory", std::to_string(host.total_megabytes)},
            {"free_memory", std::to_string(host.free_megabytes)},
            {"sharing_freed_memory", "0"},
            {"sharing_used_memory", "0"},
            {"outstanding_claims", "0"},
            {"free_cpus", "0"}};
}

// There is no Xen underneath: the version is that of the tools whose commands and keys Windsor has, and what only a
// hypervisor can have is empty.
Lines tool_lines()
{
    constexpr unsigned kXenMajor = 4;
    constexpr unsigned kXenMinor = 20;
    const std::string extra = fmt::format(".0-windsor-{}", WINDSOR_VERSION);
    return {{"xen_major", std::to_string(kXenMajor)},
            {"xen_minor", std::to_string(kXenMinor)},
            {"xen_extra", extra},
            {"xen_version", fmt::format("{}.{}{}", kXenMajor, kXenMinor, extra)},
            {"xen_caps", "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64"},
            {"xen_scheduler", "host"},
            {"xen_pagesize", std::to_string(::sysconf(_SC_PAGESIZE))},
            {"platform_params", "virt_start=0x0"},
            {"xen_changeset", ""},
            {"xen_commandline", ""},
            {"cc_compiler", __VERSION__},
            {"cc_compile_by", ""},
            {"cc_compile_domain", ""},
            {"cc_compile_date", ""},
            {"build_id", ""},
            {"xend_config_format", "4"}};
}

Lines own_lines(Context& context, const HostFacts& host)
{
    return {{"windsor_version", WINDSOR_VERSION},
            {"cpu_model", host.processor},
            {"engine", engine_words(context)},
            {"hardware_virtualization", host.virtualization},
            {"kvm", host.kvm},
            {"iommu", host.iommu},
            {"sandbox", sandbox_words()}};
}

// The columns of output_topologyinfo and output_numainfo.
std::string numa_text(const Topology& topology)
{
    std::string text = "cpu_topology           :\ncpu:    core    socket     node\n";
    for (const HostProcessor& processor : topology.processors) {
        text += fmt::format("{:>3}:    {:>4}     {:>4}     {:>4}\n", processor.number, processor.core, processor.socket,
                            processor.node);
    }
    text += "device topology        :\ndevice           node\nNo device topology data available\n"
            "numa_info              :\nnode:    memsize    memfree    distances\n";
    for (const HostNode& node : topology.nodes) {
        text += fmt::format("{:>4}:    {:>6}     {:>6}      {}\n", node.number, node.total_megabytes,
                            node.free_megabytes, node.distances);
    }
    return text;
}

// What takes time to find out is looked for last.
base::Result<int> info_field(Context& context, const HostFacts& host, const Topology& topology,
                             const std::string& wanted)
{
    const auto shown = [&](const Lines& lines) {
        const auto line = std::ranges::find(lines, wanted, &Lines::value_type::first);
        if (line != lines.end()) {
            context.out << line->second << '\n';
        }
        return line != lines.end();
    };
    if (shown(machine_lines(host, topology)) || shown(tool_lines()) || shown(own_lines(context, host))) {
        return 0;
    }
    return base::fail("'{}' is no line of info; without it, info shows all", wanted);
}

} // namespace

base::Result<int> info(Context& context, const Arguments& arguments)
{
    const HostFacts host = HostFacts::read();
    const Topology topology = Topology::read();
    if (!arguments.operands().empty()) {
        return info_field(context, host, topology, arguments.operand(0));
    }
    context.out << text_of(machine_lines(host, topology));
    if (arguments.has("numa")) {
        context.out << numa_text(topology);
    }
    context.out << text_of(tool_lines()) << text_of(own_lines(context, host));
    return 0;
}

base::Result<int> dmesg(Context& context, const Arguments& arguments)
{
    if (!arguments.operands().empty()) {
        return domain_log(context, arguments.operand(0));
    }
    const HostFacts host = HostFacts::read();
    const auto line = [&](const std::string& text) { context.out << "(windsor) " << text << '\n'; };
    line(fmt::format("Windsor {} on {} {} ({})", WINDSOR_VERSION, host.system, host.release, host.machine));
    line(fmt::format("Processors: {} x {}", host.processors, host.processor));
    line(fmt::format("Memory: {} MB, of which {} MB can be given to domains", host.total_megabytes,
                     host.free_megabytes));
    line("Hardware virtualization: " + host.virtualization);
    line("KVM: " + host.kvm);
    line("I/O virtualization: " + host.iommu);
    line("Engine: " + engine_words(context));
    line("Registry: " + context.paths.runtime.string());
    return 0;
}

} // namespace windsor::toolstack
