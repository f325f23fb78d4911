// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "domain/rpc.hpp"

#include "base/event_loop.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <unistd.h>
#include <vector>

namespace windsor::domain {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A server on a thread of its own, as in a domain process.
class Rpc : public ::testing::Test {
protected:
    Rpc()
    {
        loop_ = base::EventLoop::create().value();
        server_ = RpcServer::listen(RpcServer::bind(socket()).value(), *loop_, log_).value();
        server_->add(
            {.name = "echo",
             .permission = Permission::Look,
             .parameters = {{.name = "text", .otherwise = std::string_view{}, .longest = 1u << 20}}},
            [](const RpcArguments& arguments, const Reply& reply) { reply(Json{{"text", arguments.text("text")}}); });
        server_->add(
            {.name = "number", .parameters = {{.name = "n", .kind = ValueKind::Integer, .help = "of them"}}},
            [](const RpcArguments& arguments, const Reply& reply) { reply(Json(arguments.integer("n") + 1)); });
        server_->add({.name = "refuse"},
                     [](const RpcArguments&, const Reply& reply) { reply(base::fail("not today")); });
        server_->add({.name = "later"}, [this](const RpcArguments&, const Reply& reply) {
            loop_->post([reply] { reply(Json("done")); });
        });
        server_->add({.name = "look_only", .permission = Permission::Look},
                     [this](const RpcArguments&, const Reply& reply) {
                         server_->let_look_only();
                         reply(Json::object());
                     });
        thread_ = std::thread{[this] { loop_->run(); }};
    }
    ~Rpc() override
    {
        loop_->stop();
        thread_.join();
        server_.reset();
    }

    fs::path socket() const { return directory_ / "control"; }
    RpcClient client() { return RpcClient::connect(socket()).value(); }

    base::Fd raw_client()
    {
        base::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, socket().c_str(), socket().native().size());
        EXPECT_EQ(::connect(fd.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address),
                  0);
        return fd;
    }
    static bool send_text(const base::Fd& fd, const std::string& text)
    {
        std::size_t sent = 0;
        while (sent < text.size()) {
            const ssize_t count = ::send(fd.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) {
                return false;
            }
            sent += static_cast<std::size_t>(count);
        }
        return true;
    }
    static std::string read_line(const base::Fd& fd)
    {
        std::string line;
        char byte = 0;
        while (::read(fd.get(), &byte, 1) == 1 && byte != '\n') {
            line += byte;
        }
        return line;
    }
    Json error_for(const std::string& line)
    {
        const base::Fd fd = raw_client();
        send_text(fd, line + "\n");
        const Json answer = Json::parse(read_line(fd), nullptr, false);
        return answer.is_object() && answer.contains("error") ? answer["error"] : Json::object();
    }
    int code_for(const std::string& line) { return error_for(line).value("code", 0); }
    static std::string number_with(const std::string& params)
    {
        return R"({"jsonrpc":"2.0","id":1,"method":"number","params":)" + params + '}';
    }

    base::Log log_ = base::Log::discard();
    base::TestFolder directory_;
    std::unique_ptr<base::EventLoop> loop_;
    std::unique_ptr<RpcServer> server_;
    std::thread thread_;
};

// The loop, and with it the guest, goes on.
TEST_F(Rpc, WhatAHandlerThrowsIsAnAnswer)
{
    server_->add({.name = "throw"}, [](const RpcArguments&, const Reply&) { throw std::runtime_error{"no thread"}; });
    RpcClient one = client();
    EXPECT_THAT(one.call("throw").error().message(), HasSubstr("no thread"));
    EXPECT_TRUE(one.call("echo"));
}

// A pipe's end, passed on, is written to by the server.
TEST_F(Rpc, ADescriptorComesWithItsRequest)
{
    server_->add({.name = "write"}, [this](const RpcArguments&, const Reply& reply) {
        const base::Fd fd = server_->take_descriptor();
        reply(Json(fd ? ::write(fd.get(), "x", 1) : -1));
    });
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const base::Fd read{ends[0]};
    base::Fd write{ends[1]};
    RpcClient client = this->client();
    EXPECT_EQ(client.call("write").value(), -1) << "none came";
    ASSERT_TRUE(client.send("write", Json::object(), write.get()).has_value());
    EXPECT_EQ(client.answer_within(std::chrono::seconds{20}).value().value(), 1);
    EXPECT_EQ(client.call("write").value(), -1) << "it was that request's";
    // One that nobody takes does not stay open.
    ASSERT_TRUE(client.send("echo", Json::object(), write.get()).has_value());
    EXPECT_TRUE(client.answer_within(std::chrono::seconds{20}).value().has_value());
    write.reset();
    std::array<char, 2> got{};
    EXPECT_EQ(::read(read.get(), got.data(), got.size()), 1);
    EXPECT_EQ(::read(read.get(), got.data(), got.size()), 0) << "the end of the pipe";
}

