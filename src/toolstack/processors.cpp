// SPDX-License-Identifier: GPL-2.0-or-later
// The commands about virtual processors and what runs them.
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/spawn.hpp"

#include <cerrno>
#include <fcntl.h>

namespace windsor::toolstack {

using domain::Json;

namespace {

// The formats are those of xm_vcpu_list in Xen's tools/python/xen/xm/main.py and of print_vcpuinfo in
// tools/xl/xl_vcpu.c. Windsor knows no soft affinity: the host's scheduler prefers nothing.
std::string vcpu_line(Dialect dialect, const domain::Entry& entry, std::size_t number, const Json& vcpu)
{
    const std::string affinity = vcpu.value("affinity", "");
    const double seconds = vcpu.value("seconds", 0.0);
    const std::string head = fmt::format("{:<32} {:>5} {:>5}", entry.name, entry.id, number);
    if (dialect == Dialect::Xm) {
        return fmt::format("{} {:>5} {:>5} {:>9.1f} {}", head, vcpu.value("cpu", 0), vcpu.value("state", "---"),
                           seconds, affinity == "all" ? "any cpu" : affinity);
    }
    return fmt::format("{} {:>5}   {} {:>9.1f}  {} / all", head, vcpu.value("cpu", 0), vcpu.value("state", "---"),
                       seconds, affinity);
}

// The domain does not see the host: what can be had is found out here, and /dev/kvm sent along.
base::Result<Json> change_engine(const Context& context, Connection& connection, const std::string& name)
{
    const auto choice = WINDSOR_TRY(engine_named(name));
    const engines::Choice report =
        WINDSOR_TRY(engines::choose(choice, context.paths.runtime, say_measuring(context.err)));
    base::Fd kvm;
    if (report.type == engines::Type::Kvm) {
        kvm.reset(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
        if (!kvm) {
            return base::fail("cannot open /dev/kvm: {}", base::errno_text(errno));
        }
    }
    return connection.client.call("engine", {{"name", report.name}, {"line", report.line}}, kvm.get());
}

} // namespace

base::Result<int> engine(Context& context, const Arguments& arguments)
{
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const std::string line =
        arguments.operands().size() > 1
            ? WINDSOR_TRY(change_engine(context, connection, arguments.operand(1))).value("engine_line", "")
            : WINDSOR_TRY(ask_for_status(connection)).engine_line;
    context.out << line << '\n';
    return 0;
}

base::Result<int> vcpu_list(Context& context, const Arguments& arguments)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    std::vector<domain::Entry> entries;
    for (const std::string& name : arguments.operands()) {
        entries.push_back(WINDSOR_TRY(registry.find(name)));
    }
    if (entries.empty()) {
        entries = WINDSOR_TRY(registry.list());
    }
    context.out << fmt::format("{:<32} {:>5} {:>5} {:>5} {:>5} {:>9} {}\n", "Name", "ID", "VCPU", "CPU", "State",
                               "Time(s)", context.dialect == Dialect::Xm ? "CPU Affinity" : "Affinity (Hard / Soft)");
    for (const domain::Entry& entry : entries) {
        const auto all = fitting("vcpus", call(context, std::to_string(entry.id), "vcpus"));
        if (!all && !arguments.operands().empty()) {
            return std::unexpected{all.error()};
        }
        if (!all) { // the others are listed all the same
            context.err << fmt::format("{}: {}: {}\n", context.program, entry.name, all.error().message());
            continue;
        }
        for (std::size_t number = 0; number < all->size(); ++number) {
            context.out << vcpu_line(context.dialect, entry, number, (*all)[number]) << '\n';
        }
    }
    return 0;
}

base::Result<int> vcpu_pin(Context& context, const Arguments& arguments)
{
    if (arguments.operands().size() > 3 && arguments.operand(3) != "all" && arguments.operand(3) != "-") {
        return base::fail("soft affinity '{}' cannot be had: the host's scheduler prefers no processors; leave it out",
                          arguments.operand(3));
    }
    if (arguments.operand(2) == "-") {
        WINDSOR_TRY(connect(context, arguments.operand(0)));
        return 0;
    }
    WINDSOR_TRY(call(context, arguments.operand(0), "vcpu_pin",
                     {{"vcpu", arguments.operand(1)}, {"cpus", arguments.operand(2)}}));
    return 0;
}

} // namespace windsor::toolstack
