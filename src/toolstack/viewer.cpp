// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/viewer.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::toolstack {

namespace fs = std::filesystem;

namespace {

constexpr std::array<const char*, 4> kViewers{"vncviewer", "xtigervncviewer", "xtightvncviewer", "gvncviewer"};

// TightVNC's viewer reads a password from its standard input; TigerVNC's from the environment.
bool reads_password_from_input(const std::string& program)
{
    std::error_code error;
    const fs::path real = fs::canonical(program, error);
    return (error ? fs::path{program} : real).filename().string().find("tight") != std::string::npos;
}

bool is_everywhere(const std::string& address)
{
    return address == "0.0.0.0" || address == "::" || address.empty();
}

void give_password(const ViewerCommand& viewer, std::vector<std::string>& words)
{
    if (!viewer.password) {
        return;
    }
    if (!reads_password_from_input(viewer.program)) {
        ::setenv("VNC_PASSWORD", viewer.password->c_str(), 1);
        return;
    }
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
        return; // the viewer asks the user
    }
    const std::string line = *viewer.password + '\n';
    [[maybe_unused]] const auto written = ::write(ends[1], line.data(), line.size());
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    words.insert(words.begin() + 1, "-autopass");
}

} // namespace

bool is_address(std::string_view host)
{
    constexpr std::string_view kMarks = ".:-_%";
    const auto good = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kMarks.find(c) != std::string_view::npos;
    };
    return std::ranges::all_of(host, good) && !host.starts_with('-');
}

base::Result<std::string> viewer_address(const domain::DomainStatus& status)
{
    if (!status.vnc) {
        return base::fail("domain '{}' has no VNC console; set vnc=1 in its configuration", status.name);
    }
    const auto& [listen, port, display, password] = *status.vnc;
    if (!is_address(listen)) {
        return base::fail("domain '{}' says that its console is at '{}', which is no address", status.name, listen);
    }
    const std::string host = is_everywhere(listen)                   ? "127.0.0.1"
                             : listen.find(':') != std::string::npos ? '[' + listen + ']'
                                                                     : listen;
    if (display < 0 || display > 99) {
        return fmt::format("{}::{}", host, port);
    }
    return fmt::format("{}:{}", host, display);
}

std::optional<std::string> find_program(std::span<const char* const> names, std::string_view path)
{
    for (const char* name : names) {
        for (std::size_t from = 0; from <= path.size();) {
            const std::size_t end = std::min(path.find(':', from), path.size());
            const fs::path candidate = fs::path{path.substr(from, end - from)} / name;
            if (candidate.is_absolute() && ::access(candidate.c_str(), X_OK) == 0) {
                return candidate.string();
            }
            from = end + 1;
        }
    }
    return std::nullopt;
}

base::Result<std::string> find_viewer(std::string_view path)
{
    if (auto found = find_program(kViewers, path)) {
        return *std::move(found);
    }
    return base::fail("there is no VNC viewer in PATH: install tigervnc-viewer, xtightvncviewer or gvncviewer, or "
                      "connect any viewer to "
                      "the address that 'create' and 'list -l' show");
}

base::Error exec_viewer(const ViewerCommand& viewer)
{
    std::vector<std::string> words{viewer.program};
    words.insert(words.end(), viewer.arguments.begin(), viewer.arguments.end());
    give_password(viewer, words);
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    ::execv(viewer.program.c_str(), pointers.data());
    return base::Error{fmt::format("cannot start {}: {}", viewer.program, base::errno_text(errno))};
}

base::Status start_viewer(const ViewerCommand& viewer)
{
    const pid_t child = ::fork();
    if (child < 0) {
        return base::fail("cannot start {}: {}", viewer.program, base::errno_text(errno));
    }
    if (child == 0) {
        // A grandchild, so that nobody has to wait for it.
        if (::fork() == 0) {
            ::setsid();
            const int null = ::open("/dev/null", O_RDWR);
            for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
                ::dup2(null, fd);
            }
            static_cast<void>(exec_viewer(viewer));
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return {};
}

} // namespace windsor::toolstack
