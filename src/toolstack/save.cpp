// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/file.hpp"
#include "toolstack/client.hpp"
#include "toolstack/commands.hpp"
#include "toolstack/progress.hpp"

#include <chrono>
#include <filesystem>

namespace windsor::toolstack {

using domain::Json;

namespace {

constexpr std::chrono::milliseconds kLook{200};

// Asks for a save into an open file and waits for its end, which an interrupt brings forward. Gives whether the guest
// ran.
base::Result<bool> write_state(Context& context, Connection& connection, const Json& order, int file,
                               const Interrupts& interrupts)
{
    Connection side = WINDSOR_TRY(connect(context, std::to_string(connection.entry.id)));
    ProgressLine line{context, fmt::format("Saving {}", connection.entry.name)};
    WINDSOR_TRY(connection.client.send("save", order, file));
    for (;;) {
        if (auto answer = connection.client.answer_within(kLook)) {
            const Json saved = WINDSOR_TRY(std::move(*answer));
            return saved.value("ran", false);
        }
        if (interrupts.came()) {
            static_cast<void>(side.client.call("save_cancel"));
        }
        const Json progress = side.client.call("save_progress").value_or(Json::object());
        line.show(progress.value("done", std::uint64_t{0}), progress.value("total", std::uint64_t{0}));
    }
}

// The file has its name before the domain ends: there is always one of them.
base::Status run_save(Context& context, Connection& connection, const std::filesystem::path& path,
                      const std::string& after)
{
    const Interrupts interrupts;
    state::NewFile file = WINDSOR_TRY(state::NewFile::create(path));
    const Json order{{"name", path.string()}, {"after", after == "go-on" ? "go-on" : "pause"}};
    const bool ran = WINDSOR_TRY(write_state(context, connection, order, file.descriptor(), interrupts));
    if (const base::Status named = file.commit(); !named) {
        if (ran) {
            static_cast<void>(connection.client.call("unpause"));
        }
        return named;
    }
    if (after == "end") {
        WINDSOR_TRY(connection.client.call("destroy"));
    }
    return {};
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
    const base::Status saved = run_save(context, connection, file, after);
    if (!saved) {
        return base::fail("domain '{}' was not saved: {}", connection.entry.name, saved.error().message());
    }
    if (after == "end") {
        WINDSOR_TRY(wait_until_gone(context, connection.entry));
    }
    return 0;
}

} // namespace windsor::toolstack
