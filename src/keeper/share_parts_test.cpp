// SPDX-License-Identifier: GPL-2.0-or-later
// Shared folders as a keeper makes them, with Samba's server behind its walls, if it is installed.
#include "keeper/share_helper.hpp"

#include "base/log.hpp"
#include "base/test_folder.hpp"
#include "config/load.hpp"
#include "keeper/helper_supervisor.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::keeper {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uid_t kSomebody = 12345;

// MS-SMB, 2.2.4.5: which protocols the client speaks, NT LM 0.12 alone, behind the length (RFC 1002, 4.3.1).
std::string negotiation()
{
    const std::string dialect = "\x02NT LM 0.12";
    std::string message = "\xffSMB\x72";
    message += std::string("\0\0\0\0\x18\x01\x28", 7) + std::string(12, '\0');
    message += std::string("\xff\xff\x01\0\0\0\0\0\0", 9);
    message += std::string(1, static_cast<char>(dialect.size() + 1)) + '\0' + dialect + '\0';
    return std::string(3, '\0') + static_cast<char>(message.size()) + message;
}

class SharePartsTest : public testing::Test {
protected:
    void SetUp() override
    {
        ::chmod(folder_.path().c_str(), 0755);
        fs::create_directory(folder_ / "files");
        if (::geteuid() == 0) {
            ASSERT_EQ(::chown((folder_ / "files").c_str(), kSomebody, kSomebody), 0);
        }
    }
    static bool has_server()
    {
        return ::access("/usr/sbin/smbd", X_OK) == 0 || ::access("/usr/local/sbin/smbd", X_OK) == 0;
    }
    config::DomainConfig config_of(const std::string& share, const std::string& more = {}) const
    {
        auto loaded = config::load_text("name = 'falstaff'\nshare = " + share + "\n" + more, "test.cfg", {});
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message());
        return loaded ? loaded->config : config::DomainConfig{};
    }
    std::string path(const char* name = "files") const { return (folder_ / name).string(); }
    base::Result<ShareParts> make(const std::string& share, const std::string& more = {}) const
    {
        return ShareParts::create(config_of(share, more), 7, folder_.path());
    }
    std::string error_of(const std::string& share) const
    {
        const auto parts = make(share);
        return parts ? "" : parts.error().message();
    }
    void serve(ShareParts parts)
    {
        sigset_t mask{};
        ::sigemptyset(&mask);
        gate_ = std::move(parts.gate);
        auto supervisor = HelperSupervisor::create(share_helper(std::move(parts), sandbox::Mode::On), mask, log_);
        ASSERT_TRUE(supervisor);
        supervisor_.emplace(*std::move(supervisor));
        supervisor_->act(now_);
        ASSERT_GT(supervisor_->process(), 0) << lines_;
    }
    // What comes first on a connection by the gate, after that was said.
    std::string answer_to(const std::string& text)
    {
        const base::Fd client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = htons(gate_->ports().direct);
        EXPECT_EQ(::connect(client.get(), static_cast<const sockaddr*>(static_cast<const void*>(&to)), sizeof to), 0);
        std::vector<pollfd> waits;
        gate_->fill(waits, false);
        EXPECT_GT(::poll(waits.data(), waits.size(), 5000), 0);
        gate_->take(waits, [](const sockaddr_in&, std::uint16_t) { return true; });
        EXPECT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        pollfd wait{client.get(), POLLIN, 0};
        EXPECT_EQ(::poll(&wait, 1, 60'000), 1);
        std::array<char, 1024> answer{};
        const ssize_t size = ::recv(client.get(), answer.data(), answer.size(), 0);
        return {answer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

    base::TestFolder folder_;
    std::unique_ptr<network::ShareGate> gate_;
    std::string lines_;
    base::Log log_{base::Log::to([this](base::Log::Level, std::string_view text) {
        lines_ += text;
        lines_ += '\n';
    })};
    HelperSupervisor::Clock::time_point now_{HelperSupervisor::Clock::now()};
    std::optional<HelperSupervisor> supervisor_;
};

TEST_F(SharePartsTest, AreNoneIfNothingIsShared)
{
    const auto parts = make("[]");
    ASSERT_TRUE(parts);
    EXPECT_TRUE(parts->folders.empty());
    EXPECT_FALSE(parts->gate);
}

TEST_F(SharePartsTest, AreRefusedWithTheirPlaceIfTheFolderIsNotThere)
{
    if (!has_server()) {
        EXPECT_THAT(error_of("'" + path() + "'"), HasSubstr("install the package samba"));
        GTEST_SKIP() << "the package samba is not installed";
    }
    EXPECT_THAT(error_of("'/nowhere/at/all'"),
                StartsWith("test.cfg:2:1: /nowhere/at/all cannot be shared: No such file or directory"));
    std::ofstream{path("file")};
    EXPECT_THAT(error_of("'" + path("file") + "'"), HasSubstr("it is no folder"));
}

TEST_F(SharePartsTest, AreRefusedIfTheServersUserMayNot)
{
    if (!has_server() || ::geteuid() != 0) {
        GTEST_SKIP() << "this needs root, and the package samba";
    }
    fs::create_directory(folder_ / "roots");
    ::chmod(path("roots").c_str(), 0755);
    EXPECT_EQ(error_of("'" + path("roots") + "'"), "");
    EXPECT_THAT(error_of("'" + path("roots") + ",rw'"), HasSubstr("give it to an ordinary user by chown"));
    EXPECT_EQ(error_of("'" + path() + ",rw'"), "") << "its owner may";
    EXPECT_THAT(error_of("['" + path() + "', '" + path("roots") + ",rw']"), HasSubstr("cannot be written"));
    ::chmod(path("roots").c_str(), 0700);
    EXPECT_THAT(error_of("'" + path("roots") + "'"), HasSubstr("cannot be read"));
}

TEST_F(SharePartsTest, ArePrivateToTheServersUser)
{
    if (!has_server()) {
        GTEST_SKIP() << "the package samba is not installed";
    }
    const auto parts = make("'" + path() + ",rw'");
    ASSERT_TRUE(parts) << parts.error().message();
    struct stat info{};
    ASSERT_EQ(::stat(parts->state.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0700u);
    EXPECT_EQ(info.st_uid, parts->user);
    EXPECT_EQ(parts->user, ::geteuid() == 0 ? kSomebody : ::geteuid());
    ASSERT_EQ(::stat(parts->configuration().c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, parts->user);
}

TEST_F(SharePartsTest, AreServedBySambaBehindItsWalls)
{
    if (!has_server()) {
        GTEST_SKIP() << "the package samba is not installed";
    }
    auto parts = make("'" + path() + ",rw'");
    ASSERT_TRUE(parts) << parts.error().message();
    serve(*std::move(parts));
    EXPECT_THAT(answer_to(negotiation()), HasSubstr("\xffSMB\x72")) << lines_;
    supervisor_->act(now_);
    EXPECT_THAT(lines_, HasSubstr("seccomp"));
}

TEST_F(SharePartsTest, SpeakNoOldProtocolIfTheyAreToldSo)
{
    if (!has_server()) {
        GTEST_SKIP() << "the package samba is not installed";
    }
    auto parts = make("'" + path() + "'", "share_smb1 = 0\n");
    ASSERT_TRUE(parts) << parts.error().message();
    serve(*std::move(parts));
    const std::string answer = answer_to(negotiation());
    // No dialect is chosen (MS-CIFS, 2.2.4.52.2), or the connection is closed.
    EXPECT_TRUE(answer.size() < 39 || answer.substr(37, 2) == "\xff\xff") << lines_;
}

TEST_F(SharePartsTest, NeedACardBehindNat)
{
    EXPECT_TRUE(check_way_to_shares(config_of("[]"), 0));
    EXPECT_TRUE(check_way_to_shares(config_of("'/srv'"), 1));
    EXPECT_THAT(check_way_to_shares(config_of("'/srv'"), 0).error().message(),
                StartsWith("test.cfg:2:1: a guest reaches shared folders by a network card behind NAT alone"));
}

TEST_F(SharePartsTest, AreNamedAsTheGuestFindsThem)
{
    EXPECT_THAT(share_notes(config_of("['/srv/one', '/srv/x,rw,name=two']")),
                ElementsAre(R"(the guest finds /srv/one as \\10.0.2.4\one, read-only)",
                            R"(the guest finds /srv/x as \\10.0.2.4\two, read and written)"));
}

} // namespace
} // namespace windsor::keeper
