// SPDX-License-Identifier: GPL-2.0-or-later
// Commands with a domain that an intruder has taken over: it answers what he likes.
#include "toolstack/command.hpp"

#include "base/event_loop.hpp"
#include "base/test_folder.hpp"
#include "domain/base64.hpp"
#include "domain/registry.hpp"
#include "domain/rpc.hpp"
#include "domain/saved_domain.hpp"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace windsor::toolstack {
namespace {

namespace fs = std::filesystem;
using domain::Json;
using ::testing::HasSubstr;
using ::testing::Not;

class LyingDomain : public ::testing::Test {
protected:
    void SetUp() override
    {
        claim_.emplace(domain::Registry::open(folder_.path() / "run").value().claim("liar").value());
        loop_ = base::EventLoop::create().value();
        server_ =
            domain::RpcServer::listen(domain::RpcServer::bind(claim_->entry().control_socket()).value(), *loop_, log_)
                .value();
        for (const char* method : {"status", "config", "screen", "screenshot", "statistics", "vcpus"}) {
            server_->add(*domain::find_method(method),
                         [this, method](const domain::RpcArguments&, const domain::Reply& reply) {
                             reply(answers_.value(method, Json::object()));
                         });
        }
        thread_ = std::thread{[this] { loop_->run(); }};
    }
    ~LyingDomain() override
    {
        loop_->stop();
        thread_.join();
        server_.reset();
    }

    int windsor(const std::vector<std::string>& words)
    {
        Context context{.dialect = Dialect::Windsor,
                        .program = "windsor",
                        .out = out_,
                        .err = err_,
                        .paths = {.runtime = folder_.path() / "run", .data = folder_.path() / "data"},
                        .host_config = {}};
        return run(context, words);
    }
    // Before the first command: the loop's thread reads it.
    void says(const char* method, const Json& answer) { answers_[method] = answer; }

    static void write(const fs::path& file, std::string_view text) { std::ofstream{file} << text; }
    static std::string read(const fs::path& file)
    {
        std::ifstream input{file};
        return {std::istreambuf_iterator<char>{input}, {}};
    }

