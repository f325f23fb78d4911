// SPDX-License-Identifier: GPL-2.0-or-later
#include "keeper/requests.hpp"

#include "base/descriptor_message.hpp"
#include "base/test_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <string_view>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace windsor::keeper {
namespace {

using domain::KeeperAnswer;
using domain::KeeperAsk;
using domain::KeeperRequest;

// Writes down what it is asked for.
class Recorder final : public Services {
public:
    void stop_helpers() override { done.emplace_back("stop helpers"); }
    void end_soon() override { done.emplace_back("end soon"); }
    base::Result<bool> rename(const std::string& name) override
    {
        done.push_back("rename " + name);
        return name == "later" ? base::fail("the registry is in use") : base::Result<bool>{name != "taken"};
    }
    base::Fd open_image(unsigned slot) override
    {
        done.push_back("open " + std::to_string(slot));
        return base::Fd{slot == 1 ? ::memfd_create("image", MFD_CLOEXEC) : -1};
    }
    bool restart(const std::string& name) override
    {
        done.push_back("restart " + name);
        return name != "never";
    }

    std::vector<std::string> done;
};

class RequestsTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::array<int, 2> ends{-1, -1};
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
        requests_.emplace(base::Fd{ends[0]});
        domain_.reset(ends[1]);
    }

    static KeeperRequest request(KeeperAsk kind, std::string_view name = {}, std::uint32_t number = 0)
    {
        KeeperRequest request = domain::keeper_request(kind, name).value();
        request.number = number;
        return request;
    }
    void send(const void* bytes, std::size_t size)
    {
        ASSERT_EQ(::send(domain_.get(), bytes, size, 0), static_cast<ssize_t>(size));
        requests_->take(recorder_);
    }
    // The error that it answers; none if it says nothing.
    std::optional<int> answer()
    {
        KeeperAnswer answer{};
        const ssize_t got = base::receive_with_descriptor(
            domain_.get(), {static_cast<char*>(static_cast<void*>(&answer)), sizeof answer}, descriptor_, MSG_DONTWAIT);
        return got == sizeof answer ? std::optional<int>{answer.error} : std::nullopt;
    }
    std::optional<int> ask(const KeeperRequest& request)
    {
        send(&request, sizeof request);
        return answer();
    }
    std::vector<std::string> done() { return std::exchange(recorder_.done, {}); }

    Recorder recorder_;
    base::Fd domain_;
    base::Fd descriptor_;
    std::optional<Requests> requests_;
};

using Done = std::vector<std::string>;

TEST_F(RequestsTest, EachIsDoneAndAnswered)
{
    EXPECT_EQ(ask(request(KeeperAsk::StopHelpers)), 0);
    EXPECT_EQ(ask(request(KeeperAsk::Rename, "new")), 0);
    EXPECT_EQ(ask(request(KeeperAsk::Rename, "taken")), EEXIST);
    EXPECT_EQ(ask(request(KeeperAsk::Rename, "later")), EAGAIN);
    EXPECT_EQ(ask(request(KeeperAsk::OpenImage, "", 1)), 0);
    EXPECT_TRUE(descriptor_);
    descriptor_.reset();
    EXPECT_EQ(ask(request(KeeperAsk::OpenImage, "", 3)), ENOENT);
    EXPECT_FALSE(descriptor_);
    EXPECT_EQ(ask(request(KeeperAsk::Ending)), std::nullopt);
    EXPECT_EQ(done(),
              (Done{"stop helpers", "rename new", "rename taken", "rename later", "open 1", "open 3", "end soon"}));
}

TEST_F(RequestsTest, ARestartIsAnsweredWhenItIsKnownHowItWent)
{
    EXPECT_EQ(ask(request(KeeperAsk::Restart, "fresh")), std::nullopt);
    requests_->restarted(true);
    EXPECT_EQ(answer(), 0);
    requests_->restarted(false);
    EXPECT_EQ(answer(), ECHILD);
    EXPECT_EQ(ask(request(KeeperAsk::Restart, "another")), EINVAL) << "an intruder would make any number of them";
    EXPECT_EQ(done(), Done{"restart fresh"});
}

TEST_F(RequestsTest, ARestartThatCannotBeginIsAnsweredAtOnce)
{
    EXPECT_EQ(ask(request(KeeperAsk::Restart, "never")), EAGAIN);
    EXPECT_EQ(ask(request(KeeperAsk::Restart, "fresh")), EINVAL);
}

TEST_F(RequestsTest, NamesThatCannotBeAreRefused)
{
    for (const std::string_view name : {"", "../up", "a/b", "a b", "12", "-x", "'; rm"}) {
        EXPECT_EQ(ask(request(KeeperAsk::Rename, name)), EINVAL) << name;
        EXPECT_EQ(ask(request(KeeperAsk::Restart, name)), EINVAL) << name;
    }
    KeeperRequest endless = request(KeeperAsk::Rename);
    endless.name.fill('x');
    EXPECT_EQ(ask(endless), EINVAL);
    endless.name[65] = '\0';
    EXPECT_EQ(ask(endless), EINVAL) << "longer than a name may be";
    EXPECT_EQ(done(), Done{});
}

