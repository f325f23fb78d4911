// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/keeper_link.hpp"

#include "base/descriptor_message.hpp"

#include <array>
#include <cerrno>
#include <memory>
#include <sys/mman.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::domain {
namespace {

using testing::HasSubstr;

// A keeper that answers one request.
class KeeperLinkTest : public testing::Test {
protected:
    void SetUp() override
    {
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_.data()), 0);
        keeper_.reset(ends_[0]);
        link_ = std::make_unique<KeeperLink>(base::Fd{ends_[1]});
    }
    void TearDown() override
    {
        if (thread_.joinable()) {
            thread_.join();
        }
    }
    void answer(int error, int descriptor = -1)
    {
        thread_ = std::thread{[this, error, descriptor] {
            ASSERT_EQ(::recv(keeper_.get(), &request_, sizeof request_, 0), static_cast<ssize_t>(sizeof request_));
            KeeperAnswer answer{.error = error};
            base::send_with_descriptor(keeper_.get(), {static_cast<char*>(static_cast<void*>(&answer)), sizeof answer},
                                       descriptor);
        }};
    }

    std::array<int, 2> ends_{-1, -1};
    base::Fd keeper_;
    std::unique_ptr<KeeperLink> link_;
    std::thread thread_;
    KeeperRequest request_{};
};

TEST_F(KeeperLinkTest, AnImageIsAskedForByItsSlotAndComesAsADescriptor)
{
    const base::Fd image{::memfd_create("image", MFD_CLOEXEC)};
    ASSERT_EQ(::write(image.get(), "disk", 4), 4);
    answer(0, image.get());
    const auto opened = link_->open_image(2);
    ASSERT_TRUE(opened.has_value());
    char first = 0;
    EXPECT_EQ(::pread(opened->get(), &first, 1, 0), 1);
    EXPECT_EQ(first, 'd');
    thread_.join();
    EXPECT_EQ(request_.kind, static_cast<std::uint32_t>(KeeperAsk::OpenImage));
    EXPECT_EQ(request_.number, 2u);
    EXPECT_EQ(request_.name[0], '\0') << "no path";
}

TEST_F(KeeperLinkTest, WhatTheKeeperCannotOpenIsSaid)
{
    answer(ENOENT);
    EXPECT_THAT(link_->open_image(1).error().message(), HasSubstr("drive 1 cannot be opened"));
}

TEST_F(KeeperLinkTest, AnAnswerWithoutItsDescriptorIsNoImage)
{
    answer(0);
    EXPECT_FALSE(link_->open_image(1).has_value());
}

TEST_F(KeeperLinkTest, ANameThatIsTakenIsRefused)
{
    answer(EEXIST);
    EXPECT_FALSE(link_->rename("other").value());
}

TEST_F(KeeperLinkTest, ANameThatCannotBeGivenNowIsNotCalledTaken)
{
    answer(EAGAIN);
    EXPECT_THAT(link_->rename("other").error().message(), HasSubstr("try again"));
}

TEST_F(KeeperLinkTest, ALongNameIsNotSent)
{
    EXPECT_FALSE(link_->rename(std::string(200, 'x')).has_value());
}

TEST_F(KeeperLinkTest, AKeeperThatIsGoneIsAnError)
{
    keeper_.reset();
    EXPECT_FALSE(link_->rename("other").has_value());
    EXPECT_FALSE(link_->open_image(0).has_value());
}

TEST_F(KeeperLinkTest, AFreshDomainIsAskedForByItsName)
{
    answer(0);
    EXPECT_TRUE(link_->restart("falstaff"));
    thread_.join();
    EXPECT_EQ(request_.kind, static_cast<std::uint32_t>(KeeperAsk::Restart));
    EXPECT_STREQ(request_.name.data(), "falstaff");
    EXPECT_FALSE(link_->restart(std::string(200, 'x'))) << "which no name is";
}

TEST_F(KeeperLinkTest, WhatTheKeeperCannotDoIsSaid)
{
    answer(EPERM);
    const base::Status stopped = link_->stop_helpers();
    thread_.join();
    ASSERT_FALSE(stopped);
    EXPECT_THAT(stopped.error().message(), HasSubstr("keeper could not do it"));
    EXPECT_EQ(request_.kind, static_cast<std::uint32_t>(KeeperAsk::StopHelpers));
}

TEST_F(KeeperLinkTest, AnEndIsToldAndNotWaitedFor)
{
    link_->ending();
    ASSERT_EQ(::recv(keeper_.get(), &request_, sizeof request_, MSG_DONTWAIT), static_cast<ssize_t>(sizeof request_));
    EXPECT_EQ(request_.kind, static_cast<std::uint32_t>(KeeperAsk::Ending));
    keeper_.reset();
    link_->ending(); // to nobody
}

} // namespace
} // namespace windsor::domain
