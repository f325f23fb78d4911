// SPDX-License-Identifier: GPL-2.0-or-later
// The life of a domain: the phases that it can be in, and the table of the ways from one to another.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace windsor::domain {

enum class Phase : std::uint8_t {
    Building,   // the machine is being made
    Arriving,   // the machine takes over a guest that still runs at another Windsor
    Running,    // the guest runs, or sleeps until an interrupt
    Paused,     // the guest stands still until somebody unpauses it
    Saving,     // the guest stands still while its state is written
    Moving,     // the guest's memory is on its way to another Windsor
    HandedOver, // the guest stands still, and its images were let go for another Windsor, where it may run
    PoweredOff, // the guest has ended, and its screen and memory are preserved
    Crashed,    // the guest has failed, and its screen and memory are preserved
    Ended,      // the domain's process is on its way out
};

// A few phases.
class Phases {
public:
    constexpr Phases(std::initializer_list<Phase> phases)
    {
        for (const Phase phase : phases) {
            bits_ |= bit(phase);
        }
    }
    constexpr bool has(Phase phase) const { return (bits_ & bit(phase)) != 0; }

private:
    static constexpr unsigned bit(Phase phase) { return 1u << static_cast<unsigned>(phase); }

    unsigned bits_{0};
};

constexpr Phases kAnyPhase{Phase::Building, Phase::Arriving,   Phase::Running,    Phase::Paused,  Phase::Saving,
                           Phase::Moving,   Phase::HandedOver, Phase::PoweredOff, Phase::Crashed, Phase::Ended};
// The guest has not ended.
constexpr Phases kAlive{Phase::Running, Phase::Paused, Phase::Saving, Phase::Moving, Phase::HandedOver};
// Nothing is at work that the guest must be left alone for.
constexpr Phases kAtRest{Phase::Running, Phase::Paused, Phase::HandedOver};

std::span<const Phase> all_phases();
// As requests and answers call it: "handed-over".
std::string_view name_of(Phase phase);
// Why something cannot be done in that phase, and what can be: a sentence without an end, such as "the domain is being
// saved; wait for it".
std::string_view sentence_for(Phase phase);

// Whether any of the guest's processors has something to do.
enum class Doing : std::uint8_t { Work, Nothing };

// Where a domain is in its life. Nobody goes a way that the table does not have: whoever tries is told so.
class Life {
public:
    Phase phase() const { return phase_; }
    bool is_in(Phases phases) const { return phases.has(phase_); }

    // Fails with what the domain does now if there is no way from there.
    base::Status enter(Phase to);
    // Out of Saving or Moving: to Running or Paused, as it was before, or as stand_still() has it since. Fails in other
    // phases.
    base::Status go_back();
    // The guest is not to run on its own: Running becomes Paused, and Saving and Moving end in Paused. In other phases
    // it does not run anyway.
    void stand_still();
    // Whether the guest is to run when nothing keeps it from it: it runs, or will when it has been saved or has not
    // been moved.
    bool is_to_run() const;

    // In the columns of xm list: running, blocked, paused, shut down, crashed, dying.
    std::string_view letters(Doing doing) const;

    // What the guest's next end means to who asked for it. Its end uses that up.
    enum class End : std::uint8_t { PowerOff, Reboot };
    void expect(End end) { expected_ = end; }
    End take_expected();

private:
    Phase phase_{Phase::Building};
    Phase back_{Phase::Paused}; // from Saving and Moving
    End expected_{End::PowerOff};
};

} // namespace windsor::domain
