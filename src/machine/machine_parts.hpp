// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine is made of: its board, processors and service thread, and how they run, stop and are saved together.
#pragma once

#include "emulate/core/interpreter.hpp"
#include "firmware/acpi_tables.hpp"
#include "machine/cpu_bridge.hpp"
#include "machine/input_routes.hpp"
#include "machine/machine.hpp"
#include "machine/memory_log.hpp"
#include "machine/pc.hpp"
#include "machine/processors.hpp"
#include "machine/saved_machine.hpp"
#include "machine/service_thread.hpp"
#include "vcpu/msr_policy.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace windsor::machine {

// The latest machine time, in nanoseconds: sums with it do not overflow.
inline constexpr base::Nanoseconds kLatestTime = std::int64_t{1} << 61;

// Lock order: the machine lock before any lock of a processor, the memory map or a log.
class Machine::Parts final : public BoardHost {
public:
    Parts(base::Log& log, std::function<void(Event)> on_event) : log_{log}, on_event_{std::move(on_event)} {}

    // Engines first, which use the board; then the board, whose timers and requests the service thread must not touch
    // meanwhile. The processors' signals are still there: a drive that comes to an end may raise one.
    ~Parts() override
    {
        if (processors_ != nullptr) {
            pause();
            processors_->drop_engines();
        }
        const bus::MachineGuard guard{lock_};
        board_.reset();
    }

    base::Status build(const MachineSpec& spec)
    {
        cpu_ = WINDSOR_TRY(engines::fit_model(spec.engine, spec.cpu, spec.kvm));
        memory_ = spec.memory;
        acpi_ = spec.acpi;
        apic_ = spec.apic;
        engine_settings_ = spec.engine_settings;
        uuid_ = spec.uuid;
        wall_clock_ = spec.wall_clock != nullptr ? spec.wall_clock : &host_wall_clock_;
        wall_start_ = wall_clock_->now();
        if (!spec.apic) {
            cpu_.hide_apic();
        }
        if (spec.acpi) { // without, the MP table lists packages only
            cpu_.share_package(spec.processors);
        }
        processors_ = std::make_unique<Processors>(
            spec.processors, [this](vcpu::Engine& engine, vcpu::HaltReason reason) { return ended(engine, reason); });
        WINDSOR_TRY(build_board(spec));
        for (const NetworkCardSpec& card : spec.network_cards) {
            if (card.link != nullptr) {
                links_.push_back(card.link);
            }
        }
        using Unknown = vcpu::MsrPolicy::Unknown;
        const Unknown unknown = spec.unknown_msrs == UnknownMsrs::ReadZero ? Unknown::Zero : Unknown::Fault;
        msr_policy_ = std::make_unique<vcpu::MsrPolicy>(
            unknown, [this](std::uint32_t number, vcpu::MsrAccess access) { report_msr(number, access); });
        processors_->replace(WINDSOR_TRY(build_engines(spec.engine, spec.kvm)));
        reset_processors();
        return {};
    }

    void resume()
    {
        if (running_.exchange(true)) {
            return;
        }
        catch_up();
        clock_.start();
        service_.set_running(true);
        hand_out_apics();
        processors_->resume();
        const bus::MachineGuard guard{lock_};
        for (backend::NetworkLink* const link : links_) {
            link->input_wanted();
        }
    }

    void pause()
    {
        if (!running_.exchange(false)) {
            return;
        }
        processors_->pause();
        if (engine_settings_.trace != nullptr) {
            engine_settings_.trace->flush();
        }
        {
            const bus::MachineGuard guard{lock_};
            board_->interrupts().take_back();
        }
        service_.set_running(false);
        clock_.stop();
    }

    void reset()
    {
        const bool was_running = running_;
        pause();
        {
            const bus::MachineGuard guard{lock_};
            pending_.reset();
            board_->reset();
        }
        reset_processors();
        if (was_running) {
            resume();
        }
    }

