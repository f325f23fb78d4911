// SPDX-License-Identifier: GPL-2.0-or-later
// An Intel 82077AA with its two drives.
#pragma once

#include "base/clock.hpp"
#include "base/timer.hpp"
#include "bus/access.hpp"
#include "bus/irq_line.hpp"
#include "chipset/isa_dma.hpp"
#include "devices/floppy/drive.hpp"
#include "devices/floppy/spec.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace windsor::devices::floppy {

// Sectors come under the head one by one, each at its time; what the medium takes longer for, the disk waits. Where the
// hardware would wait for ever, since without a disk there is no index hole, a command ends as if the hole had passed
// twice. Motors are not needed. Deleted data is written as data: images have no room for the difference.
class Controller final : public bus::AccessHandler {
public:
    using Drives = std::array<std::unique_ptr<FloppyDrive>, kDrives>;

    enum class Phase : std::uint8_t {
        Idle, // takes commands
        Searching, // until the next sector is under the head
        Failing, // until the index hole has passed twice
        Host, // moves a sector through the FIFO
        Media, // a request to the medium is under way
        Result,
    };

    // A drive's SEEK, RELATIVE SEEK or RECALIBRATE.
    struct Seek {
        std::optional<base::Nanoseconds> until{};
        std::int16_t pulses{0};
        std::uint8_t cylinder{0}; // PCN afterwards
        std::uint8_t status{0}; // ST0 afterwards
    };

    // A command that moves sectors.
    struct Transfer {
        SectorId id{}; // that is looked for
        std::uint8_t head{0};
        std::uint8_t turned{0}; // READ TRACK: sectors since the index hole
        std::uint16_t left{0}; // sectors, of commands that count them
        std::uint8_t st1{0};
        std::uint8_t st2{0};
        bool terminal_count{false};
        bool sought{false}; // by an implied seek
        std::array<std::uint8_t, kSectorBytes> buffer{};
        std::uint16_t position{0}; // of the FIFO's next byte
    };

    struct State {
        std::uint8_t dor{0};
        std::uint8_t tdr{0};
        std::uint8_t dsr{0}; // but for the rate, and for the reset, which ends at once
        std::uint8_t rate{static_cast<std::uint8_t>(Rate::Kbps250)};
        std::array<std::uint8_t, 2> specified{};
        std::uint8_t config{config::kNoFifo};
        std::uint8_t precompensation_track{0};
        bool lock{false};
        std::uint8_t perpendicular{0};
        std::uint8_t last_sector{0}; // EOT or SC, for DUMPREG
        std::array<std::uint8_t, kDriveNumbers> cylinders{}; // PCN
        Phase phase{Phase::Idle};
        std::array<std::uint8_t, kLongestCommand> command{};
        std::uint8_t command_bytes{0}; // of a command that is not yet complete
        std::array<std::uint8_t, kLongestResult> result{};
        std::uint8_t result_bytes{0};
        std::uint8_t result_position{0};
        bool interrupt{false};
        std::array<std::uint8_t, kDriveNumbers> sought{}; // ST0 for SENSE INTERRUPT STATUS, of seeks that have ended
        std::uint8_t reset_statuses{0}; // that SENSE INTERRUPT STATUS has yet to give after a reset
        std::optional<base::Nanoseconds> polled_at{}; // when the reset's interrupt comes
        std::array<Seek, kDriveNumbers> seeks{};
        Transfer transfer{};
        std::optional<base::Nanoseconds> due{}; // when the phase ends, of those that end by themselves
        std::array<FloppyDrive::State, kDrives> drives{};
    };

    // `drives` may be absent, as may be the DMA controller; that and the others outlive the controller.
    Controller(const base::Clock& clock, base::TimerQueue& timers, bus::IrqLine irq, chipset::IsaDma* dma,
               Drives drives);
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;
    ~Controller() override;

    // The kPortCount ports.
    bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
    bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;
    // And the one behind IDE's.
    bus::AccessHandler& digital_input() { return digital_input_; }

    // Null if there is none.
    FloppyDrive* drive(unsigned number) { return number < kDrives ? drives_[number].get() : nullptr; }
    // Lets go of the media.
    void release();

