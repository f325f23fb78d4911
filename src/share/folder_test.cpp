// SPDX-License-Identifier: GPL-2.0-or-later
#include "share/folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::share {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text)
{
    const auto folder = parse_folder(text);
    EXPECT_FALSE(folder) << text;
    return folder ? "" : folder.error().message();
}

TEST(Folder, IsReadOnlyAndCalledAsOnTheHostUnlessSomebodySaysSo)
{
    EXPECT_EQ(parse_folder("/srv/files").value(), (Folder{"/srv/files", "files", Access::ReadOnly}));
    EXPECT_EQ(parse_folder("/srv/files//").value(), (Folder{"/srv/files//", "files", Access::ReadOnly}));
    EXPECT_EQ(parse_folder("/srv/files,rw").value(), (Folder{"/srv/files", "files", Access::ReadWrite}));
    EXPECT_EQ(parse_folder("/srv/files,rw,ro").value(), (Folder{"/srv/files", "files", Access::ReadOnly}));
    EXPECT_EQ(parse_folder("/srv/für alle,name=All-1_a.x,rw").value(),
              (Folder{"/srv/für alle", "All-1_a.x", Access::ReadWrite}));
}

TEST(Folder, HasAPathThatASmbConfTakesAsItIs)
{
    EXPECT_THAT(error_of("files"), HasSubstr("give its path from / on"));
    EXPECT_THAT(error_of(""), HasSubstr("give its path from / on"));
    for (const char* path : {"/a%U", "/a\\", "/a\nread only = no", "/\"a", "/a "}) {
        EXPECT_THAT(error_of(std::string{path} + ",name=a"), HasSubstr("cannot be shared")) << path;
    }
    for (const char* path : {"/", "//", "/.", "/../.."}) {
        EXPECT_THAT(error_of(std::string{path} + ",name=a"), HasSubstr("the whole file system")) << path;
    }
    EXPECT_THAT(error_of('/' + std::string(2000, 'a') + ",name=a"), HasSubstr("is no folder"));
}

TEST(Folder, HasANameThatOldWindowsFindsAndSmbConfDoesNotTakeForAnother)
{
    for (const char* name : {"", "a b", "a]", "ä", "global", "Homes", "PRINTERS", "ipc", "1234567890123", "a$"}) {
        EXPECT_THAT(error_of(std::string{"/srv,name="} + name), HasSubstr("cannot be the name")) << name;
    }
    EXPECT_THAT(error_of("/srv/global"), HasSubstr("name=NAME"));
    EXPECT_THAT(error_of("/srv/für"), HasSubstr("name=NAME"));
    EXPECT_THAT(error_of("/srv,rx"), HasSubstr("'rx' says nothing of a shared folder"));
    EXPECT_THAT(error_of("/srv,"), HasSubstr("'' says nothing"));
}

TEST(Folder, IsTheOnlyOneOfItsName)
{
    EXPECT_EQ(parse_folders({"/a", "/b,rw", "/x/a,name=c"}).value().size(), 3u);
    EXPECT_THAT(parse_folders({"/a", "/b", "/x/A"}).error().message(), HasSubstr("two shared folders are called 'A'"));
    std::vector<std::string> many;
    for (char c = 'a'; c <= 'a' + static_cast<char>(kMostFolders); ++c) {
        many.push_back(std::string{"/"} + c);
    }
    EXPECT_THAT(parse_folders(many).error().message(), HasSubstr("16 shared folders at the most"));
}

TEST(Folder, IsNamedAsTheGuestFindsIt)
{
    EXPECT_EQ(to_string({"/srv/files", "f", Access::ReadOnly}, "10.0.2.4"), R"(/srv/files as \\10.0.2.4\f, read-only)");
}

} // namespace
} // namespace windsor::share