    base::TestFolder folder_;
    std::optional<domain::Claim> claim_;
    base::Log log_{base::Log::discard()};
    Json answers_ = Json::object();
    std::unique_ptr<base::EventLoop> loop_;
    std::unique_ptr<domain::RpcServer> server_;
    std::thread thread_;
    std::ostringstream out_;
    std::ostringstream err_;
};

TEST_F(LyingDomain, SpoilsNoList)
{
    says("status",
         {{"id", "x"}, {"name", 5}, {"memory_mb", "much"}, {"state", Json::array()}, {"cpu_seconds", "x"}, {"vnc", 7}});
    EXPECT_EQ(windsor({"list"}), 0) << err_.str();
    EXPECT_EQ(windsor({"list", "-l"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("liar"));
}

TEST_F(LyingDomain, SpoilsNoLongList)
{
    says("config", {{"xm", 5}, {"xl", Json::array()}, {"json", "x"}});
    EXPECT_EQ(windsor({"list", "-l"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("liar"));
}

TEST_F(LyingDomain, SpoilsNoListOfProcessors)
{
    says("vcpus", Json::array({{{"cpu", "x"}, {"state", 5}}}));
    EXPECT_EQ(windsor({"vcpu-list"}), 0) << "that of all";
    EXPECT_THAT(err_.str(), HasSubstr("liar"));
    EXPECT_EQ(windsor({"vcpu-list", "liar"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("what it should not"));
}

TEST_F(LyingDomain, HasNoScreenOfAnotherKind)
{
    says("screen", {{"mode", 5}, {"lines", "x"}});
    EXPECT_EQ(windsor({"screen", "liar"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("what it should not"));
}

TEST_F(LyingDomain, ForgesNoRow)
{
    says("status", {{"state", "------\nbank\t1"}, {"uuid", "x\nbank"}});
    EXPECT_EQ(windsor({"list"}), 0);
    EXPECT_EQ(windsor({"vm-list"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), Not(HasSubstr("\nbank")));
}

TEST_F(LyingDomain, PassesForNoOther)
{
    says("status", {{"id", 77}, {"name", "bank"}});
    EXPECT_EQ(windsor({"list"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("liar"));
    EXPECT_THAT(out_.str(), Not(HasSubstr("bank")));
    EXPECT_THAT(out_.str(), Not(HasSubstr("77")));
}

TEST_F(LyingDomain, CommandsNoTerminal)
{
    says("status", {{"state", "\x1b[2J"}, {"engine", "\xc2\x9b" "31m"}});
    says("statistics", {{"\x1b[31m", 1}});
    write(claim_->entry().log_file(), "a line\x1b]0;title\a\n");
    EXPECT_EQ(windsor({"list"}), 0);
    EXPECT_EQ(windsor({"stats", "liar"}), 0);
    EXPECT_EQ(windsor({"dmesg", "liar"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("a line?]0;title?"));
    EXPECT_EQ(out_.str().find_first_of("\x1b\a\x9b"), std::string::npos);
}

TEST_F(LyingDomain, HasTheConsoleOpenNoFile)
{
    const fs::path secret = folder_.path() / "secret";
    write(secret, "secret");
    says("status", {{"console", secret.string()}});
    EXPECT_EQ(windsor({"console", "liar"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("has no serial console"));
}

TEST_F(LyingDomain, GivesTheViewerNoOption)
{
    says("status", {{"vnc", {{"listen", "-via=-oProxyCommand=x"}, {"port", 5900}, {"display", 0}}}});
    EXPECT_EQ(windsor({"vncviewer", "liar"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("which is no address"));
}

// The directory is its owner's, who knows what files are called there.
TEST_F(LyingDomain, APictureGoesWhereItShall)
{
    const fs::path precious = folder_.path() / "precious";
    const fs::path picture = folder_.path() / "picture.png";
    write(precious, "precious");
    fs::create_symlink(precious, picture.string() + ".new");
    const std::vector<std::uint8_t> bytes{'p', 'n', 'g'};
    says("screenshot", {{"png", domain::to_base64(bytes)}});
    EXPECT_EQ(windsor({"screenshot", "liar", picture.string()}), 0) << err_.str();
    EXPECT_EQ(read(precious), "precious");
    EXPECT_EQ(read(picture), "png");
    EXPECT_FALSE(fs::is_symlink(picture));
}

class SavingDomain : public LyingDomain {
protected:
    SavingDomain() { ::signal(SIGPIPE, SIG_IGN); } // as a domain's process does

    static domain::SavedDomain with_image(const std::string& path)
    {
        config::DomainConfig config;
        config.name = "guest";
        config::DiskConfig disk;
        disk.path = path;
        disk.vdev = "hda";
        config.disks.push_back(disk);
        return {.windsor = "test", .config = config::save(config), .origin = {.text = "disk"}};
    }
    void created_with(const domain::SavedDomain& domain) const
    {
        ASSERT_TRUE(domain::write_beginning(claim_->entry().beginning_file(), domain::beginning_of(domain)));
    }
    // In the server's thread.
    void writes(domain::SavedDomain domain)
    {
        server_->add(*domain::find_method("unpause"), [this](const domain::RpcArguments&, const domain::Reply& reply) {
            unpaused_ = true;
            reply(Json::object());
        });
        server_->add(*domain::find_method("save_progress"),
                     [](const domain::RpcArguments&, const domain::Reply& reply) { reply(Json::object()); });
        server_->add(*domain::find_method("save"), [this, domain = std::move(domain)](const domain::RpcArguments&,
                                                                                      const domain::Reply& reply) {
            kept_ = server_->take_descriptor();
            state::FileOutput output{base::Fd{::dup(kept_.get())}, "the file"};
            state::StreamWriter writer{output};
            const bool written = domain::begin_saved(writer, domain) &&
                                 writer.object(machine::kNeedsRecord, machine::Needs{}) && writer.end() &&
                                 output.write(more_) && output.finish();
            kept_.reset(keeps_ ? kept_.release() : -1);
            reply(written ? base::Result<Json>{Json{{"ran", true}}} : base::fail("it is not written"));
        });
    }
    int save(const std::string& way) { return windsor({"save", way, "liar", file_.string()}); }

    fs::path file_{folder_ / "saved"};
    base::Fd kept_;
    bool keeps_{false};
    std::vector<std::uint8_t> more_; // that it writes than a saved state has
    std::atomic<bool> unpaused_{false};
};

TEST_F(SavingDomain, AHonestOneIsSaved)
{
    domain::SavedDomain later = with_image("/images/guest");
    later.windsor = "a later one";
    later.engine = "another";
    later.saved_at = 1'000'000;
    later.config.config.name = "renamed";
    created_with(with_image("/images/guest"));
    writes(later);
    EXPECT_EQ(save("--checkpoint"), 0) << err_.str();
    EXPECT_TRUE(domain::open_saved(file_).has_value());
    EXPECT_FALSE(unpaused_);
}

TEST_F(SavingDomain, HasNoOtherImagesOpenedWhenItIsRestored)
{
    domain::SavedDomain restarted = with_image("/images/guest");
    restarted.origin.overrides.emplace_back("disk=['file:/etc/shadow,hda,w']");
    created_with(with_image("/images/guest"));
    for (const domain::SavedDomain& other : {with_image("/etc/shadow"), restarted}) {
        writes(other);
        EXPECT_EQ(save("--checkpoint"), 1);
        EXPECT_THAT(err_.str(), HasSubstr("another configuration"));
        EXPECT_FALSE(fs::exists(file_));
        EXPECT_TRUE(unpaused_.exchange(false));
    }
}

// What has been looked at would be another file's then.
TEST_F(SavingDomain, HasNoFileToChangeLater)
{
    created_with(with_image("/images/guest"));
    keeps_ = true;
    writes(with_image("/images/guest"));
    EXPECT_EQ(save("--checkpoint"), 1);
    EXPECT_THAT(err_.str(), HasSubstr("does not end what it writes"));
    struct stat kept{};
    EXPECT_EQ(::fstat(kept_.get(), &kept), 0);
    EXPECT_TRUE(S_ISFIFO(kept.st_mode));
}

TEST_F(SavingDomain, CannotFillTheDisk)
{
    const domain::SavedDomain domain = with_image("/images/guest");
    ASSERT_TRUE(domain::write_beginning(
        claim_->entry().beginning_file(),
        {.fingerprint = domain::beginning_of(domain).fingerprint, .most_saved_bytes = 1u << 16}));
    writes(domain);
    EXPECT_EQ(save("--checkpoint"), 0) << err_.str();
    fs::remove(file_);
    more_.resize(8u << 20);
    EXPECT_EQ(save("--checkpoint"), 1);
    EXPECT_THAT(err_.str(), HasSubstr("more than its memory and its devices can hold"));
    EXPECT_FALSE(fs::exists(file_));
}

// It would keep a command for as long as it has bytes: here until it ends the line, in a time in which others have
// answered.
TEST(TricklingDomain, HasNoMoreTimeThanOthers)
{
    const base::TestFolder folder;
    const fs::path path = folder / "control";
    const base::Fd socket = domain::RpcServer::bind(path).value();
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    std::jthread domain{[&](const std::stop_token& stop) {
        pollfd asked{socket.get(), POLLIN, 0};
        ::poll(&asked, 1, -1);
        const base::Fd client{::accept(socket.get(), nullptr, nullptr)};
        for (int i = 0; i < 100 && !stop.stop_requested(); ++i) {
            ::send(client.get(), "[", 1, MSG_NOSIGNAL);
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
        ::send(client.get(), "\n", 1, MSG_NOSIGNAL);
    }};
    auto client = domain::RpcClient::connect(path, std::chrono::milliseconds{200});
    ASSERT_TRUE(client);
    const auto answer = client->call("status");
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message(), HasSubstr("has not answered in time"));
    ASSERT_TRUE(client->send("status", Json::object()));
    EXPECT_FALSE(client->answer_within(std::chrono::milliseconds{50}));
}

} // namespace
} // namespace windsor::toolstack
