// SPDX-License-Identifier: GPL-2.0-or-later
// The spellings of xm and xl that scripts and fingers know.
#include "toolstack/command_testing.hpp"
#include "toolstack/help.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace windsor::toolstack {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Spellings : public Commands {
protected:
    // An option that is not known says so before the domain is looked for.
    void expect_known(Dialect dialect, std::vector<std::string> words)
    {
        words.emplace_back("nobody");
        run_as(dialect, "x", words);
        EXPECT_THAT(err_.str(), HasSubstr("there is no running domain 'nobody'")) << words[0] << ' ' << words[1];
    }
};

TEST_F(Spellings, OptionsOfXlAreKnown)
{
    const std::vector<std::vector<std::string>> all{
        {"list", "-Z"},
        {"list", "-c"},
        {"list", "-n"},
        {"list", "--context"},
        {"list", "--cpupool"},
        {"list", "--numa"},
        {"list", "-vZcn"},
        {"console", "-e", "^a"},
        {"console", "-t", "serial"},
        {"destroy", "-f"},
        {"shutdown", "-Fw"},
        {"reboot", "-F"},
        {"pause"},
        {"vncviewer", "-a"},
        {"network-list"},
        {"shutdown", "--wait"},
    };
    for (const auto& words : all) {
        expect_known(Dialect::Xl, words);
        expect_known(Dialect::Windsor, words);
    }
    EXPECT_EQ(xl({"save", "-cD", "nobody", "/x"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("no running domain"));
    for (const char* option : {"--live", "-F", "-D", "-e", "-p", "--debug"}) {
        EXPECT_EQ(xl({"migrate", option, "nobody", "host"}), 1);
        EXPECT_THAT(err_.str(), HasSubstr("no running domain")) << option;
    }
    EXPECT_EQ(xl({"migrate", "-C", "/x.cfg", "nobody", "host"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("no running domain"));
    EXPECT_EQ(xl({"vcpu-pin", "-f", "nobody", "all", "all", "-"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("no running domain"));
}

TEST_F(Spellings, OptionsOfXmAreKnown)
{
    const std::vector<std::vector<std::string>> all{
        {"list", "--label"},
        {"list", "-v"},
        {"list", "--vcpus"},
        {"list", "-l"},
        {"list", "--state=running"},
        {"console", "-q"},
        {"shutdown", "-RH"},
        {"reboot", "-w"},
        {"vncviewer", "--vncviewer-autopass"},
        {"uptime", "-s"},
        {"network-list", "-l"},
        {"network-list", "--long"},
    };
    for (const auto& words : all) {
        expect_known(Dialect::Xm, words);
    }
    EXPECT_EQ(xm({"list", "--pool=Pool-0"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("--pool names a processor pool"));
}

TEST_F(Spellings, CreateKnowsTheOptionsOfBoth)
{
    const std::string file = write("falstaff", "name = 'falstaff'\n");
    EXPECT_EQ(xl({"create", "-dn", file}), 0) << err_.str();
    EXPECT_EQ(xl({"create", "-n", "--ignore-global-affinity-masks", file}), 0) << err_.str();
    EXPECT_EQ(xm({"create", "-n", "--skipdtd", file}), 0) << err_.str();
    EXPECT_EQ(xm({"create", "-ns", file}), 0) << err_.str();
    EXPECT_EQ(xm({"create", "-x", file}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("-n prints the configuration"));
    EXPECT_EQ(xm({"create", "-F", file}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("s-expressions"));
    EXPECT_EQ(xm({"create", "--help_config"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("\nmemory: The guest's memory in MiB.\n"));
    EXPECT_TRUE(registry_is_empty());
}

TEST_F(Spellings, GlobalFlagsOfXlStandBeforeTheCommand)
{
    for (const char* flags : {"-v", "-vvv", "-f", "-t", "-T", "-tTv"}) {
        EXPECT_EQ(xl({flags, "list"}), 0) << err_.str();
    }
    EXPECT_EQ(xl({"-v", "-T", "list"}), 0) << err_.str();
    EXPECT_EQ(xl({"-vx", "list"}), 1);
    EXPECT_EQ(err_.str(), "xl: there is no option -x before a subcommand; -v, -f, -t, -T and -N are\n");
    EXPECT_EQ(xm({"-v", "list"}), 1);
}

// What is to be tried must never be done.
TEST_F(Spellings, ADryRunStartsNothing)
{
    const std::string file = write("falstaff", "name = 'falstaff'\n");
    EXPECT_EQ(xl({"-N", "create", file}), 0) << err_.str();
    EXPECT_THAT(out_.str(), StartsWith("{\n"));
    EXPECT_EQ(xl({"-vN", "create", file}), 0) << err_.str();
    EXPECT_TRUE(registry_is_empty());
    EXPECT_EQ(xl({"-N", "destroy", "nobody"}), 1);
    EXPECT_EQ(err_.str(), "xl: 'destroy' cannot be tried without being done; leave -N out\n");
}

TEST_F(Spellings, UsageErrorsOfXlAreTwo)
{
    EXPECT_EQ(xl({"list", "--foo"}), 2);
    EXPECT_EQ(xl({"pause"}), 2);
    EXPECT_EQ(xl({"domid", "one", "two"}), 2);
    EXPECT_EQ(xl({"pause", "nobody"}), 1);
    EXPECT_EQ(xl({"nothing"}), 1); // as xl does
    EXPECT_EQ(xm({"list", "--foo"}), 1);
    EXPECT_EQ(windsor({"list", "--foo"}), 1);
}

TEST_F(Spellings, AConfigurationOfSettingsOnly)
{
    EXPECT_EQ(xm({"create", "-n", "/dev/null", "name=x", "memory=64"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), HasSubstr("(name x)"));
    EXPECT_EQ(xl({"create", "-n", "/dev/null", "memory=64"}), 1);
    EXPECT_EQ(err_.str(), "xl: the domain has no name; write name = 'NAME', or name=NAME on the command line\n");
    EXPECT_EQ(xl({"create", "-n", "/dev/zero", "name=x"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("must be a file or a pipe"));
}

// As a shell's <(…), and a named one whose writer comes late.
TEST_F(Spellings, AConfigurationFromAPipe)
{
    const std::string fifo = (directory_ / "fifo").string();
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    std::thread writer{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        std::ofstream{fifo} << "name = 'piped'\nmemory = 64\n";
    }};
    EXPECT_EQ(xm({"create", "-n", fifo}), 0) << err_.str();
    writer.join();
    EXPECT_THAT(out_.str(), HasSubstr("(name piped)"));
}

TEST_F(Spellings, ListHasTheFurtherColumnsOfBoth)
{
    EXPECT_EQ(xl({"list", "-Zcn"}), 0);
    EXPECT_EQ(out_.str(), "Name                                        ID   Mem VCPUs\tState\tTime(s)   Security Label"
                          "         Cpupool NODE Affinity\n");
    EXPECT_EQ(xm({"list", "--label"}), 0);
    EXPECT_EQ(out_.str(),
              "Name                                        ID   Mem VCPUs      State   Time(s) Label     \n");
}

TEST_F(Spellings, InfoHasTheFieldsOfXl)
{
    std::filesystem::create_directories(directory_ / "run"); // where it is noted how well KVM works
    EXPECT_EQ(xl({"info", "-n"}), 0) << err_.str();
    for (const char* name : {"host",
                             "release",
                             "version",
                             "machine",
                             "nr_cpus",
                             "max_cpu_id",
                             "nr_nodes",
                             "cores_per_socket",
                             "threads_per_core",
                             "cpu_mhz",
                             "hw_caps",
                             "virt_caps",
                             "total_memory",
                             "free_memory",
                             "sharing_freed_memory",
                             "sharing_used_memory",
                             "outstanding_claims",
                             "free_cpus",
                             "cpu_topology",
                             "numa_info",
                             "xen_major",
                             "xen_minor",
                             "xen_extra",
                             "xen_version",
                             "xen_caps",
                             "xen_scheduler",
                             "xen_pagesize",
                             "platform_params",
                             "xen_changeset",
                             "xen_commandline",
                             "cc_compiler",
                             "cc_compile_by",
                             "cc_compile_domain",
                             "cc_compile_date",
                             "build_id",
                             "xend_config_format"}) {
        EXPECT_THAT("\n" + out_.str(), HasSubstr(fmt::format("\n{:<23}:", name)));
    }
    EXPECT_EQ(xl({"info", "xen_major"}), 0);
    EXPECT_EQ(out_.str(), "4\n");
    EXPECT_EQ(xl({"info", "nonsense"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("'nonsense' is no line of info"));
}

TEST_F(Spellings, OutputThatCannotBeWrittenIsAnError)
{
    std::ofstream full{"/dev/full"};
    Context context{.dialect = Dialect::Xl,
                    .program = "xl",
                    .out = full,
                    .err = err_,
                    .paths = {.runtime = directory_ / "run", .data = directory_ / "data"}};
    const std::vector<std::string> words{"list"};
    EXPECT_EQ(run(context, words), 1);
    EXPECT_EQ(err_.str(), "xl: the output cannot be written: No space left on device\n");
}

TEST_F(Spellings, HelpFitsTheTerminal)
{
    for (const std::size_t columns : {60u, 80u, 132u}) {
        columns_ = columns;
        for (const Command& command : all_commands()) {
            EXPECT_EQ(windsor({"help", std::string{command.name}}), 0);
            std::istringstream lines{out_.str()};
            for (std::string line; std::getline(lines, line);) {
                EXPECT_TRUE(line.size() <= columns || line.starts_with("Usage: ")) << line;
            }
        }
    }
}

TEST(Wrapped, BreaksBetweenWordsAndKeepsTheColumn)
{
    const std::string name = " list                ";
    EXPECT_EQ(wrapped(name + "one two three four five six", 40, name.size()),
              " list                one two three four\n                     five six");
    EXPECT_EQ(wrapped("short", 40, 4), "short");
    EXPECT_EQ(wrapped(std::string(50, 'x') + " y", 40), std::string(50, 'x') + "\ny");
    EXPECT_EQ(wrapped("  --an-option-longer-than-its-column and its help", 40, 10),
              "  --an-option-longer-than-its-column and\n          its help");
    EXPECT_EQ(wrapped("", 40), "");
}

} // namespace
} // namespace windsor::toolstack
