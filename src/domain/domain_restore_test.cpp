// SPDX-License-Identifier: GPL-2.0-or-later
// Saving whole domains into files, and what comes of the files.
#include "domain/domain_testing.hpp"

#include "state/file.hpp"

#include <fstream>
#include <iterator>

namespace windsor::domain {
namespace {

using testing::HasSubstr;

class DomainRestore : public DomainTest {
protected:
    // The domain ends.
    void save_and_end(const Json& params = Json::object())
    {
        const base::Fd file{::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
        const auto saved = call("save", params, file.get());
        ASSERT_TRUE(saved) << saved.error().message();
        EXPECT_TRUE(fits(find_method("save")->answer, *saved));
        stop();
    }
    void restore()
    {
        settings_.restore_from = file_;
        start();
    }
    std::string failure_to_restore()
    {
        settings_.restore_from = file_;
        const base::Status created = create();
        domain_.reset();
        claim_.reset();
        return created ? "" : created.error().message();
    }
    std::string contents() const
    {
        std::ifstream input{file_, std::ios::binary};
        return {std::istreambuf_iterator<char>{input}, {}};
    }
    void write(const std::string& text) const { std::ofstream{file_, std::ios::binary} << text; }
    DomainStatus status() { return status_from(call("status").value()); }

    std::filesystem::path file_{folder_ / "saved"};
};

TEST_F(DomainRestore, GoesOnAsWhoItWas)
{
    start();
    const std::string uuid = status().uuid;
    save_and_end();
    restore();
    EXPECT_EQ(status().uuid, uuid);
    EXPECT_EQ(status().phase, "running");
    EXPECT_EQ(status().restarts, 0u);
}

TEST_F(DomainRestore, TheFileSaysWhoItIs)
{
    settings_.config.uuid = "01234567-89ab-cdef-0123-456789abcdef";
    start();
    ASSERT_TRUE(call("rename", {{"name", "hal"}}));
    save_and_end();
    const SavedFile saved = open_saved(file_).value();
    EXPECT_EQ(saved.config.name, "hal") << "as it was called then";
    EXPECT_EQ(saved.config.uuid, settings_.config.uuid);
    EXPECT_EQ(saved.config.memory_mb, 4u);
    EXPECT_EQ(saved.domain.engine, "emulate");
    EXPECT_EQ(saved.domain.origin.text, "memory = 4");
    EXPECT_TRUE(saved.own);
    EXPECT_TRUE(obstacles(saved, Images::Free).empty());
}

TEST_F(DomainRestore, AGuestThatGoesOnIsSavedAsWell)
{
    start();
    const base::Fd file{::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    ASSERT_TRUE(call("save", {{"after", "go-on"}}, file.get()));
    EXPECT_EQ(status().phase, "running");
    ASSERT_TRUE(call("save", {{"after", "pause"}}, file.get()));
    EXPECT_EQ(status().phase, "paused");
}

// A file that ends early, or has another byte anywhere, is no domain's.
TEST_F(DomainRestore, NothingRunsOfAFileThatIsNotWhole)
{
    start();
    save_and_end();
    const std::string whole = contents();
    ASSERT_GT(whole.size(), 1000u);
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
        write(whole.substr(0, length));
        EXPECT_THAT(failure_to_restore(), HasSubstr(file_.string())) << length;
    }
    for (std::size_t at = whole.size() / 7; at < whole.size(); at += whole.size() / 7) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 0x20);
        write(changed);
        EXPECT_NE(failure_to_restore(), "") << at;
    }
    write(whole);
    EXPECT_EQ(failure_to_restore(), "");
}

TEST_F(DomainRestore, NotIntoAnotherMachine)
{
    start();
    save_and_end();
    settings_.config.memory_mb = settings_.config.maxmem_mb = 5;
    EXPECT_THAT(failure_to_restore(), HasSubstr("memory"));
}

TEST_F(DomainRestore, AFullFileIsNoSave)
{
    start();
    const base::Fd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    EXPECT_NE(refusal("save", Json::object(), full.get()), "");
    EXPECT_EQ(status().phase, "running") << "it goes on";
    const base::Fd closed{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
    EXPECT_NE(refusal("save", Json::object(), closed.get()), "") << "which cannot be written";
    EXPECT_EQ(status().phase, "running");
}

} // namespace
} // namespace windsor::domain
