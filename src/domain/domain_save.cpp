// SPDX-License-Identifier: GPL-2.0-or-later
// Saving a domain: it stands still meanwhile, and goes on if that fails.
#include "domain/domain.hpp"

#include "base/printable.hpp"
#include "domain/uuid.hpp"

#include <ctime>

namespace windsor::domain {

namespace {

constexpr std::size_t kLongestFileName = 4096;

} // namespace

// Into the pipe that comes with the request. Who reads it gives a file its name when the answer has come, and then ends
// the domain or lets it go on: whoever is interrupted in between has lost nothing.
std::vector<Domain::Row> Domain::save_rows()
{
    using enum ValueKind;
    using namespace std::string_view_literals;
    constexpr auto kAbsent = Presence::Sometimes;
    return {
        {{.name = "save",
          .help = "Writes the saved state into a pipe, while the guest stands still; answers when that is done.",
          .phases = {Phase::Running, Phase::Paused},
          .parameters = {{.name = "name",
                          .help = "of the file that the other end writes, for the log",
                          .otherwise = ""sv,
                          .longest = kLongestFileName},
                         {.name = "after",
                          .help = "whether the guest goes on afterwards",
                          .otherwise = "pause"sv,
                          .words = {"pause", "go-on"}}},
          .answer = {.fields = {{"ran", Truth, "whether the guest ran before"}}},
          .descriptor = "open file"},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const bool goes_on = arguments.text("after") == "go-on";
             domain.start_save(domain.control_->take_descriptor(), arguments.text("name"),
                               goes_on ? AfterSave::GoOn : AfterSave::StayPaused, reply);
         }},
        {{.name = "save_progress",
          .help = "Says how far saving is; nothing if the domain is not being saved.",
          .permission = Permission::Look,
          .answer = {.fields = {{"done", Integer, "bytes of the guest", kAbsent},
                                {"total", Integer, "bytes of the guest", kAbsent}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             const Saving* const saving = std::get_if<Saving>(&domain.work_);
             reply(saving != nullptr
                       ? Json{{"done", saving->saver->done_bytes()}, {"total", saving->saver->total_bytes()}}
                       : Json::object());
         }},
        {{.name = "save_cancel", .help = "Interrupts saving, if the domain is being saved; 'save' is answered soon."},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             if (Saving* const saving = std::get_if<Saving>(&domain.work_)) {
                 saving->saver->cancel();
             }
             reply(Json::object());
         }},
    };
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
    log_.info("saving the domain to {}", base::printable_line(name));
    Saver::Work work{
        .machine = *machine_, .disks = disks(), .domain = saved_domain(), .file = std::move(file), .done = [this] {
            loop_.post([this] { finish_what_has_ended(); });
        }};
    auto saver = std::make_unique<Saver>(std::move(work));
    if (const base::Status started = saver->start(); !started) {
        log_.warning("the domain is not saved, and goes on: {}", started.error().message());
        go_on();
        reply(std::unexpected{started.error()});
        return;
    }
    work_ = Saving{.after = after, .reply = std::move(reply), .saver = std::move(saver)};
}

void Domain::finish_save()
{
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
