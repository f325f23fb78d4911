// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as register accesses, DMA set-ups, answers of the media and disc changes.
#include "devices/ide/ide_bench.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using namespace windsor;
using namespace windsor::devices::ide;

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
    bool done() const { return bytes_.empty(); }
    std::uint8_t next()
    {
        if (bytes_.empty()) {
            return 0;
        }
        const std::uint8_t value = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

struct Machine {
    Machine()
    {
        auto disk = std::make_unique<HardDisk>(HardDisk::Config{.name = "hda", .media = disk_media});
        auto cd = std::make_unique<CdRom>(CdRom::Config{.name = "hdb", .media = disc});
        hda = disk.get();
        hdb = cd.get();
        bench.controller.attach(0, std::move(disk));
        bench.controller.attach(1, std::move(cd));
    }

    void set_up_dma(Input& input)
    {
        const std::array<Bench::Region, 2> regions{{{input.next() * 0x1357U, input.next() * 64U},
                                                    {input.next() * 0x2468U, input.next() * 16U}}};
        bench.descriptors(regions);
        bench.start((input.next() & 1) != 0 ? DmaDirection::ToMemory : DmaDirection::FromMemory);
    }

    void packet(Input& input)
    {
        bench.out(Register::Device, 0xB0);
        bench.out(Register::ErrorFeatures, input.next() & 1U);
        bench.out(Register::LbaMid, input.next());
        bench.out(Register::LbaHigh, input.next());
        bench.command(Command::Packet);
        std::array<std::uint8_t, kPacketBytes> bytes{};
        for (auto& each : bytes) {
            each = input.next();
        }
        bench.write_data(bytes);
    }

    void reload()
    {
        if (hda->media_busy() || hdb->media_busy()) {
            return;
        }
        hda->load(hda->state());
        hdb->load(hdb->state());
        bench.controller.channel(0).load(bench.controller.channel(0).state(),
                                         bench.controller.channel(0).bus_master_state());
    }

    void step(Input& input)
    {
        const std::uint8_t action = input.next();
        switch (action & 0x0F) {
        case 0:
        case 1:
        case 2:
            bench.out(static_cast<Register>(action >> 4 & 7), input.next());
            break;
        case 3:
            bench.in(static_cast<Register>(action >> 4 & 7));
            break;
        case 4:
            bench.read_data(std::size_t{input.next()} * 32);
            break;
        case 5:
            bench.write_data(std::vector<std::uint8_t>(std::size_t{input.next()} * 32, action));
            break;
        case 6:
            set_up_dma(input);
            break;
        case 7:
            packet(input);
            break;
        case 8:
        case 9:
            disk_media->step();
            disc->step();
            break;
        case 10:
            bench.control(input.next());
            break;
        case 11:
            (void)((action & 0x10) != 0 ? hdb->insert(disc) : hdb->eject());
            break;
        case 12:
            bench.controller.bus_master_ports().write(action >> 4, bus::Width::Byte, input.next());
            break;
        case 13:
            disk_media->failing = disc->failing = (action & 0x10) != 0;
            break;
        case 14:
            reload();
            break;
        default:
            bench.controller.config_write(4U + (action >> 4) * 4U, 4, input.next());
            break;
        }
    }

    std::shared_ptr<MemoryMedia> disk_media = std::make_shared<MemoryMedia>(600 * 512, MemoryMedia::Answer::Deferred);
    std::shared_ptr<MemoryMedia> disc = std::make_shared<MemoryMedia>(80 * 2048, MemoryMedia::Answer::Deferred, true);
    Bench bench;
    HardDisk* hda{nullptr};
    CdRom* hdb{nullptr};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input{{data, size}};
    Machine machine;
    while (!input.done()) {
        machine.step(input);
    }
    machine.disk_media->run();
    machine.disc->run();
    return 0;
}
