// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as register accesses, whole commands, DMA set-ups, answers of the media, disk changes and time.
#include "devices/floppy/floppy_bench.hpp"
#include "devices/floppy/saved_state.hpp"
#include "state/archive.hpp"

#include <cstdlib>

namespace {

using namespace windsor;
using namespace windsor::devices::floppy;

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
    void command(Input& input)
    {
        constexpr std::array<std::uint8_t, 12> kCodes{0xe6, 0xc5, 0x4d, 0x42, 0xd6, 0x4c,
                                                      0x4a, 0x0f, 0x07, 0x13, 0x03, 0x08};
        const std::uint8_t which = input.next();
        bench.out(Register::Data, kCodes[which % kCodes.size()]);
        for (unsigned bytes = which >> 4; bytes != 0; --bytes) {
            bench.out(Register::Data, input.next());
        }
    }

    void change(Input& input)
    {
        const std::uint8_t what = input.next();
        std::shared_ptr<backend::BlockMedia> medium = disk;
        if ((what & 2) != 0) {
            medium = (what & 4) != 0 ? other : nullptr;
        }
        // Of the two, only the first drive takes such disks.
        static_cast<void>(bench.chip->drive(what & 1)->change(medium, backend::LockedMedium::Stays));
    }

    // A state that the controller is in is one that it takes.
    void reload()
    {
        bench.chip->settle();
        if (bench.chip->busy()) {
            return;
        }
        const state::Value before = state::pack(bench.chip->state());
        bench.chip->load(bench.chip->state());
        if (!state::difference(before, state::pack(bench.chip->state())).empty()) {
            std::abort();
        }
    }

    void fifo(Input& input, bool reading)
    {
        for (unsigned bytes = input.next() * 4u; bytes != 0; --bytes) {
            if (reading) {
                bench.in(Register::Data);
            } else {
                bench.out(Register::Data, bytes);
            }
        }
    }

    void step(Input& input)
    {
        const std::uint8_t action = input.next();
        switch (action & 0x0f) {
        case 0:
        case 1: bench.out(static_cast<Register>(action >> 4 & 7), input.next()); break;
        case 2: bench.in(static_cast<Register>(action >> 4 & 7)); break;
        case 3:
        case 4:
        case 5: command(input); break;
        case 6: bench.dma.set_up(std::size_t{input.next()} * 64); break;
        case 7: fifo(input, (action & 0x10) != 0); break;
        case 8:
        case 9:
            disk->step();
            other->step();
            break;
        case 10: change(input); break;
        case 11: bench.rate(static_cast<Rate>(action >> 4 & 3)); break;
        case 12: disk->failing = (action & 0x10) != 0; break;
        case 13: reload(); break;
        default: bench.pass(std::int64_t{input.next()} << (action >> 4) * 2); break;
        }
    }

    std::shared_ptr<MemoryMedia> disk = std::make_shared<MemoryMedia>(k360, MemoryMedia::Answer::Deferred);
    std::shared_ptr<MemoryMedia> other = std::make_shared<MemoryMedia>(163'840);
    Bench bench{disk};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input{{data, size}};
    Machine machine;
    machine.bench.out(Register::DigitalOutput, 0x1c);
    machine.bench.rate(Rate::Kbps300);
    while (!input.done()) {
        machine.step(input);
    }
    machine.reload();
    while (machine.disk->step()) {
        machine.bench.run();
    }
    return 0;
}
