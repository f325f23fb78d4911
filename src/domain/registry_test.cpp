// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/registry.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::domain {
namespace {

namespace fs = std::filesystem;

class RegistryTest : public ::testing::Test {
protected:
    RegistryTest()
    {
        std::string name = (fs::temp_directory_path() / "windsor-registry-XXXXXX").string();
        runtime_ = ::mkdtemp(name.data());
    }
    ~RegistryTest() override { fs::remove_all(runtime_); }

    Registry open() { return Registry::open(runtime_ / "run").value(); }
    std::vector<std::string> names()
    {
        std::vector<std::string> all;
        const std::vector<Entry> entries = open().list().value();
        for (const Entry& entry : entries) {
            all.push_back(entry.name);
        }
        return all;
    }

    fs::path runtime_;
};

TEST_F(RegistryTest, IsPrivate)
{
    open();
    struct stat status {};
    ASSERT_EQ(::stat((runtime_ / "run").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST_F(RegistryTest, RefusesANameThatIsTaken)
{
    const auto first = open().claim("falstaff");
    ASSERT_TRUE(first);
    const auto second = open().claim("falstaff");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().message(),
              "a domain named 'falstaff' is running already (id 1); choose another name, or destroy it first");
    EXPECT_TRUE(open().claim("hal"));
}

TEST_F(RegistryTest, CountsIdsUpAndNeverUsesOneAgain)
{
    EXPECT_EQ(open().claim("one")->entry().id, 1u);
    EXPECT_EQ(open().claim("one")->entry().id, 2u);
    EXPECT_EQ(open().claim("two")->entry().id, 3u);
}

TEST_F(RegistryTest, ListsAndFindsByNameAndId)
{
    const auto first = open().claim("first").value();
    const auto second = open().claim("second").value();
    EXPECT_EQ(names(), (std::vector<std::string>{"first", "second"}));
    EXPECT_EQ(open().find("second")->id, 2u);
    EXPECT_EQ(open().find("1")->name, "first");
    EXPECT_EQ(open().find("1")->pid, ::getpid());
    EXPECT_FALSE(open().find("3"));
    EXPECT_FALSE(open().find(""));
    EXPECT_FALSE(open().find("99999999999999999999"));
}

TEST_F(RegistryTest, RemovesTheFolderWithTheClaim)
{
    fs::path folder;
    {
        const auto claim = open().claim("brief").value();
        folder = claim.entry().folder;
        EXPECT_TRUE(fs::exists(folder));
    }
    EXPECT_FALSE(fs::exists(folder));
    EXPECT_TRUE(names().empty());
}

TEST_F(RegistryTest, CleansUpAFolderThatNobodyHolds)
{
    open();
    const fs::path stale = runtime_ / "run" / "domains" / "41";
    fs::create_directories(stale);
    std::ofstream{stale / "lock"};
    std::ofstream{stale / "name"} << "ghost\n";
    EXPECT_TRUE(names().empty());
    EXPECT_FALSE(fs::exists(stale));
    EXPECT_TRUE(open().claim("ghost"));
}

TEST_F(RegistryTest, ForgetsAProcessThatWasKilled)
{
    const pid_t child = ::fork();
    if (child == 0) {
        auto claim = open().claim("victim");
        ::_exit(claim ? 0 : 1); // without destroying the claim, as a kill would
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(names().empty());
}

TEST_F(RegistryTest, RenamesWithinTheRules)
{
    auto claim = open().claim("old").value();
    const auto other = open().claim("other").value();
    EXPECT_TRUE(claim.rename("new"));
    EXPECT_EQ(claim.entry().name, "new");
    EXPECT_EQ(open().find("new")->id, claim.entry().id);
    EXPECT_FALSE(open().find("old"));
    EXPECT_FALSE(claim.rename("other"));
    for (const char* wrong : {"", "12", "a/b", "a b", "a\nb", ".hidden", "-x"}) {
        EXPECT_FALSE(claim.rename(wrong)) << wrong;
        EXPECT_FALSE(open().claim(wrong)) << wrong;
    }
    EXPECT_EQ(claim.entry().name, "new");
    EXPECT_EQ(names(), (std::vector<std::string>{"new", "other"}));
}

// The way of `create`: the parent claims, the child lives on with it.
TEST_F(RegistryTest, HandsAClaimOverToAChild)
{
    int to_child[2];
    int to_parent[2];
    ASSERT_EQ(::pipe(to_child), 0);
    ASSERT_EQ(::pipe(to_parent), 0);
    auto claim = std::make_unique<Claim>(open().claim("heir").value());
    const pid_t child = ::fork();
    if (child == 0) {
        char byte = 0;
        claim->adopt();
        [[maybe_unused]] const auto told = ::write(to_parent[1], "x", 1);
        [[maybe_unused]] const auto heard = ::read(to_child[0], &byte, 1);
        claim.reset(); // the end of the domain
        ::_exit(0);
    }
    char byte = 0;
    ASSERT_EQ(::read(to_parent[0], &byte, 1), 1);
    claim->hand_over();
    claim.reset();
    EXPECT_EQ(names(), std::vector<std::string>{"heir"});
    EXPECT_EQ(open().find("heir")->pid, child);
    EXPECT_FALSE(open().claim("heir"));
    ASSERT_EQ(::write(to_child[1], "x", 1), 1);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(names().empty());
    EXPECT_FALSE(fs::exists(runtime_ / "run" / "domains" / "1"));
}

} // namespace
} // namespace windsor::domain
