// SPDX-License-Identifier: GPL-2.0-or-later
#include "transport/link.hpp"

#include "base/test_folder.hpp"

#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::transport {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHello = "hello, protocol 1\n";

TEST(Endpoints, AreRead)
{
    const Endpoint local = parse_address("unix:/tmp/socket").value();
    EXPECT_EQ(local.kind, Endpoint::Kind::Unix);
    EXPECT_EQ(local.place, "/tmp/socket");
    const Endpoint host = parse_address("tcp:host.example:8002").value();
    EXPECT_EQ(host.kind, Endpoint::Kind::Tcp);
    EXPECT_EQ(host.place, "host.example");
    EXPECT_EQ(host.port, "8002");
    const Endpoint six = parse_address("tcp:[2001:db8::1]:8002").value();
    EXPECT_EQ(six.place, "2001:db8::1");
    for (const char* wrong : {"", "host", "unix:", "tcp:", "tcp:host", "tcp:host:", "tcp::8002", "tcp:host:ssh",
                              "tcp:host:80 02", "udp:host:1"}) {
        EXPECT_FALSE(parse_address(wrong)) << wrong;
    }
    EXPECT_FALSE(parse_address("unix:" + std::string(200, 'x')));
}

// What a shell would read as more than the name of a host.
TEST(Endpoints, AHostIsNoCommand)
{
    EXPECT_EQ(parse_target("user@host", "ssh -p 22").value().place, "exec ssh -p 22 user@host windsor migrate-receive");
    for (const char* wrong : {"", "-v", "-oProxyCommand=x", "host;reboot", "host reboot", "$(reboot)", "a\nb"}) {
        EXPECT_FALSE(parse_target(wrong, "ssh")) << wrong;
    }
    EXPECT_EQ(parse_target("any; command", "").value().place, "any; command") << "which is asked for";
}

// The other end is a process that this program starts, as it starts ssh.
class LinkTest : public testing::Test {
protected:
    base::Result<Link> link_to(const std::string& command)
    {
        return Link::open({.kind = Endpoint::Kind::Command, .place = command}, {}, interrupts_);
    }
    base::Status greeting_of(const std::string& command)
    {
        return link_to(command).value().await_greeting(kHello, interrupts_);
    }

    base::Interrupts interrupts_;
};

TEST_F(LinkTest, ReadsTheGreetingAndNoFurther)
{
    const Link link = link_to("printf 'hello, protocol 1\\nrest'; cat > /dev/null").value();
    ASSERT_TRUE(link.await_greeting(kHello, interrupts_));
    std::string rest(4, ' ');
    EXPECT_EQ(::recv(link.fd(), rest.data(), rest.size(), MSG_WAITALL), 4);
    EXPECT_EQ(rest, "rest");
}

TEST_F(LinkTest, TakesNobodyElseForAReceiver)
{
    EXPECT_THAT(greeting_of("echo 'hello, protocol 2'").error().message(), HasSubstr("it says 'hello, protocol 2'"));
    EXPECT_THAT(greeting_of("yes | head -c 100000").error().message(), HasSubstr("no receiver of this version"));
    EXPECT_THAT(greeting_of("printf '\\033[2Jxx\\n'").error().message(), HasSubstr("'[2Jxx'")) << "no terminal is told";
    EXPECT_THAT(greeting_of("true").error().message(), HasSubstr("has ended before it greeted"));
    EXPECT_THAT(greeting_of("printf hello").error().message(), HasSubstr("has ended before it greeted"));
}

TEST_F(LinkTest, ASocketOfThisHostIsForItsUser)
{
    const base::TestFolder folder;
    const Endpoint at{.kind = Endpoint::Kind::Unix, .place = (folder / "socket").string()};
    EXPECT_THAT(Link::open(at, {}, interrupts_).error().message(), HasSubstr("cannot reach a receiver"));
    const base::Fd listener = listen_at(at).value();
    struct stat status{};
    ASSERT_EQ(::stat(at.place.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
    EXPECT_FALSE(listen_at(at)) << "somebody does already";
    const Link link = Link::open(at, {}, interrupts_).value();
    const base::Fd connection{::accept(listener.get(), nullptr, nullptr)};
    ASSERT_EQ(::send(connection.get(), kHello.data(), kHello.size(), 0), static_cast<ssize_t>(kHello.size()));
    EXPECT_TRUE(link.await_greeting(kHello, interrupts_));
}

} // namespace
} // namespace windsor::transport