TEST_F(RequestsTest, RubbishIsRefused)
{
    for (const std::uint32_t kind : {0u, 6u, 0x1'0001u, ~0u}) {
        EXPECT_EQ(ask(request(static_cast<KeeperAsk>(kind), "name", 1)), EINVAL) << kind;
    }
    std::array<char, 2000> bytes{};
    bytes[0] = 3; // would be Ending
    for (const std::size_t size :
         {std::size_t{1}, sizeof(KeeperRequest) - 1, sizeof(KeeperRequest) + 1, bytes.size()}) {
        send(bytes.data(), size);
        EXPECT_EQ(answer(), EINVAL) << size;
    }
    EXPECT_EQ(done(), Done{});
}

TEST_F(RequestsTest, WithoutARequestNothingHappens)
{
    requests_->take(recorder_);
    EXPECT_EQ(answer(), std::nullopt);
    EXPECT_GE(requests_->descriptor(), 0);
}

// The test would not end.
TEST_F(RequestsTest, WhoNeverReadsHoldsNobodyUp)
{
    const KeeperRequest rename = request(KeeperAsk::Rename, "new");
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_EQ(::send(domain_.get(), &rename, sizeof rename, MSG_DONTWAIT), static_cast<ssize_t>(sizeof rename));
        requests_->take(recorder_);
    }
    EXPECT_EQ(recorder_.done.size(), 10'000u);
}

// What is on its way counts for all of the user's keepers.
TEST_F(RequestsTest, WhoNeverReadsKeepsNoImagesOnTheirWay)
{
    const KeeperRequest open = request(KeeperAsk::OpenImage, "", 1);
    for (int i = 0; i < 1'000; ++i) {
        send(&open, sizeof open);
    }
    int waiting = 0;
    while (answer()) {
        ++waiting;
    }
    EXPECT_GE(waiting, 1);
    EXPECT_LE(waiting, 16);
    EXPECT_EQ(ask(open), 0);
}

TEST_F(RequestsTest, WhoIsGoneIsNotServed)
{
    domain_.reset();
    requests_->take(recorder_);
    EXPECT_EQ(requests_->descriptor(), -1);
    requests_->take(recorder_);
    requests_->restarted(true);
}

// What the domain sends with a request is closed: it is no way to fill the keeper's table.
TEST_F(RequestsTest, DescriptorsAreNotTaken)
{
    const base::Fd file{::memfd_create("mine", MFD_CLOEXEC)};
    KeeperRequest rename = request(KeeperAsk::Rename, "new");
    const int before = base::Fd{::dup(file.get())}.get();
    ASSERT_EQ(base::send_with_descriptor(domain_.get(),
                                         {static_cast<char*>(static_cast<void*>(&rename)), sizeof rename}, file.get()),
              static_cast<ssize_t>(sizeof rename));
    requests_->take(recorder_);
    EXPECT_EQ(base::Fd{::dup(file.get())}.get(), before) << "the lowest that is free";
}

class ConfiguredImage : public ::testing::Test {
protected:
    ConfiguredImage()
    {
        std::ofstream{folder_ / "disk.img"} << "disk";
        std::ofstream{folder_ / "secret"} << "secret";
        add("disk.img", "hda");
        add("gone.img", "hdb");
        add("", "hdc");
    }
    void add(const std::string& path, const std::string& drive)
    {
        config::DiskConfig disk;
        disk.path = path;
        disk.vdev = drive;
        config_.disks.push_back(std::move(disk));
    }
    base::Fd open(unsigned slot) { return open_configured_image(config_, folder_.path(), slot); }

    base::TestFolder folder_;
    config::DomainConfig config_;
};

TEST_F(ConfiguredImage, IsTheOneThatTheConfigurationNames)
{
    const base::Fd image = open(0);
    std::array<char, 4> text{};
    ASSERT_EQ(::pread(image.get(), text.data(), text.size(), 0), 4);
    EXPECT_EQ((std::string{text.data(), text.size()}), "disk");
}

TEST_F(ConfiguredImage, ThereIsNoneElsewhere)
{
    EXPECT_FALSE(open(1)) << "it is not there";
    EXPECT_FALSE(open(2)) << "an empty drive";
    for (const unsigned slot : {3u, 4u, 256u, 0xffff'ffffu}) {
        EXPECT_FALSE(open(slot)) << slot;
    }
}

TEST_F(ConfiguredImage, IsWrittenOnlyWhereTheConfigurationSaysSo)
{
    config_.disks[0].access = config::DiskAccess::ReadOnly;
    EXPECT_EQ(::fcntl(open(0).get(), F_GETFL) & O_ACCMODE, O_RDONLY);
    config_.disks[0].access = config::DiskAccess::ReadWrite;
    EXPECT_EQ(::fcntl(open(0).get(), F_GETFL) & O_ACCMODE, O_RDWR);
}

} // namespace
} // namespace windsor::keeper
