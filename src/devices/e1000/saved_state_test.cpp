// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/e1000/saved_state.hpp"

#include "devices/e1000/e1000_bench.hpp"
#include "state/hostile.hpp"
#include "state/testing_structs.hpp"

#include <gtest/gtest.h>

namespace windsor::devices::e1000 {

namespace {

// In the middle of everything: a packet, delays, a negotiation.
E1000::State busy_state(Bench& bench)
{
    bench.bring_up();
    bench.start_receiver();
    bench.start_transmitter();
    bench.write(reg::kItr, 1000);
    bench.write(reg::kRdtr, 1000);
    bench.write(reg::kTidv, 1000);
    bench.write(reg::kIms, cause::kAll);
    static_cast<void>(bench.card.receive(frame_to(kBenchMac)));
    bench.put_data(frame_to(kBenchMac), transmit::kEndOfPacket | transmit::kReportStatus | transmit::kDelayInterrupt);
    bench.put_data(frame_to(kBenchMac), transmit::kVlan);
    bench.go();
    bench.set_phy(0, 0x1340);
    bench.read(reg::kIcr);
    return bench.card.state();
}

void use(Bench& bench)
{
    bench.card.settle();
    for (std::uint32_t offset = 0; offset < 0x6000; offset += 4) {
        bench.read(offset);
    }
    static_cast<void>(bench.card.receive(frame_to(kBenchMac, 1500)));
    bench.put_data(frame_to(kBenchMac), transmit::kEndOfPacket | transmit::kReportStatus);
    bench.go();
    bench.write(reg::kRdt, 3);
    bench.pass(base::kSecond);
}

// Each field with values that a stranger may have written: it is refused, or is what the card says again; and the card
// can be used, after which its state is one that can be saved.
TEST(E1000SavedState, EachHostileValueIsRefusedOrHarmless)
{
    Bench before;
    state::Value value = state::pack(busy_state(before));
    std::vector<state::Leaf> leaves;
    state::collect_leaves(value, "e1000", leaves);
    unsigned taken = 0;
    for (const state::Leaf& leaf : leaves) {
        const state::Value genuine = *leaf.value;
        for (const state::Value& hostile : state::hostile_values(genuine)) {
            *leaf.value = hostile;
            E1000::State forged{};
            if (!state::unpack(value, "e1000", forged)) {
                continue;
            }
            Bench bench;
            bench.clock.set(before.clock.now());
            bench.card.load(forged);
            if (!state::difference(value, state::pack(bench.card.state())).empty()) {
                continue;
            }
            ++taken;
            use(bench);
            const E1000::State after = bench.card.state();
            bench.card.load(after);
            EXPECT_EQ(state::difference(state::pack(after), state::pack(bench.card.state())), "") << leaf.path;
        }
        *leaf.value = genuine;
    }
    EXPECT_GT(taken, leaves.size()); // most registers hold anything
}

} // namespace

} // namespace windsor::devices::e1000
