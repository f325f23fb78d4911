// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/rpc.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <sys/epoll.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

namespace windsor::domain {

namespace {

constexpr std::size_t kLongestLine = 1u << 20;
constexpr std::size_t kLargestBacklog = 32u << 20;
constexpr std::size_t kMostClients = 64;
constexpr timeval kPatience{.tv_sec = 30, .tv_usec = 0}; // of a client with a domain that does not answer

base::Result<sockaddr_un> address_of(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        return base::fail("the path {} is too long for a socket; set WINDSOR_RUNTIME_DIR to a shorter one",
                          path.string());
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address)
{
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

Json error_message(const Json& id, RpcError code, const std::string& text)
{
    return {{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", static_cast<int>(code)}, {"message", text}}}};
}

// Room for one descriptor beside a message. unix(7), SCM_RIGHTS.
struct Ancillary {
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> bytes{};
};

// recv(2), which also takes a descriptor; further ones are closed by the kernel.
ssize_t receive_message(int socket, std::span<char> into, base::Fd& descriptor)
{
    Ancillary beside;
    iovec place{.iov_base = into.data(), .iov_len = into.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = beside.bytes.data();
    message.msg_controllen = beside.bytes.size();
    const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    const cmsghdr* header = count >= 0 ? CMSG_FIRSTHDR(&message) : nullptr;
    if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int))) {
        int received = -1;
        std::memcpy(&received, CMSG_DATA(header), sizeof received);
        descriptor.reset(received);
    }
    return count;
}

ssize_t send_message(int socket, std::string& text, int descriptor)
{
    Ancillary beside;
    iovec place{.iov_base = text.data(), .iov_len = text.size()};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    if (descriptor >= 0) {
        message.msg_control = beside.bytes.data();
        message.msg_controllen = beside.bytes.size();
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

} // namespace

struct RpcServer::Client : std::enable_shared_from_this<Client> {
    explicit Client(base::Fd connected) : socket{std::move(connected)} {}

    base::Fd socket;
    base::Fd descriptor{}; // the last one that has come, for the request that it came with
    std::string received{};
    std::string to_send{};
};

RpcServer::RpcServer(base::Fd socket, base::EventLoop& loop, base::Log& log)
    : socket_{std::move(socket)}, loop_{loop}, log_{log}
{
}

base::Result<std::unique_ptr<RpcServer>> RpcServer::listen(const std::filesystem::path& path, base::EventLoop& loop,
                                                           base::Log& log)
{
    const sockaddr_un address = WINDSOR_TRY(address_of(path));
    base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const mode_t mask = ::umask(0177);
    const bool bound = socket && ::bind(socket.get(), generic(address), sizeof address) == 0;
    ::umask(mask);
    if (!bound || ::listen(socket.get(), SOMAXCONN) != 0) {
        return base::fail("cannot make the control socket {}: {}", path.string(), base::errno_text(errno));
    }
    const int fd = socket.get();
    std::unique_ptr<RpcServer> server{new RpcServer{std::move(socket), loop, log}};
    RpcServer& self = *server;
    WINDSOR_TRY(loop.watch(fd, EPOLLIN, [&self](std::uint32_t) { self.accept_client(); }));
    return server;
}

RpcServer::~RpcServer()
{
    for (const auto& [fd, client] : clients_) {
        loop_.unwatch(fd);
    }
    loop_.unwatch(socket_.get());
}

void RpcServer::add(const std::string& name, Method method)
{
    methods_[name] = std::move(method);
}

void RpcServer::accept_client()
{
    base::Fd socket{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket || clients_.size() >= kMostClients) {
        return;
    }
    const int fd = socket.get();
    const auto client = std::make_shared<Client>(std::move(socket));
    const auto watched = loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t events) {
        const auto found = clients_.find(fd);
        if (found == clients_.end()) {
            return;
        }
        const auto kept = found->second;
        if ((events & EPOLLOUT) != 0) {
            flush(*kept);
        }
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            receive(kept);
        }
    });
    if (watched) {
        clients_[fd] = client;
    }
}

void RpcServer::receive(const std::shared_ptr<Client>& client)
{
    std::array<char, 4096> buffer{};
    const ssize_t count = receive_message(client->socket.get(), buffer, client->descriptor);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count <= 0) {
        drop(client->socket.get());
        return;
    }
    client->received.append(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = 0; (end = client->received.find('\n')) != std::string::npos;) {
        const std::string line = client->received.substr(0, end);
        client->received.erase(0, end + 1);
        handle_line(client, line);
    }
    if (client->received.size() > kLongestLine) {
        log_.guest("control", "dropped a client whose request was too long");
        drop(client->socket.get());
    }
}

