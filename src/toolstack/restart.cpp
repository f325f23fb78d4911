// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/restart.hpp"

#include "base/fd.hpp"
#include "base/whole.hpp"
#include "config/keys.hpp"
#include "config/value.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

namespace windsor::toolstack {

namespace {

// Numbers of descriptors in the new process, which closes them before it makes a domain.
constexpr int kConfiguration = 3;
constexpr int kSettings = 4;

// A file that only the new process gets: both may hold passwords, and one that has a path could be changed by a keeper
// that somebody has taken over. Its number is none of those above.
base::Result<base::Fd> file_of(const std::string& text)
{
    const base::Fd file{::memfd_create("windsor-restart", MFD_CLOEXEC)};
    if (!file || !base::write_whole(file.get(), text)) {
        return base::fail("cannot keep a configuration in memory: {}", base::errno_text(errno));
    }
    base::Fd elsewhere{::fcntl(file.get(), F_DUPFD_CLOEXEC, kSettings + 1)};
    if (!elsewhere) {
        return base::fail("cannot keep a configuration in memory: {}", base::errno_text(errno));
    }
    return elsewhere;
}

std::string in_lines(const std::vector<std::string>& settings)
{
    std::string lines;
    for (const std::string& setting : settings) {
        lines += setting + '\n';
    }
    return lines;
}

// A key's value as it is written behind KEY=.
std::string value_text(const config::KeyInfo& key, const config::DomainConfig& config)
{
    if (const auto* const list = std::get_if<config::Field<std::vector<std::string>>>(&key.member)) {
        const std::vector<std::string>& texts = list->in(config);
        return config::to_text(config::Value::List{texts.begin(), texts.end()});
    }
    std::string value = config::member_text(key.member, config).value_or("");
    return key.type == config::KeyType::String ? config::to_text(config::Value{std::move(value)}) : value;
}

std::string path_of(int descriptor)
{
    return "/proc/self/fd/" + std::to_string(descriptor);
}

std::vector<char*> pointers(std::vector<std::string>& words)
{
    std::vector<char*> all;
    for (std::string& word : words) {
        all.push_back(word.data());
    }
    all.push_back(nullptr);
    return all;
}

// This process's environment, with the directories in use.
std::vector<std::string> environment(const domain::Paths& paths)
{
    std::vector<std::string> variables;
    for (char** item = environ; item != nullptr && *item != nullptr; ++item) {
        const std::string_view variable = *item;
        if (!variable.starts_with("WINDSOR_RUNTIME_DIR=") && !variable.starts_with("WINDSOR_DATA_DIR=")) {
            variables.emplace_back(variable);
        }
    }
    variables.push_back("WINDSOR_RUNTIME_DIR=" + paths.runtime.string());
    variables.push_back("WINDSOR_DATA_DIR=" + paths.data.string());
    return variables;
}

} // namespace

std::vector<std::string> settings_of_this_host(const config::DomainConfig& config)
{
    std::vector<std::string> settings;
    for (const config::KeyInfo& key : config::all_keys()) {
        const std::string value = value_text(key, config);
        if (key.saved.as == config::SavedAs::Never || (key.saved.as == config::SavedAs::OnlyIfOn && value == "1")) {
            settings.push_back(fmt::format("{}={}", key.name, value));
        }
    }
    return settings;
}

std::vector<std::string> Restart::settings() const
{
    std::vector<std::string> all = origin.overrides;
    all.insert(all.end(), own.begin(), own.end());
    return all;
}

base::Result<pid_t> Restart::operator()(int errors, const std::string& name) const
{
    // Settings may be passwords, and everybody on the host can see a process's arguments.
    std::vector<std::string> words{"windsor", "create", "--quiet", "--defconfig=" + path_of(kConfiguration),
                                   "--settings=" + path_of(kSettings), "name='" + name + "'"};
    std::vector<std::string> variables = environment(paths);
    const base::Fd configuration = WINDSOR_TRY(file_of(origin.text));
    const base::Fd overrides = WINDSOR_TRY(file_of(in_lines(settings())));

    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, origin.directory.c_str());
    ::posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, configuration.get(), kConfiguration);
    ::posix_spawn_file_actions_adddup2(&actions, overrides.get(), kSettings);
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    sigset_t set{};
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes, &set);
    ::sigaddset(&set, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &set);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    pid_t child = 0;
    const int error = ::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, pointers(words).data(),
                                    pointers(variables).data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return base::fail("cannot start a fresh domain: {}", base::errno_text(error));
    }
    return child;
}

} // namespace windsor::toolstack
