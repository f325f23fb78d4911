// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as register accesses, contents of memory, frames from outside, and time.
#include "devices/e1000/e1000_bench.hpp"
#include "devices/e1000/saved_state.hpp"
#include "state/archive.hpp"

#include <cstdlib>

namespace {

using namespace windsor;
using namespace windsor::devices::e1000;

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
    std::uint32_t next32()
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) {
            value = value << 8 | next();
        }
        return value;
    }
    std::span<const std::uint8_t> next_bytes(std::size_t most)
    {
        const auto taken = bytes_.first(std::min(most, bytes_.size()));
        bytes_ = bytes_.subspan(taken.size());
        return taken;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

// Registers that do something, so that they are met often.
constexpr std::array kRegisters{reg::kCtrl,  reg::kEecd,  reg::kEerd,   reg::kCtrlExt, reg::kMdic,   reg::kIcr,
                                reg::kItr,   reg::kIcs,   reg::kIms,    reg::kImc,     reg::kRctl,   reg::kTctl,
                                reg::kRdbal, reg::kRdbah, reg::kRdlen,  reg::kRdh,     reg::kRdt,    reg::kRdtr,
                                reg::kRadv,  reg::kRsrpd, reg::kRxcsum, reg::kTdbal,   reg::kTdbah,  reg::kTdlen,
                                reg::kTdh,   reg::kTdt,   reg::kTidv,   reg::kTadv,    reg::kTxdctl, reg::kVet};

// A sink that sends back what it gets, so that the card is met from within itself.
class Echo final : public backend::NetworkLink {
public:
    void send(std::span<const std::uint8_t> frame) override
    {
        if (frame.size() < backend::kFrameHeader || frame.size() > backend::kLongestFrame) {
            std::abort();
        }
        if (echo && card != nullptr) {
            static_cast<void>(card->receive(frame));
        }
    }
    void input_wanted() override
    {
        if (card != nullptr) {
            static_cast<void>(card->receive(frame_to(kBenchMac)));
        }
    }

    E1000* card{nullptr};
    bool echo{false};
};

struct Machine {
    Machine() { link.card = &bench.card; }

    void descriptor(Input& input)
    {
        const std::uint32_t index = input.next() % kRingSize;
        const std::uint64_t ring = (index & 1) != 0 ? kReceiveRing : kTransmitRing;
        const std::uint64_t at = ring + std::uint64_t{index} * kDescriptorSize;
        bench.store32(at, input.next32() & 0x3f'ffff);
        bench.store32(at + 8, input.next32());
        bench.store32(at + 12, input.next32());
    }

    void frame(Input& input)
    {
        Frame frame = frame_to(kBenchMac, 14 + std::size_t{input.next()} * 64);
        const auto bytes = input.next_bytes(input.next());
        std::copy_n(bytes.begin(), std::min(bytes.size(), frame.size()), frame.begin());
        static_cast<void>(bench.card.receive(frame));
    }

    void any_access(Input& input)
    {
        const std::uint8_t how = input.next();
        const std::uint32_t offset = input.next32() % (kMemorySize - 7);
        const bus::Width width{static_cast<std::uint8_t>(1U << (how & 3))};
        if ((how & 4) != 0) {
            static_cast<void>(bench.card.memory_registers().write(offset, width, input.next32()));
        } else {
            static_cast<void>(bench.card.memory_registers().read(offset, width));
        }
        static_cast<void>(bench.card.io_registers().write(how & 4, bus::Width::Dword, offset));
        static_cast<void>(bench.card.io_registers().read(how >> 3 & 7, width));
    }

    // A state that the card is in is one that it takes, once it is up to the present, as it is whenever it is saved.
    void reload()
    {
        bench.card.settle();
        const E1000::State before = bench.card.state();
        bench.card.load(before);
        if (!state::difference(state::pack(before), state::pack(bench.card.state())).empty()) {
            std::abort();
        }
    }

    void set_up(Input& input)
    {
        bench.bring_up();
        bench.start_receiver(input.next32());
        bench.start_transmitter(input.next());
    }

    void step(Input& input)
    {
        const std::uint8_t action = input.next();
        switch (action & 0x0f) {
        case 0:
        case 1:
        case 2: bench.write(kRegisters[(action >> 4 | (action & 1) << 4) % kRegisters.size()], input.next32()); break;
        case 3: bench.read(kRegisters[(input.next()) % kRegisters.size()]); break;
        case 4:
        case 5: descriptor(input); break;
        case 6: frame(input); break;
        case 7: bench.store(input.next32() & 0x3f'ffff, input.next_bytes(input.next())); break;
        case 8: bench.pass(base::Nanoseconds{input.next()} << (action >> 4) * 2); break;
        case 9: bench.write(reg::kTdt, action >> 4); break;
        case 10: bench.write(reg::kRdt, action >> 4); break;
        case 11: any_access(input); break;
        case 12: reload(); break;
        case 13: set_up(input); break;
        case 14:
            link.echo = (action & 0x10) != 0;
            bench.card.set_carrier((action & 0x20) == 0);
            break;
        default: bench.card.config_write((action & 0x10) != 0 ? pm::kControl : 4, 2, input.next()); break;
        }
    }

    Echo link;
    Bench bench{&link};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input{{data, size}};
    Machine machine;
    while (!input.done()) {
        machine.step(input);
    }
    machine.bench.pass(base::kSecond);
    machine.bench.card.settle();
    machine.reload();
    return 0;
}
