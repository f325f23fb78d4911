// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket: JSON-RPC 2.0, one message a line, over a Unix socket of mode 0600.
#pragma once

#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace windsor::domain {

using Json = nlohmann::json;

// Error codes of JSON-RPC 2.0, section 5.1; Refused is a command that was understood and cannot be done.
enum class RpcError : int {
    Parse = -32700,
    InvalidRequest = -32600,
    NoMethod = -32601,
    InvalidParams = -32602,
    Refused = -32000
};

// Answers a request, at once or later, exactly once.
using Reply = std::function<void(base::Result<Json>)>;
using Method = std::function<void(const Json& params, Reply reply)>;

// Lives on one event loop's thread. A client that sends rubbish, floods or vanishes is dropped.
class RpcServer {
public:
    // The socket must not exist yet. The loop and the log outlive the server.
    static base::Result<std::unique_ptr<RpcServer>> listen(const std::filesystem::path& socket, base::EventLoop& loop,
                                                           base::Log& log);
    ~RpcServer();
    RpcServer(const RpcServer&) = delete;
    RpcServer& operator=(const RpcServer&) = delete;

    // `params` is always an object. A wrong type in it, found by nlohmann::json, is answered as InvalidParams.
    void add(const std::string& name, Method method);
    // Within a method: the descriptor that came with its request, if one did.
    base::Fd take_descriptor() { return std::move(descriptor_); }

private:
    struct Client;

    RpcServer(base::Fd socket, base::EventLoop& loop, base::Log& log);
    void accept_client();
    void receive(const std::shared_ptr<Client>& client);
    void handle_line(const std::shared_ptr<Client>& client, const std::string& line);
    void call(const std::shared_ptr<Client>& client, const Json& request);
    void send(Client& client, const Json& message);
    void flush(Client& client);
    void drop(int fd);

    base::Fd socket_;
    base::EventLoop& loop_;
    base::Log& log_;
    std::map<std::string, Method> methods_;
    std::map<int, std::shared_ptr<Client>> clients_;
    base::Fd descriptor_;
};

// One connection to a domain's control socket.
class RpcClient {
public:
    static base::Result<RpcClient> connect(const std::filesystem::path& socket);

    // Waits for the answer, 30 s at most; an error answer becomes an Error with its message.
    base::Result<Json> call(const std::string& method, const Json& params = Json::object());
    // The same in two steps, for what takes its time: none means that no answer has come so far.
    // A descriptor may go with it.
    base::Status send(const std::string& method, const Json& params, int descriptor = -1);
    std::optional<base::Result<Json>> answer_within(std::chrono::milliseconds time);

private:
    explicit RpcClient(base::Fd socket) : socket_{std::move(socket)} {}
    base::Result<std::string> read_line();
    base::Result<Json> read_answer();

    base::Fd socket_;
    std::string received_;
    int next_id_{1};
};

} // namespace windsor::domain
