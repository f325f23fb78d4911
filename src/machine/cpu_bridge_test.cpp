// SPDX-License-Identifier: GPL-2.0-or-later
// What a processor may do while somebody else holds the machine lock.
#include "machine/cpu_bridge.hpp"

#include "devices/lapic/spec.hpp"
#include "machine/board_bench.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <gtest/gtest.h>

namespace windsor::machine {

namespace {

namespace lapic = devices::lapic;

constexpr base::GuestPhysical at(lapic::Register reg)
{
    return base::GuestPhysical{lapic::kDefaultBase + std::uint64_t{static_cast<unsigned>(reg)} * 16};
}

class CpuBridgeTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!machine::testing::BoardBench::possible()) {
            GTEST_SKIP() << "Debian's packages seabios and vgabios are not installed";
        }
        bench = std::make_unique<machine::testing::BoardBench>();
        const bus::MachineGuard guard{bench->host.lock()};
        bridge = std::make_unique<CpuBridge>(CpuBridge::Parts{.lock = bench->host.lock(),
                                                              .ports = bench->board->ports(),
                                                              .mmio = bench->board->mmio(),
                                                              .pic = bench->board->interrupts().pic(),
                                                              .socket = *bench->board->interrupts().sockets().front(),
                                                              .taken = [] {},
                                                              .apic = true});
    }

    // Whether another thread comes through with this while the machine lock is held here. Host time only bounds the
    // wait for one that does not.
    bool goes_on(const std::function<void()>& work)
    {
        std::future<void> done;
        bool came_through = false;
        {
            const bus::MachineGuard guard{bench->host.lock()};
            done = std::async(std::launch::async, work);
            came_through = done.wait_for(std::chrono::milliseconds{500}) == std::future_status::ready;
        }
        done.wait();
        return came_through;
    }
    void put(lapic::Register reg, std::uint32_t value) { bridge->mmio_write(at(reg), 4, value); }
    std::uint32_t get(lapic::Register reg) { return static_cast<std::uint32_t>(bridge->mmio_read(at(reg), 4)); }

    std::unique_ptr<machine::testing::BoardBench> bench;
    std::unique_ptr<CpuBridge> bridge;
};

TEST_F(CpuBridgeTest, ItsOwnRegistersNeedNoMachineLock)
{
    EXPECT_TRUE(goes_on([this] {
        bridge->set_task_priority(5);
        EXPECT_EQ(bridge->task_priority(), 5);
        put(lapic::Register::TaskPriority, 0x30);
        EXPECT_EQ(get(lapic::Register::TaskPriority), 0x30U);
        put(lapic::Register::EndOfInterrupt, 0);
        EXPECT_EQ(get(lapic::Register::CurrentCount), 0U);
        EXPECT_TRUE(bridge->read_msr(0x1b).has_value());
    }));
    EXPECT_EQ(bridge->task_priority(), 3);
}

TEST_F(CpuBridgeTest, WhatOthersSeeWaitsForTheMachineLock)
{
    EXPECT_FALSE(goes_on([this] { put(lapic::Register::InitialCount, 1000); }));
    EXPECT_FALSE(goes_on([this] { put(lapic::Register::InterruptCommandLow, 0x40); }));
    EXPECT_FALSE(goes_on([this] { bridge->port_write(base::Port{0x80}, 1, 0); }));
    put(lapic::Register::InitialCount, 1000);
    EXPECT_EQ(get(lapic::Register::InitialCount), 1000U);
}

// An interrupt that comes between a processor's own changes of its priority is not lost.
TEST_F(CpuBridgeTest, PrioritiesAndInterruptsFromOthersAgree)
{
    constexpr int kRounds = 20'000;
    put(lapic::Register::SpuriousVector, lapic::kSvrEnable | 0xff);
    std::future<void> others = std::async(std::launch::async, [this] {
        for (int round = 0; round < kRounds; ++round) {
            const bus::MachineGuard guard{bench->host.lock()};
            lapic::Lapic& apic = bench->board->interrupts().sockets().front()->lapic();
            EXPECT_TRUE(apic.accept({.vector = 0x41}));
        }
    });
    vcpu::Signals& pins = bench->host.signals(0);
    int taken = 0;
    while (others.wait_for(std::chrono::seconds{0}) != std::future_status::ready ||
           pins.test(vcpu::Signal::Interrupt)) {
        bridge->set_task_priority(15);
        bridge->set_task_priority(0);
        if (pins.test(vcpu::Signal::Interrupt) && bridge->acknowledge_interrupt()) {
            put(lapic::Register::EndOfInterrupt, 0);
            ++taken;
        }
    }
    EXPECT_GT(taken, 0);
    const bus::MachineGuard guard{bench->host.lock()};
    const lapic::Lapic& apic = bench->board->interrupts().sockets().front()->lapic();
    EXPECT_FALSE(apic.requested(0x41)) << "nobody has been told of the last one";
}

} // namespace

} // namespace windsor::machine
