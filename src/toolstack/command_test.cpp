// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/command.hpp"

#include "sandbox/testing.hpp"
#include "toolstack/command_testing.hpp"
#include "toolstack/help.hpp"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

namespace windsor::toolstack {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> names_in(const std::string& file)
{
    std::ifstream input{std::string{WINDSOR_TOOLSTACK_TESTDATA} + "/" + file};
    std::vector<std::string> names;
    for (std::string line; std::getline(input, line);) {
        if (!line.empty() && line[0] != '#') {
            names.push_back(line);
        }
    }
    return names;
}

TEST(CommandTable, IsSortedAndEachRefusalHasAReason)
{
    EXPECT_TRUE(std::ranges::is_sorted(all_commands(), {}, &Command::name));
    for (const Command& command : all_commands()) {
        EXPECT_FALSE(command.help.empty()) << command.name;
        EXPECT_TRUE(command.handler != nullptr || !command.details.empty()) << command.name;
    }
}

TEST(CommandTable, KnowsEverySubcommandOfXmAndXl)
{
    const std::pair<const char*, Dialect> lists[] = {{"xm-subcommands.txt", Dialect::Xm},
                                                     {"xl-subcommands.txt", Dialect::Xl}};
    for (const auto& [file, dialect] : lists) {
        const std::vector<std::string> names = names_in(file);
        ASSERT_GT(names.size(), 50u);
        for (const std::string& name : names) {
            const auto command = find_command(name, dialect, "x");
            ASSERT_TRUE(command) << name;
            EXPECT_EQ((*command)->name, name);
            EXPECT_TRUE(native(**command, dialect)) << name << " of " << file;
        }
    }
}

TEST(CommandTable, GivesNoProgramACommandThatItNeverHad)
{
    const auto xm = names_in("xm-subcommands.txt");
    const auto xl = names_in("xl-subcommands.txt");
    for (const Command& command : all_commands()) {
        EXPECT_EQ(native(command, Dialect::Xm), std::ranges::find(xm, command.name) != xm.end()) << command.name;
        EXPECT_EQ(native(command, Dialect::Xl), std::ranges::find(xl, command.name) != xl.end()) << command.name;
    }
}

TEST(CommandTable, ResolvesAbbreviations)
{
    EXPECT_EQ(find_command("cre", Dialect::Xl, "xl").value()->name, "create");
    EXPECT_EQ(find_command("des", Dialect::Xm, "xm").value()->name, "destroy");
    EXPECT_EQ(find_command("screensh", Dialect::Xl, "xl").value()->name, "screenshot");
    EXPECT_EQ(find_command("screen", Dialect::Xl, "xl").value()->name, "screen"); // exact, though screenshot begins so
    EXPECT_EQ(find_command("unp", Dialect::Windsor, "windsor").value()->name, "unpause");
}

TEST(CommandTable, LetsWindsorsCommandsChangeNoAbbreviationOfXl)
{
    // 'mi' was migrate in xl; 'mouse' is Windsor's. 'ty' can only be Windsor's.
    EXPECT_EQ(find_command("m", Dialect::Xl, "xl").error().message(),
              "'m' is ambiguous: it may be mem-max, mem-set, migrate");
    EXPECT_EQ(find_command("ty", Dialect::Xl, "xl").value()->name, "type");
    EXPECT_EQ(find_command("i", Dialect::Xl, "xl").value()->name, "info");
}

TEST(CommandTable, ListsTheCandidatesOfAnAmbiguousAbbreviation)
{
    EXPECT_EQ(find_command("dom", Dialect::Xl, "xl").error().message(), "'dom' is ambiguous: it may be domid, domname");
    EXPECT_EQ(find_command("lst", Dialect::Xl, "xl").error().message(),
              "'lst' is no command, the nearest is 'list'; 'xl help' lists them");
    EXPECT_EQ(find_command("quux7", Dialect::Xl, "xl").error().message(),
              "'quux7' is no command; 'xl help' lists them");
}

TEST_F(Commands, ListOfNothingIsTheHeaderAlone)
{
    EXPECT_EQ(windsor({"list"}), 0);
    EXPECT_EQ(out_.str(), "Name                                        ID   Mem VCPUs\tState\tTime(s)\n");
    EXPECT_EQ(xm({"list"}), 0);
    EXPECT_EQ(out_.str(), "Name                                        ID   Mem VCPUs      State   Time(s)\n");
    EXPECT_EQ(xl({"list", "--long"}), 0);
    EXPECT_EQ(out_.str(), "[]\n");
    EXPECT_EQ(err_.str(), "");
}

TEST_F(Commands, NamesADomainThatIsNotThere)
{
    for (const char* command :
         {"destroy", "domid", "domname", "pause", "unpause", "console", "screen", "vncviewer", "stats", "reset"}) {
        EXPECT_EQ(windsor({command, "nobody"}), 1) << command;
        EXPECT_EQ(err_.str(), "windsor: there is no running domain 'nobody'; 'list' shows those that there are\n")
            << command;
    }
    EXPECT_EQ(xm({"list", "3"}), 1);
    EXPECT_EQ(err_.str(), "xm: there is no running domain '3'; 'list' shows those that there are\n");
    EXPECT_EQ(windsor({"dmesg", "../../etc/x"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("no log of an ended one"));
}

TEST_F(Commands, RefusesWhatIsNotInThisVersion)
{
    EXPECT_EQ(xl({"getenforce"}), 1);
    EXPECT_EQ(err_.str(),
              "xl: 'getenforce' is not in this version of Windsor: there is no Xen hypervisor underneath\n");
    EXPECT_EQ(out_.str(), "");
}

// What xm and xl take besides; all of it is looked at before the domain is.
TEST_F(Commands, MigrateSaysWhatItCannotDo)
{
    const auto refusal = [&](int status) {
        EXPECT_EQ(status, 1);
        return err_.str();
    };
    EXPECT_THAT(refusal(xm({"migrate", "-n", "1", "falstaff", "host"})), HasSubstr("NUMA"));
    EXPECT_THAT(refusal(xm({"migrate", "-c", "falstaff", "host"})), HasSubstr("home server"));
    EXPECT_THAT(refusal(xm({"migrate", "-l", "-p", "8002", "falstaff", "host"})), HasSubstr("say --insecure"));
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "tcp:host:8002"})), HasSubstr("say --insecure"));
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "tcp:host"})), HasSubstr("write tcp:HOST:PORT"));
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "-", "x"})), HasSubstr("does not know what to do with 'x'"));
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "a;b"})), HasSubstr("'a;b' is no host"));
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "unix:"})), HasSubstr("a socket's path has"));
    EXPECT_THAT(refusal(xl({"migrate", "-p", "-e", "--debug", "-s", "rsh", "falstaff", "host"})),
                HasSubstr("no running domain"));
    EXPECT_THAT(refusal(windsor({"migrate-receive", "--listen", "host:8002"})), HasSubstr("is no address"));
    EXPECT_THAT(refusal(windsor({"migrate-receive", "--listen", "tcp:[::1]:8002"})), HasSubstr("say --insecure"));
    EXPECT_THAT(refusal(windsor({"migrate-receive", "--engine", "vmx"})), HasSubstr("'vmx' is no engine"));
}

