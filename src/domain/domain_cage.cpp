// SPDX-License-Identifier: GPL-2.0-or-later
// What a domain opens while it can, and the walls that it puts up around itself then. Whatever it needs of the host
// later comes as a descriptor: from the command that names it, or from the keeper.
#include "domain/domain.hpp"

#include "base/private_file.hpp"
#include "domain/engine_settings.hpp"
#include "domain/images.hpp"
#include "domain/network_cards.hpp"
#include "domain/processor_model.hpp"
#include "domain/uuid.hpp"
#include "machine/ram.hpp"
#include "sandbox/domain_plan.hpp"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace windsor::domain {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// An error about a key of the configuration, with the place where it stands.
base::Error at(const config::Location& where, const base::Error& error)
{
    return base::Error{where.source != nullptr ? config::render(where, error.message()) : error.message()};
}

} // namespace

base::Status Domain::open_all()
{
    host_processors_ = static_cast<std::size_t>(std::max(::sysconf(_SC_NPROCESSORS_CONF), 1L));
    ::tzset(); // the log's times are in the host's zone
    WINDSOR_TRY(open_machine());
    WINDSOR_TRY(open_images());
    opened_.control = WINDSOR_TRY(RpcServer::bind(claim_.entry().control_socket()));
    serial_.link_terminals(claim_.entry());
    // For people; the domain does without it.
    static_cast<void>(
        base::write_private_file(claim_.entry().config_file(), config::to_json(settings_.config).dump(2) + '\n'));
    return write_beginning(claim_.entry().beginning_file(), beginning_of(saved_domain()));
}

base::Status Domain::open_machine()
{
    if (!settings_.restore_from.empty()) {
        opened_.saved = WINDSOR_TRY(open_saved(settings_.restore_from));
    }
    const config::DomainConfig& config = settings_.config;
    const machine::Needs* const needs = settings_.incoming ? &settings_.incoming->saved.needs
                                        : opened_.saved    ? &opened_.saved->needs
                                                           : nullptr;
    uuid_ = needs != nullptr ? needs->uuid : config.uuid.empty() ? random_uuid() : parse_uuid(config.uuid);
    machine::MachineSpec options = machine_options();
    if (needs != nullptr) {
        options.cpu = WINDSOR_TRY(saved_processor(*needs));
    }
    serial_ = WINDSOR_TRY(SerialPorts::create(config, settings_.serial_lines.get(), loop_, log_));
    settings_.serial_lines.reset();
    options.serial_ports = serial_.sinks();
    if (const auto room = machine::Ram::check_room(options.memory); !room) {
        return std::unexpected{config::at_key(config, "memory", room.error())};
    }
    if (!settings_.bios.empty()) {
        options.bios = settings_.bios;
    }
    options.firmware = WINDSOR_TRY(firmware(options));
    options.engine_settings.trace = WINDSOR_TRY(trace_of(config, engine_.type, log_));
    if (engine_.type == engines::Type::Kvm) {
        opened_.kvm.reset(::open("/dev/kvm", O_RDWR | O_CLOEXEC)); // without it the machine says why not
    }
    opened_.machine = std::move(options);
    return {};
}

base::Result<std::shared_ptr<const machine::FirmwareFiles>> Domain::firmware(const machine::MachineSpec& options) const
{
    auto files = std::make_shared<machine::FirmwareFiles>(
        WINDSOR_TRY(machine::FirmwareFiles::read(options.bios, options.vga_bios)));
    if (settings_.config.boot.find('n') != std::string::npos) {
        for (const machine::NetworkCardSpec& card : network_cards(settings_.config)) {
            if (const auto read = files->read_network_rom(card.model); !read) {
                return std::unexpected{config::at_key(settings_.config, "boot", read.error())};
            }
        }
    }
    return files;
}

base::Status Domain::open_images()
{
    for (const config::DiskConfig& disk : settings_.config.disks) {
        if (disk.path.empty()) {
            continue;
        }
        const unsigned slot = slot_of(disk);
        auto image = this->image(disk, slot);
        if (!image) {
            return std::unexpected{at(disk.where, image.error())};
        }
        for (const std::string& note : (*image)->notes()) {
            log_.warning("{}", note);
        }
        opened_.images.insert_or_assign(slot, std::move(*image));
    }
    return {};
}

// That of a domain that is still at its source is opened when the source has let go of it.
base::Result<std::unique_ptr<storage::Image>> Domain::image(const config::DiskConfig& disk, unsigned slot) const
{
    if (!settings_.incoming) {
        const bool goes_on = !settings_.restore_from.empty();
        storage::ImageSpec spec = image_spec(disk, goes_on ? storage::Contents::Saved : storage::Contents::Any);
        spec.users = domain_names(settings_.runtime);
        return storage::open_image(spec);
    }
    const auto& drives = settings_.incoming->saved.needs.drives;
    const auto drive = std::ranges::find(drives, slot, &machine::NeededDrive::slot);
    return storage::expect_image(image_spec(disk), drive != drives.end() ? drive->size : 0);
}

sandbox::Plan Domain::plan() const
{
    constexpr std::uint64_t kRoom = 1024 * kMiB; // beside guest memory, in a saved state
    sandbox::DomainNeeds needs{.id = claim_.entry().id,
                               .mode = settings_.config.sandbox,
                               .processors = static_cast<unsigned>(settings_.config.vcpus)};
    if (opened_.machine.engine_settings.trace == nullptr) {
        needs.largest_file = settings_.config.memory_mb * kMiB + kRoom;
        for (const auto& [slot, image] : opened_.images) {
            needs.largest_file = std::max({*needs.largest_file, image->stored_bytes(), image->size_bytes()});
        }
    }
    return sandbox::plan_for_domain(needs);
}

base::Status Domain::enclose()
{
    [[maybe_unused]] const int left = ::chdir("/"); // not to keep a file system busy
    walls_ = WINDSOR_TRY(sandbox::enclose(plan()));
    log_.info("sandbox: {}", sandbox::describe(settings_.config.sandbox, walls_));
    return {};
}

} // namespace windsor::domain
