// SPDX-License-Identifier: GPL-2.0-or-later
// Saving a domain: it stands still meanwhile, and goes on if that fails.
#include "domain/domain.hpp"

#include "domain/uuid.hpp"

#include <ctime>

namespace windsor::domain {

void Domain::add_state_methods()
{
    control_->add("save", while_alive([this](const Json& params, const Reply& reply) {
        const std::string after = params.value("after", "end");
        const AfterSave what = after == "go-on"  ? AfterSave::GoOn
                               : after == "pause" ? AfterSave::StayPaused
                                                  : AfterSave::End;
        if (disks_gone_) {
            reply(base::fail("the domain has been handed over to another host already; 'unpause' tries to go on here"));
            return;
        }
        start_save(params.at("file").get<std::string>(), what, reply);
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

void Domain::start_save(const std::filesystem::path& file, AfterSave after, Reply reply)
{
    machine_->pause();
    log_.info("saving the domain to {}", file.string());
    saving_ = Saving{.after = after, .reply = std::move(reply), .saver = {}};
    saving_->saver = std::make_unique<Saver>(Saver::Work{.machine = *machine_,
                                                         .disks = disks_,
                                                         .domain = saved_domain(),
                                                         .file = file,
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
        saving.reply(Json::object());
        if (saving.after == AfterSave::End) {
            end();
            return;
        }
        paused_ = paused_ || saving.after == AfterSave::StayPaused;
    }
    if (!paused_) {
        machine_->resume();
    }
}

} // namespace windsor::domain
