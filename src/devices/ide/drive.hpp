// SPDX-License-Identifier: GPL-2.0-or-later
// What a hard disk and a CD-ROM drive on an ATA cable have in common: the command block registers, the
// data port, and transfers between medium, buffer and host.
#pragma once

#include "devices/ide/spec.hpp"
#include "backend/media.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace windsor::devices::ide {

enum class DmaDirection : std::uint8_t { ToMemory, FromMemory };

// The bus master as a drive sees it.
class DmaEngine {
public:
    virtual ~DmaEngine() = default;
    // Moves the whole of `data` to or from guest memory, continuing where the last call ended. False if it
    // cannot: the bus master is stopped, goes the other way, or its descriptors ended or pointed nowhere.
    [[nodiscard]] virtual bool move(DmaDirection direction, std::span<std::uint8_t> data) = 0;
};

// The channel as a drive sees it.
class DriveHost {
public:
    virtual ~DriveHost() = default;
    // The drive's INTRQ has changed.
    virtual void interrupt_changed() = 0;
    virtual DmaEngine& dma() = 0;
};

// A transfer that the medium refused.
struct MediaFault {
    std::string drive; // as named at construction: "hda" …
    bool writing;      // or flushing
    std::uint64_t offset; // bytes from the medium's start
    std::string message;
};

enum class ResetKind : std::uint8_t {
    Hardware, // power-on or RESET-: settings return to their defaults
    Software, // SRST or EXECUTE DEVICE DIAGNOSTIC
    Device,   // DEVICE RESET
};

class Drive {
public:
    // A register that keeps its previous content for 48-bit commands.
    struct TwoDeep {
        std::uint8_t now{0};
        std::uint8_t previous{0};
        void push(std::uint8_t value)
        {
            previous = now;
            now = value;
        }
        void set(std::uint8_t value) { *this = {value, 0}; }
    };

    enum class Phase : std::uint8_t {
        Idle,
        Busy,   // the medium works
        PioIn,  // the host reads a DRQ block
        PioOut, // the host writes a DRQ block
        DmaIn,  // the buffer waits to be moved to memory
        DmaOut, // the buffer waits to be filled from memory
    };

    // What both kinds of drive save.
    struct Common {
        TwoDeep features;
        TwoDeep sector_count;
        TwoDeep lba_low;
        TwoDeep lba_mid;
        TwoDeep lba_high;
        std::uint8_t device{0};
        std::uint8_t error{0};
        std::uint8_t status{0};
        bool interrupt{false};
        Phase phase{Phase::Idle};
        bool asleep{false};
        PowerMode power{PowerMode::Active};
        std::uint8_t pio_mode{kHighestPioMode};
        std::optional<std::uint8_t> multiword_mode;
        std::optional<std::uint8_t> ultra_mode;
        std::vector<std::uint8_t> buffer;
        std::size_t position{0};  // next byte of the buffer to move by PIO
        std::size_t block_end{0}; // where the current DRQ block ends
    };

    using FaultHandler = std::function<void(const MediaFault&)>;

    explicit Drive(std::string name) : name_{std::move(name)} {}
    virtual ~Drive();
    Drive(const Drive&) = delete;
    Drive& operator=(const Drive&) = delete;

    const std::string& name() const { return name_; }

    // Hears of every transfer that the medium refused; the guest has been told as well.
    void on_fault(FaultHandler handler) { fault_handler_ = std::move(handler); }

    // Called once by the channel the drive is plugged into, which outlives the drive's use.
    void connect(DriveHost& host) { host_ = &host; }

    // Register access as the selected drive answers it. `high_order` is the HOB bit.
    std::uint8_t read_register(Register reg, bool high_order) const;
    void write_register(Register reg, std::uint8_t value);
    // Acts on a write to the command register; ignored while busy, but for DEVICE RESET.
    void write_command(std::uint8_t command);
    std::uint16_t read_data();
    void write_data(std::uint16_t value);
    // The same for a run of words; an even number of bytes.
    void read_data_run(std::span<std::uint8_t> into);
    void write_data_run(std::span<const std::uint8_t> from);

    std::uint8_t status() const { return common_.status; }
    bool interrupt() const { return common_.interrupt; }
    void acknowledge_interrupt() { set_interrupt(false); }

    // SRST is held: busy until reset() follows.
    void hold_in_reset();
    void reset(ResetKind kind);
    // EXECUTE DEVICE DIAGNOSTIC, which the channel gives to both drives.
    void diagnose(bool interrupts);
    // The bus master has been started.
    void dma_started() { run_dma(); }

    // True while a request to the medium is under way, during which state cannot be saved.
    bool media_busy() const { return request_ != nullptr; }

protected:
    virtual void execute(std::uint8_t command) = 0;
    // Whether DEVICE RESET ends whatever is under way; hard disks have no such command.
    virtual bool has_device_reset() const = 0;
    virtual void set_signature() = 0;
    virtual void on_reset(ResetKind kind) = 0;
    // A DRQ block has been moved by PIO; the phase is still PioIn or PioOut.
    virtual void block_moved() = 0;
    // The whole buffer has been moved by DMA.
    virtual void dma_moved() = 0;
    // The request to the medium has ended; its buffer is back in `common_.buffer`.
    virtual void media_done(const base::Status& result) = 0;

    void set_interrupt(bool level);
    void set_busy();
    // Ends a command: status `bits` besides DRDY and DSC, then an interrupt.
    void finish(std::uint8_t bits = 0);
    void fail(std::uint8_t error_bits, std::uint8_t extra_status = 0);
    void abort_command() { fail(error::kAbrt); }

    // Offers or asks for the next `bytes` of the buffer at the data port.
    void begin_block(Phase direction, std::size_t bytes, bool interrupts);
    // Moves the buffer by DMA, now or when the bus master starts.
    void begin_dma(DmaDirection direction);

    // Requests to the medium; media_done() follows, perhaps within the call.
    void media_read(const std::shared_ptr<backend::BlockMedia>& media, std::uint64_t offset, std::size_t bytes);
    void media_write(const std::shared_ptr<backend::BlockMedia>& media, std::uint64_t offset);
    void media_flush(const std::shared_ptr<backend::BlockMedia>& media);
    // Forgets the request under way; its end will not be noticed.
    void cancel_request();
    void report_fault(bool writing, std::uint64_t offset, const base::Error& error) const;

    // SET FEATURES 03h: true if the mode in the sector count register is one that the drive has.
    bool set_transfer_mode(std::uint8_t mode);
    // The power management commands, which both kinds have. False: not one of them.
    bool execute_power(Command command);

    // Takes over saved state; a block that does not lie within its buffer ends the command.
    void load_common(const Common& common);

    Common common_;

private:
    // Owns the buffer while the medium uses it, whatever becomes of the drive.
    struct Request {
        Drive* owner; // null once cancelled
        std::vector<std::uint8_t> data;
    };

    // Whole words, as bytes, that the present block still has in that direction.
    std::size_t words_left(Phase direction) const;
    void moved(std::size_t bytes);
    backend::BlockMedia::Done begin_request();
    void run_dma();
    void run_completions();

    std::string name_;
    DriveHost* host_{nullptr};
    FaultHandler fault_handler_;
    std::shared_ptr<Request> request_;
    std::optional<base::Status> completed_;
    bool running_completions_{false};
};

} // namespace windsor::devices::ide
