// SPDX-License-Identifier: GPL-2.0-or-later
// Every chip's state goes through a file into another chip of its kind, which then is the same.
#include "base/clock.hpp"
#include "devices/ac97/saved_state.hpp"
#include "devices/acpi_pm/saved_state.hpp"
#include "devices/dma/saved_state.hpp"
#include "devices/e1000/saved_state.hpp"
#include "devices/floppy/saved_state.hpp"
#include "devices/fw_debug/saved_state.hpp"
#include "devices/i8042/saved_state.hpp"
#include "devices/ide/saved_state.hpp"
#include "devices/ioapic/saved_state.hpp"
#include "devices/lapic/saved_state.hpp"
#include "devices/pic/saved_state.hpp"
#include "devices/piix3/saved_state.hpp"
#include "devices/pit/saved_state.hpp"
#include "devices/rtc/saved_state.hpp"
#include "devices/rtl8139/saved_state.hpp"
#include "devices/uart/saved_state.hpp"
#include "devices/uhci/saved_state.hpp"
#include "devices/usb_hid/saved_state.hpp"
#include "devices/vga/cirrus/saved_state.hpp"
#include "devices/vga/saved_state.hpp"
#include "state/testing_structs.hpp"

namespace windsor::devices {

namespace {

constexpr std::uint64_t kSeeds = 200;

class NoSignals final : public lapic::ProcessorSignals {
public:
    void nmi() override {}
    void init() override {}
    void startup(std::uint8_t) override {}
    void interrupt(bool) override {}
};

class NoCharacters final : public backend::CharacterSink {
public:
    void transmit(std::uint8_t) override {}
    void input_wanted() override {}
};

class NoMedium final : public backend::BlockMedia {
public:
    explicit NoMedium(std::uint64_t size = 1 << 20) : size_{size} {}
    std::uint64_t size_bytes() const override { return size_; }
    bool read_only() const override { return false; }
    void read(std::uint64_t, std::span<std::uint8_t>, Done done) override { done({}); }
    void write(std::uint64_t, std::span<const std::uint8_t>, Done done) override { done({}); }
    void flush(Done done) override { done({}); }

private:
    std::uint64_t size_;
};

class SavedChips : public testing::Test {
protected:
    void SetUp() override { clock_.set(1000 * base::kSecond); }

    // The first chip takes any values, as far as they make sense to it; the second is what a file makes of the first.
    // `derived` are fields that follow from the time of loading.
    template <typename Make> void round_trip(const char* name, Make make, const char* derived = "")
    {
        using State = std::remove_cvref_t<decltype(make()->state())>;
        state::expect_all_described<State>(name);
        const state::Value fresh = state::pack(make()->state());
        state::FieldSets fields;
        for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
            const auto first = make();
            first->load(state::filled<State>(seed));
            const auto second = make();
            second->load(state::through_a_file(first->state()));
            EXPECT_EQ(state::difference(state::pack(first->state()), state::pack(second->state())), "")
                << name << ", seed " << seed;
            state::compare_fields(state::pack(second->state()), fresh, name, fields);
        }
        EXPECT_EQ(fields.untouched(), derived) << "never taken over from what is saved";
    }

