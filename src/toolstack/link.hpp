// SPDX-License-Identifier: GPL-2.0-or-later
// The way to another Windsor, for live migration: a Unix socket, TCP, or a command such as ssh.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "toolstack/progress.hpp"

#include <string>
#include <string_view>
#include <sys/types.h>

namespace windsor::toolstack {

struct Endpoint {
    enum class Kind { Unix, Tcp, Command } kind{Kind::Command};
    std::string place{}; // a path, a host, or a command for sh(1)
    std::string port{};  // of TCP
};

// unix:PATH or tcp:HOST:PORT, where HOST may be an IPv6 address in brackets.
base::Result<Endpoint> parse_address(std::string_view text);
// The same, or a host that `shell` (in the manner of ssh) leads to; an empty shell: the text is the command.
base::Result<Endpoint> parse_target(const std::string& text, const std::string& shell);

// Whether an address of TCP may be used, as the options say.
base::Status allow_tcp(const Arguments& arguments);

// A connection, and the process that it leads through, if it is one.
class Link {
public:
    // Waits half a minute for a host that does not answer. An interrupt ends it.
    static base::Result<Link> open(const Endpoint& to, const Interrupts& interrupts);
    Link(Link&& other) noexcept : socket_{std::move(other.socket_)}, child_{std::exchange(other.child_, -1)} {}
    Link& operator=(Link&&) = delete;
    // Closes it, and waits for the process, a few seconds at most.
    ~Link();

    int fd() const { return socket_.get(); }
    // Reads the receiver's greeting.
    base::Status await_greeting(const Interrupts& interrupts);

private:
    explicit Link(base::Fd socket, pid_t child = -1) : socket_{std::move(socket)}, child_{child} {}
    static base::Result<Link> run(const std::string& command);

    base::Fd socket_;
    pid_t child_;
};

// A socket at an address, and the one connection that it waits for; then the address is gone. An interrupt ends it.
base::Result<base::Fd> listen_at(const Endpoint& at);
base::Result<base::Fd> accept_one(base::Fd listener, const Endpoint& at, const Interrupts& interrupts);

} // namespace windsor::toolstack