void RpcServer::handle_line(const std::shared_ptr<Client>& client, const std::string& line)
{
    const Json request = Json::parse(line, nullptr, false);
    if (request.is_discarded()) {
        send(*client, error_message(nullptr, RpcError::Parse, "the request is not JSON"));
        return;
    }
    const bool valid = request.is_object() && request.contains("method") && request["method"].is_string() &&
                       request.value("jsonrpc", Json{}) == "2.0";
    if (!valid) {
        send(*client, error_message(nullptr, RpcError::InvalidRequest, "this is no JSON-RPC 2.0 request"));
        return;
    }
    call(client, request);
}

void RpcServer::call(const std::shared_ptr<Client>& client, const Json& request)
{
    const Json id = request.value("id", Json{});
    const auto method = methods_.find(request["method"].get<std::string>());
    if (method == methods_.end()) {
        send(*client, error_message(id, RpcError::NoMethod, "there is no such method"));
        return;
    }
    const Json params = request.value("params", Json::object());
    if (!params.is_object()) {
        send(*client, error_message(id, RpcError::InvalidParams, "params must be an object"));
        return;
    }
    const std::weak_ptr<Client> answer_to = client;
    auto reply = [this, answer_to, id](base::Result<Json> result) {
        const auto receiver = answer_to.lock();
        if (!receiver || id.is_null()) {
            return;
        }
        send(*receiver, result ? Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}}
                               : error_message(id, RpcError::Refused, result.error().message()));
    };
    try {
        descriptor_ = std::move(client->descriptor);
        method->second(params, reply);
        descriptor_.reset();
    } catch (const Json::exception& error) {
        send(*client, error_message(id, RpcError::InvalidParams, error.what()));
    }
}

void RpcServer::send(Client& client, const Json& message)
{
    client.to_send += message.dump(-1, ' ', true, Json::error_handler_t::replace);
    client.to_send += '\n';
    flush(client);
}

void RpcServer::flush(Client& client)
{
    const int fd = client.socket.get();
    const ssize_t sent = ::send(fd, client.to_send.data(), client.to_send.size(), MSG_NOSIGNAL);
    if (sent > 0) {
        client.to_send.erase(0, static_cast<std::size_t>(sent));
    }
    const bool broken = sent < 0 && errno != EAGAIN && errno != EINTR;
    if (broken || client.to_send.size() > kLargestBacklog) {
        // Not while a caller up the stack still uses the client.
        loop_.post([this, fd, gone = client.weak_from_this()] {
            if (const auto still = gone.lock(); still && clients_.contains(fd) && clients_[fd] == still) {
                drop(fd);
            }
        });
        return;
    }
    loop_.modify(fd, client.to_send.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void RpcServer::drop(int fd)
{
    loop_.unwatch(fd);
    clients_.erase(fd);
}

base::Result<RpcClient> RpcClient::connect(const std::filesystem::path& path)
{
    const sockaddr_un address = WINDSOR_TRY(address_of(path));
    base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket || ::connect(socket.get(), generic(address), sizeof address) != 0) {
        return base::fail("cannot reach the domain at {}: {}", path.string(), base::errno_text(errno));
    }
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    return RpcClient{std::move(socket)};
}

base::Result<std::string> RpcClient::read_line()
{
    for (;;) {
        const std::size_t end = received_.find('\n');
        if (end != std::string::npos) {
            const std::string line = received_.substr(0, end);
            received_.erase(0, end + 1);
            return line;
        }
        std::array<char, 65536> buffer{};
        const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0 && errno == EAGAIN) {
            return base::fail("the domain has not answered for {} s; its log may say why", kPatience.tv_sec);
        }
        if (count <= 0) {
            return base::fail("the domain has ended");
        }
        received_.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

base::Status RpcClient::send(const std::string& method, const Json& params, int descriptor)
{
    const Json request{{"jsonrpc", "2.0"}, {"id", next_id_++}, {"method", method}, {"params", params}};
    std::string line = request.dump() + '\n';
    if (send_message(socket_.get(), line, descriptor) != static_cast<ssize_t>(line.size())) {
        return base::fail("the domain does not listen any more: {}", base::errno_text(errno));
    }
    return {};
}

std::optional<base::Result<Json>> RpcClient::answer_within(std::chrono::milliseconds time)
{
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (received_.find('\n') == std::string::npos && ::poll(&waiting, 1, static_cast<int>(time.count())) <= 0) {
        return std::nullopt;
    }
    return read_answer();
}

base::Result<Json> RpcClient::call(const std::string& method, const Json& params)
{
    WINDSOR_TRY(send(method, params));
    return read_answer();
}

base::Result<Json> RpcClient::read_answer()
{
    const std::string answer = WINDSOR_TRY(read_line());
    const Json message = Json::parse(answer, nullptr, false);
    if (!message.is_object()) {
        return base::fail("the domain's answer is not JSON");
    }
    if (message.contains("error")) {
        return base::fail("{}", message["error"].value("message", "the domain refused"));
    }
    return message.value("result", Json{});
}

} // namespace windsor::domain
