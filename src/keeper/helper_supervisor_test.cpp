// SPDX-License-Identifier: GPL-2.0-or-later
// Processes that are really forked, and really die.
#include "keeper/helper_supervisor.hpp"

#include "base/descriptors.hpp"
#include "base/mutex.hpp"
#include "display/viewers.hpp"
#include "display/vnc_testing.hpp"
#include "keeper/console_helper.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <thread>

namespace windsor::keeper {
namespace {

using display::RawClient;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Domain final : public display::ViewerHandler {
public:
    void viewers_changed(unsigned count) override { viewers = count; }
    void refresh(std::uint32_t request) override
    {
        const backend::Picture picture{.size = {16, 8}, .pixels = std::vector<std::uint32_t>(16 * 8, 0x123456)};
        const base::MutexLock lock{mutex};
        if (shows != nullptr) {
            shows->show(picture, std::vector<backend::Rectangle>{{0, 0, 16, 8}});
            shows->answer(request);
        }
    }
    void key(backend::KeyCode code, bool pressed) override { last_key = pressed ? code : -code; }
    void pointer(int, int, int, std::uint8_t) override {}

    base::Mutex mutex;
    display::Viewers* shows WINDSOR_GUARDED_BY(mutex){nullptr};
    std::atomic<unsigned> viewers{0};
    std::atomic<int> last_key{0};
};

// A fork wants no threads: the domain's side, which has one, begins after the first process.
class HelperSupervisorTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        display::VncOptions options{.display = 4400, .find_unused = true};
        auto listener = display::VncListener::open(options);
        ASSERT_TRUE(listener) << listener.error().message();
        port_ = listener->port;
        auto frame = display::SharedFrame::create();
        auto channel = display::ViewerChannel::create();
        ASSERT_TRUE(frame && channel);
        sigset_t mask{};
        ::sigemptyset(&mask);
        auto supervisor = HelperSupervisor::create(console_helper({.listener = *std::move(listener),
                                                                   .options = options,
                                                                   .frame = std::move(frame->memory),
                                                                   .events = std::move(channel->server_events),
                                                                   .wake = base::Fd{::dup(channel->wake.get())}}),
                                                   mask, log_);
        ASSERT_TRUE(supervisor);
        supervisor_.emplace(*std::move(supervisor));
        supervisor_->act(now_);
        auto viewers = display::Viewers::start({.events = std::move(channel->events),
                                                .wake = std::move(channel->wake),
                                                .frame = std::move(frame->writable),
                                                .port = port_},
                                               domain_, log_);
        ASSERT_TRUE(viewers);
        viewers_ = *std::move(viewers);
        const base::MutexLock lock{domain_.mutex};
        domain_.shows = viewers_.get();
    }
    void TearDown() override
    {
        supervisor_.reset();
        viewers_.reset();
    }

    // Waits for the end of the process that there is.
    int wait_for_end()
    {
        int status = 0;
        EXPECT_EQ(::waitpid(supervisor_->process(), &status, 0), supervisor_->process());
        return status;
    }
    std::string logged()
    {
        const base::MutexLock lock{log_mutex_};
        return std::exchange(lines_, "");
    }

    base::Mutex log_mutex_;
    std::string lines_ WINDSOR_GUARDED_BY(log_mutex_);
    base::Log log_{base::Log::to([this](base::Log::Level, std::string_view text) {
        const base::MutexLock lock{log_mutex_};
        lines_ += text;
        lines_ += '\n';
    })};
    Domain domain_;
    std::unique_ptr<display::Viewers> viewers_;
    std::optional<HelperSupervisor> supervisor_;
    std::uint16_t port_{0};
    HelperSupervisor::Clock::time_point now_{};
};

TEST_F(HelperSupervisorTest, AProcessThatIsKilledIsStartedAnewOnTheSamePort)
{
    for (int round = 0; round < 2; ++round) {
        RawClient viewer{port_};
        viewer.log_in();
        EXPECT_EQ(viewer.size, (backend::Size{16, 8})) << "round " << round;
        viewer.key('a', true);
        for (int i = 0; i < 500 && domain_.last_key != 0x1e; ++i) {
            std::this_thread::sleep_for(10ms);
        }
        EXPECT_EQ(domain_.last_key, 0x1e);
        ASSERT_EQ(::kill(supervisor_->process(), SIGKILL), 0);
        supervisor_->ended(wait_for_end(), now_);
        EXPECT_THAT(logged(), HasSubstr("the console's process was ended by signal 9 (Killed); it is started anew"));
        EXPECT_TRUE(viewer.closed());
        EXPECT_EQ(supervisor_->process(), -1);
        supervisor_->act(supervisor_->deadline());
        ASSERT_GT(supervisor_->process(), 0);
        for (int i = 0; i < 500 && domain_.last_key != -0x1e; ++i) {
            std::this_thread::sleep_for(10ms);
        }
        EXPECT_EQ(domain_.last_key, -0x1e) << "the key that its viewer held is let go";
    }
}

