// SPDX-License-Identifier: GPL-2.0-or-later
// A whole board without a processor: ports, MMIO, PCI configuration, DMA and time in any order, with addresses that the
// chips have and such that they have not.
#include "machine/board_bench.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace {

using namespace windsor;
using bus::Width;

using Bench = machine::testing::BoardBench;

class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}
    bool empty() const { return bytes_.empty(); }
    std::uint32_t take(unsigned count)
    {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < count && !bytes_.empty(); ++i) {
            value |= std::uint32_t{bytes_.front()} << (8 * i);
            bytes_ = bytes_.subspan(1);
        }
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

Width width_of(std::uint8_t choice)
{
    constexpr std::array kWidths{Width::Byte, Width::Word, Width::Dword, Width::Byte};
    return kWidths[choice >> 6];
}

// Where chips answer on a PC; the rest is for whatever the guest has moved.
std::uint64_t mmio_address(std::uint8_t page, std::uint16_t offset)
{
    constexpr std::array<std::uint64_t, 8> kPages{0xfec00000, 0xfee00000, 0xa0000,    0xb8000,
                                                  0xe0000000, 0xfd000000, 0xfebf0000, 0xfffc0000};
    return (page < 0xf0 ? kPages[page % kPages.size()] : std::uint64_t{page} << 24) + offset;
}

// Where chips are at first, or any port.
std::uint16_t port_of(Input& input)
{
    constexpr std::array<std::uint16_t, 31> kPorts{0x00,  0x08,  0x20,   0x40,   0x60,   0x64,   0x70,  0x80,
                                                   0x92,  0xa0,  0xb0,   0xc0,   0xd0,   0xe8,   0x170, 0x1ce,
                                                   0x1f0, 0x370, 0x3b0,  0x3c0,  0x3d0,  0x3f0,  0x3f8, 0x400,
                                                   0x4d0, 0x510, 0xafe0, 0xb000, 0xb100, 0xc000, 0xcf8};
    const std::uint32_t choice = input.take(2);
    const std::uint32_t group = choice & 31;
    return static_cast<std::uint16_t>(group == 31 ? choice : kPorts[group] + (choice >> 5 & 15));
}

void access_port(Bench& bench, std::uint8_t choice, std::uint16_t port, Input& input)
    WINDSOR_REQUIRES(bus::kMachineLock)
{
    bus::PortRouter& ports = bench.board->ports();
    const Width width = width_of(choice);
    const auto bytes = static_cast<std::uint32_t>(bus::bytes(width));
    std::array<std::uint8_t, 512> run{};
    switch (choice >> 4 & 3) {
    case 0:
        static_cast<void>(ports.read(base::Port{port}, width));
        break;
    case 1:
        ports.write(base::Port{port}, width, input.take(bytes));
        break;
    case 2:
        ports.read_run(base::Port{port}, width, run);
        break;
    default:
        std::memset(run.data(), static_cast<int>(input.take(1)), run.size());
        ports.write_run(base::Port{port}, width, run);
        break;
    }
}

void configure_pci(Bench& bench, std::uint8_t choice, Input& input) WINDSOR_REQUIRES(bus::kMachineLock)
{
    bus::PortRouter& ports = bench.board->ports();
    const std::uint32_t place = input.take(2);
    ports.write(base::Port{0xcf8}, Width::Dword,
                0x80000000 | (place & 7) << 8 | (place >> 3 & 3) << 11 | (place >> 5 & 0xfc));
    if ((choice & 0x10) != 0) {
        static_cast<void>(ports.read(base::Port{0xcfc}, width_of(choice)));
    } else {
        const auto offset = static_cast<std::uint16_t>(place >> 13 & 3);
        ports.write(base::Port{0xcfc} + offset, width_of(choice), input.take(4));
    }
}

void step(Bench& bench, Input& input) WINDSOR_REQUIRES(bus::kMachineLock)
{
    const auto choice = static_cast<std::uint8_t>(input.take(1));
    switch (choice & 15) {
    case 0:
        configure_pci(bench, choice, input);
        break;
    case 1: {
        const std::uint64_t address =
            mmio_address(static_cast<std::uint8_t>(input.take(1)), static_cast<std::uint16_t>(input.take(2)));
        if ((choice & 0x10) != 0) {
            static_cast<void>(bench.board->mmio().read(base::GuestPhysical{address}, width_of(choice)));
        } else {
            bench.board->mmio().write(base::GuestPhysical{address}, width_of(choice), input.take(4));
        }
        break;
    }
    case 2: { // what chips read from memory: tables of bus masters, commands of the firmware's interface
        const std::uint64_t address = input.take(2) * 4;
        const std::uint32_t value = input.take(4);
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &value, sizeof value);
        static_cast<void>(bench.board->memory().write(base::GuestPhysical{address}, bytes));
        break;
    }
    case 3:
        bench.advance(std::int64_t{1} << (choice >> 4) << (input.take(1) & 15));
        break;
    case 4:
        bench.outlets.keyboards.front()->key(static_cast<backend::KeyCode>(input.take(1)), (choice & 0x10) != 0);
        break;
    case 5: static_cast<void>(bench.board->interrupts().pic().acknowledge()); break;
    case 6: bench.outlets.serial_ports.front()->receive(std::array{static_cast<std::uint8_t>(input.take(1))}); break;
    case 7:
        if (choice == 0xf7) {
            bench.board->reset();
        }
        break;
    default:
        access_port(bench, choice, port_of(input), input);
        break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bench bench;
    const bus::MachineGuard guard{bench.host.lock()};
    Input input{{data, std::min<std::size_t>(size, 4096)}};
    while (!input.empty()) {
        step(bench, input);
    }
    backend::Picture picture;
    static_cast<void>(bench.outlets.screens.front()->update(picture));
    bench.board->release_world();
    return 0;
}
