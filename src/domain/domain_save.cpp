// SPDX-License-Identifier: GPL-2.0-or-later
// Saving a domain: it stands still meanwhile, and goes on if that fails.
#include "domain/domain.hpp"

#include "domain/uuid.hpp"

#include <ctime>

namespace windsor::domain {

namespace {

constexpr std::size_t kLongestFileName = 4096;

} // namespace

void Domain::add_state_methods()
{
    // Into the pipe that comes with the request. Who reads it gives a file its name when the answer has come, and then
    // ends the domain or lets it go on: whoever is interrupted in between has lost nothing. "ran" in the answer says
    // which of both it did before.
    control_->add("save", while_alive([this](const Json& params, const Reply& reply) {
        const std::string after = params.value("after", "pause");
        const AfterSave what = after == "go-on" ? AfterSave::GoOn : AfterSave::StayPaused;
        if (disks_gone_) {
            reply(base::fail("the domain has been handed over to another host already; 'unpause' tries to go on here"));
            return;
        }
        base::Fd file = control_->take_descriptor();
        if (!file) {
            reply(base::fail("no open file came with the request"));
            return;
        }
        start_save(std::move(file), params.value("name", ""), what, reply);
    }));
    // How far it is; an empty object if nothing is being saved.
    control_->add("save_progress", [this](const Json&, const Reply& reply) {
        reply(saving_ ? Json{{"done", saving_->saver->done_bytes()}, {"total", saving_->saver->total_bytes()}}
                      : Json::object());
    });
    // The answer to "save" follows.
    control_->add("save_cancel", [this](const Json&, const Reply& reply) {
        if (saving_) {
            saving_->saver->cancel();
        }
        reply(Json::object());
    });
}

SavedDomain Domain::saved_domain() const
{
    config::DomainConfig config = settings_.config;
    config.name = claim_.entry().name;
    config.uuid = format_uuid(uuid_);
    const std::filesystem::path directory{settings_.origin.directory};
    for (config::DiskConfig& disk : config.disks) {
        if (!disk.path.empty()) {
            disk.path = (directory / disk.path).lexically_normal().string();
        }
    }
    return {.windsor = WINDSOR_VERSION,
            .saved_at = std::time(nullptr),
            .engine = engine_.name,
            .config = config::save(config),
            .origin = settings_.origin};
}

void Domain::start_save(base::Fd file, const std::string& name, AfterSave after, Reply reply)
{
    machine_->pause();
    log_.info("saving the domain to {}", name.substr(0, kLongestFileName));
    saving_ = Saving{.after = after, .reply = std::move(reply), .saver = {}};
    saving_->saver = std::make_unique<Saver>(Saver::Work{.machine = *machine_,
                                                         .disks = disks_,
                                                         .domain = saved_domain(),
                                                         .file = std::move(file),
                                                         .done = [this] { loop_.post([this] { finish_save(); }); }});
}

void Domain::finish_save()
{
    if (!saving_) {
        return;
    }
    Saving saving = std::move(*saving_);
    saving_.reset();
    saving.saver->join();
    const base::Status& result = saving.saver->result();
    if (!result) {
        log_.warning("the domain was not saved, and goes on: {}", result.error().message());
        saving.reply(std::unexpected{result.error()});
    } else {
        log_.info("the domain is saved");
        saving.reply(Json{{"ran", !paused_}});
        paused_ = paused_ || saving.after == AfterSave::StayPaused;
    }
    if (!paused_) {
        machine_->resume();
    }
}

} // namespace windsor::domain
