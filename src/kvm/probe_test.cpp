// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test_folder.hpp"
#include "kvm/probe.hpp"

#include "kvm/vm.hpp"

#include <cerrno>
#include <fstream>
#include <gtest/gtest.h>
#include <vector>

namespace windsor::kvm {

namespace {

using Outcome = Trial::Outcome;

constexpr base::Nanoseconds kFast = base::kMillisecond;    // 1000 million instructions a second
constexpr base::Nanoseconds kSlow = 500 * base::kMillisecond; // 2 million

class FakeHost final : public ProbedHost {
public:
    int open() override { return open_error; }
    int api_version() override { return version; }
    bool has(int capability) override { return capability != lacking; }
    Trial run(TrialMode mode) override
    {
        modes.push_back(mode);
        return mode == bad_mode ? bad : Trial{.outcome = Outcome::Finished, .time = kFast};
    }

    int open_error{0};
    int version{KVM_API_VERSION};
    int lacking{-1};
    std::optional<TrialMode> bad_mode;
    Trial bad;
    std::vector<TrialMode> modes;
};

class ProbeTest : public testing::Test {
protected:
    Probe result() { return probe(host, cache); }

    base::TestFolder directory;
    ProbeCache cache{directory.path(), "this boot"};
    FakeHost host;
};

TEST_F(ProbeTest, AGoodOneIsTriedInEveryMode)
{
    EXPECT_EQ(result().verdict, Verdict::Useful);
    EXPECT_EQ(host.modes, (std::vector{TrialMode::Real, TrialMode::Protected, TrialMode::Long}));
}

TEST_F(ProbeTest, EachReasonNotToOpenItHasItsWords)
{
    const auto reason = [&](int error) {
        host.open_error = error;
        return result();
    };
    EXPECT_EQ(reason(ENOENT).verdict, Verdict::Absent);
    EXPECT_NE(reason(ENOENT).reason.find("there is no /dev/kvm"), std::string::npos);
    EXPECT_EQ(reason(EACCES).verdict, Verdict::Forbidden);
    EXPECT_NE(reason(EACCES).reason.find("group 'kvm'"), std::string::npos);
    EXPECT_EQ(reason(EBUSY).verdict, Verdict::Unavailable);
    EXPECT_NE(reason(EBUSY).reason.find("busy"), std::string::npos);
    EXPECT_TRUE(host.modes.empty());
}

TEST_F(ProbeTest, AnotherVersionIsNotSpokenTo)
{
    host.version = 11;
    EXPECT_EQ(result().verdict, Verdict::WrongVersion);
    EXPECT_NE(result().reason.find("version 11"), std::string::npos);
    EXPECT_TRUE(host.modes.empty());
}

TEST_F(ProbeTest, EveryMissingCapabilityIsNamed)
{
    for (const Capability& capability : needed_capabilities()) {
        host.lacking = capability.number;
        EXPECT_EQ(result().verdict, Verdict::Lacking) << capability.name;
        EXPECT_NE(result().reason.find(capability.name), std::string::npos);
        EXPECT_NE(result().reason.find(capability.since), std::string::npos);
    }
    EXPECT_TRUE(host.modes.empty());
}

TEST_F(ProbeTest, AnInterpretedKernelIsSlow)
{
    host.bad_mode = TrialMode::Real;
    host.bad = {.outcome = Outcome::Finished, .time = kSlow};
    EXPECT_EQ(result().verdict, Verdict::Slow);
    EXPECT_NE(result().reason.find("in real mode 2.0 million"), std::string::npos) << result().reason;
    EXPECT_EQ(host.modes, std::vector(kTrialRepeats, TrialMode::Real)); // once more each: the host may have been busy
}

TEST_F(ProbeTest, TheThresholdIsWhereItIsSaidToBe)
{
    host.bad_mode = TrialMode::Long;
    host.bad = {.outcome = Outcome::Finished, .time = kTrialInstructions * base::kSecond / kLeastRate};
    EXPECT_EQ(result().verdict, Verdict::Useful);
    std::filesystem::remove_all(directory.path());
    ++host.bad.time;
    EXPECT_EQ(result().verdict, Verdict::Slow);
}

TEST_F(ProbeTest, AShutdownWithPagingIsARefusal)
{
    host.bad_mode = TrialMode::Protected;
    host.bad = {.outcome = Outcome::Shutdown};
    EXPECT_EQ(result().verdict, Verdict::Refuses);
    EXPECT_NE(result().reason.find("32-bit mode with paging"), std::string::npos);
    EXPECT_EQ(host.modes.size(), 2u);
}

TEST_F(ProbeTest, AFailureIsQuotedAndAHangIsSlow)
{
    host.bad_mode = TrialMode::Long;
    host.bad = {.outcome = Outcome::Failed, .failure = "no such thing"};
    EXPECT_NE(result().reason.find("(no such thing)"), std::string::npos);
    std::filesystem::remove_all(directory.path());
    host.bad = {.outcome = Outcome::TimedOut};
    EXPECT_EQ(result().verdict, Verdict::Slow);
}

TEST_F(ProbeTest, TrialsAreRememberedForThisBootOnly)
{
    const Probe first = result();
    host.modes.clear();
    EXPECT_EQ(result(), first);
    EXPECT_TRUE(host.modes.empty());
    EXPECT_EQ(probe(host, ProbeCache{directory.path(), "the next boot"}), first);
    EXPECT_EQ(host.modes.size(), 3u);
    // Whoever waits for trials is told before.
    unsigned told = 0;
    for (const char* boot : {"a third boot", "a third boot"}) {
        static_cast<void>(probe(host, ProbeCache{directory.path(), boot}, [&] {
            EXPECT_EQ(host.modes.size(), 3u);
            ++told;
        }));
    }
    EXPECT_EQ(told, 1u);
    // What can be seen at once is looked at each time.
    host.open_error = EACCES;
    EXPECT_EQ(result().verdict, Verdict::Forbidden);
}

TEST_F(ProbeTest, ADamagedMemoryIsNoMemory)
{
    for (const char* text : {"", "this boot\n", "this boot\n99\nwords\n", "this boot\n0", "this boot\n1\nabsent\n"}) {
        std::ofstream{directory / "kvm-probe"} << text;
        EXPECT_EQ(cache.load(), std::nullopt) << text;
    }
    std::filesystem::remove_all(directory.path());
    EXPECT_EQ(result().verdict, Verdict::Useful); // and cannot be written
}

} // namespace

} // namespace windsor::kvm
