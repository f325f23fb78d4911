// SPDX-License-Identifier: GPL-2.0-or-later
// For tests: authorities, certificates and the directories that hold them, made on the spot.
#pragma once

#include "base/test_folder.hpp"
#include "transport/tls.hpp"

#include <array>
#include <ctime>
#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gnutls/x509.h>

namespace windsor::transport::testing {

namespace fs = std::filesystem;

constexpr std::time_t kDay = 86'400;

// What a certificate is to say.
struct Claim {
    std::string name{"host"};
    std::vector<std::string> hosts{};
    std::vector<std::uint8_t> address{}; // of IPv4 or IPv6
    const char* purpose{nullptr};
    std::time_t from{std::time(nullptr) - kDay};
    std::time_t until{std::time(nullptr) + kDay};
};

// Takes the text that the library writes.
template <typename Export> std::string pem(Export exported)
{
    gnutls_datum_t datum{};
    EXPECT_EQ(exported(&datum), 0);
    std::string text{static_cast<const char*>(static_cast<const void*>(datum.data)), datum.size};
    ::gnutls_free(datum.data);
    return text;
}

// A certificate and its key.
class Identity {
public:
    explicit Identity(const Claim& claim)
    {
        ::gnutls_x509_privkey_init(&key_);
        ::gnutls_x509_crt_init(&certificate_);
        EXPECT_EQ(
            ::gnutls_x509_privkey_generate(key_, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
            0);
        const std::array<std::uint8_t, 2> serial{1, static_cast<std::uint8_t>(claim.name.size())};
        ::gnutls_x509_crt_set_version(certificate_, 3);
        ::gnutls_x509_crt_set_serial(certificate_, serial.data(), serial.size());
        ::gnutls_x509_crt_set_activation_time(certificate_, claim.from);
        ::gnutls_x509_crt_set_expiration_time(certificate_, claim.until);
        EXPECT_EQ(::gnutls_x509_crt_set_dn(certificate_, ("CN=" + claim.name).c_str(), nullptr), 0);
        EXPECT_EQ(::gnutls_x509_crt_set_key(certificate_, key_), 0);
        for (const std::string& host : claim.hosts) {
            add_name(GNUTLS_SAN_DNSNAME, host.data(), host.size());
        }
        if (!claim.address.empty()) {
            add_name(GNUTLS_SAN_IPADDRESS, claim.address.data(), claim.address.size());
        }
        if (claim.purpose != nullptr) {
            EXPECT_EQ(::gnutls_x509_crt_set_key_purpose_oid(certificate_, claim.purpose, 0), 0);
        }
    }
    ~Identity()
    {
        ::gnutls_x509_crt_deinit(certificate_);
        ::gnutls_x509_privkey_deinit(key_);
    }
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    void sign_by(const Identity& issuer)
    {
        EXPECT_EQ(::gnutls_x509_crt_sign2(certificate_, issuer.certificate_, issuer.key_, GNUTLS_DIG_SHA256, 0), 0);
    }
    gnutls_x509_crt_t certificate() const { return certificate_; }
    gnutls_x509_privkey_t key() const { return key_; }
    std::string certificate_text() const
    {
        return pem([&](auto* into) { return ::gnutls_x509_crt_export2(certificate_, GNUTLS_X509_FMT_PEM, into); });
    }
    std::string key_text() const
    {
        return pem([&](auto* into) {
            return ::gnutls_x509_privkey_export2_pkcs8(key_, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN, into);
        });
    }

private:
    void add_name(gnutls_x509_subject_alt_name_t type, const void* data, std::size_t size)
    {
        EXPECT_EQ(::gnutls_x509_crt_set_subject_alt_name(certificate_, type, data, static_cast<unsigned>(size),
                                                         GNUTLS_FSAN_APPEND),
                  0);
    }

    gnutls_x509_privkey_t key_{};
    gnutls_x509_crt_t certificate_{};
};

class Authority {
public:
    explicit Authority(std::string name) : self_{Claim{.name = std::move(name)}}
    {
        ::gnutls_x509_crt_set_basic_constraints(self_.certificate(), 1, -1);
        ::gnutls_x509_crt_set_key_usage(self_.certificate(), GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
        self_.sign_by(self_);
    }

    // Revoked certificates are listed.
    std::string list_of_revoked(const Identity& revoked) const
    {
        gnutls_x509_crl_t list{};
        ::gnutls_x509_crl_init(&list);
        const std::time_t now = std::time(nullptr);
        ::gnutls_x509_crl_set_version(list, 2);
        ::gnutls_x509_crl_set_this_update(list, now - kDay);
        ::gnutls_x509_crl_set_next_update(list, now + kDay);
        EXPECT_EQ(::gnutls_x509_crl_set_crt(list, revoked.certificate(), now - kDay), 0);
        EXPECT_EQ(::gnutls_x509_crl_sign2(list, self_.certificate(), self_.key(), GNUTLS_DIG_SHA256, 0), 0);
        std::string text = pem([&](auto* into) { return ::gnutls_x509_crl_export2(list, GNUTLS_X509_FMT_PEM, into); });
        ::gnutls_x509_crl_deinit(list);
        return text;
    }
    std::unique_ptr<Identity> issue(const Claim& claim) const
    {
        auto issued = std::make_unique<Identity>(claim);
        issued->sign_by(self_);
        return issued;
    }
    std::string certificate_text() const { return self_.certificate_text(); }

private:
    Identity self_;
};

// A directory for credentials, which goes with the test.
class Directory {
public:
    Directory() = default;
    Directory(const Authority& believed, TlsRole role, const Identity& own) : Directory{}
    {
        const std::string kind = role == TlsRole::Source ? "client" : "server";
        write("ca-cert.pem", believed.certificate_text());
        write(kind + "-cert.pem", own.certificate_text());
        write(kind + "-key.pem", own.key_text());
        allow(kind + "-key.pem", fs::perms::owner_read);
    }

