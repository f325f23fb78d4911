// SPDX-License-Identifier: GPL-2.0-or-later
#include "vcpu/engine.hpp"
#include "vcpu/signals.hpp"

#include <chrono>
#include <future>
#include <gtest/gtest.h>

namespace windsor::vcpu {

namespace {

class Counted final : public Signals::Kick {
public:
    void send() override { ++sent; }
    int sent{0};
};

TEST(Signals, AreRaisedAndTaken)
{
    Signals signals;
    signals.raise(Signal::Nmi);
    EXPECT_TRUE(signals.test(Signal::Nmi));
    EXPECT_TRUE(signals.take(Signal::Nmi));
    EXPECT_FALSE(signals.take(Signal::Nmi));
    signals.raise_sipi(0x9a);
    EXPECT_TRUE(signals.test(Signal::Sipi));
    EXPECT_EQ(signals.sipi_vector(), 0x9a);
}

// INIT and a start-up IPI behind it may both come before the processor has looked at either.
TEST(Signals, AStartBehindAnInitIsNotIgnored)
{
    Signals signals;
    signals.raise_sipi(1);
    signals.ignore_sipi();
    EXPECT_FALSE(signals.test(Signal::Sipi));
    signals.raise(Signal::Init);
    signals.raise_sipi(2);
    signals.ignore_sipi();
    EXPECT_TRUE(signals.test(Signal::Sipi));
    EXPECT_TRUE(signals.take(Signal::Init));
    signals.ignore_sipi();
    EXPECT_FALSE(signals.test(Signal::Sipi));
}

TEST(Signals, AreDueUnlessMasked)
{
    Signals signals;
    signals.set_masked(masked_signals(Activity::Halted, false, true));
    signals.raise(Signal::Interrupt);
    signals.raise(Signal::Nmi);
    signals.raise(Signal::Sipi);
    signals.raise(Signal::Attention);
    EXPECT_FALSE(signals.due());
    signals.set_masked(masked_signals(Activity::Halted, true, true));
    EXPECT_TRUE(signals.due());
    signals.set_masked(masked_signals(Activity::WaitForSipi, true, false));
    EXPECT_TRUE(signals.due());
    EXPECT_TRUE(signals.take(Signal::Sipi));
    EXPECT_FALSE(signals.due()) << "neither interrupts nor NMIs start a processor";
    signals.raise(Signal::Stop);
    EXPECT_TRUE(signals.due());
}

TEST(Signals, WakeWhoSleepsOnThem)
{
    Signals signals;
    signals.set_masked(masked_signals(Activity::Halted, false, false));
    std::future<void> slept = std::async(std::launch::async, [&] { signals.wait(); });
    signals.raise(Signal::Interrupt);
    signals.raise(Signal::Attention);
    EXPECT_EQ(slept.wait_for(std::chrono::milliseconds{50}), std::future_status::timeout);
    signals.raise(Signal::Nmi);
    slept.get();
    EXPECT_TRUE(signals.due());
}

TEST(Signals, KickARunningEngineButForItsOwnWork)
{
    Signals signals;
    Counted kick;
    signals.raise(Signal::Stop);
    signals.set_kick(&kick);
    signals.raise(Signal::Attention);
    EXPECT_EQ(kick.sent, 0);
    signals.raise(Signal::Interrupt);
    signals.raise_sipi(1);
    EXPECT_EQ(kick.sent, 2);
    signals.set_kick(nullptr);
    signals.raise(Signal::Nmi);
    EXPECT_EQ(kick.sent, 2);
}

} // namespace

} // namespace windsor::vcpu
