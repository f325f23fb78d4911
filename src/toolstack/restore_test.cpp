// SPDX-License-Identifier: GPL-2.0-or-later
// Saved files that others can have written.
#include "base/test_folder.hpp"
#include "domain/saved_domain.hpp"
#include "toolstack/command.hpp"

#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace windsor::toolstack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kRefusal = "can have been written by somebody else";

class Restore : public ::testing::Test {
protected:
    void SetUp() override { write("guest", "/dev/secret"); }

    void write(const std::string& name, const std::string& path)
    {
        config::DomainConfig config;
        config.name = name;
        config::DiskConfig disk;
        disk.path = path;
        disk.vdev = "hda";
        config.disks.push_back(disk);
        state::FileOutput output{base::Fd{::open(file_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)},
                                 file_};
        state::StreamWriter writer{output};
        domain::SavedDomain saved{.windsor = "test", .config = config::save(config)};
        ASSERT_TRUE(domain::begin_saved(writer, saved));
        machine::Needs needs;
        ASSERT_TRUE(writer.object(machine::kNeedsRecord, needs));
        ASSERT_TRUE(writer.end());
        ASSERT_TRUE(output.flush());
    }

    // What it says; it fails in any case, as there is no such disk.
    std::string restore(std::vector<std::string> words)
    {
        words.insert(words.begin(), "restore");
        words.push_back(file_);
        std::ostringstream out;
        std::ostringstream err;
        Context context{.dialect = Dialect::Windsor,
                        .program = "windsor",
                        .out = out,
                        .err = err,
                        .paths = {.runtime = folder_ / "run", .data = folder_ / "data"},
                        .host_config = {}};
        EXPECT_NE(run(context, words), 0);
        return err.str();
    }

    base::TestFolder folder_;
    std::string file_{(folder_ / "saved").string()};
};

TEST_F(Restore, AFileThatOthersCanWriteIsRefusedWithTheImagesThatItNames)
{
    for (const mode_t mode : {0620, 0602, 0666}) {
        ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
        for (const std::vector<std::string>& words : {std::vector<std::string>{}, {"--check"}}) {
            const std::string said = restore(words);
            EXPECT_THAT(said, HasSubstr(kRefusal)) << mode;
            EXPECT_THAT(said, HasSubstr("/dev/secret")) << mode;
        }
    }
}

TEST_F(Restore, AFileOfSomebodyElsesIsRefused)
{
    if (::chown(file_.c_str(), 65534, 65534) != 0) {
        GTEST_SKIP() << "only root gives files away";
    }
    EXPECT_THAT(restore({"--check"}), HasSubstr(kRefusal));
}

TEST_F(Restore, OnesOwnFileIsTrusted)
{
    for (const mode_t mode : {0600, 0644, 0400}) {
        ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
        const std::string said = restore({"--check"});
        EXPECT_THAT(said, Not(HasSubstr(kRefusal))) << mode;
        EXPECT_THAT(said, HasSubstr("/dev/secret")) << mode << ": it has been looked for";
    }
}

TEST_F(Restore, WhoSaysSoTrustsAnother)
{
    ASSERT_EQ(::chmod(file_.c_str(), 0666), 0);
    EXPECT_THAT(restore({"--check", "--trust"}), Not(HasSubstr(kRefusal)));
}

TEST_F(Restore, AConfigurationOfOnesOwnTakesTheFilesPlace)
{
    ASSERT_EQ(::chmod(file_.c_str(), 0666), 0);
    const std::string config = (folder_ / "config").string();
    std::ofstream{config} << "name = 'guest'\nmemory = 16\n";
    EXPECT_THAT(restore({"--check", config}), Not(HasSubstr(kRefusal)));
}

TEST_F(Restore, ATerminalTakesNoOrdersFromAFile)
{
    write("guest", "/dev/\x1b[2Jsecret");
    EXPECT_THAT(restore({"--check"}), HasSubstr("/dev/?[2Jsecret"));
    write("\x1b[2Jguest", "/dev/secret");
    EXPECT_THAT(restore({}), Not(HasSubstr("\x1b")));
}

} // namespace
} // namespace windsor::toolstack