// Over TCP there is TLS, or somebody has said that there need not be.
TEST_F(Commands, MigrateKnowsWhenThereIsToBeTls)
{
    const std::string none = (directory_ / "none").string();
    const auto refusal = [&](int status) {
        EXPECT_EQ(status, 1);
        return err_.str();
    };
    EXPECT_EQ(
        refusal(windsor({"migrate", "falstaff", "tcp:host:8002"})),
        "windsor: over TCP the guest's memory goes unencrypted and to whoever answers; give certificates for TLS by "
        "--tls DIRECTORY or by migration_tls in the host's configuration, say --insecure if the network is trusted, or "
        "use ssh\n");
    const auto missing = [&](const std::string& directory) {
        return HasSubstr("cannot open " + directory + "/ca-cert.pem, which TLS needs: No such file or directory\n");
    };
    EXPECT_THAT(refusal(windsor({"migrate", "--tls", none, "falstaff", "tcp:host:8002"})), missing(none));
    EXPECT_THAT(refusal(windsor({"migrate-receive", "--tls", none, "--listen", "tcp:[::1]:8002"})), missing(none));
    EXPECT_THAT(refusal(xm({"migrate", "-s", "-p", "8002", "falstaff", "host"})),
                HasSubstr("TLS needs certificates: give --tls"));
    EXPECT_THAT(refusal(windsor({"migrate", "--ssl", "falstaff", "tcp:host:8002"})),
                HasSubstr("TLS needs certificates"));
    EXPECT_THAT(refusal(windsor({"migrate", "--ssl", "--insecure", "falstaff", "tcp:host:8002"})),
                HasSubstr("--insecure contradicts --ssl"));
    EXPECT_THAT(refusal(windsor({"migrate", "--tls", none, "--insecure", "falstaff", "tcp:host:8002"})),
                HasSubstr("--insecure contradicts --tls"));
    for (const char* target : {"host", "unix:/socket"}) {
        EXPECT_THAT(refusal(windsor({"migrate", "--ssl", "falstaff", target})), HasSubstr("TLS is for tcp:HOST:PORT"));
        EXPECT_THAT(refusal(windsor({"migrate", "--tls", none, "falstaff", target})),
                    HasSubstr("TLS is for tcp:HOST:PORT"));
    }
    host_config_ = write("xl.conf", "migration_tls = '/of/the/host'\n");
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "tcp:host:8002"})), missing("/of/the/host"));
    EXPECT_THAT(refusal(xm({"migrate", "--ssl", "--port=8002", "falstaff", "host"})), missing("/of/the/host"));
    EXPECT_THAT(refusal(windsor({"migrate", "--tls", none, "falstaff", "tcp:host:8002"})), missing(none));
    EXPECT_THAT(refusal(windsor({"migrate", "--insecure", "falstaff", "tcp:host:8002"})),
                HasSubstr("no running domain"));
    EXPECT_THAT(refusal(windsor({"migrate", "falstaff", "host"})), HasSubstr("no running domain"));
    EXPECT_THAT(refusal(windsor({"migrate-receive", "--listen", "tcp:[::1]:8002"})), missing("/of/the/host"));
}

