// SPDX-License-Identifier: GPL-2.0-or-later
#include "share/attendant.hpp"

#include "base/descriptor_message.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::share {

namespace {

// Between two signs of life, and two looks for programs that have ended, in milliseconds.
constexpr int kBeat = 2000;

} // namespace

void Attendant::serve(const base::Fd& life, const std::function<void()>& beat)
{
    for (;;) {
        std::array waits{pollfd{life.get(), POLLIN, 0}, pollfd{arrivals_.get(), POLLIN, 0}};
        if (::poll(waits.data(), waits.size(), kBeat) < 0 && errno != EINTR) {
            return;
        }
        reap();
        if (waits[0].revents != 0 || (waits[1].revents != 0 && !take())) {
            return;
        }
        beat();
    }
}

bool Attendant::take()
{
    std::array<char, 16> word{};
    base::Fd connection;
    const ssize_t size = base::receive_with_descriptor(arrivals_.get(), word, connection, MSG_DONTWAIT);
    if (connection) {
        begin(std::move(connection));
    }
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

// A program whose connection has gone ends by itself. It cannot be killed: its walls, which are the attendant's, too,
// forbid signals, as they would reach others of the user's where there is no namespace of process ids.
void Attendant::make_room()
{
    const auto counts = [](const Served& served) { return static_cast<bool>(served.connection); };
    while (std::ranges::count_if(served_, counts) >= static_cast<std::ptrdiff_t>(kMostServed)) {
        const auto oldest = std::ranges::find_if(served_, counts);
        ::shutdown(oldest->connection.get(), SHUT_RDWR);
        oldest->connection.reset();
    }
}

void Attendant::begin(base::Fd connection)
{
    make_room();
    if (served_.size() >= kMostRunning) {
        return; // and it is closed
    }
    const pid_t program = ::fork();
    if (program == 0) {
        become_program(connection);
    }
    if (program > 0) {
        served_.push_back({.program = program, .connection = std::move(connection)});
    }
}

// It ends with the attendant, whatever becomes of that one.
void Attendant::become_program(const base::Fd& connection) const
{
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_DFL);
    ::signal(SIGHUP, SIG_DFL);
    std::vector<char*> words;
    for (const std::string& word : command_) {
        words.push_back(const_cast<char*>(word.c_str())); // execv(3) does not write to it
    }
    words.push_back(nullptr);
    if (::dup2(connection.get(), STDIN_FILENO) == STDIN_FILENO) { // the others are closed by execv(3)
        ::execv(words.front(), words.data());
    }
    ::_exit(1);
}

void Attendant::reap()
{
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, nullptr, WNOHANG)) > 0) { // orphans, too, where this is the first process
        std::erase_if(served_, [=](const Served& served) { return served.program == ended; });
    }
}

} // namespace windsor::share
