// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/tls_options.hpp"

namespace windsor::toolstack {

base::Result<std::optional<std::filesystem::path>> tls_directory(const transport::Endpoint& endpoint,
                                                                 const Arguments& arguments,
                                                                 const config::HostConfig& host)
{
    const bool asked = arguments.has("tls") || arguments.has("ssl");
    if (endpoint.kind != transport::Endpoint::Kind::Tcp) {
        if (asked) {
            return base::fail("TLS is for tcp:HOST:PORT: a Unix socket stays on this host, and ssh encrypts by itself");
        }
        return std::nullopt;
    }
    if (asked && arguments.has("insecure")) {
        return base::fail("--insecure contradicts --{}", arguments.has("tls") ? "tls" : "ssl");
    }
    if (arguments.has("insecure")) {
        return std::nullopt;
    }
    const std::string directory = arguments.value("tls", host.migration_tls.value_or(""));
    if (!directory.empty()) {
        return directory;
    }
    if (asked) {
        return base::fail(
            "TLS needs certificates: give --tls DIRECTORY, or set migration_tls in the host's configuration");
    }
    return base::fail(
        "over TCP the guest's memory goes unencrypted and to whoever answers; give certificates for TLS by "
        "--tls DIRECTORY or by migration_tls in the host's configuration, say --insecure if the network is "
        "trusted, or use ssh");
}

} // namespace windsor::toolstack
