// SPDX-License-Identifier: GPL-2.0-or-later
// Plays bytes as accesses to the controller, schedules, requests to input devices, what people do with these, and time.
// The memory is the input itself over and over, so that schedules are of its making, too.
#include "devices/uhci/saved_state.hpp"
#include "devices/usb_bench.hpp"
#include "devices/usb_hid/saved_state.hpp"
#include "state/filler.hpp"

#include <cstdlib>

namespace {

using namespace windsor;
using namespace windsor::devices;
using backend::UsbKind;

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

// A state that a chip is in is one that it takes.
template <typename Chip> void reload(Chip& chip)
{
    const auto state = chip.state();
    chip.load(state);
    if (!state::difference(state::pack(state), state::pack(chip.state())).empty()) {
        std::abort();
    }
}

// And one of a stranger's making is one that it takes as well.
template <typename Chip> void load_anything(Chip& chip, Input& input)
{
    auto state = chip.state();
    state::Filler filler{input.next(4)};
    filler.fill(state);
    chip.load(state);
    reload(chip);
}

void use_device(usb_hid::HidDevice& device, Input& input)
{
    const std::uint32_t what = input.next();
    switch (what & 3) {
    case 0: device.plug(static_cast<UsbKind>(what >> 2 & 3)); break;
    case 1:
        device.key(static_cast<backend::KeyCode>((what & 4) != 0 ? 0xe000 | input.next() : input.next()),
                   (what & 8) != 0);
        break;
    case 2:
        device.move(static_cast<int>(input.next(4)), static_cast<int>(input.next(4)), 1,
                    static_cast<std::uint8_t>(what >> 2));
        break;
    default: device.move_to(input.next(2), input.next(2), -1, static_cast<std::uint8_t>(what >> 2)); break;
    }
}

// A transfer where drivers have them, as likely to be a sensible one.
void put_transfer(UsbBench& bench, Input& input)
{
    constexpr std::array kTokens{chipset::usb::Token::In, chipset::usb::Token::Out, chipset::usb::Token::Setup};
    const unsigned number = input.next() & 15;
    const std::uint32_t how = input.next();
    const std::uint32_t link = (how & 7) | UsbBench::transfer_at(how >> 4);
    bench.put_transfer(
        number, link, UsbBench::kFresh | input.next() << 24,
        UsbBench::token(kTokens.at(how % 3), input.next() & 3, how >> 3 & 1, (how & 4) != 0, input.next() & 15));
    bench.put32(UsbBench::kQueue + 4, UsbBench::transfer_at(number));
    bench.put32(UsbBench::kQueue, (how & 0x80) != 0 ? UsbBench::kQueue | uhci::link::kQueue : uhci::link::kTerminate);
    bench.schedule(UsbBench::kQueue | uhci::link::kQueue);
}

void send_request(UsbBench& bench, Input& input)
{
    std::array<std::uint8_t, 8> setup{};
    for (std::uint8_t& byte : setup) {
        byte = static_cast<std::uint8_t>(input.next());
    }
    setup[6] &= 0x7f;
    setup[7] = 0;
    const Octets out(setup[6], static_cast<std::uint8_t>(input.next()));
    bench.control(input.next() & 3, setup, out);
}

void step(UsbBench& bench, Input& input)
{
    const std::uint32_t action = input.next();
    const unsigned which = action >> 4 & 1;
    switch (action & 15) {
    case 0: bench.host.config_write(input.next() & 0xfc, 4, input.next(4)); break;
    case 1: use_device(bench.devices.at(which), input); break;
    case 2: bench.pass(std::int64_t{input.next(2)} << (action >> 4)); break;
    case 3: reload(bench.host); break;
    case 4: reload(bench.devices.at(which)); break;
    case 5: bench.start(); break;
    case 6: bench.set_up(which, static_cast<std::uint8_t>(which + 1)); break;
    case 7: send_request(bench, input); break;
    case 8: put_transfer(bench, input); break;
    case 9: bench.out32(uhci::reg::kFrameListLow, 0x10000 + (input.next() << 12)); break; // the input itself
    case 10: bench.put32(input.next(3) & 0xffffc, input.next(4)); break;
    case 11:
        bench.host.reset();
        bench.host.config_write(4, 2, pci::kCommandIo | pci::kCommandBusMaster);
        break;
    case 12: load_anything(bench.host, input); break;
    case 13: load_anything(bench.devices.at(which), input); break;
    default: {
        const auto width = static_cast<bus::Width>(1U << (action >> 4) % 3);
        const std::uint32_t offset = input.next() % (uhci::kRegisters - bus::bytes(width) + 1);
        if ((action & 1) != 0) {
            bench.host.read(offset, width);
        } else {
            bench.host.write(offset, width, input.next(4));
        }
        break;
    }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::span input_bytes{data, size};
    UsbBench bench;
    constexpr std::size_t kFrom = 0x10000;
    constexpr std::size_t kTo = 0x18000;
    for (std::size_t at = kFrom; at < kTo && size != 0; at += size) {
        std::ranges::copy(input_bytes.first(std::min(size, kTo - at)),
                          bench.bytes(at, std::min(size, kTo - at)).begin());
    }
    Input input{input_bytes};
    while (!input.done()) {
        step(bench, input);
    }
    reload(bench.host);
    for (usb_hid::HidDevice& device : bench.devices) {
        reload(device);
    }
    return 0;
}