TEST_F(Rpc, Answers)
{
    auto one = client();
    auto two = client();
    EXPECT_EQ(one.call("echo", {{"text", "a\nb \xc3\xa4"}}).value(), (Json{{"text", "a\nb \xc3\xa4"}}));
    EXPECT_EQ(two.call("number", {{"n", 41}}).value(), 42);
    EXPECT_EQ(one.call("later").value(), "done");
    EXPECT_EQ(one.call("echo", {{"text", std::string(500'000, 'x')}}).value()["text"].get<std::string>().size(),
              500'000u);
}

TEST_F(Rpc, TellsARefusalInItsOwnWords)
{
    EXPECT_EQ(client().call("refuse").error().message(), "not today");
}

TEST_F(Rpc, IsForItsOwnerOnly)
{
    struct stat status {};
    ASSERT_EQ(::stat(socket().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(Rpc, AnswersWrongRequestsWithTheirCodes)
{
    EXPECT_EQ(code_for("rubbish"), static_cast<int>(RpcError::Parse));
    EXPECT_EQ(code_for(""), static_cast<int>(RpcError::Parse));
    EXPECT_EQ(code_for("[]"), static_cast<int>(RpcError::InvalidRequest));
    EXPECT_EQ(code_for(R"({"id":1,"method":"echo"})"), static_cast<int>(RpcError::InvalidRequest));
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","id":1,"method":7})"), static_cast<int>(RpcError::InvalidRequest));
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","id":1,"method":"nothing"})"), static_cast<int>(RpcError::NoMethod));
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":[1]})"),
              static_cast<int>(RpcError::InvalidParams));
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","id":1,"method":"number","params":{"n":"x"}})"),
              static_cast<int>(RpcError::InvalidParams));
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","id":1,"method":"number"})"), static_cast<int>(RpcError::InvalidParams));
    EXPECT_EQ(code_for(std::string(20'000, '[')), static_cast<int>(RpcError::Parse));
    EXPECT_EQ(code_for("\"\xff\xfe\""), static_cast<int>(RpcError::Parse));
    EXPECT_EQ(client().call("number", {{"n", 1}}).value(), 2);
}

std::string nested(const std::string& open, const std::string& close, unsigned depth)
{
    std::string text;
    for (unsigned i = 0; i < depth; ++i) {
        text += open;
    }
    text += '1';
    for (unsigned i = 0; i < depth; ++i) {
        text += close;
    }
    return text;
}

// What walks such a value calls itself for each level.
TEST_F(Rpc, RefusesRequestsThatAreNestedTooDeep)
{
    for (const auto& [open, close, depth] : {std::tuple{"[", "]", 400'000u}, std::tuple{"{\"a\":", "}", 150'000u}}) {
        const std::string value = nested(open, close, depth);
        EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","method":"echo","id":)" + value + '}'),
                  static_cast<int>(RpcError::Parse));
        EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","method":"echo","id":1,"params":{"a":)" + value + "}}"),
                  static_cast<int>(RpcError::Parse));
    }
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","method":"echo","id":[[1]]})"), static_cast<int>(RpcError::InvalidRequest));
    EXPECT_EQ(client().call("number", {{"n", 1}}).value(), 2);
}

// Whoever checks the first and reads the second has checked nothing.
TEST_F(Rpc, RefusesANameThatComesTwice)
{
    for (const char* twice : {R"({"jsonrpc":"2.0","id":1,"method":"echo","method":"number"})",
                              R"({"jsonrpc":"2.0","id":1,"method":"number","params":{"n":1,"n":2}})",
                              R"({"jsonrpc":"2.0","id":1,"method":"number","params":{"n":1,"\u006e":2}})"}) {
        const Json error = error_for(twice);
        EXPECT_EQ(error.value("code", 0), static_cast<int>(RpcError::InvalidRequest)) << twice;
        EXPECT_THAT(error.value("message", ""), HasSubstr("twice in one object"));
    }
    EXPECT_EQ(code_for(R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"text":"id"}})"), 0)
        << "the same name in another object is none that comes twice";
}

TEST_F(Rpc, SaysWhatIsWrongWithAParameter)
{
    const auto wrong = static_cast<int>(RpcError::InvalidParams);
    const std::vector<std::pair<std::string, std::string>> sentences{
        {"{}", "'number' wants the parameter 'n': of them"},
        {R"({"n":1,"m":2})", "'number' has no parameter 'm'; it has n"},
        {R"({"n":"1"})", "'n' of 'number' must be a whole number"},
        {R"({"n":1.5})", "'n' of 'number' must be a whole number"},
        {R"({"n":1e3})", "'n' of 'number' must be a whole number"},
        {R"({"n":null})", "'n' of 'number' must be a whole number"},
        {R"({"n":[1]})", "'n' of 'number' must be a whole number"},
        {R"({"n":18446744073709551615})", "'n' of 'number' must be from"},
        {R"({"n":99999999999999999999999})", "'n' of 'number' must be a whole number"},
        {"[1]", "params must be an object"},
        {"7", "params must be an object"},
    };
    for (const auto& [params, sentence] : sentences) {
        const Json error = error_for(number_with(params));
        EXPECT_EQ(error.value("code", 0), wrong) << params;
        EXPECT_THAT(error.value("message", ""), HasSubstr(sentence)) << params;
    }
    for (const char* none : {R"({"n":NaN})", R"({"n":1e999})", R"({"n":-})", R"({"n":01})", R"({"n":+1})"}) {
        EXPECT_EQ(code_for(number_with(none)), static_cast<int>(RpcError::Parse)) << none;
    }
}