TEST_F(HelperSupervisorTest, BreaksGrowWhileItGoesOnDying)
{
    std::vector<std::int64_t> breaks;
    for (int i = 0; i < 9; ++i) {
        ::kill(supervisor_->process(), SIGKILL);
        supervisor_->ended(wait_for_end(), now_);
        breaks.push_back(std::chrono::duration_cast<std::chrono::seconds>(supervisor_->deadline() - now_).count());
        supervisor_->act(now_);
        EXPECT_EQ(supervisor_->process() > 0, breaks.back() == 0) << "it begins before the break is over";
        now_ = supervisor_->process() > 0 ? now_ : supervisor_->deadline();
        supervisor_->act(now_);
    }
    EXPECT_EQ(breaks, (std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 32, 60, 60}));
    now_ += HelperSupervisor::kGoodLife;
    ::kill(supervisor_->process(), SIGKILL);
    supervisor_->ended(wait_for_end(), now_);
    EXPECT_EQ(supervisor_->deadline(), now_) << "it has lived well";
}

TEST_F(HelperSupervisorTest, AProcessThatStandsStillIsKilled)
{
    { // it serves, so it has given a sign of life since it was forked
        RawClient viewer{port_};
        viewer.log_in();
    }
    supervisor_->act(supervisor_->deadline());
    ASSERT_EQ(::kill(supervisor_->process(), SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(supervisor_->process(), &status, WUNTRACED), supervisor_->process());
    supervisor_->act(supervisor_->deadline());
    supervisor_->act(supervisor_->deadline()); // should the first have seen a last sign of life
    status = wait_for_end();
    ASSERT_TRUE(WIFSIGNALED(status));
    supervisor_->ended(status, supervisor_->deadline());
    EXPECT_THAT(logged(), HasSubstr("the console's process stood still"));
    supervisor_->act(supervisor_->deadline());
    RawClient viewer{port_};
    viewer.log_in();
    EXPECT_EQ(viewer.size, (backend::Size{16, 8}));
}

TEST_F(HelperSupervisorTest, TheProcessHasNoDescriptorButItsOwn)
{
    RawClient viewer{port_};
    viewer.log_in();
    // Sockets: the listener, the events, the viewer and its two ends inside. One pipe: the keeper's life.
    unsigned pipes = 0;
    const std::string folder = "/proc/" + std::to_string(supervisor_->process()) + "/fd";
    for (const auto& item : std::filesystem::directory_iterator{folder}) {
        if (std::stoi(item.path().filename().string()) <= STDERR_FILENO) {
            continue;
        }
        const std::string target = std::filesystem::read_symlink(item.path()).string();
        pipes += target.starts_with("pipe:") ? 1 : 0;
        EXPECT_TRUE(target.starts_with("socket:") || target.starts_with("pipe:") || target == "anon_inode:[eventfd]" ||
                    target.starts_with("/memfd:windsor-console"))
            << target;
    }
    EXPECT_EQ(pipes, 1U);
}

TEST_F(HelperSupervisorTest, TheLogSaysWhichWallsStand)
{
    for (const char* round : {"first", "second"}) {
        pollfd said{supervisor_->descriptor(), POLLIN, 0};
        ASSERT_EQ(::poll(&said, 1, 60'000), 1) << round;
        supervisor_->act(now_);
        const std::string line = logged();
        EXPECT_THAT(line, HasSubstr("the console's sandbox: environment, descriptors, limits,"));
        EXPECT_THAT(line, HasSubstr("seccomp"));
        EXPECT_EQ(supervisor_->descriptor(), -1);
        supervisor_->act(now_);
        EXPECT_EQ(logged(), "") << "once";
        ::kill(supervisor_->process(), SIGKILL);
        supervisor_->ended(wait_for_end(), now_);
        supervisor_->act(supervisor_->deadline());
        logged();
    }
}

TEST_F(HelperSupervisorTest, WhatTheProcessSaysGivesTheLogNoOrders)
{
    ::kill(supervisor_->process(), SIGKILL);
    supervisor_->ended(wait_for_end(), now_);
    supervisor_->made_by([](int report) -> base::Result<Child> {
        constexpr std::string_view kSaid = "walls\x1b[2J\nerror: none";
        EXPECT_EQ(::write(report, kSaid.data(), kSaid.size()), static_cast<ssize_t>(kSaid.size()));
        const pid_t child = ::fork();
        if (child == 0) {
            ::pause();
        }
        return Child::of(child);
    });
    logged();
    supervisor_->act(supervisor_->deadline());
    supervisor_->act(now_);
    EXPECT_EQ(logged(), "the console's sandbox: walls?[2J?error: none\n");
}

TEST_F(HelperSupervisorTest, EndsAProcessThatItHasNoDescriptorOf)
{
    ::kill(supervisor_->process(), SIGKILL);
    supervisor_->ended(wait_for_end(), now_);
    const base::Fd life{::dup(supervisor_->descriptors().back())};
    supervisor_->made_by([&life](int) -> base::Result<Child> {
        const pid_t child = ::fork();
        if (child == 0) {
            const int kept = life.get();
            base::close_all_but(std::span{&kept, 1});
            char nothing = 0;
            ::_exit(::read(kept, &nothing, 1) == 0 ? 0 : 1);
        }
        return Child{.pid = child};
    });
    supervisor_->act(supervisor_->deadline());
    ASSERT_GT(supervisor_->process(), 0);
    supervisor_.reset();
}

TEST_F(HelperSupervisorTest, TheProcessIsEnclosed)
{
    RawClient viewer{port_};
    viewer.log_in(); // it serves behind its walls
    const std::string path = "/proc/" + std::to_string(supervisor_->process()) + "/status";
    std::ifstream file{path};
    const std::string status{std::istreambuf_iterator<char>{file}, {}};
    EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
    EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
    EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
}

} // namespace
} // namespace windsor::keeper
