// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "transport/reception.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace windsor::transport {

namespace {

namespace fs = std::filesystem;

class ReceptionTest : public testing::Test {
protected:
    ReceptionTest()
    {
        at_ = {.kind = Endpoint::Kind::Unix, .place = (directory_ / "socket").string()};
        listener_ = listen_at(at_).value();
    }

    base::Fd visit() const
    {
        base::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        at_.place.copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(::connect(fd.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address),
                  0);
        return fd;
    }
    static void say(const base::Fd& fd, char what) { ASSERT_EQ(::send(fd.get(), &what, 1, MSG_NOSIGNAL), 1); }

    // 'd' is a domain, 'w' is somebody who brings one later, and anything else nonsense; silence lasts.
    static bool serve(const base::Fd& connection, const Reception::Report& report)
    {
        char said = 0;
        while (::read(connection.get(), &said, 1) == 1 && said == 'w') {
            report.welcome();
        }
        return said == 'd';
    }

    // Whoever visits does so in another process.
    template <typename Visits> base::Status receive(Visits visits)
    {
        const pid_t visitors = ::fork();
        if (visitors == 0) {
            visits();
            ::_exit(0);
        }
        const base::Interrupts interrupts;
        const auto received = Reception::wait(listener_, at_, interrupts,
                                              [](base::Fd connection, const Reception::Report& report,
                                                 Reception::Telling) { return serve(connection, report); });
        ::kill(visitors, SIGKILL);
        ::waitpid(visitors, nullptr, 0);
        return received;
    }

    base::TestFolder directory_;
    Endpoint at_;
    base::Fd listener_;
};

TEST_F(ReceptionTest, StrangersAreInNobodysWay)
{
    const auto received = receive([this] {
        std::vector<base::Fd> silent;
        for (unsigned i = 0; i < 5; ++i) {
            silent.push_back(visit());
        }
        say(visit(), 'x');
        visit();
        say(visit(), 'd');
        ::pause();
    });
    EXPECT_TRUE(received.has_value());
    EXPECT_FALSE(fs::exists(at_.place));
}

TEST_F(ReceptionTest, SilentOnesMakeRoomAndKnownOnesStay)
{
    const auto received = receive([this] {
        const base::Fd known = visit();
        say(known, 'w');
        ::usleep(500'000); // until it has been heard
        std::vector<base::Fd> silent;
        for (unsigned i = 0; i < 3 * Reception::kMost; ++i) {
            silent.push_back(visit());
        }
        // The last of them is answered by nobody before the first have been turned out.
        pollfd end{.fd = silent.front().get(), .events = POLLIN, .revents = 0};
        ::poll(&end, 1, -1);
        say(known, 'd');
        ::pause();
    });
    EXPECT_TRUE(received.has_value());
}

base::Fd visit_port(std::uint16_t port, std::uint32_t from)
{
    base::Fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + from);
    const auto* const generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
    EXPECT_EQ(::bind(fd.get(), generic, sizeof address), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(fd.get(), generic, sizeof address), 0);
    return fd;
}

TEST_F(ReceptionTest, OneAddressTakesNoOthersPlace)
{
    at_ = {.kind = Endpoint::Kind::Tcp, .place = "127.0.0.1", .port = "0"};
    listener_ = listen_at(at_).value();
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    ASSERT_EQ(::getsockname(listener_.get(), static_cast<sockaddr*>(static_cast<void*>(&bound)), &length), 0);
    const fs::path turned_out = directory_ / "turned out";
    const auto received = receive([&] {
        const std::uint16_t port = ntohs(bound.sin_port);
        const base::Fd patient = visit_port(port, 1);
        std::vector<base::Fd> many;
        for (unsigned i = 0; i < 2 * Reception::kMost; ++i) {
            many.push_back(visit_port(port, 0));
        }
        // When this one has to go, all of them have been let in.
        pollfd last{
            .fd = many[many.size() - 1 - Reception::kMostStrangersOfAddress].get(), .events = POLLIN, .revents = 0};
        ::poll(&last, 1, 10'000);
        pollfd end{.fd = patient.get(), .events = POLLIN, .revents = 0};
        if (last.revents == 0 || ::poll(&end, 1, 0) != 0) {
            std::ofstream{turned_out} << "yes";
        }
        say(visit_port(port, 2), 'd');
        ::pause();
    });
    EXPECT_TRUE(received.has_value());
    EXPECT_FALSE(fs::exists(turned_out));
}

// Well-formed beginnings are easily made.
TEST_F(ReceptionTest, FewAddressesDoNotKeepAllPlaces)
{
    at_ = {.kind = Endpoint::Kind::Tcp, .place = "127.0.0.1", .port = "0"};
    listener_ = listen_at(at_).value();
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    ASSERT_EQ(::getsockname(listener_.get(), static_cast<sockaddr*>(static_cast<void*>(&bound)), &length), 0);
    const fs::path turned_out = directory_ / "turned out";
    const auto received = receive([&] {
        const std::uint16_t port = ntohs(bound.sin_port);
        const base::Fd honest = visit_port(port, 9);
        say(honest, 'w');
        std::vector<base::Fd> many;
        for (std::uint32_t from = 1; from <= Reception::kMost / Reception::kMostStrangersOfAddress; ++from) {
            for (std::size_t i = 0; i < Reception::kMostStrangersOfAddress && many.size() + 1 < Reception::kMost; ++i) {
                many.push_back(visit_port(port, from));
                say(many.back(), 'w');
            }
        }
        ::usleep(1'000'000); // until all have been heard
        const base::Fd newcomer = visit_port(port, 8);
        ::usleep(500'000);
        for (std::uint32_t from = 1; from <= 3; ++from) { // nor do they take the newcomer's
            many.push_back(visit_port(port, from));
            ::usleep(300'000);
        }
        std::array<pollfd, 2> ends{{{.fd = honest.get(), .events = POLLIN, .revents = 0},
                                    {.fd = newcomer.get(), .events = POLLIN, .revents = 0}}};
        if (::poll(ends.data(), ends.size(), 0) != 0) {
            std::ofstream{turned_out} << "yes";
            say(honest, 'd');
            ::pause();
        }
        say(newcomer, 'd');
        ::pause();
    });
    EXPECT_TRUE(received.has_value());
    EXPECT_FALSE(fs::exists(turned_out));
}

} // namespace

} // namespace windsor::transport
