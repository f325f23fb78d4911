// SPDX-License-Identifier: GPL-2.0-or-later
// The methods of a domain's control socket, a row each: what it is, and what it does.
#include "domain/domain.hpp"

#include "config/xend_form.hpp"
#include "config/xl_form.hpp"
#include "display/png.hpp"
#include "domain/base64.hpp"
#include "domain/uuid.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace windsor::domain {

namespace {

using enum ValueKind;
using enum Permission;
using namespace std::string_view_literals;

constexpr std::size_t kLongestTyped = 1u << 20;
constexpr std::int64_t kFarthest = 10'000;
constexpr std::int64_t kAllButtons = 7;

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

base::Result<Json> picture_of(const backend::Picture& picture)
{
    const auto png = WINDSOR_TRY(display::encode_png(picture));
    return Json{{"width", picture.size.width}, {"height", picture.size.height}, {"png", to_base64(png)}};
}

} // namespace

std::vector<Domain::Row> Domain::general_rows()
{
    constexpr Phases kNotMoving{Phase::Running,    Phase::Paused,     Phase::Saving,
                                Phase::HandedOver, Phase::PoweredOff, Phase::Crashed};
    return {
        {{.name = "rpc.discover",
          .help = "Describes all methods, as an OpenRPC document.",
          .permission = Look,
          .answer = {.fields = {{"openrpc", Text, "the version of the document's form"},
                                {"info", Object, "title and version"},
                                {"methods", Objects, "a description each"}}}},
         [](Domain&, const RpcArguments&, const Reply& reply) { reply(describe_methods()); }},
        {{.name = "look_only",
          .help = "Lets this connection look from now on, and change nothing.",
          .permission = Look},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             domain.control_->let_look_only();
             reply(Json::object());
         }},
        {{.name = "status",
          .help = "Says what the domain is, and what it does.",
          .permission = Look,
          .answer = {.fields = status_fields()}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(to_json(domain.status())); }},
        {{.name = "config",
          .help = "Gives the configuration in the forms of Windsor, xm and xl, without passwords.",
          .permission = Look,
          .answer = {.fields = {{"json", Object, "the keys as evaluated"},
                                {"xm", Text, "xend's s-expression"},
                                {"xl", Text, "xl's JSON, as a text"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(domain.all_forms_of_configuration()); }},
        {{.name = "statistics",
          .help = "Gives what has been counted since the engine was last changed.",
          .permission = Look,
          .answer = {.fields = {{kAnyName, Integer, "a counter; which there are, the engine says"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(domain.statistics()); }},
        {{.name = "rename",
          .help = "Gives the domain another name.",
          .phases = kNotMoving,
          .parameters = {{.name = "name", .help = "which no running domain has"}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             reply(done(domain.rename(arguments.text("name"))));
         }},
    };
}

std::vector<Domain::Row> Domain::life_rows()
{
    return {
        {{.name = "pause", .help = "Has the guest stand still until it is unpaused.", .phases = kAtRest},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             domain.machine_->pause();
             domain.life_.stand_still();
             reply(Json::object());
         }},
        {{.name = "unpause",
          .help = "Lets the guest run; if it was handed over to another host, its images are had back first.",
          .phases = kAtRest},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { domain.unpause(reply); }},
        {{.name = "shutdown",
          .help = "Presses the power button; the keys of shutdown_keys if the guest does not listen to it.",
          .phases = kAtRest,
          .parameters = {{.name = "reboot",
                          .kind = Truth,
                          .help = "whether on_reboot holds for the end that follows, instead of on_poweroff",
                          .otherwise = false}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             domain.shut_down(arguments.truth("reboot") ? Life::End::Reboot : Life::End::PowerOff, reply);
         }},
        {{.name = "reset", .help = "Presses the reset button.", .phases = kAtRest},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             domain.reset();
             reply(Json::object());
         }},
        {{.name = "destroy", .help = "Ends the domain at once."},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             reply(Json::object());
             domain.keeper_.ending();
             domain.end();
         }},
    };
}

std::vector<Domain::Row> Domain::console_rows()
{
    return {
        {{.name = "screen",
          .help = "Gives the screen as text, if it is in a text mode.",
          .permission = Look,
          .answer = {.fields = {{"mode", Text, "text or graphics"},
                                {"lines", Texts, "of the screen, in a text mode", Presence::Sometimes},
                                {"cursor",
                                 Object,
                                 "in a text mode",
                                 Presence::Sometimes,
                                 {{"visible", Truth, "whether it is shown"},
                                  {"column", Integer, "from 0 on"},
                                  {"row", Integer, "from 0 on"}}}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             const auto screen = domain.console_->screen_text();
             reply(screen ? text_of(*screen) : Json{{"mode", "graphics"}});
         }},
        {{.name = "screenshot",
          .help = "Gives the screen as a picture.",
          .permission = Look,
          .answer = {.fields = {{"width", Integer, "in pixels"},
                                {"height", Integer, "in pixels"},
                                {"png", Text, "the picture as PNG, in base64"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             reply(picture_of(domain.console_->screenshot()));
         }},
        {{.name = "vnc_password",
          .help = "Gives the password that viewers are asked for; empty if they are not.",
          .answer = {.fields = {{"password", Text, "in plain text"}}}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) {
             reply(Json{{"password", domain.settings_.config.graphics.password.value_or("")}});
         }},
    };
}

std::vector<Domain::Row> Domain::input_rows()
{
    const auto integer = [](std::string_view name, std::int64_t least, std::int64_t most, std::string_view help) {
        return Parameter{
            .name = name, .kind = Integer, .help = help, .otherwise = std::int64_t{0}, .least = least, .most = most};
    };
    return {
        {{.name = "type",
          .help = "Types a text; answers before all keys are pressed.",
          .parameters = {{.name = "text", .help = "in UTF-8", .longest = kLongestTyped},
                         {.name = "keymap",
                          .help = "the layout that the guest has set; empty: as its configuration says",
                          .otherwise = ""sv}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const std::string own = domain.settings_.config.graphics.keymap.value_or("en-us");
             const std::string& keymap = arguments.text("keymap");
             reply(done(domain.console_->type_text(arguments.text("text"), keymap.empty() ? own : keymap)));
         }},
        {{.name = "keys",
          .help = "Presses keys; answers before all are pressed.",
          .parameters = {{.name = "keys",
                          .help = "one after another, with hyphens between those pressed together: ctrl-alt-delete f2",
                          .longest = kLongestTyped}}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             reply(done(domain.console_->press_keys(arguments.text("keys"))));
         }},
        {{.name = "mouse",
          .help = "Moves the mouse, or a tablet's pointer by pixels, turns its wheel, and holds its buttons.",
          .parameters = {integer("dx", -kFarthest, kFarthest, "counts to the right"),
                         integer("dy", -kFarthest, kFarthest, "counts towards the user"),
                         integer("wheel", -kFarthest, kFarthest, "clicks towards the user"),
                         integer("buttons", 0, kAllButtons, "held from now on: 1 left, 2 right, 4 middle, added")}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             const auto number = [&](std::string_view name) { return static_cast<int>(arguments.integer(name)); };
             domain.console_->mouse(number("dx"), number("dy"), number("wheel"),
                                    static_cast<std::uint8_t>(number("buttons")));
             reply(Json::object());
         }},
        {{.name = "mouse_at",
          .help = "Places the pointer of a guest that uses a tablet, turns its wheel, and holds its buttons.",
          .parameters =
              {{.name = "x", .kind = Integer, .help = "pixels from the left edge", .least = 0, .most = kFarthest},
               {.name = "y", .kind = Integer, .help = "pixels from the upper edge", .least = 0, .most = kFarthest},
               integer("wheel", -kFarthest, kFarthest, "clicks towards the user"),
               integer("buttons", 0, kAllButtons, "held from now on: 1 left, 2 right, 4 middle, added")}},
         [](Domain& domain, const RpcArguments& arguments, const Reply& reply) {
             reply(done(domain.console_->mouse_at(static_cast<unsigned>(arguments.integer("x")),
                                                  static_cast<unsigned>(arguments.integer("y")),
                                                  static_cast<int>(arguments.integer("wheel")),
                                                  static_cast<std::uint8_t>(arguments.integer("buttons")))));
         }},
        {{.name = "queued_keys",
          .help = "Gives how many key events are still to be sent to the guest.",
          .permission = Look,
          .answer = {.kind = Integer}},
         [](Domain& domain, const RpcArguments&, const Reply& reply) { reply(Json(domain.console_->queued_keys())); }},
    };
}

const std::vector<Domain::Row>& Domain::rows()
{
    static const std::vector<Row> all = [] {
        std::vector<Row> rows;
        for (auto& some : {general_rows(), life_rows(), media_rows(), save_rows(), migration_rows(), processor_rows(),
                            network_rows(), console_rows(), input_rows(), usb_rows()}) {
            rows.insert(rows.end(), some.begin(), some.end());
        }
        return rows;
    }();
    return all;
}

std::span<const Method> all_methods()
{
    static const std::vector<Method> all = [] {
        std::vector<Method> methods;
        std::ranges::transform(Domain::rows(), std::back_inserter(methods), &Domain::Row::method);
        return methods;
    }();
    return all;
}

void Domain::add_methods()
{
    control_->ask_for_phase([this] { return life_.phase(); });
    for (const Row& row : rows()) {
        control_->add(row.method, [this, run = row.run](const RpcArguments& arguments, const Reply& reply) {
            run(*this, arguments, reply);
        });
    }
}

Json Domain::all_forms_of_configuration() const
{
    config::DomainConfig config = settings_.config;
    config.name = claim_.entry().name;
    config.uuid = format_uuid(uuid_);
    return {{"json", Json::parse(config::to_json(config).dump())},
            {"xm", config::print_sxp(config::xend_form(config, xend_state()))},
            {"xl", config::xl_form(config).dump()}};
}

Json Domain::statistics() const
{
    const vcpu::Statistics counted = machine_->statistics();
    Json answer{{"instructions", counted.instructions},
                {"exceptions", counted.exceptions},
                {"interrupts", counted.interrupts},
                {"port_accesses", counted.port_accesses},
                {"mmio_accesses", counted.mmio_accesses}};
    for (const vcpu::Counter& counter : machine_->counters()) {
        answer[counter.name] = counter.value;
    }
    return answer;
}

void Domain::unpause(const Reply& reply)
{
    if (const auto back = take_disks_back(); !back) {
        reply(std::unexpected{back.error()});
        return;
    }
    go_to(Phase::Running);
    retry_disks();
    machine_->resume();
    reply(Json::object());
}

void Domain::shut_down(Life::End end, const Reply& reply)
{
    if (!machine_->press_power_button()) {
        if (const auto pressed = press_shutdown_keys(); !pressed) {
            reply(std::unexpected{pressed.error()});
            return;
        }
    }
    life_.expect(end);
    reply(Json::object());
}

// What a person would do instead. It takes its time, as long as the guest runs.
base::Status Domain::press_shutdown_keys()
{
    const config::DomainConfig& config = settings_.config;
    if (config.shutdown_keys.empty()) {
        return base::fail(
            "the guest does not listen to the ACPI power button (yet); 'destroy' ends it hard, "
            "'reset' restarts it, and shutdown_keys in its configuration can say which keys shut it down");
    }
    const display::KeyScript script = WINDSOR_TRY(display::parse_key_script(config.shutdown_keys));
    WINDSOR_TRY(console_->play(script, config.graphics.keymap.value_or("en-us")));
    log_.info("the guest does not listen to the ACPI power button; the keys of shutdown_keys are pressed: {}",
              fmt::join(config.shutdown_keys, ", "));
    return {};
}

void Domain::reset()
{
    console_->stop_playing();
    life_.expect(Life::End::PowerOff); // who was asked for a reboot before is not there any more
    machine_->reset();
    if (life_.is_to_run()) {
        machine_->resume();
    }
}

} // namespace windsor::domain
