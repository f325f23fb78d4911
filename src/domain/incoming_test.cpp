// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/incoming.hpp"

#include "domain/domain_testing.hpp"
#include "domain/uuid.hpp"

namespace windsor::domain {
namespace {

using testing::HasSubstr;

TEST(Incoming, NamesStayAsLongAsNamesCanBe)
{
    EXPECT_EQ(name_with("falstaff", kIncoming), "falstaff--incoming");
    EXPECT_EQ(name_with("falstaff", kMigratedAway), "falstaff--migratedaway");
    const std::string longest(kLongestName, 'x');
    for (const std::string_view suffix : {kIncoming, kMigratedAway}) {
        const std::string name = name_with(longest, suffix);
        EXPECT_EQ(name.size(), kLongestName);
        EXPECT_TRUE(name.ends_with(suffix));
        EXPECT_TRUE(check_name(name));
    }
}

// A domain of that name runs here already: it may be the one that comes, if both hosts are one.
class IncomingName : public DomainTest {
protected:
    base::Status check(const std::string& uuid)
    {
        Incoming incoming{};
        incoming.saved.config.name = "falstaff";
        incoming.saved.needs.uuid = parse_uuid(uuid);
        return check_name_free(Registry::open(settings_.runtime).value(), incoming);
    }

    static constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";
    static constexpr const char* kOther = "11234567-89ab-cdef-0123-456789abcdef";
};

TEST_F(IncomingName, IsFreeWhereNobodyHasIt)
{
    EXPECT_TRUE(check(kUuid));
    settings_.config.name = "hal";
    start();
    EXPECT_TRUE(check(kUuid));
}

TEST_F(IncomingName, IsItsOwnAtItsSource)
{
    settings_.config.uuid = kUuid;
    start();
    EXPECT_TRUE(check(kUuid));
    const base::Status other = check(kOther);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message(), HasSubstr("a domain named 'falstaff' is running already (id 1)"));
}

TEST_F(IncomingName, IsNotThatOfADomainThatDoesNotAnswer)
{
    claim_.emplace(Registry::open(settings_.runtime).value().claim("falstaff").value());
    EXPECT_FALSE(check(kUuid));
}

// Whatever it answers: it is not known to be the one that comes.
TEST_F(IncomingName, IsNotThatOfADomainThatAnswersNonsense)
{
    claim_.emplace(Registry::open(settings_.runtime).value().claim("falstaff").value());
    loop_ = base::EventLoop::create().value();
    const auto server =
        RpcServer::listen(RpcServer::bind(claim_->entry().control_socket()).value(), *loop_, log_).value();
    std::size_t next = 0;
    const std::vector<Json> answers{Json::array(), 7, {{"uuid", 7}}, {{"uuid", {{"uuid", kUuid}}}}, {{"uuid", kOther}}};
    server->add({.name = "status"}, [&](const RpcArguments&, const Reply& reply) { reply(answers.at(next++)); });
    thread_ = std::thread{[this] { loop_->run(); }};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        EXPECT_FALSE(check(kUuid)) << answers[i];
    }
    loop_->stop();
    thread_.join();
}

} // namespace
} // namespace windsor::domain
