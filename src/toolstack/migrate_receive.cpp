// SPDX-License-Identifier: GPL-2.0-or-later
// Moving a running domain to another Windsor: the target's end.
#include "base/descriptors.hpp"
#include "base/printable.hpp"
#include "config/build.hpp"
#include "domain/incoming.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/identity_guard.hpp"
#include "toolstack/spawn.hpp"
#include "toolstack/tls_options.hpp"
#include "transport/reception.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <optional>

namespace windsor::toolstack {

namespace {

constexpr std::chrono::seconds kPatience{180};         // with a source whose domain is on its way
constexpr std::chrono::seconds kStrangersPatience{30}; // until it has said what it brings

// Where messages go and come from, and the process that decrypts them, which waits for the channel's end.
struct Source {
    std::optional<transport::TlsRelay> relay{};
    std::shared_ptr<domain::Channel> channel{};

    // An error of the connection, with the reason if TLS has one.
    base::Error explain(const base::Error& error) const { return relay ? relay->explain(error) : error; }
};

std::shared_ptr<domain::Channel> channel_over(base::Fd in, base::Fd out = {})
{
    return std::make_shared<domain::Channel>(std::move(in), std::move(out), "the source");
}

// Over a connection that has been accepted.
base::Result<Source> source_of(base::Fd connection, std::optional<transport::TlsCredentials> tls)
{
    if (!tls) {
        return Source{.channel = channel_over(std::move(connection))};
    }
    const base::Interrupts interrupts;
    auto relay = transport::TlsRelay::start(std::move(*tls), std::move(connection), "", interrupts);
    if (!relay) {
        return base::fail("no domain was received: {}", relay.error().message());
    }
    base::Fd socket = relay->take_socket();
    return Source{.relay = std::move(*relay), .channel = channel_over(std::move(socket))};
}

base::Result<Source> standard_source()
{
    if (::isatty(STDIN_FILENO) != 0 || ::isatty(STDOUT_FILENO) != 0) {
        return base::fail(
            "a domain is to come over standard input, which is a terminal; 'migrate' on the source starts "
            "this command over ssh, or give --listen");
    }
    base::Fd in{::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
    base::Fd out{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
    return Source{.channel = channel_over(std::move(in), std::move(out))};
}

domain::Settings settings_for(const Context& context, const Arguments& arguments,
                              const std::shared_ptr<domain::Incoming>& incoming)
{
    return {.config = incoming->saved.config,
            .runtime = context.paths.runtime,
            .start = arguments.has("paused") ? domain::StartAs::Paused : domain::StartAs::Running,
            .origin = incoming->saved.domain.origin,
            .incoming = incoming};
}

// The domain's process talks with the source itself.
base::Result<Started> start(Context& context, const Arguments& arguments,
                            const std::shared_ptr<domain::Incoming>& incoming, std::optional<engines::Type> engine,
                            const std::vector<int>& inherited)
{
    const config::HostConfig host = WINDSOR_TRY(config::load_host_config(context.host_config));
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    WINDSOR_TRY(domain::check_name_free(registry, *incoming));
    domain::Settings settings = settings_for(context, arguments, incoming);
    const auto choice = arguments.has("engine") ? engine : engine_wanted(config::resolve_engine(settings.config, host));
    settings.engine = WINDSOR_TRY(engines::choose(choice, settings.runtime, say_measuring(context.err)));
    domain::Claim claim =
        WINDSOR_TRY(registry.claim(domain::name_with(settings.config.name, domain::kIncoming)));
    return start_domain(std::move(settings), std::move(claim), incoming->saved.domain.origin, context.paths, inherited);
}

// `welcome` is called when the source has shown that it brings a domain.
base::Result<int> receive(Context& context, const Arguments& arguments, const Source& source,
                          std::optional<engines::Type> engine, const std::vector<int>& inherited,
                          const std::function<void()>& welcome)
{
    WINDSOR_TRY(source.channel->write(domain::kGreeting));
    const auto incoming = domain::receive_beginning(source.channel);
    if (incoming) {
        welcome();
        source.channel->set_patience(kPatience);
    }
    const auto started = incoming ? start(context, arguments, *incoming, engine, inherited)
                                  : base::Result<Started>{std::unexpected{incoming.error()}};
    if (!started) {
        const base::Error error = source.explain(started.error());
        source.channel->refuse(error.message());
        return base::fail("no domain was received: {}", error.message());
    }
    context.err << fmt::format("Received domain {} (id={})\n", started->status.name, started->status.id) << std::flush;
    if (const base::Status kept = remember_guest(context.paths, (*incoming)->saved.config); !kept) {
        context.err << "Warning: a later 'create' may make another machine: " << kept.error().message() << '\n';
    }
    return 0;
}

// Of what a stranger may have said.
std::string in_one_line(const base::Error& error)
{
    std::string line = base::printable(error.message());
    std::ranges::replace(line, '\n', ' ');
    return line;
}

// Who connects is served until one of them has brought a domain.
base::Result<int> receive_by_listening(Context& context, const Arguments& arguments,
                                       std::optional<engines::Type> engine, const std::vector<int>& inherited)
{
    const transport::Endpoint at = WINDSOR_TRY(transport::parse_address(arguments.value("listen")));
    const config::HostConfig host = WINDSOR_TRY(config::load_host_config(context.host_config));
    std::optional<transport::TlsCredentials> tls;
    if (const auto directory = WINDSOR_TRY(tls_directory(at, arguments, host))) {
        tls = WINDSOR_TRY(transport::TlsCredentials::load(*directory, transport::TlsRole::Target));
    }
    const base::Interrupts interrupts;
    const base::Fd listener = WINDSOR_TRY(transport::listen_at(at));
    context.err << fmt::format("Waiting for a domain at {}\n", arguments.value("listen")) << std::flush;
    const auto serve = [&](base::Fd connection, const transport::Reception::Report& report,
                           transport::Reception::Telling telling) {
        auto source = source_of(std::move(connection), std::move(tls));
        base::Result<int> received = 0;
        if (source) {
            source->channel->set_patience(kStrangersPatience);
            received = receive(context, arguments, *source, engine, inherited, [&] { report.welcome(); });
        } else {
            received = std::unexpected{source.error()};
        }
        if (!received && telling == transport::Reception::Telling::Aloud) {
            context.err << fmt::format("{}: {}; still waiting\n", context.program, in_one_line(received.error()))
                        << std::flush;
        }
        return received.has_value();
    };
    WINDSOR_TRY(transport::Reception::wait(listener, at, interrupts, serve));
    return 0;
}

} // namespace

base::Result<int> migrate_receive(Context& context, const Arguments& arguments)
{
    const std::vector<int> inherited = base::open_descriptors();
    const auto engine = arguments.has("engine") ? WINDSOR_TRY(engine_named(arguments.value("engine"))) : std::nullopt;
    ::signal(SIGPIPE, SIG_IGN); // a source that goes away is an error like any other
    if (arguments.has("listen")) {
        return receive_by_listening(context, arguments, engine, inherited);
    }
    return receive(context, arguments, WINDSOR_TRY(standard_source()), engine, inherited, [] {});
}

} // namespace windsor::toolstack
