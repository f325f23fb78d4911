// SPDX-License-Identifier: GPL-2.0-or-later
#include "share/smb_conf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::share {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SmbConf, HasASectionForEachFolderThatSaysWhatAGuestMay)
{
    const std::string text = smb_conf(
        std::vector<Folder>{{"/srv/one", "one", Access::ReadOnly}, {"/srv/the other", "other", Access::ReadWrite}},
        "/run/state", OldestProtocol::Smb1);
    const auto other = text.find("[other]");
    ASSERT_NE(other, std::string::npos);
    const std::string one = text.substr(0, other);
    EXPECT_THAT(one, HasSubstr("\n[one]\npath = /srv/one\nread only = yes\n"));
    EXPECT_THAT(text.substr(other), HasSubstr("[other]\npath = /srv/the other\nread only = no\n"));
    for (const std::string& part : {one, text.substr(other)}) {
        EXPECT_THAT(part, HasSubstr("\nfollow symlinks = no\n"));
        EXPECT_THAT(part, HasSubstr("\nwide links = no\n"));
        EXPECT_THAT(part, HasSubstr("\nguest only = yes\n"));
    }
}

TEST(SmbConf, SpeaksOldProtocolsIfItIsTold)
{
    const std::vector<Folder> folders{{"/srv/one", "one", Access::ReadOnly}};
    EXPECT_THAT(smb_conf(folders, "/s", OldestProtocol::Smb1), HasSubstr("server min protocol = NT1\n"));
    EXPECT_THAT(smb_conf(folders, "/s", OldestProtocol::Smb2), HasSubstr("server min protocol = SMB2_02\n"));
    EXPECT_THAT(smb_conf(folders, "/s", OldestProtocol::Smb2), Not(HasSubstr("NT1")));
}

TEST(SmbConf, KeepsAllThatTheServerRemembersInItsOwnDirectory)
{
    const std::string text = smb_conf({}, "/run/state", OldestProtocol::Smb2);
    for (const char* key : {"private dir", "lock directory", "state directory", "cache directory", "pid directory",
                            "ncalrpc dir", "binddns dir"}) {
        EXPECT_THAT(text, HasSubstr(std::string{"\n"} + key + " = /run/state\n"));
    }
    EXPECT_THAT(text, HasSubstr("\nsmb passwd file = /run/state/smbpasswd\n"));
}

} // namespace
} // namespace windsor::share