TEST_F(Commands, SaysHowACommandIsCalled)
{
    EXPECT_EQ(windsor({"rename", "one"}), 1);
    EXPECT_EQ(err_.str(), "windsor: 'rename' wants more words: windsor rename DOMAIN NEWNAME\n");
    EXPECT_EQ(windsor({"domid", "one", "two"}), 1);
    EXPECT_EQ(err_.str(), "windsor: 'domid' does not know what to do with 'two': windsor domid DOMAIN\n");
    EXPECT_EQ(windsor({"list", "--everything"}), 1);
    EXPECT_EQ(err_.str(), "windsor: there is no option --everything; see 'windsor list --help'\n");
    EXPECT_EQ(windsor({"wait", "one"}), 1);
    EXPECT_EQ(err_.str(), "windsor: say what to wait for: --text REGEX\n");
    EXPECT_EQ(windsor({"wait", "one", "--text", "("}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("'(' is no regular expression"));
    EXPECT_EQ(windsor({"shutdown"}), 1);
    EXPECT_EQ(err_.str(), "windsor: say which domain, or -a for all\n");
}

TEST_F(Commands, HelpShowsTheProgramsOwnCommands)
{
    EXPECT_EQ(xm({"help"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("\nxm subcommands:\n"));
    EXPECT_THAT(out_.str(), HasSubstr("\n domstate            Show a domain's state in a word.\n"));
    EXPECT_THAT(out_.str(), ::testing::Not(HasSubstr("vm-list")));
    EXPECT_THAT(out_.str(), HasSubstr("\n screenshot          Save a picture of the guest's screen.\n"));
    EXPECT_EQ(xl({}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("\n vm-list "));
    EXPECT_EQ(windsor({"--version"}), 0);
    EXPECT_EQ(out_.str(), "Windsor " WINDSOR_VERSION "\n");
}

TEST_F(Commands, HelpExplainsACommandOrAKey)
{
    EXPECT_EQ(windsor({"domid", "--help"}), 0);
    EXPECT_EQ(out_.str(), "Usage: windsor domid DOMAIN\n\nShow a domain's id.\n");
    EXPECT_EQ(xl({"help", "list"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("Usage: xl list [options] [DOMAIN]...\n"));
    EXPECT_THAT(out_.str(), HasSubstr("--verbose"));
    EXPECT_THAT(out_.str(), ::testing::Not(HasSubstr("--state")));
    EXPECT_EQ(windsor({"help", "memory"}), 0);
    EXPECT_THAT(out_.str(), HasSubstr("memory"));
    EXPECT_EQ(windsor({"help", "no-such-thing"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("neither a command nor a key"));
    EXPECT_EQ(windsor({"help", "vncunsed"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("the nearest key is 'vncunused'"));
    EXPECT_EQ(windsor({"getenforce", "--help"}), 0);
    EXPECT_EQ(out_.str(), "'getenforce' is not in this version of Windsor: there is no Xen hypervisor\nunderneath.\n");
}

TEST_F(Commands, DryRunPrintsTheConfigurationInTheProgramsForm)
{
    const std::string file = write("falstaff", "name = 'falstaff'\nmemory = 64\n");
    EXPECT_EQ(xm({"create", "-n", file, "memory=96"}), 0) << err_.str();
    EXPECT_THAT(out_.str(), ::testing::StartsWith("(vm\n    (on_crash destroy)\n"));
    EXPECT_THAT(out_.str(), HasSubstr("\n    (name falstaff)\n"));
    EXPECT_THAT(out_.str(), HasSubstr("(memory 96)"));
    EXPECT_EQ(xl({"create", "--dryrun", "--defconfig=" + file}), 0) << err_.str();
    EXPECT_EQ(nlohmann::json::parse(out_.str())["b_info"]["target_memkb"], 65536);
    EXPECT_EQ(windsor({"create", "--dryrun", "--defconfig=" + file}), 0) << err_.str();
    EXPECT_EQ(nlohmann::json::parse(out_.str()).value("memory", 0), 64);
    EXPECT_TRUE(registry_is_empty());
}

TEST_F(Commands, CreateRefusesWrongWordsAndLeavesNothingBehind)
{
    EXPECT_EQ(windsor({"create"}), 1);
    EXPECT_EQ(err_.str(), "windsor: say which configuration file to start a domain from\n");
    EXPECT_EQ(windsor({"create", "--path=" + directory_.path().string(), "nothing"}), 1);
    EXPECT_EQ(err_.str(), "windsor: there is no configuration file 'nothing' in " + directory_.path().string() +
                              "; give its path\n");
    const std::string file = write("falstaff", "name = 'falstaff'\n");
    EXPECT_EQ(windsor({"create", file, "second"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("'second' is one configuration file too many"));
    EXPECT_EQ(windsor({"create", "-q", file, "name='12'"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("mistaken for a domain id"));
    EXPECT_EQ(windsor({"create", "-qc", file}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("add serial='pty'"));
    EXPECT_TRUE(registry_is_empty());
}

TEST_F(Commands, CreateRefusesAMissingImageAndLeavesNothingBehind)
{
    const std::string file =
        write("falstaff", "name = 'falstaff'\nmemory = 16\nvnc = 0\ndisk = ['file:/nonexistent/image,hda,w']\n");
    EXPECT_EQ(windsor({"create", "-q", file, sandbox::testing::kSanitized ? "sandbox='off'" : "sandbox='on'"}), 1);
    EXPECT_THAT(err_.str(), HasSubstr("/nonexistent/image"));
    EXPECT_TRUE(registry_is_empty());
}

TEST(ManualPages, NameEveryCommandAndBeginNoLineWithADotByAccident)
{
    const std::set<std::string> requests{".\\\"", ".TH", ".SH", ".TP", ".TQ", ".PP", ".RS",
                                         ".RE",   ".B",  ".BR", ".I",  ".RI", ".br"};
    for (const std::string& page : {man_page_windsor(), man_page_xm()}) {
        std::istringstream lines{page};
        for (std::string line; std::getline(lines, line);) {
            EXPECT_TRUE(line.empty() || line[0] != '.' || requests.contains(line.substr(0, line.find(' ')))) << line;
            EXPECT_FALSE(line.starts_with("'")) << line;
        }
    }
    const std::string page = man_page_windsor();
    EXPECT_THAT(page, HasSubstr("\\fBcreate\\fR"));
    EXPECT_THAT(page, HasSubstr("\\fBblock\\-attach\\fR"));
    EXPECT_THAT(page, HasSubstr("\\fBscreenshot\\fR"));
}

} // namespace
} // namespace windsor::toolstack
