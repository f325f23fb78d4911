// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the saved states of chips, which then serve accesses and let time pass.
#include "base/clock.hpp"
#include "devices/ac97/saved_state.hpp"
#include "devices/acpi_pm/saved_state.hpp"
#include "devices/dma/saved_state.hpp"
#include "devices/e1000/saved_state.hpp"
#include "devices/floppy/saved_state.hpp"
#include "devices/i8042/saved_state.hpp"
#include "devices/ide/controller.hpp"
#include "devices/ide/saved_state.hpp"
#include "devices/ioapic/saved_state.hpp"
#include "devices/lapic/saved_state.hpp"
#include "devices/pic/saved_state.hpp"
#include "devices/pit/saved_state.hpp"
#include "devices/rtc/saved_state.hpp"
#include "devices/rtl8139/saved_state.hpp"
#include "devices/uart/saved_state.hpp"
#include "devices/uhci/saved_state.hpp"
#include "devices/usb_hid/saved_state.hpp"
#include "devices/vga/saved_state.hpp"
#include "state/filler.hpp"

#include <cstdlib>
#include <cstring>

namespace {

using namespace windsor;
using namespace windsor::devices;

constexpr std::uint64_t kDiskBytes = 1 << 20;
constexpr std::uint64_t kFloppyBytes = 1'474'560;

class Disk final : public backend::BlockMedia {
public:
    explicit Disk(std::uint64_t size = kDiskBytes) : size_{size} {}
    std::uint64_t size_bytes() const override { return size_; }
    bool read_only() const override { return false; }
    void read(std::uint64_t offset, std::span<std::uint8_t> buffer, Done done) override { serve(offset, buffer, done); }
    void write(std::uint64_t offset, std::span<const std::uint8_t> buffer, Done done) override
    {
        serve(offset, buffer, done);
    }
    void flush(Done done) override { done({}); }

private:
    void serve(std::uint64_t offset, std::span<const std::uint8_t> buffer, const Done& done) const
    {
        const bool within = offset <= size_ && buffer.size() <= size_ - offset;
        done(within ? base::Status{} : base::fail("beyond the end"));
    }

    std::uint64_t size_;
};

// The controllers' channels as the floppy drives see them.
class Channels final : public chipset::IsaDma {
public:
    explicit Channels(dma::Dma& dma) : dma_{dma} {}
    void set_request(unsigned channel, bool level) override { dma_.set_request(channel, level); }
    Transfer read(unsigned channel, std::span<std::uint8_t> into) override { return dma_.read(channel, into); }
    Transfer write(unsigned channel, std::span<const std::uint8_t> from) override { return dma_.write(channel, from); }

private:
    dma::Dma& dma_;
};

floppy::Controller::Drives floppy_drives()
{
    const auto drive = [](const char* name) {
        return std::make_unique<floppy::FloppyDrive>(name, floppy::DriveKind::Inch3Mb144,
                                                     std::make_shared<Disk>(kFloppyBytes));
    };
    return {drive("fda"), drive("fdb")};
}

class Signals final : public lapic::ProcessorSignals {
public:
    void nmi() override {}
    void init() override {}
    void startup(std::uint8_t) override {}
    void interrupt(bool) override {}
};

class Link final : public backend::NetworkLink {
public:
    void send(std::span<const std::uint8_t>) override {}
    void input_wanted() override {}
};

class Sink final : public backend::CharacterSink {
public:
    void transmit(std::uint8_t) override {}
    void input_wanted() override {}
};

// The chips, and the handlers by which a guest reaches them.
struct Chips {
    Chips()
    {
        ide.attach(0, std::make_unique<ide::HardDisk>(
                          ide::HardDisk::Config{.name = "hda", .media = std::make_shared<Disk>()}));
        ide.attach(2,
                   std::make_unique<ide::CdRom>(ide::CdRom::Config{.name = "hdc", .media = std::make_shared<Disk>()}));
        handlers = {&pic.master_ports(),
                    &pic.slave_ports(),
                    &lapic,
                    &ioapic,
                    &rtc.ports(),
                    &pit,
                    &dma.first_ports(),
                    &dma.second_ports(),
                    &i8042.data_port(),
                    &i8042.command_port(),
                    &uart,
                    &power.pm_io(),
                    &power.smbus_io(),
                    &vga->ports(),
                    &vga->dispi_ports(),
                    &vga->window(),
                    &vga->registers(),
                    &ide.channel(0).command_ports(),
                    &ide.channel(1).command_ports(),
                    &ide.bus_master_ports(),
                    &rtl8139,
                    &network.memory_registers(),
                    &network.io_registers(),
                    &floppy,
                    &floppy.digital_input(),
                    &uhci,
                    &ac97.mixer(),
                    &ac97.masters()};
    }

    template <typename Chip> void load(Chip& chip, state::Filler& filler)
    {
        auto state = chip.state();
        filler.fill(state);
        chip.load(state);
    }