    base::Status change_medium(unsigned slot, const OpenMedia& open, backend::LockedMedium locked)
    {
        std::shared_ptr<backend::BlockMedia> medium;
        if (open) {
            medium = WINDSOR_TRY(open(executor_));
        }
        const bus::MachineGuard guard{lock_};
        const std::string name = drive_name(slot);
        const auto& drives = board_->outlets().removable_drives;
        const auto drive = std::ranges::find(drives, name, &backend::RemovableDrive::name);
        const auto needed = std::ranges::find(drives_, slot, &NeededDrive::slot);
        if (drive == drives.end() || needed == drives_.end()) {
            return base::fail("the machine has no drive {} whose medium can be changed", name);
        }
        const std::uint64_t size = medium != nullptr ? medium->size_bytes() : 0;
        WINDSOR_TRY((*drive)->change(std::move(medium), locked));
        needed->size = size;
        return {};
    }

    // The new engines take over between two instructions, with machine time standing still.
    base::Status change_engine(engines::Type type, int kvm)
    {
        const vcpu::CpuModel fitted = WINDSOR_TRY(engines::fit_model(type, cpu_, kvm));
        WINDSOR_TRY(check_features(vcpu::save(cpu_), vcpu::save(fitted)));
        engines::Engines engines = WINDSOR_TRY(build_beside(type, kvm));
        const bool was_running = running_;
        pause();
        const base::Status replaced = replace_engines(std::move(engines));
        if (was_running) {
            resume();
        }
        return replaced;
    }

    base::Status save(state::StreamWriter& to, const state::Progress& progress)
    {
        WINDSOR_TRY(save_needs(to));
        WINDSOR_TRY(save_devices(to));
        // Nothing writes to memory now; viewers may go on looking.
        return write_memory(to, board_->saved_memory(), progress);
    }

    base::Status save_needs(state::StreamWriter& to) { return to.object(kNeedsRecord, needs()); }

    base::Status save_devices(state::StreamWriter& to)
    {
        WINDSOR_TRY(quiesce());
        const bus::MachineGuard guard{lock_};
        if (pending_) {
            return base::fail("the guest has just ended, or reset the machine");
        }
        return write_state(to, {clock_.now(), wall_start_, caught_up_}, processors_->engines(), *board_);
    }

    std::unique_ptr<MemoryLog> log_memory()
    {
        return std::make_unique<MemoryLog>(lock_, board_->memory(), board_->saved_memory());
    }

    base::Result<std::vector<std::string>> restore(const Needs& saved, state::StreamReader& from)
    {
        WINDSOR_TRY(check(saved, needs()));
        const bus::MachineGuard guard{lock_};
        state::Records records = WINDSOR_TRY(read_records(from, *board_));
        SavedTime time;
        WINDSOR_TRY(records.take("time", time));
        clock_.set(std::clamp<base::Nanoseconds>(time.now, 0, kLatestTime));
        wall_start_ = std::clamp(time.wall_start, -kLatestTime, kLatestTime);
        caught_up_ = std::clamp(time.caught_up, -kLatestTime / base::kSecond, kLatestTime / base::kSecond);
        for (unsigned number = 0; number < processors_->count(); ++number) {
            SavedProcessor processor;
            WINDSOR_TRY(take_saved_processor(records, number, cpu_, processor));
            give_processor(processors_->at(number).engine(), processor);
        }
        WINDSOR_TRY(board_->load(records));
        WINDSOR_TRY(records.finish());
        return records.ignored();
    }

    std::uint64_t saved_bytes()
    {
        std::uint64_t bytes = 0;
        for (const NamedMemory& memory : board_->saved_memory()) {
            bytes += memory.block->size();
        }
        return bytes;
    }

    vcpu::Statistics statistics() const { return processors_->statistics(); }
    std::vector<vcpu::Counter> counters() const { return processors_->counters(); }

    // BoardHost, under the machine lock.
    vcpu::Signals& signals(unsigned processor) override { return processors_->at(processor).signals(); }
    void set_a20(bool open) override { processors_->set_a20(open); }
    void request(Event event) override WINDSOR_REQUIRES(bus::kMachineLock)
    {
        if (!pending_) {
            pending_ = event;
            processors_->request_pause();
            on_event_(event);
        }
    }

