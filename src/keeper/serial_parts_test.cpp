// SPDX-License-Identifier: GPL-2.0-or-later
// Serial lines as a keeper makes them, with their process, which is really forked.
#include "keeper/serial_helper.hpp"

#include "base/log.hpp"
#include "base/test_folder.hpp"
#include "config/load.hpp"
#include "keeper/helper_supervisor.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace windsor::keeper {
namespace {

using ::testing::HasSubstr;

class SerialPartsTest : public testing::Test {
protected:
    config::DomainConfig config_of(const std::string& serial) const
    {
        auto loaded = config::load_text("name = 'falstaff'\nserial = " + serial + "\n", "test.cfg", {});
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().message());
        return loaded ? loaded->config : config::DomainConfig{};
    }
    std::string error_of(const std::string& serial, Arrival arrival) const
    {
        const auto parts = SerialParts::create(config_of(serial), arrival);
        return parts ? "" : parts.error().message();
    }
    std::string path() const { return (folder_ / "line").string(); }
    std::string contents() const
    {
        std::ifstream file{path()};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    void serve(SerialParts& parts)
    {
        sigset_t mask{};
        ::sigemptyset(&mask);
        auto supervisor =
            HelperSupervisor::create(serial_helper(std::move(parts), sandbox::Mode::On, 65534), mask, log_);
        ASSERT_TRUE(supervisor);
        supervisor_.emplace(*std::move(supervisor));
        supervisor_->act(now_);
        ASSERT_GT(supervisor_->process(), 0) << lines_;
    }
    static std::string receive(int from)
    {
        pollfd wait{.fd = from, .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&wait, 1, 60'000), 1);
        std::array<char, 4096> buffer{};
        const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
        return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }

    base::TestFolder folder_;
    std::string lines_;
    base::Log log_{base::Log::to([this](base::Log::Level, std::string_view text) {
        lines_ += text;
        lines_ += '\n';
    })};
    HelperSupervisor::Clock::time_point now_{HelperSupervisor::Clock::now()};
    std::optional<HelperSupervisor> supervisor_;
};

TEST_F(SerialPartsTest, HaveALineForEachPortThatIsServed)
{
    const auto parts = SerialParts::create(config_of("['pty', 'file:" + path() + "', 'null']"), Arrival::Created);
    ASSERT_TRUE(parts) << parts.error().message();
    ASSERT_EQ(parts->lines.size(), 3u);
    EXPECT_FALSE(parts->lines[0]);
    EXPECT_TRUE(parts->lines[1]);
    EXPECT_FALSE(parts->lines[2]);
    EXPECT_EQ(parts->relays.size(), 1u);
    EXPECT_FALSE(parts->connects);
    EXPECT_TRUE(SerialParts::create(config_of("'tcp:127.0.0.1:9'"), Arrival::Created)->connects);
}

TEST_F(SerialPartsTest, SayWhereInTheConfigurationTheMistakeIs)
{
    EXPECT_THAT(error_of("['pty', 'file:/nowhere/at/all']", Arrival::Created), HasSubstr("test.cfg:2"));
    EXPECT_THAT(error_of("['pty', 'file:/nowhere/at/all']", Arrival::Created),
                HasSubstr("a serial port cannot write to /nowhere/at/all"));
}

TEST_F(SerialPartsTest, ARestoredDomainGoesOnWithItsFile)
{
    std::ofstream{path()} << "before";
    ASSERT_TRUE(SerialParts::create(config_of("'file:" + path() + "'"), Arrival::Restored));
    EXPECT_EQ(contents(), "before");
    ASSERT_TRUE(SerialParts::create(config_of("'file:" + path() + "'"), Arrival::Created));
    EXPECT_EQ(contents(), "");
}

// Its source could name any file of this host's.
TEST_F(SerialPartsTest, ADomainFromAnotherHostOpensNothingOfThisOnes)
{
    std::ofstream{path()} << "precious";
    for (const std::string& end : {"file:" + path(), "unix:" + path(), std::string{"/dev/tty"}}) {
        EXPECT_THAT(error_of("'" + end + "'", Arrival::Received), HasSubstr("may not open here")) << end;
    }
    EXPECT_EQ(contents(), "precious");
    EXPECT_EQ(error_of("['pty', 'null']", Arrival::Received), "");
    std::filesystem::remove(path());
    EXPECT_EQ(error_of("'unix:" + path() + ",server,nowait'", Arrival::Received), "");
}

// Behind walls; the file gets the guest's last words though the process is not told to end before.
TEST_F(SerialPartsTest, TheProcessServesThemToTheLastWord)
{
    auto parts = SerialParts::create(config_of("['file:" + path() + "', 'unix:" + path() + ".s,server,nowait']"),
                                     Arrival::Created);
    ASSERT_TRUE(parts) << parts.error().message();
    std::vector<base::Fd> lines = std::move(parts->lines);
    serve(*parts);
    base::Fd client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (path() + ".s").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(client.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), 0);
    EXPECT_EQ(receive(lines[1].get()), (std::string{"\1\0", 2})) << "the note that somebody is connected";
    ASSERT_EQ(::send(lines[1].get(), "login: ", 7, 0), 7);
    EXPECT_EQ(receive(client.get()), "login: ");
    ASSERT_EQ(::send(client.get(), "root", 4, 0), 4);
    EXPECT_EQ(receive(lines[1].get()), (std::string{"\0root", 5}));
    ASSERT_EQ(::send(lines[0].get(), "Power down", 10, 0), 10);
    lines.clear();
    supervisor_->let_end();
    EXPECT_EQ(contents(), "Power down");
}

// The next process goes on with what the first had open.
TEST_F(SerialPartsTest, ASuccessorGoesOn)
{
    auto parts = SerialParts::create(config_of("'file:" + path() + "'"), Arrival::Created);
    ASSERT_TRUE(parts) << parts.error().message();
    const std::vector<base::Fd> lines = std::move(parts->lines);
    serve(*parts);
    ASSERT_EQ(::kill(supervisor_->process(), SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(supervisor_->process(), &status, 0), supervisor_->process());
    ASSERT_EQ(::send(lines[0].get(), "heard", 5, 0), 5);
    supervisor_->ended(status, now_);
    EXPECT_THAT(lines_, HasSubstr("the serial-line's process was ended by signal 9"));
    supervisor_->act(now_);
    for (int i = 0; i < 6000 && contents() != "heard"; ++i) {
        ::poll(nullptr, 0, 10);
    }
    EXPECT_EQ(contents(), "heard");
}

} // namespace
} // namespace windsor::keeper
