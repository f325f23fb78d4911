// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptors.hpp"
#include "config/build.hpp"
#include "config/file.hpp"
#include "config/keys.hpp"
#include "config/serial_key.hpp"
#include "config/xend_form.hpp"
#include "config/xl_form.hpp"
#include "keeper/network_parts.hpp"
#include "keeper/share_parts.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/console.hpp"
#include "toolstack/firmware_files.hpp"
#include "toolstack/help.hpp"
#include "toolstack/identity_guard.hpp"
#include "toolstack/spawn.hpp"

#include <algorithm>
#include <sstream>
#include <sys/wait.h>

namespace windsor::toolstack {

namespace {

// The configuration file and the settings that go before it.
struct Request {
    std::string file;
    std::vector<std::string> overrides;
};

// The option as a setting, so that it holds for restarts, too.
base::Result<std::string> engine_setting(const std::string& word)
{
    if (!config::engine_from(word)) {
        return base::fail("'{}' is no engine; give --engine one of auto, kvm, translate and emulate", word);
    }
    return fmt::format("engine='{}'", word);
}

// KEY=VALUE a line; empty lines and comments are nothing.
base::Result<std::vector<std::string>> read_settings(const std::string& file)
{
    std::vector<std::string> settings;
    std::istringstream lines{WINDSOR_TRY(config::read_config_file(file, "file of settings"))};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line[0] == '#') {
            continue;
        }
        if (line.find('=') == std::string::npos) {
            return base::fail("{}: a line is no setting; settings are written KEY=VALUE, a line each", file);
        }
        settings.push_back(line);
    }
    return settings;
}

base::Result<Request> read_request(const Arguments& arguments)
{
    std::vector<std::string> operands = arguments.operands();
    std::string name = arguments.value("defconfig");
    if (name.empty()) {
        const auto is_file = [](const std::string& word) {
            return word.find('=') == std::string::npos || config::config_file_exists(word);
        };
        const auto found = std::ranges::find_if(operands, is_file);
        if (found == operands.end()) {
            return base::fail("say which configuration file to start a domain from");
        }
        name = *found;
        operands.erase(found);
    }
    const auto wrong =
        std::ranges::find_if(operands, [](const std::string& word) { return word.find('=') == std::string::npos; });
    if (wrong != operands.end()) {
        return base::fail("'{}' is one configuration file too many; settings are written KEY=VALUE", *wrong);
    }
    if (arguments.has("settings")) {
        const auto settings = WINDSOR_TRY(read_settings(arguments.value("settings")));
        operands.insert(operands.begin(), settings.begin(), settings.end());
    }
    if (std::ranges::any_of(operands, [](const std::string& word) { return word.find('\n') != std::string::npos; })) {
        return base::fail("a setting has a line break in it; write long ones to the configuration file");
    }
    if (arguments.has("engine")) {
        operands.push_back(WINDSOR_TRY(engine_setting(arguments.value("engine"))));
    }
    return Request{WINDSOR_TRY(find_config(name, arguments.value("path", std::string{kSearchPath}))),
                   std::move(operands)};
}

// Options of xm that ask for what there is not.
base::Status refuse_options(const Arguments& arguments)
{
    if (arguments.has("config")) {
        return base::fail("-F names a configuration in s-expressions, which cannot be read yet; give the file that it "
                          "was made from");
    }
    if (arguments.has("xmldryrun")) {
        return base::fail("-x prints xend's XML, which is not provided; -n prints the configuration");
    }
    return {};
}

// xm's --help_config.
void print_keys(Context& context)
{
    for (const config::KeyInfo& key : config::all_keys()) {
        if (key.dialect != config::KeyDialect::Option) {
            context.out << wrapped(fmt::format("{}: {}", key.name, key.help), context.columns, 2) << '\n';
        }
    }
}

void print_config(Context& context, const config::DomainConfig& config)
{
    switch (context.dialect) {
    case Dialect::Xm: context.out << config::print_sxp(config::xend_form(config, std::nullopt)) << '\n'; break;
    case Dialect::Xl: context.out << config::xl_form(config).dump(4) << '\n'; break;
    case Dialect::Windsor: context.out << config::to_json(config).dump(4) << '\n'; break;
    }
}

base::Status start_own_viewer(const Context& context, const std::string& name, const Arguments& arguments)
{
    const Password password = arguments.has("vncviewer-autopass") ? Password::HandOver : Password::Ask;
    return start_viewer(WINDSOR_TRY(viewer_for(context, name, password)));
}

