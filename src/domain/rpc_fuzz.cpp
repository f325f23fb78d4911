// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes on a control socket, in pieces, from clients that vanish: the server goes on answering the others.
#include "base/test_folder.hpp"
#include "domain/rpc.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace windsor;
using domain::Json;
using domain::Reply;

// A server on a thread of its own, as in a domain's process, that lasts as long as the target.
class Server {
public:
    Server()
    {
        loop_ = base::EventLoop::create().value();
        server_ = domain::RpcServer::listen(domain::RpcServer::bind(socket()).value(), *loop_, log_).value();
        server_->add("echo", [](const Json& params, const Reply& reply) { reply(params); });
        server_->add("number",
                     [](const Json& params, const Reply& reply) { reply(Json(params.at("n").get<int>() / 2)); });
        server_->add("later",
                     [this](const Json&, const Reply& reply) { loop_->post([reply] { reply(Json("done")); }); });
        server_->add("never", [this](const Json&, const Reply& reply) { kept_ = reply; });
        server_->add("refuse",
                     [](const Json& params, const Reply& reply) { reply(base::fail("{}", params.value("why", ""))); });
        thread_ = std::thread{[this] { loop_->run(); }};
    }
    ~Server()
    {
        loop_->stop();
        thread_.join();
        server_.reset();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::filesystem::path socket() const { return directory_ / "control"; }
    base::Fd connect() const
    {
        base::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, socket().c_str(), socket().native().size());
        if (::connect(fd.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address) !=
            0) {
            std::abort();
        }
        return fd;
    }

private:
    base::Log log_ = base::Log::discard();
    base::TestFolder directory_;
    std::unique_ptr<base::EventLoop> loop_;
    std::unique_ptr<domain::RpcServer> server_;
    Reply kept_;
    std::thread thread_;
};

void drain(int fd, int milliseconds)
{
    std::array<char, 4096> buffer{};
    for (;;) {
        pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, milliseconds) <= 0 || ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) {
            return;
        }
    }
}

} // namespace

// The first byte: how many bytes a piece has, and whether the client waits for answers or has gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static Server server;
    static domain::RpcClient other = domain::RpcClient::connect(server.socket()).value();
    if (size < 2) {
        return 0;
    }
    const std::size_t piece = (data[0] & 0x7f) == 0 ? size : std::size_t{data[0] & 0x7fu};
    const bool waits = (data[0] & 0x80) != 0;
    {
        const base::Fd fd = server.connect();
        for (std::size_t at = 1; at < size; at += piece) {
            if (::send(fd.get(), data + at, std::min(piece, size - at), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
                break;
            }
            drain(fd.get(), 0);
        }
        if (waits) {
            ::shutdown(fd.get(), SHUT_WR);
            drain(fd.get(), 5000);
        }
    }
    if (other.call("number", {{"n", 84}}).value() != 42) {
        std::abort();
    }
    return 0;
}
