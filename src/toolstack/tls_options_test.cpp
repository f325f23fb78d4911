// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a guest's memory may go over a connection, and by which certificates it is protected.
#include "toolstack/tls_options.hpp"

#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::toolstack {
namespace {

using testing::HasSubstr;
using transport::Endpoint;

constexpr std::array kOptions{Option{'\0', "tls", "DIRECTORY", ""}, Option{'\0', "ssl", "", ""},
                              Option{'\0', "insecure", "", ""}};

const Endpoint kTcp{.kind = Endpoint::Kind::Tcp, .place = "host", .port = "8002"};

auto directory(const Endpoint& endpoint, const std::vector<std::string>& words, const std::string& configured = "")
{
    config::HostConfig host;
    if (!configured.empty()) {
        host.migration_tls = configured;
    }
    return tls_directory(endpoint, Arguments::parse(words, kOptions, Option::For::All).value(), host);
}

TEST(TlsOptions, OverTcpNothingGoesUnprotectedUnasked)
{
    EXPECT_THAT(directory(kTcp, {}).error().message(), HasSubstr("unencrypted and to whoever answers"));
    EXPECT_EQ(directory(kTcp, {"--insecure"}).value(), std::nullopt);
    EXPECT_EQ(directory(kTcp, {"--tls=/pki"}).value(), "/pki");
}

TEST(TlsOptions, TheHostsConfigurationNamesTheCertificates)
{
    EXPECT_EQ(directory(kTcp, {}, "/etc/pki").value(), "/etc/pki");
    EXPECT_EQ(directory(kTcp, {"--ssl"}, "/etc/pki").value(), "/etc/pki");
    EXPECT_EQ(directory(kTcp, {"--tls=/pki"}, "/etc/pki").value(), "/pki") << "the option goes before";
    EXPECT_EQ(directory(kTcp, {"--insecure"}, "/etc/pki").value(), std::nullopt);
    EXPECT_THAT(directory(kTcp, {"--ssl"}).error().message(), HasSubstr("TLS needs certificates"));
}

TEST(TlsOptions, DoNotContradictEachOther)
{
    EXPECT_THAT(directory(kTcp, {"--insecure", "--tls=/pki"}).error().message(), HasSubstr("contradicts --tls"));
    EXPECT_THAT(directory(kTcp, {"--insecure", "--ssl"}, "/pki").error().message(), HasSubstr("contradicts --ssl"));
}

TEST(TlsOptions, AreForTcpAlone)
{
    for (const auto kind : {Endpoint::Kind::Unix, Endpoint::Kind::Command}) {
        const Endpoint other{.kind = kind, .place = "place"};
        EXPECT_EQ(directory(other, {}, "/etc/pki").value(), std::nullopt);
        EXPECT_THAT(directory(other, {"--tls=/pki"}).error().message(), HasSubstr("TLS is for tcp:HOST:PORT"));
    }
}

} // namespace
} // namespace windsor::toolstack
