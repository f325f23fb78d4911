// SPDX-License-Identifier: GPL-2.0-or-later
// The host controller as drivers see it: registers, ports, schedules, interrupts.
#include "devices/uhci/saved_state.hpp"
#include "devices/usb_bench.hpp"

#include <gmock/gmock.h>

namespace windsor::devices::uhci {

namespace {

using backend::UsbKind;
using chipset::usb::Token;

class Uhci : public ::testing::Test, public UsbBench {
protected:
    // A tablet at port 1 with address 1, of which a driver may ask for reports.
    void plug_tablet()
    {
        devices[0].plug(UsbKind::Tablet);
        start();
        set_up(0, 1);
        out16(reg::kStatus, 0xffff);
    }
    static std::uint32_t ask(bool data1 = false, std::size_t length = 8)
    {
        return token(Token::In, 1, 1, data1, length);
    }
    std::uint16_t frames_later(unsigned frames)
    {
        const std::uint16_t before = in16(reg::kFrameNumber);
        pass(frames * base::kMillisecond);
        return static_cast<std::uint16_t>((in16(reg::kFrameNumber) - before) & kFrameNumberBits);
    }
};

TEST_F(Uhci, IsThePiix3sFunction)
{
    EXPECT_EQ(host.config_read(0, 4), 0x7020'8086U);
    EXPECT_EQ(host.config_read(8, 4) >> 8, kClassUhci);
    EXPECT_EQ(host.config_read(0x3d, 1), 4U);
    EXPECT_EQ(host.config_read(0x60, 1), 0x10U);
    host.config_write(0x20, 4, 0xffff'ffff);
    EXPECT_EQ(host.config_read(0x20, 4), 0xffff'ffe1U) << "32 ports";
}

TEST_F(Uhci, HasItsRegistersAfterReset)
{
    EXPECT_EQ(in16(reg::kCommand), 0);
    EXPECT_EQ(in16(reg::kStatus), status::kHalted);
    EXPECT_EQ(in(reg::kStartOfFrame, bus::Width::Byte), 64U);
    EXPECT_EQ(port(0), port::kAlwaysOne);
    EXPECT_EQ(port(2) & port::kAlwaysOne, 0) << "the end of the ports";
    out32(reg::kFrameListLow, 0x1234'5678);
    EXPECT_EQ(in(reg::kFrameListLow, bus::Width::Dword), 0x1234'5000U);
    host.write(reg::kFrameListHigh + 1, bus::Width::Byte, 0xab);
    EXPECT_EQ(in(reg::kFrameListLow, bus::Width::Dword), 0xab34'5000U);
}

TEST_F(Uhci, CountsFramesWhileItRuns)
{
    EXPECT_EQ(frames_later(10), 0);
    start();
    EXPECT_EQ(in16(reg::kStatus) & status::kHalted, 0);
    EXPECT_EQ(frames_later(10), 10);
    EXPECT_EQ(frames_later(1000), 1000);
    host.write(reg::kStartOfFrame, bus::Width::Byte, 0); // 11,936 of 12,000 bits
    EXPECT_EQ(frames_later(1500), 1508);
    out16(reg::kCommand, 0);
    EXPECT_EQ(frames_later(10), 0);
    EXPECT_EQ(in16(reg::kStatus), status::kHalted);
}

TEST_F(Uhci, WakesTheHostSeldomWhileNobodyHasNews)
{
    plug_tablet();
    queue({ask()});
    pass(500 * base::kMillisecond);
    unsigned wakes = 0;
    for (const base::Nanoseconds end = clock.now() + base::kSecond; clock.now() < end; ++wakes) {
        const auto next = timers.next_deadline();
        ASSERT_TRUE(next);
        clock.set(*next);
        timers.run_due(clock.now());
    }
    EXPECT_LE(wakes, 40U);
    EXPECT_TRUE(devices[0].in_use()) << "the frames are done all the same";
    devices[0].move_to(1, 2, 0, 0);
    pass(2 * base::kMillisecond);
    EXPECT_EQ(status_of(0) & td::kActive, 0U) << "and news are heard at once";
}

// Somebody moves the pointer, or plugs a device in, while a machine stands still and is being saved.
TEST_F(Uhci, LeavesMemoryAloneUntilItsTimerComes)
{
    plug_tablet();
    queue({ask()});
    clock.advance(20 * base::kMillisecond);
    const Octets before{bytes(0, kMemoryBytes).begin(), bytes(0, kMemoryBytes).end()};
    devices[0].move_to(1, 2, 0, 0);
    devices[1].plug(UsbKind::Mouse);
    EXPECT_TRUE(std::ranges::equal(before, bytes(0, kMemoryBytes)));
    timers.run_due(clock.now());
    EXPECT_EQ(status_of(0) & td::kActive, 0U) << "the news are not lost";
}

TEST_F(Uhci, WakesTheHostSeldomWhileItMayNotUseTheBus)
{
    plug_tablet();
    devices[0].move_to(1, 2, 0, 0);
    queue({ask()});
    host.config_write(4, 2, pci::kCommandIo);
    for (unsigned i = 0; i < 10; ++i) {
        pass(50 * base::kMillisecond); // the controller leaves frames out where the host is later than this
    }
    const auto next = timers.next_deadline();
    ASSERT_TRUE(next);
    EXPECT_GT(*next - clock.now(), 10 * base::kMillisecond);
    host.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
    pass(2 * base::kMillisecond);
    EXPECT_EQ(status_of(0) & td::kActive, 0U) << "and goes on at once when it may";
}

TEST_F(Uhci, NothingIsConnectedToAPortWithoutADevice)
{
    auto state = host.state();
    state.registers.ports[1] = port::kConnected | port::kEnabled | port::kConnectChange;
    host.load(state);
    devices[1].load(devices[1].state());
    EXPECT_EQ(port(1), port::kConnectChange | port::kAlwaysOne) << "whatever a saved state says";
    devices[1].plug(UsbKind::Mouse);
    EXPECT_NE(port(1) & port::kConnected, 0);
}

TEST_F(Uhci, TellsOfDevicesThatComeAndGo)
{
    devices[1].plug(UsbKind::Mouse);
    EXPECT_EQ(port(0) & port::kConnected, 0);
    EXPECT_EQ(port(1), port::kConnected | port::kConnectChange | port::kAlwaysOne | port::kDataPlus);
    out_port(1, port::kConnectChange);
    EXPECT_EQ(port(1) & port::kConnectChange, 0);
    open_port(1);
    EXPECT_NE(port(1) & port::kEnabled, 0);
    devices[1].plug(UsbKind::None);
    EXPECT_EQ(port(1), port::kConnectChange | port::kEnableChange | port::kAlwaysOne);
    out_port(1, port::kEnabled);
    EXPECT_EQ(port(1) & port::kEnabled, 0) << "nothing is there to be enabled";
}

TEST_F(Uhci, ResetsADeviceByItsPort)
{
    plug_tablet();
    EXPECT_EQ(devices[0].address(), 1);
    out_port(0, port::kReset);
    EXPECT_EQ(devices[0].address(), 0);
    EXPECT_EQ(port(0) & port::kEnabled, 0);
    out_port(0, port::kEnabled | port::kReset);
    EXPECT_EQ(port(0) & port::kEnabled, 0) << "not during the reset";
}

TEST_F(Uhci, HostResetLooksLikeADisconnect)
{
    plug_tablet();
    out16(reg::kCommand, command::kHostReset);
    EXPECT_EQ(in16(reg::kCommand), 0) << "it is over at once";
    EXPECT_EQ(port(0) & (port::kConnected | port::kConnectChange | port::kEnabled | port::kEnableChange),
              port::kConnected | port::kConnectChange | port::kEnableChange);
    EXPECT_EQ(devices[0].address(), 1) << "the device hears nothing of it";
}

TEST_F(Uhci, GlobalResetLastsUntilItIsEnded)
{
    plug_tablet();
    out16(reg::kCommand, command::kGlobalReset | command::kRun);
    EXPECT_EQ(in16(reg::kCommand), command::kGlobalReset);
    EXPECT_EQ(devices[0].address(), 0);
    EXPECT_EQ(port(0), port::kAlwaysOne);
    out16(reg::kCommand, 0);
    EXPECT_EQ(port(0) & (port::kConnected | port::kConnectChange), port::kConnected | port::kConnectChange);
}

TEST_F(Uhci, ANakLeavesATransferForLater)
{
    plug_tablet();
    queue({ask()});
    pass(5 * base::kMillisecond);
    EXPECT_EQ(status_of(0), kFresh | td::kInterruptOnComplete | td::kNak);
    EXPECT_EQ(get32(kQueue + 4), transfer_at(0));
    EXPECT_FALSE(pin.asserted);
    devices[0].move_to(0x1234, 0x7fff, 0, 1);
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(0), (kFresh & ~td::kActive) | td::kInterruptOnComplete | 5);
    EXPECT_EQ(get32(kQueue + 4), link::kTerminate) << "the queue goes on";
    EXPECT_TRUE(pin.asserted);
    EXPECT_EQ(in16(reg::kStatus), status::kInterrupt);
    out16(reg::kStatus, status::kInterrupt);
    EXPECT_FALSE(pin.asserted);
    const auto report = bytes(buffer_at(0), 6);
    EXPECT_THAT(Octets(report.begin(), report.end()), ::testing::ElementsAre(1, 0x34, 0x12, 0xff, 0x7f, 0));
}

TEST_F(Uhci, InterruptsByAnInactiveTransferAtTheFramesEnd)
{
    start();
    put_transfer(0, link::kTerminate, td::kInterruptOnComplete, ask());
    schedule(transfer_at(0));
    pass(base::kMillisecond / 2);
    EXPECT_FALSE(pin.asserted);
    pass(base::kMillisecond);
    EXPECT_TRUE(pin.asserted);
    out16(reg::kInterruptEnable, interrupt::kBits & ~interrupt::kComplete);
    EXPECT_FALSE(pin.asserted);
    EXPECT_EQ(status_of(0), td::kInterruptOnComplete) << "nothing was run";
}

TEST_F(Uhci, AShortPacketHoldsTheQueueIfItIsToBeDetected)
{
    plug_tablet();
    devices[0].move_to(1, 1, 0, 0);
    queue({ask(), ask(true)}, td::kShortPacketDetect);
    pass(2 * base::kMillisecond);
    EXPECT_EQ(status_of(0) & (td::kActive | td::kActualLength), 5U);
    EXPECT_EQ(get32(kQueue + 4), transfer_at(0)) << "where software finds it";
    EXPECT_TRUE(pin.asserted);
    EXPECT_EQ(in16(reg::kStatus), status::kInterrupt);
    out16(reg::kInterruptEnable, interrupt::kBits & ~interrupt::kShortPacket);
    EXPECT_FALSE(pin.asserted);
}

TEST_F(Uhci, GoesDownAQueueOrToTheNext)
{
    plug_tablet();
    devices[0].move_to(1, 1, 0, 0);
    devices[0].move_to(2, 2, 0, 1);
    queue({ask(), ask(true)});
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(1) & td::kActive, 0U) << "depth first: both in one frame";
    devices[0].move_to(3, 3, 0, 0);
    devices[0].move_to(4, 4, 0, 1);
    queue({ask(), ask(true)});
    put32(transfer_at(0), transfer_at(1)); // breadth first
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(0) & td::kActive, 0U);
    EXPECT_NE(status_of(1) & td::kActive, 0U);
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(1) & td::kActive, 0U) << "in the next frame";
}

TEST_F(Uhci, NobodyAnswersForADeviceThatIsNotThere)
{
    start();
    queue({token(Token::In, 9, 1, false, 8)});
    pass(2 * base::kMillisecond);
    EXPECT_EQ(status_of(0), td::kActive | td::kInterruptOnComplete | 1U << td::kErrorCountShift | td::kTimeout);
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(0), td::kStalled | td::kInterruptOnComplete | td::kTimeout | td::kActualLength);
    EXPECT_EQ(in16(reg::kStatus), status::kError | status::kInterrupt);
    EXPECT_TRUE(pin.asserted);
    EXPECT_EQ(get32(kQueue + 4), transfer_at(0)) << "the queue stands";
}

TEST_F(Uhci, WithoutACountErrorsGoOnForever)
{
    start();
    queue({token(Token::Out, 9, 1, false, 0)});
    put32(transfer_at(0) + 4, td::kActive);
    pass(20 * base::kMillisecond);
    EXPECT_EQ(status_of(0), td::kActive | td::kTimeout);
    EXPECT_FALSE(pin.asserted);
}

TEST_F(Uhci, ADeviceThatSaysTooMuchBabbles)
{
    plug_tablet();
    devices[0].move_to(1, 1, 0, 0);
    queue({ask(false, 4)});
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(0) & (td::kActive | td::kStalled | td::kBabble), td::kStalled | td::kBabble);
    EXPECT_EQ(in16(reg::kStatus) & status::kError, status::kError);
    devices[0].move_to(1, 1, 0, 0);
    EXPECT_TRUE(report(1, false)) << "what was not acknowledged comes again";
}

TEST_F(Uhci, APacketOfTheOtherToggleIsDropped)
{
    plug_tablet();
    devices[0].move_to(1, 1, 0, 0);
    devices[0].move_to(2, 2, 0, 1);
    queue({ask(true)});
    pass(base::kMillisecond);
    EXPECT_NE(status_of(0) & td::kActive, 0U);
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(0) & td::kActive, 0U);
    EXPECT_EQ(bytes(buffer_at(0), 2)[1], 2) << "the second";
}

TEST_F(Uhci, AnImpossibleTransferStopsIt)
{
    for (const std::uint32_t wrong : {ask() & ~0xffU, (ask() & 0x1f'ffff) | 0x500U << td::kLengthShift}) {
        start();
        queue({wrong});
        pass(base::kMillisecond);
        EXPECT_EQ(in16(reg::kStatus), status::kProcessError | status::kHalted);
        EXPECT_TRUE(pin.asserted);
        out16(reg::kStatus, 0xffff);
        EXPECT_FALSE(pin.asserted);
        EXPECT_EQ(in16(reg::kStatus), status::kHalted);
    }
}

TEST_F(Uhci, AnAddressWithoutMemoryStopsIt)
{
    start();
    schedule(0x4000'0000);
    pass(base::kMillisecond);
    EXPECT_EQ(in16(reg::kStatus), status::kSystemError | status::kHalted);
    EXPECT_NE(host.config_read(6, 2) & kStatusMasterAbort, 0U);
}

// A loop of queues costs a bounded time, and so does one of transfers.
TEST_F(Uhci, GoesRoundInCirclesForAFrameOnly)
{
    plug_tablet();
    queue({ask()});
    put32(kQueue, kQueue | link::kQueue);
    pass(3 * base::kMillisecond);
    EXPECT_EQ(status_of(0), kFresh | td::kInterruptOnComplete | td::kNak);
    put_transfer(1, transfer_at(1), 0, ask());
    schedule(transfer_at(1));
    EXPECT_EQ(frames_later(10), 10);
    put_transfer(1, transfer_at(1), td::kActive, token(Token::Out, 9, 0, false, 1280));
    EXPECT_EQ(frames_later(10), 10);
}

TEST_F(Uhci, DoesNothingWithoutTheBus)
{
    plug_tablet();
    devices[0].move_to(1, 1, 0, 0);
    host.config_write(4, 2, pci::kCommandIo);
    queue({ask()});
    pass(5 * base::kMillisecond);
    EXPECT_EQ(status_of(0), kFresh | td::kInterruptOnComplete);
}

TEST_F(Uhci, StopsAfterEachTransactionInDebugMode)
{
    plug_tablet();
    devices[0].move_to(1, 1, 0, 0);
    queue({ask(), ask(true)});
    out16(reg::kCommand, command::kRun | command::kSoftwareDebug);
    pass(2 * base::kMillisecond);
    EXPECT_EQ(in16(reg::kStatus) & status::kHalted, status::kHalted);
    EXPECT_EQ(status_of(0) & td::kActive, 0U);
    EXPECT_EQ(status_of(1), kFresh | td::kInterruptOnComplete);
}

TEST_F(Uhci, TheLegacyRegisterRoutesTheInterrupt)
{
    start();
    put_transfer(0, link::kTerminate, td::kInterruptOnComplete, ask());
    schedule(transfer_at(0));
    pass(base::kMillisecond);
    EXPECT_TRUE(pin.asserted);
    EXPECT_EQ(host.config_read(0xc0, 2), 0x3000U);
    host.config_write(0xc0, 2, 0x8f00);
    EXPECT_FALSE(pin.asserted);
    EXPECT_EQ(host.config_read(0xc0, 2), 0x1000U);
    host.config_write(0xc0, 2, 0x2000);
    EXPECT_TRUE(pin.asserted);
}

TEST_F(Uhci, ADeviceEndsAGlobalSuspendIfItMay)
{
    plug_tablet();
    out16(reg::kCommand, command::kGlobalSuspend);
    devices[0].move_to(1, 1, 0, 0);
    EXPECT_EQ(in16(reg::kStatus) & status::kResume, 0) << "it was not allowed to";
    out16(reg::kCommand, command::kRun);
    control(1, {0, usb_hid::request::kSetFeature, 1, 0, 0, 0, 0, 0});
    out16(reg::kCommand, command::kGlobalSuspend);
    devices[0].move_to(2, 1, 0, 0);
    EXPECT_EQ(in16(reg::kStatus) & status::kResume, status::kResume);
    EXPECT_EQ(in16(reg::kCommand), command::kGlobalSuspend | command::kForceResume);
    EXPECT_TRUE(pin.asserted);
}

TEST_F(Uhci, ASuspendedPortIsQuietUntilItResumes)
{
    plug_tablet();
    out_port(0, port::kEnabled | port::kSuspend);
    queue({ask()});
    devices[0].move_to(1, 1, 0, 0);
    pass(base::kMillisecond);
    EXPECT_NE(status_of(0) & td::kTimeout, 0U);
    out_port(0, port::kEnabled | port::kSuspend | port::kResume);
    EXPECT_NE(port(0) & port::kSuspend, 0);
    out_port(0, port::kEnabled | port::kSuspend);
    EXPECT_EQ(port(0) & (port::kSuspend | port::kResume), 0);
    queue({ask()});
    pass(base::kMillisecond);
    EXPECT_EQ(status_of(0) & td::kActive, 0U);
}

TEST_F(Uhci, GoesOnFromASavedState)
{
    plug_tablet();
    queue({ask()});
    pass(3 * base::kMillisecond);
    host.settle();
    UsbBench other;
    other.clock.set(clock.now());
    std::ranges::copy(bytes(0, kMemoryBytes), other.bytes(0, kMemoryBytes).begin());
    other.host.load(host.state());
    other.devices[0].load(devices[0].state());
    EXPECT_EQ(other.in16(reg::kFrameNumber), in16(reg::kFrameNumber));
    EXPECT_EQ(other.port(0), port(0)) << "nobody has pulled or plugged anything";
    EXPECT_TRUE(other.devices[0].in_use());
    other.devices[0].move_to(7, 7, 0, 0);
    other.pass(base::kMillisecond);
    EXPECT_EQ(other.status_of(0) & td::kActive, 0U);
    EXPECT_TRUE(other.pin.asserted);
}

} // namespace

} // namespace windsor::devices::uhci