    // The RESET pin. Drives do not have it: heads stay where they are.
    void reset();
    void settle() { advance(clock_.now()); }
    // True while a request to a medium is under way, during which state cannot be saved.
    bool busy() const { return request_ != nullptr; }
    State state() const;
    void load(const State& state);

private:
    struct CommandRow {
        std::uint8_t mask; // of the bits that name it
        Command code;
        std::uint8_t bytes;
        void (Controller::*run)();
    };
    class DigitalInput final : public bus::AccessHandler {
    public:
        explicit DigitalInput(Controller& controller) : controller_{controller} {}
        bus::ReadResult read(std::uint64_t offset, bus::Width width) override;
        bus::AccessStatus write(std::uint64_t offset, bus::Width width, std::uint64_t value) override;

    private:
        Controller& controller_;
    };
    // Owns what the medium uses, whatever becomes of the controller.
    struct Request {
        Controller* owner; // null once cancelled
        std::array<std::uint8_t, kSectorBytes> data;
    };

    // controller.cpp: registers, resets, interrupts and time.
    bool stopped() const;
    std::uint8_t status_a() const;
    std::uint8_t status_b() const;
    std::uint8_t main_status() const;
    void write_dor(std::uint8_t value);
    void write_dsr(std::uint8_t value);
    std::uint8_t read_data();
    void write_data(std::uint8_t value);
    void stop();
    static void forget(State& state);
    void software_reset();
    void leave_reset();
    bool line() const;
    void set_interrupt(bool level);
    void advance(base::Nanoseconds now);
    void end_seek(unsigned number);
    void end_phase();
    void arm();
    void cancel_request();

    // load.cpp: what a state may not say.
    static void put_right_registers(State& state);
    static void put_right_phase(State& state, base::Nanoseconds latest);
    static void put_right_seeks(State& state, base::Nanoseconds latest);

    // commands.cpp: commands without data.
    static const CommandRow* find_command(std::uint8_t code);
    Command current() const;
    unsigned drive_number() const { return state_.command[1] & parameter::kDrive; }
    bool multi_track() const { return (state_.command[0] & opcode::kMultiTrack) != 0; }
    bool skips() const { return (state_.command[0] & opcode::kSkip) != 0; }
    void idle();
    void reply(std::span<const std::uint8_t> bytes);
    void invalid();
    void specify();
    void sense_drive_status();
    void sense_interrupt_status();
    void recalibrate();
    void seek();
    void relative_seek();
    void dumpreg();
    void version();
    void perpendicular_mode();
    void configure();
    void lock();
    void begin_seek(int pulses, std::uint8_t cylinder, std::uint8_t status);
    base::Nanoseconds seek_time(int pulses) const;

    // transfer.cpp: commands that move sectors.
    static bool is_transfer(Command command);
    static bool writes(Command command);
    bool by_fifo() const { return (state_.specified[1] & parameter::kNonDma) != 0; }
    Reading reading() const;
    // Of a sector's data, or of what is to be its ID.
    static std::size_t block_bytes(Command command);
    void read_write();
    void read_track();
    void verify();
    void read_id();
    void format_track();
    void begin_transfer(std::uint16_t left);
    void search(base::Nanoseconds time);
    void fail(std::uint8_t st1, std::uint8_t st2 = 0);
    void finish(std::uint8_t status);
    void reach_sector();
    void reach_id();
    void reach_track_sector();
    void reach_wanted_sector();
    void take_block();
    // What has been moved; nothing where the DMA controller does not answer.
    chipset::IsaDma::Transfer move_by_dma(std::span<std::uint8_t> block);
    void block_taken();
    void sector_read(bool good);
    void sector_written(bool good);
    void next_sector();
    void end_of_track();
    void count_up();
    void begin_host();
    void host_moved();
    void request(std::uint64_t offset);
    void request_done(const base::Status& result);

    const base::Clock& clock_;
    bus::IrqLine irq_;
    chipset::IsaDma* dma_;
    Drives drives_;
    State state_; // but for the drives' part, which they have
    std::shared_ptr<Request> request_;
    DigitalInput digital_input_{*this};
    base::Timer timer_;
};

} // namespace windsor::devices::floppy
