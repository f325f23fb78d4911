// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/phase.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace windsor::domain {

namespace {

struct Description {
    Phase phase;
    std::string_view name;
    std::string_view letters;
    std::string_view sentence;
};

constexpr std::string_view kGuestEnded = "the guest has ended; only 'destroy' is left for what is preserved of it";

// In the order of the enumeration.
constexpr std::array kPhases{
    Description{Phase::Building, "building", "------", "the domain is being made; wait for it"},
    Description{Phase::Arriving, "arriving", "------", "the domain is on its way from another host; wait for it"},
    Description{Phase::Running, "running", "r-----", "the domain runs; pause it first"},
    Description{Phase::Paused, "paused", "--p---", "the domain is paused; unpause it first"},
    Description{Phase::Saving, "saving", "--p---",
                "the domain is being saved; wait for it, or interrupt that with Ctrl-C"},
    Description{Phase::Moving, "moving", "r-----",
                "the domain is being moved to another host; wait for it, or interrupt that with Ctrl-C"},
    Description{Phase::HandedOver, "handed-over", "--p---",
                "the domain has been handed over to another host already; 'unpause' tries to go on here"},
    Description{Phase::PoweredOff, "powered-off", "---s--", kGuestEnded},
    Description{Phase::Crashed, "crashed", "----c-", kGuestEnded},
    Description{Phase::Ended, "ended", "-----d", "the domain is on its way out"},
};

constexpr auto kNames = [] {
    std::array<Phase, kPhases.size()> all{};
    std::ranges::transform(kPhases, all.begin(), &Description::phase);
    return all;
}();
static_assert(std::ranges::is_sorted(kNames) && kNames.back() == Phase::Ended);

const Description& description_of(Phase phase)
{
    return kPhases.at(static_cast<std::size_t>(phase));
}

// From each phase to those behind it, and no others. Saving and Moving begin and end in Running and Paused; if the
// guest ends meanwhile, they are given up first. A guest that restarts stays in its phase.
constexpr std::array<std::pair<Phase, Phases>, kPhases.size()> kWays{{
    {Phase::Building, {Phase::Arriving, Phase::Running, Phase::Paused, Phase::Ended}},
    {Phase::Arriving, {Phase::Running, Phase::Paused, Phase::Ended}},
    {Phase::Running,
     {Phase::Running, Phase::Paused, Phase::Saving, Phase::Moving, Phase::PoweredOff, Phase::Crashed, Phase::Ended}},
    {Phase::Paused,
     {Phase::Running, Phase::Paused, Phase::Saving, Phase::Moving, Phase::PoweredOff, Phase::Crashed, Phase::Ended}},
    {Phase::Saving, {Phase::Running, Phase::Paused, Phase::Ended}},
    {Phase::Moving, {Phase::Running, Phase::Paused, Phase::HandedOver, Phase::Ended}},
    {Phase::HandedOver, {Phase::Running, Phase::PoweredOff, Phase::Crashed, Phase::Ended}},
    {Phase::PoweredOff, {Phase::Ended}},
    {Phase::Crashed, {Phase::Ended}},
    {Phase::Ended, {Phase::Ended}},
}};

bool is_work(Phase phase)
{
    return phase == Phase::Saving || phase == Phase::Moving;
}

} // namespace

std::span<const Phase> all_phases()
{
    return kNames;
}

std::string_view name_of(Phase phase)
{
    return description_of(phase).name;
}

std::string_view sentence_for(Phase phase)
{
    return description_of(phase).sentence;
}

base::Status Life::enter(Phase to)
{
    const auto way = std::ranges::find(kWays, phase_, &std::pair<Phase, Phases>::first);
    if (way == kWays.end() || !way->second.has(to)) {
        return base::fail("{}", sentence_for(phase_));
    }
    if (is_work(to)) {
        back_ = phase_;
    }
    phase_ = to;
    return {};
}

base::Status Life::go_back()
{
    if (!is_work(phase_)) {
        return base::fail("{}", sentence_for(phase_));
    }
    return enter(back_);
}

void Life::stand_still()
{
    if (is_work(phase_)) {
        back_ = Phase::Paused;
    } else if (phase_ == Phase::Running) {
        phase_ = Phase::Paused;
    }
}

bool Life::is_to_run() const
{
    return phase_ == Phase::Running || (is_work(phase_) && back_ == Phase::Running);
}

std::string_view Life::letters(Doing doing) const
{
    const Phase shown = phase_ == Phase::Moving ? back_ : phase_; // it makes no difference to the guest
    return shown == Phase::Running && doing == Doing::Nothing ? "-b----" : description_of(shown).letters;
}

Life::End Life::take_expected()
{
    return std::exchange(expected_, End::PowerOff);
}

} // namespace windsor::domain
