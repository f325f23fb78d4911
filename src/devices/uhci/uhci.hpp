// SPDX-License-Identifier: GPL-2.0-or-later
// The PIIX3's USB host controller.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "devices/uhci/root_port.hpp"
#include "devices/uhci/spec.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::devices::uhci {

constexpr std::size_t kPorts = 2;

// Used under the machine lock. A frame is done as a whole when its time is over. Nothing tells the controller that a
// driver has put work into memory, so it has to look at the schedule of every frame; but where for some time nobody has
// had anything to say, it looks at several frames together, and at once when a device has something to tell or a driver
// writes a register. So an idle guest wakes the host a few times a second, and a device that it asks for news is heard
// without delay. Drivers that look at registers find them as if each frame had been done in its time.
class Uhci final : public pci::Function, public bus::AccessHandler {
public:
    // So many frames without any news make the controller quiet, which then looks at so many of them together.
    static constexpr unsigned kFramesUntilQuiet = 100;
    static constexpr unsigned kQuietFrames = 32;
    // The schedule of one frame ends after so many records, however they are linked.
    static constexpr unsigned kMostRecords = 256;
    // Where the host was late by more frames than this, the controller leaves some out.
    static constexpr std::int64_t kMostFramesAtOnce = 64;

    struct Registers {
        std::uint16_t command{0};
        std::uint16_t status{0}; // status::kBits
        std::uint16_t interrupt_enable{0};
        std::uint16_t frame{0};
        std::uint32_t frame_list{0};
        std::uint8_t start_of_frame{kStartOfFrameDefault};
        std::array<std::uint16_t, kPorts> ports{};
        std::uint16_t causes{0}; // of status::kInterrupt: interrupt::kComplete and kShortPacket
        base::Nanoseconds frame_start{0};
    };
    struct State {
        pci::Function::State pci;
        Registers registers;
    };

    // All outlive the controller.
    Uhci(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory);

    chipset::usb::Port& port(std::size_t number) { return ports_.at(number); }

    bus::ReadResult read(std::uint64_t offset, bus::Width width) override WINDSOR_REQUIRES(bus::kMachineLock);
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
        WINDSOR_REQUIRES(bus::kMachineLock);

    // Does all frames whose time is over.
    void settle();
    State state() const;
    void load(const State& state);

private:
    // A transfer descriptor, read once.
    struct Transfer {
        std::uint32_t at;
        std::uint32_t link;
        std::uint32_t status;
        std::uint32_t token;
        std::uint32_t buffer;

        std::uint8_t pid() const { return static_cast<std::uint8_t>(token); }
        std::uint8_t address() const
        {
            return static_cast<std::uint8_t>(token >> td::kAddressShift & td::kAddressBits);
        }
        unsigned endpoint() const { return token >> td::kEndpointShift & td::kEndpointBits; }
        chipset::usb::Toggle toggle() const
        {
            return (token & td::kToggle) != 0 ? chipset::usb::Toggle::Data1 : chipset::usb::Toggle::Data0;
        }
        unsigned length() const { return ((token >> td::kLengthShift) + 1) & td::kNoData; }
        bool active() const { return (status & td::kActive) != 0; }
    };
    struct Queue {
        std::uint32_t at;
        std::uint32_t link;
        std::uint32_t element;
    };
    // What becomes of a queue when one of its transfers has been looked at.
    enum class Next : std::uint8_t {
        Advance, // the transfer is done
        Leave, // it is to be looked at again in another frame
        Halt, // the controller has come upon an error of its own
    };
    // A frame on its way.
    struct Frame {
        unsigned records{0};
        unsigned byte_times{0};
    };

    // Callbacks come with it held, which their types do not say.
    static void machine_lock_is_held() WINDSOR_ASSERT_CAPABILITY(bus::kMachineLock) {}

    std::uint16_t read_word(unsigned offset) const;
    void write_word(unsigned offset, std::uint16_t value, std::uint16_t mask) WINDSOR_REQUIRES(bus::kMachineLock);
    void write_command(std::uint16_t value) WINDSOR_REQUIRES(bus::kMachineLock);
    void host_reset();
    void begin_global_reset() WINDSOR_REQUIRES(bus::kMachineLock);
    void power_on() WINDSOR_REQUIRES(bus::kMachineLock);
    void device_reset() override;
    void config_written(unsigned offset, unsigned width) override;
    void config_replaced() override;
    void keep_possible();

    bool running() const { return (registers_.command & command::kRun) != 0; }
    bool wants_interrupt() const;
    void update();
    void port_news(PortNews news) WINDSOR_REQUIRES(bus::kMachineLock);
    void busy_again() WINDSOR_REQUIRES(bus::kMachineLock);
    void halt(std::uint16_t why);
    void system_error();

    base::Nanoseconds frame_length() const;
    void arm();
    void run_frame() WINDSOR_REQUIRES(bus::kMachineLock);
    void walk(Frame& frame, std::uint32_t link) WINDSOR_REQUIRES(bus::kMachineLock);
    bool seen(std::uint32_t queue);
    std::optional<Queue> read_queue(std::uint32_t link);
    std::optional<Transfer> read_transfer(std::uint32_t link);
    bool write_dword(std::uint32_t at, std::uint32_t value);
    Next look_at(Frame& frame, Transfer& transfer, bool queued) WINDSOR_REQUIRES(bus::kMachineLock);
    Next run_in(Frame& frame, Transfer& transfer, bool queued) WINDSOR_REQUIRES(bus::kMachineLock);
    Next run_out(Frame& frame, Transfer& transfer) WINDSOR_REQUIRES(bus::kMachineLock);
    chipset::usb::Device* listener(const Transfer& transfer) const;
    Next answered(Transfer& transfer, chipset::usb::Handshake handshake, unsigned length);
    void fail(Transfer& transfer, std::uint32_t why);
    Next finish(const Transfer& transfer, std::uint32_t before, Next next);

    const base::Clock& clock_;
    memory::GuestMemory& memory_;
    Registers registers_;
    std::array<RootPort, kPorts> ports_;
    base::Timer timer_;
    unsigned quiet_{0}; // frames in which there was no news
    std::uint16_t events_{0}; // of the frame on its way: interrupt::kError, kComplete and kShortPacket
    bool news_{false}; // in the frame on its way
    std::vector<std::uint32_t>
        queues_; // that the frame has come to since a transfer was done; kept to save allocations
};

} // namespace windsor::devices::uhci