    bool running() const { return running_; }
    bus::MachineLock& lock() { return lock_; }
    const bus::MachineLock& lock() const override { return lock_; }
    Board& board() { return *board_; }
    InputRoutes& inputs() { return *inputs_; }
    backend::Screen& screen()
    {
        const auto& screens = board_->outlets().screens;
        return screens.empty() ? no_screen_ : *screens.front();
    }
    const base::Clock& clock() const { return clock_; }
    bool idle() const { return processors_->asleep(); }
    std::vector<ProcessorStatus> processors() const { return processors_->status(); }

private:
    base::Status replace_engines(engines::Engines engines)
    {
        const bus::MachineGuard guard{lock_};
        const auto processors = WINDSOR_TRY(take_processors(processors_->engines()));
        for (std::size_t number = 0; number < engines.size(); ++number) {
            give_processor(*engines[number], processors[number]);
            engines[number]->set_a20(a20_open());
        }
        engines = processors_->replace(std::move(engines));
        board_->interrupts().drive();
        return {};
    }

    base::Status build_board(const MachineSpec& spec)
    {
        const bus::MachineGuard guard{lock_};
        Pc pc = WINDSOR_TRY(make_pc(spec, {.log = log_, .clock = clock_, .timers = timers_, .host = *this}, executor_));
        board_ = std::move(pc.board);
        inputs_ = std::make_unique<InputRoutes>(board_->outlets());
        drives_ = std::move(pc.drives);
        for (const auto& socket : board_->interrupts().sockets()) {
            bridges_.push_back(std::make_unique<CpuBridge>(
                CpuBridge::Parts{.lock = lock_,
                                 .ports = board_->ports(),
                                 .mmio = board_->mmio(),
                                 .pic = board_->interrupts().pic(),
                                 .socket = *socket,
                                 .taken = [this] { lock_.assert_held(), board_->interrupt_taken(); },
                                 .apic = spec.apic,
                                 .numeric_error = numeric_error_of(*socket)}));
        }
        return {};
    }

    // Under the lock, since the guest runs: what the memory map is must not change between an engine's first look at it
    // and the moment from which it hears of changes.
    base::Result<engines::Engines> build_beside(engines::Type type, int kvm)
    {
        const bus::MachineGuard guard{lock_};
        return build_engines(type, kvm);
    }

    base::Result<engines::Engines> build_engines(engines::Type type, int kvm)
    {
        std::vector<vcpu::EngineParts> parts;
        for (unsigned number = 0; number < bridges_.size(); ++number) {
            parts.push_back({.memory = board_->memory(),
                             .io = *bridges_[number],
                             .model = cpu_,
                             .clock = clock_,
                             .signals = processors_->at(number).signals(),
                             .apic_id = firmware::local_apic_id(number),
                             .msr_policy = msr_policy_.get()});
        }
        return engines::make(type, parts, engine_settings_, log_, kvm);
    }

    // FERR# of the bootstrap processor alone is wired.
    chipset::NumericErrorLogic* numeric_error_of(const Socket& socket) WINDSOR_REQUIRES(bus::kMachineLock)
    {
        const bool bootstrap = &socket == board_->interrupts().sockets().front().get();
        const auto& logic = board_->outlets().numeric_errors;
        return bootstrap && !logic.empty() ? logic.front() : nullptr;
    }
    bool a20_open() WINDSOR_REQUIRES(bus::kMachineLock)
    {
        return std::ranges::all_of(board_->outlets().a20, [this](const chipset::AddressLine20* line) {
            lock_.assert_held();
            return line->enabled();
        });
    }

    // Where engines have local APICs of their own, the machine's hold the state in pauses only.
    void hand_out_apics()
    {
        const bus::MachineGuard guard{lock_};
        const std::vector<vcpu::Engine*> engines = processors_->engines();
        if (vcpu::LocalApic* const apic = engines.front()->local_apic()) {
            apic->messages().on_end([this](std::uint8_t vector) {
                const bus::MachineGuard own{lock_};
                board_->interrupts().ended(vector);
                board_->interrupt_taken();
            });
        }
        board_->interrupts().hand_out(engines);
    }

    // The bootstrap processor starts, the others wait for it. SDM volume 3A, section 8.4.
    void reset_processors()
    {
        vcpu::CpuState state = vcpu::reset_state(cpu_.signature());
        for (vcpu::Engine* engine : processors_->engines()) {
            for (const auto signal : {vcpu::Signal::Nmi, vcpu::Signal::Init, vcpu::Signal::Sipi}) {
                engine->signals().lower(signal);
            }
            engine->set_state(state);
            state.activity = vcpu::Activity::WaitForSipi;
        }
    }

