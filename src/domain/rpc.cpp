// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/rpc.hpp"

#include "base/descriptor_message.hpp"
#include "base/json_bounds.hpp"
#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <span>
#include <sys/epoll.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <set>
#include <tuple>
#include <vector>

namespace windsor::domain {

namespace {

constexpr std::size_t kLongestLine = 1u << 20;
constexpr std::size_t kLargestBacklog = 32u << 20;
constexpr std::size_t kLongestAnswer = 256u << 20; // that a client takes from a domain
constexpr std::size_t kMostClients = 64;

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

// Notes which name comes twice in one object: whoever checks a request and whoever reads it could take another of both.
class DoubledNames {
public:
    explicit DoubledNames(std::string& found) : found_{found} {}

    bool operator()(int, Json::parse_event_t event, Json& parsed)
    {
        switch (event) {
        case Json::parse_event_t::object_start: open_.emplace_back(); break;
        case Json::parse_event_t::object_end: open_.pop_back(); break;
        case Json::parse_event_t::key:
            if (!open_.back().insert(parsed.get<std::string>()).second && found_.empty()) {
                found_ = parsed.dump().substr(0, kLongestNameShown);
            }
            break;
        default: break;
        }
        return true;
    }

private:
    static constexpr std::size_t kLongestNameShown = 64;

    std::string& found_;
    std::vector<std::set<std::string>> open_;
};

// Discarded if it is no JSON.
Json parse_request(const std::string& line, std::string& doubled)
{
    return base::within_bounds(line) ? Json::parse(line, DoubledNames{doubled}, false) : Json(Json::value_t::discarded);
}

// No deeper than parse_json() lets it be.
template <typename Any> Any printable_of(const Any& value)
{
    if (value.is_string()) {
        return base::printable(value.template get_ref<const std::string&>());
    }
    if (!value.is_structured()) {
        return value;
    }
    Any shown = value.is_array() ? Any::array() : Any::object();
    for (const auto& [key, item] : value.items()) {
        value.is_array() ? shown.push_back(printable_of(item))
                         : static_cast<void>(shown[base::printable(key)] = printable_of(item));
    }
    return shown;
}

} // namespace

Json printable(const Json& value)
{
    return printable_of(value);
}

nlohmann::ordered_json printable(const nlohmann::ordered_json& value)
{
    return printable_of(value);
}

struct RpcServer::Client : std::enable_shared_from_this<Client> {
    explicit Client(base::Fd connected) : socket{std::move(connected)} {}

    base::Fd socket;
    base::Fd descriptor{}; // the last one that has come, for the request that it came with
    std::string received{};
    std::string to_send{};
    Permission permission{Permission::Control};
    std::size_t owed{0};       // answers that are still being worked on
    std::uint64_t used_at{0};  // when it last asked, counted in requests of all clients
};

RpcServer::RpcServer(base::Fd socket, base::EventLoop& loop, base::Log& log)
    : socket_{std::move(socket)}, loop_{loop}, log_{log}
{
}

base::Result<base::Fd> RpcServer::bind(const std::filesystem::path& path)
{
    const sockaddr_un address = WINDSOR_TRY(address_of(path));
    base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const mode_t mask = ::umask(0177);
    const bool bound = socket && ::bind(socket.get(), generic(address), sizeof address) == 0;
    ::umask(mask);
    if (!bound) {
        return base::fail("cannot make the control socket {}: {}", path.string(), base::errno_text(errno));
    }
    return socket;
}

base::Result<std::unique_ptr<RpcServer>> RpcServer::listen(base::Fd socket, base::EventLoop& loop, base::Log& log)
{
    if (::listen(socket.get(), SOMAXCONN) != 0) {
        return base::fail("cannot listen on the control socket: {}", base::errno_text(errno));
    }
    std::unique_ptr<RpcServer> server{new RpcServer{std::move(socket), loop, log}};
    WINDSOR_TRY(server->watch_socket());
    return server;
}

base::Status RpcServer::move_to(base::Fd socket)
{
    if (::listen(socket.get(), SOMAXCONN) != 0) {
        return base::fail("cannot listen on the control socket: {}", base::errno_text(errno));
    }
    loop_.unwatch(socket_.get());
    socket_ = std::move(socket);
    return watch_socket();
}

base::Status RpcServer::watch_socket()
{
    return loop_.watch(socket_.get(), EPOLLIN, [this](std::uint32_t) { accept_client(); });
}

RpcServer::~RpcServer()
{
    for (const auto& [fd, client] : clients_) {
        loop_.unwatch(fd);
    }
    loop_.unwatch(socket_.get());
}

void RpcServer::add(const Method& method, RpcHandler run)
{
    rows_.insert_or_assign(std::string{method.name}, Row{method, std::move(run)});
}

void RpcServer::accept_client()
{
    base::Fd socket{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket || (clients_.size() >= kMostClients && !drop_idle_client())) {
        return;
    }
    const int fd = socket.get();
    const auto client = std::make_shared<Client>(std::move(socket));
    client->used_at = ++requests_;
    const auto watched = loop_.watch(fd, EPOLLIN, [this, fd](std::uint32_t events) {
        const auto found = clients_.find(fd);
        if (found == clients_.end()) {
            return;
        }
        const auto kept = found->second;
        if ((events & EPOLLOUT) != 0) {
            flush(*kept);
            handle_lines(kept);
        }
        if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            receive(kept);
        }
    });
    if (watched) {
        clients_[fd] = client;
    }
}

