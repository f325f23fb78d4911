// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket: JSON-RPC 2.0, one message a line, over a Unix socket of mode 0600.
#pragma once

#include "base/event_loop.hpp"
#include "base/fd.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/method.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace windsor::domain {

// Error codes of JSON-RPC 2.0, section 5.1; Refused is a command that was understood and cannot be done.
enum class RpcError : int {
    Parse = -32700,
    InvalidRequest = -32600,
    NoMethod = -32601,
    InvalidParams = -32602,
    Refused = -32000
};

// The same, with texts and names that are fit for a terminal: whoever says it may be an intruder by now.
Json printable(const Json& value);
nlohmann::ordered_json printable(const nlohmann::ordered_json& value);

// Answers a request, at once or later, exactly once.
using Reply = std::function<void(base::Result<Json>)>;
using RpcHandler = std::function<void(const RpcArguments& arguments, const Reply& reply)>;

// Lives on one event loop's thread. A client that sends rubbish, floods or vanishes is dropped. What a method's
// description says is checked before the method runs.
class RpcServer {
public:
    // Makes the socket, which must not exist yet, for this user. Whoever connects before it listens is refused.
    static base::Result<base::Fd> bind(const std::filesystem::path& path);
    // Serves whoever connects to what bind() made. The loop and the log outlive the server.
    static base::Result<std::unique_ptr<RpcServer>> listen(base::Fd socket, base::EventLoop& loop, base::Log& log);
    ~RpcServer();
    RpcServer(const RpcServer&) = delete;
    RpcServer& operator=(const RpcServer&) = delete;

    // Serves whoever connects to this one from now on, and goes on with those that are connected.
    base::Status move_to(base::Fd socket);

    void add(const Method& method, RpcHandler run);
    // In which phase the domain is; without, every method can be called.
    void ask_for_phase(std::function<Phase()> phase) { phase_ = std::move(phase); }
    // Within a method: the descriptor that came with its request, if one did.
    base::Fd take_descriptor() { return std::move(descriptor_); }
    // Within a method: its client may look from now on, and nothing else.
    void let_look_only();

private:
    struct Client;
    struct Row {
        Method method;
        RpcHandler run;
    };

    RpcServer(base::Fd socket, base::EventLoop& loop, base::Log& log);
    base::Status watch_socket();
    void accept_client();
    bool drop_idle_client();
    void receive(const std::shared_ptr<Client>& client);
    void handle_lines(const std::shared_ptr<Client>& client);
    void handle_line(const std::shared_ptr<Client>& client, const std::string& line);
    void call(const std::shared_ptr<Client>& client, const Json& request);
    void run(const std::shared_ptr<Client>& client, const Row& row, const Json& params, const Json& id);
    base::Status check(const Client& client, const Method& method) const;
    Reply reply_to(const std::shared_ptr<Client>& client, const Json& id);
    void send(Client& client, const Json& message);
    void flush(Client& client);
    void drop(int fd);

    base::Fd socket_;
    base::EventLoop& loop_;
    base::Log& log_;
    std::map<std::string, Row, std::less<>> rows_;
    std::function<Phase()> phase_{};
    std::map<int, std::shared_ptr<Client>> clients_;
    // Of the request whose method runs.
    base::Fd descriptor_;
    std::weak_ptr<Client> caller_;
    std::uint64_t requests_{0};
};

// One connection to a domain's control socket.
class RpcClient {
public:
    // As long as it waits to be let in, and for the whole of each answer.
    static constexpr std::chrono::milliseconds kPatience{30'000};

    static base::Result<RpcClient> connect(const std::filesystem::path& socket) { return connect(socket, kPatience); }
    static base::Result<RpcClient> connect(const std::filesystem::path& socket, std::chrono::milliseconds patience);

    // Waits for the answer; an error answer becomes an Error with its message. A descriptor may go with it.
    // The answer is printable().
    base::Result<Json> call(const std::string& method, const Json& params = Json::object(), int descriptor = -1);
    // The same in two steps, for what takes its time: none means that no whole answer has come so far.
    base::Status send(const std::string& method, const Json& params, int descriptor = -1);
    std::optional<base::Result<Json>> answer_within(std::chrono::milliseconds time);
    // The process at the other end, as the kernel knows it; nothing if it is of a namespace that is out of sight.
    std::optional<pid_t> listener() const;

private:
    using Clock = std::chrono::steady_clock;

    RpcClient(base::Fd socket, std::chrono::milliseconds patience) : socket_{std::move(socket)}, patience_{patience} {}
    // False if no whole line has come by then.
    base::Result<bool> await_line(Clock::time_point until);
    base::Result<Json> take_answer();

    base::Fd socket_;
    std::chrono::milliseconds patience_;
    std::string received_;
    int next_id_{1};
};

} // namespace windsor::domain
