// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/restart.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::toolstack {

namespace {

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

bool Restart::operator()(const std::string& name) const
{
    std::vector<std::string> words{"windsor", "create", "--quiet", "--defconfig=" + source.string()};
    words.insert(words.end(), overrides.begin(), overrides.end());
    words.push_back("name='" + name + "'");
    std::vector<std::string> variables = environment(paths);

    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_APPEND, 0);
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    sigset_t set{};
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes, &set);
    ::sigaddset(&set, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &set);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    pid_t child = 0;
    const bool spawned = ::posix_spawn(&child, "/proc/self/exe", &actions, &attributes, pointers(words).data(),
                                       pointers(variables).data()) == 0;
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    return spawned && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace windsor::toolstack