    Needs needs() const
    {
        return {.memory = memory_,
                .processors = static_cast<std::uint32_t>(processors_->count()),
                .acpi = acpi_,
                .apic = apic_,
                .uuid = uuid_,
                .drives = drives_,
                .devices = board_->devices(),
                .processor = vcpu::save(cpu_)};
    }

    // What drives were asked for before the processor stopped ends on the service thread. A request that waits for
    // room on the host's disk does not.
    base::Status quiesce()
    {
        constexpr std::chrono::milliseconds kStep{1};
        constexpr std::chrono::seconds kLongest{30};
        for (auto waited = std::chrono::milliseconds{0}; waited < kLongest; waited += kStep) {
            {
                const bus::MachineGuard guard{lock_};
                if (!board_->busy()) {
                    return {};
                }
            }
            std::this_thread::sleep_for(kStep);
        }
        return base::fail("a drive does not come to rest; see the domain's log ('dmesg') for what its medium says");
    }

    // On the processor's thread.
    Processor::Then ended(vcpu::Engine& engine, vcpu::HaltReason reason)
    {
        const bus::MachineGuard guard{lock_};
        if (reason == vcpu::HaltReason::Shutdown) {
            log_.guest("processor", "triple fault: the processor resets");
            board_->init_processors();
        } else {
            log_.error("the processor cannot go on: {}", engine.failure());
            request(Event::Failed);
        }
        return pending_ ? Processor::Then::Park : Processor::Then::GoOn;
    }

    // The wall clock has gone on while machine time stood still, or the host has set or slept through it.
    void catch_up()
    {
        const bus::MachineGuard guard{lock_};
        const base::Nanoseconds behind =
            wall_clock_->now() - wall_start_ - clock_.now() - caught_up_ * base::kSecond;
        caught_up_ += behind / base::kSecond; // less than a second either way is left for the next time
        for (backend::GuestClock* const clock : board_->outlets().clocks) {
            clock->skip(behind / base::kSecond);
        }
    }

    // On the processor's thread, once for each register.
    void report_msr(std::uint32_t number, vcpu::MsrAccess access)
    {
        // Systems read it on every processor with SSE2, and the others of its vendor's refuse it as this one does.
        constexpr std::uint32_t kAmdDecodeConfiguration = 0xc0011029;
        if (number == kAmdDecodeConfiguration) {
            return;
        }
        log_.guest("processor", "the guest {} MSR {:#x}, which the processor does not have",
                   access == vcpu::MsrAccess::Read ? "reads" : "writes", number);
    }

    // What a machine without a display shows.
    struct NoScreen final : backend::Screen {
        void capture() override {}
        std::vector<backend::Rectangle> draw(backend::Picture&) override { return {}; }
        void invalidate() override {}
        bool text(backend::TextScreen&) const override { return false; }
    };

    base::Log& log_;
    std::function<void(Event)> on_event_;
    bus::MachineLock lock_;
    base::PausableClock clock_;
    base::HostWallClock host_wall_clock_;
    const base::WallClock* wall_clock_{nullptr};
    base::Nanoseconds wall_start_{0}; // at machine time zero
    std::int64_t caught_up_{0};       // seconds that the real-time clock has been told of
    base::TimerQueue timers_;
    std::uint64_t memory_{0};
    bool acpi_{true};
    bool apic_{true};
    engines::Settings engine_settings_;
    std::array<std::uint8_t, 16> uuid_{};
    vcpu::CpuModel cpu_{vcpu::CpuModel::standard()};
    std::optional<Event> pending_ WINDSOR_GUARDED_BY(bus::kMachineLock);
    std::atomic<bool> running_{false};
    ServiceThread service_{lock_, timers_, clock_};
    const Executor executor_{[this](std::function<void()> work) { service_.post(std::move(work)); }}; // for media
    std::unique_ptr<Board> board_;
    std::unique_ptr<InputRoutes> inputs_;
    std::vector<NeededDrive> drives_;
    std::vector<backend::NetworkLink*> links_;
    NoScreen no_screen_;
    std::vector<std::unique_ptr<CpuBridge>> bridges_;
    std::unique_ptr<vcpu::MsrPolicy> msr_policy_;
    std::unique_ptr<Processors> processors_;
};

} // namespace windsor::machine