    void load_all(state::Filler filler)
    {
        load(pic, filler);
        load(lapic, filler);
        load(ioapic, filler);
        load(static_cast<ide::HardDisk&>(*ide.drive(0)), filler);
        load(static_cast<ide::CdRom&>(*ide.drive(2)), filler);
        for (unsigned index = 0; index < ide::kChannels; ++index) {
            ide::BusMaster::State bus_master;
            ide::Channel::State channel;
            filler.fill(bus_master);
            filler.fill(channel);
            ide.channel(index).load(channel, bus_master);
        }
        load(rtc, filler);
        load(pit, filler);
        load(dma, filler);
        load(i8042, filler);
        load(uart, filler);
        load(power, filler);
        load(*vga, filler);
        load(rtl8139, filler);
        load(network, filler);
        load(floppy, filler);
        load(uhci, filler);
        load(ac97, filler);
        load(tablet, filler);
    }

    // A state that a chip is in is one that it takes: who restores machines refuses what load() has to put right.
    template <typename Chip> static void check(Chip& chip)
    {
        const auto state = chip.state();
        chip.load(state);
        if (!state::difference(state::pack(state), state::pack(chip.state())).empty()) {
            std::abort();
        }
    }

    void check_all()
    {
        rtc.settle();
        pit.settle();
        i8042.settle();
        power.settle();
        rtl8139.settle();
        network.settle();
        floppy.settle();
        uhci.settle();
        ac97.settle();
        check(pic);
        check(lapic);
        check(ioapic);
        check(rtc);
        check(pit);
        check(dma);
        check(i8042);
        check(uart);
        check(power);
        check(*vga);
        check(rtl8139);
        check(network);
        check(floppy);
        check(uhci);
        check(ac97);
        check(tablet);
        if (!ide.drive(0)->media_busy() &&
            !ide.drive(2)->media_busy()) { // a machine waits for its drives before it is saved
            check(static_cast<ide::HardDisk&>(*ide.drive(0)));
            check(static_cast<ide::CdRom&>(*ide.drive(2)));
        }
    }

    base::ManualClock clock;
    base::TimerQueue timers;
    memory::GuestMemory memory;
    Signals signals;
    Sink sink;
    lapic::ApicBus bus;
    i8042::A20Gate a20;
    pic::Pic pic;
    lapic::Lapic lapic{clock, timers, bus, signals, {}};
    ioapic::IoApic ioapic{24, [this](const lapic::Message& message) { return bus.deliver(message); }};
    rtc::Rtc rtc{clock, timers, {}, {}};
    pit::Pit pit{clock, timers};
    dma::Dma dma{memory};
    i8042::I8042 i8042{clock, timers, a20, {}};
    uart::Uart16550 uart{clock, timers, {}, sink};
    acpi_pm::PowerManagement power{clock, timers, {}};
    std::unique_ptr<vga::Vga> vga{vga::Vga::create(memory, clock).value()};
    ide::Controller ide{{}, {}, memory};
    Link link;
    rtl8139::Rtl8139 rtl8139{clock, timers, memory, {}, &link};
    e1000::E1000 network{clock, timers, memory, {}};
    Channels channels{dma};
    floppy::Controller floppy{clock, timers, {}, &channels, floppy_drives()};
    uhci::Uhci uhci{clock, timers, memory};
    ac97::Ac97 ac97{clock, timers, memory, {}};
    usb_hid::HidDevice tablet{clock, uhci.port(0)};
    std::vector<bus::AccessHandler*> handlers;
};

void access(Chips& chips, std::uint8_t which, std::uint8_t offset, std::uint8_t value)
{
    constexpr std::array kWidths{bus::Width::Byte, bus::Width::Word, bus::Width::Dword};
    bus::AccessHandler& handler = *chips.handlers[(which & 31) % chips.handlers.size()];
    const bus::Width width = kWidths[offset >> 6 & 1 ? value % 3u : 0];
    if ((which & 0x20) != 0) {
        static_cast<void>(handler.write(offset & 15, width, value));
    } else {
        static_cast<void>(handler.read(offset & 15, width));
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::uint64_t seed = 0;
    if (size < sizeof seed) {
        return 0;
    }
    std::memcpy(&seed, data, sizeof seed);
    Chips chips;
    chips.clock.set(base::kSecond);
    chips.load_all(state::Filler{seed});
    for (std::size_t i = sizeof seed; i + 2 < size; i += 3) {
        if (data[i] < 0xc0) {
            access(chips, data[i], data[i + 1], data[i + 2]);
            continue;
        }
        chips.clock.advance(std::int64_t{data[i + 1]} << (data[i + 2] & 23));
        chips.timers.run_due(chips.clock.now());
    }
    chips.check_all();
    backend::Picture picture; // once: it may be large
    chips.vga->update(picture);
    return 0;
}
