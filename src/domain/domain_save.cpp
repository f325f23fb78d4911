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
    control_->add("save", in({Phase::Running, Phase::Paused}, [this](const Json& params, const Reply& reply) {
                      const std::string after = params.value("after", "pause");
                      const AfterSave what = after == "go-on" ? AfterSave::GoOn : AfterSave::StayPaused;
                      base::Fd file = control_->take_descriptor();
                      if (!file) {
                          reply(base::fail("no open file came with the request"));
                          return;
                      }
                      start_save(std::move(file), params.value("name", ""), what, reply);
                  }));
    // How far it is; an empty object if nothing is being saved.
    control_->add("save_progress", [this](const Json&, const Reply& reply) {
        const Saving* const saving = std::get_if<Saving>(&work_);
        reply(saving != nullptr ? Json{{"done", saving->saver->done_bytes()}, {"total", saving->saver->total_bytes()}}
                                : Json::object());
    });
    // The answer to "save" follows.
    control_->add("save_cancel", [this](const Json&, const Reply& reply) {
        if (Saving* const saving = std::get_if<Saving>(&work_)) {
            saving->saver->cancel();
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
    go_to(Phase::Saving);
    machine_->pause();
    log_.info("saving the domain to {}", name.substr(0, kLongestFileName));
    Saver::Work work{
        .machine = *machine_, .disks = disks_, .domain = saved_domain(), .file = std::move(file), .done = [this] {
            loop_.post([this] { finish_save(); });
        }};
    work_ = Saving{.after = after, .reply = std::move(reply), .saver = std::make_unique<Saver>(std::move(work))};
}

void Domain::finish_save()
{
    if (!std::holds_alternative<Saving>(work_)) {
        return;
    }
    Saving saving = std::get<Saving>(std::exchange(work_, {}));
    saving.saver->join();
    const base::Status& result = saving.saver->result();
    if (!result) {
        log_.warning("the domain was not saved, and goes on: {}", result.error().message());
        saving.reply(std::unexpected{result.error()});
    } else {
        log_.info("the domain is saved");
        saving.reply(Json{{"ran", life_.is_to_run()}});
        if (saving.after == AfterSave::StayPaused) {
            life_.stand_still();
        }
    }
    go_on();
}

} // namespace windsor::domain
