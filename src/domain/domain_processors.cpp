// SPDX-License-Identifier: GPL-2.0-or-later
// What the control socket tells of virtual processors, where they may run, and on which engine.
#include "domain/domain.hpp"

#include "base/printable.hpp"
#include "domain/cpu_list.hpp"

#include <sched.h>
#include <unistd.h>

namespace windsor::domain {

namespace {

// A set for any number of processors.
class CpuSet {
public:
    explicit CpuSet(std::size_t count) : count_{count}, set_{CPU_ALLOC(count)} { CPU_ZERO_S(bytes(), set_); }
    ~CpuSet() { CPU_FREE(set_); }
    CpuSet(const CpuSet&) = delete;
    CpuSet& operator=(const CpuSet&) = delete;

    cpu_set_t* get() { return set_; }
    std::size_t bytes() const { return CPU_ALLOC_SIZE(count_); }
    bool has(std::size_t cpu) const { return CPU_ISSET_S(cpu, bytes(), set_); }
    void add(std::size_t cpu) { CPU_SET_S(cpu, bytes(), set_); }

private:
    std::size_t count_;
    cpu_set_t* set_;
};

std::vector<bool> affinity_of(int thread, std::size_t host_processors)
{
    std::vector<bool> cpus(host_processors);
    CpuSet set{cpus.size()};
    if (::sched_getaffinity(thread, set.bytes(), set.get()) == 0) {
        for (std::size_t cpu = 0; cpu < cpus.size(); ++cpu) {
            cpus[cpu] = set.has(cpu);
        }
    }
    return cpus;
}

base::Status pin(int thread, const std::vector<bool>& cpus)
{
    CpuSet set{cpus.size()};
    for (std::size_t cpu = 0; cpu < cpus.size(); ++cpu) {
        if (cpus[cpu]) {
            set.add(cpu);
        }
    }
    if (::sched_setaffinity(thread, set.bytes(), set.get()) != 0) {
        return base::fail("the host does not let the processor run on {} only: {}", format_cpu_list(cpus),
                          base::errno_text(errno));
    }
    return {};
}

constexpr std::size_t kLongestEngineLine = 4096;

} // namespace

std::vector<Domain::Row> Domain::processor_rows()
{
    using enum ValueKind;
    using namespace std::string_view_literals;
    return {
        {{.name = "vcpus",
          .help = "Lists the virtual processors by number.",
          .permission = Permission::Look,
          .answer = {.kind = Objects,
                     .fields = {{"cpu", Integer, "the host's processor on which it has run last"},
                                {"state", Text, "the letters of vcpu-list: running, blocked, paused"},
                                {"seconds", Number, "of the host's processors that it has used"},
                                {"affinity", Text, "the host's processors on which it may run"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(domain.processors()); }},
        {{.name = "vcpu_pin",
          .help = "Says on which of the host's processors virtual processors may run.",
          .phases = kAtRest,
          .parameters = {{.name = "vcpu", .help = "their numbers: 0-2,4,^1 or all", .otherwise = "all"sv},
                         {.name = "cpus", .help = "the host's, in the same way", .otherwise = "all"sv}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const base::Status pinned = domain.pin_processors(arguments.text("vcpu"), arguments.text("cpus"));
             pinned ? reply(Json::object()) : reply(std::unexpected{pinned.error()});
         }},
        {{.name = "engine",
          .help = "Has another processor engine run the guest; for kvm, an open /dev/kvm comes with the request.",
          .phases = kAtRest,
          .parameters = {{.name = "name", .help = "of the engine", .words = {"kvm", "translate", "emulate"}},
                         {.name = "line", .help = "why, for the log and for 'status'", .longest = kLongestEngineLine}},
          .answer = {.fields = {{"engine_line", Text, "what 'status' says from now on"}}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const base::Status changed = domain.change_engine(arguments.text("name"), arguments.text("line"));
             changed ? reply(Json{{"engine_line", domain.engine_.line}}) : reply(std::unexpected{changed.error()});
         }},
    };
}

Json Domain::processors() const
{
    Json all = Json::array();
    const bool paused = !machine_->running();
    for (const machine::ProcessorStatus& processor : machine_->processors()) {
        all.push_back({{"cpu", processor.host_processor},
                       {"state", paused ? "--p" : processor.asleep ? "-b-" : "r--"},
                       {"seconds", static_cast<double>(processor.time) / static_cast<double>(base::kSecond)},
                       {"affinity", format_cpu_list(affinity_of(processor.thread, host_processors_))}});
    }
    return all;
}

base::Status Domain::pin_processors(const std::string& which, const std::string& cpus)
{
    const std::vector<machine::ProcessorStatus> all = machine_->processors();
    const std::vector<bool> chosen = WINDSOR_TRY(parse_cpu_list(
        which,
        {.count = all.size(), .owner = fmt::format("domain '{}'", claim_.entry().name), .kind = "virtual processor"}));
    const std::vector<bool> wanted =
        WINDSOR_TRY(parse_cpu_list(cpus, {.count = host_processors_, .owner = "the host", .kind = "processor"}));
    for (std::size_t number = 0; number < all.size(); ++number) {
        if (chosen[number]) {
            WINDSOR_TRY(pin(all[number].thread, wanted));
        }
    }
    return {};
}

// The command has looked at the host, which is out of sight here; with "kvm", it sends /dev/kvm.
base::Status Domain::change_engine(const std::string& name, const std::string& line)
{
    const base::Fd kvm = control_->take_descriptor();
    const auto type = engines::type_named(name);
    if (!type) {
        return base::fail("'{}' is no engine", name);
    }
    engines::Choice wanted{.type = *type, .name = name, .line = base::printable_line(line)};
    if (wanted.type != engine_.type) {
        WINDSOR_TRY(machine_->change_engine(wanted.type, kvm.get()));
        log_.info("the guest goes on with another {}", wanted.line);
    }
    engine_ = std::move(wanted);
    return {};
}

} // namespace windsor::domain
