// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of a domain's control socket.
#include "domain/domain.hpp"

#include "config/xend_form.hpp"
#include "config/xl_form.hpp"
#include "display/png.hpp"
#include "domain/base64.hpp"
#include "domain/uuid.hpp"

#include <thread>

namespace windsor::domain {

namespace {

Json text_of(const display::ScreenText& screen)
{
    return {
        {"mode", "text"},
        {"lines", screen.lines},
        {"cursor", {{"visible", screen.cursor_visible}, {"column", screen.cursor_column}, {"row", screen.cursor_row}}}};
}

base::Result<Json> done(const base::Status& status)
{
    if (!status) {
        return std::unexpected{status.error()};
    }
    return Json::object();
}

} // namespace

void Domain::add_methods()
{
    control_->add("status", [this](const Json&, const Reply& reply) { reply(status()); });
    control_->add("config", [this](const Json&, const Reply& reply) {
        config::DomainConfig config = settings_.config;
        config.name = claim_.entry().name;
        config.uuid = format_uuid(uuid_);
        reply(Json{{"json", Json::parse(config::to_json(config).dump())},
                   {"xm", config::print_sxp(config::xend_form(config, xend_state()))},
                   {"xl", config::xl_form(config).dump()}});
    });
    control_->add("statistics", [this](const Json&, const Reply& reply) {
        const vcpu::Statistics counted = machine_->statistics();
        Json answer{{"instructions", counted.instructions},
                    {"exceptions", counted.exceptions},
                    {"interrupts", counted.interrupts},
                    {"port_accesses", counted.port_accesses},
                    {"mmio_accesses", counted.mmio_accesses}};
        for (const vcpu::Counter& counter : machine_->counters()) {
            answer[counter.name] = counter.value;
        }
        reply(answer);
    });
    constexpr Phases kNotMoving{Phase::Running,    Phase::Paused,     Phase::Saving,
                                Phase::HandedOver, Phase::PoweredOff, Phase::Crashed};
    control_->add("rename", in(kNotMoving, [this](const Json& params, const Reply& reply) {
                      reply(done(this->rename(params.at("name").get<std::string>())));
                  }));
    control_->add("vnc_password", [this](const Json&, const Reply& reply) {
        reply(Json{{"password", settings_.config.graphics.password.value_or("")}});
    });
    add_life_cycle_methods();
    add_state_methods();
    add_processor_methods();
    add_migration_methods();
    add_console_methods();
    add_input_methods();
}

Method Domain::in(Phases phases, Method method)
{
    return [this, phases, method = std::move(method)](const Json& params, const Reply& reply) {
        life_.is_in(phases) ? method(params, reply) : reply(base::fail("{}", sentence_for(life_.phase())));
    };
}

void Domain::add_life_cycle_methods()
{
    control_->add("pause", in(kAtRest, [this](const Json&, const Reply& reply) {
                      machine_->pause();
                      life_.stand_still();
                      reply(Json::object());
                  }));
    control_->add("unpause", in(kAtRest, [this](const Json&, const Reply& reply) {
                      if (const auto back = take_disks_back(); !back) {
                          reply(std::unexpected{back.error()});
                          return;
                      }
                      go_to(Phase::Running);
                      retry_disks();
                      machine_->resume();
                      reply(Json::object());
                  }));
    control_->add(
        "shutdown", in(kAtRest, [this](const Json& params, const Reply& reply) {
            const bool reboot = params.value("reboot", false);
            if (!machine_->press_power_button()) {
                reply(base::fail("the guest does not listen to the ACPI power button (yet); 'destroy' ends it hard, "
                                 "'reset' restarts it"));
                return;
            }
            life_.expect(reboot ? Life::End::Reboot : Life::End::PowerOff);
            reply(Json::object());
        }));
    control_->add("reset", in(kAtRest, [this](const Json&, const Reply& reply) {
                      machine_->reset();
                      if (life_.is_to_run()) {
                          machine_->resume();
                      }
                      reply(Json::object());
                  }));
    control_->add("destroy", [this](const Json&, const Reply& reply) {
        reply(Json::object());
        if (settings_.ending) {
            settings_.ending();
        }
        end();
    });
}

void Domain::add_console_methods()
{
    control_->add("screen", [this](const Json&, const Reply& reply) {
        const auto screen = console_->screen_text();
        reply(screen ? text_of(*screen) : Json{{"mode", "graphics"}});
    });
    control_->add("screenshot", [this](const Json&, const Reply& reply) {
        const backend::Picture picture = console_->screenshot();
        const auto png = display::encode_png(picture);
        if (!png) {
            reply(std::unexpected{png.error()});
            return;
        }
        reply(Json{{"width", picture.size.width}, {"height", picture.size.height}, {"png", to_base64(*png)}});
    });
}

void Domain::add_input_methods()
{
    control_->add("type", [this](const Json& params, const Reply& reply) {
        const std::string keymap = params.value("keymap", settings_.config.graphics.keymap.value_or("en-us"));
        reply(done(console_->type_text(params.at("text").get<std::string>(), keymap)));
    });
    control_->add("keys", [this](const Json& params, const Reply& reply) {
        reply(done(console_->press_keys(params.at("keys").get<std::string>())));
    });
    control_->add("mouse", [this](const Json& params, const Reply& reply) {
        console_->mouse(params.value("dx", 0), params.value("dy", 0), params.value("wheel", 0),
                        static_cast<std::uint8_t>(params.value("buttons", 0) & 7));
        reply(Json::object());
    });
    control_->add("queued_keys", [this](const Json&, const Reply& reply) { reply(Json(console_->queued_keys())); });
}

} // namespace windsor::domain