    void write(const std::string& name, std::string_view text) const
    {
        fs::remove(folder_ / name);
        std::ofstream{folder_ / name} << text;
    }
    void allow(const std::string& name, fs::perms rights) const { fs::permissions(folder_ / name, rights); }
    const fs::path& path() const { return folder_.path(); }

private:
    base::TestFolder folder_;
};

// What a session or its lack says of itself.
inline std::string why(const auto& result)
{
    return result ? "nothing" : result.error().message();
}

struct Ends {
    base::Fd one;
    base::Fd other;
};
inline Ends make_ends()
{
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    return {base::Fd{ends[0]}, base::Fd{ends[1]}};
}

// Two hosts of one authority.
class TwoHosts : public ::testing::Test {
protected:
    using Session = base::Result<TlsSession>;
    struct Sessions {
        Session source;
        Session target;
    };

    static Session open(const Directory& directory, TlsRole role, base::Fd socket, const std::string& host,
                        std::chrono::milliseconds patience = TlsSession::kPatience)
    {
        auto credentials = WINDSOR_TRY(TlsCredentials::load(directory.path(), role));
        return TlsSession::open(std::move(credentials), std::move(socket), host, patience);
    }
    // Lets both ends agree, or not.
    static Sessions meet(const Directory& source, const Directory& target, const std::string& host)
    {
        Ends ends = make_ends();
        auto waiting =
            std::async(std::launch::async, [&] { return open(target, TlsRole::Target, std::move(ends.other), ""); });
        Session connected = open(source, TlsRole::Source, std::move(ends.one), host);
        // Who is refused learns it later, and hangs up.
        while (connected && waiting.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready) {
            pollfd refusal{.fd = connected->fd(), .events = POLLIN, .revents = 0};
            if (::poll(&refusal, 1, 0) > 0) {
                ::shutdown(connected->fd(), SHUT_WR);
            }
        }
        return {std::move(connected), waiting.get()};
    }
    Sessions meet() const { return meet(source_, target_, "target.example"); }

    const Authority authority_{"authority"};
    const std::unique_ptr<Identity> client_ = authority_.issue({.name = "client", .purpose = GNUTLS_KP_TLS_WWW_CLIENT});
    const std::unique_ptr<Identity> server_ = authority_.issue({.name = "the server",
                                                                .hosts = {"target.example"},
                                                                .address = {127, 0, 0, 1},
                                                                .purpose = GNUTLS_KP_TLS_WWW_SERVER});
    const Directory source_{authority_, TlsRole::Source, *client_};
    const Directory target_{authority_, TlsRole::Target, *server_};
};

} // namespace windsor::transport::testing
