// SPDX-License-Identifier: GPL-2.0-or-later
// One running domain: its machine, its consoles, its control socket, and what happens when the guest ends.
#pragma once

#include "base/event_loop.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "config/domain_config.hpp"
#include "config/host_config.hpp"
#include "config/media.hpp"
#include "config/xend_form.hpp"
#include "display/console.hpp"
#include "domain/incoming.hpp"
#include "domain/keeper_services.hpp"
#include "domain/migrator.hpp"
#include "domain/phase.hpp"
#include "domain/registry.hpp"
#include "domain/rpc.hpp"
#include "domain/saved_domain.hpp"
#include "domain/saver.hpp"
#include "domain/serial_ports.hpp"
#include "domain/status.hpp"
#include "engines/choice.hpp"
#include "machine/machine.hpp"
#include "network/cable.hpp"
#include "network/port.hpp"
#include "sandbox/enclose.hpp"
#include "storage/async_disk.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace windsor::domain {

enum class StartAs { Running, Paused };

// What a domain is made from; the graphics are resolved against the host's configuration.
struct Settings {
    config::DomainConfig config;
    engines::Choice engine{}; // by engines::choose(), once, where a user waits for it
    std::filesystem::path runtime{};
    StartAs start{StartAs::Running};
    std::vector<std::string> warnings{}; // of the configuration
    Origin origin{};
    // Another firmware than the host's SeaBIOS; empty for that.
    std::string bios{};
    // A saved state of this configuration to go on from; empty for a fresh guest.
    std::filesystem::path restore_from{};
    // A domain that comes from another Windsor; null for none.
    std::shared_ptr<Incoming> incoming{};
    // The domain's ends of the process that serves its console; null for none. The domain takes them out.
    std::shared_ptr<display::Viewers::Ends> viewers{};
    // The cables of its network cards, in their order; null for none at all. The domain takes them out.
    std::shared_ptr<std::vector<network::Cable>> cables{};
    // The domain's ends of its serial lines that another process serves, in the order of the ports, of which others are
    // empty; null for none at all. The domain takes them out.
    std::shared_ptr<std::vector<base::Fd>> serial_lines{};
};

// Lives on its event loop's thread.
class Domain final : private Migrator::Owner {
public:
    // Opens everything that the domain needs; if anything fails nothing is left behind. The others outlive
    // the domain.
    static base::Result<std::unique_ptr<Domain>> create(const Settings& settings, KeeperServices& keeper, Claim& claim,
                                                        base::EventLoop& loop, base::Log& log);
    ~Domain() override;
    Domain(const Domain&) = delete;
    Domain& operator=(const Domain&) = delete;

    // Serves another control socket than it was created with: the keeper had to make one again.
    base::Status serve_control(base::Fd socket) { return control_->move_to(std::move(socket)); }

    // Lets the guest run (unless it is to start paused) and returns when the domain has ended.
    void run();

    // Everything that `list`, `info` and others show of it.
    DomainStatus status() const;

private:
    Domain(const Settings& settings, KeeperServices& keeper, Claim& claim, base::EventLoop& loop, base::Log& log);

    // domain_cage.cpp: descriptors first, then the walls, then threads.
    struct Opened {
        std::optional<SavedFile> saved{};
        machine::MachineSpec machine{};
        base::Fd kvm{};
        std::map<unsigned, std::unique_ptr<storage::Image>> images{}; // by slot
        base::Fd control{};
    };
    base::Status open_all();
    base::Status open_machine();
    base::Result<std::shared_ptr<const machine::FirmwareFiles>> firmware(const machine::MachineSpec& options) const;
    base::Status open_images();
    base::Status enclose();
    sandbox::Plan plan() const;

    base::Status build_machine();
    machine::MachineSpec machine_options() const;
    base::Status restore(const SavedFile& saved);
    machine::DriveSpec drive(const config::DiskConfig& disk);
    std::vector<storage::AsyncDisk*> disks() const; // of the machine's drives
    base::Result<std::unique_ptr<storage::Image>> image(const config::DiskConfig& disk, unsigned slot) const;
    base::Status start_console();
    base::Status start_control();
    base::Status rename(const std::string& name);
    // False if a running domain has that name.
    base::Result<bool> take_name(const std::string& name);

