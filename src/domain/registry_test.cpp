// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "domain/registry.hpp"
#include "sandbox/testing.hpp"

#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace windsor::domain {
namespace {

namespace fs = std::filesystem;

class RegistryTest : public ::testing::Test {
protected:
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

    base::TestFolder runtime_;
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
              "a domain named 'falstaff' is running already (id 1); choose another name, or shut it down first");
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
    EXPECT_TRUE(claim.rename("new").value());
    EXPECT_EQ(claim.entry().name, "new");
    EXPECT_EQ(open().find("new")->id, claim.entry().id);
    EXPECT_FALSE(open().find("old"));
    EXPECT_FALSE(claim.rename("other").value());
    for (const char* wrong : {"", "12", "a/b", "a b", "a\nb", ".hidden", "-x"}) {
        EXPECT_FALSE(claim.rename(wrong)) << wrong;
        EXPECT_FALSE(open().claim(wrong)) << wrong;
    }
    EXPECT_EQ(claim.entry().name, "new");
    EXPECT_EQ(names(), (std::vector<std::string>{"new", "other"}));
}

TEST_F(RegistryTest, ARenameWaitsForNobodyWithoutEnd)
{
    auto claim = open().claim("old").value();
    const base::Fd lock{::open((runtime_ / "run/domains/lock").c_str(), O_RDWR | O_CLOEXEC)};
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    ::alarm(10); // ends the test should it wait
    EXPECT_FALSE(claim.rename("new", std::chrono::milliseconds{200}));
    ::alarm(0);
    EXPECT_EQ(claim.entry().name, "old");
    ::flock(lock.get(), LOCK_UN);
    EXPECT_TRUE(claim.rename("new").value());
}

