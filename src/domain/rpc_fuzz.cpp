// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes on a control socket, in pieces, from clients that vanish: the server goes on answering the others, and the
// methods of the table get nothing but what their rows promise. The same bytes are the parameters of each method, too.
#include "base/json_bounds.hpp"
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
using domain::Parameter;
using domain::Reply;
using domain::RpcArguments;

void expect(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

// Whatever a request says, a method gets what its description promises.
Json value_of(const Parameter& parameter, const RpcArguments& arguments)
{
    switch (parameter.kind) {
    case domain::ValueKind::Integer: {
        const std::int64_t integer = arguments.integer(parameter.name);
        expect(integer >= parameter.least && integer <= parameter.most);
        return integer;
    }
    case domain::ValueKind::Truth: return arguments.truth(parameter.name);
    default: break;
    }
    const std::string& text = arguments.text(parameter.name);
    expect(text.size() <= parameter.longest);
    expect(parameter.words.empty() || std::ranges::find(parameter.words, text) != parameter.words.end());
    return text;
}

Json what_came(const domain::Method& method, const RpcArguments& arguments)
{
    Json all = Json::object();
    for (const Parameter& parameter : method.parameters) {
        all[std::string{parameter.name}] = value_of(parameter, arguments);
    }
    return all;
}

// A server on a thread of its own, as in a domain's process, that lasts as long as the target.
class Server {
public:
    Server()
    {
        loop_ = base::EventLoop::create().value();
        server_ = domain::RpcServer::listen(domain::RpcServer::bind(socket()).value(), *loop_, log_).value();
        for (const domain::Method& method : domain::all_methods()) {
            server_->add(method, [&method](const RpcArguments& arguments, const Reply& reply) {
                reply(what_came(method, arguments));
            });
        }
        server_->add(
            {.name = "number", .parameters = {{.name = "n", .kind = domain::ValueKind::Integer}}},
            [](const RpcArguments& arguments, const Reply& reply) { reply(Json(arguments.integer("n") / 2)); });
        server_->add({.name = "later"}, [this](const RpcArguments&, const Reply& reply) {
            loop_->post([reply] { reply(Json("done")); });
        });
        server_->add({.name = "never"}, [this](const RpcArguments&, const Reply& reply) { kept_ = reply; });
        server_->add({.name = "look_only", .permission = domain::Permission::Look},
                     [this](const RpcArguments&, const Reply& reply) {
                         server_->let_look_only();
                         reply(Json::object());
                     });
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

void try_each_method(std::string_view text)
{
    const Json params = base::parse_json<Json>(text);
    if (!params.is_object()) {
        return;
    }
    for (const domain::Method& method : domain::all_methods()) {
        const auto arguments = domain::check_parameters(method, params);
        if (arguments) {
            static_cast<void>(what_came(method, *arguments));
        } else {
            expect(!arguments.error().message().empty());
        }
    }
}

} // namespace

// The first byte: how many bytes a piece has, and whether the client waits for answers or has gone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 4096) {
        try_each_method({static_cast<const char*>(static_cast<const void*>(data)), size});
    }
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
