// SPDX-License-Identifier: GPL-2.0-or-later
// Network cards as they are listed, of a domain whose answer is the test's.
#include "base/event_loop.hpp"
#include "base/test_folder.hpp"
#include "domain/registry.hpp"
#include "domain/rpc.hpp"
#include "toolstack/command.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace windsor::toolstack {
namespace {

using domain::Json;
using ::testing::HasSubstr;
using ::testing::Not;

Json card(int index, const char* network)
{
    return {{"index", index},
            {"model", "e1000"},
            {"mac", "00:16:3e:11:22:33"},
            {"network", network},
            {"link", std::string_view{network} == "none" ? "down" : "up"},
            {"sent", {{"frames", 12}, {"bytes", 3456}, {"dropped", 7}}},
            {"received", {{"frames", 21}, {"bytes", 6543}}},
            {"addresses", {"10.0.2.15", "fe80::1"}}};
}

class NetworkCommands : public ::testing::Test {
protected:
    void SetUp() override
    {
        claim_.emplace(domain::Registry::open(folder_.path() / "run").value().claim("falstaff").value());
        loop_ = base::EventLoop::create().value();
        server_ =
            domain::RpcServer::listen(domain::RpcServer::bind(claim_->entry().control_socket()).value(), *loop_, log_)
                .value();
        server_->add(*domain::find_method("network"),
                     [this](const domain::RpcArguments&, const domain::Reply& reply) { reply(answer_); });
        thread_ = std::thread{[this] { loop_->run(); }};
    }
    ~NetworkCommands() override
    {
        loop_->stop();
        thread_.join();
        server_.reset();
    }

    int run_as(Dialect dialect, const std::vector<std::string>& words)
    {
        out_.str("");
        err_.str("");
        Context context{.dialect = dialect,
                        .program = "windsor",
                        .out = out_,
                        .err = err_,
                        .paths = {.runtime = folder_.path() / "run", .data = folder_.path() / "data"},
                        .host_config = {}};
        return run(context, words);
    }