    // domain_methods.cpp: the control socket's methods, a row each. What a description says has been checked when its
    // method runs.
    struct Row {
        Method method;
        void (*run)(Domain& domain, const RpcArguments& arguments, const Reply& reply);
    };
    friend std::span<const Method> all_methods();
    static const std::vector<Row>& rows();
    static std::vector<Row> general_rows();
    static std::vector<Row> life_rows();
    static std::vector<Row> console_rows();
    static std::vector<Row> input_rows();
    void add_methods();
    Json all_forms_of_configuration() const;
    Json statistics() const;
    void unpause(const Reply& reply);
    void shut_down(Life::End end, const Reply& reply);
    base::Status press_shutdown_keys();
    void reset();

    // domain_processors.cpp
    static std::vector<Row> processor_rows();
    static std::vector<Row> usb_rows();
    Json processors() const;
    base::Status pin_processors(const std::string& which, const std::string& cpus);
    base::Status change_engine(const std::string& name, const std::string& line);

    // domain_media.cpp
    static std::vector<Row> media_rows();
    Json drives() const;
    base::Result<const config::DiskConfig*> removable_drive(const std::string& name) const;
    base::Status insert(const std::string& drive, const config::Medium& medium, backend::LockedMedium locked);
    base::Status change(const config::DiskConfig& disk, std::unique_ptr<storage::Image> image,
                        backend::LockedMedium locked);
    base::Result<std::shared_ptr<storage::AsyncDisk>> new_medium(std::unique_ptr<storage::Image> image,
                                                                 machine::Executor executor);
    void let_go_of(const std::shared_ptr<storage::AsyncDisk>& disk);

    // domain_network.cpp
    static std::vector<Row> network_rows();
    base::Status plug_cables(machine::MachineSpec& options);
    void start_network();
    Json network() const;
    Json network_card(std::size_t number) const;

    // domain_save.cpp
    static std::vector<Row> save_rows();
    enum class AfterSave { GoOn, StayPaused };
    struct Saving {
        AfterSave after;
        Reply reply;
        std::unique_ptr<Saver> saver;
    };
    void start_save(base::Fd file, const std::string& name, AfterSave after, Reply reply);
    void finish_save(); // of the one that there is; waits for its end
    SavedDomain saved_domain() const;

    // domain_migrate.cpp: at the source…
    struct Moving {
        Reply reply;
        std::string name;                 // the domain's, before the hand-over
        StartAs start{StartAs::Running}; // at the target
        std::unique_ptr<Migrator> migrator{};
    };
    static std::vector<Row> migration_rows();
    void start_migration(base::Fd connection, StartAs start, Reply reply);
    void finish_migration(); // in the same way
    Json migration_progress() const;
    base::Error stay(Migrator::Outcome outcome, const std::string& name, const base::Error& error);
    base::Status take_disks_back();
    void standing_still(const std::function<void()>& action) override;
    void stop_for_hand_over() override;
    base::Result<bool> step_aside() override;
    // … and at the target.
    base::Status receive();
    base::Status take_over();

    void handle_event(machine::Event event);
    // `remains`: the phase of what is preserved.
    void act(config::LifeAction action, Phase remains);
    void rename_and_restart();
    base::Status give_name_away(const std::string& name);
    void stop_for_space(const std::string& path);
    void retry_disks();
    void end();
    void go_to(Phase phase);
    // What a saver or a migrator posts: it may have been given up since, and another be at work.
    void finish_what_has_ended();
    // After saving, or after a move that came to nothing.
    void go_on();
    std::string_view state_letters() const;
    double cpu_seconds() const;
    config::XendState xend_state() const;

    Settings settings_;
    KeeperServices& keeper_;
    Claim& claim_;
    base::EventLoop& loop_;
    base::Log& log_;
    engines::Choice engine_;
    Opened opened_; // empty once the machine is built
    std::vector<sandbox::Wall> walls_;
    std::size_t host_processors_{1}; // which /proc and /sys say, as long as they are in sight
    std::array<std::uint8_t, 16> uuid_{};
    SerialPorts serial_;
    std::unique_ptr<network::Ports> network_; // outlives the machine, whose cards send by it
    // Of each network card: where its cable leads, without the end itself, and which port it is, if there is one.
    struct Wiring {
        network::Cable cable{};
        std::optional<std::size_t> port{};
    };
    std::vector<Wiring> wiring_;
    std::unique_ptr<machine::Machine> machine_;
    std::unique_ptr<display::Console> console_;
    std::unique_ptr<RpcServer> control_;
    std::map<unsigned, std::weak_ptr<storage::AsyncDisk>> disks_; // of the machine's drives, by slot
    Life life_;
    std::variant<std::monostate, Saving, Moving> work_; // of the phases of these names, as long as they last
    unsigned restarts_{0}; // how often the guest has begun anew
    std::chrono::system_clock::time_point started_{std::chrono::system_clock::now()};
};

} // namespace windsor::domain
