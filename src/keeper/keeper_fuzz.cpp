// SPDX-License-Identifier: GPL-2.0-or-later
// Any messages on the socket of a keeper, in any order with what its children do: each but the end's is answered at
// most once, and what it is told to do has been checked.
#include "keeper/requests.hpp"

#include "domain/registry.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <utility>

namespace {

using namespace windsor;

void require(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

class Checker final : public keeper::Services {
public:
    void stop_helpers() override {}
    void end_soon() override { ++unanswered; }
    base::Result<bool> rename(const std::string& name) override
    {
        require(domain::check_name(name).has_value());
        return name.size() % 3 == 0 ? base::fail("not now") : base::Result<bool>{name.size() % 2 == 0};
    }
    base::Fd open_image(unsigned slot) override
    {
        config::DomainConfig config;
        config.disks.emplace_back();
        config.disks.back().path = "/proc/self/exe"; // a file that is there
        config.disks.back().vdev = "hda";
        config.disks.back().access = config::DiskAccess::ReadOnly;
        base::Fd image = keeper::open_configured_image(config, "/", slot);
        require(static_cast<bool>(image) == (slot == 0));
        return image;
    }
    bool restart(const std::string& name) override
    {
        require(domain::check_name(name).has_value() && !std::exchange(restarted, true));
        restarting = name.size() % 2 == 0;
        unanswered += restarting ? 1 : 0;
        return restarting;
    }

    bool restarted{false};
    bool restarting{false};
    unsigned unanswered{0};
};

unsigned answers(int socket)
{
    unsigned count = 0;
    std::array<char, 64> answer{};
    for (ssize_t got = 0; (got = ::recv(socket, answer.data(), answer.size(), MSG_DONTWAIT)) > 0; ++count) {
        require(got == sizeof(domain::KeeperAnswer));
    }
    return count;
}

} // namespace

// A message a piece: its first byte says how long it is, and whether a restart comes to an end before it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::array<int, 2> ends{-1, -1};
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    keeper::Requests requests{base::Fd{ends[0]}};
    const base::Fd domain{ends[1]};
    Checker checker;
    for (std::size_t at = 0; at < size;) {
        const std::uint8_t choice = data[at++];
        if ((choice & 1) != 0 && std::exchange(checker.restarting, false)) {
            requests.restarted((choice & 2) != 0);
            require(answers(domain.get()) == 1);
        }
        std::array<std::uint8_t, sizeof(domain::KeeperRequest) + 2> message{};
        constexpr std::array<std::size_t, 4> kLess{2, 2, 1, 0}; // a request's size, one more, and two
        std::size_t length = message.size() - kLess[choice >> 2 & 3];
        length = choice >= 0xf0 ? 1 + choice % 16 : length;
        const std::size_t given = std::min(length, size - at);
        std::memcpy(message.data(), data + at, given);
        at += given;
        require(::send(domain.get(), message.data(), length, MSG_DONTWAIT) == static_cast<ssize_t>(length));
        checker.unanswered = 0;
        requests.take(checker);
        require(answers(domain.get()) + checker.unanswered == 1);
    }
    return 0;
}