// Who waits for an answer stays. Of the others those go first that do not read theirs, then who has been silent
// longest: connections that are only held lock nobody out.
bool RpcServer::drop_idle_client()
{
    const auto rank = [](const auto& entry) {
        const Client& client = *entry.second;
        return std::tuple{client.owed != 0, client.to_send.empty(), client.used_at};
    };
    const auto idlest = std::ranges::min_element(clients_, {}, rank);
    if (idlest == clients_.end() || idlest->second->owed != 0) {
        return false;
    }
    log_.guest("control", "dropped an idle client to make room for another");
    drop(idlest->first);
    return true;
}

void RpcServer::receive(const std::shared_ptr<Client>& client)
{
    std::array<char, 4096> buffer{};
    const ssize_t count = base::receive_with_descriptor(client->socket.get(), buffer, client->descriptor);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count <= 0) {
        drop(client->socket.get());
        return;
    }
    client->received.append(buffer.data(), static_cast<std::size_t>(count));
    handle_lines(client);
    const bool whole = client->received.find('\n') != std::string::npos;
    if (!whole && client->received.size() > kLongestLine) {
        log_.guest("control", "dropped a client whose request was too long");
        drop(client->socket.get());
    }
}

// As long as the client takes its answers: who asks without reading is not read from either.
void RpcServer::handle_lines(const std::shared_ptr<Client>& client)
{
    for (std::size_t end = 0;
         client->to_send.empty() && (end = client->received.find('\n')) != std::string::npos;) {
        const std::string line = client->received.substr(0, end);
        client->received.erase(0, end + 1);
        handle_line(client, line);
    }
}

void RpcServer::handle_line(const std::shared_ptr<Client>& client, const std::string& line)
{
    client->used_at = ++requests_;
    std::string doubled;
    const Json request = parse_request(line, doubled);
    if (request.is_discarded()) {
        send(*client, error_message(nullptr, RpcError::Parse, "the request is not JSON, or nested too deep"));
        return;
    }
    if (!doubled.empty()) {
        const std::string text = fmt::format("the request names {} twice in one object", doubled);
        send(*client, error_message(nullptr, RpcError::InvalidRequest, text));
        return;
    }
    const bool valid = request.is_object() && request.contains("method") && request["method"].is_string() &&
                       request.value("jsonrpc", Json{}) == "2.0" && !request.value("id", Json{}).is_structured();
    if (!valid) {
        send(*client, error_message(nullptr, RpcError::InvalidRequest, "this is no JSON-RPC 2.0 request"));
        return;
    }
    call(client, request);
}

void RpcServer::call(const std::shared_ptr<Client>& client, const Json& request)
{
    descriptor_ = std::move(client->descriptor);
    caller_ = client;
    const Json id = request.value("id", Json{});
    const Json params = request.value("params", Json::object());
    const auto row = rows_.find(request["method"].get_ref<const std::string&>());
    if (row == rows_.end()) {
        send(*client, error_message(id, RpcError::NoMethod, "there is no such method; 'windsor help rpc' lists them"));
    } else if (!params.is_object()) {
        send(*client, error_message(id, RpcError::InvalidParams, "params must be an object"));
    } else {
        run(client, row->second, params, id);
    }
    descriptor_.reset();
}

void RpcServer::run(const std::shared_ptr<Client>& client, const Row& row, const Json& params, const Json& id)
{
    const auto arguments = check_parameters(row.method, params);
    if (!arguments) {
        send(*client, error_message(id, RpcError::InvalidParams, arguments.error().message()));
        return;
    }
    ++client->owed;
    const Reply reply = reply_to(client, id);
    if (const base::Status allowed = check(*client, row.method); !allowed) {
        reply(std::unexpected{allowed.error()});
        return;
    }
    try {
        row.run(*arguments, reply);
    } catch (const Json::exception& error) {
        reply(base::fail("the answer cannot be put into JSON: {}", error.what()));
    } catch (const std::exception& error) { // a request that cannot be met is no reason to end the guest
        log_.error("a request for '{}' has failed: {}", row.method.name, error.what());
        reply(base::fail("the domain could not do it: {}", error.what()));
    }
}

