// SPDX-License-Identifier: GPL-2.0-or-later
// What the host is and can do.
#include "base/printable.hpp"
#include "domain/domain.hpp"
#include "sandbox/domain_plan.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/host.hpp"

#include <fstream>

namespace windsor::toolstack {

namespace {

constexpr std::string_view kEnginePrefix = "engine: ";

// What `auto` would take, and why.
std::string engine_words(const std::filesystem::path& runtime)
{
    const auto engine = domain::choose_engine(config::EngineChoice::Auto, runtime);
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

} // namespace

base::Result<int> info(Context& context, const Arguments&)
{
    const HostFacts host = HostFacts::read();
    const auto line = [&](std::string_view name, const std::string& value) {
        context.out << fmt::format("{:<23}: {}\n", name, value);
    };
    line("host", host.name);
    line("release", host.release);
    line("version", host.version);
    line("machine", host.machine);
    line("nr_cpus", std::to_string(host.processors));
    line("cpu_model", host.processor);
    line("cpu_mhz", host.megahertz);
    line("virt_caps", "hvm");
    line("total_memory", std::to_string(host.total_megabytes));
    line("free_memory", std::to_string(host.free_megabytes));
    line("windsor_version", WINDSOR_VERSION);
    line("engine", engine_words(context.paths.runtime));
    line("hardware_virtualization", host.virtualization);
    line("kvm", host.kvm);
    line("iommu", host.iommu);
    line("sandbox", sandbox_words());
    line("xend_config_format", "4");
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
    line("Engine: " + engine_words(context.paths.runtime));
    line("Registry: " + context.paths.runtime.string());
    return 0;
}

} // namespace windsor::toolstack
