// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/phase.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windsor::domain {
namespace {

using testing::HasSubstr;
using testing::Not;

// The table once more, as a reader would draw it: from each phase to those behind it.
const std::map<std::string, std::set<std::string>> kWays{
    {"building", {"arriving", "running", "paused", "ended"}},
    {"arriving", {"running", "paused", "ended"}},
    {"running", {"running", "paused", "saving", "moving", "powered-off", "crashed", "ended"}},
    {"paused", {"running", "paused", "saving", "moving", "powered-off", "crashed", "ended"}},
    {"saving", {"running", "paused", "ended"}},
    {"moving", {"running", "paused", "handed-over", "ended"}},
    {"handed-over", {"running", "powered-off", "crashed", "ended"}},
    {"powered-off", {"ended"}},
    {"crashed", {"ended"}},
    {"ended", {"ended"}},
};

// A life that has come to that phase, by a way that there is.
Life life_in(Phase phase)
{
    static const std::map<Phase, std::vector<Phase>> kHow{
        {Phase::Building, {}},
        {Phase::Arriving, {Phase::Arriving}},
        {Phase::Running, {Phase::Running}},
        {Phase::Paused, {Phase::Paused}},
        {Phase::Saving, {Phase::Running, Phase::Saving}},
        {Phase::Moving, {Phase::Running, Phase::Moving}},
        {Phase::HandedOver, {Phase::Running, Phase::Moving, Phase::HandedOver}},
        {Phase::PoweredOff, {Phase::Running, Phase::PoweredOff}},
        {Phase::Crashed, {Phase::Running, Phase::Crashed}},
        {Phase::Ended, {Phase::Ended}},
    };
    Life life;
    for (const Phase step : kHow.at(phase)) {
        EXPECT_TRUE(life.enter(step)) << name_of(step);
    }
    EXPECT_EQ(life.phase(), phase);
    return life;
}

TEST(Life, GoesTheWaysOfTheTableAndNoOthers)
{
    ASSERT_EQ(all_phases().size(), kWays.size());
    for (const Phase from : all_phases()) {
        for (const Phase to : all_phases()) {
            Life life = life_in(from);
            const bool allowed = kWays.at(std::string{name_of(from)}).contains(std::string{name_of(to)});
            const base::Status entered = life.enter(to);
            EXPECT_EQ(entered.has_value(), allowed) << name_of(from) << " to " << name_of(to);
            EXPECT_EQ(life.phase(), allowed ? to : from);
            if (!entered) {
                EXPECT_EQ(entered.error().message(), sentence_for(from)) << "it says where the domain is";
            }
        }
    }
}

TEST(Life, SavingAndMovingEndWhereTheyBegan)
{
    for (const Phase work : {Phase::Saving, Phase::Moving}) {
        for (const Phase before : {Phase::Running, Phase::Paused}) {
            Life life = life_in(before);
            ASSERT_TRUE(life.enter(work));
            EXPECT_EQ(life.is_to_run(), before == Phase::Running);
            ASSERT_TRUE(life.go_back());
            EXPECT_EQ(life.phase(), before);
        }
    }
}

// A full host disk, while the guest's memory is on its way.
TEST(Life, StandsStillAfterwardsIfItHadTo)
{
    for (const Phase work : {Phase::Saving, Phase::Moving}) {
        Life life = life_in(Phase::Running);
        ASSERT_TRUE(life.enter(work));
        life.stand_still();
        EXPECT_EQ(life.phase(), work);
        EXPECT_FALSE(life.is_to_run());
        ASSERT_TRUE(life.go_back());
        EXPECT_EQ(life.phase(), Phase::Paused);
    }
}

TEST(Life, StandingStillPausesWhatRunsAndChangesNothingElse)
{
    for (const Phase phase : all_phases()) {
        Life life = life_in(phase);
        life.stand_still();
        EXPECT_EQ(life.phase(), phase == Phase::Running ? Phase::Paused : phase);
        EXPECT_FALSE(life.is_to_run()) << name_of(phase);
    }
}

TEST(Life, GoesBackFromNothingButWork)
{
    for (const Phase phase : all_phases()) {
        Life life = life_in(phase);
        const bool work = phase == Phase::Saving || phase == Phase::Moving;
        EXPECT_EQ(life.go_back().has_value(), work) << name_of(phase);
        EXPECT_EQ(life.phase(), work ? Phase::Running : phase);
    }
}

TEST(Life, ShowsTheLettersOfXm)
{
    const std::map<Phase, std::string> letters{
        {Phase::Building, "------"},   {Phase::Arriving, "------"},   {Phase::Running, "r-----"},
        {Phase::Paused, "--p---"},     {Phase::Saving, "--p---"},     {Phase::Moving, "r-----"},
        {Phase::HandedOver, "--p---"}, {Phase::PoweredOff, "---s--"}, {Phase::Crashed, "----c-"},
        {Phase::Ended, "-----d"},
    };
    for (const Phase phase : all_phases()) {
        const Life life = life_in(phase);
        EXPECT_EQ(life.letters(Doing::Work), letters.at(phase)) << name_of(phase);
        const bool runs = phase == Phase::Running || phase == Phase::Moving;
        EXPECT_EQ(life.letters(Doing::Nothing), runs ? "-b----" : letters.at(phase)) << name_of(phase);
    }
    Life paused = life_in(Phase::Paused);
    ASSERT_TRUE(paused.enter(Phase::Moving));
    EXPECT_EQ(paused.letters(Doing::Work), "--p---") << "a paused guest stays paused on its way";
}

// What was asked for before the guest ended once means nothing to its next end.
TEST(Life, TheEndThatWasAskedForIsTakenOnce)
{
    Life life = life_in(Phase::Running);
    EXPECT_EQ(life.take_expected(), Life::End::PowerOff);
    life.expect(Life::End::Reboot);
    EXPECT_EQ(life.take_expected(), Life::End::Reboot);
    EXPECT_EQ(life.take_expected(), Life::End::PowerOff);
}

TEST(Phases, HaveNamesAndSentencesOfTheirOwn)
{
    std::set<std::string_view> names;
    for (const Phase phase : all_phases()) {
        EXPECT_TRUE(names.insert(name_of(phase)).second) << name_of(phase);
        EXPECT_THAT(std::string{sentence_for(phase)}, Not(HasSubstr(".")));
        EXPECT_GT(sentence_for(phase).size(), 20u);
    }
}

TEST(Phases, AreSets)
{
    for (const Phase phase : all_phases()) {
        EXPECT_EQ(kAtRest.has(phase), phase == Phase::Running || phase == Phase::Paused || phase == Phase::HandedOver);
        EXPECT_EQ(kAlive.has(phase), kAtRest.has(phase) || phase == Phase::Saving || phase == Phase::Moving);
        EXPECT_FALSE(Phases({}).has(phase));
    }
}

} // namespace
} // namespace windsor::domain
