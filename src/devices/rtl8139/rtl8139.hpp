// SPDX-License-Identifier: GPL-2.0-or-later
// A Realtek RTL8139C(L)+ Fast Ethernet controller.
#pragma once

#include "backend/network_link.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "devices/rtl8139/eeprom93c46.hpp"
#include "devices/rtl8139/spec.hpp"
#include "memory/guest_memory.hpp"
#include "pci/function.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace windsor::devices::rtl8139 {

// Used under the machine lock. Its wire is as fast as the guest: what is to be sent has been sent when the write to the
// register that asks for it returns. Memory is read and written then and when a frame arrives, and never the chip's own
// registers, as GuestMemory leads to memory alone. Of much to send in C+ mode the rest follows by a timer.
// Where the receive buffer or ring is full, the link keeps the frame and is told when there is room, as with the pause
// frames of IEEE 802.3x; the guest hears of it by RXOVW if that lasts. New receive descriptors of C+ mode ring no bell,
// so they are looked for whenever a register is written, and by a timer.
class Rtl8139 final : public pci::Function, public bus::AccessHandler, public backend::NetworkCard {
public:
    // What DTCCR dumps, 5.4; there are no collisions on this wire.
    struct Tallies {
        std::uint64_t transmitted{0};
        std::uint64_t received{0};
        std::uint64_t transmit_errors{0};
        std::uint32_t receive_errors{0};
        std::uint16_t missed{0};
        std::uint64_t received_physical{0};
        std::uint64_t received_broadcast{0};
        std::uint32_t received_multicast{0};
        std::uint16_t underruns{0};
    };

    struct Registers {
        std::array<std::uint8_t, 6> id{};
        std::array<std::uint8_t, 8> multicast{};
        std::array<std::uint32_t, kTransmitters> transmit_status{tsd::kOwn, tsd::kOwn, tsd::kOwn, tsd::kOwn};
        std::array<std::uint32_t, kTransmitters> transmit_address{}; // in C+ mode those of the rings
        std::uint32_t receive_start{0};
        std::uint8_t command{0}; // command::kReceive and kTransmit
        std::uint16_t read_pointer{kReadPointerDefault};
        std::uint16_t write_pointer{0};
        std::uint16_t interrupt_mask{0};
        std::uint16_t interrupt_status{0};
        std::uint32_t transmit_config{tcr::kDefault};
        std::uint32_t receive_config{0};
        base::Nanoseconds timer_start{0}; // when TCTR was zero
        std::uint32_t timer_interrupt{0};
        std::uint32_t missed{0};
        std::uint8_t eeprom_command{0};
        std::uint8_t config0{0};
        std::uint8_t config1{0};
        std::uint8_t config3{0};
        std::uint8_t config4{0};
        std::uint8_t config5{0};
        std::uint8_t flow_control{0}; // of MSR
        std::uint16_t multiple_interrupt{0};
        std::uint16_t basic_control{mii::kControlDefault};
        std::uint16_t advertised{mii::kAdvertisedDefault};
        std::uint16_t disconnects{0};
        std::uint16_t connection_config{cscr::kDefault};
        bool link_changed{false}; // since CSCR was read
        bool plugged{true}; // the cable
        std::array<std::uint8_t, reg::kParametersEnd - reg::kParameters> parameters{};
        std::uint16_t plus_command{0};
        std::uint8_t next_normal{0}; // which descriptors of the rings come next
        std::uint8_t next_high{0};
        std::uint8_t next_received{0};
        std::uint64_t receive_ring{0};
        std::uint8_t early_transmit{0};
        std::uint64_t tally_address{0};
        Tallies tallies{};
        std::uint8_t polled{0}; // the rings of which there is more to send: poll::kHigh and kNormal
        std::uint16_t refused{0}; // the room that the frame needs which the link keeps; 0: none
    };
    struct State {
        pci::Function::State pci;
        Eeprom93c46::State eeprom;
        Registers registers;
    };

    // The EEPROM says `mac`. Without a link there is no carrier. All outlive the chip.
    Rtl8139(const base::Clock& clock, base::TimerQueue& timers, memory::GuestMemory& memory,
            const backend::MacAddress& mac, backend::NetworkLink* link);

    // The kRegisters ports or bytes of memory.
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override
        WINDSOR_REQUIRES(bus::kMachineLock);

    // Frames are padded to what a wire carries at least.
    bool receive(std::span<const std::uint8_t> frame) override;
    void set_carrier(bool present) override WINDSOR_REQUIRES(bus::kMachineLock);

    // Nothing reaches the link any more, and there is no carrier.
    void let_go_of_link() { link_ = nullptr; }

    // Brings the state up to the present; interrupts that are due come.
    void settle();
    State state() const { return {pci::Function::state(), eeprom_.state(), registers_}; }
    void load(const State& state);

private:
    // What one descriptor says, read once.
    struct Descriptor {
        std::uint64_t at;
        std::uint32_t command;
        std::uint32_t vlan;
        std::uint64_t buffer;
    };
    enum class Sent : std::uint8_t { Ok, NoCarrier };
    enum class Room : std::uint8_t { Enough, NotYet, Never };

    // Timers and accesses to configuration space come with the machine lock held, which their interfaces do not say.
    static void machine_lock_is_held() WINDSOR_ASSERT_CAPABILITY(bus::kMachineLock) {}

    void config_written(unsigned offset, unsigned width) override;
    void config_replaced() override;
    void device_reset() override;

    // Power-on values of all registers, of which the EEPROM says some.
    void auto_load();
    void software_reset();
    void keep_possible();