// What comes after a successful start. The domain goes on whatever happens here.
base::Result<int> follow_up(Context& context, const Arguments& arguments, const config::DomainConfig& config,
                            const Started& started)
{
    const bool viewer = arguments.has("vncviewer") || arguments.has("vncviewer-autopass") ||
                        config.graphics.viewer == config::Switch::On;
    if (viewer) {
        WINDSOR_TRY(start_own_viewer(context, config.name, arguments));
    }
    if (arguments.has("console_autoconnect")) {
        return open_console(context, config.name);
    }
    if (arguments.has("F")) {
        ::waitpid(started.keeper, nullptr, 0);
    }
    return 0;
}

base::Result<Started> start(Context& context, const Arguments& arguments, const Request& request,
                            const config::HostConfig& host, const Configuration& configuration,
                            const std::vector<int>& inherited)
{
    const auto& [loaded, origin] = configuration;
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    domain::Settings settings{.config = loaded.config,
                              .runtime = context.paths.runtime,
                              .start = arguments.has("paused") ? domain::StartAs::Paused : domain::StartAs::Running};
    config::resolve_graphics(settings.config, host);
    WINDSOR_TRY(read_firmware_files(settings.config));
    const Recognized recognized = WINDSOR_TRY(
        recognize(context.paths, request.file, settings.config,
                  arguments.has("accept-hardware-change") ? HardwareChange::Accept : HardwareChange::Refuse));
    for (const config::Warning& warning : loaded.warnings) {
        settings.warnings.push_back(warning.text());
    }
    for (const std::string& warning : recognized.warnings) {
        settings.warnings.push_back(warning);
        context.err << "Warning: " << warning << '\n';
    }
    auto engine = engines::choose(engine_wanted(config::resolve_engine(loaded.config, host)), settings.runtime,
                                  arguments.has("quiet") ? nullptr : say_measuring(context.out));
    if (!engine) {
        return std::unexpected{config::at_key(settings.config, "engine", engine.error())};
    }
    settings.engine = *std::move(engine);
    if (!arguments.has("quiet")) {
        context.out << config::graphics_line(loaded.config) << '\n';
    }
    std::vector<std::string> notes = keeper::network_notes(settings.config);
    std::ranges::move(keeper::share_notes(settings.config), std::back_inserter(notes));
    for (const std::string& note : notes) {
        settings.warnings.push_back(note); // for the domain's log
        if (!arguments.has("quiet")) {
            context.out << note << '\n';
        }
    }
    auto claim = registry.claim(settings.config.name);
    if (!claim) {
        return std::unexpected{config::at_key(settings.config, "name", claim.error())};
    }
    // A fresh domain of rename-restart is the same machine.
    Origin lasting = origin;
    lasting.overrides.push_back(fmt::format("uuid='{}'", settings.config.uuid));
    Started started =
        WINDSOR_TRY(start_domain(std::move(settings), *std::move(claim), lasting, context.paths, inherited));
    if (const base::Status kept = remember(context.paths, recognized); !kept) {
        context.err << "Warning: the next start may find another machine: " << kept.error().message() << '\n';
    }
    return started;
}

} // namespace

base::Result<int> create(Context& context, const Arguments& arguments)
{
    const std::vector<int> inherited = base::open_descriptors();
    WINDSOR_TRY(refuse_options(arguments));
    if (arguments.has("help_config")) {
        print_keys(context);
        return 0;
    }
    const Request request = WINDSOR_TRY(read_request(arguments));
    const bool quiet = arguments.has("quiet");
    const bool dry = arguments.has("dryrun");
    if (!quiet && !dry) {
        context.out << (context.dialect == Dialect::Xm ? fmt::format("Using config file \"{}\".\n", request.file)
                                                       : fmt::format("Parsing config from {}\n", request.file));
    }
    const config::HostConfig host = WINDSOR_TRY(config::load_host_config(context.host_config));
    Configuration configuration = WINDSOR_TRY(read_configuration(request.file, request.overrides));
    config::resolve_bridges(configuration.loaded.config, host);
    const config::Loaded& loaded = configuration.loaded;
    if (!quiet) {
        print_notes(context, host.warnings, loaded);
    }
    if (dry) {
        print_config(context, loaded.config);
        return 0;
    }
    if (arguments.has("console_autoconnect") && !config::has_terminal(loaded.config)) {
        return base::fail(
            "-c joins the serial console, and the configuration has none: add serial='pty', or leave -c out");
    }
    context.out << std::flush;
    const Started started = WINDSOR_TRY(start(context, arguments, request, host, configuration, inherited));
    if (!quiet) {
        print_started(context, started.status);
    }
    return follow_up(context, arguments, loaded.config, started);
}

} // namespace windsor::toolstack
