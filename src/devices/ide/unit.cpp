// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/ide/unit.hpp"

#include "backend/removable_drive.hpp"
#include "devices/ide/cdrom.hpp"
#include "devices/ide/controller.hpp"
#include "devices/ide/hard_disk.hpp"
#include "devices/ide/saved_state.hpp"
#include "pci/saved_state.hpp"

#include <array>
#include <deque>

namespace windsor::devices::ide {

// A channel's two parts as one.
struct ChannelState {
    Channel::State channel{};
    BusMaster::State bus_master{};
};

template <typename Archive> void describe(Archive& archive, ChannelState& state)
{
    archive.field("channel", state.channel);
    archive.field("bus_master", state.bus_master);
}

namespace {

constexpr std::array<std::string_view, kChannels> kChannelNames{"primary", "secondary"};

struct WholeChannel {
    Channel& channel;

    ChannelState state() const { return {channel.state(), channel.bus_master_state()}; }
    void load(const ChannelState& state) { channel.load(state.channel, state.bus_master); }
};

void choose(std::string& text, const std::string& other)
{
    text = other.empty() ? text : other;
}

// What IDENTIFY (PACKET) DEVICE says; ATA/ATAPI-7, sections 6.17 and 6.18.
template <typename Config> void choose_texts(Config& config, const AttachedDrive& drive)
{
    choose(config.serial, drive.serial);
    choose(config.model, drive.model);
    choose(config.firmware, drive.firmware);
}

std::unique_ptr<Drive> make_drive(const AttachedDrive& drive)
{
    if (drive.cdrom) {
        CdRom::Config config{.name = drive.name};
        config.media = drive.media;
        choose_texts(config, drive);
        // INQUIRY says the same in two fields (SPC-3, section 6.4.2): a model's first word is its maker.
        if (const std::size_t blank = drive.model.find(' '); blank != std::string::npos) {
            config.vendor = drive.model.substr(0, blank);
            config.product = drive.model.substr(blank + 1);
        }
        return std::make_unique<CdRom>(std::move(config));
    }
    HardDisk::Config config{.name = drive.name, .media = drive.media};
    choose_texts(config, drive);
    return std::make_unique<HardDisk>(std::move(config));
}

// A CD-ROM drive as people see it. The world's disc leaves with the drive.
class DiscDrive final : public backend::RemovableDrive {
public:
    DiscDrive(Controller& controller, unsigned position, std::string name)
        : controller_{controller}, position_{position}, name_{std::move(name)}
    {
    }

    const std::string& name() const override { return name_; }
    bool locked() const override
    {
        const CdRom* const drive = cdrom();
        return drive != nullptr && drive->locked();
    }
    bool tray_open() const override
    {
        const CdRom* const drive = cdrom();
        return drive != nullptr && drive->tray_open();
    }
    base::Status change(std::shared_ptr<backend::BlockMedia> medium, backend::LockedMedium locked) override
    {
        CdRom* const drive = cdrom();
        if (drive == nullptr) {
            return base::fail("the machine is about to end, and {} takes no disc any more", name_);
        }
        const TrayForce force = locked == backend::LockedMedium::ComesOut ? TrayForce::Force : TrayForce::Ask;
        return medium != nullptr ? drive->insert(std::move(medium), force) : drive->eject(force);
    }

private:
    CdRom* cdrom() const { return dynamic_cast<CdRom*>(controller_.drive(position_)); }

    Controller& controller_;
    unsigned position_;
    std::string name_;
};

class Unit final : public chipset::DeviceOf<Unit> {
public:
    Unit(const chipset::Site& site, const std::vector<AttachedDrive>& drives)
        : controller_{site.irq(0), site.irq(1), site.memory()}
    {
        for (const AttachedDrive& drive : drives) {
            names_.at(drive.position) = drive.name;
            controller_.attach(drive.position, make_drive(drive));
            if (drive.cdrom) {
                site.outlets().removable_drives.push_back(
                    &disc_drives_.emplace_back(controller_, drive.position, drive.name));
            }
        }
    }
    base::Status wire(chipset::Site& site)
    {
        for (unsigned channel = 0; channel < kChannels; ++channel) {
            site.claim_ports(channel, kCommandPortCount, controller_.channel(channel).command_ports());
            site.claim_ports(kChannels + channel, 1, controller_.channel(channel).control_port());
        }
        return site.plug(controller_);
    }
    // Channels follow their function, which resets them, and their drives.
    template <typename Visit> base::Status parts(Visit visit)
    {
        WINDSOR_TRY(visit("", chipset::ResetElsewhere<pci::Function>{controller_}));
        for (unsigned position = 0; position < names_.size(); ++position) {
            WINDSOR_TRY(visit_drive(visit, position));
        }
        for (unsigned number = 0; number < kChannels; ++number) {
            WholeChannel channel{controller_.channel(number)};
            WINDSOR_TRY(visit(kChannelNames[number], chipset::ResetElsewhere{channel}));
        }
        return {};
    }
    bool busy() override { return controller_.media_busy(); }
    void release_world() override
    {
        for (unsigned position = 0; position < names_.size(); ++position) {
            controller_.attach(position, nullptr);
        }
    }

private:
    template <typename Visit> base::Status visit_drive(Visit& visit, unsigned position)
    {
        Drive* const drive = controller_.drive(position);
        if (auto* disk = dynamic_cast<HardDisk*>(drive)) {
            return visit(names_[position], chipset::ResetElsewhere{*disk});
        }
        if (auto* cdrom = dynamic_cast<CdRom*>(drive)) {
            return visit(names_[position], chipset::ResetElsewhere{*cdrom});
        }
        return {};
    }

    Controller controller_;
    std::array<std::string, kChannels * kDrivesPerChannel> names_;
    std::deque<DiscDrive> disc_drives_;
};

} // namespace

chipset::Make unit(std::vector<AttachedDrive> drives)
{
    return chipset::make_of<Unit>(std::move(drives));
}

} // namespace windsor::devices::ide
