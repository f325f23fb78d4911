// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/interrupts.hpp"
#include "transport/carrier.hpp"
#include "transport/tls.hpp"

#include <string>

namespace windsor::transport {

// A process in which a TlsPump runs: a domain's process is to know nothing of keys, and is forked without threads.
class TlsRelay {
public:
    // Returns when both ends have verified each other. An interrupt ends it.
    static base::Result<TlsRelay> start(TlsCredentials credentials, base::Fd network, const std::string& host,
                                        const base::Interrupts& interrupts);

    // The local end of the connection, to be taken once. The process ends after it was closed.
    base::Fd take_socket() { return std::move(socket_); }
    // An error of the connection, with the reason if TLS has one.
    base::Error explain(const base::Error& error) const;

private:
    TlsRelay(Carrier process, base::Fd reports, base::Fd socket)
        : process_{std::move(process)}, reports_{std::move(reports)}, socket_{std::move(socket)}
    {
    }
    base::Status await_handshake(const base::Interrupts& interrupts) const;

    Carrier process_; // waited for when the socket is closed
    base::Fd reports_; // an empty line for the handshake, and one that says what went wrong
    base::Fd socket_;
};

} // namespace windsor::transport