// It cannot see whether somebody holds a domain's lock, and would say that there are no domains.
TEST_F(RegistryTest, WhoHasTooManyFilesOpenTakesNoDomainForGone)
{
    if (sandbox::testing::kSanitized) {
        GTEST_SKIP() << "the sanitizers need files themselves, to see whether memory can be read";
    }
    const auto claim = open().claim("victim").value();
    const Registry registry = open();
    const pid_t child = ::fork();
    if (child == 0) {
        const int next = ::dup(STDIN_FILENO);
        ::close(next);
        for (const int room : {0, 1, 2}) { // for the registry's lock, and for looking into it
            const rlimit few{.rlim_cur = static_cast<rlim_t>(next + room), .rlim_max = static_cast<rlim_t>(next + 2)};
            if (::setrlimit(RLIMIT_NOFILE, &few) != 0 || registry.list() || registry.is_gone(claim.entry())) {
                ::_exit(room + 1);
            }
        }
        ::_exit(0);
    }
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(open().is_gone(claim.entry()));
    EXPECT_EQ(names(), std::vector<std::string>{"victim"});
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

TEST_F(RegistryTest, ANewFolderOfTheSameNumberIsNotTheOldClaims)
{
    std::optional<Claim> old = open().claim("old").value();
    fs::remove_all(runtime_ / "run");
    EXPECT_FALSE(old->stands());
    const auto fresh = open().claim("fresh").value();
    EXPECT_EQ(fresh.entry().id, old->entry().id);
    EXPECT_FALSE(old->stands());
    old.reset();
    EXPECT_TRUE(fresh.stands());
    EXPECT_EQ(names(), std::vector<std::string>{"fresh"});
}

TEST_F(RegistryTest, AClaimIsMadeAgain)
{
    auto claim = open().claim("guest").value();
    fs::remove_all(runtime_ / "run");
    ASSERT_TRUE(claim.make_again());
    EXPECT_TRUE(claim.stands());
    EXPECT_EQ(open().find("guest")->id, 1u);
    EXPECT_EQ(open().claim("other")->entry().id, 2u) << "a number is not given twice";
}

// Whoever looks at the registry now must not keep a domain's keeper waiting.
TEST_F(RegistryTest, AClaimIsNotMadeAgainWhileTheRegistryIsLocked)
{
    auto claim = open().claim("guest").value();
    fs::remove_all(runtime_ / "run" / "domains" / "1");
    const base::Fd lock{::open((runtime_ / "run" / "domains" / "lock").c_str(), O_RDWR | O_CLOEXEC)};
    ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
    EXPECT_FALSE(claim.make_again());
    ASSERT_EQ(::flock(lock.get(), LOCK_UN), 0);
    EXPECT_TRUE(claim.make_again());
}

TEST_F(RegistryTest, LocksAreNotMadeElsewhere)
{
    Registry registry = open();
    const fs::path lock = runtime_ / "run" / "domains" / "lock";
    fs::remove(lock);
    fs::create_symlink(runtime_ / "elsewhere", lock);
    EXPECT_FALSE(registry.claim("falstaff"));
    EXPECT_FALSE(fs::exists(runtime_ / "elsewhere"));
}

TEST_F(RegistryTest, NobodyElsesDirectoryIsUsed)
{
    if (::geteuid() != 0) {
        GTEST_SKIP() << "an ordinary user cannot give a directory away";
    }
    constexpr uid_t kNobody = 65534;
    fs::create_directory(runtime_ / "theirs");
    fs::create_directory(runtime_ / "mine");
    ASSERT_EQ(::chown((runtime_ / "theirs").c_str(), kNobody, kNobody), 0);
    const auto theirs = Registry::open(runtime_ / "theirs");
    ASSERT_FALSE(theirs);
    EXPECT_NE(theirs.error().message().find("belongs to another user"), std::string::npos) << theirs.error().message();
    fs::create_directory_symlink(runtime_ / "mine", runtime_ / "link");
    EXPECT_TRUE(Registry::open(runtime_ / "link"));
    ASSERT_EQ(::lchown((runtime_ / "link").c_str(), kNobody, kNobody), 0);
    EXPECT_FALSE(Registry::open(runtime_ / "link")) << "a link of somebody else's";
}

TEST_F(RegistryTest, FoldersAndFilesAreTheirOwnersAlone)
{
    const mode_t mask = ::umask(0);
    const auto claim = open().claim("falstaff").value();
    ::umask(mask);
    EXPECT_EQ(fs::status(claim.entry().folder).permissions(), fs::perms::owner_all);
    for (const fs::directory_entry& file : fs::directory_iterator{claim.entry().folder}) {
        EXPECT_EQ(file.status().permissions(), fs::perms::owner_read | fs::perms::owner_write) << file.path();
    }
}

class Foreign : public ::testing::Test {
protected:
    mode_t mode() const
    {
        struct stat info{};
        return ::stat(folder_.path().c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
    }
    void open_to(mode_t others) { ASSERT_EQ(::chmod(folder_.path().c_str(), others), 0); }

    base::TestFolder folder_;
};

TEST_F(Foreign, ADirectoryThatOthersUseIsLeftToThem)
{
    std::ofstream{folder_ / "something"} << "else";
    for (const mode_t others : {01777u, 0777u, 0755u, 0770u}) {
        open_to(others);
        const auto registry = Registry::open(folder_.path());
        ASSERT_FALSE(registry) << others;
        EXPECT_NE(registry.error().message().find("set WINDSOR_RUNTIME_DIR to a directory of its own"),
                  std::string::npos);
        EXPECT_EQ(mode(), others);
        EXPECT_FALSE(fs::exists(folder_ / "domains"));
    }
}

TEST_F(Foreign, AnEmptyDirectoryIsTaken)
{
    open_to(0755);
    EXPECT_TRUE(Registry::open(folder_.path()));
    EXPECT_EQ(mode(), 0700u);
}

TEST_F(Foreign, TheRegistrysOwnIsClosedAgain)
{
    ASSERT_TRUE(Registry::open(folder_.path()));
    open_to(0755);
    EXPECT_TRUE(Registry::open(folder_.path()));
    EXPECT_EQ(mode(), 0700u);
    open_to(01777);
    EXPECT_FALSE(Registry::open(folder_.path())) << "made for all, as /tmp is";
}

TEST_F(Foreign, APrivateDirectoryMayHaveOtherThingsInIt)
{
    std::ofstream{folder_ / "something"} << "own";
    open_to(0700);
    EXPECT_TRUE(Registry::open(folder_.path()));
}

} // namespace
} // namespace windsor::domain
