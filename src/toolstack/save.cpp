// SPDX-License-Identifier: GPL-2.0-or-later
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/progress.hpp"

#include <chrono>
#include <filesystem>

namespace windsor::toolstack {

using domain::Json;

namespace {

constexpr std::chrono::milliseconds kLook{200};

// Asks for a save and waits for its end, which an interrupt brings forward.
base::Status run_save(Context& context, Connection& connection, const Json& order)
{
    Connection side = WINDSOR_TRY(connect(context, std::to_string(connection.entry.id)));
    const Interrupts interrupts;
    ProgressLine line{context, fmt::format("Saving {}", connection.entry.name)};
    WINDSOR_TRY(connection.client.send("save", order));
    for (;;) {
        if (auto answer = connection.client.answer_within(kLook)) {
            if (!*answer) {
                return std::unexpected{answer->error()};
            }
            return {};
        }
        if (interrupts.came()) {
            static_cast<void>(side.client.call("save_cancel"));
        }
        const Json progress = side.client.call("save_progress").value_or(Json::object());
        line.show(progress.value("done", std::uint64_t{0}), progress.value("total", std::uint64_t{0}));
    }
}

} // namespace

base::Result<int> save(Context& context, const Arguments& arguments)
{
    std::error_code error;
    const std::filesystem::path file = std::filesystem::absolute(arguments.operand(1), error);
    const bool go_on = arguments.has("checkpoint");
    const bool paused = arguments.has("p");
    if (arguments.operands().size() == 3) {
        return base::fail("a domain is saved with the configuration that it has; give '{}' to restore, before the file",
                          arguments.operand(2));
    }
    if (go_on && paused) {
        return base::fail("-c lets the domain go on and -p leaves it paused; give one of them");
    }
    Connection connection = WINDSOR_TRY(connect(context, arguments.operand(0)));
    const std::string after = go_on ? "go-on" : paused ? "pause" : "end";
    const base::Status saved = run_save(context, connection, {{"file", file.string()}, {"after", after}});
    if (!saved) {
        return base::fail("domain '{}' was not saved: {}", connection.entry.name, saved.error().message());
    }
    if (after == "end") {
        WINDSOR_TRY(wait_until_gone(context, connection.entry));
    }
    return 0;
}

} // namespace windsor::toolstack
