// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/tls.hpp"

#include "transport/tls_testing.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <poll.h>

namespace windsor::transport::testing {

namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class Tls : public TwoHosts {
protected:
    // The target's certificate says this instead.
    Sessions meet_target(const Claim& claim, const std::string& host = "target.example") const
    {
        return meet(source_, Directory{authority_, TlsRole::Target, *authority_.issue(claim)}, host);
    }
    Sessions meet_source(const Claim& claim) const
    {
        return meet(Directory{authority_, TlsRole::Source, *authority_.issue(claim)}, target_, "target.example");
    }
    // What a host says of a peer that is no Windsor.
    std::string meet_stranger(TlsRole role, const std::function<void(int)>& stranger) const
    {
        Ends ends = make_ends();
        auto other = std::async(std::launch::async, [&] { stranger(ends.other.get()), ends.other.reset(); });
        return why(open(role == TlsRole::Source ? source_ : target_, role, std::move(ends.one), "target.example"));
    }
};

// Waits for as many bytes.
std::string read(TlsSession& from, std::size_t size)
{
    std::string text;
    std::array<std::uint8_t, TlsSession::kRecord> buffer{};
    while (text.size() < size) {
        pollfd waiting{.fd = from.fd(), .events = POLLIN, .revents = 0};
        ::poll(&waiting, 1, -1);
        const auto count = from.receive(buffer);
        if (!count || (count->has_value() && **count == 0)) {
            return text + "; " + (count ? "the end" : count.error().message());
        }
        text.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count->value_or(0)));
    }
    return text;
}

bool write(TlsSession& to, std::string_view text)
{
    const auto sent = to.send({static_cast<const std::uint8_t*>(static_cast<const void*>(text.data())), text.size()});
    return sent && *sent == text.size();
}

// --- Who agrees ---

TEST_F(Tls, BothEndsTalkAndEnd)
{
    auto [source, target] = meet();
    ASSERT_TRUE(source && target) << why(source) << "; " << why(target);
    ASSERT_TRUE(write(*source, "hello"));
    EXPECT_EQ(read(*target, 5), "hello");
    ASSERT_TRUE(write(*target, "and hello"));
    EXPECT_EQ(read(*source, 9), "and hello");
    std::array<std::uint8_t, TlsSession::kRecord> buffer{};
    const auto nothing = source->receive(buffer);
    EXPECT_TRUE(nothing && !nothing->has_value());
    EXPECT_TRUE(source->say_farewell().value_or(false));
    EXPECT_EQ(read(*target, 1), "; the end");
    ASSERT_TRUE(write(*target, "goes on"));
    EXPECT_EQ(read(*source, 7), "goes on");
}

TEST_F(Tls, AConnectionThatIsCutHasNotEnded)
{
    auto [source, target] = meet();
    ASSERT_TRUE(source && target);
    ASSERT_TRUE(write(*source, "hello"));
    ::shutdown(source->fd(), SHUT_WR);
    EXPECT_EQ(read(*target, 6), "hello; the connection was cut: the source has not said that it ends");
}

TEST_F(Tls, WhatWasChangedOnTheWayIsNoticed)
{
    auto [source, target] = meet();
    ASSERT_TRUE(source && target);
    const std::string record{"\x17\x03\x03\x00\x20 these bytes are no encrypted text", 37};
    ASSERT_EQ(::write(source->fd(), record.data(), record.size()), static_cast<ssize_t>(record.size()));
    EXPECT_THAT(read(*target, 1), HasSubstr("TLS with the source has failed"));
}

