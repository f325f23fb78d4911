// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/tls.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/x509.h>

namespace windsor::transport {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Both ends are Windsors: there is nothing older to get on with, and what was dropped from it cannot be abused.
constexpr const char* kProtocol = "NORMAL:-VERS-ALL:+VERS-TLS1.3";
constexpr milliseconds kHangUp{2'000};

bool would_block(ssize_t code)
{
    return code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED;
}

// Of a certificate that does not hold; the most telling one counts.
struct Flaw {
    unsigned flag;
    std::string_view words;
};
constexpr std::array kFlaws{
    Flaw{GNUTLS_CERT_REVOKED, "it has been revoked"},
    Flaw{GNUTLS_CERT_SIGNER_NOT_FOUND, "it is not from the authority in ca-cert.pem"},
    Flaw{GNUTLS_CERT_SIGNER_NOT_CA, "what has signed it is no authority"},
    Flaw{GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, "its authority may not give such"},
    Flaw{GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong"},
    Flaw{GNUTLS_CERT_INSECURE_ALGORITHM, "its signature can be forged"},
    Flaw{GNUTLS_CERT_EXPIRED, "it has expired"},
    Flaw{GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet"},
    Flaw{GNUTLS_CERT_PURPOSE_MISMATCH, "it is for another purpose"},
    Flaw{GNUTLS_CERT_UNEXPECTED_OWNER, "it is for another host"},
    Flaw{GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED, "the list of revoked certificates in ca-crl.pem is out of date"},
    Flaw{GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE,
         "the list of revoked certificates in ca-crl.pem is not valid yet"},
};

bool about_certificate(gnutls_alert_description_t alert)
{
    constexpr std::array kAlerts{GNUTLS_A_BAD_CERTIFICATE,     GNUTLS_A_UNSUPPORTED_CERTIFICATE,
                                 GNUTLS_A_CERTIFICATE_REVOKED, GNUTLS_A_CERTIFICATE_EXPIRED,
                                 GNUTLS_A_CERTIFICATE_UNKNOWN, GNUTLS_A_UNKNOWN_CA,
                                 GNUTLS_A_ACCESS_DENIED,       GNUTLS_A_CERTIFICATE_REQUIRED};
    return std::ranges::find(kAlerts, alert) != kAlerts.end();
}

} // namespace

base::Result<TlsSession> TlsSession::open(TlsCredentials credentials, base::Fd socket, const std::string& host,
                                          milliseconds patience)
{
    const bool source = credentials.role() == TlsRole::Source;
    const unsigned flags =
        (source ? GNUTLS_CLIENT : GNUTLS_SERVER | GNUTLS_NO_TICKETS) | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL;
    gnutls_session_t made = nullptr;
    if (const int error = ::gnutls_init(&made, flags); error < 0) {
        return base::fail("cannot have TLS: {}", ::gnutls_strerror(error));
    }
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    TlsSession session{std::move(credentials), std::move(socket), Handle{made}};
    if (const int error = ::gnutls_priority_set_direct(made, kProtocol, nullptr); error < 0) {
        return base::fail("cannot have TLS 1.3: {}", ::gnutls_strerror(error));
    }
    ::gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, session.credentials_.get());
    ::gnutls_certificate_server_set_request(made, GNUTLS_CERT_REQUIRE);
    ::gnutls_certificate_send_x509_rdn_sequence(made, 1); // no list of authorities: what is wrong shall be seen here
    ::gnutls_transport_set_int(made, session.fd());

    std::string purpose = source ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT;
    std::string name = host;
    const auto datum = [](gnutls_vdata_types_t type, std::string& text) {
        return gnutls_typed_vdata_st{
            .type = type, .data = static_cast<unsigned char*>(static_cast<void*>(text.data())), .size = 0};
    };
    std::array claims{datum(GNUTLS_DT_KEY_PURPOSE_OID, purpose), datum(GNUTLS_DT_DNS_HOSTNAME, name)};
    ::gnutls_session_set_verify_cert2(made, claims.data(), source ? 2 : 1, 0);
    WINDSOR_TRY(session.handshake(patience));
    return session;
}

base::Status TlsSession::handshake(milliseconds patience)
{
    const Clock::time_point end = Clock::now() + patience;
    for (;;) {
        const int code = ::gnutls_handshake(handle_.get());
        if (code == GNUTLS_E_SUCCESS) {
            return {};
        }
        if (!would_block(code)) {
            const base::Error error =
                code == GNUTLS_E_PREMATURE_TERMINATION
                    ? base::Error{fmt::format("{} has closed the connection before TLS was agreed on", other())}
                    : reason(code);
            ::gnutls_alert_send_appropriate(handle_.get(), code);
            hang_up();
            return std::unexpected{error};
        }
        WINDSOR_TRY(wait_until(end));
    }
}

base::Status TlsSession::wait_until(Clock::time_point end) const
{
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    pollfd waiting{.fd = fd(),
                   .events = ::gnutls_record_get_direction(handle_.get()) != 0 ? short{POLLOUT} : short{POLLIN},
                   .revents = 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
        return base::fail("{} has not agreed on TLS in time; is it started with TLS, too?", other());
    }
    return {};
}

// A socket that is closed while there is something to be read takes back what was sent: the other end would not learn
// why.
void TlsSession::hang_up()
{
    ::shutdown(fd(), SHUT_WR);
    std::array<std::uint8_t, 4096> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): to be read into
    const Clock::time_point end = Clock::now() + kHangUp;
    for (ssize_t count = 1; count != 0 && Clock::now() < end;) {
        pollfd waiting{.fd = fd(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, static_cast<int>(kHangUp.count()));
        count = ::read(fd(), buffer.data(), buffer.size());
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            return;
        }
    }
}

base::Result<std::optional<std::size_t>> TlsSession::receive(std::span<std::uint8_t> into)
{
    const ssize_t count = ::gnutls_record_recv(handle_.get(), into.data(), into.size());
    if (would_block(count)) {
        return std::nullopt;
    }
    if (count < 0) {
        return std::unexpected{reason(static_cast<int>(count))};
    }
    return static_cast<std::size_t>(count);
}

base::Result<std::optional<std::size_t>> TlsSession::send(std::span<const std::uint8_t> bytes)
{
    const ssize_t count = ::gnutls_record_send(handle_.get(), bytes.data(), std::min(bytes.size(), kRecord));
    if (would_block(count)) {
        return std::nullopt;
    }
    if (count < 0) {
        return std::unexpected{reason(static_cast<int>(count))};
    }
    return static_cast<std::size_t>(count);
}

base::Result<bool> TlsSession::say_farewell()
{
    const int code = ::gnutls_bye(handle_.get(), GNUTLS_SHUT_WR);
    if (would_block(code)) {
        return false;
    }
    if (code < 0) {
        return std::unexpected{reason(code)};
    }
    return true;
}

base::Error TlsSession::reason(int code) const
{
    switch (code) {
    case GNUTLS_E_CERTIFICATE_ERROR:
    case GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR:
        return base::Error{fmt::format("the certificate of {} does not hold: {}", other(), unverified())};
    case GNUTLS_E_NO_CERTIFICATE_FOUND:
    case GNUTLS_E_CERTIFICATE_REQUIRED: return base::Error{fmt::format("{} has shown no certificate", other())};
    case GNUTLS_E_PREMATURE_TERMINATION:
        return base::Error{fmt::format("the connection was cut: {} has not said that it ends", other())};
    case GNUTLS_E_UNEXPECTED_PACKET_LENGTH:
    case GNUTLS_E_UNEXPECTED_PACKET:
    case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
    case GNUTLS_E_NO_CIPHER_SUITES:
    case GNUTLS_E_RECORD_OVERFLOW:
        return base::Error{fmt::format("{} does not speak TLS 1.3; is it started with TLS, too?", other())};
    case GNUTLS_E_PULL_ERROR:
    case GNUTLS_E_PUSH_ERROR:
        return base::Error{fmt::format("the connection to {} has broken: {}", other(), base::errno_text(errno))};
    case GNUTLS_E_FATAL_ALERT_RECEIVED:
    case GNUTLS_E_WARNING_ALERT_RECEIVED: break;
    default: return base::Error{fmt::format("TLS with {} has failed: {}", other(), ::gnutls_strerror(code))};
    }
    const gnutls_alert_description_t alert = ::gnutls_alert_get(handle_.get());
    const char* words = ::gnutls_alert_get_name(alert);
    return base::Error{fmt::format("{} {}: {}", other(),
                                   about_certificate(alert) ? "refuses this host's certificate" : "has refused TLS",
                                   words != nullptr ? words : "for no known reason")};
}

std::string TlsSession::unverified() const
{
    const unsigned status = ::gnutls_session_get_verify_cert_status(handle_.get());
    const auto flaw = std::ranges::find_if(kFlaws, [&](const Flaw& each) { return (status & each.flag) != 0; });
    return std::string{flaw != kFlaws.end() ? flaw->words : "it could not be verified"};
}

std::string TlsSession::other() const
{
    return credentials_.role() == TlsRole::Source ? "the target" : "the source";
}

} // namespace windsor::transport