    bool transmitting() const;
    bool receiving() const;
    bool powered() const { return power_ == 0; }
    bool carrier() const { return registers_.plugged && link_ != nullptr; }
    bool loopback() const { return (registers_.transmit_config & tcr::kLoopback) == tcr::kLoopback; }
    bool plus_transmit() const { return (registers_.plus_command & cpcr::kTransmit) != 0; }
    bool plus_receive() const { return (registers_.plus_command & cpcr::kReceive) != 0; }
    bool config_writable() const;
    bool speed10() const;

    void raise(std::uint16_t interrupts);
    void update();
    void system_error();

    std::uint64_t timer_ticks() const;
    void arm_timer();
    void timer_fires();

    // Every access becomes some of aligned dwords, of which `mask` says which bits are read or written.
    std::uint32_t read_dword(unsigned offset, std::uint32_t mask);
    std::uint32_t read_transceiver(unsigned offset, std::uint32_t mask);
    std::uint32_t read_parameters(unsigned offset) const;
    std::uint32_t read_plus(unsigned offset) const;
    std::uint32_t transmit_summary() const;
    void write_dword(unsigned offset, std::uint32_t value, std::uint32_t mask) WINDSOR_REQUIRES(bus::kMachineLock);
    void write_low(unsigned offset, std::uint32_t value, std::uint32_t mask) WINDSOR_REQUIRES(bus::kMachineLock);
    void write_upper(unsigned offset, std::uint32_t value, std::uint32_t mask) WINDSOR_REQUIRES(bus::kMachineLock);
    void write_parameters(unsigned offset, std::uint32_t value, std::uint32_t mask);
    void write_command(std::uint8_t value) WINDSOR_REQUIRES(bus::kMachineLock);
    void write_receive_config(std::uint32_t value, std::uint32_t mask);
    void write_eeprom_command(std::uint8_t value);
    void write_configs(std::uint32_t value, std::uint32_t mask);
    void write_basic_control(std::uint16_t value);
    void write_receive_ring(bool high_dword, std::uint32_t value, std::uint32_t mask);
    void write_tally(bool high_dword, std::uint32_t value, std::uint32_t mask);
    void write_poll(std::uint8_t value) WINDSOR_REQUIRES(bus::kMachineLock);

    // Sends whatever the guest has asked for and the chip was not allowed to.
    void transmit_waiting() WINDSOR_REQUIRES(bus::kMachineLock);
    void write_transmit_status(unsigned index, std::uint32_t value, std::uint32_t mask)
        WINDSOR_REQUIRES(bus::kMachineLock);
    void transmit_buffer(unsigned index) WINDSOR_REQUIRES(bus::kMachineLock);
    // Puts a frame on the wire, or gives it to the receiver in loopback.
    Sent send(std::span<const std::uint8_t> frame) WINDSOR_REQUIRES(bus::kMachineLock);

    // Sends what the rings hold that have been polled, or part of it if it is much; a timer does the rest.
    void transmit_polled() WINDSOR_REQUIRES(bus::kMachineLock);
    // False if there is more in it than is to be done at once.
    bool transmit_ring(unsigned address, std::uint8_t& next) WINDSOR_REQUIRES(bus::kMachineLock);
    std::optional<Descriptor> read_descriptor(std::uint64_t ring, unsigned index);
    // The descriptors of the next frame, if it is there as a whole.
    bool collect(std::uint64_t ring, std::uint8_t& next);
    // The status for its last descriptor.
    std::uint32_t transmit_collected() WINDSOR_REQUIRES(bus::kMachineLock);
    bool gather();
    Sent send_large(std::uint32_t command) WINDSOR_REQUIRES(bus::kMachineLock);
    void put_checksums(std::uint32_t command);
    void give_back_collected(std::uint32_t status);

    // From the wire or, in loopback, from the transmitter.
    bool take(std::span<const std::uint8_t> frame);
    // How its destination is accepted, as RSR bits; none if it is not.
    std::optional<std::uint16_t> accepted(std::span<const std::uint8_t> frame) const;
    bool receive_into_buffer(std::uint16_t status);
    bool receive_into_ring(std::uint16_t status);
    // Reads the descriptors for a frame of that length, the whole frame or none: drivers expect it in one.
    Room find_descriptors(std::size_t length);
    std::uint32_t ring_status(std::uint16_t status) const;
    std::uint32_t take_tag();
    void count(std::uint16_t status);
    void miss(std::uint16_t interrupts);
    bool refuse(std::size_t room);
    bool still_refuses();
    // Has the link try again if there is room now.
    void look_for_room() WINDSOR_REQUIRES(bus::kMachineLock);
    void look_again() WINDSOR_REQUIRES(bus::kMachineLock);
    std::uint32_t buffer_size() const;
    std::uint32_t buffer_free() const;
    std::uint32_t read_position() const;

    const base::Clock& clock_;
    memory::GuestMemory& memory_;
    backend::NetworkLink* link_;
    Registers registers_;
    Eeprom93c46 eeprom_;
    base::Timer timer_; // TimerInt
    base::Timer look_; // for room, while a frame is refused
    base::Timer more_; // to send
    std::size_t work_{0}; // bytes that have been moved on the way out since somebody looked
    std::optional<base::Nanoseconds> timer_at_;
    unsigned power_{0}; // D0 to D3, as configuration space says
    // Frames on their way, whose bytes are the chip's own, and the descriptors that lead to them. A link may answer a
    // frame while it is being sent.
    std::vector<std::uint8_t> out_;
    std::vector<Descriptor> collected_;
    std::vector<std::uint8_t> in_;
    std::vector<Descriptor> found_;
    unsigned after_found_{0}; // the index of the descriptor behind them
};

} // namespace windsor::devices::rtl8139