    base::TestFolder folder_;
    Json answer_ = Json::array(); // before the first command: the loop's thread reads it
    std::optional<domain::Claim> claim_;
    base::Log log_{base::Log::discard()};
    std::unique_ptr<base::EventLoop> loop_;
    std::unique_ptr<domain::RpcServer> server_;
    std::thread thread_;
    std::ostringstream out_;
    std::ostringstream err_;
};

// The columns are what programs that read them know of xl.
TEST_F(NetworkCommands, ListsCardsAsXlDoes)
{
    answer_ = Json::array({card(0, "nat"), card(1, "none")});
    constexpr const char* kList =
        "Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref BE-path                       \n"
        "0   0  00:16:3e:11:22:33      0     4     -1    -1/-1          /local/domain/0/backend/vif/1/0\n"
        "1   0  00:16:3e:11:22:33      1     6     -1    -1/-1          /local/domain/0/backend/vif/1/1\n";
    EXPECT_EQ(run_as(Dialect::Xl, {"network-list", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), kList);
    EXPECT_EQ(run_as(Dialect::Windsor, {"network-list", "1"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), kList);
}

TEST_F(NetworkCommands, ListsCardsAsXmDoes)
{
    answer_ = Json::array({card(0, "nat")});
    EXPECT_EQ(run_as(Dialect::Xm, {"network-list", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "Idx BE     MAC Addr.     handle state evt-ch tx-/rx-ring-ref BE-path\n"
                          "0   0  00:16:3e:11:22:33    0     4      -1    -1   /-1      "
                          "/local/domain/0/backend/vif/1/0  \n");
    EXPECT_EQ(run_as(Dialect::Xm, {"network-list", "-l", "falstaff"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("(mac 00:16:3e:11:22:33)"));
    EXPECT_THAT(out_.str(), HasSubstr("(address 10.0.2.15)"));
}

TEST_F(NetworkCommands, ListsADomainWithoutCards)
{
    EXPECT_EQ(run_as(Dialect::Xl, {"network-list", "falstaff"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), ::testing::StartsWith("Idx BE Mac Addr."));
    EXPECT_EQ(run_as(Dialect::Xm, {"network-list", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "");
    EXPECT_EQ(run_as(Dialect::Windsor, {"network-list", "-l", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "[]\n");
}

TEST_F(NetworkCommands, ShowsWhatXenDoesNotKnow)
{
    answer_ = Json::array({card(0, "nat"), card(1, "bridge")});
    answer_[1]["bridge"] = "xenbr0";
    EXPECT_EQ(run_as(Dialect::Xl, {"network-list", "--addresses", "falstaff"}), 0) << err_.str();
    EXPECT_THAT(out_.str(),
                HasSubstr("e1000    nat             up           3456         6543       7 10.0.2.15 fe80::1"));
    EXPECT_THAT(out_.str(), HasSubstr("e1000    xenbr0          up"));
    EXPECT_EQ(run_as(Dialect::Windsor, {"network-list", "-l", "falstaff"}), 0) << err_.str();
    const Json all = Json::parse(out_.str());
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0]["domid"], 1);
    EXPECT_EQ(all[1]["bridge"], "xenbr0");
    EXPECT_EQ(all[1]["addresses"][0], "10.0.2.15");
}

TEST_F(NetworkCommands, WantDomainsThatThereAre)
{
    EXPECT_EQ(run_as(Dialect::Xl, {"network-list", "nobody"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("nobody"));
    EXPECT_EQ(run_as(Dialect::Xl, {"network-list"}), 2);
}

TEST_F(NetworkCommands, BelieveNoIntruder)
{
    answer_ = Json::array({card(0, "nat")});
    answer_[0]["mac"] = 5;
    EXPECT_EQ(run_as(Dialect::Windsor, {"network-list", "falstaff"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("what it should not"));
    EXPECT_EQ(run_as(Dialect::Windsor, {"rdp", "--print", "falstaff"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("what it should not"));
    answer_[0]["mac"] = "x\nforged\x1b[2J";
    EXPECT_EQ(run_as(Dialect::Windsor, {"network-list", "falstaff"}), 0);
    EXPECT_THAT(out_.str(), Not(HasSubstr("\nforged")));
}

TEST_F(NetworkCommands, SayWhereADesktopIs)
{
    answer_ = Json::array({card(0, "bridge")});
    EXPECT_EQ(run_as(Dialect::Windsor, {"rdp", "--print", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "10.0.2.15:3389\n");
    EXPECT_EQ(run_as(Dialect::Windsor, {"rdp", "--print", "--port", "3390", "falstaff"}), 0) << err_.str();
    EXPECT_EQ(out_.str(), "10.0.2.15:3390\n");
    EXPECT_EQ(run_as(Dialect::Windsor, {"rdp", "--print", "--port", "0", "falstaff"}), 1);
    answer_ = Json::array({card(0, "nat")});
    EXPECT_EQ(run_as(Dialect::Windsor, {"rdp", "--print", "falstaff"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("hostfwd=tcp::3389-:3389"));
}

// A client that writes down what it is started with.
TEST_F(NetworkCommands, StartTheClientThatThereIs)
{
    answer_ = Json::array({card(0, "bridge")});
    const std::filesystem::path client = folder_.path() / "xfreerdp";
    const std::filesystem::path words = folder_.path() / "words";
    std::ofstream{client} << "#!/bin/sh\nprintf '%s\\n' \"$@\" > " << words.string() << "\n";
    ASSERT_EQ(::chmod(client.c_str(), 0755), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("PATH", folder_.path().c_str(), 1);
        run_as(Dialect::Windsor, {"rdp", "--user", "bob", "falstaff", "--", "/size:800x600"});
        ::_exit(9);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    std::ifstream written{words};
    const std::string all{std::istreambuf_iterator<char>{written}, {}};
    EXPECT_EQ(all, "/v:10.0.2.15:3389\n/u:bob\n+clipboard\n/size:800x600\n");
}

} // namespace
} // namespace windsor::toolstack
