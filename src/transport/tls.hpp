// SPDX-License-Identifier: GPL-2.0-or-later
// TLS between two Windsors: each shows the other a certificate, and believes those of one authority.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <gnutls/gnutls.h>

namespace windsor::transport {

// Which end of a migration this is: the source connects, and the target waits.
enum class TlsRole : std::uint8_t { Source, Target };

// What a host proves itself with, and the authority that it believes. The names of the files are those of libvirt and
// QEMU: ca-cert.pem; client-cert.pem and client-key.pem at the source, server-cert.pem and server-key.pem at the
// target; ca-crl.pem, if there is one, lists what is revoked.
class TlsCredentials {
public:
    // Fails if a file is missing or of no use, or if others than the owner and the group can read the key.
    static base::Result<TlsCredentials> load(const std::filesystem::path& directory, TlsRole role);

    TlsRole role() const { return role_; }
    // For the library alone.
    gnutls_certificate_credentials_t get() const { return handle_.get(); }

private:
    struct Free {
        void operator()(gnutls_certificate_credentials_t handle) const
        {
            ::gnutls_certificate_free_credentials(handle);
        }
    };
    using Handle = std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>, Free>;

    TlsCredentials(Handle handle, TlsRole role) : handle_{std::move(handle)}, role_{role} {}

    Handle handle_;
    TlsRole role_;
};

// An encrypted connection, after both ends have verified each other. It never waits but in open().
class TlsSession {
public:
    static constexpr std::chrono::milliseconds kPatience{30'000};
    static constexpr std::size_t kRecord = 16384; // bytes that go in one piece

    // Over a socket that is connected. At the source the certificate of the target must be for `host`, a name or an
    // address; the target takes any certificate of the authority that is for clients. Fails when `patience` is over.
    static base::Result<TlsSession> open(TlsCredentials credentials, base::Fd socket, const std::string& host,
                                         std::chrono::milliseconds patience = kPatience);

    // Reads what there is: the number of bytes; 0 if the other end has ended in good order; nothing if there is nothing
    // yet. A connection that ends otherwise is an error. `into` has room for kRecord bytes.
    base::Result<std::optional<std::size_t>> receive(std::span<std::uint8_t> into);
    // Sends a beginning of these bytes: its length, or nothing if there is no room; then the next call has to be for
    // the same bytes.
    base::Result<std::optional<std::size_t>> send(std::span<const std::uint8_t> bytes);
    // Tells the other end that nothing more comes; false if there is no room yet.
    base::Result<bool> say_farewell();

    // For poll(2).
    int fd() const { return socket_.get(); }

private:
    struct Free {
        void operator()(gnutls_session_t handle) const { ::gnutls_deinit(handle); }
    };
    using Handle = std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, Free>;

    TlsSession(TlsCredentials credentials, base::Fd socket, Handle handle)
        : credentials_{std::move(credentials)}, socket_{std::move(socket)}, handle_{std::move(handle)}
    {
    }
    base::Status handshake(std::chrono::milliseconds patience);
    base::Status wait_until(std::chrono::steady_clock::time_point end) const;
    void hang_up();
    base::Error reason(int code) const;
    std::string unverified() const;
    std::string other() const;

    TlsCredentials credentials_;
    base::Fd socket_;
    Handle handle_;
};

} // namespace windsor::transport