base::Status RpcServer::check(const Client& client, const Method& method) const
{
    WINDSOR_TRY(check_permission(method, client.permission));
    if (phase_) {
        WINDSOR_TRY(check_phase(method, phase_()));
    }
    if (!method.descriptor.empty() && !descriptor_) {
        return base::fail("no {} came with the request", method.descriptor);
    }
    return {};
}

Reply RpcServer::reply_to(const std::shared_ptr<Client>& client, const Json& id)
{
    return [this, answer_to = std::weak_ptr{client}, id](const base::Result<Json>& result) {
        const auto receiver = answer_to.lock();
        if (!receiver) {
            return;
        }
        receiver->owed -= receiver->owed == 0 ? 0 : 1;
        if (id.is_null()) {
            return;
        }
        send(*receiver, result ? Json{{"jsonrpc", "2.0"}, {"id", id}, {"result", *result}}
                               : error_message(id, RpcError::Refused, result.error().message()));
    };
}

void RpcServer::let_look_only()
{
    if (const auto caller = caller_.lock()) {
        caller->permission = Permission::Look;
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
    loop_.modify(fd, client.to_send.empty() ? EPOLLIN : EPOLLOUT);
}

void RpcServer::drop(int fd)
{
    loop_.unwatch(fd);
    clients_.erase(fd);
}

base::Result<RpcClient> RpcClient::connect(const std::filesystem::path& path, std::chrono::milliseconds patience)
{
    const timeval time{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
    const sockaddr_un address = WINDSOR_TRY(address_of(path));
    base::Fd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time); // also of connect(2)
    if (!socket || ::connect(socket.get(), generic(address), sizeof address) != 0) {
        return base::fail("cannot reach the domain at {}: {}", path.string(), base::errno_text(errno));
    }
    return RpcClient{std::move(socket), patience};
}

// A domain that sends its answer in small pieces has no more time for it than others.
base::Result<bool> RpcClient::await_line(Clock::time_point until)
{
    for (std::size_t searched = 0; received_.find('\n', searched) == std::string::npos;) {
        searched = received_.size();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
            return false;
        }
        std::array<char, 65536> buffer{};
        const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (count <= 0) {
            return base::fail("the domain has ended");
        }
        received_.append(buffer.data(), static_cast<std::size_t>(count));
        if (received_.size() > kLongestAnswer) {
            return base::fail("the domain's answer is longer than any can be");
        }
    }
    return true;
}

base::Status RpcClient::send(const std::string& method, const Json& params, int descriptor)
{
    const Json request{{"jsonrpc", "2.0"}, {"id", next_id_++}, {"method", method}, {"params", params}};
    std::string line = request.dump() + '\n';
    if (base::send_with_descriptor(socket_.get(), line, descriptor) != static_cast<ssize_t>(line.size())) {
        return base::fail("the domain does not listen any more: {}", base::errno_text(errno));
    }
    return {};
}

std::optional<base::Result<Json>> RpcClient::answer_within(std::chrono::milliseconds time)
{
    const auto came = await_line(Clock::now() + time);
    if (!came) {
        return std::unexpected{came.error()};
    }
    return *came ? std::optional{take_answer()} : std::nullopt;
}

std::optional<pid_t> RpcClient::listener() const
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) {
        return std::nullopt;
    }
    return peer.pid;
}

base::Result<Json> RpcClient::call(const std::string& method, const Json& params, int descriptor)
{
    WINDSOR_TRY(send(method, params, descriptor));
    if (!WINDSOR_TRY(await_line(Clock::now() + patience_))) {
        return base::fail("the domain has not answered in time; its log may say why");
    }
    return take_answer();
}

base::Result<Json> RpcClient::take_answer()
{
    const std::size_t end = received_.find('\n');
    const std::string answer = received_.substr(0, end);
    received_.erase(0, end + 1);
    const Json message = printable(base::parse_json<Json>(answer, {.bytes = kLongestAnswer}));
    if (!message.is_object()) {
        return base::fail("the domain's answer is not JSON");
    }
    if (const auto error = message.find("error"); error != message.end()) {
        const bool told = error->is_object() && error->contains("message") && (*error)["message"].is_string();
        return base::fail("{}", told ? (*error)["message"].get<std::string>() : "the domain refused");
    }
    return message.value("result", Json{});
}

} // namespace windsor::domain
