// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to the card's registers and configuration space, contents of memory, frames and time. The
// memory is the input itself over and over, so that descriptors are of its making, too.
#include "devices/rtl8139/rtl8139_bench.hpp"
#include "devices/rtl8139/saved_state.hpp"

#include <cstdlib>

namespace {

using namespace windsor;
using namespace windsor::devices::rtl8139;

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
void reload(Bench& bench)
{
    const Rtl8139::State state = bench.card.state();
    bench.card.load(state);
    if (!state::difference(state::pack(state), state::pack(bench.card.state())).empty()) {
        std::abort();
    }
}

void receive(Bench& bench, Input& input)
{
    Frame frame(backend::kFrameHeader + input.next(2) % (backend::kLongestFrame - backend::kFrameHeader + 1));
    const std::uint32_t kind = input.next();
    for (std::size_t i = 0; i < frame.size(); ++i) {
        frame[i] = static_cast<std::uint8_t>(kind * i);
    }
    if ((kind & 3) == 0) {
        std::ranges::fill(std::span{frame}.first(6), std::uint8_t{0xff});
    } else if ((kind & 3) == 1) {
        std::ranges::copy(kMac, frame.begin());
    }
    bench.card.receive(frame);
}

// What drivers do first, so that the rest is worth trying.
void set_up(Bench& bench, Input& input)
{
    const std::uint32_t how = input.next();
    bench.out8(reg::kCommand, command::kTransmit | command::kReceive);
    bench.out16(reg::kPlusCommand, how);
    bench.out32(reg::kReceiveConfig, 0x2f | (how & 0x80) | input.next() << rcr::kLengthShift);
    bench.out32(reg::kReceiveStart, 0x8000);
    bench.out32(reg::kReceiveRing, input.next(2) << 4);
    bench.out32(reg::kNormalRing, input.next(2) << 4);
    bench.out32(reg::kHighRing, input.next(2) << 4);
}

void descriptor(Bench& bench, Input& input)
{
    const std::size_t at = input.next(2) * std::size_t{16};
    if (at + 16 > Bench::kMemoryBytes) {
        return;
    }
    bench.put32(at, input.next(4));
    bench.put32(at + 4, input.next(3));
    bench.put32(at + 8, input.next(2) << 4);
    bench.put32(at + 12, 0);
}

void step(Bench& bench, Input& input)
{
    const std::uint32_t action = input.next();
    const std::uint32_t offset = input.next();
    const auto width = static_cast<bus::Width>(1U << (action >> 4 & 3));
    const bool fits = offset + bus::bytes(width) <= kRegisters;
    switch (action & 15) {
    case 0: bench.card.config_write(offset & 0xfc, 4, input.next(4)); break;
    case 1: receive(bench, input); break;
    case 2: bench.pass(std::int64_t{input.next(2)} << (offset & 31)); break;
    case 3: bench.card.set_carrier((offset & 1) != 0); break;
    case 4: reload(bench); break;
    case 5: set_up(bench, input); break;
    case 6:
    case 7: descriptor(bench, input); break;
    case 8:
        bench.card.reset();
        bench.card.config_write(4, 2, pci::kCommandBusMaster);
        break;
    case 9:
    case 10:
        if (fits) {
            bench.card.read(offset, width);
        }
        break;
    case 11: bench.out8(reg::kTransmitPoll, offset); break;
    case 12: bench.out32(reg::kTransmitStatus + 4 * (offset & 3), input.next(2)); break;
    default:
        if (fits) {
            bench.card.write(offset, width, input.next(4));
        }
        break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::span bytes{data, size};
    Bench bench;
    constexpr std::size_t kFilled = 16 * 1024;
    for (std::size_t at = 0; at < kFilled && size != 0; at += size) {
        bench.put(at, bytes.first(std::min(size, kFilled - at)));
    }
    bench.link.on_wanted = [&bench] { bench.card.receive(Frame(100, 0xff)); };
    bench.link.on_send = [&bench] {
        const Frame frame = bench.link.sent.back();
        bench.link.sent.clear();
        if (frame.size() < backend::kFrameHeader || frame.size() > backend::kLongestFrame) {
            std::abort();
        }
        bench.card.receive(frame);
    };
    Input input{bytes};
    while (!input.done()) {
        step(bench, input);
    }
    reload(bench);
    return 0;
}
