// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/share_key.hpp"

#include "config/testing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Share, IsAFolderOrSeveral)
{
    EXPECT_THAT(load("").config.share, IsEmpty());
    for (const char* nothing : {"''", "[]", "None"}) {
        EXPECT_THAT(load(std::string{"share = "} + nothing).config.share, IsEmpty()) << nothing;
    }
    EXPECT_THAT(load("share = '/srv/files'").config.share, ElementsAre("/srv/files"));
    EXPECT_THAT(load("share = ['/srv/files', '/home/me,rw,name=home']").config.share,
                ElementsAre("/srv/files", "/home/me,rw,name=home"));
}

TEST(Share, RefusesWhatCannotBeSharedWithItsPlace)
{
    EXPECT_EQ(first_line(error_of("share = 'files'")),
              "test.cfg:1:9: 'files' is no folder that can be shared; give its path from / on");
    EXPECT_EQ(first_line(error_of("share = ['/a', '/b,writable']")),
              "test.cfg:1:16: 'writable' says nothing of a shared folder; 'rw', 'ro' and 'name=NAME' do, and its path "
              "has no comma");
    EXPECT_THAT(first_line(error_of("share = ['/a', '/b/A']")),
                HasSubstr("test.cfg:1:16: two shared folders are called 'A'"));
}

TEST(Share, SpeaksOldProtocolsUnlessSomebodySaysNo)
{
    EXPECT_EQ(load("").config.share_smb1, Switch::On);
    EXPECT_EQ(load("share_smb1 = 0").config.share_smb1, Switch::Off);
}

} // namespace
} // namespace windsor::config
