// SPDX-License-Identifier: GPL-2.0-or-later
// The way to another Windsor, for live migration: a Unix socket, TCP with or without TLS, or a command such as ssh.
#pragma once

#include "base/fd.hpp"
#include "base/interrupts.hpp"
#include "base/result.hpp"
#include "transport/carrier.hpp"
#include "transport/tls_relay.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace windsor::transport {

struct Endpoint {
    enum class Kind { Unix, Tcp, Command } kind{Kind::Command};
    std::string place{}; // a path, a host, or a command for sh(1)
    std::string port{};  // of TCP
};

// unix:PATH or tcp:HOST:PORT, where HOST may be an IPv6 address in brackets.
base::Result<Endpoint> parse_address(std::string_view text);
// The same, or a host that `shell` (in the manner of ssh) leads to; an empty shell: the text is the command.
base::Result<Endpoint> parse_target(const std::string& text, const std::string& shell);

// A connection, and the process that it leads through, if it is one.
class Link {
public:
    // With TLS, if there are credentials for it. Waits half a minute for a host that does not answer. An interrupt ends
    // it. At its end it is closed, and the process waited for, a few seconds at most.
    static base::Result<Link> open(const Endpoint& to, std::optional<TlsCredentials> tls,
                                   const base::Interrupts& interrupts);
    int fd() const { return socket_.get(); }
    // Reads the receiver's greeting, a line, which must be this one.
    base::Status await_greeting(std::string_view greeting, const base::Interrupts& interrupts) const;
    // An error of this connection, with the reason if TLS has one.
    base::Error explain(const base::Error& error) const { return relay_ ? relay_->explain(error) : error; }

private:
    explicit Link(base::Fd socket) : socket_{std::move(socket)} {}
    Link(base::Fd socket, Carrier command) : command_{std::move(command)}, socket_{std::move(socket)} {}
    explicit Link(TlsRelay relay) : relay_{std::move(relay)}, socket_{relay_->take_socket()} {}
    static base::Result<Link> run(const std::string& command);

    std::optional<Carrier> command_; // this or the next is waited for when the socket is closed
    std::optional<TlsRelay> relay_;
    base::Fd socket_;
};

// A socket that waits for connections at an address.
base::Result<base::Fd> listen_at(const Endpoint& at);

} // namespace windsor::transport