TEST_F(Tls, TheTargetIsKnownByNameOrAddress)
{
    EXPECT_EQ(why(meet(source_, target_, "127.0.0.1").source), "nothing");
    EXPECT_EQ(why(meet_target({.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, "::1").source), "nothing");
    EXPECT_EQ(why(meet_target({.hosts = {"other.example", "TARGET.example"}}).source), "nothing");
    for (const char* host : {"127.0.0.2", "::1", "localhost", "example", "the server"}) {
        const auto [source, target] = meet(source_, target_, host);
        EXPECT_EQ(why(source), "the certificate of the target does not hold: it is for another host") << host;
        EXPECT_EQ(why(target), "the source refuses this host's certificate: Certificate is bad");
    }
}

// --- Who does not ---

TEST_F(Tls, AnotherAuthorityIsNotBelieved)
{
    const Authority other{"authority"}; // which says that it is the same
    const auto server = other.issue({.hosts = {"target.example"}});
    EXPECT_EQ(why(meet(source_, Directory{authority_, TlsRole::Target, *server}, "target.example").source),
              "the certificate of the target does not hold: its signature is wrong");
    const Authority third{"another"};
    const auto [source, target] =
        meet(Directory{authority_, TlsRole::Source, *third.issue({})}, target_, "target.example");
    EXPECT_EQ(why(target), "the certificate of the source does not hold: it is not from the authority in ca-cert.pem");
}

TEST_F(Tls, TheSourceLearnsThatItIsRefused)
{
    auto [source, target] =
        meet(Directory{authority_, TlsRole::Source, *Authority{"another"}.issue({})}, target_, "target.example");
    ASSERT_FALSE(target);
    ASSERT_TRUE(source) << why(source); // as TLS 1.3 has it, this end is done before
    EXPECT_THAT(read(*source, 1), HasSubstr("the target refuses this host's certificate"));
}

TEST_F(Tls, ACertificateHasItsTime)
{
    const std::time_t now = std::time(nullptr);
    const Claim past{.hosts = {"target.example"}, .from = now - 2 * kDay, .until = now - kDay};
    const Claim future{.hosts = {"target.example"}, .from = now + kDay, .until = now + 2 * kDay};
    EXPECT_THAT(why(meet_target(past).source), HasSubstr("of the target does not hold: it has expired"));
    EXPECT_THAT(why(meet_target(future).source), HasSubstr("of the target does not hold: it is not valid yet"));
    EXPECT_THAT(why(meet_source(past).target), HasSubstr("of the source does not hold: it has expired"));
    EXPECT_THAT(why(meet_source(future).target), HasSubstr("of the source does not hold: it is not valid yet"));
}

TEST_F(Tls, ACertificateHasItsPurpose)
{
    EXPECT_THAT(why(meet_target({.hosts = {"target.example"}, .purpose = GNUTLS_KP_TLS_WWW_CLIENT}).source),
                HasSubstr("it is for another purpose"));
    EXPECT_THAT(why(meet_source({.purpose = GNUTLS_KP_TLS_WWW_SERVER}).target), HasSubstr("it is for another purpose"));
    EXPECT_EQ(why(meet_source({.purpose = nullptr}).target), "nothing");
}

TEST_F(Tls, ACertificateCanBeRevoked)
{
    const auto keep = [&](const Identity& revoked) {
        target_.write("ca-crl.pem", authority_.list_of_revoked(revoked));
    };
    keep(*server_);
    EXPECT_EQ(why(meet().target), "nothing");
    keep(*client_);
    EXPECT_EQ(why(meet().target), "the certificate of the source does not hold: it has been revoked");
    target_.write("ca-crl.pem", "nothing");
    EXPECT_THAT(why(TlsCredentials::load(target_.path(), TlsRole::Target)),
                HasSubstr("is no list of revoked certificates"));
}

// --- Strangers ---

// Speaks TLS as `protocol` says, and shows no certificate.
void speak(int socket, const char* protocol)
{
    gnutls_certificate_credentials_t credentials{};
    gnutls_session_t session{};
    ::gnutls_certificate_allocate_credentials(&credentials);
    ::gnutls_init(&session, GNUTLS_CLIENT);
    EXPECT_EQ(::gnutls_priority_set_direct(session, protocol, nullptr), 0);
    ::gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    ::gnutls_transport_set_int(session, socket);
    while (::gnutls_handshake(session) == GNUTLS_E_AGAIN) {
    }
    std::array<char, 1> byte{};
    static_cast<void>(::gnutls_record_recv(session, byte.data(), byte.size()));
    ::gnutls_deinit(session);
    ::gnutls_certificate_free_credentials(credentials);
}

TEST_F(Tls, WhoShowsNoCertificateIsNotLetIn)
{
    EXPECT_EQ(meet_stranger(TlsRole::Target, [](int fd) { speak(fd, "NORMAL"); }),
              "the source has shown no certificate");
}

TEST_F(Tls, OlderProtocolsAreNotSpoken)
{
    const std::string said = meet_stranger(TlsRole::Target, [](int fd) { speak(fd, "NORMAL:-VERS-ALL:+VERS-TLS1.2"); });
    EXPECT_EQ(said, "the source does not speak TLS 1.3; is it started with TLS, too?");
}

void read_something(int fd)
{
    std::array<char, 4096> buffer{};
    EXPECT_GE(::read(fd, buffer.data(), buffer.size()), 0);
}

TEST_F(Tls, PlainTextIsNoHandshake)
{
    for (const TlsRole role : {TlsRole::Source, TlsRole::Target}) {
        const std::string said = meet_stranger(role, [](int fd) {
            constexpr std::string_view kText = "windsor migrate-receive, protocol 1\n";
            EXPECT_EQ(::write(fd, kText.data(), kText.size()), static_cast<ssize_t>(kText.size()));
            read_something(fd); // what it gets is no plain text either
        });
        EXPECT_THAT(said, HasSubstr("does not speak TLS 1.3; is it started with TLS, too?"));
    }
}

TEST_F(Tls, WhoHangsUpIsNamed)
{
    EXPECT_EQ(meet_stranger(TlsRole::Source, read_something),
              "the target has closed the connection before TLS was agreed on");
    EXPECT_EQ(meet_stranger(TlsRole::Target, [](int) {}),
              "the source has closed the connection before TLS was agreed on");
}

TEST_F(Tls, AHandshakeHasToEnd)
{
    const Ends ends = make_ends();
    const std::string_view beginning{"\x16\x03\x01\x02\x00\x01", 6};
    ASSERT_EQ(::write(ends.other.get(), beginning.data(), beginning.size()), 6);
    EXPECT_EQ(why(open(target_, TlsRole::Target, base::Fd{::dup(ends.one.get())}, "", milliseconds{20})),
              "the source has not agreed on TLS in time; is it started with TLS, too?");
}

// --- Files ---

TEST_F(Tls, EachFileIsNeeded)
{
    for (const std::string name : {"ca-cert.pem", "client-cert.pem", "client-key.pem"}) {
        const Directory directory{authority_, TlsRole::Source, *client_};
        fs::remove(directory.path() / name);
        EXPECT_EQ(why(TlsCredentials::load(directory.path(), TlsRole::Source)),
                  fmt::format("cannot open {}/{}, which TLS needs: No such file or directory",
                              directory.path().string(), name));
        directory.write(name, "rubbish");
        directory.allow(name, fs::perms::owner_all);
        EXPECT_THAT(why(TlsCredentials::load(directory.path(), TlsRole::Source)), HasSubstr(name));
        fs::remove(directory.path() / name);
        fs::create_directory(directory.path() / name);
        EXPECT_THAT(why(TlsCredentials::load(directory.path(), TlsRole::Source)), HasSubstr("is no regular file"));
    }
    EXPECT_THAT(why(TlsCredentials::load(source_.path(), TlsRole::Target)), HasSubstr("server-cert.pem"));
}

TEST_F(Tls, AKeyIsSecret)
{
    source_.allow("client-key.pem", fs::perms::owner_read | fs::perms::group_read);
    EXPECT_EQ(why(TlsCredentials::load(source_.path(), TlsRole::Source)), "nothing");
    source_.allow("client-key.pem", fs::perms::owner_read | fs::perms::others_read);
    EXPECT_THAT(why(TlsCredentials::load(source_.path(), TlsRole::Source)),
                HasSubstr("client-key.pem is a private key that every user can reach; make it safe with 'chmod o= "));
}

TEST_F(Tls, AKeyBelongsToItsCertificate)
{
    source_.write("client-cert.pem", server_->certificate_text());
    EXPECT_THAT(why(TlsCredentials::load(source_.path(), TlsRole::Source)),
                HasSubstr("client-cert.pem and client-key.pem are no certificate with its key: "));
}

} // namespace

} // namespace windsor::transport::testing
