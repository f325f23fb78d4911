// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to the card, lists of buffers, and time. The memory is the input itself over and over, so
// that lists are of its making, too.
#include "devices/ac97/ac97_bench.hpp"
#include "devices/ac97/saved_state.hpp"
#include "state/filler.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace {

using namespace windsor;
using namespace windsor::devices::ac97;

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
    bool done() const { return bytes_.empty(); }
    std::uint32_t next(unsigned size = 1)
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < size && !bytes_.empty(); ++i) {
            value |= std::uint32_t{bytes_[0]} << (8 * i);
            bytes_ = bytes_.subspan(1);
        }
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

// A state that the card is in is one that it takes.
void reload(Ac97& card)
{
    card.settle();
    const auto state = card.state();
    card.load(state);
    if (!state::difference(state::pack(state), state::pack(card.state())).empty()) {
        std::abort();
    }
}

// And one of a stranger's making is one that it takes as well.
void load_anything(Ac97& card, Input& input)
{
    auto state = card.state();
    state::Filler filler{input.next(4)};
    filler.fill(state);
    card.load(state);
    reload(card);
}

void access(bus::AccessHandler& registers, unsigned size, std::uint32_t how, Input& input)
{
    const auto width = static_cast<bus::Width>(1U << (how >> 4) % 3);
    const std::uint32_t offset = input.next() % (size - bus::bytes(width) + 1);
    if ((how & 1) != 0) {
        registers.read(offset, width);
    } else {
        registers.write(offset, width, input.next(4));
    }
}

void step(Ac97Bench& bench, Input& input)
{
    const std::uint32_t action = input.next();
    const unsigned channel = reg::kChannelBytes * ((action >> 4) % kChannels);
    switch (action & 15) {
    case 0: bench.card.config_write(input.next() & 0xfc, 4, input.next(4)); break;
    case 1: bench.pass(std::int64_t{input.next(2)} << (action >> 4)); break;
    case 2: bench.flow(std::int64_t{input.next(2)} << (action >> 5)); break;
    case 3: reload(bench.card); break;
    case 4: load_anything(bench.card, input); break;
    case 5:
        bench.card.reset();
        bench.card.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
        bench.out32(reg::kGlobalControl, control::kRunning);
        break;
    case 6: bench.start(channel, static_cast<std::uint8_t>(input.next())); break;
    case 7:
        bench.describe(channel, input.next() & kIndexBits, static_cast<std::uint16_t>(input.next(2)),
                       (action & 0x80) != 0 ? bd::kInterrupt : 0);
        break;
    case 8: bench.put32(input.next(3) & 0xffffc, input.next(4)); break;
    case 9: bench.out32(channel + reg::kList, 0x80000 + (input.next() << 3)); break; // the input itself
    case 10: bench.out8(channel + reg::kLastValid, static_cast<std::uint8_t>(input.next())); break;
    case 11: bench.set_codec(mixer::kExtendedControl, mixer::kVariableRate); break;
    case 12:
    case 13: access(bench.card.mixer(), kMixerBytes, action, input); break;
    default: access(bench.card.masters(), kMasterBytes, action, input); break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::span input_bytes{data, size};
    Ac97Bench bench;
    constexpr std::size_t kFrom = 0x80000;
    constexpr std::size_t kTo = 0x88000;
    for (std::size_t at = kFrom; at < kTo && size != 0; at += size) {
        std::ranges::copy(input_bytes.first(std::min(size, kTo - at)),
                          bench.bytes(at, std::min(size, kTo - at)).begin());
    }
    Input input{input_bytes};
    while (!input.done()) {
        step(bench, input);
    }
    reload(bench.card);
    return 0;
}
