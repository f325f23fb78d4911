// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/rpc_help.hpp"

#include "toolstack/command_testing.hpp"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace windsor::toolstack {
namespace {

using testing::HasSubstr;
using testing::Not;

using RpcHelp = Commands;

TEST_F(RpcHelp, ListsEveryMethod)
{
    EXPECT_EQ(windsor({"help", "rpc"}), 0);
    for (const domain::Method& method : domain::all_methods()) {
        EXPECT_THAT(out_.str(), HasSubstr(fmt::format("\n {:<20}", method.name)));
    }
    EXPECT_THAT(out_.str(), HasSubstr((directory_ / "run").string() + "/domains/ID/control"));
    const std::string text = out_.str();
    EXPECT_LT(text.find("\n status "), text.find("Methods that change"));
    EXPECT_GT(text.find("\n pause "), text.find("Methods that change"));
}

TEST_F(RpcHelp, ExplainsEveryMethod)
{
    for (const domain::Method& method : domain::all_methods()) {
        EXPECT_EQ(windsor({"help", "rpc", std::string{method.name}}), 0);
        for (const domain::Parameter& parameter : method.parameters) {
            EXPECT_THAT(out_.str(), HasSubstr(fmt::format("\n  {:<20} ", parameter.name)));
        }
    }
    columns_ = 200;
    EXPECT_EQ(windsor({"help", "rpc", "save"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("while the domain is running, paused"));
    EXPECT_THAT(out_.str(), HasSubstr("pause or go-on, \"pause\" if left"));
    EXPECT_THAT(out_.str(), HasSubstr("has to come with the request: open file."));
    EXPECT_EQ(windsor({"help", "rpc", "status"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("\n  vnc.port "));
    EXPECT_THAT(out_.str(), Not(HasSubstr("while the domain is")));
}

TEST_F(RpcHelp, DescribesThemForPrograms)
{
    EXPECT_EQ(windsor({"help", "rpc", "--json"}), 0);
    EXPECT_EQ(nlohmann::json::parse(out_.str()), domain::describe_methods());
}

TEST_F(RpcHelp, RefusesWhatThereIsNot)
{
    EXPECT_EQ(windsor({"help", "rpc", "fly"}), 1);
    EXPECT_EQ(err_.str(), "windsor: 'fly' is no method of the control socket; 'windsor help rpc' lists them\n");
    EXPECT_EQ(windsor({"help", "list", "more"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("only 'help rpc' takes more"));
    EXPECT_EQ(windsor({"help", "list", "--json"}), 1);
}

// windsor help rpc --markdown > docs/control-socket.md
TEST_F(RpcHelp, ThePageOfTheDocumentationIsThatOfTheTable)
{
    std::ifstream file{WINDSOR_DOCS "/control-socket.md"};
    const std::string page{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_EQ(page, rpc_page());
    EXPECT_EQ(windsor({"help", "rpc", "--markdown"}), 0);
    EXPECT_EQ(out_.str(), page);
}

} // namespace
} // namespace windsor::toolstack
