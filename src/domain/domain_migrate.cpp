// SPDX-License-Identifier: GPL-2.0-or-later
// Moving a domain to another Windsor, at both ends: it runs at one of them at most, and goes on here if that fails.
#include "domain/domain.hpp"

#include "domain/disks.hpp"
#include "domain/incoming.hpp"

namespace windsor::domain {

// --- At the source ---

// With the connection to the target, which has greeted already, as the request's descriptor.
std::vector<Domain::Row> Domain::migration_rows()
{
    using enum ValueKind;
    constexpr auto kAbsent = Presence::Sometimes;
    return {
        {{.name = "migrate",
          .help = "Moves the domain to the Windsor at the other end of a connection; answers when it runs there.",
          .phases = {Phase::Running, Phase::Paused},
          .parameters = {{.name = "paused",
                          .kind = Truth,
                          .help = "whether the guest stands still there until it is unpaused",
                          .otherwise = false}},
          .answer = {.fields = {{"passes", Integer, "over the guest's memory"},
                                {"sent", Integer, "bytes in all, compressed"},
                                {"down_ms", Number, "for how long the guest stood still"}}},
          .descriptor = "connection to the target"},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const StartAs start = arguments.truth("paused") ? StartAs::Paused : StartAs::Running;
             domain.start_migration(domain.control_->take_descriptor(), start, reply);
         }},
        {{.name = "migrate_progress",
          .help = "Says how far moving is; nothing if the domain is not being moved.",
          .permission = Permission::Look,
          .answer = {.fields = {{"pass", Integer, "over the guest's memory, from 1 on; 0: none yet", kAbsent},
                                {"done", Integer, "bytes of this pass", kAbsent},
                                {"total", Integer, "bytes of this pass", kAbsent},
                                {"sent", Integer, "bytes in all, compressed", kAbsent}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(domain.migration_progress()); }},
        {{.name = "migrate_cancel",
          .help = "Interrupts moving, if the domain is being moved; 'migrate' is answered soon."},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             if (Moving* const moving = std::get_if<Moving>(&domain.work_)) {
                 moving->migrator->cancel();
             }
             reply(Json::object());
         }},
    };
}

Json Domain::migration_progress() const
{
    const Moving* const moving = std::get_if<Moving>(&work_);
    if (moving == nullptr) {
        return Json::object();
    }
    const Migrator::Progress progress = moving->migrator->progress();
    return {{"pass", progress.pass},
            {"done", progress.done_bytes},
            {"total", progress.total_bytes},
            {"sent", progress.sent_bytes}};
}

void Domain::start_migration(base::Fd connection, StartAs start, Reply reply)
{
    if (settings_.config.nomigrate == config::Switch::On) {
        reply(base::fail("its configuration keeps it on this host (nomigrate = 1)"));
        return;
    }
    log_.info("moving the domain to another host");
    go_to(Phase::Moving);
    auto migrator = std::make_unique<Migrator>(
        Migrator::Work{.machine = *machine_,
                       .loop = loop_,
                       .owner = *this,
                       .disks = disks(),
                       .domain = saved_domain(),
                       .channel = std::make_unique<Channel>(std::move(connection), base::Fd{}, "the target"),
                       .done = [this] { loop_.post([this] { finish_what_has_ended(); }); }});
    if (const base::Status started = migrator->start(); !started) {
        log_.warning("the domain is not moved, and goes on: {}", started.error().message());
        go_on();
        reply(std::unexpected{started.error()});
        return;
    }
    work_ =
        Moving{.reply = std::move(reply), .name = claim_.entry().name, .start = start, .migrator = std::move(migrator)};
}

void Domain::standing_still(const std::function<void()>& action)
{
    const bool ran = machine_->running();
    machine_->pause();
    action();
    if (ran) {
        machine_->resume();
    }
}

void Domain::stop_for_hand_over()
{
    machine_->pause();
}

base::Result<bool> Domain::step_aside()
{
    WINDSOR_TRY(rename(name_with(claim_.entry().name, kMigratedAway)));
    const Moving* const moving = std::get_if<Moving>(&work_);
    return life_.is_to_run() && moving != nullptr && moving->start == StartAs::Running;
}

void Domain::finish_migration()
{
    Moving moving = std::get<Moving>(std::exchange(work_, {}));
    moving.migrator->join();
    const Migrator::Outcome outcome = moving.migrator->outcome();
    const Migrator::Progress progress = moving.migrator->progress();
    const base::Status result = moving.migrator->result();
    machine_->pause();
    moving.migrator.reset(); // and the log of memory with it
    if (outcome == Migrator::Outcome::There) {
        log_.info("the domain has moved to another host");
        moving.reply(Json{{"passes", progress.pass},
                          {"sent", progress.sent_bytes},
                          {"down_ms", std::chrono::duration<double, std::milli>(progress.down).count()}});
        end();
        return;
    }
    moving.reply(std::unexpected{stay(outcome, moving.name, result.error())});
    outcome == Migrator::Outcome::Here ? go_on() : go_to(Phase::HandedOver);
}

// The domain has not moved, as far as is known. Gives what is said of it.
base::Error Domain::stay(Migrator::Outcome outcome, const std::string& name, const base::Error& error)
{
    if (outcome == Migrator::Outcome::Unknown) {
        const base::Error said{
            fmt::format("{}, in the moment of the hand-over: it may run at the target; here it stands still as '{}': "
                        "look there, and unpause it here only if it does not run there",
                        error.message(), claim_.entry().name)};
        log_.error("{}", said.message());
        return said;
    }
    if (claim_.entry().name != name) {
        if (const auto named = rename(name); !named) {
            log_.warning("the domain is now called '{}': {}", claim_.entry().name, named.error().message());
        }
    }
    if (outcome == Migrator::Outcome::Stuck) {
        log_.error("the domain was not moved, and stands still: {}", error.message());
        return base::Error{error.message() + "; it stands still, and 'unpause' tries again"};
    }
    log_.warning("the domain was not moved, and goes on: {}", error.message());
    return error;
}

// Before the guest runs: images that were let go.
base::Status Domain::take_disks_back()
{
    if (life_.phase() != Phase::HandedOver) {
        return {};
    }
    if (const auto back = on_all_disks(disks(), &storage::AsyncDisk::take_back); !back) {
        return base::fail("the domain cannot go on here: {}", back.error().message());
    }
    return {};
}

// --- At the target ---

// Memory while the guest runs at the source, then all the rest, and the images.
base::Status Domain::receive()
{
    WINDSOR_TRY(life_.enter(Phase::Arriving));
    Incoming& incoming = *settings_.incoming;
    WINDSOR_TRY(incoming.channel->send(Channel::Kind::GoOn));
    WINDSOR_TRY(restore(incoming.saved));
    return on_all_disks(disks(), &storage::AsyncDisk::take_back);
}

// Whatever fails before the source has given the domain away leaves it there. Afterwards nothing may fail but what the
// source can be told of.
base::Status Domain::take_over()
{
    Incoming& incoming = *settings_.incoming;
    WINDSOR_TRY(incoming.channel->send(Channel::Kind::Ready));
    const Channel::Message order = WINDSOR_TRY(incoming.channel->expect(Channel::Kind::TakeOver));
    WINDSOR_TRY(rename(settings_.config.name));
    static_cast<void>(incoming.channel->send(Channel::Kind::Running)); // the source relies on it, heard or not
    const bool runs = !order.contents.empty() && order.contents[0] != 0;
    if (!runs) {
        settings_.start = StartAs::Paused;
    }
    if (settings_.start == StartAs::Running) {
        machine_->resume();
    }
    incoming.channel->close();
    settings_.incoming.reset();
    return {};
}

} // namespace windsor::domain