    base::ManualClock clock_;
    base::TimerQueue timers_;
    memory::GuestMemory memory_;
    NoSignals signals_;
    NoCharacters characters_;
    lapic::ApicBus bus_;
    i8042::A20Gate a20_;
};

TEST_F(SavedChips, IntervalTimer)
{
    round_trip("pit", [this] { return std::make_unique<pit::Pit>(clock_, timers_); });
    pit::Pit timer{clock_, timers_};
    round_trip("system control", [&] { return std::make_unique<pit::SystemControlPort>(timer, clock_); });
}

TEST_F(SavedChips, RealTimeClock)
{
    const auto make = [this] {
        return std::make_unique<rtc::Rtc>(clock_, timers_, bus::IrqLine{}, rtc::Rtc::Options{});
    };
    round_trip("rtc", make, "rtc.seen ");
}

TEST_F(SavedChips, InterruptControllers)
{
    round_trip("pic", [] { return std::make_unique<pic::Pic>(); });
    round_trip("ioapic", [] {
        return std::make_unique<ioapic::IoApic>(24, [](const lapic::Message&) { return true; });
    });
    round_trip("lapic", [this] {
        return std::make_unique<lapic::Lapic>(clock_, timers_, bus_, signals_, lapic::Lapic::Options{});
    });
    round_trip("apic bus", [] { return std::make_unique<lapic::ApicBus>(); });
}

TEST_F(SavedChips, DmaControllers)
{
    round_trip("dma", [this] { return std::make_unique<dma::Dma>(memory_); });
}

TEST_F(SavedChips, KeyboardAndMouse)
{
    round_trip("i8042", [this] {
        return std::make_unique<i8042::I8042>(clock_, timers_, a20_, i8042::I8042::Options{});
    });
    round_trip("port 92", [this] { return std::make_unique<i8042::SystemControlPortA>(a20_, [] {}); });
    state::expect_all_described<i8042::A20Gate::State>("a20");
    i8042::A20Gate gate;
    gate.load(state::through_a_file(i8042::A20Gate::State{.enabled = false}));
    EXPECT_FALSE(gate.enabled());
}

TEST_F(SavedChips, SerialPort)
{
    round_trip("uart", [this] {
        return std::make_unique<uart::Uart16550>(clock_, timers_, bus::IrqLine{}, characters_);
    });
}

TEST_F(SavedChips, Usb)
{
    const auto make = [this] { return std::make_unique<uhci::Uhci>(clock_, timers_, memory_); };
    round_trip("uhci", make);
    uhci::Uhci host{clock_, timers_, memory_};
    // The last report is kept for what stays after it: where the pointer is, and the buttons.
    round_trip(
        "usb_hid", [&] { return std::make_unique<usb_hid::HidDevice>(clock_, host.port(0)); },
        "usb_hid.input.last.dx usb_hid.input.last.dy usb_hid.input.last.wheel ");
}

TEST_F(SavedChips, SoundCard)
{
    round_trip("ac97",
               [this] { return std::make_unique<ac97::Ac97>(clock_, timers_, memory_, ac97::Ac97::Options{}); });
}

TEST_F(SavedChips, PowerManagement)
{
    const auto make = [this] {
        return std::make_unique<acpi_pm::PowerManagement>(clock_, timers_, acpi_pm::PowerManagement::Wiring{});
    };
    round_trip("acpi", make, "acpi.registers.timer_changes ");
}

TEST_F(SavedChips, Display)
{
    round_trip("vga", [this] { return vga::Vga::create(memory_, clock_).value(); });
    // The DAC's entries have six bits a component there.
    round_trip(
        "cirrus", [this] { return vga::cirrus::Cirrus::create(memory_, clock_).value(); },
        "cirrus.registers.dac_8bit ");
}

TEST_F(SavedChips, GigabitNetworkCard)
{
    round_trip("e1000",
               [this] { return std::make_unique<e1000::E1000>(clock_, timers_, memory_, e1000::E1000::Options{}); });
}

TEST_F(SavedChips, Drives)
{
    round_trip("hda", [] {
        return std::make_unique<ide::HardDisk>(
            ide::HardDisk::Config{.name = "hda", .media = std::make_shared<NoMedium>()});
    });
    round_trip("hdc", [] { return std::make_unique<ide::CdRom>(ide::CdRom::Config{.name = "hdc"}); });
    round_trip("bus master", [this] { return std::make_unique<ide::BusMaster>(memory_); });
    state::expect_all_described<ide::Channel::State>("channel");
    ide::Channel first{{}, memory_};
    first.load({.control = 2, .selected = 1}, {.command = 1});
    EXPECT_EQ(state::pack(state::through_a_file(first.state())), state::pack(first.state()));
}

TEST_F(SavedChips, NetworkCard)
{
    round_trip("rtl8139", [this] {
        return std::make_unique<rtl8139::Rtl8139>(clock_, timers_, memory_, backend::MacAddress{}, nullptr);
    });
}

TEST_F(SavedChips, FloppyController)
{
    round_trip("floppy", [this] {
        const auto drive = [](const char* name) {
            return std::make_unique<floppy::FloppyDrive>(name, floppy::DriveKind::Inch3Mb144,
                                                         std::make_shared<NoMedium>(1'474'560));
        };
        return std::make_unique<floppy::Controller>(clock_, timers_, bus::IrqLine{}, nullptr,
                                                    floppy::Controller::Drives{drive("fda"), drive("fdb")});
    });
}

TEST_F(SavedChips, PciAndFirmwarePorts)
{
    round_trip("function", [] { return std::make_unique<pci::Function>(pci::Identity{}); });
    round_trip("bus", [] { return std::make_unique<pci::Bus>(); });
    round_trip("numeric error", [] { return std::make_unique<piix3::NumericError>(bus::IrqLine{}); });
    round_trip("reset control", [] { return std::make_unique<piix3::ResetControl>([](piix3::ResetKind) {}); });
    round_trip("debug port", [] { return std::make_unique<fw_debug::DebugPort>([](std::string_view) {}); });
}

// The clock's deadlines are those of the first machine, not new ones.
TEST_F(SavedChips, ASerialPortsDeadlinesStayWhereTheyWere)
{
    uart::Uart16550 first{clock_, timers_, {}, characters_};
    first.load({.fcr = 1, .divisor = 12});
    const std::uint8_t character = 'x';
    ASSERT_EQ(first.receive(std::span{&character, 1}), 1u);
    const auto deadline = first.state().timeout_at;
    ASSERT_TRUE(deadline.has_value());
    clock_.set(*deadline - 1);
    base::TimerQueue others;
    uart::Uart16550 second{clock_, others, {}, characters_};
    second.load(state::through_a_file(first.state()));
    EXPECT_EQ(others.next_deadline(), deadline);
    clock_.advance(1);
    others.run_due(clock_.now());
    EXPECT_TRUE(second.state().timeout_pending);
}

// A guest that had moved its local APIC finds it there again.
TEST_F(SavedChips, ALocalApicSaysWhereItsPageIs)
{
    std::optional<std::uint64_t> page;
    lapic::Lapic first{clock_, timers_, bus_, signals_, {}};
    ASSERT_TRUE(first.set_apic_base(0xd000'0000 | lapic::kBaseEnable));
    lapic::Lapic second{clock_, timers_, bus_, signals_,
                        {.on_page_moved = [&](std::optional<std::uint64_t> base) { page = base; }}};
    second.load(state::through_a_file(first.state()));
    EXPECT_EQ(page, 0xd000'0000u);
}

} // namespace

} // namespace windsor::devices
