// SPDX-License-Identifier: GPL-2.0-or-later
// The commands that begin and end a guest's life, other than create.
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/end_domain.hpp"

#include <chrono>
#include <thread>

namespace windsor::toolstack {

using domain::Json;

namespace {

constexpr auto kPollInterval = std::chrono::milliseconds{200};

// One operand, or all domains with -a.
base::Result<std::vector<domain::Entry>> targets(const Context& context, const Arguments& arguments)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    if (arguments.has("all")) {
        if (!arguments.operands().empty()) {
            return base::fail("-a means all domains; leave '{}' out, or -a", arguments.operand(0));
        }
        return registry.list();
    }
    if (arguments.operands().empty()) {
        return base::fail("say which domain, or -a for all");
    }
    return std::vector{WINDSOR_TRY(registry.find(arguments.operand(0)))};
}

// Until the guest has ended: the domain is gone, or preserved, or begins anew.
void wait_for_end(const domain::Entry& entry, unsigned restarts_before)
{
    for (;;) {
        auto client = domain::RpcClient::connect(entry.control_socket());
        if (!client) {
            return;
        }
        const auto answer = client->call("status");
        if (!answer) {
            return;
        }
        const domain::DomainStatus status = domain::status_from(*answer);
        if (status.restarts != restarts_before || status.state.find_first_of("sc") != std::string::npos) {
            return;
        }
        std::this_thread::sleep_for(kPollInterval);
    }
}

struct Asked {
    domain::Entry entry;
    unsigned restarts; // which distinguishes one run of a guest from the next of the same domain
};

// Presses the power button of each. Goes on after a failure, which is the one returned.
base::Result<int> press_power(Context& context, const Arguments& arguments, bool reboot)
{
    std::vector<Asked> asked;
    int status = 0;
    for (const domain::Entry& entry : WINDSOR_TRY(targets(context, arguments))) {
        auto client = domain::RpcClient::connect(entry.control_socket());
        const auto before = client ? client->call("status") : base::Result<Json>{Json::object()};
        const auto pressed = client ? client->call("shutdown", {{"reboot", reboot}}) : std::unexpected{client.error()};
        if (!pressed) {
            context.err << context.program << ": domain '" << entry.name << "': " << pressed.error().message() << '\n';
            status = 1;
            continue;
        }
        if (context.dialect != Dialect::Xm) {
            context.out << (reboot ? "Rebooting" : "Shutting down") << " domain " << entry.id << '\n';
        }
        asked.push_back({entry, domain::status_from(before.value_or(Json::object())).restarts});
    }
    if (!arguments.has("wait")) {
        return status;
    }
    context.out << std::flush;
    for (const Asked& domain : asked) {
        wait_for_end(domain.entry, domain.restarts);
        context.out << (context.dialect == Dialect::Xm
                            ? fmt::format("Domain {} terminated\n", domain.entry.name)
                            : fmt::format("Domain {} has been shut down, reason code 0\n", domain.entry.id));
    }
    if (context.dialect == Dialect::Xm && arguments.has("all")) {
        context.out << "All domains terminated\n";
    }
    return status;
}

base::Result<int> simple(Context& context, const std::string& domain, const std::string& method)
{
    WINDSOR_TRY(call(context, domain, method));
    return 0;
}

} // namespace

base::Result<int> destroy(Context& context, const Arguments& arguments)
{
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    const domain::Entry entry = WINDSOR_TRY(registry.find(arguments.operand(0)));
    WINDSOR_TRY(end_domain(context, entry));
    return 0;
}

base::Result<int> shutdown(Context& context, const Arguments& arguments)
{
    return press_power(context, arguments, arguments.has("R"));
}

base::Result<int> reboot(Context& context, const Arguments& arguments)
{
    return press_power(context, arguments, true);
}

base::Result<int> reset(Context& context, const Arguments& arguments)
{
    return simple(context, arguments.operand(0), "reset");
}

base::Result<int> pause(Context& context, const Arguments& arguments)
{
    return simple(context, arguments.operand(0), "pause");
}

base::Result<int> unpause(Context& context, const Arguments& arguments)
{
    return simple(context, arguments.operand(0), "unpause");
}

base::Result<int> rename(Context& context, const Arguments& arguments)
{
    WINDSOR_TRY(call(context, arguments.operand(0), "rename", {{"name", arguments.operand(1)}}));
    return 0;
}

base::Result<int> trigger(Context& context, const Arguments& arguments)
{
    const std::string& event = arguments.operand(1);
    if (event == "power") {
        return simple(context, arguments.operand(0), "shutdown");
    }
    if (event == "reset") {
        return simple(context, arguments.operand(0), "reset");
    }
    return base::fail("'{}' cannot be triggered in this version of Windsor; power and reset can", event);
}

base::Result<int> button_press(Context& context, const Arguments& arguments)
{
    if (arguments.operand(1) != "power") {
        return base::fail("there is no button '{}'; the machine has a power button", arguments.operand(1));
    }
    return simple(context, arguments.operand(0), "shutdown");
}

} // namespace windsor::toolstack
