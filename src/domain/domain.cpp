// SPDX-License-Identifier: GPL-2.0-or-later
#include "domain/domain.hpp"

#include "domain/engine_settings.hpp"
#include "domain/identity.hpp"
#include "domain/images.hpp"
#include "domain/incoming.hpp"
#include "domain/processor_model.hpp"
#include "domain/usb_devices.hpp"
#include "domain/uuid.hpp"

#include <algorithm>
#include <ctime>
#include <unistd.h>

namespace windsor::domain {

namespace {

constexpr int kFirstVncPort = 5900; // of display 0

std::uint64_t megabytes(std::uint64_t count)
{
    return count << 20;
}

// Seconds by which local time is ahead of UTC.
std::int64_t zone_offset(std::time_t now)
{
    std::tm local{};
    return ::localtime_r(&now, &local) != nullptr ? local.tm_gmtoff : 0;
}

std::int64_t rtc_base(const config::DomainConfig& config)
{
    const std::time_t now = std::time(nullptr);
    const std::int64_t zone = config.localtime == config::Switch::On ? zone_offset(now) : 0;
    return now + zone + config.rtc_timeoffset;
}

} // namespace

Domain::Domain(const Settings& settings, KeeperServices& keeper, Claim& claim, base::EventLoop& loop, base::Log& log)
    : settings_{settings}, keeper_{keeper}, claim_{claim}, loop_{loop}, log_{log}
{
}

Domain::~Domain()
{
    if (std::holds_alternative<Moving>(work_)) { // in whatever phase the domain ends
        machine_->pause(); // the log of its memory is switched while the guest stands still
    }
    work_ = {};
    // Consoles use the machine, and the machine the serial line.
    control_.reset();
    console_.reset();
    if (network_) {
        network_->stop();
    }
    machine_.reset();
}

base::Result<std::unique_ptr<Domain>> Domain::create(const Settings& settings, KeeperServices& keeper, Claim& claim,
                                                     base::EventLoop& loop, base::Log& log)
{
    std::unique_ptr<Domain> domain{new Domain{settings, keeper, claim, loop, log}};
    domain->engine_ = settings.engine;
    WINDSOR_TRY(domain->open_all());
    WINDSOR_TRY(domain->enclose());
    WINDSOR_TRY(domain->build_machine());
    WINDSOR_TRY(domain->start_console());
    if (settings.incoming) {
        WINDSOR_TRY(domain->receive());
    }
    WINDSOR_TRY(domain->start_control());
    if (settings.incoming) {
        WINDSOR_TRY(domain->take_over());
    }
    log.info("domain {} '{}': {}", claim.entry().id, claim.entry().name, domain->engine_.line);
    return domain;
}

base::Status Domain::build_machine()
{
    machine::MachineSpec options = std::move(opened_.machine);
    options.kvm = opened_.kvm.get();
    for (const config::DiskConfig& disk : settings_.config.disks) {
        options.drives.push_back(drive(disk));
    }
    WINDSOR_TRY(plug_cables(options));
    const auto on_event = [this](machine::Event event) { loop_.post([this, event] { handle_event(event); }); };
    machine_ = WINDSOR_TRY(machine::Machine::create(options, log_, on_event));
    opened_.kvm.reset();
    serial_.connect(*machine_);
    start_network();
    const std::optional<SavedFile> saved = std::exchange(opened_.saved, std::nullopt);
    return saved ? restore(*saved) : base::Status{};
}

namespace {

machine::Display display_of(config::GraphicsCard card)
{
    switch (card) {
    case config::GraphicsCard::Cirrus: return machine::Display::Cirrus;
    case config::GraphicsCard::None: return machine::Display::None;
    default: return machine::Display::StandardVga;
    }
}

} // namespace

machine::MachineSpec Domain::machine_options() const
{
    const config::DomainConfig& config = settings_.config;
    return {.memory = megabytes(config.memory_mb),
            .processors = static_cast<unsigned>(config.vcpus),
            .cpu = processor_model(config, log_),
            .engine = engine_.type,
            .engine_settings = engine_settings(config),
            .acpi = config.acpi == config::Switch::On,
            .apic = config.apic == config::Switch::On,
            .unknown_msrs =
                config.msr_relaxed == config::Switch::On ? machine::UnknownMsrs::ReadZero : machine::UnknownMsrs::Fault,
            .boot = config.boot,
            .rtc_base_seconds = rtc_base(config),
            .missed_ticks = config.timer_mode == config::TimerMode::DeliverMissed ? machine::MissedTicks::Deliver
                                                                                  : machine::MissedTicks::Collapse,
            .uuid = uuid_,
            // These have been checked when they were read.
            .smbios = firmware::parse_smbios_texts(config.smbios_texts).value_or(firmware::SmbiosTexts{}),
            .smbios_structures = firmware::parse_smbios_structures(config.smbios_structures)
                                     .value_or(std::vector<firmware::SmbiosStructure>{}),
            .acpi_tables = firmware::parse_acpi_tables(config.acpi_tables).value_or(std::vector<firmware::AcpiTable>{}),
            .vga_bios =
                config.card == config::GraphicsCard::Cirrus ? machine::kCirrusBios : machine::MachineSpec{}.vga_bios,
            .usb = config.usb == config::Switch::On ? machine::Usb::Uhci : machine::Usb::None,
            .usb_devices = usb_devices(config),
            .sound_card = config.sound_card.empty() ? machine::SoundCard::None : machine::SoundCard::Ac97,
            .display = display_of(config.card),
            .video_memory = megabytes(static_cast<std::uint64_t>(config.videoram_mb))};
}

base::Status Domain::restore(const SavedFile& saved)
{
    const auto ignored = machine_->restore(saved.needs, *saved.reader);
    if (!ignored) {
        const std::string where = settings_.restore_from.empty() ? "" : settings_.restore_from.string() + ": ";
        return base::fail("{}{}", where, ignored.error().message());
    }
    for (const std::string& name : *ignored) {
        log_.write(base::Log::Level::Debug, fmt::format("the saved state's {} is not needed here", name));
    }
    return {};
}

machine::DriveSpec Domain::drive(const config::DiskConfig& disk)
{
    const bool known = disk.told != config::DriveTexts{};
    const config::DriveTexts told = known ? disk.told : first_drive_texts(uuid_, disk);
    machine::DriveSpec options{.slot = slot_of(disk),
                               .cdrom = disk.kind == config::DiskKind::Cdrom,
                               .serial = told.serial,
                               .model = told.model,
                               .firmware = told.firmware};
    if (disk.path.empty()) {
        return options;
    }
    options.open_media = [this, disk, slot = options.slot](
                             machine::Executor executor) -> base::Result<std::shared_ptr<backend::BlockMedia>> {
        const auto on_no_space = [this, path = disk.path] { loop_.post([this, path] { stop_for_space(path); }); };
        storage::AsyncDisk::Options how{.executor = std::move(executor), .on_no_space = on_no_space};
        if (settings_.config.sandbox != sandbox::Mode::Off) {
            how.open = [this, slot] { return keeper_.open_image(slot); };
        }
        std::shared_ptr<storage::AsyncDisk> media =
            WINDSOR_TRY(storage::AsyncDisk::create(std::move(opened_.images.at(slot)), std::move(how)));
        disks_[slot] = media;
        return media;
    };
    return options;
}

std::vector<storage::AsyncDisk*> Domain::disks() const
{
    std::vector<storage::AsyncDisk*> all;
    for (const auto& [slot, disk] : disks_) {
        if (const auto owned = disk.lock()) { // by its drive
            all.push_back(owned.get());
        }
    }
    return all;
}

// A full host disk must not cost the guest its data: it stands still until somebody makes room and unpauses it.
void Domain::stop_for_space(const std::string& path)
{
    log_.error("no space left on the host for {}: the domain is paused; make room, then unpause it", path);
    machine_->pause();
    life_.stand_still();
}

void Domain::retry_disks()
{
    for (storage::AsyncDisk* disk : disks()) {
        disk->retry();
    }
}

base::Status Domain::start_console()
{
    console_ = std::make_unique<display::Console>(display::Console::Machine{.screen = machine_->screen(),
                                                                            .keyboard = machine_->keyboard(),
                                                                            .mouse = machine_->mouse(),
                                                                            .clock = machine_->clock(),
                                                                            .lock = machine_->lock(),
                                                                            .tablet = &machine_->tablet()},
                                                  log_);
    if (!settings_.viewers) {
        return {};
    }
    return console_->serve_viewers(std::move(*std::exchange(settings_.viewers, nullptr)));
}

base::Status Domain::start_control()
{
    control_ = WINDSOR_TRY(RpcServer::listen(std::move(opened_.control), loop_, log_));
    add_methods();
    return {};
}

base::Status Domain::rename(const std::string& name)
{
    if (!WINDSOR_TRY(take_name(name))) {
        return base::fail("a domain named '{}' is running already; choose another name, or shut it down first", name);
    }
    return {};
}

base::Result<bool> Domain::take_name(const std::string& name)
{
    const bool free = WINDSOR_TRY(keeper_.rename(name));
    if (free) {
        claim_.renamed(name);
    }
    return free;
}

void Domain::run()
{
    const bool runs = settings_.start == StartAs::Running;
    if (const auto begun = life_.enter(runs ? Phase::Running : Phase::Paused); !begun) {
        log_.error("the domain cannot begin: {}", begun.error().message());
        return;
    }
    if (runs) {
        machine_->resume(); // unless it runs already
    }
    loop_.run();
}

void Domain::handle_event(machine::Event event)
{
    if (Saving* const saving = std::get_if<Saving>(&work_)) { // the event came first: there is nothing to save
        saving->saver->cancel();
        finish_save();
    }
    if (Moving* const moving = std::get_if<Moving>(&work_)) { // nor to be moved
        moving->migrator->cancel();
        finish_migration();
    }
    if (!life_.is_in(kAlive)) {
        return; // what the last processors did on the way out
    }
    const config::DomainConfig& config = settings_.config;
    const Life::End expected = life_.take_expected(); // it is used up by any end
    switch (event) {
    case machine::Event::PowerOff:
        log_.info("the guest has powered off");
        act(expected == Life::End::Reboot ? config.on_reboot : config.on_poweroff, Phase::PoweredOff);
        break;
    case machine::Event::Reset:
        log_.info("the guest resets the machine");
        act(config.on_reboot, Phase::PoweredOff);
        break;
    case machine::Event::Failed:
        log_.error("the domain has crashed");
        act(config.on_crash, Phase::Crashed);
        break;
    }
}

void Domain::act(config::LifeAction action, Phase remains)
{
    machine_->pause();
    switch (action) {
    case config::LifeAction::Restart:
        console_->stop_playing();
        machine_->reset();
        ++restarts_;
        if (life_.is_to_run()) {
            machine_->resume();
        }
        break;
    case config::LifeAction::Preserve: go_to(remains); break;
    case config::LifeAction::RenameRestart:
        go_to(remains);
        rename_and_restart();
        break;
    case config::LifeAction::Destroy: end(); break;
    }
}

// The remains keep screen and memory for inspection under another name; a fresh domain takes the old name,
// the disks and the console's address.
void Domain::rename_and_restart()
{
    const std::string name = claim_.entry().name;
    disks_.clear();
    machine_->release_media();
    console_->stop_viewers();
    if (const base::Status stopped = keeper_.stop_helpers(); !stopped) {
        log_.error("{}", stopped.error().message());
    }
    const base::Status free = give_name_away(name);
    const base::Status restarted = free ? keeper_.restart(name) : free;
    if (!restarted) {
        log_.error("cannot start a fresh domain '{}': {}", name, restarted.error().message());
    }
}

// NAME-1 is the next one, or the first after it that is free.
base::Status Domain::give_name_away(const std::string& name)
{
    for (unsigned number = 1; number < 1000; ++number) {
        if (WINDSOR_TRY(take_name(name_with(name, fmt::format("-{}", number))))) {
            return {};
        }
    }
    return base::fail("there is no other name left for this one; destroy what remains of earlier ones");
}

void Domain::end()
{
    go_to(Phase::Ended);
    loop_.stop();
}

// For a way that the phase before allows.
void Domain::go_to(Phase phase)
{
    if (const auto gone = life_.enter(phase); !gone) {
        log_.error("the domain is {}, and cannot be {}: {}", name_of(life_.phase()), name_of(phase),
                   gone.error().message());
    }
}

void Domain::finish_what_has_ended()
{
    if (const Saving* const saving = std::get_if<Saving>(&work_); saving != nullptr && saving->saver->ended()) {
        finish_save();
    }
    if (const Moving* const moving = std::get_if<Moving>(&work_); moving != nullptr && moving->migrator->ended()) {
        finish_migration();
    }
}

void Domain::go_on()
{
    if (const auto back = life_.go_back(); !back) {
        log_.error("the domain cannot go on: {}", back.error().message());
    }
    if (life_.is_to_run()) {
        machine_->resume();
    }
}

std::string_view Domain::state_letters() const
{
    return life_.letters(machine_->idle() ? Doing::Nothing : Doing::Work);
}

// Of the whole process.
double Domain::cpu_seconds() const
{
    timespec used{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

config::XendState Domain::xend_state() const
{
    const std::optional<std::uint16_t> port = console_->port();
    return {.id = claim_.entry().id,
            .letters = std::string{state_letters()},
            .cpu_seconds = cpu_seconds(),
            .start_time = std::chrono::duration<double>(started_.time_since_epoch()).count(),
            .vnc = port ? fmt::format("{}:{}", settings_.config.graphics.listen.value_or("127.0.0.1"), *port)
                        : std::string{},
            .console = serial_.first_terminal()};
}

DomainStatus Domain::status() const
{
    const config::GraphicsConfig& graphics = settings_.config.graphics;
    const auto up = std::chrono::system_clock::now() - started_;
    DomainStatus status{.id = claim_.entry().id,
                        .name = claim_.entry().name,
                        .pid = claim_.entry().pid,
                        .uuid = format_uuid(uuid_),
                        .memory_mb = settings_.config.memory_mb,
                        .maxmem_mb = settings_.config.maxmem_mb,
                        .vcpus = settings_.config.vcpus,
                        .state = std::string{state_letters()},
                        .phase = std::string{name_of(life_.phase())},
                        .restarts = restarts_,
                        .cpu_seconds = cpu_seconds(),
                        .started = std::chrono::system_clock::to_time_t(started_),
                        .uptime_seconds = std::chrono::duration_cast<std::chrono::seconds>(up).count(),
                        .engine = engine_.name,
                        .engine_line = engine_.line,
                        .sandbox = sandbox::describe(walls_),
                        .warnings = settings_.warnings};
    if (const std::optional<std::uint16_t> port = console_->port()) {
        status.vnc = VncStatus{.listen = graphics.listen.value_or("127.0.0.1"),
                               .port = *port,
                               .display = *port - kFirstVncPort,
                               .password = graphics.has_password()};
    }
    if (const std::string terminal = serial_.first_terminal(); !terminal.empty()) {
        status.console = terminal;
    }
    status.serial = serial_.descriptions();
    return status;
}

} // namespace windsor::domain
