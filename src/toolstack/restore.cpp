// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/descriptors.hpp"
#include "base/printable.hpp"
#include "config/build.hpp"
#include "config/mac_address.hpp"
#include "domain/saved_domain.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/console.hpp"
#include "toolstack/identity_guard.hpp"
#include "toolstack/spawn.hpp"

#include <array>
#include <ctime>
#include <fmt/ranges.h>

namespace windsor::toolstack {

namespace fs = std::filesystem;

namespace {

std::string when(std::int64_t seconds)
{
    const std::time_t time = seconds;
    std::tm local{};
    std::array<char, 32> text{};
    if (::localtime_r(&time, &local) == nullptr || std::strftime(text.data(), text.size(), "%F %T", &local) == 0) {
        return "?";
    }
    return text.data();
}

// Says what stands in the way, and starts nothing.
base::Result<int> check(Context& context, const std::string& file, domain::SavedFile& saved)
{
    const std::vector<std::string> found = domain::obstacles(saved, domain::Images::Free);
    if (const auto whole = domain::read_rest(saved); !whole) {
        return base::fail("{}: {}", file, whole.error().message());
    }
    for (const std::string& sentence : found) {
        context.err << context.program << ": " << file << ": " << sentence << '\n';
    }
    if (!found.empty()) {
        return 1;
    }
    context.out << fmt::format("{}: domain '{}', {} MiB, saved {} by Windsor {}, can be restored here\n", file,
                               base::printable(saved.config.name), saved.config.memory_mb, when(saved.domain.saved_at),
                               base::printable(saved.domain.windsor));
    return 0;
}

// The domain's own gives way to a file's.
base::Status replace_configuration(Context& context, const std::string& name, const config::HostConfig& host,
                                   domain::SavedFile& saved)
{
    const std::string path = WINDSOR_TRY(find_config(name));
    auto [loaded, origin] = WINDSOR_TRY(read_configuration(path, {}));
    print_notes(context, {}, loaded);
    saved.config = std::move(loaded.config);
    config::resolve_graphics(saved.config, host);
    config::resolve_bridges(saved.config, host);
    config::resolve_macs(saved.config);
    saved.domain.origin = std::move(origin);
    return {};
}

// A file that somebody else can have written names images that he cannot open, and that this user would open for his
// guest; and a configuration for rename-restart, which may name others.
base::Status refuse_strangers_file(const std::string& file, const domain::SavedFile& saved)
{
    if (saved.own) {
        return {};
    }
    std::vector<std::string> images;
    for (const config::DiskConfig& disk : saved.config.disks) {
        if (!disk.path.empty()) {
            images.push_back(base::printable(disk.path));
        }
    }
    return base::fail("{} can have been written by somebody else, and says what its guest is given ({}): give a "
                      "configuration of your own before it, or --trust if that is what you want",
                      file, images.empty() ? "no images" : fmt::format("{}", fmt::join(images, ", ")));
}

} // namespace

base::Result<int> restore(Context& context, const Arguments& arguments)
{
    const std::vector<int> inherited = base::open_descriptors();
    const std::string& file = arguments.operands().back();
    domain::SavedFile saved = WINDSOR_TRY(domain::open_saved(file));
    const config::HostConfig host = WINDSOR_TRY(config::load_host_config(context.host_config));
    if (arguments.operands().size() == 2) {
        WINDSOR_TRY(replace_configuration(context, arguments.operand(0), host, saved));
    } else if (!arguments.has("trust")) {
        WINDSOR_TRY(refuse_strangers_file(file, saved));
    }
    if (arguments.has("check")) {
        return check(context, file, saved);
    }
    std::error_code error;
    const auto choice = arguments.has("engine") ? WINDSOR_TRY(engine_named(arguments.value("engine")))
                                                : engine_wanted(config::resolve_engine(saved.config, host));
    domain::Settings settings{.config = saved.config,
                              .runtime = context.paths.runtime,
                              .start = arguments.has("paused") ? domain::StartAs::Paused : domain::StartAs::Running,
                              .origin = saved.domain.origin,
                              .restore_from = fs::absolute(file, error)};
    const domain::Registry registry = WINDSOR_TRY(domain::Registry::open(context.paths.runtime));
    settings.engine = WINDSOR_TRY(engines::choose(choice, settings.runtime, say_measuring(context.out)));
    domain::Claim claim = WINDSOR_TRY(registry.claim(settings.config.name));
    const std::string name = settings.config.name;
    saved.reader.reset();
    saved.input.reset();
    context.out << std::flush;
    const Started started =
        WINDSOR_TRY(start_domain(std::move(settings), std::move(claim), saved.domain.origin, context.paths, inherited));
    print_started(context, started.status);
    if (const base::Status kept = remember_guest(context.paths, saved.config); !kept) {
        context.err << "Warning: a later 'create' may make another machine: " << kept.error().message() << '\n';
    }
    const bool hand_over = arguments.has("vncviewer-autopass");
    if (arguments.has("vncviewer") || hand_over) {
        const auto viewer = WINDSOR_TRY(viewer_for(context, name, hand_over ? Password::HandOver : Password::Ask));
        WINDSOR_TRY(start_viewer(viewer));
    }
    return 0;
}

} // namespace windsor::toolstack
