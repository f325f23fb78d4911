// SPDX-License-Identifier: GPL-2.0-or-later
// An ATA hard disk (ATA/ATAPI-7) with 48-bit addressing, PIO and DMA.
#pragma once

#include "devices/ide/drive.hpp"

namespace windsor::devices::ide {

class HardDisk final : public Drive {
public:
    struct Config {
        std::string name; // "hda" …, for reports
        std::string model{"Windsor HARDDISK"};   // at most 40 printable characters
        std::string serial{"WD00000000000001"}; // at most 20
        std::string firmware{"1.0"};            // at most 8
        std::shared_ptr<backend::BlockMedia> media;      // not null; a last odd part of a sector is left out
    };

    // The logical geometry that INITIALIZE DEVICE PARAMETERS sets.
    struct Geometry {
        std::uint8_t heads;
        std::uint8_t sectors;
    };

    enum class Operation : std::uint8_t { None, Read, Write, Verify, Flush };

    // A read, write or verify under way.
    struct Transfer {
        Operation operation{Operation::None};
        bool dma{false};
        bool extended{false};      // reports its address in 48 bits
        bool through{false};       // ends with a flush
        std::uint64_t lba{0};      // of the buffer's first sector
        std::uint32_t remaining{0}; // sectors from `lba` on
        std::uint32_t block{1};    // sectors a DRQ block
    };

    struct State {
        Common common;
        Geometry geometry;
        std::uint8_t multiple; // sectors a block, 0: not set
        bool write_cache;
        bool read_ahead;
        bool smart;
        Transfer transfer;
    };

    explicit HardDisk(Config config);

    State state() const;
    // Takes over saved state; the drive's channel re-evaluates its interrupt line afterwards.
    void load(const State& state);

private:
    void execute(std::uint8_t command) override;
    bool has_device_reset() const override { return false; }
    void set_signature() override;
    void on_reset(ResetKind kind) override;
    void block_moved() override;
    void dma_moved() override;
    void media_done(const base::Status& result) override;

    // hard_disk.cpp: transfers.
    struct TransferKind {
        Operation operation;
        bool dma;
        bool extended;
        bool multiple;
        bool through; // forced unit access
    };
    static std::optional<TransferKind> transfer_kind(Command command);
    void start_transfer(const TransferKind& kind);
    std::uint32_t sectors_asked(bool extended) const;
    std::optional<std::uint64_t> address(bool extended) const;
    void store_address(std::uint64_t lba);
    void next_piece();
    std::uint32_t piece_sectors() const;
    void advance(std::uint32_t sectors);
    void transfer_complete();
    void transfer_failed(const base::Error& error);

    // hard_disk_commands.cpp: the rest.
    void execute_other(Command command);
    void identify();
    void offer(std::vector<std::uint8_t> data);
    void set_features();
    void set_multiple();
    void initialize_parameters();
    void seek();
    void read_native_max(bool extended);
    void flush();
    void smart();
    std::vector<std::uint8_t> smart_data() const;
    std::vector<std::uint8_t> smart_thresholds() const;

    std::uint32_t cylinders() const;

    Config config_;
    std::uint64_t sectors_;
    Geometry geometry_{};
    std::uint8_t multiple_{0};
    bool write_cache_{true};
    bool read_ahead_{true};
    bool smart_{true};
    Transfer transfer_;
};

} // namespace windsor::devices::ide
