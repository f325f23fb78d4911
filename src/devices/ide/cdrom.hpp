// SPDX-License-Identifier: GPL-2.0-or-later
// An ATAPI CD-ROM and DVD-ROM drive (ATA/ATAPI-7 packet commands, MMC-5) for discs of one data track.
#pragma once

#include "devices/ide/cd_disc.hpp"
#include "devices/ide/drive.hpp"

#include <array>

namespace windsor::devices::ide {

// Whether the host minds that the guest has locked the tray.
enum class TrayForce : std::uint8_t { Ask, Force };

class CdRom final : public Drive {
public:
    struct Config {
        std::string name;                         // "hdc" …, for reports
        std::string model{"Windsor DVD-ROM"};     // at most 40 printable characters
        std::string vendor{"Windsor"};            // INQUIRY: at most 8
        std::string product{"DVD-ROM"};           // INQUIRY: at most 16
        std::string serial{"WC00000000000001"};   // at most 20
        std::string firmware{"1.0"};              // at most 8, of which INQUIRY shows 4
        std::shared_ptr<backend::BlockMedia> media{};      // null: no disc
    };

    enum class Expecting : std::uint8_t { Nothing, Packet, Parameters };

    // MMC-5 6.7.2.4: media events of GET EVENT STATUS NOTIFICATION.
    enum class MediaEvent : std::uint8_t { None = 0, EjectRequest = 1, NewMedia = 2, MediaRemoval = 3 };

    // A read under way.
    struct Reading {
        std::uint32_t lba{0};
        std::uint32_t remaining{0}; // blocks, from `lba` on
        SectorParts parts;
    };

    struct State {
        Common common;
        Expecting expecting;
        bool in_packet; // a packet command is under way
        bool dma;
        std::uint32_t limit; // bytes of a DRQ block
        std::array<std::uint8_t, kPacketBytes> packet;
        Reading reading;
        Sense sense;
        bool reset_attention;
        bool medium_attention;
        MediaEvent event;
        bool tray_open;
        bool locked;
        std::array<std::uint8_t, 2> error_recovery; // bytes 2 and 3 of that mode page
    };

    explicit CdRom(Config config);

    // Puts a disc in, closing the tray, in place of one that may be there. Fails if the guest has locked
    // the tray over a disc and `force` does not say to take it out nevertheless; the guest is then
    // asked to release it.
    base::Status insert(std::shared_ptr<backend::BlockMedia> media, TrayForce force = TrayForce::Ask);
    // Takes the disc out; nothing happens without one.
    base::Status eject(TrayForce force = TrayForce::Ask);
    bool has_medium() const { return media_ != nullptr && !tray_open_; }
    bool tray_open() const { return tray_open_; }
    bool locked() const { return locked_; }
    // Hears of the guest opening and closing the tray. The disc stays in it.
    void on_tray(std::function<void(bool open)> handler) { tray_handler_ = std::move(handler); }

    State state() const;
    // Takes over saved state; the disc is put in at construction.
    void load(const State& state);

private:
    void execute(std::uint8_t command) override;
    bool has_device_reset() const override { return true; }
    void set_signature() override;
    void on_reset(ResetKind kind) override;
    void block_moved() override;
    void dma_moved() override;
    void media_done(const base::Status& result) override;

    // cdrom.cpp: the packet protocol.
    void identify();
    void set_features();
    void begin_packet();
    void run_packet();
    void complete();
    void check(Sense sense);
    void reply(std::vector<std::uint8_t> data, std::size_t allocation);
    void take_parameters(std::size_t bytes);
    void begin_chunk(Phase direction);
    void read_blocks(std::uint32_t lba, std::uint32_t count, SectorParts parts);
    void next_piece();
    void medium_changed();
    base::Status refuse_locked();

    // cdrom_commands.cpp: the packet commands.
    struct Handler;
    static const Handler* find_handler(std::uint8_t code);
    void test_unit_ready() { complete(); }
    void request_sense();
    void inquiry();
    void start_stop_unit();
    void prevent_allow();
    void read_capacity();
    void read_10();
    void read_12();
    void seek();
    void read_sub_channel();
    void read_toc();
    void get_configuration();
    void get_event_status();
    void read_disc_information();
    void read_disc_structure();
    void read_cd();
    void read_cd_msf();
    void read_cd_parts(std::uint32_t lba, std::uint32_t count);
    void set_cd_speed() { complete(); }
    void mechanism_status();
    void set_tray(bool open);

    // cdrom_modes.cpp: mode pages.
    void mode_sense_6();
    void mode_sense_10();
    void mode_select_6();
    void mode_select_10();
    void apply_parameters();
    bool apply_pages(std::span<const std::uint8_t> pages);
    std::optional<std::vector<std::uint8_t>> mode_pages() const;
    std::uint8_t medium_type() const;

    std::uint32_t packet16(std::size_t at) const;
    std::uint32_t packet24(std::size_t at) const;
    std::uint32_t packet32(std::size_t at) const;
    std::uint32_t blocks() const;

    Config config_;
    std::shared_ptr<backend::BlockMedia> media_;
    std::function<void(bool)> tray_handler_;

    Expecting expecting_{Expecting::Nothing};
    bool in_packet_{false};
    bool dma_{false};
    std::uint32_t limit_{2};
    std::array<std::uint8_t, kPacketBytes> packet_{};
    Reading reading_;
    Sense sense_;
    bool reset_attention_{false};
    bool medium_attention_{false};
    MediaEvent event_{MediaEvent::None};
    bool tray_open_{false};
    bool locked_{false};
    std::array<std::uint8_t, 2> error_recovery_{};
};

// How to serve one packet operation code.
struct CdRom::Handler {
    Packet code;
    bool needs_medium;
    bool ignores_attention; // answers even while a unit attention is pending (MMC-5 4.1.6.1)
    void (CdRom::*run)();
};

} // namespace windsor::devices::ide