TEST_F(Rpc, SaysNoMoreOfAStrangeNameThanALineHasRoomFor)
{
    const Json error = error_for(number_with(R"({"\u001b[2J)" + std::string(100'000, 'x') + R"(":1})"));
    EXPECT_EQ(error.value("code", 0), static_cast<int>(RpcError::InvalidParams));
    EXPECT_LT(error.value("message", "").size(), 200u);
    EXPECT_EQ(error.value("message", "").find('\x1b'), std::string::npos);
}

TEST_F(Rpc, AConnectionThatMayOnlyLookChangesNothing)
{
    RpcClient one = client();
    RpcClient other = client();
    EXPECT_TRUE(one.call("number", {{"n", 1}}));
    EXPECT_TRUE(one.call("look_only"));
    EXPECT_TRUE(one.call("echo"));
    EXPECT_THAT(one.call("number", {{"n", 1}}).error().message(), HasSubstr("may only look, and 'number' changes"));
    EXPECT_TRUE(other.call("number", {{"n", 1}})) << "another connection is not that one";
}

TEST_F(Rpc, AMethodIsForItsPhases)
{
    std::atomic<Phase> phase{Phase::Running};
    server_->ask_for_phase([&] { return phase.load(); });
    server_->add({.name = "stop", .phases = {Phase::Running}},
                 [](const RpcArguments&, const Reply& reply) { reply(Json::object()); });
    RpcClient client = this->client();
    EXPECT_TRUE(client.call("stop"));
    phase = Phase::Saving;
    EXPECT_EQ(client.call("stop").error().message(), sentence_for(Phase::Saving));
    EXPECT_TRUE(client.call("echo"));
}

TEST_F(Rpc, AMethodThatNeedsADescriptorSaysSo)
{
    server_->add({.name = "write", .descriptor = "open file"},
                 [](const RpcArguments&, const Reply& reply) { reply(Json::object()); });
    RpcClient client = this->client();
    EXPECT_EQ(client.call("write").error().message(), "no open file came with the request");
    EXPECT_TRUE(client.call("write", Json::object(), STDERR_FILENO));
    EXPECT_FALSE(client.call("nothing", Json::object(), STDERR_FILENO));
    EXPECT_FALSE(client.call("write")) << "it came with another request";
}

TEST_F(Rpc, IdleClientsMakeRoom)
{
    RpcClient early = client();
    ASSERT_EQ(early.call("number", {{"n", 1}}).value(), 2);
    std::vector<base::Fd> idle;
    for (int i = 0; i < 300; ++i) {
        idle.push_back(raw_client());
    }
    EXPECT_EQ(client().call("number", {{"n", 1}}).value(), 2);
}

TEST_F(Rpc, DropsAClientWhoseRequestNeverEnds)
{
    const base::Fd fd = raw_client();
    send_text(fd, std::string(3u << 20, 'x'));
    EXPECT_EQ(read_line(fd), "");
    EXPECT_EQ(client().call("number", {{"n", 1}}).value(), 2);
}

TEST_F(Rpc, SurvivesClientsThatVanish)
{
    for (int i = 0; i < 200; ++i) {
        const base::Fd fd = raw_client();
        send_text(fd, R"({"jsonrpc":"2.0","id":1,"method":"later"})"
                      "\n{\"half");
    }
    EXPECT_EQ(client().call("number", {{"n", 1}}).value(), 2);
}

TEST_F(Rpc, SurvivesAClientThatNeverReads)
{
    const base::Fd fd = raw_client();
    const std::string request =
        Json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", "echo"}, {"params", {{"text", std::string(900'000, 'x')}}}}
            .dump() +
        '\n';
    timeval patience{.tv_sec = 0, .tv_usec = 300'000};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    for (int i = 0; i < 50; ++i) { // 45 MB of answers: more than the server keeps for one client
        if (!send_text(fd, request)) {
            break; // dropped
        }
    }
    EXPECT_EQ(client().call("number", {{"n", 1}}).value(), 2);
}

TEST_F(Rpc, NotificationsGetNoAnswer)
{
    const base::Fd fd = raw_client();
    send_text(fd, R"({"jsonrpc":"2.0","method":"echo"})"
                  "\n"
                  R"({"jsonrpc":"2.0","id":5,"method":"echo"})"
                  "\n");
    EXPECT_EQ(Json::parse(read_line(fd))["id"], 5);
}

TEST(RpcClientTest, SaysWhenNobodyListens)
{
    EXPECT_FALSE(RpcClient::connect("/nonexistent/control"));
    EXPECT_FALSE(RpcClient::connect(std::string(300, 'x')));
}

} // namespace
} // namespace windsor::domain
